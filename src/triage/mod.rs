//! Scores in, decision out: which labels stand, how urgent it is, who receives it, and whether a
//! person must look.
//!
//! Everything here is a pure function of its arguments and of three files under `config/`:
//! the [`Taxonomy`] (what can be said), the [`Policy`] (thresholds, urgency, routing, review) and
//! the [`Lexicon`] (names and words that raise). All rules are monotone: more evidence, a failure
//! or a missing field may raise a grade or call a person, and nothing lowers either.

mod cases;
mod checks;
mod decision;
mod facts;
mod lexicon;
mod policy;
mod review;
mod routing;
mod rules;
mod score;
pub mod shipped;
mod taxonomy;
mod urgency;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::text::EntityKind;

pub use cases::CaseOutcome;
pub use decision::{
    Decision, LabelDecision, Mark, MarkSource, ReviewDecision, ReviewReason, RouteCopy, RouteDecision, State,
    UrgencyDecision, UrgencyReason,
};
pub use lexicon::{Hit, Lexicon, LexiconFile, Meaning};
pub use policy::{Band, Policy};
pub use score::Score;
pub use taxonomy::{CommuniqueLine, Entry, Label, LegalHint, Names, Taxonomy};
pub use urgency::Urgency;

/// What the rooms before this one found out about one report.
#[derive(Debug, Clone, Default)]
pub struct Findings<'a> {
    /// The report's id: decides nothing but the blind sample.
    pub report_id: &'a str,
    /// Calibrated scores by output name; `None` when the model could not judge this report.
    pub scores: Option<&'a [(String, Score)]>,
    /// Names and words of the lexicon found in either text.
    pub hits: &'a [Hit],
    /// Language tags of the texts (see [`crate::text`]); empty when there is no text.
    pub languages: &'a [&'a str],
    /// Kinds of the entities in the texts.
    pub entities: &'a [EntityKind],
    /// Category the reporter chose.
    pub category: Option<&'a str>,
    /// `victim` or `witness`.
    pub role: Option<&'a str>,
    /// Country the reporter wrote from (ISO 3166-1 alpha-2).
    pub country: Option<&'a str>,
    /// Platform of the reported content.
    pub platform: Option<&'a str>,
    /// Topic that the report was read from.
    pub source: Option<&'a str>,
    /// When the citizen sent it.
    pub submitted_at: Option<Timestamp>,
    /// There is no text at all: only attachments or an address.
    pub without_text: bool,
    /// There is text, and nothing in it could be read (no letters, or an unknown script).
    pub unreadable: bool,
    /// Part of the text lies beyond what the model was shown.
    pub partly_read: bool,
}

/// Thresholds of one label in one language, from the model package.
pub type PackageThresholds<'a> = &'a dyn Fn(&str, &str) -> Option<Band>;

/// The rules of one deployment: taxonomy, policy and lexicon, checked against each other.
#[derive(Debug)]
pub struct Triage {
    taxonomy: Taxonomy,
    policy: Policy,
    lexicon: Lexicon,
}

/// Why a taxonomy, policy or lexicon was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not TOML of the expected form.
    #[error("{file}: {message}")]
    Syntax {
        /// Which file.
        file: String,
        /// What the parser found, with line and column.
        message: String,
    },
    /// The file says something that does not fit the rest.
    #[error("{file}: {place}: {message}")]
    Meaning {
        /// Which file.
        file: &'static str,
        /// Where in the file.
        place: String,
        /// What is wrong and what to do.
        message: String,
    },
}

impl Triage {
    /// Joins the three files after checking every name that one uses of another.
    pub fn new(taxonomy: Taxonomy, policy: Policy, lexicon: Lexicon) -> Result<Self, Error> {
        checks::check(&policy, &taxonomy, &lexicon.facts())?;
        lexicon.check(&taxonomy)?;
        Ok(Self { taxonomy, policy, lexicon })
    }

    /// What can be said of a report.
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }

    /// Thresholds, urgency, routing and review.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Names and words that raise.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Runs the tests that stand beside the rules, in their order.
    pub fn run_cases(&self) -> Vec<CaseOutcome> {
        self.policy.cases().iter().map(|case| case.run(self)).collect()
    }

    /// Ids of all routing and raising rules, routing first, each in the order of the file.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        let routes = self.policy.routes().iter().map(|rule| rule.id.as_str());
        routes.chain(self.policy.raises().iter().map(|rule| rule.id.as_str()))
    }

    /// Decides one report. Total: every report leaves with a grade, a deadline and a route.
    ///
    /// `package` gives the model package's threshold for (label, language); where it gives none
    /// the policy's own is used.
    pub fn decide(&self, findings: &Findings<'_>, package: PackageThresholds<'_>) -> Decision {
        let labels = self.labels(findings, package);
        let organisations = self.marks(findings, package, true);
        let contexts = self.marks(findings, package, false);
        let facts: BTreeSet<&str> = findings.hits.iter().filter_map(|hit| hit.meaning.fact()).collect();
        let evidence = urgency::Evidence {
            labels: &labels,
            organisations: &organisations,
            contexts: &contexts,
            facts: &facts,
            findings,
        };
        let urgency = urgency::grade(&self.taxonomy, &self.policy, &evidence);
        let review = review::review(&self.taxonomy, &self.policy, &evidence, urgency.grade);
        let route = routing::route(&self.taxonomy, &self.policy, &evidence, urgency.grade, review.needed);
        Decision { labels, organisations, contexts, urgency, review, route }
    }

    fn labels(&self, findings: &Findings<'_>, package: PackageThresholds<'_>) -> Vec<LabelDecision> {
        let scored = |label: &Label| {
            let score = score_of(findings, &label.id)?;
            let band = self.band(&label.id, findings, package);
            Some(LabelDecision {
                label: label.id.clone(),
                score,
                flag: band.flag,
                review: band.review,
                state: band.state(score),
            })
        };
        let mut labels: Vec<LabelDecision> = self.taxonomy.labels().iter().filter_map(scored).collect();
        labels.sort_by_key(|label| std::cmp::Reverse((label.state, label.score)));
        labels
    }

    /// Organisations and context marks: the model's score or a name in the lexicon, whichever says more.
    fn marks(&self, findings: &Findings<'_>, package: PackageThresholds<'_>, organisations: bool) -> Vec<Mark> {
        let entries = if organisations { self.taxonomy.organisations() } else { self.taxonomy.contexts() };
        let mut marks = Vec::new();
        for entry in entries {
            let named = findings.hits.iter().any(|hit| hit.meaning.organisation() == Some(entry.id.as_str()));
            let score = score_of(findings, &entry.id);
            let state = score.map_or(State::Below, |score| self.band(&entry.id, findings, package).state(score));
            if named {
                marks.push(Mark { id: entry.id.clone(), state: State::Flag, score, source: MarkSource::Lexicon });
            } else if state > State::Below {
                marks.push(Mark { id: entry.id.clone(), state, score, source: MarkSource::Model });
            }
        }
        marks
    }

    /// The lowest thresholds of any language present: a second language in a text never hides a label.
    fn band(&self, id: &str, findings: &Findings<'_>, package: PackageThresholds<'_>) -> Band {
        let of = |language: &str| package(id, language).unwrap_or_else(|| self.policy.band(id));
        let bands = findings.languages.iter().map(|language| of(language));
        bands.reduce(Band::lower).unwrap_or_else(|| of(""))
    }
}

fn score_of(findings: &Findings<'_>, name: &str) -> Option<Score> {
    findings.scores?.iter().find(|(output, _)| output == name).map(|(_, score)| *score)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
