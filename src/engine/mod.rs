//! One report's bytes in, one decision out: the rooms joined into a pure function.
//!
//! Every entry point (Kafka, files, the demo, tests) runs this code and nothing else. Time is
//! passed in; the same bytes with the same digests give the same decision whatever the batch, its
//! neighbours or the thread.

mod assemble;
mod backtest;
mod evidence;
mod prepare;
mod provenance;
mod redecide;

use std::sync::Arc;

use jiff::Timestamp;

use crate::event::{Attributes, Classified, Encoder, Message, Provenance, Rejected, Source};
use crate::model::{self, Model};
use crate::report::{self, Envelope};
use crate::text;
use crate::triage::{Score, Triage};
use prepare::Prepared;
pub use prepare::view;

pub use backtest::{Backtest, Change, Standing, UnitCounts};

/// One report as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Bytes, key and headers.
    pub envelope: Envelope<'a>,
    /// Where it was read from, if from a topic: topic, partition, offset.
    pub source: Option<(&'a str, i32, i64)>,
    /// When it arrived.
    pub received_at: Timestamp,
}

/// What became of one report: exactly one of the two.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was decided.
    Classified {
        /// Deterministic event id.
        id: String,
        /// The event.
        event: Box<Classified>,
    },
    /// It could not be read.
    Rejected {
        /// Deterministic event id.
        id: String,
        /// The event.
        event: Box<Rejected>,
    },
}

impl Outcome {
    /// The messages that tell the world.
    pub fn messages(&self, encoder: &Encoder, key: Option<&[u8]>) -> Vec<Message> {
        match self {
            Self::Classified { id, event } => encoder.classified(id, key, event),
            Self::Rejected { id, event } => vec![encoder.rejected(id, key, event)],
        }
    }

    /// Writes the event as one structured CloudEvent in JSON, for files and pipes.
    pub fn write(&self, encoder: &Encoder, output: impl std::io::Write) -> serde_json::Result<()> {
        match self {
            Self::Classified { id, event } => {
                serde_json::to_writer(output, &encoder.structured(&Attributes::classified(id, event), event))
            }
            Self::Rejected { id, event } => {
                serde_json::to_writer(output, &encoder.structured(&Attributes::rejected(id, event), event))
            }
        }
    }
}

/// Why an engine could not be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model package was refused.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// The taxonomy, policy or lexicon was refused.
    #[error(transparent)]
    Triage(#[from] crate::triage::Error),
    /// The model says nothing that the taxonomy knows.
    #[error(
        "model package {package}: none of its outputs ({outputs}) is a label, organisation or context of the taxonomy; name them in package.toml under [outputs]"
    )]
    NothingKnown {
        /// Name of the package.
        package: String,
        /// Its output names.
        outputs: String,
    },
}

/// Bytes of the three rule files, for their digests.
#[derive(Debug, Clone, Default)]
pub struct RuleFiles {
    /// The taxonomy.
    pub taxonomy: Vec<u8>,
    /// The policy.
    pub policy: Vec<u8>,
    /// All lexicon files, in order.
    pub lexicon: Vec<Vec<u8>>,
}

/// Limits and choices of one deployment.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Limits on incoming reports.
    pub limits: report::Limits,
    /// Events carry the report's texts.
    pub embed_text: bool,
}

/// Everything that decides, shared by all threads.
#[derive(Debug)]
pub struct Engine {
    model: Arc<Model>,
    triage: Triage,
    options: Options,
    provenance: Provenance,
    /// Digest over all digests of `provenance` but the input's: part of each event id.
    decided_by: String,
}

impl Engine {
    /// Joins a model and rules once the package's goldens pass on this machine. Outputs of the model that the taxonomy does not know are left
    /// out; a model of which nothing is known is refused.
    pub fn new(model: Arc<Model>, triage: Triage, files: &RuleFiles, options: Options) -> Result<Self, Error> {
        let outputs: Vec<&str> = model.outputs().iter().map(|output| output.name.as_str()).collect();
        if !outputs.iter().any(|name| triage.taxonomy().knows(name)) {
            let package = model.package().name.clone();
            return Err(Error::NothingKnown { package, outputs: outputs.join(", ") });
        }
        let view = prepare::view(model.package());
        model.check_goldens(&|text| text::prepare(text, view).text().to_owned())?;
        let provenance = provenance::of(&model, files);
        let decided_by = provenance::combined(&provenance);
        Ok(Self { model, triage, options, provenance, decided_by })
    }

    /// The rules in force.
    pub fn triage(&self) -> &Triage {
        &self.triage
    }

    /// The model in force.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Digests in force; the input's is empty.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Outputs of the model that mean nothing to the taxonomy.
    pub fn unknown_outputs(&self) -> Vec<&str> {
        let names = self.model.outputs().iter().map(|output| output.name.as_str());
        names.filter(|name| !self.triage.taxonomy().knows(name)).collect()
    }

    /// State of one thread.
    pub fn session(self: &Arc<Self>) -> Result<Session, Error> {
        Ok(Session { model: self.model.session()?, engine: Arc::clone(self) })
    }
}

/// A part of the work on a batch, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reports decoded, their texts prepared.
    Read,
    /// Texts scored by the model.
    Score,
    /// Rules applied, events put together.
    Decide,
}

/// What one thread needs to decide.
#[derive(Debug)]
pub struct Session {
    engine: Arc<Engine>,
    model: model::Session,
}

impl Session {
    /// Decides a batch: one outcome per input, in order. Never fails: a report that cannot be read
    /// is rejected, and one that the model cannot judge goes to a person.
    pub fn decide(&mut self, inputs: &[Input<'_>], now: Timestamp) -> Vec<Outcome> {
        self.decide_in_stages(inputs, now, &mut |_| {})
    }

    /// Like [`decide`](Self::decide); calls `done` as each stage ends, so that a caller with a clock
    /// can tell how long it took.
    pub fn decide_in_stages(
        &mut self,
        inputs: &[Input<'_>],
        now: Timestamp,
        done: &mut dyn FnMut(Stage),
    ) -> Vec<Outcome> {
        let engine = Arc::clone(&self.engine);
        let prepared: Vec<Result<Prepared, Box<Rejected>>> = inputs.iter().map(|input| engine.read(input)).collect();
        let readable: Vec<&Prepared> = prepared.iter().filter_map(|prepared| prepared.as_ref().ok()).collect();
        done(Stage::Read);
        let mut scores = self.score(&readable).into_iter();
        done(Stage::Score);
        let decided = inputs.iter().zip(&prepared).map(|(input, prepared)| match prepared {
            Ok(prepared) => {
                let event = engine.assemble(input, prepared, scores.next().flatten().as_ref(), now);
                Outcome::Classified {
                    id: engine.event_id(input, &event.provenance.input_digest),
                    event: Box::new(event),
                }
            }
            Err(event) => Outcome::Rejected { id: engine.event_id(input, &event.input_digest), event: event.clone() },
        });
        let decided = decided.collect();
        done(Stage::Decide);
        decided
    }

    /// Scores of all texts together; when that fails, of each alone, so that one text that the
    /// model cannot take costs its neighbours nothing.
    fn score(&mut self, prepared: &[&Prepared]) -> Vec<Option<model::Scores>> {
        let with_text: Vec<usize> = (0..prepared.len()).filter(|&index| prepared[index].has_text()).collect();
        let inputs: Vec<model::Input<'_>> = with_text.iter().map(|&index| prepared[index].model_input()).collect();
        let mut scores: Vec<Option<model::Scores>> = Vec::new();
        scores.resize_with(prepared.len(), || None);
        let together = match self.model.score(&inputs) {
            Ok(together) => together.into_iter().map(Some).collect(),
            Err(error) => {
                tracing::warn!(%error, texts = inputs.len(), "the model refused a batch; its texts are tried one by one");
                self.score_alone(&inputs)
            }
        };
        for (index, score) in with_text.into_iter().zip(together) {
            scores[index] = score;
        }
        scores
    }

    fn score_alone(&mut self, inputs: &[model::Input<'_>]) -> Vec<Option<model::Scores>> {
        let alone = inputs.iter().map(|input| {
            let scored = self.model.score(std::slice::from_ref(input));
            if let Err(error) = &scored {
                tracing::error!(%error, "the model could not judge a report; it goes to a person");
            }
            scored.ok().and_then(|scores| scores.into_iter().next())
        });
        alone.collect()
    }
}

impl Engine {
    fn read(&self, input: &Input<'_>) -> Result<Prepared, Box<Rejected>> {
        let digest = provenance::digest(input.envelope.value.unwrap_or_default());
        match report::decode(&input.envelope, &self.options.limits) {
            Ok(report) => Ok(Prepared::new(report, digest, self.model.package(), self.triage.lexicon())),
            Err(rejection) => Err(Box::new(Rejected {
                report_id: rejection.report_id.map(|id| id.to_string()),
                code: rejection.code.as_str().to_owned(),
                pointer: rejection.pointer,
                message: rejection.message,
                input_digest: digest,
                source: source(input),
                received_at: input.received_at,
            })),
        }
    }

    /// Scores by output name, rounded; a score that is not a number judges nothing.
    fn named_scores(&self, scores: &model::Scores) -> Option<Vec<(String, Score)>> {
        let pairs = self.model.outputs().iter().zip(&scores.probabilities);
        pairs.map(|(output, p)| Some((output.name.clone(), Score::new(f64::from(*p))?))).collect()
    }

    /// Same record and same digests, same id: a consumer recognises a delivery that is repeated.
    fn event_id(&self, input: &Input<'_>, input_digest: &str) -> String {
        let place = input.source.map(|(topic, partition, offset)| format!("{topic}\0{partition}\0{offset}"));
        let mut id = provenance::digest(
            format!("{}\0{input_digest}\0{}", place.unwrap_or_default(), self.decided_by).as_bytes(),
        );
        id.truncate(32);
        id
    }
}

fn source(input: &Input<'_>) -> Option<Source> {
    input.source.map(|(topic, partition, offset)| Source { topic: topic.to_owned(), partition, offset })
}
