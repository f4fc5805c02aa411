use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::trace;
use crate::config::Topics;
use crate::engine::{Engine, Input, Outcome, Session, Stage};
use crate::event::{Destination, Encoder, Message};
use crate::report::Envelope;
use crate::stream::{Disposition, Outgoing, Record, Refusal, Worker, WorkerError, Workers};
use crate::telemetry::{Decided, Stages, Watch};

/// Gives each inference thread of the stream a session of the engine, and destinations their topics.
#[derive(Debug)]
pub(super) struct Classifiers {
    pub(super) engine: Arc<Engine>,
    pub(super) encoder: Encoder,
    pub(super) topics: Topics,
    /// Who is told what was decided.
    pub(super) watch: Arc<Watch>,
}

impl Workers for Classifiers {
    fn worker(&self) -> Result<Box<dyn Worker>, WorkerError> {
        let session = self.engine.session().map_err(|error| WorkerError(error.to_string()))?;
        let Self { encoder, topics, watch, .. } = self;
        let (encoder, topics, watch) = (encoder.clone(), topics.clone(), Arc::clone(watch));
        Ok(Box::new(Classifier { session, encoder, topics, watch }))
    }
}

struct Classifier {
    session: Session,
    encoder: Encoder,
    topics: Topics,
    watch: Arc<Watch>,
}

impl Worker for Classifier {
    fn process(&mut self, records: &[Record]) -> Vec<Disposition> {
        let now = super::now();
        let inputs: Vec<Input<'_>> = records.iter().map(|record| input(record, now)).collect();
        let mut stages = Stages::default();
        let mut lap = lap();
        let outcomes = self.session.decide_in_stages(&inputs, now, &mut |done| match done {
            Stage::Read => stages.read = lap(),
            Stage::Score => stages.score = lap(),
            Stage::Decide => stages.decide = lap(),
        });
        let answers =
            records.iter().zip(&outcomes).map(|(record, outcome)| self.disposition(record, outcome)).collect();
        stages.encode = lap();
        self.watch.decided(&Decided { outcomes: &outcomes, stages });
        answers
    }
}

impl Classifier {
    fn disposition(&self, record: &Record, outcome: &Outcome) -> Disposition {
        let messages = outcome.messages(&self.encoder, record.key.as_deref());
        let urgent = messages.iter().any(|message| message.destination == Destination::Urgent);
        let refusal = match outcome {
            Outcome::Classified { .. } => None,
            Outcome::Rejected { event, .. } => {
                Some(Refusal { code: event.code.clone(), stage: "decode", message: event.message.clone() })
            }
        };
        let trace = trace::context(&record.headers);
        let outgoing = messages.into_iter().map(|message| self.outgoing(message, &trace)).collect();
        Disposition { outgoing, refusal, urgent }
    }

    fn outgoing(&self, message: Message, trace: &[(String, Option<Vec<u8>>)]) -> Outgoing {
        let topic = match message.destination {
            Destination::Classified => self.topics.classified.clone(),
            Destination::Unit(unit) => format!("{}{unit}", self.topics.unit_prefix),
            Destination::Urgent => self.topics.urgent.clone(),
            Destination::Review => self.topics.review.clone(),
            Destination::Rejected => self.topics.rejected.clone(),
        };
        let headers = message.headers.into_iter().map(|(name, value)| (name, Some(value)));
        let headers = headers.chain(trace.iter().cloned()).collect();
        Outgoing { topic, key: message.key, headers, value: Some(message.value) }
    }
}

/// Each call gives the time since the one before.
fn lap() -> impl FnMut() -> Duration {
    let mut last = Instant::now();
    move || {
        let now = Instant::now();
        let time = now.saturating_duration_since(last);
        last = now;
        time
    }
}

/// The record's own timestamp is its arrival, so that a record read again has the same deadline.
fn input(record: &Record, now: Timestamp) -> Input<'_> {
    let received_at = record.timestamp.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    Input {
        envelope: Envelope { key: record.key.as_deref(), value: record.value.as_deref(), headers: &record.headers },
        source: Some((&record.topic, record.partition, record.offset)),
        received_at: received_at.unwrap_or(now),
    }
}
