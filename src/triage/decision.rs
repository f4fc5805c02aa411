use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Score, Urgency};

/// Where a score lies against its two thresholds. Later variants say more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Below the review threshold.
    Below,
    /// Between the thresholds: a person decides whether the label applies.
    Review,
    /// At or above the flag threshold.
    Flag,
}

/// One label's score and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabelDecision {
    /// Label of the taxonomy.
    pub label: String,
    /// Calibrated probability.
    pub score: Score,
    /// Threshold at which the label is flagged, for this report's languages.
    pub flag: Score,
    /// Threshold at which a person is asked.
    pub review: Score,
    /// What follows.
    pub state: State,
}

/// Who noticed a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarkSource {
    /// The model's score.
    Model,
    /// A name in the lexicon.
    Lexicon,
}

/// An organisation the report concerns, or a context in which it must be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// Organisation or context of the taxonomy.
    pub id: String,
    /// `flag`, or `review` when the score lies between the thresholds.
    pub state: State,
    /// The model's score, where the model has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// Who noticed it.
    pub source: MarkSource,
}

/// One rule that gave a grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UrgencyReason {
    /// `label_flagged`, `label_in_review`, `not_judged`, `partly_read`, `organisation_named`,
    /// `nothing_found`, or the id of a raising rule of the policy.
    pub code: String,
    /// The grade that this rule gives.
    pub grade: Urgency,
    /// The label concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// How soon a unit must acknowledge the report, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UrgencyDecision {
    /// The highest grade among the reasons.
    pub grade: Urgency,
    /// Every rule that gave a grade, most urgent first; never empty.
    pub reasons: Vec<UrgencyReason>,
    /// Seconds from the report's arrival in which the unit acknowledges it.
    pub acknowledge_within_seconds: u64,
}

/// A copy for the unit of a further flagged label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteCopy {
    /// Unit of the taxonomy.
    pub unit: String,
    /// The label that brings the copy.
    pub label: String,
}

/// Who receives the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteDecision {
    /// Unit in charge.
    pub unit: String,
    /// The routing rule that named it; `default` when none applied.
    pub rule: String,
    /// Further units that receive a copy.
    pub copies: Vec<RouteCopy>,
}

/// One reason for which a person must look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewReason {
    /// `score_in_review_band`, `label_always_reviewed`, `organisation_in_review_band`,
    /// `organisation_without_label`, `context_mark`, `model_and_lexicon_disagree`,
    /// `category_disagrees`, `model_failed`, `no_text`, `unreadable`, `partly_read`,
    /// `language_unknown`, `language_review_only` or `blind_sample`.
    pub code: String,
    /// The label, organisation, context or language concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl ReviewReason {
    pub(super) fn of(code: &str, label: &str) -> Self {
        Self { code: code.to_owned(), label: Some(label.to_owned()) }
    }
}

/// Whether a person must look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewDecision {
    /// There is at least one reason.
    pub needed: bool,
    /// Every reason.
    pub reasons: Vec<ReviewReason>,
}

/// Everything decided of one report: an ordering for people, never a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Every label of the model, flagged ones first, then by score.
    pub labels: Vec<LabelDecision>,
    /// Organisations the report concerns.
    pub organisations: Vec<Mark>,
    /// Contexts in which it must be read.
    pub contexts: Vec<Mark>,
    /// How soon.
    pub urgency: UrgencyDecision,
    /// Whether a person must look.
    pub review: ReviewDecision,
    /// Who receives it.
    pub route: RouteDecision,
}

impl Decision {
    /// The flagged labels, highest score first.
    pub fn flagged(&self) -> impl Iterator<Item = &LabelDecision> {
        self.labels.iter().filter(|label| label.state == State::Flag)
    }
}
