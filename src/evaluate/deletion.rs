use std::collections::BTreeSet;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use super::ranking::real;
use super::{Case, Random, sign_test};

/// How much the logit of a label falls when words are taken out of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Deletion {
    /// The label that was raised.
    pub label: String,
    /// Fall without the span shown as evidence.
    pub shown: f64,
    /// Fall without a random span of as many words of the same text.
    pub random: f64,
}

/// Whether the words shown carry the score: pairs of a shown and a random span of the same length.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeletionFigures {
    /// The label; absent for all labels together.
    pub label: Option<String>,
    /// Pairs: raised labels whose text has room for a second span of that length.
    pub pairs: usize,
    /// Pairs in which the logit falls more without the span shown.
    pub shown_lowers_more: u64,
    /// Pairs in which it falls more without the random span.
    pub random_lowers_more: u64,
    /// Mean fall of the logit without the span shown.
    pub mean_fall_shown: Option<f64>,
    /// Mean fall of the logit without the random span.
    pub mean_fall_random: Option<f64>,
    /// Exact two-sided sign test of the two counts.
    pub p: f64,
}

/// A span of as many words as `shown` that does not touch it, drawn evenly among all of a text of
/// `words` words; `None` where there is none.
pub fn other_span(words: usize, shown: &Range<usize>, random: &mut Random) -> Option<Range<usize>> {
    let length = shown.len();
    let before = (shown.start + 1).saturating_sub(length);
    let after = (words + 1).saturating_sub(shown.end + length);
    if length == 0 || before + after == 0 {
        return None;
    }
    let drawn = random.below(before + after);
    let start = if drawn < before { drawn } else { shown.end + drawn - before };
    Some(start..start + length)
}

/// All labels together, then each label that has pairs.
pub(super) fn deletions(cases: &[Case]) -> Vec<DeletionFigures> {
    let all: Vec<&Deletion> = cases.iter().flat_map(|case| &case.deletions).collect();
    let labels: BTreeSet<&str> = all.iter().map(|deletion| deletion.label.as_str()).collect();
    let of = |label: &str| all.iter().copied().filter(|deletion| deletion.label == label).collect::<Vec<_>>();
    let together = (!labels.is_empty()).then(|| figures(None, &all));
    together.into_iter().chain(labels.iter().map(|label| figures(Some(label), &of(label)))).collect()
}

fn figures(label: Option<&str>, pairs: &[&Deletion]) -> DeletionFigures {
    let count = |which: fn(&Deletion) -> bool| pairs.iter().filter(|pair| which(pair)).count() as u64;
    let mean = |which: fn(&Deletion) -> f64| {
        (!pairs.is_empty()).then(|| pairs.iter().map(|pair| which(pair)).sum::<f64>() / real(pairs.len() as u64))
    };
    let (shown, random) = (count(|pair| pair.shown > pair.random), count(|pair| pair.random > pair.shown));
    DeletionFigures {
        label: label.map(str::to_owned),
        pairs: pairs.len(),
        shown_lowers_more: shown,
        random_lowers_more: random,
        mean_fall_shown: mean(|pair| pair.shown),
        mean_fall_random: mean(|pair| pair.random),
        p: sign_test(shown, random),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_span_can_be_drawn_and_none_touches_the_one_shown() {
        let mut random = Random::new(1);
        let drawn: BTreeSet<usize> =
            (0..500).filter_map(|_| other_span(9, &(3..5), &mut random)).map(|span| span.start).collect();
        assert_eq!(drawn, BTreeSet::from([0, 1, 5, 6, 7]));
    }

    #[test]
    fn a_span_that_fills_the_text_has_no_other() {
        let mut random = Random::new(1);
        assert_eq!(other_span(4, &(0..3), &mut random), None);
        assert_eq!(other_span(1, &(0..1), &mut random), None);
        assert_eq!(other_span(3, &(1..1), &mut random), None);
        assert_eq!(other_span(4, &(0..2), &mut random), Some(2..4));
    }
}
