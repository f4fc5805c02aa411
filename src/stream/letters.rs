//! Reads the dead-letter topic from given offsets to the end it has when it is opened.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::metadata::MetadataTopic;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use super::failure::{advice, is_fatal_to_client};
use super::{Cluster, Error, Record, clients, context};

/// How long the brokers may answer nothing.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest wait for one record.
const STEP: Duration = Duration::from_millis(100);

/// A reader of the dead-letter topic; joins no group and commits nothing.
pub struct Letters {
    consumer: BaseConsumer<Side>,
    topic: Arc<str>,
    brokers: String,
    extents: Vec<Extent>,
    /// Partitions not read to their end, with that end.
    open: BTreeMap<i32, i64>,
    last_answer: Instant,
}

/// What a partition holds: offsets from `first` to below `end`, not all of which need have a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The partition.
    pub partition: i32,
    /// Its first offset.
    pub first: i64,
    /// The offset its next record will have.
    pub end: i64,
}

/// An offset committed for a group, with the note that stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The metadata of the commit; empty if there is none.
    pub note: String,
}

/// What reading came upon.
#[derive(Debug)]
pub enum Step {
    /// A record, in the order of its partition.
    Record(Record),
    /// Nothing for the moment.
    Idle,
    /// Every partition is read to its end.
    End,
}

struct Side;

impl ClientContext for Side {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "letters");
    }
}

impl ConsumerContext for Side {}

impl std::fmt::Debug for Letters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Letters").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Letters {
    /// A reader of `topic`; `group` is the one whose commits [`committed`](Self::committed) reads.
    ///
    /// # Errors
    /// [`Error::UnknownTopic`], [`Error::Topic`] without the right to read it, [`Error::Unreachable`].
    pub fn open(cluster: &Cluster, topic: &str, group: &str) -> Result<Self, Error> {
        cluster.check()?;
        let mut config = clients::reader(cluster);
        config.set("group.id", group).set("enable.partition.eof", "true").set("auto.offset.reset", "earliest");
        let consumer: BaseConsumer<Side> = clients::create(&config, Side, "consumer")?;
        let mut letters = Self {
            consumer,
            topic: topic.into(),
            brokers: cluster.brokers.clone(),
            extents: Vec::new(),
            open: BTreeMap::new(),
            last_answer: Instant::now(),
        };
        letters.extents = letters.measure()?;
        Ok(letters)
    }

    fn measure(&self) -> Result<Vec<Extent>, Error> {
        let metadata =
            self.consumer.fetch_metadata(Some(&self.topic), PATIENCE).map_err(|error| self.failed(&error))?;
        let found = metadata.topics().iter().find(|entry| *entry.name() == *self.topic);
        if let Some(code) = found.and_then(MetadataTopic::error).map(RDKafkaErrorCode::from)
            && code != RDKafkaErrorCode::UnknownTopicOrPartition
        {
            return Err(self.refused(code));
        }
        let partitions = found.map_or(&[][..], |entry| entry.partitions());
        if partitions.is_empty() {
            return Err(Error::UnknownTopic { topic: self.topic.to_string() });
        }
        let extent = |partition: i32| {
            let marks = self.consumer.fetch_watermarks(&self.topic, partition, PATIENCE);
            marks.map(|(first, end)| Extent { partition, first, end }).map_err(|error| self.failed(&error))
        };
        partitions.iter().map(|partition| extent(partition.id())).collect()
    }

    /// What each partition held when the reader was opened.
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// What is committed for the group; partitions without a commit are left out. Waits for
    /// transactions that are about to change it.
    pub fn committed(&self) -> Result<Vec<Committed>, Error> {
        let mut list = TopicPartitionList::new();
        for extent in &self.extents {
            list.add_partition(&self.topic, extent.partition);
        }
        let list = self.consumer.committed_offsets(list, PATIENCE).map_err(|error| self.failed(&error))?;
        let mut committed = Vec::new();
        for element in list.elements() {
            element.error().map_err(|error| self.failed(&error))?;
            if let Offset::Offset(offset) = element.offset() {
                // rust-rdkafka panics on metadata that is not UTF-8; such is no note of ours.
                let note = catch_unwind(AssertUnwindSafe(|| element.metadata().to_owned()));
                let note = note.unwrap_or_else(|_| "(not UTF-8)".to_owned());
                committed.push(Committed { partition: element.partition(), offset, note });
            }
        }
        Ok(committed)
    }

    /// What the brokers must know of the group to commit for it in a transaction.
    pub(super) fn group(&self) -> Option<rdkafka::consumer::ConsumerGroupMetadata> {
        self.consumer.group_metadata()
    }

    /// Name of the topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Begins to read each partition at its offset of `from`; partitions not named are left out.
    pub fn read_from(&mut self, from: &BTreeMap<i32, i64>) -> Result<(), Error> {
        let mut list = TopicPartitionList::new();
        self.open.clear();
        for extent in &self.extents {
            let Some(&offset) = from.get(&extent.partition) else {
                continue;
            };
            if offset < extent.end {
                self.open.insert(extent.partition, extent.end);
                list.add_partition_offset(&self.topic, extent.partition, Offset::Offset(offset.max(extent.first)))
                    .map_err(|error| self.failed(&error))?;
            }
        }
        self.last_answer = Instant::now();
        self.consumer.assign(&list).map_err(|error| self.failed(&error))
    }

    /// The next record, if one comes within 0.1 s.
    ///
    /// # Errors
    /// [`Error::Unreachable`] if the brokers answer nothing for long, [`Error::Topic`] without rights.
    pub fn step(&mut self) -> Result<Step, Error> {
        if self.open.is_empty() {
            return Ok(Step::End);
        }
        let record = match self.consumer.poll(STEP) {
            Some(Ok(message)) => clients::record(&message, Arc::clone(&self.topic)),
            // The end of what is committed there: behind it lies at most an open transaction.
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                self.last_answer = Instant::now();
                self.open.remove(&partition);
                return Ok(Step::Idle);
            }
            Some(Err(error)) if is_fatal_to_client(context::code(&error)) => return Err(self.failed(&error)),
            Some(Err(error)) => {
                tracing::debug!(%error, "letters");
                return self.idle();
            }
            None => return self.idle(),
        };
        self.last_answer = Instant::now();
        let Some(&end) = self.open.get(&record.partition) else {
            return Ok(Step::Idle);
        };
        if record.offset.saturating_add(1) >= end {
            self.open.remove(&record.partition);
        }
        Ok(if record.offset < end { Step::Record(record) } else { Step::Idle })
    }

    fn idle(&self) -> Result<Step, Error> {
        if self.last_answer.elapsed() < PATIENCE {
            return Ok(Step::Idle);
        }
        Err(self.unreachable("nothing came"))
    }

    fn failed(&self, error: &KafkaError) -> Error {
        let code = context::code(error);
        if is_fatal_to_client(code) { self.refused(code) } else { self.unreachable(&error.to_string()) }
    }

    fn refused(&self, code: RDKafkaErrorCode) -> Error {
        let advice = match code {
            RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::GroupAuthorizationFailed => RIGHTS,
            code => advice(code),
        };
        Error::Topic { topic: self.topic.to_string(), problem: format!("cannot be read: {code}; {advice}") }
    }

    fn unreachable(&self, problem: &str) -> Error {
        Error::Unreachable { brokers: self.brokers.clone(), after: PATIENCE, problem: problem.to_owned() }
    }
}

/// What to do where a right is missing.
pub(super) const RIGHTS: &str = "`ibaleg topics acl` prints the rights this user needs";
