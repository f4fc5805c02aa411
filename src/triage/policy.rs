use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::tz::Offset;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::cases::Case;
use super::rules::{Raise, Route};
use super::{Error, Score, State, Urgency};
use crate::text::language::Language;

pub(super) const FILE: &str = "policy";

/// Entry of `[thresholds]` for labels that are not named.
pub(super) const DEFAULT: &str = "default";

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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grades {
    pub(super) floor: Urgency,
    pub(super) unreadable: Urgency,
    #[serde(default)]
    pub(super) alone: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Routing {
    pub(super) default: String,
    copies: bool,
    #[serde(default)]
    pub(super) utc_offset_minutes: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Review {
    pub(super) always: Vec<String>,
    #[serde(default)]
    languages_only: Vec<Language>,
    pub(super) sample_share: f64,
    sample_key: String,
    #[serde(default)]
    pub(super) categories: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) lexicon: Vec<Speaks>,
}

/// Facts that speak for a label: where all are found and the label is below its thresholds, model
/// and lexicon disagree.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Speaks {
    pub(super) facts: Vec<String>,
    pub(super) label: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) format: u32,
    version: String,
    pub(super) deadlines: BTreeMap<Urgency, SignedDuration>,
    pub(super) thresholds: BTreeMap<String, Band>,
    pub(super) urgency: Grades,
    #[serde(default)]
    pub(super) raise: Vec<Raise>,
    pub(super) routing: Routing,
    #[serde(default)]
    pub(super) route: Vec<Route>,
    pub(super) review: Review,
    #[serde(default)]
    test: Vec<Case>,
}

/// How scores become a decision.
#[derive(Debug)]
pub struct Policy {
    pub(super) file: File,
}

impl Policy {
    /// Reads a policy; names are compared with the taxonomy by [`super::Triage::new`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: File = parse_toml(FILE, text)?;
        super::checks::check_alone(&file)?;
        Ok(Self { file })
    }

    /// Version of the file, as its owner numbers it.
    pub fn version(&self) -> &str {
        &self.file.version
    }

    /// Thresholds of a label for which the model package brings none.
    pub fn band(&self, label: &str) -> Band {
        let band = self.file.thresholds.get(label).or_else(|| self.file.thresholds.get(DEFAULT));
        // A policy without a default is refused; were it gone, everything would go to a person.
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

    pub(super) fn utc_offset(&self) -> Offset {
        Offset::from_seconds(self.file.routing.utc_offset_minutes.saturating_mul(60)).unwrap_or(Offset::UTC)
    }

    pub(super) fn cases(&self) -> &[Case] {
        &self.file.test
    }

    pub(super) fn lexicon_speaks(&self) -> &[Speaks] {
        &self.file.review.lexicon
    }

    /// Reports in this language always go to a person.
    pub(super) fn review_only(&self, language: &str) -> bool {
        self.file.review.languages_only.iter().any(|only| only.as_str() == language)
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

/// TOML with the parser's own line and column in the error.
pub(super) fn parse_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| Error::Syntax { file: file.to_owned(), message: error.to_string() })
}
