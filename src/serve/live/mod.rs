//! What the page shows: counts of the last minutes by the second, totals, and the last urgent events.
//!
//! Memory is bounded: a ring of [`KEPT`] seconds with one counter for each label and unit, a ring of
//! [`URGENT`] events, and totals. Of a report nothing is kept but, of an urgent one, its id.

mod ages;
mod slot;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::health::Verdict;
use crate::engine::{Engine, Outcome};
use crate::event::Classified;
use crate::stats::Communique;
use crate::telemetry::{Decided, Finished, Witness};
use crate::triage::{State as LabelState, Taxonomy, Urgency};
use ages::Ages;
use slot::{Counts, Slot};

/// Seconds of which counts are kept.
const KEPT: usize = 300;

/// Urgent events kept.
const URGENT: usize = 20;

/// Seconds over which rate and age are told.
const RECENT: usize = 10;

/// Names of all that is counted, by id and language, in the order of the counts.
#[derive(Debug, Clone, Serialize)]
struct Names {
    labels: Vec<Value>,
    organisations: Vec<Value>,
    units: Vec<Value>,
}

impl Names {
    fn of(taxonomy: &Taxonomy) -> Self {
        let entry = |id: &str, names: &crate::triage::Names| json!({ "id": id, "names": names });
        let entries = |list: &[crate::triage::Entry]| list.iter().map(|one| entry(&one.id, &one.names)).collect();
        Self {
            labels: taxonomy.labels().iter().map(|label| entry(&label.id, &label.names)).collect(),
            organisations: entries(taxonomy.organisations()),
            units: entries(taxonomy.units()),
        }
    }
}

/// What the page shows beside the counts.
pub(super) struct Surroundings<'a> {
    pub(super) started_at: Timestamp,
    pub(super) model: &'a str,
    pub(super) model_digest: &'a str,
    pub(super) brokers_gone_since: Option<Timestamp>,
    pub(super) ready: &'a Verdict,
    /// Topic, partition, messages.
    pub(super) lag: Vec<(String, i32, i64)>,
    pub(super) in_flight: usize,
}

/// An urgent event as the page lists it.
#[derive(Debug, Clone, Serialize)]
struct Urgent {
    id: String,
    decided_at: Timestamp,
    acknowledge_by: Timestamp,
    unit: String,
    labels: Vec<String>,
}

#[derive(Debug)]
struct State {
    slots: VecDeque<Slot>,
    totals: Counts,
    languages: BTreeMap<String, u64>,
    urgent: VecDeque<Urgent>,
    communique: Communique,
}

/// Counts of what the process does, for people who watch.
#[derive(Debug)]
pub struct Live {
    engine: Arc<Engine>,
    names: Names,
    labels: Vec<String>,
    units: Vec<String>,
    /// Beginning of slot 0.
    start: (Instant, Timestamp),
    state: Mutex<State>,
}

impl Live {
    /// Nothing yet. `country`: the platform's own, ISO 3166-1 alpha-2.
    pub fn new(engine: Arc<Engine>, country: &str) -> Self {
        let taxonomy = engine.triage().taxonomy();
        let labels: Vec<String> = taxonomy.labels().iter().map(|label| label.id.clone()).collect();
        let units: Vec<String> = taxonomy.units().iter().map(|unit| unit.id.clone()).collect();
        let state = State {
            slots: VecDeque::with_capacity(KEPT + 1),
            totals: Counts::new(labels.len(), units.len()),
            languages: BTreeMap::new(),
            urgent: VecDeque::with_capacity(URGENT + 1),
            communique: Communique::new(country),
        };
        let start = (Instant::now(), Timestamp::now());
        Self { names: Names::of(taxonomy), labels, units, start, state: Mutex::new(state), engine }
    }

    /// The second that `now` lies in, since the beginning.
    fn second(&self, now: Instant) -> i64 {
        i64::try_from(now.saturating_duration_since(self.start.0).as_secs()).unwrap_or(i64::MAX)
    }

    /// The state, with its newest slot that of `second`.
    fn at<T>(&self, second: i64, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = second - i64::try_from(KEPT).unwrap_or(i64::MAX);
        let mut next = state.slots.back().map_or(0, |slot| slot.second + 1).max(oldest);
        while next <= second {
            state.slots.push_back(Slot::new(next, self.labels.len(), self.units.len()));
            next += 1;
        }
        while state.slots.len() > KEPT + 1 {
            state.slots.pop_front();
        }
        work(&mut state)
    }

    fn classified(&self, state: &mut State, event: &Classified) {
        let place = |list: &[String], id: &str| list.iter().position(|known| known == id);
        let flagged = event.labels.iter().filter(|label| label.state == LabelState::Flag);
        let flagged: Vec<usize> = flagged.filter_map(|label| place(&self.labels, &label.label)).collect();
        let unit = place(&self.units, &event.route.unit);
        let State { slots, totals, .. } = state;
        for counts in slots.back_mut().map(|slot| &mut slot.counts).into_iter().chain([totals]) {
            counts.classified(event.urgency.grade, event.review.needed, &flagged, unit);
        }
        let text = event.language.description.as_ref().or(event.language.content.as_ref());
        let language = text.map_or("none", |text| text.language.as_str());
        *state.languages.entry(language.to_owned()).or_default() += 1;
        state.communique.add(self.engine.triage().taxonomy(), event);
        if event.urgency.grade == Urgency::U0 {
            state.urgent.push_back(Urgent {
                id: event.report.id.clone(),
                decided_at: event.timings.decided_at,
                acknowledge_by: event.urgency.deadline.acknowledge_by,
                unit: event.route.unit.clone(),
                labels: event.flagged().chain(event.flagged_organisations()).map(str::to_owned).collect(),
            });
            if state.urgent.len() > URGENT {
                state.urgent.pop_front();
            }
        }
    }

    /// What there is to show: seconds that are over and come after `after` (all that are kept, with
    /// the names of what is counted, if it is `None`), and how things stand. With it the number of
    /// the last second that is over.
    pub(super) fn frame(&self, after: Option<i64>, around: &Surroundings<'_>, now: Instant) -> (i64, Value) {
        let second = self.second(now);
        self.at(second, |state| {
            let over = || state.slots.iter().filter(|slot| slot.second < second);
            let new = over().filter(|slot| after.is_none_or(|after| slot.second > after));
            let slots: Vec<Value> = new.map(|slot| self.slot(slot)).collect();
            let (rate, ages) = recent(over().rev().take(RECENT));
            let languages: Map<String, Value> =
                state.languages.iter().map(|(language, count)| (language.clone(), json!(count))).collect();
            let lag: Vec<Value> = around
                .lag
                .iter()
                .map(|(topic, partition, lag)| json!({ "topic": topic, "partition": partition, "messages": lag }))
                .collect();
            let mut value = json!({
                "at": Timestamp::now(),
                "started_at": around.started_at,
                "model": { "name": around.model, "digest": around.model_digest },
                "brokers_gone_since": around.brokers_gone_since,
                "ready": around.ready,
                "in_flight": around.in_flight,
                "lag": lag,
                "rate": rate,
                "age": { "p50": ages.quantile(0.5), "p99": ages.quantile(0.99) },
                "slots": slots,
                "totals": state.totals,
                "languages": languages,
                "urgent": state.urgent,
                "communique": state.communique.rows(self.engine.triage().taxonomy()),
            });
            if after.is_none() {
                value["names"] = json!(self.names);
            }
            (second - 1, value)
        })
    }

    fn slot(&self, slot: &Slot) -> Value {
        let time = self.start.1.saturating_add(SignedDuration::from_secs(slot.second)).unwrap_or(Timestamp::MAX);
        let Counts { finished, urgency, labels, units, .. } = &slot.counts;
        json!({
            "t": time.as_second(),
            "finished": finished,
            "p50": slot.ages.quantile(0.5),
            "p99": slot.ages.quantile(0.99),
            "urgency": urgency,
            "labels": labels,
            "units": units,
        })
    }
}

/// Reports finished a second, and their ages.
fn recent<'a>(slots: impl Iterator<Item = &'a Slot>) -> (f64, Ages) {
    let (mut seconds, mut finished, mut ages) = (0_u32, 0_u64, Ages::default());
    for slot in slots {
        seconds += 1;
        finished += slot.counts.finished;
        ages.merge(&slot.ages);
    }
    #[expect(clippy::cast_precision_loss, reason = "reports of ten seconds")]
    let rate = finished as f64 / f64::from(seconds.max(1));
    (rate, ages)
}

impl Witness for Live {
    fn decided(&self, decided: &Decided<'_>) {
        self.at(self.second(Instant::now()), |state| {
            for outcome in decided.outcomes {
                match outcome {
                    Outcome::Classified { event, .. } => self.classified(state, event),
                    Outcome::Rejected { .. } => state.totals.rejected += 1,
                }
            }
        });
    }

    fn finished(&self, finished: &Finished) {
        self.at(self.second(Instant::now()), |state| {
            state.totals.finished += 1;
            if let Some(slot) = state.slots.back_mut() {
                slot.counts.finished += 1;
                slot.ages.add(finished.age);
            }
        });
    }
}
