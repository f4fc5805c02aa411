//! What `ibaleg eval --output json` writes.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Number, Value};

use super::corpus::{BadLine, Corpus};
use crate::evaluate::{Comparison, Evaluation};
use crate::model::check::Memory;

/// Format of the document; a change that could break a reader raises it.
pub(super) const FORMAT: u32 = 1;

/// Figures of one model package, or of two on the same reports.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Document {
    /// Format of this document: 1.
    pub(super) format: u32,
    /// Version of the program that measured.
    pub(super) service: String,
    /// What was measured on.
    pub(super) input: Source,
    /// How it was measured.
    pub(super) settings: Settings,
    /// One package, or the two of `--compare` in their order.
    pub(super) classifiers: Vec<Classifier>,
    /// The second against the first; absent without `--compare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comparison: Option<Comparison>,
    /// Lines with a problem; those not `used` are in no figure.
    pub(super) bad_lines: Vec<BadLine>,
    /// Texts of the reports that a list of the worst names; absent without `--show-text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) texts: Option<BTreeMap<String, Texts>>,
}

/// What was measured on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Source {
    /// Files in the order given.
    pub(super) files: Vec<String>,
    /// Side of the split; absent without one.
    pub(super) side: Option<String>,
    /// Reports of another side of the split, which were left out.
    pub(super) other_side: usize,
    /// Reports measured.
    pub(super) reports: usize,
}

/// How it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Settings {
    /// Rounds of the bootstrap.
    pub(super) rounds: usize,
    /// Its seed.
    pub(super) seed: u64,
    /// Share of all reports that can go to priority review.
    pub(super) review_load: f64,
    /// Labels whose largest score orders reports for priority review.
    pub(super) priority: Vec<String>,
    /// Positives (or negatives) from which slices are compared.
    pub(super) support: u64,
}

/// One model package with the rules of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Classifier {
    /// Name and version of the package.
    pub(super) model: String,
    /// SHA-256 of the package.
    pub(super) model_digest: String,
    /// SHA-256 of the text preparation.
    pub(super) text_digest: String,
    /// SHA-256 of the policy.
    pub(super) policy_digest: String,
    /// SHA-256 of the lexicon.
    pub(super) lexicon_digest: String,
    /// Labels, organisations and contexts of the taxonomy that the model has no output for.
    pub(super) without_output: Vec<String>,
    /// Memory of a process that loads this package and nothing else; only from `ibaleg model compare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<Memory>,
    /// How fast it decided: from the bytes of a report to its event, on one thread.
    pub(super) speed: Speed,
    /// The figures.
    pub(super) figures: Evaluation,
}

/// Time of one run on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub(super) struct Speed {
    /// Seconds for all reports.
    pub(super) seconds: f64,
    /// Reports a second.
    pub(super) reports_per_second: f64,
}

/// The two texts of one report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Texts {
    /// The citizen's own words.
    pub(super) description: Option<String>,
    /// The post or message reported.
    pub(super) content: Option<String>,
}

impl Texts {
    /// Those that are there.
    pub(super) fn present(&self) -> impl Iterator<Item = &str> {
        [&self.description, &self.content].into_iter().flatten().map(String::as_str).filter(|text| !text.is_empty())
    }
}

impl Document {
    /// Ids in the lists of the worst.
    fn listed(&self) -> BTreeSet<&str> {
        let of_figures = self.classifiers.iter().flat_map(|classifier| {
            let figures = &classifier.figures;
            let worst = figures.worst.iter().flat_map(|slice| slice.missed.iter().chain(&slice.false_flags));
            let alarms = figures.false_alarms.iter().flat_map(|alarms| &alarms.ids);
            worst.chain(alarms).chain(&figures.urgency.lower_ids)
        });
        let changes = self.comparison.iter().flat_map(|comparison| comparison.worst.iter().map(|change| &change.id));
        of_figures.chain(changes).map(String::as_str).collect()
    }

    /// Adds the texts of the reports that a list of the worst names.
    pub(super) fn with_texts(mut self, corpus: &Corpus) -> Self {
        let listed = self.listed();
        let shown = corpus.entries.iter().map(|entry| &entry.report).filter(|report| listed.contains(&*report.id));
        let texts = shown.map(|report| {
            let (description, content) = (report.description.clone(), report.content.clone());
            (report.id.clone(), Texts { description, content })
        });
        self.texts = Some(texts.collect());
        self
    }

    /// One line of JSON, numbers rounded to six decimals: more would be noise, and differ between machines.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        let mut value = serde_json::to_value(self)?;
        round(&mut value);
        serde_json::to_string(&value).map(|line| line + "\n")
    }
}

fn round(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(round),
        Value::Object(fields) => fields.values_mut().for_each(round),
        Value::Number(number) if number.is_f64() => {
            let rounded = number.as_f64().map(|number| (number * 1e6).round() / 1e6 + 0.0);
            if let Some(rounded) = rounded.and_then(Number::from_f64) {
                *number = rounded;
            }
        }
        _ => {}
    }
}

/// JSON Schema (2020-12) of the document.
pub(super) fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Document>();
    schema.insert("title".to_owned(), Value::from("ibaleg eval"));
    schema.to_value()
}
