//! Tests that stand beside the rules in the policy: what is given, what must be decided.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use jiff::Timestamp;
use serde::Deserialize;

use super::checks::wrong;
use super::{Decision, Error, Findings, Hit, Meaning, Policy, Score, Taxonomy, Triage, Urgency, review};
use crate::text::EntityKind;
use crate::text::language::Language;

/// Ids tried so that a case is not drawn for blind review by accident.
const IDS: u32 = 1000;

/// One `[[test]]` of a policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    name: String,
    #[serde(default)]
    given: Given,
    expect: Expect,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "four independent things that can go wrong with a report")]
struct Given {
    flagged: Vec<String>,
    in_review: Vec<String>,
    scores: BTreeMap<String, Score>,
    named: Vec<String>,
    facts: Vec<String>,
    entities: Vec<EntityKind>,
    languages: Option<Vec<Language>>,
    category: Option<String>,
    role: Option<String>,
    country: Option<String>,
    platform: Option<String>,
    source: Option<String>,
    submitted_at: Option<String>,
    model_failed: bool,
    without_text: bool,
    unreadable: bool,
    partly_read: bool,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expect {
    unit: Option<String>,
    rule: Option<String>,
    copies: Option<Vec<String>>,
    urgency: Option<Urgency>,
    raised_by: Option<String>,
    review: Option<bool>,
    reasons: Option<Vec<String>>,
}

/// What became of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseOutcome {
    /// The test's name.
    pub name: String,
    /// What was expected and what was decided, for each expectation not met; none when it passed.
    pub failures: Vec<String>,
    /// The routing and raising rules that applied.
    pub rules: BTreeSet<String>,
}

impl Case {
    pub(super) fn run(&self, triage: &Triage) -> CaseOutcome {
        let decision = self.decide(triage);
        let mut rules: BTreeSet<String> = decision.urgency.reasons.iter().map(|reason| reason.code.clone()).collect();
        rules.insert(decision.route.rule.clone());
        rules.retain(|id| triage.rules().any(|rule| rule == id));
        CaseOutcome { name: self.name.clone(), failures: self.expect.failures(&decision), rules }
    }

    fn decide(&self, triage: &Triage) -> Decision {
        let given = &self.given;
        let policy = triage.policy();
        let mut scores: BTreeMap<&String, Score> =
            given.in_review.iter().map(|name| (name, policy.band(name).review)).collect();
        scores.extend(given.flagged.iter().map(|name| (name, policy.band(name).flag)));
        scores.extend(given.scores.iter().map(|(name, score)| (name, *score)));
        // A label that a test leaves unsaid is one that the model sees nothing of.
        let mut given_scores: Vec<(String, Score)> = scores.into_iter().map(|(name, s)| (name.clone(), s)).collect();
        for label in triage.taxonomy().labels() {
            if !given_scores.iter().any(|(name, _)| *name == label.id) {
                given_scores.push((label.id.clone(), Score::default()));
            }
        }
        let hit = |meaning| Hit { term: self.name.clone(), meaning, span: 0..0 };
        let facts = given.facts.iter().map(|id| hit(Meaning::Fact(id.clone())));
        let hits: Vec<Hit> = facts.chain(given.named.iter().map(|id| hit(Meaning::Organisation(id.clone())))).collect();
        let languages: Vec<&str> = match &given.languages {
            Some(languages) => languages.iter().map(|language| language.as_str()).collect(),
            None => vec![Language::Fr.as_str()],
        };
        let ids = (0..IDS).map(|n| format!("{} {n}", self.name));
        let id = ids.into_iter().find(|id| !review::drawn(policy, id)).unwrap_or_default();
        let findings = Findings {
            report_id: &id,
            scores: (!given.model_failed).then_some(&given_scores),
            hits: &hits,
            languages: &languages,
            entities: &given.entities,
            category: given.category.as_deref(),
            role: given.role.as_deref(),
            country: given.country.as_deref(),
            platform: given.platform.as_deref(),
            source: given.source.as_deref(),
            submitted_at: given.submitted_at(),
            without_text: given.without_text,
            unreadable: given.unreadable,
            partly_read: given.partly_read,
        };
        triage.decide(&findings, &|_, _| None)
    }
}

impl Given {
    fn submitted_at(&self) -> Option<Timestamp> {
        self.submitted_at.as_ref().and_then(|text| text.parse().ok())
    }
}

impl Expect {
    fn failures(&self, decision: &Decision) -> Vec<String> {
        let mut failures = Vec::new();
        unless_equal(&mut failures, "unit", self.unit.as_ref(), &decision.route.unit);
        unless_equal(&mut failures, "rule", self.rule.as_ref(), &decision.route.rule);
        let copies: Vec<String> = decision.route.copies.iter().map(|copy| copy.unit.clone()).collect();
        unless_equal(&mut failures, "copies", self.copies.as_ref(), &copies);
        unless_equal(&mut failures, "urgency", self.urgency.as_ref(), &decision.urgency.grade);
        unless_equal(&mut failures, "review", self.review.as_ref(), &decision.review.needed);
        let raising: Vec<&str> = decision.urgency.reasons.iter().map(|reason| reason.code.as_str()).collect();
        if let Some(rule) = self.raised_by.as_ref().filter(|rule| !raising.contains(&rule.as_str())) {
            failures.push(format!("raised_by: {rule} expected, {} decided", raising.join(", ")));
        }
        let reasons: Vec<&str> = decision.review.reasons.iter().map(|reason| reason.code.as_str()).collect();
        for reason in self.reasons.iter().flatten().filter(|reason| !reasons.contains(&reason.as_str())) {
            failures.push(format!("reasons: {reason} expected, {} decided", reasons.join(", ")));
        }
        failures
    }
}

fn unless_equal<T: PartialEq + Debug>(failures: &mut Vec<String>, what: &str, expected: Option<&T>, decided: &T) {
    if let Some(expected) = expected.filter(|expected| *expected != decided) {
        failures.push(format!("{what}: {expected:?} expected, {decided:?} decided"));
    }
}

/// Names used by the tests must be defined, and each test must expect something.
pub(super) fn check(policy: &Policy, taxonomy: &Taxonomy, facts: &BTreeSet<&str>) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    for case in policy.cases() {
        let place = format!("[[test]] {:?}", case.name);
        if !names.insert(&case.name) {
            return wrong(&place, "the name is taken; each test needs a name of its own".into());
        }
        if case.expect == Expect::default() {
            return wrong(&place, "the test expects nothing; give `expect` a unit, a grade or a reason".into());
        }
        let given = &case.given;
        let outputs = given.flagged.iter().chain(&given.in_review).chain(given.scores.keys()).chain(&given.named);
        if let Some(id) = outputs.into_iter().find(|id| !taxonomy.knows(id)) {
            return wrong(&place, format!("{id:?} is not defined in the taxonomy"));
        }
        if let Some(id) = given.facts.iter().find(|id| !facts.contains(id.as_str())) {
            return wrong(&place, format!("{id:?} is not a fact of the lexicon"));
        }
        if given.submitted_at.is_some() && given.submitted_at().is_none() {
            return wrong(&place, "`submitted_at` is no time; write it as \"2026-03-01T22:30:00Z\"".into());
        }
        let unit = |id: &&String| !taxonomy.units().iter().any(|unit| unit.id == **id);
        if let Some(id) = case.expect.unit.iter().chain(case.expect.copies.iter().flatten()).find(unit) {
            return wrong(&place, format!("unit {id:?} is not defined in the taxonomy"));
        }
        let rules = policy.routes().iter().map(|rule| &rule.id).chain(policy.raises().iter().map(|rule| &rule.id));
        let rules: BTreeSet<&str> = rules.map(String::as_str).chain(["default"]).collect();
        if let Some(id) = case.expect.rule.iter().chain(&case.expect.raised_by).find(|id| !rules.contains(id.as_str()))
        {
            return wrong(&place, format!("no rule has the id {id:?}"));
        }
    }
    Ok(())
}
