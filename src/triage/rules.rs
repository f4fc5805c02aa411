//! The two kinds of rules of a policy: those that raise a grade and those that name a unit.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer};

use super::urgency::Evidence;
use super::{Score, State, Urgency};
use crate::text::EntityKind;
use crate::text::language::Language;

/// A rule that raises the grade when all its conditions meet.
///
/// Monotone by its form: there is no negation, and a field of the report that is missing meets
/// every condition upon it, so that leaving it empty never lowers a grade.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raise {
    pub(super) id: String,
    /// Any of these labels.
    #[serde(default)]
    pub(super) labels: Vec<String>,
    /// Each of these labels, organisations or contexts.
    #[serde(default)]
    pub(super) with: Vec<String>,
    /// Any of these facts.
    #[serde(default)]
    pub(super) facts: Vec<String>,
    /// Each of these facts.
    #[serde(default)]
    pub(super) all_facts: Vec<String>,
    /// Any entity of one of these kinds.
    #[serde(default)]
    pub(super) entities: Vec<EntityKind>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    pub(super) countries: Vec<String>,
    /// Grade when every label asked for is flagged.
    pub(super) to: Urgency,
    /// Grade when one of them is only in its review band; one grade less than `to` by default.
    #[serde(default)]
    in_review: Option<Urgency>,
}

impl Raise {
    /// Nothing in it asks for a label or mark: facts and fields alone would raise.
    pub(super) fn without_label(&self) -> bool {
        self.labels.is_empty() && self.with.is_empty()
    }

    pub(super) fn in_review(&self) -> Urgency {
        self.in_review.unwrap_or(self.to.weaker())
    }

    /// The facts that it asks for.
    pub(super) fn facts_asked(&self) -> impl Iterator<Item = &String> {
        self.facts.iter().chain(&self.all_facts)
    }

    /// The grade that it gives, if any.
    pub(super) fn grade(&self, evidence: &Evidence<'_>) -> Option<Urgency> {
        if !self.met(evidence) {
            return None;
        }
        let labels = self.labels.iter().map(|label| evidence.mark(label)).max();
        let weakest = self.with.iter().map(|name| evidence.mark(name)).chain(labels).min();
        match weakest {
            Some(State::Flag) | None => Some(self.to),
            Some(State::Review) => Some(self.in_review()),
            // Of a report that the model could not judge nobody knows which labels it deserves.
            Some(State::Below) if evidence.unjudged() && self.facts_asked().next().is_some() => Some(self.in_review()),
            Some(State::Below) => None,
        }
    }

    fn met(&self, evidence: &Evidence<'_>) -> bool {
        let findings = evidence.findings;
        let fact = |id: &String| evidence.facts.contains(id.as_str());
        let missing_or_in = |value: Option<&str>, wanted: &[String]| value.is_none() || any_equals(value, wanted);
        (self.facts.is_empty() || self.facts.iter().any(fact))
            && self.all_facts.iter().all(fact)
            && any(&self.entities, |kind| findings.entities.contains(kind))
            && missing_or_in(findings.category, &self.categories)
            && missing_or_in(findings.role, &self.roles)
            && missing_or_in(findings.country, &self.countries)
    }
}

/// A rule that names the unit in charge when all its conditions hold. A condition that is left out
/// holds always; one upon a missing field never does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) id: String,
    pub(super) unit: String,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    #[serde(default)]
    score: Option<Score>,
    #[serde(default)]
    pub(super) suspected: Vec<String>,
    #[serde(default)]
    pub(super) organisations: Vec<String>,
    #[serde(default)]
    pub(super) facts: Vec<String>,
    #[serde(default)]
    entities: Vec<EntityKind>,
    #[serde(default)]
    urgency: Option<Urgency>,
    #[serde(default)]
    languages: Vec<Language>,
    #[serde(default)]
    pub(super) countries: Vec<String>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    platforms: Vec<String>,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    submitted_hours: Option<Hours>,
    #[serde(default)]
    submitted_days: Vec<Day>,
    #[serde(default)]
    review: Option<bool>,
}

impl Route {
    pub(super) fn applies(&self, evidence: &Evidence<'_>, grade: Urgency, review: bool, offset: Offset) -> bool {
        let findings = evidence.findings;
        let at_least = |label: &String| self.score.is_none_or(|least| evidence.score(label) >= Some(least));
        any(&self.labels, |label| evidence.state(label) == State::Flag && at_least(label))
            && any(&self.suspected, |label| evidence.state(label) > State::Below)
            && any(&self.organisations, |id| evidence.organisation(id) == State::Flag)
            && any(&self.facts, |id| evidence.facts.contains(id.as_str()))
            && any(&self.entities, |kind| findings.entities.contains(kind))
            && self.urgency.is_none_or(|least| grade >= least)
            && any(&self.languages, |language| findings.languages.contains(&language.as_str()))
            && any_equals(findings.country, &self.countries)
            && any_equals(findings.category, &self.categories)
            && any_equals(findings.role, &self.roles)
            && any_equals(findings.platform, &self.platforms)
            && any_equals(findings.source, &self.sources)
            && self.submitted(findings.submitted_at, offset)
            && self.review.is_none_or(|wanted| wanted == review)
    }

    fn submitted(&self, at: Option<Timestamp>, offset: Offset) -> bool {
        if self.submitted_hours.is_none() && self.submitted_days.is_empty() {
            return true;
        }
        let Some(at) = at.map(|at| offset.to_datetime(at)) else { return false };
        self.submitted_hours.is_none_or(|hours| hours.hold(at.time()))
            && any(&self.submitted_days, |day| day.weekday() == at.weekday())
    }

    /// Whenever `later` applies this rule does too, so that after this one it is never reached.
    /// Only what the conditions prove by themselves: each condition of this rule is at least as
    /// wide as that of the other.
    pub(super) fn covers(&self, later: &Self) -> bool {
        wider(&self.labels, &later.labels)
            && self.score.is_none_or(|least| later.score.is_some_and(|score| score >= least))
            && (wider(&self.suspected, &later.suspected) || wider(&self.suspected, &later.labels))
            && wider(&self.organisations, &later.organisations)
            && wider(&self.facts, &later.facts)
            && wider(&self.entities, &later.entities)
            && self.urgency.is_none_or(|least| later.urgency.is_some_and(|grade| grade >= least))
            && wider(&self.languages, &later.languages)
            && wider(&self.countries, &later.countries)
            && wider(&self.categories, &later.categories)
            && wider(&self.roles, &later.roles)
            && wider(&self.platforms, &later.platforms)
            && wider(&self.sources, &later.sources)
            && (self.submitted_hours.is_none() || self.submitted_hours == later.submitted_hours)
            && wider(&self.submitted_days, &later.submitted_days)
            && (self.review.is_none() || self.review == later.review)
    }

    /// Holds for every report: it hides all rules after it.
    pub(super) fn unconditional(&self) -> bool {
        let nothing = Self { id: String::new(), unit: String::new(), ..Self::without_conditions() };
        self.covers(&nothing)
    }

    /// `score` says how sure one of `labels` must be.
    pub(super) fn score_without_labels(&self) -> bool {
        self.score.is_some() && self.labels.is_empty()
    }

    fn without_conditions() -> Self {
        Self {
            id: String::new(),
            unit: String::new(),
            labels: Vec::new(),
            score: None,
            suspected: Vec::new(),
            organisations: Vec::new(),
            facts: Vec::new(),
            entities: Vec::new(),
            urgency: None,
            languages: Vec::new(),
            countries: Vec::new(),
            categories: Vec::new(),
            roles: Vec::new(),
            platforms: Vec::new(),
            sources: Vec::new(),
            submitted_hours: None,
            submitted_days: Vec::new(),
            review: None,
        }
    }
}

/// A daily window, `from-to`; over midnight when `to` is earlier. `from` belongs to it, `to` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hours {
    from: Time,
    to: Time,
}

impl Hours {
    fn hold(self, time: Time) -> bool {
        if self.from <= self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ends = text.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        match ends {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            _ => Err(serde::de::Error::custom(format!("{text:?} is no daily window; write it as \"18:00-08:00\""))),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Self::Monday => Weekday::Monday,
            Self::Tuesday => Weekday::Tuesday,
            Self::Wednesday => Weekday::Wednesday,
            Self::Thursday => Weekday::Thursday,
            Self::Friday => Weekday::Friday,
            Self::Saturday => Weekday::Saturday,
            Self::Sunday => Weekday::Sunday,
        }
    }
}

fn any<T>(wanted: &[T], holds: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(holds)
}

fn any_equals(value: Option<&str>, wanted: &[String]) -> bool {
    any(wanted, |wanted| value.is_some_and(|value| value.trim().to_lowercase() == wanted.to_lowercase()))
}

/// The first list asks for no more than the second.
fn wider<T: PartialEq>(first: &[T], second: &[T]) -> bool {
    first.is_empty() || (!second.is_empty() && second.iter().all(|one| first.contains(one)))
}

#[cfg(test)]
mod tests {
    use super::{Hours, Route};

    fn route(conditions: &str) -> Route {
        toml::from_str(&format!("id = \"r\"\nunit = \"u\"\n{conditions}")).unwrap()
    }

    #[test]
    fn a_rule_that_asks_for_less_covers_one_that_asks_for_more() {
        let pairs = [
            ("", "labels = [\"a\"]"),
            ("labels = [\"a\", \"b\"]", "labels = [\"b\"]"),
            ("labels = [\"a\"]", "labels = [\"a\"]\nscore = 0.9"),
            ("suspected = [\"a\"]", "labels = [\"a\"]"),
            ("urgency = \"U1\"", "urgency = \"U0\"\nlanguages = [\"fr\"]"),
            ("submitted_hours = \"22:00-06:00\"", "submitted_hours = \"22:00-06:00\"\nreview = true"),
        ];
        for (wide, narrow) in pairs {
            assert!(route(wide).covers(&route(narrow)), "{wide} covers {narrow}");
            assert!(!route(narrow).covers(&route(wide)), "{narrow} does not cover {wide}");
        }
        assert!(route("").unconditional() && !route("review = false").unconditional());
    }

    #[test]
    fn a_daily_window_may_cross_midnight() {
        let hours: Hours = serde_json::from_str("\"18:00-08:00\"").unwrap();
        let at = |text: &str| hours.hold(text.parse().unwrap());
        assert!(at("18:00") && at("23:59") && at("07:59") && !at("08:00") && !at("12:00"));
        for bad in ["\"18:00\"", "\"18:00-18:00\"", "\"25:00-01:00\"", "\"night\""] {
            let error = serde_json::from_str::<Hours>(bad).unwrap_err().to_string();
            assert!(error.contains("18:00-08:00"), "{error}");
        }
    }
}
