use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::EntityKind;
use crate::triage::{LabelDecision, Mark, ReviewDecision, UrgencyReason};

/// Data of a `report.classified` event: an ordering of one report for people, with its reasons.
/// Labels are a machine's assessment, not facts; qualification belongs to the prosecutor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Classified {
    /// What the report itself says, texts excepted.
    pub report: ReportFacts,
    /// How soon a unit must acknowledge, and why.
    pub urgency: Urgency,
    /// Who receives the report.
    pub route: Route,
    /// Whether a person must look, and why.
    pub review: ReviewDecision,
    /// Every label with its score, flagged ones first.
    pub labels: Vec<LabelDecision>,
    /// Organisations that the content concerns. A mention is not an offence.
    pub organisations: Vec<Mark>,
    /// Contexts in which the content must be read: press, research, counter-speech, prayer, quotation.
    pub contexts: Vec<Mark>,
    /// Languages and scripts of the texts.
    pub language: Languages,
    /// Words that speak for a label, as spans of the original texts.
    pub evidence: Vec<Evidence>,
    /// Identifiers found in the texts, made harmless to click, and what the texts say of amounts, dates, times and places.
    pub entities: Vec<Entity>,
    /// What decided: versions and digests.
    pub provenance: Provenance,
    /// When. The only part that differs when the same bytes are decided again.
    pub timings: Timings,
    /// The texts themselves, only where the configuration says `event.text = "embed"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Embedded>,
}

/// What the report says beside its texts. Nothing here identifies the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportFacts {
    /// Id given by the intake system; the key of every message about this report.
    pub id: String,
    /// Revision of the report; a later one replaces an earlier one.
    pub revision: u32,
    /// When the citizen sent it, as the intake system says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::date_time")]
    pub submitted_at: Option<Timestamp>,
    /// Category chosen by the reporter: evidence, not the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `victim` or `witness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// How much of their identity the reporter gave: `full`, `partial` or `anonymous`. Never used to decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Country the report was sent from, ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Platform of the reported content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Number of attachments referred to.
    pub attachments: usize,
    /// Optional fields that were ignored because they could not be read, as `code pointer`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
    /// Where the report was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Coordinates of a Kafka record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}

/// The grade with its reasons and the time in which a unit acknowledges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Urgency {
    /// `U0` (life or a child in danger now) to `U3` (minor, civil, out of scope).
    pub grade: crate::triage::Urgency,
    /// Every rule that gave a grade, most urgent first.
    pub reasons: Vec<UrgencyReason>,
    /// When the unit must have acknowledged.
    pub deadline: Deadline,
}

/// Time in which a unit acknowledges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deadline {
    /// Seconds from arrival.
    pub within_seconds: u64,
    /// Arrival plus that time.
    #[schemars(schema_with = "super::schema::date_time")]
    pub acknowledge_by: Timestamp,
}

/// The unit in charge and those that receive a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// Unit in charge.
    pub unit: String,
    /// The routing rule that named it; `default` when none applied.
    pub rule: String,
    /// Further units and the label that brings each its copy.
    pub copies: Vec<RouteCopy>,
}

pub use crate::triage::RouteCopy;

/// Languages of the report and of each text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Languages {
    /// Language of the description; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<TextLanguage>,
    /// Language of the content; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<TextLanguage>,
}

/// Language and script of one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TextLanguage {
    /// `ar`, `ary` (Darija in Arabic letters), `ary-Latn`, `zgh`, `fr`, `en`, `es`, `other` or `unknown`.
    pub language: String,
    /// `latin`, `arabic`, `tifinagh`, `mixed`, `other` or `none`.
    pub script: String,
    /// Confidence in the language, 0 to 1, rounded to two decimals.
    pub confidence: f64,
    /// Spans in a language of their own, when the text changes language.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub spans: Vec<LanguageSpan>,
}

/// A stretch of text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LanguageSpan {
    /// First character (Unicode scalar value) of the original text.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// Language tag, as of a whole text.
    pub language: String,
}

/// One of the two texts of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The citizen's own words.
    Description,
    /// The post or message reported.
    Content,
}

/// Words of the original text that speak for a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Label, organisation, or `fact:<id>` of the lexicon.
    pub label: String,
    /// Which text.
    pub field: Field,
    /// First character (Unicode scalar value) of the original text.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// Share of the label's logit that these words bring (model), or 1 (lexicon).
    pub weight: f64,
    /// `model`, or `lexicon:<term>`.
    pub source: String,
}

/// An identifier found in a text, or an amount, date, time or place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Which text.
    pub field: Field,
    /// First character (Unicode scalar value) of the original text.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// The identifier, defanged; cards show four digits only. Of an amount, number and currency (`3000 MAD`; the
    /// number alone where none is named); of a date, ISO 8601, `--MM-DD` without a year, or a day seen from the
    /// writer (`tomorrow`, `monday`); of a time, `18:00`, or `08:00|20:00` where both are possible; of a place, its
    /// French name.
    pub value: String,
    /// Of a place: its region, ISO 3166-2.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub region: Option<String>,
}

/// What decided. The same input digest with the same other digests gives the same decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// Version of the service.
    pub service: String,
    /// Name and version of the model package.
    pub model: String,
    /// SHA-256 of the model package.
    pub model_digest: String,
    /// SHA-256 of its tokenizer.
    pub tokenizer_digest: String,
    /// SHA-256 of the text preparation, the language identifier and the tables of entities.
    pub text_digest: String,
    /// SHA-256 of the taxonomy.
    pub taxonomy_digest: String,
    /// SHA-256 of the policy.
    pub policy_digest: String,
    /// SHA-256 of the lexicon.
    pub lexicon_digest: String,
    /// SHA-256 of the report's bytes as they arrived.
    pub input_digest: String,
}

/// When things happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    /// Arrival: the record's timestamp, else when the report was read.
    #[schemars(schema_with = "super::schema::date_time")]
    pub received_at: Timestamp,
    /// When it was decided.
    #[schemars(schema_with = "super::schema::date_time")]
    pub decided_at: Timestamp,
}

/// The report's own texts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Embedded {
    /// The citizen's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The post or message reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").finish_non_exhaustive()
    }
}

impl Classified {
    /// Labels whose state is `flag`, highest score first.
    pub fn flagged(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().filter(|label| label.state == crate::triage::State::Flag).map(|label| label.label.as_str())
    }

    /// Organisations whose state is `flag`.
    pub fn flagged_organisations(&self) -> impl Iterator<Item = &str> {
        self.organisations.iter().filter(|mark| mark.state == crate::triage::State::Flag).map(|mark| mark.id.as_str())
    }
}
