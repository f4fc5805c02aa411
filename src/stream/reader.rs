//! Reads topics through from their beginning, outside any group.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::{Message as _, Offset, TopicPartitionList};

use super::failure::is_fatal_to_client;
use super::{Cluster, Error, Record, clients, context};

/// How long the brokers may take to name the partitions.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// A reader of whole topics. Commits nothing and disturbs no group.
pub struct Reader {
    consumer: BaseConsumer<Side>,
    topics: Vec<Arc<str>>,
    brokers: String,
}

pub(super) struct Side;

impl ClientContext for Side {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "reader");
    }
}

impl ConsumerContext for Side {}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").field("topics", &self.topics).finish_non_exhaustive()
    }
}

impl Reader {
    /// A reader of every partition these topics have now.
    pub fn open(cluster: &Cluster, topics: &[&str]) -> Result<Self, Error> {
        cluster.check()?;
        let consumer: BaseConsumer<Side> = clients::create(&clients::reader(cluster), Side, "consumer")?;
        let unreachable = |error: KafkaError| Error::Unreachable {
            brokers: cluster.brokers.clone(),
            after: PATIENCE,
            problem: error.to_string(),
        };
        let mut assignment = TopicPartitionList::new();
        for topic in topics {
            let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).map_err(unreachable)?;
            let found = metadata.topics().iter().find(|entry| entry.name() == *topic);
            let partitions = found.map_or(&[][..], |entry| entry.partitions());
            if partitions.is_empty() {
                return Err(Error::UnknownTopic { topic: (*topic).to_owned() });
            }
            for partition in partitions {
                assignment.add_partition_offset(topic, partition.id(), Offset::Beginning).map_err(unreachable)?;
            }
        }
        consumer.assign(&assignment).map_err(unreachable)?;
        let topics = topics.iter().map(|topic| Arc::from(*topic)).collect();
        Ok(Self { consumer, topics, brokers: cluster.brokers.clone() })
    }

    /// The next message, of any of the topics; order holds within a partition. `None` if none came
    /// in time.
    pub fn next(&self, patience: Duration) -> Result<Option<Record>, Error> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.consumer.poll(left) {
                Some(Ok(message)) => {
                    let known = self.topics.iter().find(|topic| ***topic == *message.topic());
                    let topic = known.map_or_else(|| message.topic().into(), Arc::clone);
                    return Ok(Some(clients::record(&message, topic)));
                }
                Some(Err(error)) if is_fatal_to_client(context::code(&error)) => {
                    return Err(Error::Unreachable {
                        brokers: self.brokers.clone(),
                        after: patience,
                        problem: error.to_string(),
                    });
                }
                Some(Err(error)) => tracing::debug!(%error, "reader"),
                None => {}
            }
            if left.is_zero() {
                return Ok(None);
            }
        }
    }

    /// Everything until no message came for `idle`.
    pub fn rest(&self, idle: Duration) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        while let Some(record) = self.next(idle)? {
            records.push(record);
        }
        Ok(records)
    }
}
