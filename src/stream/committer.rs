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

use super::Error;
use super::context::{Consumer, Notice, code};
use super::tracker::Position;

#[derive(Debug)]
pub(super) struct Committer {
    jobs: Option<Sender<Vec<Position>>>,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    pub(super) fn start(lane: usize, consumer: Arc<Consumer>, notices: Sender<Notice>) -> Result<Self, Error> {
        let (jobs, queue) = crossbeam_channel::bounded(1);
        let thread = std::thread::Builder::new()
            .name(format!("lane-{lane}-commit"))
            .spawn(move || serve(&consumer, &queue, &notices))
            .map_err(|source| Error::Thread { thread: "commit", source })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Commits; the answer comes as [`Notice::Committed`]. `false` if one is still under way.
    pub(super) fn commit(&self, positions: Vec<Position>) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.try_send(positions).is_ok())
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

fn serve(consumer: &Consumer, queue: &Receiver<Vec<Position>>, notices: &Sender<Notice>) {
    for positions in queue {
        let result = commit(consumer, &positions);
        if notices.send(Notice::Committed(result, positions)).is_err() {
            return;
        }
    }
}

fn commit(consumer: &Consumer, positions: &[Position]) -> Result<(), RDKafkaErrorCode> {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for Position { partition, next, .. } in positions {
        list.add_partition_offset(&partition.topic, partition.number, Offset::Offset(*next))
            .map_err(|error| code(&error))?;
    }
    match consumer.commit(&list, CommitMode::Sync).map_err(|error| code(&error)) {
        // Nothing had to be committed.
        Err(RDKafkaErrorCode::NoOffset) => Ok(()),
        result => result,
    }
}
