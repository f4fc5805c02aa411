use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::decisions::DecisionSamples;
use super::ranking::real;
use super::{Axes, Case, Decisions, Estimate, Ranked, Samples, Tally, brier_score, calibration_error, reliability};
use crate::triage::State;

/// Figures of one language, one script, one language in one script, or all reports.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SliceFigures {
    /// Language tag; absent for all languages.
    pub language: Option<String>,
    /// Script; absent for all scripts.
    pub script: Option<String>,
    /// Reports.
    pub reports: usize,
    /// Mean of the labels' average precision, over the labels that have a positive and a score.
    pub mean_average_precision: Estimate,
    /// Number of labels in that mean.
    pub labels_in_mean: usize,
    /// Labels, organisations and contexts.
    pub names: Vec<LabelFigures>,
}

/// Figures of one label, organisation or context in one slice.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LabelFigures {
    /// Its name.
    pub name: String,
    /// Reports whose source decided whether it applies.
    pub reports: usize,
    /// Reports to which it applies.
    pub positives: usize,
    /// Average precision of the scores.
    pub average_precision: Estimate,
    /// Decisions at the flag threshold.
    pub flag: Decisions,
    /// Decisions at the review threshold: flagged or sent to a person for this name.
    pub flag_or_review: Decisions,
    /// Expected calibration error in 15 bins of equal width.
    pub calibration_error: Option<f64>,
    /// Brier score.
    pub brier_score: Option<f64>,
}

/// The reports of one slice for one name.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ranked: Ranked,
    /// Truth and score where both are there.
    pub(super) pairs: Vec<(bool, f64)>,
    /// Index of the case, truth, decision.
    pub(super) decided: Vec<(usize, bool, State)>,
}

impl Column {
    pub(super) fn new(name: &str, place: usize, cases: &[Case], members: &[usize]) -> Self {
        let known = members.iter().filter_map(|&index| {
            let judgement = cases.get(index)?.judgement(place);
            Some((index, judgement.truth?, judgement.score, judgement.state))
        });
        let known: Vec<_> = known.collect();
        let scored = || known.iter().filter_map(|&(index, truth, score, _)| Some((index, truth, score?)));
        Self {
            name: name.to_owned(),
            ranked: Ranked::new(scored()),
            pairs: scored().map(|(_, truth, score)| (truth, score)).collect(),
            decided: known.iter().map(|&(index, truth, _, state)| (index, truth, state)).collect(),
        }
    }

    pub(super) fn tally(&self, weights: &[u32], least: State) -> Tally {
        let mut tally = Tally::default();
        for &(case, truth, state) in &self.decided {
            tally.add(truth, state >= least, weights.get(case).copied().unwrap_or(0));
        }
        tally
    }

    pub(super) fn positives(&self) -> usize {
        self.decided.iter().filter(|(_, truth, _)| *truth).count()
    }
}

/// One slice with its bootstrap.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) language: Option<String>,
    pub(super) script: Option<String>,
    pub(super) members: Vec<usize>,
    pub(super) columns: Vec<Column>,
    /// The first columns, that many, are labels.
    labels: usize,
    mean: Samples,
    samples: Vec<ColumnSamples>,
}

#[derive(Debug, Default)]
struct ColumnSamples {
    average_precision: Samples,
    flag: DecisionSamples,
    reached: DecisionSamples,
}

/// All reports, then each language, each script, each language in each script; empty slices are left out.
pub(super) fn slices(cases: &[Case], axes: &Axes) -> Vec<Slice> {
    let languages: BTreeSet<&str> = cases.iter().map(|case| case.language.as_str()).collect();
    let scripts: BTreeSet<&str> = cases.iter().map(|case| case.script.as_str()).collect();
    let mut keys = vec![(None, None)];
    keys.extend(languages.iter().map(|language| (Some(*language), None)));
    keys.extend(scripts.iter().map(|script| (None, Some(*script))));
    keys.extend(languages.iter().flat_map(|l| scripts.iter().map(|s| (Some(*l), Some(*s)))));
    let slices = keys.into_iter().map(|(language, script)| Slice::new(cases, axes, language, script));
    slices.filter(|slice| !slice.members.is_empty()).collect()
}

impl Slice {
    fn new(cases: &[Case], axes: &Axes, language: Option<&str>, script: Option<&str>) -> Self {
        let belongs =
            |case: &Case| language.is_none_or(|l| case.language == l) && script.is_none_or(|s| case.script == s);
        let members: Vec<usize> =
            cases.iter().enumerate().filter(|(_, case)| belongs(case)).map(|(index, _)| index).collect();
        let columns: Vec<Column> =
            axes.names().enumerate().map(|(place, name)| Column::new(name, place, cases, &members)).collect();
        Self {
            language: language.map(str::to_owned),
            script: script.map(str::to_owned),
            samples: columns.iter().map(|_| ColumnSamples::default()).collect(),
            members,
            columns,
            labels: axes.labels.len(),
            mean: Samples::default(),
        }
    }

    /// One round of the bootstrap.
    pub(super) fn sample(&mut self, weights: &[u32]) {
        let mut precisions = Vec::with_capacity(self.columns.len());
        for (column, samples) in self.columns.iter().zip(&mut self.samples) {
            let precision = column.ranked.average_precision(weights);
            samples.average_precision.push(precision);
            samples.flag.push(&column.tally(weights, State::Flag));
            samples.reached.push(&column.tally(weights, State::Review));
            precisions.push(precision);
        }
        self.mean.push(mean(precisions.iter().take(self.labels)).0);
    }

    pub(super) fn figures(&self, ones: &[u32]) -> SliceFigures {
        let precisions: Vec<Option<f64>> =
            self.columns.iter().map(|column| column.ranked.average_precision(ones)).collect();
        let (value, labels_in_mean) = mean(precisions.iter().take(self.labels));
        let columns = self.columns.iter().zip(&self.samples).zip(&precisions);
        SliceFigures {
            language: self.language.clone(),
            script: self.script.clone(),
            reports: self.members.len(),
            mean_average_precision: self.mean.estimate(value),
            labels_in_mean,
            names: columns.map(|((column, samples), value)| column.figures(samples, *value, ones)).collect(),
        }
    }
}

impl Column {
    fn figures(&self, samples: &ColumnSamples, average_precision: Option<f64>, ones: &[u32]) -> LabelFigures {
        LabelFigures {
            name: self.name.clone(),
            reports: self.decided.len(),
            positives: self.positives(),
            average_precision: samples.average_precision.estimate(average_precision),
            flag: samples.flag.figures(&self.tally(ones, State::Flag)),
            flag_or_review: samples.reached.figures(&self.tally(ones, State::Review)),
            calibration_error: calibration_error(&reliability(&self.pairs)),
            brier_score: brier_score(&self.pairs),
        }
    }
}

/// Mean of those that are defined, and how many they are.
pub(super) fn mean<'a>(values: impl Iterator<Item = &'a Option<f64>>) -> (Option<f64>, usize) {
    let defined: Vec<f64> = values.copied().flatten().collect();
    let sum: f64 = defined.iter().sum();
    ((!defined.is_empty()).then(|| sum / real(defined.len() as u64)), defined.len())
}
