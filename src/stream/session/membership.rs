//! What a session owes its group: taking up and giving up partitions, commits, leaving.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::types::RDKafkaErrorCode;

use super::{BUSY_WAIT, Counts, Session};
use crate::stream::context::{self, Notice};
use crate::stream::delivery::Interruption;
use crate::stream::failure::is_soft_commit;
use crate::stream::observer::Event;
use crate::stream::tracker::{Partition, Position, Ticket, Tracker};

/// Longest wait for the answer to the commit made when partitions are taken away.
const COMMIT_WAIT: Duration = Duration::from_secs(3);
/// Time between two attempts at the last commit.
const COMMIT_RETRY: Duration = Duration::from_millis(100);

impl Session<'_> {
    pub(super) fn assigned(&mut self, partitions: &[Partition]) -> Result<(), Interruption> {
        for partition in partitions {
            self.tracker.assign(partition.clone());
        }
        context::assign(&self.consumer, &context::list(partitions))
            .map_err(|error| Interruption::Restart(format!("cannot take up an assignment: {error}")))?;
        if self.stopping || self.pressure.is_paused() {
            self.pause(partitions);
        }
        self.tell(&Event::Assigned { partitions });
        Ok(())
    }

    pub(super) fn revoked(&mut self, partitions: &[Partition]) -> Result<(), Interruption> {
        let lost = self.consumer.assignment_lost();
        self.drop_waiting(|ticket| partitions.contains(&ticket.partition));
        if !lost {
            let deadline = Instant::now() + self.lane.options.drain_deadline;
            self.drain(deadline)?;
            let deadline = Instant::now() + COMMIT_WAIT;
            self.commit_and_wait(|tracker| tracker.committable_of(partitions), deadline)?;
        }
        let unfinished = partitions.iter().map(|partition| self.tracker.revoke(partition)).sum();
        let tracker = &self.tracker;
        for finished in self.delivery.abandon(&|ticket| tracker.is_current(ticket)) {
            self.held = self.held.saturating_sub(1);
            self.held_bytes = self.held_bytes.saturating_sub(finished.bytes);
        }
        context::unassign(&self.consumer, &context::list(partitions))
            .map_err(|error| Interruption::Restart(format!("cannot give up an assignment: {error}")))?;
        self.tell(&Event::Revoked { partitions, lost, unfinished });
        Ok(())
    }

    /// Forgets inputs not yet handed to an inference thread; they will be read again.
    fn drop_waiting(&mut self, matches: impl Fn(&Ticket) -> bool) {
        let before = (self.waiting(), self.waiting_bytes());
        self.batcher.retain(|(ticket, _)| !matches(ticket), |(_, record)| record.bytes());
        for batch in &mut self.ready {
            batch.retain(|(ticket, _)| !matches(ticket));
        }
        self.ready.retain(|batch| !batch.is_empty());
        let after = (self.waiting(), self.waiting_bytes());
        self.held = self.held.saturating_sub(before.0.saturating_sub(after.0));
        self.held_bytes = self.held_bytes.saturating_sub(before.1.saturating_sub(after.1));
    }

    /// Waits until nothing is with the inference threads or the producer.
    fn drain(&mut self, deadline: Instant) -> Result<(), Interruption> {
        loop {
            self.progress()?;
            let working = self.order.outstanding() > 0 || self.delivery.outstanding() > 0;
            if !working || Instant::now() >= deadline || self.lane.stop.is_forced() {
                return Ok(());
            }
            self.wait_for_reply(BUSY_WAIT);
        }
    }

    /// Commits what `choose` finds finished, unless a commit is under way.
    pub(super) fn commit(&mut self, choose: impl Fn(&Tracker) -> Vec<Position>) {
        if self.committing {
            return;
        }
        let positions = choose(&self.tracker);
        self.committing = !positions.is_empty() && self.delivery.commit(positions);
    }

    /// Commits and waits for the answer, and before it for the answer to an earlier commit.
    fn commit_and_wait(
        &mut self,
        choose: impl Fn(&Tracker) -> Vec<Position>,
        deadline: Instant,
    ) -> Result<(), Interruption> {
        self.wait_for_commit(deadline)?;
        self.commit(choose);
        self.wait_for_commit(deadline)
    }

    fn wait_for_commit(&mut self, deadline: Instant) -> Result<(), Interruption> {
        while self.committing && Instant::now() < deadline && !self.lane.stop.is_forced() {
            match self.notices.recv_timeout(BUSY_WAIT) {
                Ok(Notice::Committed(result, positions)) => self.committed(result, &positions)?,
                // A rebalance found meanwhile is for later: this may be one already.
                Ok(notice) => self.deferred.push_back(notice),
                Err(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn committed(
        &mut self,
        result: Result<(), RDKafkaErrorCode>,
        positions: &[Position],
    ) -> Result<(), Interruption> {
        self.committing = false;
        if let Err(code) = result {
            return self.commit_failed(code);
        }
        let covered = |position| self.tracker.confirm(position);
        let records: usize = positions.iter().map(covered).sum();
        self.counts.committed = self.counts.committed.saturating_add(u64::try_from(records).unwrap_or(u64::MAX));
        if records > 0 {
            self.tell(&Event::Committed { records });
        }
        Ok(())
    }

    fn commit_failed(&mut self, code: RDKafkaErrorCode) -> Result<(), Interruption> {
        if is_soft_commit(code) {
            self.trouble(&format!("{code:?}"), &format!("offsets not committed, will be tried again: {code}"));
            return Ok(());
        }
        Err(self.refused(code, &format!("offsets not committed: {code}")))
    }

    /// Stops reading, drains, commits; all before the shutdown deadline.
    pub(super) fn shut_down(&mut self) -> Result<usize, Interruption> {
        let deadline = Instant::now() + self.lane.options.shutdown_deadline;
        let partitions: Vec<_> = self.tracker.partitions().cloned().collect();
        self.pause(&partitions);
        self.stopping = true;
        self.drop_waiting(|_| true);
        self.drain(deadline)?;
        // A commit is refused while the group rebalances, and a rebalance waits for this member to
        // poll; both go on until one commit is accepted.
        let mut again = Instant::now();
        while self.committing || !self.tracker.committable().is_empty() {
            let now = Instant::now();
            if now >= deadline || self.lane.stop.is_forced() {
                break;
            }
            if now >= again {
                self.commit(Tracker::committable);
                again = now + COMMIT_RETRY;
            }
            self.turn()?;
            self.poll(BUSY_WAIT)?;
            self.turned(Instant::now());
        }
        Ok(self.unfinished())
    }

    /// Leaves the group and drops the clients, waiting no longer than `deadline`.
    pub(in super::super) fn close(mut self, deadline: Instant, commit: bool) -> Counts {
        if commit {
            // What is finished is acknowledged: committing it only spares work.
            let wait = Instant::now() + Duration::from_secs(1);
            if let Err(interruption) = self.commit_and_wait(Tracker::committable, wait) {
                tracing::debug!(?interruption, "no commit while closing");
            }
        }
        self.tell_turned(Instant::now());
        let Self { consumer, delivery, counts, .. } = self;
        consumer.context().closing.store(true, Ordering::SeqCst);
        let (done, wait) = crossbeam_channel::bounded::<()>(1);
        // Leaving the group waits for the coordinator, which may be away.
        let leaving = std::thread::Builder::new().name("lane-leaving".to_owned()).spawn(move || {
            drop(delivery);
            drop(consumer);
            drop(done);
        });
        if leaving.is_ok() {
            let _ = wait.recv_deadline(deadline);
        }
        counts
    }
}
