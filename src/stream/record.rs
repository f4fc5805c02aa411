//! What passes between the lane and the inference threads.

use std::sync::Arc;

/// One input as read from Kafka; nothing of it is interpreted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Topic it was read from.
    pub topic: Arc<str>,
    /// Partition it was read from.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// Timestamp in milliseconds since the Unix epoch, if the record carries one.
    pub timestamp: Option<i64>,
    /// Key; `None` is a null key, which differs from an empty one.
    pub key: Option<Vec<u8>>,
    /// Value; `None` is a tombstone, which differs from an empty one.
    pub value: Option<Vec<u8>>,
    /// Headers in order; names may repeat, values may be null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// Bytes the record holds in memory, for limits.
    pub fn bytes(&self) -> usize {
        let optional = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let headers: usize = self.headers.iter().map(|(name, value)| name.len().saturating_add(optional(value))).sum();
        optional(&self.key).saturating_add(optional(&self.value)).saturating_add(headers)
    }
}

/// One message to publish. The partition follows from the key; the timestamp is the time of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Topic to publish to.
    pub topic: String,
    /// Key; decides the partition.
    pub key: Option<Vec<u8>>,
    /// Headers in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

/// Why an input could not be processed. It sends the input to the dead-letter topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code, such as `EB-IN-0007`.
    pub code: String,
    /// Stage that refused, such as `decode`.
    pub stage: &'static str,
    /// What was wrong, without quoting the input.
    pub message: String,
}

/// The answer to one input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disposition {
    /// Messages to publish.
    pub outgoing: Vec<Outgoing>,
    /// Set if the input is to be dead-lettered as well.
    pub refusal: Option<Refusal>,
    /// Whether somebody waits for the messages: they are not held back to fill a transaction.
    pub urgent: bool,
}

/// Answers inputs; owned by one inference thread.
pub trait Worker {
    /// One disposition per record, in the same order. A panic or a wrong number of dispositions
    /// makes the lane replace the worker and try the records one by one; a record that fails alone
    /// is dead-lettered.
    fn process(&mut self, records: &[Record]) -> Vec<Disposition>;
}

/// Why a worker could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WorkerError(pub String);

/// Makes workers: one per inference thread, and another whenever one fails.
pub trait Workers: Send + Sync {
    /// A fresh worker. An error ends the run.
    fn worker(&self) -> Result<Box<dyn Worker>, WorkerError>;
}
