use std::collections::BTreeSet;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use super::Case;
use super::ranking::real;

/// The words of a text, split at white space, as byte ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<Range<usize>>);

impl Words {
    /// Splits a text.
    pub fn new(text: &str) -> Self {
        let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
        Self(text.split_whitespace().map(|word| start(word)..start(word) + word.len()).collect())
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There is no word.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Indices of the words that a byte range touches.
    pub fn touched(&self, bytes: &Range<usize>) -> Range<usize> {
        let first = self.0.partition_point(|word| word.end <= bytes.start);
        let end = self.0.partition_point(|word| word.start < bytes.end);
        first..end.max(first)
    }

    /// Bytes from the first to the last word of a range of indices; `None` for an empty or foreign range.
    pub fn bytes(&self, words: &Range<usize>) -> Option<Range<usize>> {
        let words = self.0.get(words.clone())?;
        Some(words.first()?.start..words.last()?.end)
    }
}

/// Evidence for one label of one report: words found against words marked, as indices over both texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rationale {
    /// The label, which applies to the report.
    pub label: String,
    /// Words that a person marked as decisive.
    pub marked: BTreeSet<usize>,
    /// Words that the classifier showed; `None` when it did not raise the label and so showed nothing.
    pub found: Option<BTreeSet<usize>>,
}

impl Rationale {
    /// Token precision, recall and F1; `None` when nothing was shown.
    fn overlap(&self) -> Option<[f64; 3]> {
        let found = self.found.as_ref()?;
        let hits = real(found.intersection(&self.marked).count() as u64);
        let share = |of: &BTreeSet<usize>| if of.is_empty() { 0.0 } else { hits / real(of.len() as u64) };
        let both = real((found.len() + self.marked.len()) as u64);
        Some([share(found), share(&self.marked), if both > 0.0 { 2.0 * hits / both } else { 0.0 }])
    }
}

/// How well the words shown agree with those marked: means over reports, as the token F1 of ERASER
/// (DeYoung and others 2020).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RationaleFigures {
    /// The label; absent for all labels together.
    pub label: Option<String>,
    /// Reports with marked evidence for a label that applies.
    pub marked: usize,
    /// Of them those on which the label was flagged or sent to a person, and so words were shown. The means are over these.
    pub shown: usize,
    /// Mean share of the shown words that are marked.
    pub precision: Option<f64>,
    /// Mean share of the marked words that are shown.
    pub recall: Option<f64>,
    /// Mean token F1.
    pub f1: Option<f64>,
}

/// All labels together, then each label that has evidence.
pub(super) fn rationales(cases: &[Case]) -> Vec<RationaleFigures> {
    let all = || cases.iter().flat_map(|case| &case.rationales);
    let labels: BTreeSet<&str> = all().map(|rationale| rationale.label.as_str()).collect();
    let of = |label: &str| all().filter(|rationale| rationale.label == label).collect::<Vec<_>>();
    let together = (!labels.is_empty()).then(|| figures(None, &all().collect::<Vec<_>>()));
    together.into_iter().chain(labels.iter().map(|label| figures(Some(label), &of(label)))).collect()
}

fn figures(label: Option<&str>, rationales: &[&Rationale]) -> RationaleFigures {
    let overlaps: Vec<[f64; 3]> = rationales.iter().filter_map(|rationale| rationale.overlap()).collect();
    let mean = |which: fn(&[f64; 3]) -> f64| {
        (!overlaps.is_empty()).then(|| overlaps.iter().map(which).sum::<f64>() / real(overlaps.len() as u64))
    };
    RationaleFigures {
        label: label.map(str::to_owned),
        marked: rationales.len(),
        shown: overlaps.len(),
        precision: mean(|overlap| overlap[0]),
        recall: mean(|overlap| overlap[1]),
        f1: mean(|overlap| overlap[2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_touched_by_any_byte_of_theirs() {
        let words = Words::new("  je vais\nte trouver 😡 ce soir ");
        assert_eq!(words.len(), 7);
        assert_eq!(words.touched(&(0..2)), 0..0);
        assert_eq!(words.touched(&(2..3)), 0..1);
        assert_eq!(words.touched(&(3..11)), 0..3);
        assert_eq!(words.touched(&(100..200)), 7..7);
        assert_eq!(words.bytes(&(1..3)), Some(5..12));
        assert_eq!((words.bytes(&(3..3)), words.bytes(&(6..9))), (None, None));
    }

    #[test]
    fn token_f1_by_hand() {
        let rationale = |found: Option<&[usize]>| Rationale {
            label: "threat".into(),
            marked: BTreeSet::from([1, 2, 3]),
            found: found.map(|found| found.iter().copied().collect()),
        };
        let some = [rationale(Some(&[2, 3, 4, 5])), rationale(None), rationale(Some(&[]))];
        let figures = figures(None, &some.iter().collect::<Vec<_>>());
        assert_eq!((figures.marked, figures.shown), (3, 2));
        assert!((figures.f1.unwrap() - 2.0 * 2.0 / 7.0 / 2.0).abs() < 1e-12);
        assert_eq!((figures.precision, figures.recall), (Some(0.25), Some(1.0 / 3.0)));
    }
}
