use std::sync::Arc;

use jiff::Timestamp;

use crate::config::Topics;
use crate::engine::{Engine, Input, Outcome, Session};
use crate::event::{Destination, Encoder, Message};
use crate::report::Envelope;
use crate::stream::{Disposition, Outgoing, Record, Refusal, Worker, WorkerError, Workers};

/// Gives each inference thread of the stream a session of the engine, and destinations their topics.
#[derive(Debug)]
pub(super) struct Classifiers {
    pub(super) engine: Arc<Engine>,
    pub(super) encoder: Encoder,
    pub(super) topics: Topics,
}

impl Workers for Classifiers {
    fn worker(&self) -> Result<Box<dyn Worker>, WorkerError> {
        let session = self.engine.session().map_err(|error| WorkerError(error.to_string()))?;
        Ok(Box::new(Classifier { session, encoder: self.encoder.clone(), topics: self.topics.clone() }))
    }
}

struct Classifier {
    session: Session,
    encoder: Encoder,
    topics: Topics,
}

impl Worker for Classifier {
    fn process(&mut self, records: &[Record]) -> Vec<Disposition> {
        let now = super::now();
        let inputs: Vec<Input<'_>> = records.iter().map(|record| input(record, now)).collect();
        let outcomes = self.session.decide(&inputs, now);
        records.iter().zip(&outcomes).map(|(record, outcome)| self.disposition(record, outcome)).collect()
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
        let outgoing = messages.into_iter().map(|message| self.outgoing(message)).collect();
        Disposition { outgoing, refusal, urgent }
    }

    fn outgoing(&self, message: Message) -> Outgoing {
        let topic = match message.destination {
            Destination::Classified => self.topics.classified.clone(),
            Destination::Unit(unit) => format!("{}{unit}", self.topics.unit_prefix),
            Destination::Urgent => self.topics.urgent.clone(),
            Destination::Review => self.topics.review.clone(),
            Destination::Rejected => self.topics.rejected.clone(),
        };
        let headers = message.headers.into_iter().map(|(name, value)| (name, Some(value))).collect();
        Outgoing { topic, key: message.key, headers, value: Some(message.value) }
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
