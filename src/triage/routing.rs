use super::policy::Route;
use super::urgency::Evidence;
use super::{Policy, RouteCopy, RouteDecision, State, Taxonomy, Urgency};

/// The unit in charge: that of the first rule that applies, else the default. Units of the other
/// flagged labels receive a copy, so that no label's own unit is left out by the order of rules.
pub(super) fn route(
    taxonomy: &Taxonomy,
    policy: &Policy,
    evidence: &Evidence<'_>,
    grade: Urgency,
    review: bool,
) -> RouteDecision {
    let applies = |rule: &&Route| matches(rule, evidence, grade, review);
    let (unit, rule) = match policy.routes().iter().find(applies) {
        Some(rule) => (rule.unit.clone(), rule.id.clone()),
        None => (policy.default_unit().to_owned(), "default".to_owned()),
    };
    let mut copies: Vec<RouteCopy> = Vec::new();
    if policy.copies() {
        for label in taxonomy.labels().iter().filter(|label| evidence.flagged(&label.id)) {
            if label.unit != unit && !copies.iter().any(|copy| copy.unit == label.unit) {
                copies.push(RouteCopy { unit: label.unit.clone(), label: label.id.clone() });
            }
        }
    }
    RouteDecision { unit, rule, copies }
}

fn matches(rule: &Route, evidence: &Evidence<'_>, grade: Urgency, review: bool) -> bool {
    let findings = evidence.findings;
    let any = |wanted: &[String], holds: &dyn Fn(&str) -> bool| wanted.is_empty() || wanted.iter().any(|w| holds(w));
    let equals = |value: Option<&str>, wanted: &str| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted));
    any(&rule.labels, &|label| evidence.flagged(label))
        && any(&rule.organisations, &|id| evidence.organisation(id) == State::Flag)
        && rule.urgency.is_none_or(|least| grade >= least)
        && any(&rule.languages, &|language| findings.languages.contains(&language))
        && any(&rule.countries, &|country| equals(findings.country, country))
        && any(&rule.categories, &|category| equals(findings.category, category))
        && rule.review.is_none_or(|wanted| wanted == review)
}
