use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::definitions::Definitions;
use super::observation::{Facts, Observation};
use super::window::{Length, Range, Window};

/// Every report once, whatever was delivered, in whatever order.
///
/// Of the revisions of a report the newest counts, of two decisions of one revision the later. Holds
/// about 300 bytes a report: what is exact must remember what it has counted.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    reports: BTreeMap<Box<str>, Vec<Held>>,
    /// Most reports share their facts with many others.
    facts: BTreeSet<Arc<Facts>>,
    events: u64,
    decisions: u64,
}

#[derive(Debug, Clone)]
struct Held {
    event_id: Box<str>,
    revision: u32,
    submitted_at: Option<Timestamp>,
    received_at: Timestamp,
    decided_at: Timestamp,
    facts: Arc<Facts>,
}

/// What became of the events read: `events = reports + superseded + doubles`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Classified events read.
    pub events: u64,
    /// Reports; each is counted once.
    pub reports: u64,
    /// Events of earlier revisions or decisions, which do not count.
    pub superseded: u64,
    /// Events delivered again, which do not count.
    pub doubles: u64,
}

/// Reports that are counted alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alike {
    pub(super) facts: Arc<Facts>,
    /// The intake system said when the report was sent.
    pub(super) submitted: bool,
    /// It arrived after its window was closed.
    pub(super) late: bool,
}

/// Reports of one window.
pub(super) type Counts = BTreeMap<Alike, u64>;

impl Ledger {
    /// Takes one event.
    pub fn add(&mut self, observation: Observation) {
        self.events += 1;
        let facts = if let Some(facts) = self.facts.get(&observation.facts) {
            Arc::clone(facts)
        } else {
            let facts = Arc::new(observation.facts);
            self.facts.insert(Arc::clone(&facts));
            facts
        };
        let held = self.reports.entry(observation.report_id.into()).or_default();
        if let Some(known) = held.iter_mut().find(|held| *held.event_id == *observation.event_id) {
            // The earliest of each, so that the order of delivery counts for nothing.
            known.received_at = known.received_at.min(observation.received_at);
            known.decided_at = known.decided_at.min(observation.decided_at);
            return;
        }
        self.decisions += 1;
        held.reserve_exact(1);
        held.push(Held {
            event_id: observation.event_id.into(),
            revision: observation.revision,
            submitted_at: observation.submitted_at,
            received_at: observation.received_at,
            decided_at: observation.decided_at,
            facts,
        });
    }

    /// What became of the events.
    pub fn tally(&self) -> Tally {
        let reports = self.reports.len() as u64;
        Tally {
            events: self.events,
            reports,
            superseded: self.decisions - reports,
            doubles: self.events - self.decisions,
        }
    }

    /// What was predicted of a report: by the newest decision of this revision, or of its newest.
    pub fn predicted(&self, report_id: &str, revision: Option<u32>) -> Option<&Facts> {
        let decisions = self.reports.get(report_id)?;
        let of = |held: &&Held| revision.is_none_or(|revision| revision == held.revision);
        newest(decisions.iter().filter(of)).map(|held| &*held.facts)
    }

    /// Reports by window, in the order of the windows. A report lies in the window of its submission,
    /// else of its arrival.
    pub(super) fn counts(&self, length: Length, range: Range, by: &Definitions) -> BTreeMap<Window, Counts> {
        let mut windows: BTreeMap<Window, Counts> = BTreeMap::new();
        for held in self.reports.values().filter_map(|decisions| newest(decisions.iter())) {
            let instant = held.submitted_at.unwrap_or(held.received_at);
            let day = by.time_zone.to_datetime(instant).date();
            if !range.holds(day) {
                continue;
            }
            let Some(window) = Window::of(length, day, range).filter(|window| range.holds_all_of(window)) else {
                continue;
            };
            let closes = window.ends(&by.time_zone).map(|end| by.closes(end));
            let alike = Alike {
                facts: Arc::clone(&held.facts),
                submitted: held.submitted_at.is_some(),
                late: closes.is_some_and(|closes| held.received_at >= closes),
            };
            *windows.entry(window).or_default().entry(alike).or_default() += 1;
        }
        windows
    }
}

fn newest<'a>(decisions: impl Iterator<Item = &'a Held>) -> Option<&'a Held> {
    decisions.max_by_key(|held| (held.revision, held.decided_at, &*held.event_id))
}
