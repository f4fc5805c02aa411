//! A stored event decided anew under the rules in force, from what the event itself says.

use std::collections::BTreeSet;

use super::Engine;
use crate::event::{Classified, TextLanguage};
use crate::triage::{Band, Decision, Findings, Hit, Mark, Meaning, Score, State};

impl Engine {
    /// Decides the report of a stored event under this engine's rules. Nothing is read of the
    /// report's text: scores, facts and names found, languages, entities and fields are those of
    /// the event. Names and facts of a lexicon that has changed since are therefore not found anew.
    ///
    /// Where the event was scored by this engine's model package, thresholds are those that this
    /// engine would use; otherwise those in the event, which belong to the package that scored it.
    pub fn redecide(&self, event: &Classified) -> Decision {
        let scores = scores(event);
        let hits = hits(event);
        let languages = languages(event);
        let kinds: Vec<_> =
            event.entities.iter().map(|entity| entity.kind).collect::<BTreeSet<_>>().into_iter().collect();
        let noted = |code: &str| event.review.reasons.iter().any(|reason| reason.code == code);
        let report = &event.report;
        let findings = Findings {
            report_id: &report.id,
            scores: (!noted("model_failed")).then_some(&scores),
            hits: &hits,
            languages: &languages,
            entities: &kinds,
            category: report.category.as_deref(),
            role: report.role.as_deref(),
            country: report.country.as_deref(),
            platform: report.platform.as_deref(),
            source: report.source.as_ref().map(|source| source.topic.as_str()),
            submitted_at: report.submitted_at,
            without_text: event.language.description.is_none() && event.language.content.is_none(),
            unreadable: noted("unreadable"),
            partly_read: noted("partly_read"),
        };
        if event.provenance.model_digest == self.provenance.model_digest {
            self.triage.decide(&findings, &|label, language| self.package_band(label, language))
        } else {
            self.triage.decide(&findings, &|label, _| stored_band(event, label))
        }
    }
}

fn scores(event: &Classified) -> Vec<(String, Score)> {
    let labels = event.labels.iter().map(|label| (label.label.clone(), label.score));
    labels.chain(marks(event).filter_map(|mark| Some((mark.id.clone(), mark.score?)))).collect()
}

fn marks(event: &Classified) -> impl Iterator<Item = &Mark> {
    event.organisations.iter().chain(&event.contexts)
}

fn hits(event: &Classified) -> Vec<Hit> {
    let from_lexicon = event.evidence.iter().filter_map(|evidence| {
        let term = evidence.source.strip_prefix("lexicon:")?;
        let meaning = match evidence.label.strip_prefix("fact:") {
            Some(fact) => Meaning::Fact(fact.to_owned()),
            None => Meaning::Organisation(evidence.label.clone()),
        };
        Some(Hit { term: term.to_owned(), meaning, span: evidence.start..evidence.end })
    });
    from_lexicon.collect()
}

/// As the engine lists them: each text's own language, then those of spans, each once.
fn languages(event: &Classified) -> Vec<&'static str> {
    use crate::text::language::Language;
    let texts = || event.language.description.iter().chain(&event.language.content);
    let whole = texts().map(|text: &TextLanguage| text.language.as_str());
    let spans = texts().flat_map(|text| text.spans.iter().map(|span| span.language.as_str()));
    let mut seen = BTreeSet::new();
    let known = whole.chain(spans).map(|tag| tag.parse().unwrap_or(Language::Unknown).as_str());
    known.filter(|tag| seen.insert(*tag)).collect()
}

/// Thresholds that give a stored score its stored state.
fn stored_band(event: &Classified, name: &str) -> Option<Band> {
    if let Some(label) = event.labels.iter().find(|label| label.label == name) {
        return Some(Band { flag: label.flag, review: label.review });
    }
    let mark = marks(event).find(|mark| mark.id == name)?;
    let score = mark.score?;
    Some(Band { flag: if mark.state == State::Flag { score } else { Score::ONE }, review: score })
}
