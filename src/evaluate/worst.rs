use schemars::JsonSchema;
use serde::Serialize;

use super::slices::{Column, Slice};
use super::{Case, Options};
use crate::triage::State;

/// A label in a language and script in which it does badly.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WorstSlice {
    /// Label, organisation or context.
    pub name: String,
    /// Language tag.
    pub language: String,
    /// Script.
    pub script: String,
    /// Reports to which the name applies.
    pub positives: usize,
    /// Average precision there.
    pub average_precision: f64,
    /// Recall at the flag threshold.
    pub recall: Option<f64>,
    /// Ids of reports to which it applies and that were not flagged, lowest score first.
    pub missed: Vec<String>,
    /// Ids of reports that were flagged and to which it does not apply, highest score first.
    pub false_flags: Vec<String>,
}

/// The slices of lowest average precision among those with enough positives.
pub(super) fn worst(slices: &[Slice], cases: &[Case], options: &Options, ones: &[u32]) -> Vec<WorstSlice> {
    let mut found = Vec::new();
    for slice in slices {
        let (Some(language), Some(script)) = (&slice.language, &slice.script) else { continue };
        for (place, column) in slice.columns.iter().enumerate() {
            if (column.positives() as u64) < options.support {
                continue;
            }
            let Some(average_precision) = column.ranked.average_precision(ones) else { continue };
            found.push(WorstSlice {
                name: column.name.clone(),
                language: language.clone(),
                script: script.clone(),
                positives: column.positives(),
                average_precision,
                recall: column.tally(ones, State::Flag).recall(),
                missed: ids(column, cases, place, options.listed, true),
                false_flags: ids(column, cases, place, options.listed, false),
            });
        }
    }
    found.sort_by(|a, b| a.average_precision.total_cmp(&b.average_precision));
    found.truncate(options.listed);
    found
}

/// Wrongly decided reports, the wrongest score first.
fn ids(column: &Column, cases: &[Case], place: usize, listed: usize, truth: bool) -> Vec<String> {
    let wrong = column.decided.iter().filter(|(_, t, state)| *t == truth && (*state == State::Flag) != truth);
    let mut wrong: Vec<(f64, &Case)> = wrong
        .filter_map(|(index, ..)| {
            let case = cases.get(*index)?;
            let score = case.judgement(place).score.unwrap_or(0.0);
            Some((if truth { score } else { -score }, case))
        })
        .collect();
    wrong.sort_by(|a, b| a.0.total_cmp(&b.0));
    wrong.into_iter().take(listed).map(|(_, case)| case.id.clone()).collect()
}
