//! Settings of the Kafka clients.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};

use super::options::{Cluster, DEFAULT_SESSION_TIMEOUT, Options};
use super::{Error, Record, secret};

/// Largest message a producer accepts before it asks the broker: above the brokers' own default of
/// 1 MiB, so that the topic's max.message.bytes decides.
const MESSAGE_MAX_BYTES: &str = "16777216";

pub(super) fn consumer(options: &Options) -> ClientConfig {
    let mut config = base(&options.cluster);
    set(
        &mut config,
        &[
            ("group.id", &options.group_id),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "earliest"),
            ("isolation.level", "read_committed"),
            ("partition.assignment.strategy", "cooperative-sticky"),
            ("allow.auto.create.topics", "false"),
            ("session.timeout.ms", &DEFAULT_SESSION_TIMEOUT.as_millis().to_string()),
            ("fetch.wait.max.ms", "50"),
            ("fetch.queue.backoff.ms", "5"),
            ("queued.max.messages.kbytes", "16384"),
            ("statistics.interval.ms", &millis(options.lag_interval)),
        ],
    );
    apply(config, &options.cluster.raw.common, &options.cluster.raw.consumer)
}

/// A consumer outside any group, for reading a topic through.
pub(super) fn reader(cluster: &Cluster) -> ClientConfig {
    let mut config = base(cluster);
    set(
        &mut config,
        &[
            // librdkafka demands a group even where none is joined and nothing is committed.
            ("group.id", "ibaleg-reader"),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("isolation.level", "read_committed"),
            ("fetch.wait.max.ms", "20"),
            ("fetch.queue.backoff.ms", "5"),
            ("queued.max.messages.kbytes", "16384"),
        ],
    );
    apply(config, &cluster.raw.common, &cluster.raw.consumer)
}

pub(super) fn producer(cluster: &Cluster) -> ClientConfig {
    let mut config = base(cluster);
    set(
        &mut config,
        &[
            ("enable.idempotence", "true"),
            ("acks", "all"),
            ("linger.ms", "2"),
            ("compression.codec", "lz4"),
            ("message.max.bytes", MESSAGE_MAX_BYTES),
            ("message.timeout.ms", "60000"),
            ("queue.buffering.max.messages", "200000"),
        ],
    );
    apply(config, &cluster.raw.common, &cluster.raw.producer)
}

/// A producer of transactions, for one lane.
pub(super) fn transactional(options: &Options, lane: usize) -> ClientConfig {
    let timeout = millis(options.transaction_timeout());
    let mut config = producer(&options.cluster);
    set(&mut config, &[("transactional.id", &options.transactional_id(lane)), ("transaction.timeout.ms", &timeout)]);
    // An output that comes later than its transaction ends is of no use.
    let raw = &options.cluster.raw;
    if !raw.producer.contains_key("message.timeout.ms") && !raw.common.contains_key("message.timeout.ms") {
        config.set("message.timeout.ms", &timeout);
    }
    config
}

pub(super) fn admin(cluster: &Cluster) -> ClientConfig {
    apply(base(cluster), &cluster.raw.common, &BTreeMap::new())
}

/// Creates a client, explaining the settings it needs when it cannot.
pub(super) fn create<C, T>(config: &ClientConfig, context: C, what: &'static str) -> Result<T, Error>
where
    C: rdkafka::ClientContext,
    T: FromClientConfigAndContext<C>,
{
    config.create_with_context(context).map_err(|error| {
        let problem = secret::said(&error);
        let needs_tls =
            config.get("security.protocol").is_some_and(|protocol| protocol.to_ascii_lowercase().contains("ssl"));
        let hint = if needs_tls && !cfg!(feature = "tls") {
            ", or build with `--features tls`: this binary has no TLS"
        } else {
            ""
        };
        Error::Client { what, problem, hint }
    })
}

/// Copies a message out of librdkafka's memory.
pub(super) fn record(message: &rdkafka::message::BorrowedMessage<'_>, topic: std::sync::Arc<str>) -> Record {
    use rdkafka::Message as _;
    Record {
        topic,
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().filter(|millis| *millis >= 0),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers(message),
    }
}

fn headers(message: &rdkafka::message::BorrowedMessage<'_>) -> Vec<(String, Option<Vec<u8>>)> {
    use rdkafka::Message as _;
    use rdkafka::message::Headers as _;
    let Some(headers) = message.headers() else {
        return Vec::new();
    };
    let one = |index| {
        let header = headers.try_get(index)?;
        Some((header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
    };
    (0..headers.count())
        .map(|index| {
            // rust-rdkafka panics on a header name that is not UTF-8 (Kafka says it must be, C
            // clients need not obey); such a header must not take the lane down.
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| one(index)))
                .ok()
                .flatten()
                .unwrap_or_else(|| (UNREADABLE_HEADER.to_owned(), None))
        })
        .collect()
}

/// Stands for a header whose name is not UTF-8.
pub(super) const UNREADABLE_HEADER: &str = "ibaleg-unreadable-header";

fn base(cluster: &Cluster) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set_log_level(RDKafkaLogLevel::Info);
    set(
        &mut config,
        &[
            ("bootstrap.servers", &cluster.brokers),
            ("client.id", &cluster.client_id),
            ("reconnect.backoff.ms", "100"),
            ("reconnect.backoff.max.ms", "5000"),
        ],
    );
    config
}

fn apply(mut config: ClientConfig, common: &BTreeMap<String, String>, own: &BTreeMap<String, String>) -> ClientConfig {
    for (key, value) in common.iter().chain(own) {
        config.set(key, value);
    }
    config
}

fn set(config: &mut ClientConfig, pairs: &[(&str, &str)]) {
    for (key, value) in pairs {
        config.set(*key, *value);
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}
