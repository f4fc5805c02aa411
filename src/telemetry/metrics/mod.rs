mod registry;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::PrometheusHandle;

use super::table::{self, Metric};
use super::{Decided, Finished, Lane, Witness};
use crate::engine::Outcome;
use crate::event::{Classified, Provenance};
use crate::stream::Event;
use crate::text::language::Language;
use crate::triage::{Taxonomy, Urgency};
use crate::{report, stream};
use registry::{Family, Registry, States, recorder};

/// Reasons of a review in which the machine could not judge, or not all.
const ABSTENTIONS: [&str; 5] = ["model_failed", "no_text", "unreadable", "partly_read", "language_unknown"];

/// Reasons of a review in which it could.
const REASONS: [&str; 9] = [
    "score_in_review_band",
    "label_always_reviewed",
    "organisation_in_review_band",
    "organisation_without_label",
    "context_mark",
    "model_and_lexicon_disagree",
    "category_disagrees",
    "language_review_only",
    "blind_sample",
];

/// The closed sets from which labels of metrics take their values.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Labels of the taxonomy.
    pub labels: Vec<String>,
    /// Organisations of the taxonomy.
    pub organisations: Vec<String>,
    /// Units of the taxonomy.
    pub units: Vec<String>,
}

impl From<&Taxonomy> for Vocabulary {
    fn from(taxonomy: &Taxonomy) -> Self {
        let ids = |entries: &[crate::triage::Entry]| entries.iter().map(|entry| entry.id.clone()).collect();
        Self {
            labels: taxonomy.labels().iter().map(|label| label.id.clone()).collect(),
            organisations: ids(taxonomy.organisations()),
            units: ids(taxonomy.units()),
        }
    }
}

/// Counters and histograms of one process, with all their series from the start.
///
/// A recorder of its own, not the process's global one: tests run several side by side.
pub struct Metrics {
    handle: PrometheusHandle,
    batch_reports_limit: usize,
    consumed: Counter,
    classified: Family,
    rejected: Family,
    abstained: Family,
    review: Counter,
    review_reasons: Family,
    labels: States,
    organisations: States,
    languages: Family,
    routed: Family,
    published: Counter,
    finished: Counter,
    dead_lettered: Family,
    committed: Counter,
    age: HashMap<Urgency, Histogram>,
    batch_reports: Histogram,
    batch_fill: Histogram,
    stages: [Histogram; 4],
    rebalances: Family,
    unfinished: Counter,
    restarts: Counter,
    worker_failures: Counter,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Every series at 0. `batch_reports`: reports in a batch, at most.
    pub fn new(vocabulary: &Vocabulary, batch_reports: usize) -> Self {
        let recorder = recorder();
        let registry = Registry(&recorder);
        let Vocabulary { labels, organisations, units } = vocabulary;
        let codes = || report::Code::ALL.iter().filter(|code| code.refuses()).map(|code| code.as_str());
        let languages = Language::ALL.iter().map(|language| language.as_str()).chain(["none"]);
        let stage = |stage: &str| registry.histogram(&table::STAGES, &[stage]);
        Self {
            consumed: registry.counter(&table::CONSUMED, &[]),
            classified: registry.family(&table::CLASSIFIED, Urgency::ALL.map(|grade| grade.to_string()), &[]),
            rejected: registry.family(&table::REJECTED, codes(), &[]),
            abstained: registry.family(&table::ABSTAINED, ABSTENTIONS, &[]),
            review: registry.counter(&table::REVIEW, &[]),
            review_reasons: registry.family(&table::REVIEW_REASONS, REASONS.into_iter().chain(ABSTENTIONS), &[]),
            labels: registry.states(&table::LABELS, labels),
            organisations: registry.states(&table::ORGANISATIONS, organisations),
            languages: registry.family(&table::LANGUAGES, languages, &[]),
            routed: registry.family(&table::ROUTED, units, &[]),
            published: registry.counter(&table::PUBLISHED, &[]),
            finished: registry.counter(&table::FINISHED, &[]),
            dead_lettered: registry.family(
                &table::DEAD_LETTERED,
                codes().chain(stream::Code::ALL.map(stream::Code::as_str)),
                &[],
            ),
            committed: registry.counter(&table::COMMITTED, &[]),
            age: Urgency::ALL
                .into_iter()
                .map(|grade| (grade, registry.histogram(&table::AGE, &[&grade.to_string()])))
                .collect(),
            batch_reports: registry.histogram(&table::BATCH_REPORTS, &[]),
            batch_fill: registry.histogram(&table::BATCH_FILL, &[]),
            stages: ["read", "score", "decide", "encode"].map(stage),
            rebalances: registry.family(&table::REBALANCES, ["assigned", "revoked", "lost"], &[]),
            unfinished: registry.counter(&table::UNFINISHED, &[]),
            restarts: registry.counter(&table::RESTARTS, &[]),
            worker_failures: registry.counter(&table::WORKER_FAILURES, &[]),
            handle: recorder.handle(),
            batch_reports_limit: batch_reports,
        }
    }

    /// Folds samples into their buckets. Without a scrape nobody else does, and they would pile up:
    /// to be called every few seconds.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// Everything in Prometheus' text format (version 0.0.4).
    pub fn render(&self, lanes: &[Lane], provenance: &Provenance, now: Instant) -> String {
        let mut text = self.handle.render();
        // Of a recorder that lives only now, so that a partition which has left leaves no value behind.
        let recorder = recorder();
        let registry = Registry(&recorder);
        for (number, lane) in lanes.iter().enumerate() {
            lane_gauges(&registry, number, lane, now);
        }
        let Provenance { service, model, model_digest, taxonomy_digest, policy_digest, lexicon_digest, .. } =
            provenance;
        registry.gauge(&table::BUILD_INFO, &[service]).set(1.0);
        let digests = [model, model_digest, taxonomy_digest, policy_digest, lexicon_digest];
        registry.gauge(&table::MODEL_INFO, &digests.map(String::as_str)).set(1.0);
        metrics::with_local_recorder(&recorder, || metrics_process::Collector::default().collect());
        text.push_str(&recorder.handle().render());
        text
    }

    fn classified(&self, event: &Classified) {
        self.classified.add(&event.urgency.grade.to_string());
        self.routed.add(&event.route.unit);
        let text = event.language.description.as_ref().or(event.language.content.as_ref());
        self.languages.add(text.map_or("none", |text| &text.language));
        for label in &event.labels {
            self.labels.add(&label.label, label.state);
        }
        for mark in &event.organisations {
            self.organisations.add(&mark.id, mark.state);
        }
        if event.review.needed {
            self.review.increment(1);
        }
        let mut codes: Vec<&str> = event.review.reasons.iter().map(|reason| reason.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            self.review_reasons.add(code);
            if ABSTENTIONS.contains(&code) {
                self.abstained.add(code);
            }
        }
    }
}

impl Witness for Metrics {
    fn event(&self, _lane: usize, event: &Event<'_>) {
        let count = |counter: &Counter, many: usize| counter.increment(many.try_into().unwrap_or(u64::MAX));
        match event {
            Event::Turned { consumed, .. } => self.consumed.increment(*consumed),
            Event::Finished { published, .. } => {
                self.finished.increment(1);
                self.published.increment(*published);
            }
            Event::DeadLettered { code, .. } => self.dead_lettered.add(code),
            Event::Committed { records } => count(&self.committed, *records),
            Event::Batch { records, .. } => {
                self.batch_reports.record(ratio(*records, 1));
                self.batch_fill.record(ratio(*records, self.batch_reports_limit));
            }
            Event::Assigned { .. } => self.rebalances.add("assigned"),
            Event::Revoked { lost, unfinished, .. } => {
                self.rebalances.add(if *lost { "lost" } else { "revoked" });
                count(&self.unfinished, *unfinished);
            }
            Event::Restarting { unfinished, .. } => {
                self.restarts.increment(1);
                count(&self.unfinished, *unfinished);
            }
            Event::WorkerFailed { .. } => self.worker_failures.increment(1),
            _ => {}
        }
    }

    fn decided(&self, decided: &Decided<'_>) {
        let stages = decided.stages;
        let times = [stages.read, stages.score, stages.decide, stages.encode];
        for (histogram, time) in self.stages.iter().zip(times) {
            histogram.record(time.as_secs_f64());
        }
        for outcome in decided.outcomes {
            match outcome {
                Outcome::Classified { event, .. } => self.classified(event),
                Outcome::Rejected { event, .. } => self.rejected.add(&event.code),
            }
        }
    }

    fn finished(&self, finished: &Finished) {
        if let Some(histogram) = finished.urgency.and_then(|grade| self.age.get(&grade)) {
            histogram.record(finished.age.as_secs_f64());
        }
    }
}

fn lane_gauges(registry: &Registry<'_>, number: usize, lane: &Lane, now: Instant) {
    let name = number.to_string();
    let gauge = |metric: &Metric, value: f64| registry.gauge(metric, &[&name]).set(value);
    gauge(&table::PARTITIONS, ratio(lane.partitions.len(), 1));
    gauge(&table::IN_FLIGHT, ratio(lane.in_flight, 1));
    gauge(&table::PAUSED, f64::from(u8::from(lane.paused)));
    let since = |then: Instant| now.saturating_duration_since(then);
    gauge(&table::POLL_AGE, lane.polled.map_or(Duration::ZERO, since).as_secs_f64());
    gauge(&table::COMMIT_AGE, lane.commit_age(now).as_secs_f64());
    if let Some(up) = lane.brokers_up {
        gauge(&table::BROKERS_UP, ratio(up, 1));
    }
    for (partition, messages) in &lane.lag {
        #[expect(clippy::cast_precision_loss, reason = "a lag of 2^53 messages is beyond any topic")]
        registry.gauge(&table::LAG, &[&partition.topic, &partition.number.to_string()]).set(*messages as f64);
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of what is held in memory stay far below 2^53")]
    let ratio = part as f64 / whole.max(1) as f64;
    ratio
}

#[cfg(test)]
mod tests {
    use super::table::Kind;
    use super::*;
    use crate::triage::State;

    fn vocabulary() -> Vocabulary {
        let of = |id: &str| vec![id.to_owned()];
        Vocabulary { labels: of("fraud"), organisations: of("isis"), units: of("cybercrime") }
    }

    fn provenance() -> Provenance {
        let text = String::new;
        Provenance {
            service: "1.2.3".into(),
            model: "m 1".into(),
            model_digest: "abc".into(),
            tokenizer_digest: text(),
            text_digest: text(),
            taxonomy_digest: text(),
            policy_digest: text(),
            lexicon_digest: text(),
            input_digest: text(),
        }
    }

    fn lane(now: Instant) -> Lane {
        let mut lane = Lane::new(now);
        let partition = crate::stream::tracker::Partition { topic: "in".into(), number: 3 };
        lane.note(&Event::Turned { consumed: 0, in_flight: 2 }, now);
        lane.note(&Event::Brokers { up: 1, known: 1 }, now);
        lane.note(&Event::Lag { partition: &partition, messages: 7 }, now);
        lane
    }

    #[test]
    fn the_table_is_well_formed() {
        let mut names: Vec<&str> = table::ALL.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), table::ALL.len(), "a name is declared twice");
        for metric in table::ALL {
            let name = metric.name;
            assert_eq!(metric.kind == Kind::Counter, name.ends_with("_total"), "{name}");
            assert_eq!(metric.kind == Kind::Histogram, !metric.buckets.is_empty(), "{name}");
            assert!(metric.buckets.is_sorted(), "{name}");
            assert!(metric.help.ends_with('.'), "{name}");
            if matches!(metric.unit, "seconds" | "ratio" | "bytes") {
                let unit = name.trim_end_matches("_total");
                assert!(unit.ends_with(&format!("_{}", metric.unit)), "{name}");
            }
        }
    }

    #[test]
    fn every_metric_of_the_table_is_shown_and_no_other() {
        let now = Instant::now();
        let metrics = Metrics::new(&vocabulary(), 64);
        for grade in Urgency::ALL {
            metrics.finished(&Finished { urgency: Some(grade), age: Duration::from_millis(20) });
        }
        metrics.event(0, &Event::Batch { records: 32, bytes: 1, refused: 0, outgoing: 1, elapsed: Duration::ZERO });
        metrics.decided(&Decided { outcomes: &[], stages: super::super::Stages::default() });
        let text = metrics.render(&[lane(now)], &provenance(), now);
        let mut shown: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        shown.sort_unstable();
        let declared = table::ALL.iter().map(|metric| format!("{} {}", metric.name, metric.kind.as_str()));
        let mut declared: Vec<String> = declared.collect();
        declared.sort_unstable();
        assert_eq!(shown, declared);
        for metric in table::ALL {
            assert!(text.contains(&format!("# HELP {} {}\n", metric.name, metric.help)), "{}", metric.name);
        }
        for line in [
            r#"ibaleg_lag{topic="in",partition="3"} 7"#,
            r#"ibaleg_in_flight{lane="0"} 2"#,
            r#"ibaleg_labels_total{label="fraud",state="review"} 0"#,
            "ibaleg_batch_fill_ratio_sum 0.5",
            r#"ibaleg_age_seconds_bucket{urgency="U0",le="0.025"} 1"#,
            r#"ibaleg_build_info{version="1.2.3"} 1"#,
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_value_outside_its_set_becomes_other() {
        let metrics = Metrics::new(&vocabulary(), 64);
        metrics.labels.add("new_label", State::Flag);
        metrics.labels.add("fraud", State::Below);
        let now = Instant::now();
        let text = metrics.render(&[], &provenance(), now);
        assert!(text.contains("ibaleg_labels_total{label=\"other\",state=\"flag\"} 1"), "{text}");
        assert!(text.contains("ibaleg_labels_total{label=\"fraud\",state=\"flag\"} 0"), "{text}");
    }

    #[test]
    fn what_the_stream_tells_is_counted() {
        let metrics = Metrics::new(&vocabulary(), 64);
        let partition = crate::stream::tracker::Partition { topic: "in".into(), number: 0 };
        let partitions = [partition.clone()];
        for event in [
            Event::Turned { consumed: 5, in_flight: 0 },
            Event::Finished { partition: &partition, offset: 1, published: 3 },
            Event::DeadLettered { partition: &partition, offset: 1, code: "EB-ST-0001", stage: "process" },
            Event::Committed { records: 4 },
            Event::Revoked { partitions: &partitions, lost: true, unfinished: 2 },
            Event::Restarting { reason: "", unfinished: 1, after: Duration::ZERO },
        ] {
            metrics.event(0, &event);
        }
        let text = metrics.render(&[], &provenance(), Instant::now());
        for line in [
            "ibaleg_consumed_total 5",
            "ibaleg_finished_total 1",
            "ibaleg_published_total 3",
            "ibaleg_dead_lettered_total{code=\"EB-ST-0001\"} 1",
            "ibaleg_committed_total 4",
            "ibaleg_rebalances_total{kind=\"lost\"} 1",
            "ibaleg_unfinished_total 3",
            "ibaleg_lane_restarts_total 1",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}");
        }
    }
}
