use schemars::JsonSchema;
use serde::Serialize;

use super::decisions::ratio;
use super::slices::Slice;
use crate::triage::State;

/// How evenly the languages are served for one name, at the flag threshold.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Parity {
    /// Label, organisation or context.
    pub name: String,
    /// Each language with its support.
    pub languages: Vec<LanguageRates>,
    /// Largest difference of recall between languages with enough positives.
    pub recall_gap: Option<Gap>,
    /// Largest difference of the false-positive rate between languages with enough negatives.
    pub false_positive_gap: Option<Gap>,
}

/// Rates of one language.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LanguageRates {
    /// Language tag.
    pub language: String,
    /// Reports to which the name applies.
    pub positives: u64,
    /// Share of them that is flagged.
    pub recall: Option<f64>,
    /// Reports to which it does not apply.
    pub negatives: u64,
    /// Share of them that is flagged.
    pub false_positive_rate: Option<f64>,
}

/// The two languages that lie furthest apart.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Gap {
    /// Difference of the rates.
    pub gap: f64,
    /// Language with the higher rate.
    pub highest: String,
    /// Language with the lower rate.
    pub lowest: String,
}

/// One entry a name; languages with fewer than `support` reports on one side stay out of that side's gap.
pub(super) fn parity(slices: &[Slice], support: u64, ones: &[u32]) -> Vec<Parity> {
    let languages: Vec<&Slice> =
        slices.iter().filter(|slice| slice.language.is_some() && slice.script.is_none()).collect();
    let names = languages.first().map_or(0, |slice| slice.columns.len());
    (0..names).filter_map(|place| of_name(&languages, place, support, ones)).collect()
}

fn of_name(languages: &[&Slice], place: usize, support: u64, ones: &[u32]) -> Option<Parity> {
    let mut rates = Vec::new();
    let mut name = None;
    for slice in languages {
        let column = slice.columns.get(place)?;
        name = Some(column.name.clone());
        let tally = column.tally(ones, State::Flag);
        let negatives = column.decided.len() as u64 - tally.positives;
        rates.push(LanguageRates {
            language: slice.language.clone()?,
            positives: tally.positives,
            recall: tally.recall(),
            negatives,
            false_positive_rate: ratio(tally.taken - tally.hits, negatives),
        });
    }
    let recalls = rates.iter().filter(|rate| rate.positives >= support);
    let alarms = rates.iter().filter(|rate| rate.negatives >= support);
    Some(Parity {
        name: name?,
        recall_gap: gap(recalls.filter_map(|rate| Some((rate.recall?, rate.language.as_str())))),
        false_positive_gap: gap(alarms.filter_map(|rate| Some((rate.false_positive_rate?, rate.language.as_str())))),
        languages: rates,
    })
}

/// `None` with fewer than two languages.
fn gap<'a>(rates: impl Iterator<Item = (f64, &'a str)>) -> Option<Gap> {
    let rates: Vec<(f64, &str)> = rates.collect();
    let highest = rates.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let lowest = rates.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let gap = Gap { gap: highest.0 - lowest.0, highest: highest.1.to_owned(), lowest: lowest.1.to_owned() };
    (rates.len() > 1).then_some(gap)
}
