//! What stored events would have become under other rules.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Engine;
use crate::event::Classified;
use crate::triage::{Decision, State, Urgency};

/// The part of a decision that a unit notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Unit in charge.
    pub unit: String,
    /// Grade of urgency.
    pub grade: Urgency,
    /// A person must look.
    pub review: bool,
}

/// One report that would have stood otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The report's id.
    pub id: String,
    /// The report's revision.
    pub revision: u32,
    /// As the event says.
    pub before: Standing,
    /// As the rules in force decide.
    pub after: Standing,
}

impl Change {
    /// How much worse the report would have been off: grades lost, then its person lost.
    fn harm(&self) -> (i32, bool) {
        let rank = |grade: Urgency| Urgency::ALL.iter().position(|other| *other == grade).unwrap_or(0);
        let lost =
            i32::try_from(rank(self.after.grade)).unwrap_or(0) - i32::try_from(rank(self.before.grade)).unwrap_or(0);
        (lost, self.before.review && !self.after.review)
    }
}

/// Reports of one unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct UnitCounts {
    /// In its charge, as the events say.
    pub before: usize,
    /// In its charge, as the rules in force decide.
    pub after: usize,
    /// It would have gained.
    pub gained: usize,
    /// It would have lost.
    pub lost: usize,
}

/// Counts over a set of stored events. Every event is in exactly one cell of `grades` and one of
/// `review`; `alike + other_reasons + changes` is `events`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Backtest {
    /// Events decided anew.
    pub events: usize,
    /// Of these, events scored by another model package: their own thresholds were kept.
    pub other_model: usize,
    /// Decided exactly as before.
    pub alike: usize,
    /// Same unit, grade and review, but other labels flagged, rules, copies or reasons.
    pub other_reasons: usize,
    /// By unit.
    pub units: BTreeMap<String, UnitCounts>,
    /// Rows before, columns after, each U0 to U3.
    pub grades: [[usize; 4]; 4],
    /// Rows before, columns after, each first without, then with a person.
    pub review: [[usize; 2]; 2],
    /// Reports that would have stood otherwise; those worse off first, the worst at the top.
    pub changes: Vec<Change>,
}

impl Backtest {
    /// Decides one event anew and counts it.
    pub fn add(&mut self, engine: &Engine, event: &Classified) {
        let decision = engine.redecide(event);
        let before =
            Standing { unit: event.route.unit.clone(), grade: event.urgency.grade, review: event.review.needed };
        let after = Standing {
            unit: decision.route.unit.clone(),
            grade: decision.urgency.grade,
            review: decision.review.needed,
        };
        self.events += 1;
        self.other_model += usize::from(event.provenance.model_digest != engine.provenance().model_digest);
        self.count(&before, &after);
        if before != after {
            self.changes.push(Change { id: event.report.id.clone(), revision: event.report.revision, before, after });
        } else if same(event, &decision) {
            self.alike += 1;
        } else {
            self.other_reasons += 1;
        }
    }

    fn count(&mut self, before: &Standing, after: &Standing) {
        let moved = usize::from(before.unit != after.unit);
        let unit = self.units.entry(before.unit.clone()).or_default();
        (unit.before, unit.lost) = (unit.before + 1, unit.lost + moved);
        let unit = self.units.entry(after.unit.clone()).or_default();
        (unit.after, unit.gained) = (unit.after + 1, unit.gained + moved);
        for (row, from) in self.grades.iter_mut().zip(Urgency::ALL) {
            for (cell, to) in row.iter_mut().zip(Urgency::ALL) {
                *cell += usize::from(from == before.grade && to == after.grade);
            }
        }
        for (row, from) in self.review.iter_mut().zip([false, true]) {
            for (cell, to) in row.iter_mut().zip([false, true]) {
                *cell += usize::from(from == before.review && to == after.review);
            }
        }
    }

    /// Puts the reports worst off first. The order of others is that of their ids.
    pub fn sort(&mut self) {
        self.changes
            .sort_by(|a, b| b.harm().cmp(&a.harm()).then_with(|| (&a.id, a.revision).cmp(&(&b.id, b.revision))));
    }
}

fn same(event: &Classified, decision: &Decision) -> bool {
    let flagged = |labels: &[crate::triage::LabelDecision]| -> Vec<(String, State)> {
        labels.iter().map(|label| (label.label.clone(), label.state)).collect()
    };
    event.urgency.reasons == decision.urgency.reasons
        && event.urgency.deadline.within_seconds == decision.urgency.acknowledge_within_seconds
        && event.route.rule == decision.route.rule
        && event.route.copies == decision.route.copies
        && event.review == decision.review
        && event.organisations == decision.organisations
        && event.contexts == decision.contexts
        && flagged(&event.labels) == flagged(&decision.labels)
}

#[cfg(test)]
mod tests {
    use super::{Backtest, Change, Standing};
    use crate::triage::Urgency;

    #[test]
    fn reports_that_would_be_worse_off_come_first() {
        let standing = |grade, review| Standing { unit: "u".into(), grade, review };
        let change = |id: &str, before, after| Change { id: id.into(), revision: 1, before, after };
        let mut backtest = Backtest {
            changes: vec![
                change("raised", standing(Urgency::U2, true), standing(Urgency::U0, true)),
                change("unseen", standing(Urgency::U2, true), standing(Urgency::U2, false)),
                change("buried", standing(Urgency::U0, true), standing(Urgency::U3, true)),
                change("lowered", standing(Urgency::U1, true), standing(Urgency::U2, true)),
            ],
            ..Backtest::default()
        };
        backtest.sort();
        let ids: Vec<&str> = backtest.changes.iter().map(|change| change.id.as_str()).collect();
        assert_eq!(ids, ["buried", "lowered", "unseen", "raised"]);
    }
}
