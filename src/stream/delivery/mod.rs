//! Publishing and committing: what makes an input finished.
//!
//! The lane knows only the trait [`Delivery`]. [`AtLeastOnce`] publishes each output as it comes,
//! calls an input finished when every output of it is acknowledged, and commits offset lists.
//! [`ExactlyOnce`] publishes the outputs of many inputs together with their offsets in one Kafka
//! transaction, and calls the inputs finished when that is committed.

mod at_least_once;
mod committer;
mod exactly_once;
mod group;
mod publisher;
mod transaction;
mod transactor;

use std::time::Instant;

use rdkafka::types::RDKafkaErrorCode;

use super::observer::Event;
use super::pool::Answered;
use super::tracker::{Position, Ticket, Tracker};
use super::{Error, Refusal};

pub(super) use at_least_once::AtLeastOnce;
pub(super) use exactly_once::ExactlyOnce;

/// Why a session of a lane cannot go on.
#[derive(Debug)]
pub(super) enum Interruption {
    /// Begin again at the committed offsets.
    Restart(String),
    /// End the lane.
    Fatal(Error),
}

impl From<Error> for Interruption {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

/// An input done with: every output of it is acknowledged, and committed if it is in a transaction.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) ticket: Ticket,
    /// Bytes of the input, now free.
    pub(super) bytes: usize,
    /// Outputs acknowledged, the dead letter not counted.
    pub(super) published: u64,
    /// Code and stage, if it was dead-lettered.
    pub(super) refusal: Option<Refusal>,
}

/// The answer to a commit.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) result: Result<(), RDKafkaErrorCode>,
    pub(super) positions: Vec<Position>,
}

/// What became of inputs since the delivery was last moved on.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) finished: Vec<Finished>,
    /// Bytes of each input given up, because its partition was taken away.
    pub(super) released: Vec<usize>,
    pub(super) commits: Vec<Commit>,
}

/// The publish and commit step of a lane.
pub(super) trait Delivery {
    /// Whether the lane may join its group.
    fn is_ready(&self) -> bool {
        true
    }

    /// Takes over an answered input; called in the order outputs are to be published in.
    fn publish(&mut self, input: Answered);

    /// Moves on without waiting: sends, takes answers, and commits when it is time to.
    fn pump(&mut self, now: Instant, tracker: &Tracker, tell: &dyn Fn(&Event<'_>)) -> Result<Progress, Interruption>;

    /// Whether to finish what is begun at once instead of waiting for company.
    fn hurry(&mut self, _on: bool) {}

    /// Inputs taken over and not finished.
    fn outstanding(&self) -> usize;

    /// Gives up inputs whose partition was taken away, as far as they are not published. Returns
    /// the bytes of each one done with.
    fn abandon(&mut self, tracker: &Tracker) -> Vec<usize>;

    /// Whether an input given up is still part of something under way.
    fn is_entangled(&self) -> bool {
        false
    }

    /// Commits what is finished now, unless a commit is under way.
    fn commit(&mut self, tracker: &Tracker);

    /// Whether a commit is not answered yet.
    fn is_committing(&self) -> bool;
}
