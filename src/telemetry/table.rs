//! Every metric, declared once.
//!
//! Label values come from closed sets: grades, codes, and the ids of the taxonomy and the model
//! package in force. Nothing that a report says becomes a label.

/// What a metric measures with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows while the process runs.
    Counter,
    /// A value of this moment.
    Gauge,
    /// Cumulative buckets with a sum and a count.
    Histogram,
}

impl Kind {
    /// As Prometheus calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A label of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values, and what bounds their number.
    pub values: &'static str,
}

/// The declaration of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Name, with the unit as its ending where it has one (Prometheus' naming practices).
    pub name: &'static str,
    /// Kind.
    pub kind: Kind,
    /// Unit of the value.
    pub unit: &'static str,
    /// What it says, in one sentence.
    pub help: &'static str,
    /// Labels, in the order they are given.
    pub labels: &'static [Label],
    /// Upper bounds of the buckets; empty unless it is a histogram.
    pub buckets: &'static [f64],
}

const fn counter(name: &'static str, unit: &'static str, help: &'static str, labels: &'static [Label]) -> Metric {
    Metric { name, kind: Kind::Counter, unit, help, labels, buckets: &[] }
}

const fn gauge(name: &'static str, unit: &'static str, help: &'static str, labels: &'static [Label]) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, help, labels, buckets: &[] }
}

const GRADE: Label = Label { name: "urgency", values: "`U0`, `U1`, `U2`, `U3`" };
const STATE: Label = Label { name: "state", values: "`flag`, `review`" };
const LANE: Label = Label { name: "lane", values: "number of the lane, below `stream.lanes`" };

/// Seconds, from an age at half load to one after an outage.
const AGES: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];
/// Seconds that a batch spends in one stage.
const STAGE_SECONDS: &[f64] = &[0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];
/// Reports in a batch.
const BATCH_SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// Shares.
const SHARES: &[f64] = &[0.1, 0.25, 0.5, 0.75, 0.9, 1.0];

/// Reports read.
pub const CONSUMED: Metric = counter(
    "ibaleg_consumed_total",
    "reports",
    "Reports read from the input topics; one that is read again counts again.",
    &[],
);
/// Reports decided.
pub const CLASSIFIED: Metric =
    counter("ibaleg_classified_total", "reports", "Reports decided, by their grade of urgency.", &[GRADE]);
/// Reports that could not be read.
pub const REJECTED: Metric = counter(
    "ibaleg_rejected_total",
    "reports",
    "Reports that could not be read, by the code of their rejection.",
    &[Label { name: "code", values: "codes of docs/rejections.md that refuse a report" }],
);
/// Reports on which the model said nothing, or not everything.
pub const ABSTAINED: Metric = counter(
    "ibaleg_abstained_total",
    "reports",
    "Reports on which the machine abstained, wholly or in part, so that a person looks.",
    &[Label { name: "reason", values: "`model_failed`, `no_text`, `unreadable`, `partly_read`, `language_unknown`" }],
);
/// Reports that a person must look at.
pub const REVIEW: Metric =
    counter("ibaleg_review_total", "reports", "Decided reports that a person must look at.", &[]);
/// Reasons for which a person must look.
pub const REVIEW_REASONS: Metric = counter(
    "ibaleg_review_reasons_total",
    "reports",
    "Decided reports by each reason for which a person must look; one report may have several.",
    &[Label { name: "reason", values: "codes of `review.reasons` in docs/events.md" }],
);
/// Labels found.
pub const LABELS: Metric = counter(
    "ibaleg_labels_total",
    "reports",
    "Decided reports by each label that is flagged or in its review band.",
    &[Label { name: "label", values: "labels of the taxonomy" }, STATE],
);
/// Organisations found.
pub const ORGANISATIONS: Metric = counter(
    "ibaleg_organisations_total",
    "reports",
    "Decided reports by each organisation that is flagged or in its review band.",
    &[Label { name: "organisation", values: "organisations of the taxonomy" }, STATE],
);
/// Languages of the reports.
pub const LANGUAGES: Metric = counter(
    "ibaleg_languages_total",
    "reports",
    "Decided reports by the language of their description, else of their content.",
    &[Label { name: "language", values: "languages of docs/language.md, and `none` for a report without text" }],
);
/// Units in charge.
pub const ROUTED: Metric = counter(
    "ibaleg_routed_total",
    "reports",
    "Decided reports by the unit in charge.",
    &[Label { name: "unit", values: "units of the taxonomy" }],
);
/// Messages acknowledged.
pub const PUBLISHED: Metric = counter(
    "ibaleg_published_total",
    "messages",
    "Output messages acknowledged by the brokers, dead letters not counted.",
    &[],
);
/// Reports done with.
pub const FINISHED: Metric =
    counter("ibaleg_finished_total", "reports", "Reports of which every output is acknowledged by the brokers.", &[]);
/// Dead letters.
pub const DEAD_LETTERED: Metric = counter(
    "ibaleg_dead_lettered_total",
    "reports",
    "Reports put into the dead-letter topic, by the code of the refusal.",
    &[Label { name: "code", values: "codes of docs/rejections.md and of the stream (`EB-ST-…`)" }],
);
/// Reports covered by commits.
pub const COMMITTED: Metric =
    counter("ibaleg_committed_total", "reports", "Reports newly covered by commits that the brokers confirmed.", &[]);
/// Age at the end.
pub const AGE: Metric = Metric {
    name: "ibaleg_age_seconds",
    kind: Kind::Histogram,
    unit: "seconds",
    help: "Time from a report's arrival (its record's timestamp) until the brokers acknowledged every output of it.",
    labels: &[GRADE],
    buckets: AGES,
};
/// Reports in a batch.
pub const BATCH_REPORTS: Metric = Metric {
    name: "ibaleg_batch_reports",
    kind: Kind::Histogram,
    unit: "reports",
    help: "Reports classified together.",
    labels: &[],
    buckets: BATCH_SIZES,
};
/// How full batches are.
pub const BATCH_FILL: Metric = Metric {
    name: "ibaleg_batch_fill_ratio",
    kind: Kind::Histogram,
    unit: "ratio",
    help: "Reports in a batch, as a share of `stream.batch_reports`.",
    labels: &[],
    buckets: SHARES,
};
/// Where the time goes.
pub const STAGES: Metric = Metric {
    name: "ibaleg_stage_seconds",
    kind: Kind::Histogram,
    unit: "seconds",
    help: "Time that a batch spends in each stage on its inference thread.",
    labels: &[Label {
        name: "stage",
        values: "`read` (decoding, preparing the texts), `score` (the model), `decide` (rules, evidence), `encode`",
    }],
    buckets: STAGE_SECONDS,
};
/// Rebalances.
pub const REBALANCES: Metric = counter(
    "ibaleg_rebalances_total",
    "events",
    "Changes of the partitions that a lane reads.",
    &[Label { name: "kind", values: "`assigned`, `revoked`, `lost` (taken without notice)" }],
);
/// Inputs to be read again by another member.
pub const UNFINISHED: Metric = counter(
    "ibaleg_unfinished_total",
    "reports",
    "Reports in flight that were given up at a rebalance or restart and will be read again.",
    &[],
);
/// Lane restarts.
pub const RESTARTS: Metric = counter(
    "ibaleg_lane_restarts_total",
    "events",
    "Times that a lane dropped its Kafka clients and began again at the committed offsets.",
    &[],
);
/// Failed workers.
pub const WORKER_FAILURES: Metric = counter(
    "ibaleg_worker_failures_total",
    "events",
    "Batches on which a worker failed; it is replaced and the reports are tried one by one.",
    &[],
);
/// Lag.
pub const LAG: Metric = gauge(
    "ibaleg_lag",
    "messages",
    "Messages between the committed offset and the end of an assigned partition.",
    &[
        Label { name: "topic", values: "input topics" },
        Label { name: "partition", values: "partitions assigned to this process" },
    ],
);
/// Partitions assigned.
pub const PARTITIONS: Metric = gauge("ibaleg_partitions", "partitions", "Partitions assigned to a lane.", &[LANE]);
/// Reports in flight.
pub const IN_FLIGHT: Metric = gauge("ibaleg_in_flight", "reports", "Reports read by a lane and not finished.", &[LANE]);
/// Whether reading is paused.
pub const PAUSED: Metric = gauge(
    "ibaleg_lane_paused",
    "boolean",
    "1 while a lane has paused reading because its work in flight is at the limit.",
    &[LANE],
);
/// Time since a lane turned.
pub const POLL_AGE: Metric =
    gauge("ibaleg_poll_age_seconds", "seconds", "Time since a lane last polled its consumer.", &[LANE]);
/// Time without a commit.
pub const COMMIT_AGE: Metric = gauge(
    "ibaleg_commit_age_seconds",
    "seconds",
    "Time for which a lane has had reports in flight without a confirmed commit; 0 when it has none.",
    &[LANE],
);
/// Whether brokers can be reached.
pub const BROKERS_UP: Metric =
    gauge("ibaleg_brokers_up", "brokers", "Brokers to which the consumer of a lane is connected.", &[LANE]);
/// The build.
pub const BUILD_INFO: Metric = gauge(
    "ibaleg_build_info",
    "1",
    "Version of the service, as a label.",
    &[Label { name: "version", values: "of this process" }],
);
/// The model and the rules in force.
pub const MODEL_INFO: Metric = gauge(
    "ibaleg_model_info",
    "1",
    "Model package and rules in force, by digest, as labels.",
    &[
        Label { name: "model", values: "name and version of the package in force" },
        Label { name: "model_digest", values: "its SHA-256" },
        Label { name: "taxonomy_digest", values: "SHA-256 of the taxonomy in force" },
        Label { name: "policy_digest", values: "SHA-256 of the policy in force" },
        Label { name: "lexicon_digest", values: "SHA-256 of the lexicon in force" },
    ],
);

/// Metrics of the process itself, in the names that Prometheus' client libraries share; the crate
/// `metrics-process` reads their values.
const PROCESS: [Metric; 8] = [
    counter("process_cpu_seconds_total", "seconds", "Total user and system CPU time spent in seconds.", &[]),
    gauge("process_open_fds", "descriptors", "Number of open file descriptors.", &[]),
    gauge("process_max_fds", "descriptors", "Maximum number of open file descriptors.", &[]),
    gauge("process_virtual_memory_bytes", "bytes", "Virtual memory size in bytes.", &[]),
    gauge("process_virtual_memory_max_bytes", "bytes", "Maximum amount of virtual memory available in bytes.", &[]),
    gauge("process_resident_memory_bytes", "bytes", "Resident memory size in bytes.", &[]),
    gauge("process_start_time_seconds", "seconds", "Start time of the process since unix epoch in seconds.", &[]),
    gauge("process_threads", "threads", "Number of OS threads in the process.", &[]),
];

/// Every metric, in the order of docs/metrics.md.
pub const ALL: [Metric; 39] = {
    let [cpu, open, most, virtual_memory, virtual_most, resident, start, threads] = PROCESS;
    [
        CONSUMED,
        CLASSIFIED,
        REJECTED,
        ABSTAINED,
        REVIEW,
        REVIEW_REASONS,
        LABELS,
        ORGANISATIONS,
        LANGUAGES,
        ROUTED,
        PUBLISHED,
        FINISHED,
        DEAD_LETTERED,
        COMMITTED,
        AGE,
        BATCH_REPORTS,
        BATCH_FILL,
        STAGES,
        REBALANCES,
        UNFINISHED,
        RESTARTS,
        WORKER_FAILURES,
        LAG,
        PARTITIONS,
        IN_FLIGHT,
        PAUSED,
        POLL_AGE,
        COMMIT_AGE,
        BROKERS_UP,
        BUILD_INFO,
        MODEL_INFO,
        cpu,
        open,
        most,
        virtual_memory,
        virtual_most,
        resident,
        start,
        threads,
    ]
};
