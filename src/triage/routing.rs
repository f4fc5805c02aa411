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
    let offset = policy.utc_offset();
    let (unit, rule) = match policy.routes().iter().find(|rule| rule.applies(evidence, grade, review, offset)) {
        Some(rule) => (rule.unit.clone(), rule.id.clone()),
        None => (policy.default_unit().to_owned(), "default".to_owned()),
    };
    let mut copies: Vec<RouteCopy> = Vec::new();
    if policy.copies() {
        for label in taxonomy.labels().iter().filter(|label| evidence.state(&label.id) == State::Flag) {
            if label.unit != unit && !copies.iter().any(|copy| copy.unit == label.unit) {
                copies.push(RouteCopy { unit: label.unit.clone(), label: label.id.clone() });
            }
        }
    }
    RouteDecision { unit, rule, copies }
}
