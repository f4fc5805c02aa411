use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Value of a record of `reports.feedback`, keyed by the report's id: what a unit found out about one
/// report. It has no field for words: nothing of the report or of a person belongs into it. Unknown
/// fields are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Feedback {
    /// Id of the report.
    pub report_id: String,
    /// Revision of the report that the unit had before it; absent for the newest.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revision: Option<u32>,
    /// Unit that decided.
    pub unit: String,
    /// When it decided; the latest feedback on a report counts.
    #[schemars(schema_with = "date_time")]
    pub decided_at: Timestamp,
    /// What it found.
    pub outcome: Outcome,
    /// The labels that apply; required for `corrected`, not allowed otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub labels: Vec<String>,
    /// Id of the report that this one repeats, for `duplicate`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duplicate_of: Option<String>,
}

/// What a unit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The flagged labels apply, and no others.
    Confirmed,
    /// Other labels apply: those listed.
    Corrected,
    /// No label applies.
    NotAnOffence,
    /// The report repeats another; its labels were not judged.
    Duplicate,
}

fn date_time(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "format": "date-time" })
}

/// JSON Schema (2020-12) of a record of feedback.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<Feedback>();
    schema.insert("title".to_owned(), Value::from("report.feedback"));
    schema.to_value()
}

/// Why feedback was refused. Says where, never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not JSON, or a field is missing or of the wrong type.
    #[error(
        "no feedback: not JSON, or a field is missing or of the wrong type (column {0}); `ibaleg schema feedback` prints the form"
    )]
    Form(usize),
    /// `corrected` without labels.
    #[error("`corrected` needs the labels that apply; where none does, the outcome is `not_an_offence`")]
    WithoutLabels,
    /// Labels beside another outcome.
    #[error("`labels` stand beside an outcome that has none; send `corrected`")]
    WithLabels,
}

impl Feedback {
    /// Reads the value of one record.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let feedback: Self = serde_json::from_slice(bytes).map_err(|error| Refused::Form(error.column()))?;
        match (feedback.outcome, feedback.labels.is_empty()) {
            (Outcome::Corrected, true) => Err(Refused::WithoutLabels),
            (Outcome::Confirmed | Outcome::NotAnOffence | Outcome::Duplicate, false) => Err(Refused::WithLabels),
            _ => Ok(feedback),
        }
    }
}

/// What was found of one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Revision that was judged; `None` for the newest.
    pub revision: Option<u32>,
    /// When it was judged.
    pub decided_at: Timestamp,
    /// Unit that judged.
    pub unit: String,
    /// What it found.
    pub outcome: Outcome,
    /// The labels that apply, for `corrected`.
    pub labels: Vec<String>,
}

/// The newest feedback on each report, in whatever order it came.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    newest: BTreeMap<String, Finding>,
    read: u64,
}

impl Findings {
    /// Takes one record.
    pub fn add(&mut self, feedback: Feedback) {
        self.read += 1;
        let Feedback { report_id, revision, unit, decided_at, outcome, mut labels, duplicate_of: _ } = feedback;
        labels.sort_unstable();
        labels.dedup();
        let finding = Finding { revision, decided_at, unit, outcome, labels };
        let rank = |finding: &Finding| {
            let outcome = match finding.outcome {
                Outcome::Duplicate => 0,
                Outcome::NotAnOffence => 1,
                Outcome::Confirmed => 2,
                Outcome::Corrected => 3,
            };
            (finding.decided_at, outcome, finding.labels.clone(), finding.unit.clone())
        };
        let newer = self.newest.get(&report_id).is_none_or(|known| rank(known) < rank(&finding));
        if newer {
            self.newest.insert(report_id, finding);
        }
    }

    /// Records read, those that were replaced among them.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// The newest of each report.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Finding)> {
        self.newest.iter().map(|(id, finding)| (id.as_str(), finding))
    }
}
