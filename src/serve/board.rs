use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::health::{self, Limits, Verdict};
use super::live::{Live, Surroundings};
use crate::config::Settings;
use crate::event::Provenance;
use crate::stream::Stop;
use crate::telemetry::{Filter, Lane, Lanes, Metrics};

/// What there is once the model is loaded.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// Counters and histograms.
    pub metrics: Arc<Metrics>,
    /// State of the lanes.
    pub lanes: Arc<Lanes>,
    /// What the page shows.
    pub live: Arc<Live>,
    /// Versions and digests in force.
    pub provenance: Provenance,
}

/// Everything the server can show; shared between it and the process.
#[derive(Debug)]
pub struct Board {
    configuration: Value,
    pub(super) filter: Filter,
    stop: Stop,
    limits: Limits,
    started: (Instant, Timestamp),
    deployed: OnceLock<Deployed>,
    has_started: OnceLock<()>,
}

impl Board {
    /// A board on which there is nothing yet but the configuration, without its secrets.
    pub fn new(settings: &Settings, filter: Filter, stop: Stop, limits: Limits) -> Self {
        Self {
            configuration: json!(settings),
            filter,
            stop,
            limits,
            started: (Instant::now(), Timestamp::now()),
            deployed: OnceLock::new(),
            has_started: OnceLock::new(),
        }
    }

    /// The model is loaded. Only the first call counts.
    pub fn deploy(&self, deployed: Deployed) {
        let _ = self.deployed.set(deployed);
    }

    pub(super) fn deployed(&self) -> Option<&Deployed> {
        self.deployed.get()
    }

    fn lanes(&self) -> Option<Vec<Lane>> {
        self.deployed().map(|deployed| deployed.lanes.now())
    }

    pub(super) fn live(&self, now: Instant) -> Verdict {
        health::live(&self.lanes().unwrap_or_default(), self.limits, now)
    }

    pub(super) fn ready(&self, now: Instant) -> Verdict {
        health::ready(self.lanes().as_deref(), self.stop.is_requested(), self.limits, now)
    }

    pub(super) fn started(&self) -> Verdict {
        let mut verdict = health::started(self.lanes().as_deref());
        if verdict.ok {
            let _ = self.has_started.set(());
        }
        verdict.ok |= self.has_started.get().is_some();
        verdict
    }

    /// Prometheus' text; `None` while the model is being loaded.
    pub(super) fn metrics(&self, now: Instant) -> Option<String> {
        let Deployed { metrics, lanes, provenance, .. } = self.deployed()?;
        Some(metrics.render(&lanes.now(), provenance, now))
    }

    /// Versions, digests and configuration.
    pub(super) fn info(&self) -> Value {
        json!({
            "service": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "tls": cfg!(feature = "tls"),
            },
            "started_at": self.started.1,
            "provenance": self.deployed().map(|deployed| {
                let mut provenance = json!(deployed.provenance);
                // Only an event has one.
                if let Some(fields) = provenance.as_object_mut() {
                    fields.shift_remove("input_digest");
                }
                provenance
            }),
            "configuration": self.configuration,
        })
    }

    /// What the page shows; see [`Live::frame`]. `None` while the model is being loaded.
    pub(super) fn frame(&self, after: Option<i64>, now: Instant) -> Option<(i64, Value)> {
        let Deployed { live, lanes, provenance, .. } = self.deployed()?;
        let lanes = lanes.now();
        let ready = self.ready(now);
        let unreachable = lanes.iter().filter_map(|lane| lane.unreachable_since).min();
        let surroundings = Surroundings {
            started_at: self.started.1,
            model: &provenance.model,
            model_digest: &provenance.model_digest,
            brokers_gone_since: unreachable.map(|since| self.wall(since)),
            ready: &ready,
            lag: lag(&lanes),
            in_flight: lanes.iter().map(|lane| lane.in_flight).sum(),
        };
        Some(live.frame(after, &surroundings, now))
    }

    /// The time of day of an instant.
    fn wall(&self, then: Instant) -> Timestamp {
        let since: Duration = then.saturating_duration_since(self.started.0);
        self.started.1.saturating_add(SignedDuration::try_from(since).unwrap_or_default()).unwrap_or(Timestamp::MAX)
    }
}

fn lag(lanes: &[Lane]) -> Vec<(String, i32, i64)> {
    let all = lanes.iter().flat_map(|lane| &lane.lag);
    let mut all: Vec<_> = all.map(|(partition, lag)| (partition.topic.to_string(), partition.number, *lag)).collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_shown_without_secrets() {
        let mut settings = Settings::default();
        for (key, value) in [("sasl.password", "hunter2"), ("ssl.key.pem", "PEM"), ("sasl.mechanism", "PLAIN")] {
            settings.kafka.librdkafka.insert(key.into(), value.into());
        }
        let shown = json!(settings);
        assert_eq!(shown["kafka"]["librdkafka"]["sasl.mechanism"], "PLAIN");
        assert_eq!(shown["kafka"]["librdkafka"]["sasl.password"], crate::stream::secret::HIDDEN);
        assert_eq!(shown["serve"]["listen"], "127.0.0.1:9464");
        let text = shown.to_string();
        assert!(!text.contains("hunter2") && !text.contains("PEM"), "{text}");
    }
}
