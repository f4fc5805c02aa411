//! A broker inside the process: librdkafka's mock cluster, for the demo and for fast tests.
//!
//! It is no Kafka. It keeps at most 5 MiB or 100,000 message sets of a partition and drops the
//! oldest beyond that without a word, so whoever writes to it must stay close to whoever reads.
//! It has no transactions worth the name, so `exactly_once` means nothing on it; it keeps nothing on
//! disk, knows no rights, no topic settings and no creation of topics by clients. Other
//! processes (`kcat`) can read and write it at [`Embedded::brokers`].

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, Producer as _, ProducerContext};

use super::{Cluster, Error, Guarantee, Options, context};

/// Bytes a partition keeps before it drops the oldest messages.
pub const PARTITION_BYTES: usize = 5 << 20;

/// A running embedded broker; it ends when this is dropped.
pub struct Embedded {
    /// Owns the cluster: librdkafka ties it to the life of a client.
    owner: BaseProducer<Quiet>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Embedded").field("brokers", &self.brokers()).finish()
    }
}

impl Embedded {
    /// Starts a broker on a free loopback port, with these topics of `partitions` partitions each.
    pub fn start(partitions: i32, topics: &[&str]) -> Result<Self, Error> {
        let mut config = ClientConfig::new();
        config.set("test.mock.num.brokers", "1");
        let owner: BaseProducer<Quiet> =
            config.create_with_context(Quiet).map_err(|error| failed(&error.to_string()))?;
        let embedded = Self { owner };
        embedded.assign_groups_at_once();
        for topic in topics {
            embedded.create_topic(topic, partitions)?;
        }
        Ok(embedded)
    }

    /// Creates a topic.
    pub fn create_topic(&self, topic: &str, partitions: i32) -> Result<(), Error> {
        let cluster = self.owner.client().mock_cluster().ok_or_else(|| failed("it is gone"))?;
        cluster.create_topic(topic, partitions, 1).map_err(|error| failed(&format!("topic `{topic}`: {error}")))
    }

    /// Bootstrap address.
    pub fn brokers(&self) -> String {
        self.owner.client().mock_cluster().map(|cluster| cluster.bootstrap_servers()).unwrap_or_default()
    }

    /// A cluster description with the settings that make this broker quick: it answers an empty
    /// fetch only at the end of the wait, and a rebalance takes almost a session timeout.
    pub fn cluster(&self) -> Cluster {
        let mut cluster = Cluster::new(self.brokers());
        let pairs = [("fetch.wait.max.ms", "10"), ("session.timeout.ms", "3000"), ("heartbeat.interval.ms", "200")];
        cluster.raw.consumer = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        cluster
    }

    /// Options of a run on this broker: at least once, with deadlines that fit its session timeout.
    pub fn options(&self, group_id: &str, topics: &[&str], dead_letter_topic: &str) -> Options {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        let mut options = Options::new(self.cluster(), group_id, topics, dead_letter_topic);
        options.guarantee = Guarantee::AtLeastOnce;
        options.drain_deadline = std::time::Duration::from_millis(1500);
        options
    }

    /// Makes the first assignment of a group immediate; it takes three seconds otherwise.
    #[expect(unsafe_code, reason = "rdkafka wraps no call for this setting")]
    fn assign_groups_at_once(&self) {
        let client = self.owner.client().native_ptr();
        // SAFETY: the client is alive as long as `self`, and owns the cluster, if there is one; the
        // second call only stores a number in it, under the cluster's own lock.
        unsafe {
            let cluster = rdkafka::bindings::rd_kafka_handle_mock_cluster(client);
            if !cluster.is_null() {
                rdkafka::bindings::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
            }
        }
    }
}

/// Sends librdkafka's lines where the lanes send them.
#[derive(Debug, Clone, Copy)]
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "embedded broker");
    }
}

impl ProducerContext for Quiet {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

fn failed(problem: &str) -> Error {
    Error::Embedded { problem: problem.to_owned() }
}
