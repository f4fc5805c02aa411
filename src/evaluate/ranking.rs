use schemars::JsonSchema;
use serde::Serialize;

use super::decisions::ratio;

/// Points kept of one precision–recall curve, at most.
const MOST_POINTS: usize = 100;

/// Reports by falling score, for one name.
///
/// Every measure counts each report as often as its weight says (how often the bootstrap drew it);
/// reports of equal score enter together, so that the order of the input does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranked {
    items: Vec<Item>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Item {
    case: usize,
    truth: bool,
    score: f64,
}

/// What lies at or above one score.
#[derive(Debug, Clone, Copy)]
struct Step {
    threshold: f64,
    hits: u64,
    taken: u64,
}

/// One point of a precision–recall curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Point {
    /// Score from which reports are taken.
    pub threshold: f64,
    /// Share of the positives that are taken.
    pub recall: f64,
    /// Share of what is taken that is positive.
    pub precision: f64,
}

/// The largest recall at which precision is still high enough.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AtPrecision {
    /// Label, organisation or context.
    pub name: String,
    /// Least precision asked for.
    pub precision: f64,
    /// Positives.
    pub positives: usize,
    /// Largest recall with at least that precision; 0 when no threshold gives it.
    pub recall: super::Estimate,
    /// The threshold that gives it.
    pub threshold: Option<f64>,
}

impl Ranked {
    /// Ranks (index of the case, truth, score).
    pub fn new(items: impl IntoIterator<Item = (usize, bool, f64)>) -> Self {
        let mut items: Vec<Item> =
            items.into_iter().map(|(case, truth, score)| Item { case, truth, score: score + 0.0 }).collect();
        // Adding 0 made -0 equal to 0, which the order below would part.
        items.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.case.cmp(&b.case)));
        Self { items }
    }

    /// Average precision: the sum over the distinct scores of precision × gain in recall, without
    /// interpolation, as `sklearn.metrics.average_precision_score`. `None` without positives.
    pub fn average_precision(&self, weights: &[u32]) -> Option<f64> {
        let (mut sum, mut before, mut hits) = (0.0, 0, 0);
        self.steps(weights, |step| {
            if step.hits > before {
                sum += real(step.hits - before) * real(step.hits) / real(step.taken);
            }
            before = step.hits;
            hits = step.hits;
        });
        (hits > 0).then(|| sum / real(hits))
    }

    /// The largest recall whose precision is at least `least`, and its threshold; `None` without positives.
    pub fn recall_at_precision(&self, weights: &[u32], least: f64) -> Option<(f64, Option<f64>)> {
        let (mut best, mut positives) = (None, 0);
        self.steps(weights, |step| {
            positives = step.hits;
            if step.hits > 0 && real(step.hits) >= least * real(step.taken) {
                best = Some((step.hits, step.threshold));
            }
        });
        let recall = best.map_or(0.0, |(hits, _)| ratio(hits, positives).unwrap_or(0.0));
        (positives > 0).then_some((recall, best.map(|(_, threshold)| threshold)))
    }

    /// The precision–recall curve by rising recall. Of more than 100 points only those that gain recall
    /// stay, the ones that average precision sums; if they are still more, 100 of them at even steps.
    pub fn curve(&self, weights: &[u32]) -> Vec<Point> {
        let mut steps = Vec::new();
        self.steps(weights, |step| steps.push(step));
        let positives = steps.last().map_or(0, |step| step.hits);
        if steps.len() > MOST_POINTS {
            steps.dedup_by_key(|step| step.hits);
            steps.retain(|step| step.hits > 0);
        }
        let point = |step: &Step| {
            let recall = ratio(step.hits, positives)?;
            Some(Point { threshold: step.threshold, recall, precision: ratio(step.hits, step.taken)? })
        };
        let last = steps.len().saturating_sub(1);
        let kept = steps.len().min(MOST_POINTS);
        let chosen = (0..kept).map(|index| if kept < 2 { 0 } else { index * last / (kept - 1) });
        chosen.filter_map(|index| steps.get(index)).filter_map(point).collect()
    }

    /// Calls `each` at every distinct score that has weight, falling.
    fn steps(&self, weights: &[u32], mut each: impl FnMut(Step)) {
        let (mut hits, mut taken) = (0, 0);
        let mut items = self.items.iter().peekable();
        while let Some(item) = items.next() {
            let weight = u64::from(weights.get(item.case).copied().unwrap_or(0));
            taken += weight;
            if item.truth {
                hits += weight;
            }
            let tied = items.peek().is_some_and(|next| next.score.total_cmp(&item.score).is_eq());
            if !tied && taken > 0 {
                each(Step { threshold: item.score, hits, taken });
            }
        }
    }
}

/// Average precision of scores with their truth; see [`Ranked::average_precision`]. The shorter of the
/// two lists decides how many are read.
pub fn average_precision(truth: &[bool], scores: &[f64]) -> Option<f64> {
    let pairs = truth.iter().zip(scores).enumerate();
    let ranked = Ranked::new(pairs.map(|(case, (truth, score))| (case, *truth, *score)));
    ranked.average_precision(&vec![1; truth.len()])
}

#[expect(clippy::cast_precision_loss, reason = "counts of reports stay far below 2^52")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_scikit_learn() {
        let ap = average_precision(&[false, false, true, true], &[0.1, 0.4, 0.35, 0.8]).unwrap();
        assert!((ap - 0.833_333_333).abs() < 1e-8);
    }

    #[test]
    fn equal_scores_enter_together() {
        assert_eq!(average_precision(&[true, false, false, false], &[0.5; 4]), Some(0.25));
        assert_eq!(average_precision(&[false, false], &[0.1, 0.2]), None);
        assert_eq!(average_precision(&[], &[]), None);
    }

    #[test]
    fn a_weight_counts_a_report_as_often_as_it_says() {
        let ranked = Ranked::new([(0, true, 0.0), (1, false, -0.0), (2, true, 1.0)]);
        assert_eq!(ranked.average_precision(&[1, 1, 1]), Some(0.5 + 0.5 * 2.0 / 3.0));
        assert_eq!(ranked.average_precision(&[2, 2, 2]), ranked.average_precision(&[1, 1, 1]));
        assert_eq!(ranked.average_precision(&[0, 1, 0]), None);
    }

    #[test]
    fn recall_at_precision_takes_the_lowest_threshold_that_still_holds() {
        let ranked = Ranked::new([(0, false, 0.9), (1, true, 0.8), (2, false, 0.7), (3, false, 0.6), (4, true, 0.5)]);
        assert_eq!(ranked.recall_at_precision(&[1; 5], 0.5), Some((0.5, Some(0.8))));
        assert_eq!(ranked.recall_at_precision(&[1; 5], 0.4), Some((1.0, Some(0.5))));
        assert_eq!(ranked.recall_at_precision(&[1; 5], 0.9), Some((0.0, None)));
    }

    #[test]
    fn a_long_curve_keeps_its_ends() {
        let ranked =
            Ranked::new((0..1000).map(|case: u32| (case as usize, case.is_multiple_of(3), f64::from(case) / 1000.0)));
        let curve = ranked.curve(&[1; 1000]);
        assert_eq!(curve.len(), 100);
        assert!((curve[0].threshold - 0.999).abs() < 1e-12 && (curve[99].recall - 1.0).abs() < 1e-12);
        assert!(curve.is_sorted_by(|a, b| a.recall <= b.recall));
    }
}
