use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::case::check;
use super::slices::{Column, mean};
use super::{Axes, Case, Error, Estimate, Groups, Options, Random, Samples, sign_test};
use crate::triage::State;

/// Two classifiers on the same reports.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// Mean average precision over the labels that both score.
    pub mean_average_precision: Paired,
    /// Number of labels in that mean.
    pub labels_in_mean: usize,
    /// One entry a label, organisation or context.
    pub names: Vec<LabelComparison>,
    /// Flags that differ, by name and language; languages without any are left out.
    pub disagreement: Vec<Disagreement>,
    /// The judgements that moved furthest, in either direction.
    pub worst: Vec<Change>,
}

/// A figure of both, and their difference by paired bootstrap: both are measured on the same draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Paired {
    /// Of the first.
    pub a: Option<f64>,
    /// Of the second.
    pub b: Option<f64>,
    /// b − a.
    pub difference: Estimate,
    /// Two-sided bootstrap p-value of "no difference".
    pub p: Option<f64>,
}

/// One name under both classifiers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LabelComparison {
    /// Label, organisation or context.
    pub name: String,
    /// Reports to which it applies.
    pub positives: usize,
    /// Average precision.
    pub average_precision: Paired,
    /// Flags.
    pub flags: McNemar,
}

/// McNemar's exact test on the flags of one name (McNemar 1947). It takes reports as independent, which
/// reports of one group are not quite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct McNemar {
    /// Reports on which only the first decides rightly.
    pub only_a_right: u64,
    /// Reports on which only the second decides rightly.
    pub only_b_right: u64,
    /// Two-sided p-value of "both are right equally often".
    pub p: f64,
}

/// Flags of one name that differ in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disagreement {
    /// Label, organisation or context.
    pub name: String,
    /// Language tag.
    pub language: String,
    /// Reports of that language.
    pub reports: usize,
    /// Reports that only the first flags.
    pub only_a: usize,
    /// Reports that only the second flags.
    pub only_b: usize,
}

/// One judgement that moved.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// Report id.
    pub id: String,
    /// Label, organisation or context.
    pub name: String,
    /// Whether it applies.
    pub truth: bool,
    /// Score of the first.
    pub a: f64,
    /// Score of the second.
    pub b: f64,
    /// How far the second lies nearer to the truth; negative where it lies further off.
    pub gain: f64,
}

/// The same name under both, with its bootstrap.
struct Pair {
    place: usize,
    a: Column,
    b: Column,
    difference: Samples,
}

impl Pair {
    fn average_precisions(&self, weights: &[u32]) -> Option<(f64, f64)> {
        Some((self.a.ranked.average_precision(weights)?, self.b.ranked.average_precision(weights)?))
    }

    fn flags(&self) -> McNemar {
        let mut counts = (0, 0);
        for ((_, truth, a), (_, _, b)) in self.a.decided.iter().zip(&self.b.decided) {
            match ((*a == State::Flag) == *truth, (*b == State::Flag) == *truth) {
                (true, false) => counts.0 += 1,
                (false, true) => counts.1 += 1,
                _ => {}
            }
        }
        McNemar { only_a_right: counts.0, only_b_right: counts.1, p: sign_test(counts.0, counts.1) }
    }

    fn figures(&self, ones: &[u32]) -> LabelComparison {
        let both = self.average_precisions(ones);
        LabelComparison {
            name: self.a.name.clone(),
            positives: self.a.positives(),
            average_precision: Paired {
                a: self.a.ranked.average_precision(ones),
                b: self.b.ranked.average_precision(ones),
                difference: self.difference.estimate(both.map(|(a, b)| b - a)),
                p: self.difference.p_of_zero(),
            },
            flags: self.flags(),
        }
    }
}

/// Compares two classifiers.
///
/// # Errors
///
/// As [`evaluate`](super::evaluate()), and when the two sets are not about the same reports in the same order.
pub fn compare(a: &[Case], b: &[Case], axes: &Axes, options: &Options) -> Result<Comparison, Error> {
    check(a, axes)?;
    check(b, axes)?;
    check_paired(a, b)?;
    let members: Vec<usize> = (0..a.len()).collect();
    let pair = |(place, name): (usize, &str)| Pair {
        place,
        a: Column::new(name, place, a, &members),
        b: Column::new(name, place, b, &members),
        difference: Samples::default(),
    };
    let mut pairs: Vec<Pair> = axes.names().enumerate().map(pair).collect();
    let labels = axes.labels.len();
    let groups = Groups::new(a.iter().map(|case| case.group.as_str()));
    let mut random = Random::new(options.seed);
    let mut means = Samples::default();
    for _ in 0..options.rounds {
        let weights = groups.draw(&mut random);
        for pair in &mut pairs {
            let both = pair.average_precisions(&weights);
            pair.difference.push(both.map(|(a, b)| b - a));
        }
        means.push(mean_pair(&pairs, labels, &weights).0.map(|(a, b)| b - a));
    }
    let ones = vec![1; a.len()];
    let (both, labels_in_mean) = mean_pair(&pairs, labels, &ones);
    Ok(Comparison {
        mean_average_precision: Paired {
            a: both.map(|(a, _)| a),
            b: both.map(|(_, b)| b),
            difference: means.estimate(both.map(|(a, b)| b - a)),
            p: means.p_of_zero(),
        },
        labels_in_mean,
        names: pairs.iter().map(|pair| pair.figures(&ones)).collect(),
        disagreement: disagreement(&pairs, a, b),
        worst: changes(&pairs, a, b, options.listed),
    })
}

fn check_paired(a: &[Case], b: &[Case]) -> Result<(), Error> {
    let same = |a: &Case, b: &Case| {
        a.id == b.id && a.judgements.iter().map(|j| j.truth).eq(b.judgements.iter().map(|j| j.truth))
    };
    let differs = a.iter().zip(b).position(|(a, b)| !same(a, b));
    match differs.or((a.len() != b.len()).then(|| a.len().min(b.len()))) {
        Some(index) => {
            let id = a.get(index).map(|case| case.id.clone()).unwrap_or_default();
            Err(Error::Unpaired { place: index + 1, id })
        }
        None => Ok(()),
    }
}

/// Both means over the labels that both score, and the number of labels.
fn mean_pair(pairs: &[Pair], labels: usize, weights: &[u32]) -> (Option<(f64, f64)>, usize) {
    let both: Vec<Option<(f64, f64)>> =
        pairs.iter().take(labels).map(|pair| pair.average_precisions(weights)).collect();
    let of = |which: fn((f64, f64)) -> f64| mean(both.iter().map(|both| both.map(which)).collect::<Vec<_>>().iter());
    let ((a, count), (b, _)) = (of(|both| both.0), of(|both| both.1));
    (a.zip(b), count)
}

fn disagreement(pairs: &[Pair], a: &[Case], b: &[Case]) -> Vec<Disagreement> {
    let languages: BTreeSet<&str> = a.iter().map(|case| case.language.as_str()).collect();
    let mut found = Vec::new();
    for pair in pairs {
        for language in &languages {
            let both: Vec<(bool, bool)> = a
                .iter()
                .zip(b)
                .filter(|(a, _)| a.language == *language)
                .map(|(a, b)| {
                    let flagged = |case: &Case| case.judgement(pair.place).state == State::Flag;
                    (flagged(a), flagged(b))
                })
                .collect();
            let count = |what: (bool, bool)| both.iter().filter(|both| **both == what).count();
            let (only_a, only_b) = (count((true, false)), count((false, true)));
            if only_a + only_b > 0 {
                let (name, language) = (pair.a.name.clone(), (*language).to_owned());
                found.push(Disagreement { name, language, reports: both.len(), only_a, only_b });
            }
        }
    }
    found
}

fn changes(pairs: &[Pair], a: &[Case], b: &[Case], listed: usize) -> Vec<Change> {
    let mut found = Vec::new();
    for pair in pairs {
        for (a, b) in a.iter().zip(b) {
            let (of_a, of_b) = (a.judgement(pair.place), b.judgement(pair.place));
            let (Some(truth), Some(score_a), Some(score_b)) = (of_a.truth, of_a.score, of_b.score) else { continue };
            let gain = if truth { score_b - score_a } else { score_a - score_b };
            if gain != 0.0 {
                let (id, name) = (a.id.clone(), pair.a.name.clone());
                found.push(Change { id, name, truth, a: score_a, b: score_b, gain });
            }
        }
    }
    found.sort_by(|x, y| y.gain.abs().total_cmp(&x.gain.abs()));
    found.truncate(listed);
    found
}
