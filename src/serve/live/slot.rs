use serde::Serialize;

use super::ages::Ages;
use crate::triage::Urgency;

/// Counts of reports, over a second or over all time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) finished: u64,
    pub(super) classified: u64,
    pub(super) rejected: u64,
    pub(super) review: u64,
    /// By grade, most urgent first.
    pub(super) urgency: [u64; 4],
    /// Flagged, by place of the label.
    pub(super) labels: Vec<u64>,
    /// In charge, by place of the unit.
    pub(super) units: Vec<u64>,
    /// No label is flagged.
    pub(super) unlabelled: u64,
}

impl Counts {
    pub(super) fn new(labels: usize, units: usize) -> Self {
        Self {
            finished: 0,
            classified: 0,
            rejected: 0,
            review: 0,
            urgency: [0; 4],
            labels: vec![0; labels],
            units: vec![0; units],
            unlabelled: 0,
        }
    }

    pub(super) fn classified(&mut self, grade: Urgency, review: bool, flagged: &[usize], unit: Option<usize>) {
        self.classified += 1;
        self.review += u64::from(review);
        self.unlabelled += u64::from(flagged.is_empty());
        let grade = Urgency::ALL.iter().position(|known| *known == grade);
        let places = grade.and_then(|grade| self.urgency.get_mut(grade)).into_iter();
        let places = places.chain(unit.and_then(|unit| self.units.get_mut(unit)));
        for count in places {
            *count += 1;
        }
        for label in flagged {
            if let Some(count) = self.labels.get_mut(*label) {
                *count += 1;
            }
        }
    }
}

/// One second.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// Its number since the beginning.
    pub(super) second: i64,
    pub(super) counts: Counts,
    pub(super) ages: Ages,
}

impl Slot {
    pub(super) fn new(second: i64, labels: usize, units: usize) -> Self {
        Self { second, counts: Counts::new(labels, units), ages: Ages::default() }
    }
}
