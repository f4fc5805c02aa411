//! What a lane tells the outside while it runs.

use std::time::Duration;

use super::tracker::Partition;

/// Something that happened in a lane. Never carries the text, key or headers of an input.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Partitions were assigned.
    Assigned {
        /// The new ones; others stay assigned.
        partitions: &'a [Partition],
    },
    /// Partitions were taken away.
    Revoked {
        /// Those taken away; others stay assigned.
        partitions: &'a [Partition],
        /// Whether they were lost without notice, so that nothing was committed.
        lost: bool,
        /// Inputs in flight that another member will read again.
        unfinished: usize,
    },
    /// An inference thread answered a batch.
    Batch {
        /// Inputs in it.
        records: usize,
        /// Bytes of these inputs.
        bytes: usize,
        /// Inputs refused.
        refused: usize,
        /// Messages to publish, dead letters not counted.
        outgoing: usize,
        /// Time it took.
        elapsed: Duration,
    },
    /// The lane has taken a turn: it polled its consumer. Told twice a second at most.
    Turned {
        /// Inputs read since the last time.
        consumed: u64,
        /// Inputs read and not finished.
        in_flight: usize,
    },
    /// Every output of an input is acknowledged by the brokers.
    Finished {
        /// Where it was read.
        partition: &'a Partition,
        /// Its offset.
        offset: i64,
        /// Outputs, the dead letter not counted.
        published: u64,
    },
    /// An input was sent to the dead-letter topic.
    DeadLettered {
        /// Where it was read.
        partition: &'a Partition,
        /// Its offset.
        offset: i64,
        /// Code of the refusal.
        code: &'a str,
        /// Stage of the refusal.
        stage: &'a str,
    },
    /// The brokers confirmed a commit.
    Committed {
        /// Inputs it newly covers.
        records: usize,
    },
    /// A transaction was begun.
    TransactionBegun,
    /// Every output of the transaction is acknowledged; its offsets are sent next.
    TransactionSealed {
        /// Inputs in it.
        records: usize,
        /// Messages in it, dead letters included.
        messages: usize,
    },
    /// The offsets are in the transaction; it is committed next.
    TransactionOffsets {
        /// Inputs they cover.
        records: usize,
    },
    /// The brokers committed the transaction.
    TransactionCommitted {
        /// Inputs in it.
        records: usize,
        /// Messages in it, dead letters included.
        messages: usize,
        /// Time since it was begun.
        elapsed: Duration,
        /// Part of it from the last acknowledgement on: offsets and commit.
        ending: Duration,
    },
    /// The transaction was aborted; its inputs go into another one.
    TransactionAborted {
        /// Inputs in it.
        records: usize,
        /// Why.
        reason: &'a str,
        /// Time since it was begun.
        elapsed: Duration,
    },
    /// How far a partition is behind, told every few seconds.
    Lag {
        /// The partition.
        partition: &'a Partition,
        /// Messages between the committed offset and the end of the partition.
        messages: i64,
    },
    /// Which brokers the consumer is connected to, told every few seconds, also while there is none.
    Brokers {
        /// Connections that are up; 0 means that no broker can be reached.
        up: usize,
        /// Brokers known.
        known: usize,
    },
    /// Reading paused because work in flight piled up.
    Paused {
        /// Inputs in flight.
        in_flight: usize,
    },
    /// Reading resumed.
    Resumed {
        /// Inputs in flight.
        in_flight: usize,
    },
    /// A worker failed on a batch and was replaced; the inputs are tried one by one.
    WorkerFailed {
        /// Inputs of the batch.
        records: usize,
    },
    /// Something is wrong that the lane lives with, such as unreachable brokers.
    Trouble {
        /// What.
        message: &'a str,
        /// Like messages left out since the last one.
        suppressed: u64,
    },
    /// The lane drops its clients and begins again at the committed offsets.
    Restarting {
        /// Why.
        reason: &'a str,
        /// Inputs in flight that will be read again.
        unfinished: usize,
        /// Pause before.
        after: Duration,
    },
}

/// Sees what happens in the lanes. Called on the lanes' threads: must be quick and must not panic.
pub trait Observer: Send + Sync {
    /// Takes note of an event in lane number `lane`.
    fn event(&self, lane: usize, event: &Event<'_>);
}

/// Writes events to the log by `tracing`: trouble as warnings, batches and commits at debug level.
#[derive(Debug, Clone, Copy, Default)]
pub struct Log;

impl Observer for Log {
    fn event(&self, lane: usize, event: &Event<'_>) {
        match event {
            Event::Assigned { partitions } => {
                tracing::info!(lane, partitions = %joined(partitions), "partitions assigned");
            }
            Event::Revoked { partitions, lost, unfinished } => {
                tracing::info!(lane, partitions = %joined(partitions), lost, unfinished, "partitions revoked");
            }
            Event::Batch { records, bytes, refused, outgoing, elapsed } => {
                let millis = elapsed.as_secs_f64() * 1e3;
                tracing::debug!(lane, records, bytes, refused, outgoing, millis, "batch answered");
            }
            Event::Turned { consumed, in_flight } => tracing::trace!(lane, consumed, in_flight, "turned"),
            Event::Finished { partition, offset, published } => {
                tracing::trace!(lane, %partition, offset, published, "input finished");
            }
            Event::Brokers { up, known } => tracing::debug!(lane, up, known, "brokers"),
            Event::DeadLettered { partition, offset, code, stage } => {
                tracing::warn!(lane, %partition, offset, code, stage, "input dead-lettered");
            }
            Event::Committed { records } => tracing::debug!(lane, records, "offsets committed"),
            Event::TransactionBegun => tracing::trace!(lane, "transaction begun"),
            Event::TransactionSealed { records, messages } => {
                tracing::trace!(lane, records, messages, "transaction complete");
            }
            Event::TransactionOffsets { records } => tracing::trace!(lane, records, "offsets in the transaction"),
            Event::TransactionCommitted { records, messages, elapsed, ending } => {
                let (millis, ending) = (elapsed.as_secs_f64() * 1e3, ending.as_secs_f64() * 1e3);
                tracing::debug!(lane, records, messages, millis, ending, "transaction committed");
            }
            Event::TransactionAborted { records, reason, elapsed } => {
                let millis = elapsed.as_secs_f64() * 1e3;
                tracing::warn!(lane, records, reason, millis, "transaction aborted");
            }
            Event::Lag { partition, messages } => tracing::debug!(lane, %partition, messages, "lag"),
            Event::Paused { in_flight } => tracing::info!(lane, in_flight, "reading paused"),
            Event::Resumed { in_flight } => tracing::info!(lane, in_flight, "reading resumed"),
            Event::WorkerFailed { records } => {
                tracing::error!(lane, records, "a worker failed and was replaced");
            }
            Event::Trouble { message, suppressed } => {
                tracing::warn!(lane, suppressed, "{message}");
            }
            Event::Restarting { reason, unfinished, after } => {
                let millis = after.as_millis();
                tracing::error!(lane, reason, unfinished, millis, "lane restarts at the committed offsets");
            }
        }
    }
}

fn joined(partitions: &[Partition]) -> String {
    let names: Vec<_> = partitions.iter().map(ToString::to_string).collect();
    names.join(" ")
}
