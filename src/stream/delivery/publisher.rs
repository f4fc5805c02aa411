//! Sending one message of an input: an output as it is, or the input's dead letter.

use crossbeam_channel::{Receiver, Sender};
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::types::RDKafkaErrorCode;

use crate::stream::context::{Delivered, Notice, Producer, ProducerSide, code};
use crate::stream::dead_letter::{self, Origin};
use crate::stream::{Code, Error, Options, Outgoing, Record, Refusal, clients};

#[derive(Debug)]
pub(super) enum Message {
    Output(Outgoing),
    /// Key and value are the input's; so is the timestamp, unless the brokers refused it.
    DeadLetter {
        timestamp: bool,
    },
}

impl Message {
    /// The messages that answer an input, in the order they are to be sent.
    pub(super) fn all(outgoing: Vec<Outgoing>, refusal: Option<&Refusal>) -> Vec<Self> {
        let letter = refusal.map(|_| Self::DeadLetter { timestamp: true });
        outgoing.into_iter().map(Self::Output).chain(letter).collect()
    }

    pub(super) fn is_output(&self) -> bool {
        matches!(self, Self::Output(_))
    }
}

pub(super) struct Publisher {
    lane: usize,
    group: String,
    version: String,
    dead_letter_topic: String,
    producer: Producer,
    deliveries: Receiver<Delivered>,
}

impl Publisher {
    pub(super) fn new(
        lane: usize,
        options: &Options,
        config: &ClientConfig,
        notices: Sender<Notice>,
    ) -> Result<Self, Error> {
        let (sender, deliveries) = crossbeam_channel::unbounded();
        let producer = clients::create(config, ProducerSide { deliveries: sender, notices }, "producer")?;
        Ok(Self {
            lane,
            group: options.group_id.clone(),
            version: options.service_version.clone(),
            dead_letter_topic: options.dead_letter_topic.clone(),
            producer,
            deliveries,
        })
    }

    pub(super) fn producer(&self) -> &Producer {
        &self.producer
    }

    /// The next answer of the brokers to a message sent, if one is there.
    pub(super) fn delivered(&self) -> Option<Delivered> {
        self.deliveries.try_recv().ok()
    }

    /// Topic a message goes to.
    pub(super) fn topic<'a>(&'a self, message: &'a Message) -> &'a str {
        match message {
            Message::Output(output) => &output.topic,
            Message::DeadLetter { .. } => &self.dead_letter_topic,
        }
    }

    /// Hands a message of `record` to librdkafka; the answer comes under `tag`.
    pub(super) fn send(
        &self,
        tag: usize,
        message: &Message,
        record: &Record,
        refusal: Option<&Refusal>,
    ) -> Result<(), RDKafkaErrorCode> {
        let letter;
        let (pairs, key, value, timestamp) = match message {
            Message::Output(output) => (&output.headers, &output.key, &output.value, None),
            Message::DeadLetter { timestamp } => {
                let origin = Origin { group: &self.group, lane: self.lane, version: &self.version };
                let refusal = refusal.cloned().unwrap_or_else(|| Code::Unpublishable.refusal());
                letter = dead_letter::headers(record, &refusal, &origin);
                (&letter, &record.key, &record.value, record.timestamp.filter(|_| *timestamp))
            }
        };
        let mut record = BaseRecord::<[u8], [u8], usize>::with_opaque_to(self.topic(message), tag);
        record.headers = Some(headers(pairs));
        record.key = key.as_deref();
        record.payload = value.as_deref();
        record.timestamp = timestamp;
        self.producer.send(record).map_err(|(error, _)| match error {
            // A topic name with a zero byte; librdkafka never sees it.
            KafkaError::Nul(_) => RDKafkaErrorCode::InvalidTopic,
            error => code(&error),
        })
    }
}

fn headers(pairs: &[(String, Option<Vec<u8>>)]) -> OwnedHeaders {
    let headers = OwnedHeaders::new_with_capacity(pairs.len());
    pairs.iter().fold(headers, |headers, (key, value)| headers.insert(Header { key, value: value.as_ref() }))
}
