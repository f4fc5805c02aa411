use schemars::JsonSchema;
use serde::Serialize;

use super::ranking::real;
use super::{Axes, Case, Estimate, Samples};

/// Recall when only a share of all reports can go to priority review.
///
/// Reports are ordered by the largest score among the names; the first `share` of them are read. Where
/// equal scores straddle the limit, the expected recall of a random order among them counts. A report
/// that the model could not judge comes first, as the rules send it to a person.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ReviewLoad {
    /// Share of all reports that is read.
    pub share: f64,
    /// Reports that are read: the share, rounded down.
    pub reports: u64,
    /// The names whose largest score orders the reports.
    pub names: Vec<LoadRecall>,
}

/// Recall of one name within a review load.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoadRecall {
    /// Label, organisation or context.
    pub name: String,
    /// Reports to which it applies.
    pub positives: usize,
    /// Share of them that is read.
    pub recall: Estimate,
}

/// Cases by falling priority, with their truth for each name.
#[derive(Debug)]
pub(super) struct Queue {
    share: f64,
    names: Vec<String>,
    items: Vec<Item>,
    samples: Vec<Samples>,
}

#[derive(Debug)]
struct Item {
    case: usize,
    priority: f64,
    truth: Vec<bool>,
}

impl Queue {
    pub(super) fn new(cases: &[Case], axes: &Axes, priority: &[String], share: f64) -> Self {
        let places: Vec<(usize, &String)> =
            priority.iter().filter_map(|name| Some((axes.place(name)?, name))).collect();
        let item = |(index, case): (usize, &Case)| {
            let judgements: Vec<_> = places.iter().map(|(place, _)| case.judgement(*place)).collect();
            let priority = judgements.iter().filter_map(|judgement| judgement.score).reduce(f64::max);
            Item {
                case: index,
                priority: priority.unwrap_or(f64::INFINITY),
                truth: judgements.iter().map(|judgement| judgement.truth == Some(true)).collect(),
            }
        };
        let mut items: Vec<Item> = cases.iter().enumerate().map(item).collect();
        items.sort_by(|a, b| b.priority.total_cmp(&a.priority));
        let names: Vec<String> = places.into_iter().map(|(_, name)| name.clone()).collect();
        Self { share, samples: vec![Samples::default(); names.len()], names, items }
    }

    pub(super) fn sample(&mut self, weights: &[u32]) {
        let (_, recalls) = self.recalls(weights);
        for (samples, recall) in self.samples.iter_mut().zip(recalls) {
            samples.push(recall);
        }
    }

    pub(super) fn figures(&self, ones: &[u32]) -> ReviewLoad {
        let (reports, recalls) = self.recalls(ones);
        let names = self.names.iter().zip(recalls).zip(&self.samples).enumerate();
        let positives = |place: usize| self.items.iter().filter(|item| item.truth.get(place) == Some(&true)).count();
        let names = names.map(|(place, ((name, recall), samples))| LoadRecall {
            name: name.clone(),
            positives: positives(place),
            recall: samples.estimate(recall),
        });
        ReviewLoad { share: self.share, reports, names: names.collect() }
    }

    fn recalls(&self, weights: &[u32]) -> (u64, Vec<Option<f64>>) {
        let weight = |item: &Item| u64::from(weights.get(item.case).copied().unwrap_or(0));
        let all: u64 = self.items.iter().map(weight).sum();
        let room = floor(self.share * real(all));
        let mut found = vec![0.0; self.names.len()];
        let mut positives = vec![0.0; self.names.len()];
        let mut left = real(room);
        for tied in self.items.chunk_by(|a, b| a.priority.total_cmp(&b.priority).is_eq()) {
            let here = real(tied.iter().map(weight).sum());
            let part = if here > 0.0 { (left / here).min(1.0) } else { 0.0 };
            left -= part * here;
            for item in tied {
                for ((truth, found), positives) in item.truth.iter().zip(&mut found).zip(&mut positives) {
                    let count = if *truth { real(weight(item)) } else { 0.0 };
                    *found += part * count;
                    *positives += count;
                }
            }
        }
        let recalls = found.iter().zip(&positives).map(|(found, all)| (*all > 0.0).then(|| found / all));
        (room, recalls.collect())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn floor(value: f64) -> u64 {
    // A share such as 0.07 of 100 is 7.000000000000001 or 6.999999999999999 in floating point.
    (value + 1e-9).floor() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Judgement;
    use crate::triage::{State, Urgency};

    fn case(scores: [Option<f64>; 2], truth: [bool; 2]) -> Case {
        let judgements = scores.into_iter().zip(truth);
        let judgements = judgements.map(|(score, truth)| Judgement { truth: Some(truth), score, state: State::Below });
        Case {
            id: String::new(),
            group: String::new(),
            language: "fr".into(),
            script: "latin".into(),
            judgements: judgements.collect(),
            given: None,
            decided: Urgency::U2,
            rationales: Vec::new(),
            deletions: Vec::new(),
        }
    }

    fn recalls(cases: &[Case], share: f64) -> Vec<Option<f64>> {
        let names = vec!["threat".to_owned(), "minors".to_owned()];
        let axes = Axes { labels: names.clone(), ..Axes::default() };
        let queue = Queue::new(cases, &axes, &names, share);
        let figures = queue.figures(&vec![1; cases.len()]);
        figures.names.iter().map(|name| name.recall.value).collect()
    }

    #[test]
    fn the_largest_of_the_scores_orders_and_ties_count_in_part() {
        let cases = [
            case([Some(0.9), Some(0.1)], [false, true]),
            case([Some(0.2), Some(0.5)], [true, false]),
            case([Some(0.5), Some(0.0)], [true, false]),
            case([Some(0.1), Some(0.1)], [true, false]),
        ];
        assert_eq!(recalls(&cases, 0.5), [Some(0.5 / 3.0 * 2.0), Some(1.0)]);
        assert_eq!(recalls(&cases, 1.0), [Some(1.0), Some(1.0)]);
    }

    #[test]
    fn a_report_that_was_not_judged_comes_first() {
        let cases = [case([Some(0.9), None], [false, false]), case([None, None], [true, false])];
        assert_eq!(recalls(&cases, 0.5), [Some(1.0), None]);
    }
}
