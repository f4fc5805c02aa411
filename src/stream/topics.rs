//! Creating and listing topics.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::types::RDKafkaErrorCode;

use super::failure::advice;
use super::{Cluster, Error, clients};

/// How long the brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// A topic that should exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Name.
    pub name: String,
    /// Number of partitions.
    pub partitions: i32,
    /// Copies of each partition, the leader included; at most the number of brokers.
    pub replication: i32,
    /// Topic settings, such as `retention.ms` or `cleanup.policy`; used at creation only.
    pub config: BTreeMap<String, String>,
}

/// What became of a [`Spec`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was created.
    Created,
    /// It was there, with as many partitions as asked for.
    Existing,
    /// It was there with another number of partitions. Nothing was changed: adding partitions
    /// sends keys elsewhere and breaks their order.
    Mismatch {
        /// Partitions it has.
        found: i32,
    },
}

/// A topic as the brokers know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Name.
    pub name: String,
    /// Number of partitions.
    pub partitions: i32,
    /// Copies of each partition.
    pub replication: i32,
    /// Offsets between the start and the end of the partitions, summed: the messages kept, but for
    /// compaction and transaction markers.
    pub messages: i64,
}

/// Creates the topics that are missing; each spec is answered in order.
///
/// # Errors
/// [`Error::Unreachable`] if the brokers do not answer, [`Error::Topic`] for the first topic that
/// is refused; topics before it are created.
pub fn create(cluster: &Cluster, specs: &[Spec]) -> Result<Vec<Outcome>, Error> {
    cluster.check()?;
    let client = client(cluster)?;
    let mut missing = Vec::new();
    let mut outcomes = Vec::with_capacity(specs.len());
    for spec in specs {
        let found = existing(&client, cluster, &spec.name)?;
        outcomes.push(match found {
            None => Outcome::Created,
            Some(topic) if topic.partitions == spec.partitions => Outcome::Existing,
            Some(topic) => Outcome::Mismatch { found: topic.partitions },
        });
        if outcomes.last() == Some(&Outcome::Created) {
            missing.push(spec);
        }
    }
    if missing.is_empty() {
        return Ok(outcomes);
    }
    let topics: Vec<_> = missing.iter().map(|spec| new_topic(spec)).collect();
    let options = AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE));
    let answers =
        wait(client.create_topics(&topics, &options))?.map_err(|error| unreachable(cluster, &error.to_string()))?;
    for answer in answers {
        match answer {
            // Someone else was faster.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => return Err(refused(name, code)),
        }
    }
    for spec in missing {
        wait_until_known(&client, cluster, spec)?;
    }
    Ok(outcomes)
}

/// The named topics, or every topic that is not internal to Kafka if none is named. A named topic
/// that does not exist is left out.
pub fn list(cluster: &Cluster, names: &[&str]) -> Result<Vec<Topic>, Error> {
    cluster.check()?;
    let client = client(cluster)?;
    let mut topics = Vec::new();
    if names.is_empty() {
        let metadata = metadata(&client, cluster, None)?;
        let own = metadata.topics().iter().filter(|topic| !topic.name().starts_with("__"));
        topics.extend(own.map(describe));
    }
    for name in names {
        topics.extend(existing(&client, cluster, name)?);
    }
    for topic in &mut topics {
        topic.messages = messages(&client, cluster, topic)?;
    }
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(topics)
}

/// The brokers answer a creation before every one of them knows the topic and its leaders.
fn wait_until_known(client: &Client, cluster: &Cluster, spec: &Spec) -> Result<(), Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let metadata = metadata(client, cluster, Some(&spec.name))?;
        let known = metadata.topics().iter().any(|topic| {
            let led = topic.partitions().iter().filter(|partition| partition.leader() >= 0).count();
            topic.error().is_none() && i32::try_from(led) == Ok(spec.partitions)
        });
        if known {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(unreachable(cluster, &format!("topic `{}` is created but has no leaders", spec.name)));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn messages(client: &Client, cluster: &Cluster, topic: &Topic) -> Result<i64, Error> {
    let deadline = Instant::now() + PATIENCE;
    let mut sum = 0_i64;
    for partition in 0..topic.partitions {
        loop {
            match client.inner().fetch_watermarks(&topic.name, partition, PATIENCE) {
                Ok((low, high)) => {
                    sum = sum.saturating_add(high.saturating_sub(low));
                    break;
                }
                // Just created, or its leader moves.
                Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(100)),
                Err(error) => return Err(unreachable(cluster, &error.to_string())),
            }
        }
    }
    Ok(sum)
}

fn metadata(client: &Client, cluster: &Cluster, topic: Option<&str>) -> Result<Metadata, Error> {
    client.inner().fetch_metadata(topic, PATIENCE).map_err(|error| unreachable(cluster, &error.to_string()))
}

type Client = AdminClient<DefaultClientContext>;

fn client(cluster: &Cluster) -> Result<Client, Error> {
    clients::create(&clients::admin(cluster), DefaultClientContext, "admin client")
}

fn existing(client: &Client, cluster: &Cluster, name: &str) -> Result<Option<Topic>, Error> {
    let metadata = metadata(client, cluster, Some(name))?;
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else {
        return Ok(None);
    };
    match topic.error().map(RDKafkaErrorCode::from) {
        None => Ok(Some(describe(topic))),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition) => Ok(None),
        // Just created: its partitions have no leader yet.
        Some(RDKafkaErrorCode::LeaderNotAvailable) if !topic.partitions().is_empty() => Ok(Some(describe(topic))),
        Some(code) => Err(refused(name.to_owned(), code)),
    }
}

fn describe(topic: &MetadataTopic) -> Topic {
    let partitions = topic.partitions();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    Topic {
        name: topic.name().to_owned(),
        partitions: count(partitions.len()),
        replication: partitions.first().map_or(0, |partition| count(partition.replicas().len())),
        messages: 0,
    }
}

fn new_topic(spec: &Spec) -> NewTopic<'_> {
    let topic = NewTopic::new(&spec.name, spec.partitions, TopicReplication::Fixed(spec.replication));
    spec.config.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
}

/// The admin client works on a thread of its own; this one only waits for the answer.
fn wait<F: Future>(future: F) -> Result<F::Output, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|source| Error::Thread { thread: "admin", source })?;
    Ok(runtime.block_on(future))
}

fn unreachable(cluster: &Cluster, problem: &str) -> Error {
    Error::Unreachable { brokers: cluster.brokers.clone(), after: PATIENCE, problem: problem.to_owned() }
}

fn refused(topic: String, code: RDKafkaErrorCode) -> Error {
    let advice = match code {
        RDKafkaErrorCode::InvalidReplicationFactor => {
            "a replication factor is at least 1 and at most the number of brokers"
        }
        RDKafkaErrorCode::InvalidPartitions => "the number of partitions is at least 1",
        RDKafkaErrorCode::InvalidConfig => "a topic setting is unknown to the brokers or has a wrong value",
        RDKafkaErrorCode::UnsupportedVersion | RDKafkaErrorCode::UnsupportedFeature => {
            "the embedded broker creates its topics when it starts and takes no others"
        }
        RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed => {
            "this user needs CREATE and DESCRIBE on it"
        }
        code => advice(code),
    };
    Error::Topic { topic, problem: format!("{code}; {advice}") }
}
