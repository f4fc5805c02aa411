//! Reads a topic from the first record it keeps to the end it has now, and says what is gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext as _;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use super::failure::is_fatal_to_client;
use super::reader::{PATIENCE, Side};
use super::{Cluster, Error, Record, clients, context};

/// Longest silence of the brokers before the end of every partition is reached.
const SILENCE: Duration = Duration::from_secs(30);

/// What of a topic was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Records read.
    pub records: u64,
    /// A partition has lost records to retention. Milliseconds since the Unix epoch of the first record
    /// that is left, the latest of all such partitions; `i64::MAX` where nothing is left of one. `None`:
    /// nothing was ever deleted.
    pub complete_from: Option<i64>,
}

/// Gives every record of a topic to `take`, in order within each partition, up to the end that each
/// partition has when it is reached. Commits nothing, disturbs no group, never ends early.
///
/// # Errors
/// [`Error::UnknownTopic`]; [`Error::Unreachable`] if the brokers fall silent before the end.
pub fn read(cluster: &Cluster, topic: &str, mut take: impl FnMut(&Record)) -> Result<Kept, Error> {
    cluster.check()?;
    let mut config: ClientConfig = clients::reader(cluster);
    // Told by the brokers: the last offsets may be markers of transactions, which no record ever has.
    config.set("enable.partition.eof", "true");
    let consumer: BaseConsumer<Side> = clients::create(&config, Side, "consumer")?;
    let unreachable = |error: KafkaError| silent(cluster, &error.to_string());
    let mut unread = assign(&consumer, cluster, topic)?;
    let mut kept = Kept::default();
    let mut cut = BTreeSet::new();
    for &partition in &unread {
        let (low, _) = consumer.fetch_watermarks(topic, partition, PATIENCE).map_err(unreachable)?;
        if low > 0 {
            cut.insert(partition);
        }
    }
    let name: Arc<str> = Arc::from(topic);
    let mut heard = Instant::now();
    while !unread.is_empty() {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                let record = clients::record(&message, Arc::clone(&name));
                kept.records = kept.records.saturating_add(1);
                if cut.remove(&record.partition) {
                    kept.complete_from = kept.complete_from.max(Some(record.timestamp.unwrap_or(i64::MAX)));
                }
                take(&record);
                heard = Instant::now();
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                unread.remove(&partition);
                heard = Instant::now();
            }
            Some(Err(error)) if is_fatal_to_client(context::code(&error)) => return Err(unreachable(error)),
            Some(Err(error)) => Side.error(error, "history"),
            None => {}
        }
        if heard.elapsed() > SILENCE {
            return Err(silent(cluster, &format!("topic `{topic}` is not read to its end")));
        }
    }
    if !cut.is_empty() {
        kept.complete_from = Some(i64::MAX);
    }
    Ok(kept)
}

/// Reads every partition from its beginning; their numbers.
fn assign(consumer: &BaseConsumer<Side>, cluster: &Cluster, topic: &str) -> Result<BTreeSet<i32>, Error> {
    let unreachable = |error: KafkaError| silent(cluster, &error.to_string());
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).map_err(unreachable)?;
    let found = metadata.topics().iter().find(|entry| entry.name() == topic);
    let partitions: BTreeSet<i32> =
        found.iter().flat_map(|entry| entry.partitions()).map(rdkafka::metadata::MetadataPartition::id).collect();
    if partitions.is_empty() {
        return Err(Error::UnknownTopic { topic: topic.to_owned() });
    }
    let mut assignment = TopicPartitionList::new();
    for &partition in &partitions {
        assignment.add_partition_offset(topic, partition, Offset::Beginning).map_err(unreachable)?;
    }
    consumer.assign(&assignment).map_err(unreachable)?;
    Ok(partitions)
}

fn silent(cluster: &Cluster, problem: &str) -> Error {
    Error::Unreachable { brokers: cluster.brokers.clone(), after: SILENCE, problem: problem.to_owned() }
}
