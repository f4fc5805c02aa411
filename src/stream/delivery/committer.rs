//! Commits offsets on a thread of its own.
//!
//! In rust-rdkafka 0.39 an asynchronous commit of an explicit list never reports its result (the
//! event interface it is built on carries only librdkafka's own commits), and a synchronous one
//! blocks. So the synchronous call is made here, and the lane goes on polling.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender};
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use super::Commit;
use crate::stream::Error;
use crate::stream::context::{Consumer, code};
use crate::stream::tracker::Position;

#[derive(Debug)]
pub(super) struct Committer {
    jobs: Option<Sender<Vec<Position>>>,
    answers: Receiver<Commit>,
    /// Whether a commit is not answered yet.
    busy: bool,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    pub(super) fn start(lane: usize, consumer: Arc<Consumer>) -> Result<Self, Error> {
        let (jobs, queue) = crossbeam_channel::bounded(1);
        let (results, answers) = crossbeam_channel::unbounded();
        let thread = std::thread::Builder::new()
            .name(format!("lane-{lane}-commit"))
            .spawn(move || serve(&consumer, &queue, &results))
            .map_err(|source| Error::Thread { thread: "commit", source })?;
        Ok(Self { jobs: Some(jobs), answers, busy: false, thread: Some(thread) })
    }

    /// Commits, unless a commit is under way or nothing is there to commit.
    pub(super) fn commit(&mut self, positions: Vec<Position>) {
        if !self.busy && !positions.is_empty() {
            self.busy = self.jobs.as_ref().is_some_and(|jobs| jobs.try_send(positions).is_ok());
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy
    }

    /// The answer to the last commit, if it has come.
    pub(super) fn answer(&mut self) -> Option<Commit> {
        let answer = self.answers.try_recv().ok()?;
        self.busy = false;
        Some(answer)
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there left the commit unanswered, which loses nothing.
            let _ = thread.join();
        }
    }
}

fn serve(consumer: &Consumer, queue: &Receiver<Vec<Position>>, answers: &Sender<Commit>) {
    for positions in queue {
        let result = commit(consumer, &positions);
        if answers.send(Commit { result, positions }).is_err() {
            return;
        }
    }
}

fn commit(consumer: &Consumer, positions: &[Position]) -> Result<(), RDKafkaErrorCode> {
    let list = offsets(positions)?;
    match consumer.commit(&list, CommitMode::Sync).map_err(|error| code(&error)) {
        // Nothing had to be committed.
        Err(RDKafkaErrorCode::NoOffset) => Ok(()),
        result => result,
    }
}

/// The list librdkafka wants for these positions.
pub(super) fn offsets(positions: &[Position]) -> Result<TopicPartitionList, RDKafkaErrorCode> {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for Position { partition, next, .. } in positions {
        list.add_partition_offset(&partition.topic, partition.number, Offset::Offset(*next))
            .map_err(|error| code(&error))?;
    }
    Ok(list)
}
