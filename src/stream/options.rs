//! Options of a run, checked before anything connects.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{BatchLimits, BreakerLimits, Error};

/// Settings passed to librdkafka as they are, after this service's own. What would break a
/// guarantee is refused: see [`forbidden`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Raw {
    /// For every client.
    pub common: BTreeMap<String, String>,
    /// For consumers.
    pub consumer: BTreeMap<String, String>,
    /// For producers.
    pub producer: BTreeMap<String, String>,
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The values may be secrets.
        let keys = self.common.keys().chain(self.consumer.keys()).chain(self.producer.keys());
        formatter.debug_set().entries(keys).finish()
    }
}

/// How to reach the brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Bootstrap addresses, `host:port` separated by commas.
    pub brokers: String,
    /// Name this client gives itself in the brokers' logs and quotas.
    pub client_id: String,
    /// Further librdkafka settings, such as TLS and SASL.
    pub raw: Raw,
}

impl Cluster {
    /// A cluster reached without TLS or SASL.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), client_id: "ibaleg".to_owned(), raw: Raw::default() }
    }

    /// Refuses raw settings that would break a guarantee, and the security settings that librdkafka
    /// reports in words nobody understands.
    pub fn check(&self) -> Result<(), Error> {
        if self.brokers.split(',').all(|broker| broker.trim().is_empty()) {
            return Err(option("brokers", "is empty; name at least one `host:port`"));
        }
        let raw = &self.raw;
        for key in raw.common.keys().chain(raw.consumer.keys()).chain(raw.producer.keys()) {
            if let Some(reason) = forbidden(key) {
                return Err(Error::Forbidden { key: key.clone(), reason });
            }
        }
        for side in [&raw.consumer, &raw.producer] {
            let get = |key: &str| side.get(key).or_else(|| raw.common.get(key)).map(String::as_str);
            let protocol = get("security.protocol").unwrap_or("plaintext").to_ascii_lowercase();
            let mechanism = get("sasl.mechanism").or_else(|| get("sasl.mechanisms"));
            match mechanism {
                None if protocol.starts_with("sasl_") => {
                    return Err(option(
                        "security.protocol",
                        "needs sasl.mechanism beside it (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER); librdkafka would assume GSSAPI, which is not built in",
                    ));
                }
                Some(mechanism) if mechanism.eq_ignore_ascii_case("GSSAPI") => {
                    return Err(option(
                        "sasl.mechanism",
                        "is GSSAPI (Kerberos), which is not built in; use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What is promised of each input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guarantee {
    /// Its outputs and its offset are committed together, once.
    #[default]
    ExactlyOnce,
    /// Its outputs are published at least once.
    AtLeastOnce,
}

/// Limits of a transaction; whichever is reached first closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionLimits {
    /// Inputs in a transaction, at least 1.
    pub records: usize,
    /// Longest time the first input of a transaction waits for others.
    pub interval: Duration,
}

impl Default for TransactionLimits {
    fn default() -> Self {
        Self { records: 1000, interval: Duration::from_millis(100) }
    }
}

/// Options of [`run`](super::run()).
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How to reach the brokers.
    pub cluster: Cluster,
    /// Consumer group shared by every process of one service.
    pub group_id: String,
    /// Topics to read.
    pub topics: Vec<String>,
    /// Topic of the inputs that could not be processed.
    pub dead_letter_topic: String,
    /// Lanes: consumers of this process, each with a thread of its own.
    pub lanes: usize,
    /// Inference threads of each lane.
    pub workers: usize,
    /// Limits of a batch.
    pub batch: BatchLimits,
    /// Inputs a lane may hold that are read and not finished.
    pub max_in_flight: usize,
    /// Bytes of the inputs a lane may hold that are read and not finished.
    pub max_in_flight_bytes: usize,
    /// How long work in flight must be at its maximum before the assignment is paused.
    pub pressure_patience: Duration,
    /// What is promised of each input.
    pub guarantee: Guarantee,
    /// Limits of a transaction, for [`Guarantee::ExactlyOnce`].
    pub transaction: TransactionLimits,
    /// Name of this process among those of its group, part of its transactional ids. Two that live at
    /// the same time must differ, else each ends the other's transactions.
    pub instance: String,
    /// When to stop because too many inputs are dead-lettered, for each lane.
    pub breaker: BreakerLimits,
    /// Time between two commits, for [`Guarantee::AtLeastOnce`].
    pub commit_interval: Duration,
    /// Longest wait for inputs in flight when partitions are taken away. Must stay below
    /// `session.timeout.ms`.
    pub drain_deadline: Duration,
    /// Longest time from a graceful stop to the end of the run.
    pub shutdown_deadline: Duration,
    /// Time between two reports of the lag.
    pub lag_interval: Duration,
    /// Version of the service, written into dead letters.
    pub service_version: String,
}

impl Options {
    /// Options with defaults for everything but the names.
    pub fn new(
        cluster: Cluster,
        group_id: impl Into<String>,
        topics: Vec<String>,
        dead_letter_topic: impl Into<String>,
    ) -> Self {
        Self {
            cluster,
            group_id: group_id.into(),
            topics,
            dead_letter_topic: dead_letter_topic.into(),
            lanes: 1,
            workers: 1,
            batch: BatchLimits::default(),
            max_in_flight: 1024,
            max_in_flight_bytes: 64 << 20,
            pressure_patience: Duration::from_secs(1),
            guarantee: Guarantee::default(),
            transaction: TransactionLimits::default(),
            instance: String::new(),
            breaker: BreakerLimits::default(),
            commit_interval: Duration::from_millis(200),
            drain_deadline: Duration::from_secs(5),
            shutdown_deadline: Duration::from_secs(20),
            lag_interval: Duration::from_secs(5),
            service_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Checks everything that can be checked without a broker.
    pub fn check(&self) -> Result<(), Error> {
        self.cluster.check()?;
        if self.group_id.is_empty() {
            return Err(option("group_id", "is empty; name the consumer group"));
        }
        if self.topics.is_empty() {
            return Err(option("topics", "is empty; name at least one topic to read"));
        }
        for topic in self.topics.iter().chain([&self.dead_letter_topic]) {
            check_topic(topic)?;
        }
        if self.topics.contains(&self.dead_letter_topic) {
            return Err(option(
                "dead_letter_topic",
                "is one of the input topics; every refused input would come back for ever",
            ));
        }
        let least = [
            ("lanes", self.lanes, 1),
            ("workers", self.workers, 1),
            ("batch.records", self.batch.records, 1),
            ("max_in_flight", self.max_in_flight, self.batch.records),
            ("max_in_flight_bytes", self.max_in_flight_bytes, self.batch.bytes),
        ];
        for (name, value, least) in least {
            if value < least {
                return Err(option(name, format!("is {value}; it must be at least {least}")));
            }
        }
        let session = self.session_timeout();
        if self.drain_deadline >= session {
            return Err(option(
                "drain_deadline",
                format!(
                    "is {:?}, not below session.timeout.ms ({session:?}); half of it is a good value",
                    self.drain_deadline
                ),
            ));
        }
        if self.guarantee == Guarantee::ExactlyOnce {
            self.check_transactions()?;
        }
        Ok(())
    }

    fn check_transactions(&self) -> Result<(), Error> {
        if self.instance.trim().is_empty() {
            return Err(option("instance", "is empty; name this process, differently from all others of its group"));
        }
        if self.transaction.records == 0 {
            return Err(option("transaction.records", "is 0; it must be at least 1"));
        }
        let (interval, timeout) = (self.transaction.interval, self.transaction_timeout());
        if interval > timeout / 2 {
            return Err(option(
                "transaction.interval",
                format!(
                    "is {interval:?}; the brokers end a transaction after {timeout:?} (three quarters of session.timeout.ms), of which it must leave half"
                ),
            ));
        }
        Ok(())
    }

    /// Time after which the brokers abort a transaction by themselves. Below the session timeout, so
    /// that what a dead process left open does not hold up whoever takes over.
    pub(super) fn transaction_timeout(&self) -> Duration {
        self.session_timeout() * 3 / 4
    }

    /// Transactional id of a lane.
    pub(super) fn transactional_id(&self, lane: usize) -> String {
        format!("{}.{}.{lane}", self.group_id, self.instance)
    }

    /// The session timeout in force.
    pub(super) fn session_timeout(&self) -> Duration {
        let raw = &self.cluster.raw;
        raw.consumer
            .get("session.timeout.ms")
            .or_else(|| raw.common.get("session.timeout.ms"))
            .and_then(|millis| millis.parse().ok())
            .map_or(DEFAULT_SESSION_TIMEOUT, Duration::from_millis)
    }
}

/// Session timeout unless the raw settings say otherwise: after a process is killed, its partitions
/// wait this long for a new owner.
pub(super) const DEFAULT_SESSION_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a raw librdkafka setting is refused, or `None` if it is allowed.
pub fn forbidden(key: &str) -> Option<&'static str> {
    Some(match key {
        "bootstrap.servers" | "metadata.broker.list" => "set kafka.brokers instead",
        "group.id" => "set kafka.group_id instead",
        "client.id" => "set kafka.client_id instead",
        "enable.auto.commit" | "auto.commit.enable" | "auto.commit.interval.ms" => {
            "a commit by timer would cover inputs whose outputs are not published, and lose them"
        }
        "enable.auto.offset.store" => "offsets are committed only after the outputs are acknowledged",
        "auto.offset.reset" | "topic.auto.offset.reset" => {
            "it is `earliest`: anything else would skip the reports that arrived before the group's first commit"
        }
        "isolation.level" => {
            "it is `read_committed`: reading aborted records would classify reports that were never sent"
        }
        "transactional.id" => "the lane makes it from kafka.group_id and kafka.instance",
        "transaction.timeout.ms" => "it is three quarters of session.timeout.ms",
        "enable.idempotence" | "enable.gapless.guarantee" => {
            "without idempotence a retry can double an output or change the order of a key"
        }
        "acks" | "request.required.acks" => "anything but `all` can lose an acknowledged output when a broker fails",
        "max.in.flight" | "max.in.flight.requests.per.connection" | "retries" | "message.send.max.retries" => {
            "the idempotent producer fixes it"
        }
        "partition.assignment.strategy" => {
            "it is `cooperative-sticky`; members with another strategy cannot share the group"
        }
        "group.protocol" | "group.remote.assignor" => {
            "it is `classic`: librdkafka 2.12 stalls under the new group protocol"
        }
        "enable.partition.eof" | "statistics.interval.ms" => "the lane sets it for its own use",
        "delivery.report.only.error" => "an input is finished by the delivery reports of its outputs",
        "test.mock.num.brokers" => "it replaces the brokers; use `ibaleg demo` for an embedded broker",
        "plugin.library.paths" => "it would load foreign code that can intercept every message",
        _ if key.starts_with("ut_") || key.ends_with("_cb") || key == "opaque" => {
            "it cannot be set from a configuration"
        }
        _ => return None,
    })
}

fn check_topic(topic: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if topic.is_empty() || topic.len() > 249 || topic == "." || topic == ".." || !topic.chars().all(allowed) {
        return Err(option(
            "topics",
            format!("`{topic}` is no topic name; use 1 to 249 letters, digits, `.`, `_` and `-`"),
        ));
    }
    Ok(())
}

fn option(name: &'static str, problem: impl Into<String>) -> Error {
    Error::Option { name, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        let cluster = Cluster::new("127.0.0.1:9092");
        Options { instance: "one".into(), ..Options::new(cluster, "g", vec!["in".into()], "dead") }
    }

    fn problem(change: impl FnOnce(&mut Options)) -> String {
        let mut options = options();
        change(&mut options);
        options.check().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_pass() {
        options().check().unwrap();
    }

    #[test]
    fn settings_that_break_guarantees_are_refused_by_name() {
        let keys = [
            "enable.auto.commit",
            "enable.auto.offset.store",
            "isolation.level",
            "transactional.id",
            "enable.idempotence",
            "acks",
            "partition.assignment.strategy",
            "group.protocol",
            "auto.offset.reset",
            "group.id",
            "bootstrap.servers",
        ];
        for key in keys {
            let message = problem(|options| {
                options.cluster.raw.producer.insert(key.into(), "x".into());
            });
            assert!(message.contains(key), "{message}");
        }
        assert_eq!(forbidden("compression.codec"), None);
        assert_eq!(forbidden("ssl.ca.location"), None);
    }

    #[test]
    fn sasl_without_a_mechanism_is_refused_in_plain_words() {
        let message = problem(|options| {
            options.cluster.raw.common.insert("security.protocol".into(), "SASL_SSL".into());
        });
        assert!(message.contains("sasl.mechanism"), "{message}");
        let mut good = options();
        good.cluster.raw.common.insert("security.protocol".into(), "sasl_ssl".into());
        good.cluster.raw.common.insert("sasl.mechanism".into(), "SCRAM-SHA-512".into());
        good.check().unwrap();
        let message = problem(|options| {
            options.cluster.raw.common.insert("sasl.mechanisms".into(), "gssapi".into());
        });
        assert!(message.contains("Kerberos"), "{message}");
    }

    #[test]
    fn values_that_cannot_work_are_named() {
        assert!(problem(|o| o.lanes = 0).contains("lanes"));
        assert!(problem(|o| o.max_in_flight = 1).contains("max_in_flight"));
        assert!(problem(|o| o.topics.clear()).contains("topics"));
        assert!(problem(|o| o.topics.push("a b".into())).contains("`a b`"));
        assert!(problem(|o| o.dead_letter_topic = "in".into()).contains("for ever"));
        assert!(problem(|o| o.cluster.brokers = " , ".into()).contains("brokers"));
        assert!(problem(|o| o.instance.clear()).contains("instance"));
        assert!(problem(|o| o.transaction.records = 0).contains("transaction.records"));
        assert!(problem(|o| o.transaction.interval = Duration::from_secs(4)).contains("7.5s"));
        let message = problem(|o| o.drain_deadline = Duration::from_secs(10));
        assert!(message.contains("session.timeout.ms"), "{message}");
    }
}
