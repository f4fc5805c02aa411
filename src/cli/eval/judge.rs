//! Labelled reports through the core: cases for the figures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use indicatif::ProgressBar;

use super::corpus::{BadLine, Corpus, Entry};
use super::evidence::{self, Removal};
use super::labelled::{Labelled, Problem};
use crate::engine::{Engine, Input, Outcome, Session};
use crate::evaluate::{Axes, Case, Judgement, Random};
use crate::event::Classified;
use crate::model::{self, Scores, TextView};
use crate::report::Envelope;
use crate::text::{View, language, prepare};
use crate::triage::{Score, State};

/// Reports given to the core at a time.
const BATCH: usize = 128;

/// What a classifier made of a corpus.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) cases: Vec<Case>,
    /// Lines that the core refused.
    pub(super) refused: Vec<BadLine>,
    /// Time spent deciding: bytes to event, one thread.
    pub(super) deciding: Duration,
}

/// Everything that can be said of a report, by the taxonomy in force.
pub(super) fn axes(engine: &Engine) -> Axes {
    let taxonomy = engine.triage().taxonomy();
    Axes {
        labels: taxonomy.labels().iter().map(|label| label.id.clone()).collect(),
        organisations: taxonomy.organisations().iter().map(|entry| entry.id.clone()).collect(),
        contexts: taxonomy.contexts().iter().map(|entry| entry.id.clone()).collect(),
    }
}

/// One classifier at work.
pub(super) struct Judge<'a> {
    engine: Arc<Engine>,
    session: Session,
    model: model::Session,
    view: View,
    axes: &'a Axes,
    random: Random,
}

impl<'a> Judge<'a> {
    pub(super) fn new(engine: &Arc<Engine>, axes: &'a Axes, seed: u64) -> anyhow::Result<Self> {
        let view = match engine.model().package().text {
            TextView::Normalised => View::Normalised,
            TextView::Original => View::Redacted,
        };
        let (session, model) = (engine.session()?, engine.model().session()?);
        Ok(Self { engine: Arc::clone(engine), session, model, view, axes, random: Random::new(seed) })
    }

    /// Decides every report, one thread, in order.
    pub(super) fn judge(&mut self, corpus: &Corpus, progress: &ProgressBar) -> anyhow::Result<Judged> {
        let mut judged = Judged::default();
        for batch in corpus.entries.chunks(BATCH) {
            self.batch(batch, &mut judged)?;
            progress.inc(batch.len() as u64);
        }
        Ok(judged)
    }

    fn batch(&mut self, batch: &[Entry], judged: &mut Judged) -> anyhow::Result<()> {
        let bytes: Vec<Vec<u8>> = batch.iter().map(|entry| as_report(&entry.report)).collect();
        let now = crate::cli::now();
        let input = |bytes| Input { envelope: Envelope::bare(bytes), source: None, received_at: now };
        let inputs: Vec<Input<'_>> = bytes.iter().map(|bytes| input(bytes)).collect();
        let started = Instant::now();
        let outcomes = self.session.decide(&inputs, now);
        judged.deciding += started.elapsed();
        let mut decided: Vec<(&Entry, Box<Classified>)> = Vec::new();
        for (entry, outcome) in batch.iter().zip(outcomes) {
            match outcome {
                Outcome::Classified { event, .. } => decided.push((entry, event)),
                Outcome::Rejected { event, .. } => {
                    let place = if event.pointer.is_empty() { String::new() } else { format!(" at {}", event.pointer) };
                    let problem = Problem::Refused { code: event.code, place, message: event.message };
                    judged.refused.push(entry.bad(&problem));
                }
            }
        }
        let texts = decided.iter().map(|(entry, _)| texts(&entry.report));
        let scores = self.score(&texts.collect::<Vec<_>>());
        for ((entry, event), scores) in decided.into_iter().zip(scores) {
            let case = self.case(entry, &event, scores.as_ref())?;
            judged.cases.push(case);
        }
        Ok(())
    }

    /// Scores texts as citizens wrote them; `None` for one that the model cannot take.
    fn score(&mut self, texts: &[[String; 2]]) -> Vec<Option<Scores>> {
        let prepared: Vec<[String; 2]> =
            texts.iter().map(|texts| texts.each_ref().map(|text| prepare(text, self.view).text().to_owned())).collect();
        let inputs: Vec<model::Input<'_>> = prepared.iter().map(model_input).collect();
        if let Ok(scores) = self.model.score(&inputs) {
            return scores.into_iter().map(Some).collect();
        }
        let alone = inputs.iter().map(|input| self.model.score(std::slice::from_ref(input)).ok()?.into_iter().next());
        alone.collect()
    }

    fn case(&mut self, entry: &Entry, event: &Classified, scores: Option<&Scores>) -> anyhow::Result<Case> {
        let report = &entry.report;
        let texts = texts(report);
        let identified = language::identify(&texts.join("\n"));
        let judgements = self.axes.names().zip(&report.truth).map(|(name, truth)| Judgement {
            truth: *truth,
            score: scores.and_then(|scores| self.probability(scores, name)),
            state: state(event, name),
        });
        let judgements: Vec<Judgement> = judgements.collect();
        self.check_agreement(entry, event, &judgements)?;
        let rationales = evidence::rationales(report, event, self.axes);
        let removals = evidence::removals(&texts, event, &mut self.random);
        Ok(Case {
            id: report.id.clone(),
            group: entry.group.clone(),
            language: report.language.clone().unwrap_or_else(|| identified.language.as_str().to_owned()),
            script: identified.script.as_str().to_owned(),
            judgements,
            given: report.urgency,
            decided: event.urgency.grade,
            rationales,
            deletions: match scores {
                Some(scores) => self.deletions(scores, &removals),
                None => Vec::new(),
            },
        })
    }

    fn probability(&self, scores: &Scores, name: &str) -> Option<f64> {
        scores.probabilities.get(self.output(name)?).copied().map(f64::from)
    }

    fn output(&self, name: &str) -> Option<usize> {
        self.engine.model().outputs().iter().position(|output| output.name == name)
    }

    /// The figures rank by the model's own scores, the core decides on the rounded ones: both must be of the same text.
    fn check_agreement(&self, entry: &Entry, event: &Classified, judgements: &[Judgement]) -> anyhow::Result<()> {
        for label in &event.labels {
            let judgement = self.axes.place(&label.label).and_then(|place| judgements.get(place));
            let score = judgement.and_then(|judgement| judgement.score).and_then(Score::new);
            if score.is_some_and(|score| score != label.score) {
                let Entry { report, file, line, .. } = entry;
                bail!(
                    "{file}, line {line}: report {} has two scores for {}; this is a defect of ibaleg, please report it",
                    report.id,
                    label.label
                );
            }
        }
        Ok(())
    }

    fn deletions(&mut self, scores: &Scores, removals: &[Removal]) -> Vec<crate::evaluate::Deletion> {
        let texts: Vec<[String; 2]> = removals
            .iter()
            .flat_map(|removal| [removal.without_shown.clone(), removal.without_random.clone()])
            .collect();
        let after = self.score(&texts);
        let fall = |output: usize, after: Option<&Option<Scores>>| {
            let logit = |scores: &Scores| scores.logits.get(output).copied().map(f64::from);
            Some(logit(scores)? - logit(after?.as_ref()?)?)
        };
        let pairs = removals.iter().zip(after.chunks(2)).filter_map(|(removal, after)| {
            let output = self.output(&removal.label)?;
            let (shown, random) = (fall(output, after.first())?, fall(output, after.get(1))?);
            Some(crate::evaluate::Deletion { label: removal.label.clone(), shown, random })
        });
        pairs.collect()
    }
}

fn model_input([description, content]: &[String; 2]) -> model::Input<'_> {
    model::Input { description, content }
}

/// Description and content, empty where missing.
fn texts(report: &Labelled) -> [String; 2] {
    [&report.description, &report.content].map(|text| text.clone().unwrap_or_default())
}

/// The report as the platform would send it: nothing of what a person said of it.
fn as_report(report: &Labelled) -> Vec<u8> {
    let content = report.content.as_ref().map(|text| serde_json::json!({ "text": text }));
    serde_json::json!({ "id": report.id, "description": report.description, "content": content })
        .to_string()
        .into_bytes()
}

/// What the rules made of one name; a mark that is not listed is below its thresholds.
fn state(event: &Classified, name: &str) -> State {
    let label = event.labels.iter().find(|label| label.label == name).map(|label| label.state);
    let mut marks = event.organisations.iter().chain(&event.contexts);
    label.or_else(|| marks.find(|mark| mark.id == name).map(|mark| mark.state)).unwrap_or(State::Below)
}
