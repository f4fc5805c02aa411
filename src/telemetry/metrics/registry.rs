//! Registers series by their declaration in the table.

use std::collections::HashMap;

use metrics::{Counter, Gauge, Histogram, Key, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

use crate::telemetry::table::{self, Kind, Metric};
use crate::triage::State;

/// Stands for a value outside the set of a label.
const OTHER: &str = "other";

/// Series of one metric that differ in one label.
pub(super) struct Family(HashMap<String, Counter>);

impl Family {
    pub(super) fn add(&self, value: &str) {
        if let Some(counter) = self.0.get(value).or_else(|| self.0.get(OTHER)) {
            counter.increment(1);
        }
    }
}

/// Series of one metric that differ in a label and in the state of what it names.
pub(super) struct States {
    flag: Family,
    review: Family,
}

impl States {
    pub(super) fn add(&self, value: &str, state: State) {
        match state {
            State::Flag => self.flag.add(value),
            State::Review => self.review.add(value),
            State::Below => {}
        }
    }
}

/// A recorder that knows the help and the buckets of every metric of the table.
pub(super) fn recorder() -> PrometheusRecorder {
    let mut builder = PrometheusBuilder::new();
    for metric in table::ALL.iter().filter(|metric| metric.kind == Kind::Histogram) {
        let matcher = Matcher::Full(metric.name.to_owned());
        #[expect(
            clippy::expect_used,
            reason = "refused only without buckets, and a test holds the table to having them"
        )]
        let with = builder.set_buckets_for_metric(matcher, metric.buckets).expect("a histogram has buckets");
        builder = with;
    }
    let recorder = builder.build_recorder();
    for metric in table::ALL {
        match metric.kind {
            Kind::Counter => recorder.describe_counter(metric.name.into(), None, metric.help.into()),
            Kind::Gauge => recorder.describe_gauge(metric.name.into(), None, metric.help.into()),
            Kind::Histogram => recorder.describe_histogram(metric.name.into(), None, metric.help.into()),
        }
    }
    recorder
}

/// Registers series by their declaration.
pub(super) struct Registry<'a>(pub(super) &'a PrometheusRecorder);

impl Registry<'_> {
    pub(super) fn counter(&self, metric: &Metric, values: &[&str]) -> Counter {
        self.0.register_counter(&key(metric, values), &METADATA)
    }

    pub(super) fn gauge(&self, metric: &Metric, values: &[&str]) -> Gauge {
        self.0.register_gauge(&key(metric, values), &METADATA)
    }

    pub(super) fn histogram(&self, metric: &Metric, values: &[&str]) -> Histogram {
        self.0.register_histogram(&key(metric, values), &METADATA)
    }

    /// `rest`: values of the labels after the first.
    pub(super) fn family(
        &self,
        metric: &Metric,
        values: impl IntoIterator<Item = impl Into<String>>,
        rest: &[&str],
    ) -> Family {
        let all = values.into_iter().map(Into::into).chain([OTHER.to_owned()]);
        let series = all.map(|value| {
            let values: Vec<&str> = std::iter::once(value.as_str()).chain(rest.iter().copied()).collect();
            let counter = self.counter(metric, &values);
            (value, counter)
        });
        Family(series.collect())
    }

    pub(super) fn states(&self, metric: &Metric, values: &[String]) -> States {
        States { flag: self.family(metric, values, &["flag"]), review: self.family(metric, values, &["review"]) }
    }
}

const METADATA: Metadata<'static> = Metadata::new("ibaleg", Level::INFO, None);

fn key(metric: &Metric, values: &[&str]) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len(), "labels of {}", metric.name);
    let pairs = metric.labels.iter().zip(values);
    let labels = pairs.map(|(label, value)| metrics::Label::new(label.name, (*value).to_owned()));
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}
