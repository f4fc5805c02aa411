use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Axes, Case};
use crate::triage::State;

/// What was said of the reports on which a label was missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Neighbours {
    /// The label that applies and was not flagged.
    pub label: String,
    /// Reports on which it was missed.
    pub missed: usize,
    /// Of them those on which no label at all was flagged.
    pub nothing_flagged: usize,
    /// Labels that were flagged and do not apply, most frequent first.
    pub instead: Vec<Instead>,
}

/// A label flagged in place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Instead {
    /// The label.
    pub label: String,
    /// Reports.
    pub reports: usize,
}

/// One entry a label.
pub(super) fn neighbours(cases: &[Case], axes: &Axes) -> Vec<Neighbours> {
    axes.labels.iter().enumerate().map(|(place, label)| of_label(cases, axes, place, label)).collect()
}

fn of_label(cases: &[Case], axes: &Axes, place: usize, label: &str) -> Neighbours {
    let missed: Vec<&Case> = cases
        .iter()
        .filter(|case| {
            let judgement = case.judgement(place);
            judgement.truth == Some(true) && judgement.state < State::Flag
        })
        .collect();
    let flagged = |case: &Case, other: usize| case.judgement(other).state == State::Flag;
    let places = || 0..axes.labels.len();
    let instead = axes.labels.iter().enumerate().map(|(other, label)| Instead {
        label: label.clone(),
        reports: missed
            .iter()
            .filter(|case| flagged(case, other) && case.judgement(other).truth == Some(false))
            .count(),
    });
    let mut instead: Vec<Instead> = instead.filter(|instead| instead.reports > 0).collect();
    instead.sort_by_key(|instead| Reverse(instead.reports));
    Neighbours {
        label: label.to_owned(),
        missed: missed.len(),
        nothing_flagged: missed.iter().filter(|case| !places().any(|other| flagged(case, other))).count(),
        instead,
    }
}
