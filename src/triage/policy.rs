use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Error, Score, State, Taxonomy, Urgency};

const FILE: &str = "policy";

/// Entry of `[thresholds]` for labels that are not named.
const DEFAULT: &str = "default";

/// The two thresholds of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// At or above: the label is flagged.
    pub flag: Score,
    /// At or above, and below `flag`: a person decides.
    pub review: Score,
}

impl Band {
    /// Where a score lies.
    pub fn state(self, score: Score) -> State {
        if score >= self.flag {
            State::Flag
        } else if score >= self.review {
            State::Review
        } else {
            State::Below
        }
    }

    /// The lower of each threshold.
    pub(super) fn lower(self, other: Self) -> Self {
        Self { flag: self.flag.min(other.flag), review: self.review.min(other.review) }
    }
}

/// A rule that raises the grade when all its conditions meet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raise {
    pub(super) id: String,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    #[serde(default)]
    pub(super) with: Vec<String>,
    pub(super) to: Urgency,
}

/// A rule that names the unit in charge when all its conditions hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) id: String,
    pub(super) unit: String,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    #[serde(default)]
    pub(super) organisations: Vec<String>,
    #[serde(default)]
    pub(super) urgency: Option<Urgency>,
    #[serde(default)]
    pub(super) languages: Vec<String>,
    #[serde(default)]
    pub(super) countries: Vec<String>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
    #[serde(default)]
    pub(super) review: Option<bool>,
}

impl Route {
    /// Conditions that hold for every report: a rule like this hides all rules after it.
    fn unconditional(&self) -> bool {
        let lists = [&self.labels, &self.organisations, &self.languages, &self.countries, &self.categories];
        lists.iter().all(|list| list.is_empty()) && self.urgency.is_none() && self.review.is_none()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grades {
    floor: Urgency,
    unreadable: Urgency,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Routing {
    default: String,
    copies: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Review {
    always: Vec<String>,
    sample_share: f64,
    sample_key: String,
    #[serde(default)]
    categories: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    version: String,
    deadlines: BTreeMap<Urgency, SignedDuration>,
    thresholds: BTreeMap<String, Band>,
    urgency: Grades,
    #[serde(default)]
    raise: Vec<Raise>,
    routing: Routing,
    #[serde(default)]
    route: Vec<Route>,
    review: Review,
}

/// How scores become a decision.
#[derive(Debug)]
pub struct Policy {
    file: File,
}

impl Policy {
    /// Reads a policy; names are compared with the taxonomy by [`super::Triage::new`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: File = parse_toml(FILE, text)?;
        let policy = Self { file };
        policy.check_alone()?;
        Ok(policy)
    }

    fn check_alone(&self) -> Result<(), Error> {
        let file = &self.file;
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
        let ids = file.route.iter().map(|rule| &rule.id).chain(file.raise.iter().map(|rule| &rule.id));
        let mut seen = BTreeSet::new();
        for id in ids {
            if id == "default" || !seen.insert(id) {
                return wrong(&format!("rule {id:?}"), "the id is taken; each rule needs an id of its own".into());
            }
        }
        for (index, rule) in file.route.iter().enumerate() {
            if rule.unconditional() {
                let rest = file.route.len() - index - 1;
                let message = format!(
                    "the rule has no condition, so that the {rest} rules after it and the default are never reached; name the unit in [routing] default instead"
                );
                return wrong(&format!("[[route]] {:?}", rule.id), message);
            }
        }
        if let Some(rule) = file.raise.iter().find(|rule| rule.labels.is_empty() && rule.with.is_empty()) {
            return wrong(
                &format!("[[raise]] {:?}", rule.id),
                "the rule has no condition; set [urgency] floor instead".into(),
            );
        }
        Ok(())
    }

    /// Every name used here must be defined in the taxonomy or the lexicon.
    pub(super) fn check(&self, taxonomy: &Taxonomy, facts: &BTreeSet<&str>) -> Result<(), Error> {
        let file = &self.file;
        let unit = |id: &str| taxonomy.units().iter().any(|unit| unit.id == id);
        if !unit(&file.routing.default) {
            return wrong(
                "[routing] default",
                format!("unit {:?} is not defined in the taxonomy", file.routing.default),
            );
        }
        let label = |place: &str, id: &str| match taxonomy.label(id) {
            Some(_) => Ok(()),
            None => wrong(place, format!("label {id:?} is not defined in the taxonomy")),
        };
        if let Some(id) = file.thresholds.keys().find(|id| *id != DEFAULT && !taxonomy.knows(id)) {
            return wrong("[thresholds]", format!("{id:?} is not defined in the taxonomy"));
        }
        for rule in &file.route {
            let place = format!("[[route]] {:?}", rule.id);
            if !unit(&rule.unit) {
                return wrong(&place, format!("unit {:?} is not defined in the taxonomy", rule.unit));
            }
            rule.labels.iter().try_for_each(|id| label(&place, id))?;
            if let Some(id) =
                rule.organisations.iter().find(|id| !taxonomy.organisations().iter().any(|o| o.id == **id))
            {
                return wrong(&place, format!("organisation {id:?} is not defined in the taxonomy"));
            }
        }
        for rule in &file.raise {
            let place = format!("[[raise]] {:?}", rule.id);
            rule.labels.iter().try_for_each(|id| label(&place, id))?;
            for condition in &rule.with {
                let known = match condition.strip_prefix("fact:") {
                    Some(fact) => facts.contains(fact),
                    None => taxonomy.knows(condition),
                };
                if !known {
                    return wrong(
                        &place,
                        format!(
                            "{condition:?} is neither in the taxonomy nor a fact of the lexicon or a kind of entity"
                        ),
                    );
                }
            }
        }
        file.review.always.iter().try_for_each(|id| label("[review] always", id))?;
        file.review.categories.values().flatten().try_for_each(|id| label("[review.categories]", id))
    }

    /// Version of the file, as its owner numbers it.
    pub fn version(&self) -> &str {
        &self.file.version
    }

    /// Thresholds of a label for which the model package brings none.
    pub fn band(&self, label: &str) -> Band {
        let band = self.file.thresholds.get(label).or_else(|| self.file.thresholds.get(DEFAULT));
        // `check_alone` refuses a policy without a default; were it gone, everything would go to a person.
        band.copied().unwrap_or(Band { flag: Score::ONE, review: Score::default() })
    }

    pub(super) fn deadline(&self, grade: Urgency) -> u64 {
        self.file.deadlines.get(&grade).map_or(0, |time| time.as_secs().unsigned_abs())
    }

    pub(super) fn floor(&self) -> Urgency {
        self.file.urgency.floor
    }

    pub(super) fn unreadable(&self) -> Urgency {
        self.file.urgency.unreadable
    }

    pub(super) fn raises(&self) -> &[Raise] {
        &self.file.raise
    }

    pub(super) fn routes(&self) -> &[Route] {
        &self.file.route
    }

    pub(super) fn default_unit(&self) -> &str {
        &self.file.routing.default
    }

    pub(super) fn copies(&self) -> bool {
        self.file.routing.copies
    }

    pub(super) fn always_reviewed(&self, label: &str) -> bool {
        self.file.review.always.iter().any(|id| id == label)
    }

    pub(super) fn labels_of_category(&self, category: Option<&str>) -> &[String] {
        let category = category.map(|category| category.trim().to_lowercase());
        category.and_then(|category| self.file.review.categories.get(&category)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn sample_share(&self) -> f64 {
        self.file.review.sample_share
    }

    pub(super) fn sample_key(&self) -> &str {
        &self.file.review.sample_key
    }
}

fn wrong<T>(place: &str, message: String) -> Result<T, Error> {
    Err(Error::Meaning { file: FILE, place: place.to_owned(), message })
}

/// TOML with the parser's own line and column in the error.
pub(super) fn parse_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| Error::Syntax { file: file.to_owned(), message: error.to_string() })
}
