use schemars::JsonSchema;
use serde::Serialize;

use super::ranking::real;
use super::{Estimate, Samples};

/// Counts of a decision against the truth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Reports to which the name applies.
    pub positives: u64,
    /// Reports of which it was said.
    pub taken: u64,
    /// Both.
    pub hits: u64,
}

impl Tally {
    /// Counts one report `weight` times.
    pub fn add(&mut self, truth: bool, taken: bool, weight: u32) {
        let weight = u64::from(weight);
        self.positives += if truth { weight } else { 0 };
        self.taken += if taken { weight } else { 0 };
        self.hits += if truth && taken { weight } else { 0 };
    }

    /// Share of what was said that is true; `None` when nothing was said.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.hits, self.taken)
    }

    /// Share of what is true that was said; `None` when nothing is true.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.hits, self.positives)
    }

    /// Harmonic mean of both, 2·hits / (taken + positives); `None` when nothing is true and nothing was said.
    pub fn f1(&self) -> Option<f64> {
        ratio(2 * self.hits, self.taken + self.positives)
    }
}

pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| real(part) / real(whole))
}

/// How right a decision is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Decisions {
    /// Reports of which the name was said.
    pub taken: u64,
    /// Of them those to which it applies.
    pub hits: u64,
    /// hits / taken.
    pub precision: Estimate,
    /// hits / positives.
    pub recall: Estimate,
    /// 2·hits / (taken + positives).
    pub f1: Estimate,
}

/// A decision with its bootstrap.
#[derive(Debug, Default)]
pub(super) struct DecisionSamples {
    precision: Samples,
    recall: Samples,
    f1: Samples,
}

impl DecisionSamples {
    pub(super) fn push(&mut self, tally: &Tally) {
        self.precision.push(tally.precision());
        self.recall.push(tally.recall());
        self.f1.push(tally.f1());
    }

    pub(super) fn figures(&self, tally: &Tally) -> Decisions {
        Decisions {
            taken: tally.taken,
            hits: tally.hits,
            precision: self.precision.estimate(tally.precision()),
            recall: self.recall.estimate(tally.recall()),
            f1: self.f1.estimate(tally.f1()),
        }
    }
}
