use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Finding, Findings, Outcome};
use crate::stats::{Facts, Ledger};

/// Format of the document; a change that could break a reader raises it.
pub const FORMAT: u32 = 1;

/// How predictions stood the judgement of units. `feedback = judged + duplicates + unmatched`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// Format of this document: 1.
    pub format: u32,
    /// Reports predicted.
    pub reports: u64,
    /// Reports with feedback.
    pub feedback: u64,
    /// Of these, those whose labels a unit judged: what all shares below are taken of.
    pub judged: u64,
    /// Of these, those called a duplicate: their labels were not judged.
    pub duplicates: u64,
    /// Of these, those of which no prediction (of this revision) is known.
    pub unmatched: u64,
    /// Figures with a smaller denominator are left out.
    pub floor: u64,
    /// Agreement over all judged reports, by language and by unit.
    pub agreement: Vec<Agreement>,
    /// Precision of each label over all judged reports, by language and by unit.
    pub precision: Vec<Precision>,
}

/// Reports whose flagged labels are exactly those that apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Agreement {
    /// `all`, `language` or `unit` (the one that was in charge when the report was predicted).
    pub by: String,
    /// Which language or unit; empty for `all`.
    pub slice: String,
    /// Reports on which prediction and unit agree.
    pub agree: u64,
    /// Judged reports of the slice.
    pub judged: u64,
    /// The first divided by the second, rounded to four decimals.
    pub share: f64,
}

/// Of the reports on which a label was flagged, those to which it applies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Precision {
    /// Label.
    pub label: String,
    /// `all`, `language` or `unit`.
    pub by: String,
    /// Which language or unit; empty for `all`.
    pub slice: String,
    /// Reports on which it was flagged and to which it applies.
    pub right: u64,
    /// Judged reports on which it was flagged.
    pub flagged: u64,
    /// The first divided by the second, rounded to four decimals.
    pub share: f64,
    /// Judged reports to which it applies and on which it was not flagged. No recall follows from it:
    /// units judge what reaches them.
    pub missed: u64,
}

/// JSON Schema (2020-12) of the figures.
pub fn quality_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Quality>();
    schema.insert("title".to_owned(), Value::from("report.quality"));
    schema.to_value()
}

type Slice<'a> = (&'static str, &'a str);

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    right: u64,
    of: u64,
    missed: u64,
}

/// Joins feedback with predictions by report id and revision. Figures whose denominator is below the
/// floor are left out: they would speak of single reports.
pub fn quality(findings: &Findings, ledger: &Ledger, floor: u64) -> Quality {
    let mut quality = Quality {
        format: FORMAT,
        reports: ledger.tally().reports,
        feedback: 0,
        judged: 0,
        duplicates: 0,
        unmatched: 0,
        floor,
        agreement: Vec::new(),
        precision: Vec::new(),
    };
    let mut agreement: BTreeMap<Slice<'_>, Counts> = BTreeMap::new();
    let mut labels: BTreeMap<(&str, Slice<'_>), Counts> = BTreeMap::new();
    for (report_id, finding) in findings.iter() {
        quality.feedback += 1;
        let Some(facts) = ledger.predicted(report_id, finding.revision) else {
            quality.unmatched += 1;
            continue;
        };
        let Some(truth) = truth(finding, facts) else {
            quality.duplicates += 1;
            continue;
        };
        quality.judged += 1;
        let flagged: BTreeSet<&str> = facts.labels.iter().map(String::as_str).collect();
        for slice in slices(facts) {
            let counts = agreement.entry(slice).or_default();
            counts.of += 1;
            counts.right += u64::from(flagged == truth);
            for label in flagged.union(&truth) {
                let counts = labels.entry((label, slice)).or_default();
                counts.of += u64::from(flagged.contains(label));
                counts.right += u64::from(flagged.contains(label) && truth.contains(label));
                counts.missed += u64::from(!flagged.contains(label));
            }
        }
    }
    let known = |counts: &Counts| counts.of > 0 && counts.of >= floor;
    let agreement = agreement.into_iter().filter(|(_, counts)| known(counts));
    quality.agreement = agreement
        .map(|((by, slice), Counts { right, of, .. })| Agreement {
            by: by.to_owned(),
            slice: slice.to_owned(),
            agree: right,
            judged: of,
            share: share(right, of),
        })
        .collect();
    let labels = labels.into_iter().filter(|(_, counts)| known(counts));
    quality.precision = labels
        .map(|((label, (by, slice)), Counts { right, of, missed })| Precision {
            label: label.to_owned(),
            by: by.to_owned(),
            slice: slice.to_owned(),
            right,
            flagged: of,
            share: share(right, of),
            missed,
        })
        .collect();
    quality
}

/// The labels that apply; `None` where they were not judged.
fn truth<'a>(finding: &'a Finding, facts: &'a Facts) -> Option<BTreeSet<&'a str>> {
    match finding.outcome {
        Outcome::Confirmed => Some(facts.labels.iter().map(String::as_str).collect()),
        Outcome::Corrected => Some(finding.labels.iter().map(String::as_str).collect()),
        Outcome::NotAnOffence => Some(BTreeSet::new()),
        Outcome::Duplicate => None,
    }
}

fn slices(facts: &Facts) -> [Slice<'_>; 3] {
    [("all", ""), ("language", facts.language.as_deref().unwrap_or("no_text")), ("unit", &facts.unit)]
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn share(count: u64, of: u64) -> f64 {
    (count as f64 / of as f64 * 1e4).round() / 1e4
}
