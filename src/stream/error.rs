//! Errors that end a run or refuse a configuration.

use std::time::Duration;

use super::WorkerError;
use super::breaker::Trip;

/// Why the stream could not start or go on. Nothing is committed past unfinished inputs in any
/// of these cases, so starting again after the remedy loses nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option has a value that cannot work.
    #[error("option {name}: {problem}")]
    Option {
        /// Name of the option.
        name: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A raw librdkafka setting would break a guarantee.
    #[error("librdkafka setting `{key}` is not allowed: {reason}")]
    Forbidden {
        /// The setting.
        key: String,
        /// Why.
        reason: &'static str,
    },
    /// A client could not be created from its settings.
    #[error("cannot create a Kafka {what}: {problem}; correct the librdkafka settings{hint}")]
    Client {
        /// Kind of client: consumer, producer, admin client.
        what: &'static str,
        /// librdkafka's words.
        problem: String,
        /// A further remedy, or empty.
        hint: &'static str,
    },
    /// A topic that must exist does not.
    #[error("topic `{topic}` does not exist; create it with `ibaleg topics create`")]
    UnknownTopic {
        /// Name of the topic.
        topic: String,
    },
    /// The brokers refuse this client, and will until someone changes something.
    #[error("lane {lane}: the brokers refuse to go on ({problem}); {advice}")]
    Refused {
        /// Number of the lane.
        lane: usize,
        /// The broker's or librdkafka's words.
        problem: String,
        /// What to do.
        advice: &'static str,
    },
    /// Exactly-once was asked of brokers that have no transactions.
    #[error(
        "the brokers at {brokers} cannot do transactions ({problem}); use Apache Kafka 2.5 or later, or set stream.delivery = \"at_least_once\""
    )]
    NoTransactions {
        /// The bootstrap addresses.
        brokers: String,
        /// librdkafka's words.
        problem: String,
    },
    /// An output was refused for good, and so was the dead letter of its input.
    #[error(
        "lane {lane}: the dead letter of {topic}[{partition}] offset {offset} was refused ({problem}); raise max.message.bytes of the dead-letter topic above that of the input topics"
    )]
    DeadLetter {
        /// Number of the lane.
        lane: usize,
        /// Topic of the input.
        topic: String,
        /// Partition of the input.
        partition: i32,
        /// Offset of the input.
        offset: i64,
        /// The broker's or librdkafka's words.
        problem: String,
    },
    /// Too many inputs were dead-lettered: see [`breaker`](super::breaker).
    #[error(
        "lane {lane}: {trip}, the last with {code} at stage {stage}; stopped at {topic}[{partition}] offset {offset} so as not to divert the stream: mend the cause, start again, and bring the dead letters back with `ibaleg deadletters redrive`"
    )]
    Tripped {
        /// Number of the lane.
        lane: usize,
        /// How many were.
        trip: Trip,
        /// Code of the last refusal.
        code: String,
        /// Stage of the last refusal.
        stage: &'static str,
        /// Topic of the last input.
        topic: String,
        /// Partition of the last input.
        partition: i32,
        /// Offset of the last input.
        offset: i64,
    },
    /// No worker could be made.
    #[error("lane {lane}: no worker for an inference thread: {source}")]
    Worker {
        /// Number of the lane.
        lane: usize,
        /// The maker's words.
        source: WorkerError,
    },
    /// A thread of a lane ended without saying why.
    #[error("lane {lane}: the {thread} thread died; this is a defect, please report the log")]
    Died {
        /// Number of the lane.
        lane: usize,
        /// Which thread.
        thread: &'static str,
    },
    /// A thread could not be started.
    #[error("cannot start the {thread} thread: {source}")]
    Thread {
        /// Which thread.
        thread: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
    /// The brokers did not answer an administrative request, a read or a write in time.
    #[error(
        "no answer from the brokers at {brokers} within {after:?} ({problem}); check the address and that they run"
    )]
    Unreachable {
        /// The bootstrap addresses.
        brokers: String,
        /// How long was waited.
        after: Duration,
        /// librdkafka's words.
        problem: String,
    },
    /// An administrative request on a topic was refused.
    #[error("topic `{topic}`: {problem}")]
    Topic {
        /// Name of the topic.
        topic: String,
        /// What was refused, and why.
        problem: String,
    },
    /// A message written outside a lane was refused.
    #[error("cannot publish to `{topic}`: {problem}")]
    Publish {
        /// Name of the topic.
        topic: String,
        /// What was refused, and why.
        problem: String,
    },
    /// The embedded broker failed.
    #[error("embedded broker: {problem}")]
    Embedded {
        /// librdkafka's words.
        problem: String,
    },
}
