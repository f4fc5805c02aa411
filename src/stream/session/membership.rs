//! What a session owes its group: taking up and giving up partitions, commits, leaving.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::types::RDKafkaErrorCode;

use super::{BUSY_WAIT, Counts, Session};
use crate::stream::context;
use crate::stream::delivery::{Commit, Interruption};
use crate::stream::failure::is_soft_commit;
use crate::stream::observer::Event;
use crate::stream::tracker::{Partition, Ticket};

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
        // librdkafka remembers a pause over the loss of a partition.
        if self.stopping || self.pressure.is_paused() {
            self.pause(partitions);
        } else {
            self.resume(partitions);
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
            self.commit_and_wait(Instant::now() + COMMIT_WAIT)?;
        }
        let unfinished = partitions.iter().map(|partition| self.tracker.revoke(partition)).sum();
        for bytes in self.delivery.abandon(&self.tracker) {
            self.release(bytes);
        }
        self.disentangle(Instant::now() + COMMIT_WAIT)?;
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
        self.delivery.hurry(true);
        loop {
            self.progress()?;
            if !self.is_working() || Instant::now() >= deadline || self.lane.stop.is_forced() {
                break;
            }
            self.wait_for_reply(BUSY_WAIT);
        }
        self.delivery.hurry(self.stopping);
        Ok(())
    }

    fn is_working(&self) -> bool {
        self.order.outstanding() > 0 || self.delivery.outstanding() > 0
    }

    /// Waits until no transaction holds an input that was given up.
    fn disentangle(&mut self, deadline: Instant) -> Result<(), Interruption> {
        while self.delivery.is_entangled() && Instant::now() < deadline && !self.lane.stop.is_forced() {
            self.progress()?;
            self.wait_for_reply(BUSY_WAIT);
        }
        Ok(())
    }

    /// Commits and waits for the answer, and before it for the answer to an earlier commit.
    fn commit_and_wait(&mut self, deadline: Instant) -> Result<(), Interruption> {
        self.wait_for_commit(deadline)?;
        self.delivery.commit(&self.tracker);
        self.wait_for_commit(deadline)
    }

    fn wait_for_commit(&mut self, deadline: Instant) -> Result<(), Interruption> {
        while self.delivery.is_committing() && Instant::now() < deadline && !self.lane.stop.is_forced() {
            self.progress()?;
            self.wait_for_reply(BUSY_WAIT);
        }
        Ok(())
    }

    pub(super) fn committed(&mut self, commit: &Commit) -> Result<(), Interruption> {
        if let Err(code) = commit.result {
            return self.commit_failed(code);
        }
        let covered = |position| self.tracker.confirm(position);
        let records: usize = commit.positions.iter().map(covered).sum();
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
        while self.is_working() || self.delivery.is_committing() || !self.tracker.committable().is_empty() {
            let now = Instant::now();
            if now >= deadline || self.lane.stop.is_forced() {
                break;
            }
            if now >= again {
                self.delivery.commit(&self.tracker);
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
            if let Err(interruption) = self.commit_and_wait(wait) {
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
