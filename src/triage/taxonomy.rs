use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Error, Urgency};

const FILE: &str = "taxonomy";

/// Names of one entry in the four languages of the platform.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// French.
    pub fr: String,
    /// Arabic.
    pub ar: String,
    /// English.
    pub en: String,
    /// Spanish.
    pub es: String,
}

/// A unit, an organisation or a context mark.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Stable identifier used in events and topic names.
    pub id: String,
    /// Names shown to people.
    pub names: Names,
}

/// A reference to the law, as a hint for the prosecutor.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalHint {
    /// Article or law.
    #[serde(rename = "ref")]
    pub reference: String,
    /// A lawyer has confirmed that the reference fits the label.
    pub checked: bool,
}

/// One thing that can be said of a report.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Stable identifier: the model's output name.
    pub id: String,
    /// Names shown to people.
    pub names: Names,
    /// What the label means.
    pub definition: String,
    /// Reports that carry it.
    pub examples: Vec<String>,
    /// Near neighbours that do not.
    pub counter_examples: Vec<String>,
    /// Articles that may apply.
    pub legal: Vec<LegalHint>,
    /// Code of the International Classification of Crime for Statistical Purposes, where one fits.
    #[serde(default)]
    pub iccs: Option<String>,
    /// Unit that receives a copy when the label is flagged.
    pub unit: String,
    /// Lowest grade of a report on which the label is flagged.
    pub urgency: Urgency,
    /// Line of the published figures in which the label is counted; `none` for no line.
    pub communique: String,
}

/// A line of the platform's published figures.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommuniqueLine {
    /// Stable identifier.
    pub id: String,
    /// Names shown to people.
    pub names: Names,
    /// Counted among the technology-related offences.
    pub technology: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    version: String,
    unit: Vec<Entry>,
    label: Vec<Label>,
    #[serde(default)]
    organisation: Vec<Entry>,
    #[serde(default)]
    context: Vec<Entry>,
    #[serde(default)]
    communique: Vec<CommuniqueLine>,
}

/// What can be said of a report, and the units that may receive it.
#[derive(Debug)]
pub struct Taxonomy {
    file: File,
}

impl Taxonomy {
    /// Reads a taxonomy; every name that it uses must be defined in it, once.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: File = super::policy::parse_toml(FILE, text)?;
        let wrong = |place: String, message: String| Err(Error::Meaning { file: FILE, place, message });
        if file.format != 1 {
            return wrong("format".into(), format!("this version reads format 1, not {}", file.format));
        }
        if file.label.is_empty() || file.unit.is_empty() {
            return wrong("label, unit".into(), "at least one label and one unit are needed".into());
        }
        let mut seen = BTreeMap::new();
        let kinds = file.label.iter().map(|l| ("label", &l.id));
        let kinds = kinds.chain(file.organisation.iter().map(|e| ("organisation", &e.id)));
        for (kind, id) in kinds.chain(file.context.iter().map(|e| ("context", &e.id))) {
            if !is_identifier(id) {
                return wrong(format!("{kind} {id:?}"), "an id is lower-case letters, digits and underscores".into());
            }
            if let Some(other) = seen.insert(id.clone(), kind) {
                return wrong(
                    format!("{kind} {id:?}"),
                    format!("the id is already that of a {other}; outputs share one name space"),
                );
            }
        }
        if let Some(unit) = file.unit.iter().find(|unit| !is_identifier(&unit.id)) {
            return wrong(format!("unit {:?}", unit.id), "an id is lower-case letters, digits and underscores".into());
        }
        for label in &file.label {
            if !file.unit.iter().any(|unit| unit.id == label.unit) {
                return wrong(
                    format!("label {:?}", label.id),
                    format!("unit {:?} is not defined by a [[unit]]", label.unit),
                );
            }
            if label.communique != "none" && !file.communique.iter().any(|line| line.id == label.communique) {
                return wrong(
                    format!("label {:?}", label.id),
                    format!("communique line {:?} is not defined", label.communique),
                );
            }
        }
        Ok(Self { file })
    }

    /// Version of the file, as its owner numbers it.
    pub fn version(&self) -> &str {
        &self.file.version
    }

    /// All labels, in the order of the file.
    pub fn labels(&self) -> &[Label] {
        &self.file.label
    }

    /// All organisations.
    pub fn organisations(&self) -> &[Entry] {
        &self.file.organisation
    }

    /// All context marks.
    pub fn contexts(&self) -> &[Entry] {
        &self.file.context
    }

    /// All units.
    pub fn units(&self) -> &[Entry] {
        &self.file.unit
    }

    /// Lines of the published figures, in their order.
    pub fn communique(&self) -> &[CommuniqueLine] {
        &self.file.communique
    }

    /// The label of this id.
    pub fn label(&self, id: &str) -> Option<&Label> {
        self.file.label.iter().find(|label| label.id == id)
    }

    /// Whether a model output of this name means anything here.
    pub fn knows(&self, id: &str) -> bool {
        self.label(id).is_some() || self.file.organisation.iter().chain(&self.file.context).any(|entry| entry.id == id)
    }
}

/// Ids become topic names and metric labels.
fn is_identifier(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
