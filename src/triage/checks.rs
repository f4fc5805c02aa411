//! What is refused in a policy before anything is decided by it.

use std::collections::BTreeSet;

use jiff::tz::Offset;

use super::policy::{DEFAULT, FILE, File};
use super::rules::Raise;
use super::{Error, Policy, Taxonomy, Urgency};

/// What can be said without the taxonomy and the lexicon.
pub(super) fn check_alone(file: &File) -> Result<(), Error> {
    if file.format != 1 {
        return wrong("format", format!("this version reads format 1, not {}", file.format));
    }
    for grade in Urgency::ALL {
        match file.deadlines.get(&grade) {
            None => return wrong("[deadlines]", format!("{grade} has no deadline; every grade needs one")),
            Some(time) if !time.is_positive() => {
                return wrong("[deadlines]", format!("{grade} must be a positive time"));
            }
            Some(_) => {}
        }
    }
    for pair in Urgency::ALL.windows(2) {
        if let [urgent, less] = pair
            && file.deadlines.get(urgent) > file.deadlines.get(less)
        {
            return wrong("[deadlines]", format!("{urgent} must not have more time than {less}"));
        }
    }
    if !file.thresholds.contains_key(DEFAULT) {
        return wrong("[thresholds]", "`default` is missing; it serves labels that are not named".into());
    }
    for (label, band) in &file.thresholds {
        if band.review > band.flag {
            return wrong(&format!("[thresholds] {label}"), "`review` must not be above `flag`".into());
        }
    }
    if file.urgency.unreadable < Urgency::U2 {
        return wrong("[urgency] unreadable", "a report that nobody could read is at least U2".into());
    }
    if !(0.0..=1.0).contains(&file.review.sample_share) {
        return wrong("[review] sample_share", "a share lies between 0 and 1".into());
    }
    if Offset::from_seconds(file.routing.utc_offset_minutes.saturating_mul(60)).is_err() {
        return wrong("[routing] utc_offset_minutes", "no place on earth is that far from UTC".into());
    }
    check_ids(file)?;
    check_routes(file)?;
    file.raise.iter().try_for_each(|rule| check_raise(rule, file))
}

fn check_ids(file: &File) -> Result<(), Error> {
    let ids = file.route.iter().map(|rule| &rule.id).chain(file.raise.iter().map(|rule| &rule.id));
    let mut seen = BTreeSet::new();
    for id in ids {
        if id == "default" || !seen.insert(id) {
            return wrong(&format!("rule {id:?}"), "the id is taken; each rule needs an id of its own".into());
        }
    }
    Ok(())
}

fn check_routes(file: &File) -> Result<(), Error> {
    for (index, rule) in file.route.iter().enumerate() {
        let place = format!("[[route]] {:?}", rule.id);
        if rule.unconditional() {
            let message = "the rule has no condition, so that neither the rules after it nor the default are ever reached; name the unit in [routing] default instead";
            return wrong(&place, message.into());
        }
        if rule.score_without_labels() {
            return wrong(&place, "`score` needs `labels`: it says how sure one of them must be".into());
        }
        if let Some(earlier) = file.route.iter().take(index).find(|earlier| earlier.covers(rule)) {
            let message = format!(
                "the rule is never reached: {:?} stands before it and applies whenever it would; move it up or remove it",
                earlier.id
            );
            return wrong(&place, message);
        }
    }
    Ok(())
}

fn check_raise(rule: &Raise, file: &File) -> Result<(), Error> {
    let place = format!("[[raise]] {:?}", rule.id);
    if rule.in_review() > rule.to {
        return wrong(&place, "`in_review` must not be above `to`: a surer label would lower the grade".into());
    }
    if !rule.without_label() {
        return Ok(());
    }
    let asked: BTreeSet<&String> = rule.facts_asked().collect();
    if asked.is_empty() {
        return wrong(&place, "the rule asks for no label, mark or fact; set [urgency] floor instead".into());
    }
    let together = |set: &Vec<String>| {
        set.iter().all(|fact| rule.all_facts.contains(fact)) || (rule.facts == *set && set.len() == 1)
    };
    if file.urgency.alone.iter().filter(|set| !set.is_empty()).any(together) {
        return Ok(());
    }
    let message = "words alone raise no grade: name `labels` or `with`, or list these facts in [urgency] alone";
    wrong(&place, message.into())
}

/// Every name used in the policy must be defined in the taxonomy or the lexicon.
pub(super) fn check(policy: &Policy, taxonomy: &Taxonomy, facts: &BTreeSet<&str>) -> Result<(), Error> {
    let file = &policy.file;
    let names = Names { file, taxonomy, facts };
    names.unit("[routing] default", &file.routing.default)?;
    if let Some(id) = file.thresholds.keys().find(|id| *id != DEFAULT && !taxonomy.knows(id)) {
        return wrong("[thresholds]", format!("{id:?} is not defined in the taxonomy"));
    }
    for rule in &file.route {
        let place = format!("[[route]] {:?}", rule.id);
        names.unit(&place, &rule.unit)?;
        rule.labels.iter().chain(&rule.suspected).try_for_each(|id| names.label(&place, id))?;
        rule.organisations.iter().try_for_each(|id| names.organisation(&place, id))?;
        rule.facts.iter().try_for_each(|id| names.fact(&place, id))?;
        names.fields(&place, &rule.categories, &rule.roles, &rule.countries)?;
    }
    for rule in &file.raise {
        let place = format!("[[raise]] {:?}", rule.id);
        rule.labels.iter().try_for_each(|id| names.label(&place, id))?;
        if let Some(id) = rule.with.iter().find(|id| !taxonomy.knows(id)) {
            return wrong(&place, format!("{id:?} is not defined in the taxonomy"));
        }
        rule.facts_asked().try_for_each(|id| names.fact(&place, id))?;
        names.fields(&place, &rule.categories, &rule.roles, &rule.countries)?;
        names.raises(&place, rule)?;
    }
    file.urgency.alone.iter().flatten().try_for_each(|id| names.fact("[urgency] alone", id))?;
    file.review.always.iter().try_for_each(|id| names.label("[review] always", id))?;
    for speaks in &file.review.lexicon {
        names.label("[[review.lexicon]]", &speaks.label)?;
        speaks.facts.iter().try_for_each(|id| names.fact("[[review.lexicon]]", id))?;
        if speaks.facts.is_empty() {
            return wrong("[[review.lexicon]]", format!("no fact speaks for {:?}", speaks.label));
        }
    }
    file.review.categories.values().flatten().try_for_each(|id| names.label("[review.categories]", id))?;
    super::cases::check(policy, taxonomy, facts)
}

struct Names<'a> {
    file: &'a File,
    taxonomy: &'a Taxonomy,
    facts: &'a BTreeSet<&'a str>,
}

impl Names<'_> {
    fn unit(&self, place: &str, id: &str) -> Result<(), Error> {
        let known = self.taxonomy.units().iter().any(|unit| unit.id == id);
        known_or(known, place, || format!("unit {id:?} is not defined in the taxonomy"))
    }

    fn label(&self, place: &str, id: &str) -> Result<(), Error> {
        let known = self.taxonomy.label(id).is_some();
        known_or(known, place, || format!("label {id:?} is not defined in the taxonomy"))
    }

    fn organisation(&self, place: &str, id: &str) -> Result<(), Error> {
        let known = self.taxonomy.organisations().iter().any(|organisation| organisation.id == id);
        known_or(known, place, || format!("organisation {id:?} is not defined in the taxonomy"))
    }

    fn fact(&self, place: &str, id: &str) -> Result<(), Error> {
        known_or(self.facts.contains(id), place, || format!("{id:?} is not a fact of the lexicon"))
    }

    fn fields(&self, place: &str, categories: &[String], roles: &[String], countries: &[String]) -> Result<(), Error> {
        if let Some(category) = categories.iter().find(|id| !self.file.review.categories.contains_key(*id)) {
            return wrong(place, format!("category {category:?} is not listed in [review.categories]"));
        }
        if let Some(role) = roles.iter().find(|role| !matches!(role.as_str(), "victim" | "witness")) {
            return wrong(place, format!("role {role:?} is neither \"victim\" nor \"witness\""));
        }
        let code = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        match countries.iter().find(|country| !code(country)) {
            Some(country) => wrong(place, format!("country {country:?} is no ISO 3166-1 code, such as \"MA\"")),
            None => Ok(()),
        }
    }

    /// A rule whose labels have its grade by themselves changes nothing.
    fn raises(&self, place: &str, rule: &Raise) -> Result<(), Error> {
        let own = |id: &String| self.taxonomy.label(id).map(|label| label.urgency);
        let lowest = rule.labels.iter().filter_map(own).min();
        let each = rule.with.iter().filter_map(own).max();
        let given = lowest.max(each);
        let idle = given.is_some_and(|given| rule.to <= given && rule.in_review() <= given.weaker());
        known_or(!idle, place, || format!("the rule raises nothing: its labels are {} already", rule.to))
    }
}

fn known_or(known: bool, place: &str, message: impl FnOnce() -> String) -> Result<(), Error> {
    if known { Ok(()) } else { wrong(place, message()) }
}

pub(super) fn wrong<T>(place: &str, message: String) -> Result<T, Error> {
    Err(Error::Meaning { file: FILE, place: place.to_owned(), message })
}
