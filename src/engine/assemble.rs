use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::evidence;
use super::prepare::{Prepared, PreparedText};
use super::{Engine, Input, source};
use crate::event::{
    Classified, Deadline, Embedded, Entity, Evidence, Field, LanguageSpan, Languages, Provenance, ReportFacts, Route,
    TextLanguage, Timings, Urgency,
};
use crate::model::{Scores, Segment};
use crate::report::Text;
use crate::text::{self, OffsetIndex};
use crate::triage::{Band, Decision, Findings, Meaning, Score, State};

/// Entities listed in one event, at most.
const MOST_ENTITIES: usize = 64;

/// Language spans listed for one text, at most; a text that changes language more often than this
/// lists the first ones.
const MOST_SPANS: usize = 32;

impl Engine {
    /// The event of one report that could be read. `scores` is `None` when the model failed or
    /// there is no text.
    pub(super) fn assemble(
        &self,
        input: &Input<'_>,
        prepared: &Prepared,
        scores: Option<&Scores>,
        now: Timestamp,
    ) -> Classified {
        let report = &prepared.report;
        let named = scores.and_then(|scores| self.named_scores(scores));
        let hits = prepared.hits();
        let languages = prepared.languages();
        let kinds = prepared.entity_kinds();
        let findings = Findings {
            report_id: report.id.as_str(),
            scores: named.as_deref().or((!prepared.has_text()).then_some(&[])),
            hits: &hits,
            entities: &kinds,
            languages: &languages,
            category: report.category.as_deref(),
            role: report.role.map(crate::report::Role::as_str),
            country: report.country.as_deref(),
            platform: report.content.as_ref().and_then(|content| content.platform.as_deref()),
            source: input.source.map(|(topic, _, _)| topic),
            submitted_at: report.submitted_at,
            without_text: !prepared.has_text(),
            unreadable: prepared.unreadable() || scores.is_some_and(|scores| scores.tokens == 0),
            partly_read: scores.is_some_and(|scores| scores.windows_skipped > 0),
        };
        let decision = self.triage.decide(&findings, &|label, language| self.package_band(label, language));
        let within =
            SignedDuration::from_secs(decision.urgency.acknowledge_within_seconds.try_into().unwrap_or(i64::MAX));
        let deadline = Deadline {
            within_seconds: decision.urgency.acknowledge_within_seconds,
            acknowledge_by: input.received_at.saturating_add(within).unwrap_or(Timestamp::MAX),
        };
        Classified {
            report: facts(input, prepared),
            evidence: self.evidence(prepared, scores, &decision),
            entities: entities(prepared),
            language: Languages {
                description: prepared
                    .description
                    .as_ref()
                    .zip(report.description.as_ref())
                    .map(|(t, o)| language(t, o.as_str())),
                content: prepared
                    .content
                    .as_ref()
                    .zip(content(prepared))
                    .map(|(text, original)| language(text, original)),
            },
            urgency: Urgency { grade: decision.urgency.grade, reasons: decision.urgency.reasons, deadline },
            route: Route { unit: decision.route.unit, rule: decision.route.rule, copies: decision.route.copies },
            review: decision.review,
            labels: decision.labels,
            organisations: decision.organisations,
            contexts: decision.contexts,
            provenance: Provenance { input_digest: prepared.input_digest.clone(), ..self.provenance.clone() },
            timings: Timings { received_at: input.received_at, decided_at: now },
            text: self.options.embed_text.then(|| Embedded {
                description: report.description.as_ref().map(|text| text.as_str().to_owned()),
                content: content(prepared).map(str::to_owned),
            }),
        }
    }

    pub(super) fn package_band(&self, label: &str, language: &str) -> Option<Band> {
        let band = self.model.thresholds()?.get(label, language)?;
        Some(Band { flag: Score::new(f64::from(band.flag))?, review: Score::new(f64::from(band.review))? })
    }

    /// Spans of the original texts: from the model for each label that is not below its
    /// thresholds, and the terms of the lexicon.
    fn evidence(&self, prepared: &Prepared, scores: Option<&Scores>, decision: &Decision) -> Vec<Evidence> {
        let labels = decision.labels.iter().filter(|label| label.state > State::Below).map(|label| &label.label);
        let marks = decision.organisations.iter().chain(&decision.contexts).map(|mark| &mark.id);
        let mut found = Vec::new();
        for label in labels.chain(marks) {
            let output = self.model.outputs().iter().position(|output| output.name == *label);
            if let (Some(scores), Some(output)) = (scores, output) {
                found.extend(model_evidence(prepared, scores, output, label));
            }
        }
        for (field, text) in fields(prepared) {
            let original = Original::of(prepared, field);
            for hit in &text.hits {
                let label = match &hit.meaning {
                    Meaning::Organisation(id) => id.clone(),
                    Meaning::Fact(id) => format!("fact:{id}"),
                };
                let span = original.characters(&text.normal, hit.span.clone());
                found.push(Evidence {
                    label,
                    field,
                    start: span.start,
                    end: span.end,
                    weight: 1.0,
                    source: format!("lexicon:{}", hit.term),
                });
            }
        }
        found
    }
}

fn model_evidence(prepared: &Prepared, scores: &Scores, output: usize, label: &str) -> Vec<Evidence> {
    let present: Vec<(Field, &PreparedText)> = fields(prepared).collect();
    let texts: Vec<&str> = present.iter().map(|(_, text)| text.for_model().text()).collect();
    let position = |segment: Segment| {
        let field = match segment {
            Segment::Description => Field::Description,
            Segment::Content => Field::Content,
        };
        present.iter().position(|(other, _)| *other == field)
    };
    let contributions = scores.contributions(output).into_iter();
    let contributions: Vec<_> = contributions.filter_map(|c| Some((position(c.segment)?, c.span, c.weight))).collect();
    let spans = evidence::spans(&texts, &contributions).into_iter();
    let shown = spans.filter_map(|run| {
        let (field, text) = present.get(run.text)?;
        let span = Original::of(prepared, *field).characters(text.for_model(), run.span);
        let weight = (run.share * 100.0).round() / 100.0;
        Some(Evidence {
            label: label.to_owned(),
            field: *field,
            start: span.start,
            end: span.end,
            weight,
            source: "model".into(),
        })
    });
    shown.collect()
}

/// An original text in which characters are counted.
struct Original<'a>(OffsetIndex<'a>);

impl<'a> Original<'a> {
    fn of(prepared: &'a Prepared, field: Field) -> Self {
        let text = match field {
            Field::Description => prepared.report.description.as_ref().map(Text::as_str),
            Field::Content => content(prepared),
        };
        Self(OffsetIndex::new(text.unwrap_or_default()))
    }

    /// Unicode scalar values of the original that a span of a prepared view stands for.
    fn characters(&self, view: &text::Prepared, span: Range<usize>) -> Range<usize> {
        self.0.char_span(view.original_span(span))
    }
}

fn fields(prepared: &Prepared) -> impl Iterator<Item = (Field, &PreparedText)> {
    let description = prepared.description.iter().map(|text| (Field::Description, text));
    description.chain(prepared.content.iter().map(|text| (Field::Content, text)))
}

fn content(prepared: &Prepared) -> Option<&str> {
    prepared.report.content.as_ref().and_then(|content| content.text.as_ref()).map(Text::as_str)
}

fn facts(input: &Input<'_>, prepared: &Prepared) -> ReportFacts {
    let report = &prepared.report;
    ReportFacts {
        id: report.id.to_string(),
        revision: report.revision,
        submitted_at: report.submitted_at,
        category: report.category.clone(),
        role: report.role.map(|role| role.as_str().to_owned()),
        identity: report.identity.map(|identity| identity.as_str().to_owned()),
        country: report.country.clone(),
        platform: report.content.as_ref().and_then(|content| content.platform.clone()),
        attachments: report.attachments.len(),
        warnings: report
            .warnings
            .iter()
            .map(|warning| format!("{} {}", warning.code.as_str(), warning.pointer))
            .collect(),
        source: source(input),
    }
}

/// What was found in the texts, by place; where there is too much, identifiers come first.
fn entities(prepared: &Prepared) -> Vec<Entity> {
    let of = |field: Field, found: &[text::Entity]| {
        let original = Original::of(prepared, field);
        let entities = found.iter().map(|entity| {
            let span = original.0.char_span(entity.span.clone());
            let (value, region) = (entity.defanged.clone(), entity.region.clone());
            Entity { kind: entity.kind, field, start: span.start, end: span.end, value, region }
        });
        entities.collect::<Vec<_>>()
    };
    let identifiers = fields(prepared).flat_map(|part| of(part.0, part.1.normal.entities()));
    let mentions = fields(prepared).flat_map(|part| of(part.0, &part.1.mentions));
    let mut found: Vec<Entity> = identifiers.chain(mentions).take(MOST_ENTITIES).collect();
    found.sort_by_key(|entity| (entity.field, entity.start));
    found
}

fn language(text: &PreparedText, original: &str) -> TextLanguage {
    let identified = &text.language;
    let index = OffsetIndex::new(original);
    let spans = identified.spans.iter().map(|span| {
        let characters = index.char_span(span.span.clone());
        LanguageSpan { start: characters.start, end: characters.end, language: span.language.as_str().to_owned() }
    });
    let spans: Vec<LanguageSpan> = spans.take(MOST_SPANS).collect();
    TextLanguage {
        language: identified.language.as_str().to_owned(),
        script: identified.script.as_str().to_owned(),
        confidence: (f64::from(identified.confidence) * 100.0).round() / 100.0,
        spans: if spans.len() > 1 { spans } else { Vec::new() },
    }
}
