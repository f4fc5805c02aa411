use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Findings, LabelDecision, Mark, Policy, Score, State, Taxonomy, UrgencyDecision, UrgencyReason};

/// How soon a unit must look. `U0` is the most urgent and compares greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Urgency {
    /// Minor, civil, or out of scope.
    U3,
    /// Ordinary.
    U2,
    /// Serious and time-bound.
    U1,
    /// Life or a child in danger now, an attack planned or under way, a sign of suicide.
    U0,
}

impl Urgency {
    /// All grades, most urgent first.
    pub const ALL: [Self; 4] = [Self::U0, Self::U1, Self::U2, Self::U3];

    /// One grade less urgent; the lowest stays.
    pub(super) fn weaker(self) -> Self {
        match self {
            Self::U0 => Self::U1,
            Self::U1 => Self::U2,
            Self::U2 | Self::U3 => Self::U3,
        }
    }
}

impl fmt::Display for Urgency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What the rules of urgency, review and routing look at.
pub(super) struct Evidence<'a> {
    pub(super) labels: &'a [LabelDecision],
    pub(super) organisations: &'a [Mark],
    pub(super) contexts: &'a [Mark],
    pub(super) facts: &'a BTreeSet<&'a str>,
    pub(super) findings: &'a Findings<'a>,
}

impl Evidence<'_> {
    pub(super) fn state(&self, label: &str) -> State {
        self.labels.iter().find(|l| l.label == label).map_or(State::Below, |l| l.state)
    }

    pub(super) fn score(&self, label: &str) -> Option<Score> {
        self.labels.iter().find(|l| l.label == label).map(|l| l.score)
    }

    pub(super) fn organisation(&self, id: &str) -> State {
        self.organisations.iter().find(|mark| mark.id == id).map_or(State::Below, |mark| mark.state)
    }

    /// State of a label, an organisation or a context.
    pub(super) fn mark(&self, id: &str) -> State {
        let context = self.contexts.iter().find(|mark| mark.id == id).map_or(State::Below, |mark| mark.state);
        self.state(id).max(self.organisation(id)).max(context)
    }

    /// Nothing in the report could be judged by the model.
    pub(super) fn unjudged(&self) -> bool {
        self.findings.scores.is_none() || self.findings.without_text || self.findings.unreadable
    }
}

/// The highest grade that any rule gives, with every rule that gave one.
pub(super) fn grade(taxonomy: &Taxonomy, policy: &Policy, evidence: &Evidence<'_>) -> UrgencyDecision {
    let mut reasons = Vec::new();
    let mut give = |code: &str, grade: Urgency, label: Option<&str>| {
        reasons.push(UrgencyReason { code: code.to_owned(), grade, label: label.map(str::to_owned) });
    };
    for label in taxonomy.labels() {
        match evidence.state(&label.id) {
            State::Flag => give("label_flagged", label.urgency, Some(&label.id)),
            State::Review => give("label_in_review", label.urgency.weaker(), Some(&label.id)),
            State::Below => {}
        }
    }
    for rule in policy.raises() {
        if let Some(grade) = rule.grade(evidence) {
            give(&rule.id, grade, None);
        }
    }
    if evidence.unjudged() {
        give("not_judged", policy.unreadable(), None);
    }
    if evidence.findings.partly_read {
        give("partly_read", policy.unreadable(), None);
    }
    if evidence.organisations.iter().any(|mark| mark.state == State::Flag) {
        give("organisation_named", Urgency::U2, None);
    }
    if reasons.is_empty() {
        reasons.push(UrgencyReason { code: "nothing_found".to_owned(), grade: policy.floor(), label: None });
    }
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.grade));
    let grade = reasons.iter().map(|reason| reason.grade).max().unwrap_or(policy.floor()).max(policy.floor());
    UrgencyDecision { grade, reasons, acknowledge_within_seconds: policy.deadline(grade) }
}
