use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ByteSize, ClientSettings};
use crate::event::Mode;
use crate::report::Limits;
use crate::stream::BreakerLimits;

/// A time, written with its unit: `100ms`, `30s`, `2h`.
pub type Duration = SignedDuration;

/// Everything that can be configured.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Connection to the brokers.
    pub kafka: Kafka,
    /// Names of the topics, and how `ibaleg topics create` makes them.
    pub topics: Topics,
    /// How reports flow through the process.
    pub stream: Stream,
    /// The model package.
    pub model: Model,
    /// Limits on incoming reports.
    pub report: Report,
    /// The rules.
    pub triage: Triage,
    /// How events are written.
    pub event: Event,
    /// Logs, on standard error.
    pub log: Log,
    /// HTTP: health, metrics, the live page (docs/operations.md).
    pub serve: Serve,
    /// What `ibaleg stats` counts and shows (docs/statistics.md).
    pub stats: Stats,
}

/// Connection to the brokers.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kafka {
    /// Brokers to start from, `host:port`, comma separated.
    pub brokers: String,
    /// Consumer group; all processes that share the work use the same.
    pub group_id: String,
    /// Name of this client in the brokers' logs and metrics.
    pub client_id: String,
    /// Name of this process among those of the group, a part of its transactional ids; two that run at
    /// the same time must differ. Empty: host name and process id.
    pub instance: String,
    /// Further librdkafka settings, as they are called there (security.protocol, sasl.*, ssl.*, ...).
    /// Those that would break the delivery guarantee are refused by name. Passwords and keys are not
    /// shown by `ibaleg config explain`.
    pub librdkafka: ClientSettings,
    /// Further such settings whose value is the content of a file, without the line end behind it:
    /// `{ "sasl.password" = "/run/secrets/kafka" }`. Read once, at the start.
    pub librdkafka_files: BTreeMap<String, PathBuf>,
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".into(),
            group_id: "ibaleg".into(),
            client_id: "ibaleg".into(),
            instance: String::new(),
            librdkafka: ClientSettings::default(),
            librdkafka_files: BTreeMap::new(),
        }
    }
}

/// Names of the topics, and how `ibaleg topics create` makes them.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Topics {
    /// Reports in.
    pub incoming: String,
    /// Every classified event.
    pub classified: String,
    /// Head of the units' topics; the unit's id follows.
    pub unit_prefix: String,
    /// Events of grade U0.
    pub urgent: String,
    /// Events that a person must look at.
    pub review: String,
    /// Rejections, for the producer.
    pub rejected: String,
    /// Reports that could not be processed, byte for byte.
    pub deadletter: String,
    /// Published statistics, compacted: the newest record of each window is kept.
    pub statistics: String,
    /// Partitions of each topic that is created.
    pub partitions: i32,
    /// Replicas of each topic that is created.
    pub replication: i32,
    /// How long created topics keep their messages.
    #[schemars(with = "String")]
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub retention: Duration,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            incoming: "reports.incoming".into(),
            classified: "reports.classified".into(),
            unit_prefix: "reports.unit.".into(),
            urgent: "reports.urgent".into(),
            review: "reports.review".into(),
            rejected: "reports.rejected".into(),
            deadletter: "reports.deadletter".into(),
            statistics: "reports.statistics".into(),
            partitions: 12,
            replication: 3,
            retention: SignedDuration::from_hours(30 * 24),
        }
    }
}

/// What is promised of each report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Each report has its outputs exactly once, for consumers with isolation.level=read_committed.
    #[default]
    ExactlyOnce,
    /// Each report has its outputs at least once, doubles with the same event id.
    AtLeastOnce,
}

/// How reports flow through the process.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stream {
    /// What is promised of each report: `exactly_once` or `at_least_once` (docs/guarantees.md).
    pub delivery: Delivery,
    /// Reports in one transaction, at most (exactly_once). An urgent report closes its transaction.
    pub transaction_reports: usize,
    /// Longest wait of a classified report for its transaction to fill (exactly_once).
    #[schemars(with = "String")]
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub transaction_interval: Duration,
    /// Consumers in this process, each with its own thread; at most one per partition is busy.
    pub lanes: usize,
    /// Inference threads of each lane; 0 shares the processor's cores among the lanes.
    pub workers: usize,
    /// Reports classified together, at most.
    pub batch_reports: usize,
    /// Bytes classified together, at most.
    #[schemars(with = "String")]
    pub batch_bytes: ByteSize,
    /// Longest wait for a batch to fill.
    #[schemars(with = "String")]
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub batch_wait: Duration,
    /// Reports read and not yet finished, per lane, at most; beyond it fetching pauses.
    pub in_flight: usize,
    /// Time between commits (at_least_once).
    #[schemars(with = "String")]
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub commit_interval: Duration,
    /// Reports dead-lettered in a row after which a lane stops the process (exit code 65), instead of
    /// diverting the stream; 0 for never.
    pub breaker_run: usize,
    /// Share of dead-lettered reports among the last `breaker_window` that stops it; 0 for never.
    pub breaker_ratio: f64,
    /// Reports of a lane over which that share is taken.
    pub breaker_window: usize,
    /// Time in which work in flight is finished when partitions move to another member; below the
    /// consumer's `session.timeout.ms` (10 s unless set in kafka.librdkafka).
    #[schemars(with = "String")]
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub drain_timeout: Duration,
    /// Time in which work in flight is finished after SIGTERM; a second signal stops at once.
    #[schemars(with = "String")]
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub shutdown_timeout: Duration,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            delivery: Delivery::default(),
            transaction_reports: 1000,
            transaction_interval: SignedDuration::from_millis(100),
            lanes: 1,
            workers: 0,
            batch_reports: 64,
            batch_bytes: ByteSize(1 << 20),
            batch_wait: SignedDuration::from_millis(5),
            in_flight: 4096,
            commit_interval: SignedDuration::from_millis(200),
            breaker_run: BreakerLimits::default().run,
            breaker_ratio: BreakerLimits::default().ratio,
            breaker_window: BreakerLimits::default().window,
            drain_timeout: SignedDuration::from_secs(5),
            shutdown_timeout: SignedDuration::from_secs(20),
        }
    }
}

/// The model package.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// Directory of the package; a relative path starts from the working directory.
    pub path: PathBuf,
    /// Windows read of one report, at most; what lies beyond sends the report to a person.
    pub max_windows: usize,
    /// Largest file of a package that is read.
    #[schemars(with = "String")]
    pub max_file_bytes: ByteSize,
    /// Memory (address space) of the process that tries a package before it is taken.
    #[schemars(with = "String")]
    pub trial_memory: ByteSize,
    /// Processor time of that process.
    #[schemars(with = "String")]
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub trial_time: Duration,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            path: "models/default".into(),
            max_windows: 64,
            max_file_bytes: ByteSize(512 << 20),
            trial_memory: ByteSize(4 << 30),
            trial_time: SignedDuration::from_secs(60),
        }
    }
}

/// Limits on incoming reports.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    /// Bytes of one report.
    #[schemars(with = "String")]
    pub max_bytes: ByteSize,
    /// Nesting of its JSON.
    pub max_depth: usize,
    /// Characters of each of its texts.
    pub max_text_chars: usize,
}

impl Default for Report {
    fn default() -> Self {
        let Limits { max_bytes, max_depth, max_text_chars, .. } = Limits::default();
        Self { max_bytes: ByteSize(max_bytes), max_depth, max_text_chars }
    }
}

/// The rules.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Triage {
    /// Taxonomy file; empty for the one that comes with this version.
    pub taxonomy: PathBuf,
    /// Policy file; empty for the one that comes with this version.
    pub policy: PathBuf,
    /// Lexicon files; empty for those that come with this version.
    pub lexicon: Vec<PathBuf>,
}

/// Whether an event carries the texts of its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextPolicy {
    /// Only by reference: id and coordinates.
    #[default]
    Reference,
    /// The texts travel in the event.
    Embed,
}

/// How events are written.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Event {
    /// CloudEvents mode: `binary` or `structured`.
    pub mode: Mode,
    /// CloudEvents `source`: who decided.
    pub source: String,
    /// Head of the CloudEvents `type`.
    pub type_prefix: String,
    /// Whether the report's own texts travel on: `reference` or `embed`.
    pub text: TextPolicy,
}

impl Default for Event {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            source: "urn:ibaleg".into(),
            type_prefix: "org.ibaleg".into(),
            text: TextPolicy::default(),
        }
    }
}

/// Form of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Logs, on standard error.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// What is logged: a level, or directives such as `info,ibaleg::stream=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::default(), filter: "info".into() }
    }
}

/// What `ibaleg stats` counts and shows (docs/statistics.md).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stats {
    /// Roll-up of labels into the communiqué's lines; empty for the one that comes with this version.
    pub communique: PathBuf,
    /// Countries by region; empty for the file that comes with this version.
    pub regions: PathBuf,
    /// Time zone in which days begin, by its IANA name.
    pub time_zone: String,
    /// Time after the end of a window in which late reports still count without a correction.
    #[schemars(with = "String")]
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub lateness: Duration,
    /// Counts from 1 to below this are hidden, and as many others as needed to keep them so; 1 hides none.
    pub floor: u64,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            communique: PathBuf::new(),
            regions: PathBuf::new(),
            time_zone: "Africa/Casablanca".into(),
            lateness: SignedDuration::from_hours(24),
            floor: 5,
        }
    }
}

/// HTTP: health, metrics, the live page (docs/operations.md).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Serve {
    /// Whether `ibaleg run` and `ibaleg demo` answer HTTP.
    pub enabled: bool,
    /// Address and port; port 0 takes a free one. Whoever reaches it may read metrics, counts and report
    /// ids: beyond this machine, let only a proxy that asks who is there reach it.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// File with the token that requests which change something must bear. Without it, or the environment
    /// variable IBALEG_SERVE_TOKEN, nothing can be changed.
    pub token_file: PathBuf,
    /// The platform's own country (ISO 3166-1 alpha-2), for the table of the page.
    pub country: String,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: SocketAddr::from(([127, 0, 0, 1], 9464)),
            token_file: PathBuf::new(),
            country: "MA".into(),
        }
    }
}
