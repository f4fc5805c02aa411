//! Publishing and committing: what makes an input finished.
//!
//! The lane knows only the trait [`Delivery`]. [`AtLeastOnce`] publishes each output as it comes,
//! calls an input finished when every output of it is acknowledged, and commits by offset lists.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::types::RDKafkaErrorCode;

use super::committer::Committer;
use super::context::{Consumer, Delivered, Notice, Producer, ProducerSide, code};
use super::dead_letter::{self, Origin};
use super::failure::{Verdict, advice, delivery_verdict};
use super::pool::Answered;
use super::tracker::{Position, Ticket};
use super::{Code, Disposition, Error, Options, Outgoing, Record, Refusal, clients};

/// Why a session of a lane cannot go on.
#[derive(Debug)]
pub(super) enum Interruption {
    /// Begin again at the committed offsets.
    Restart(String),
    /// End the lane.
    Fatal(Error),
}

impl From<Error> for Interruption {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

/// An input whose every output is acknowledged.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) ticket: Ticket,
    /// Bytes of the input, now free.
    pub(super) bytes: usize,
    /// Outputs acknowledged, the dead letter not counted.
    pub(super) published: u64,
    /// Code and stage, if it was dead-lettered.
    pub(super) refusal: Option<Refusal>,
}

/// The publish and commit step of a lane.
pub(super) trait Delivery {
    /// Takes over an answered input; called in the order outputs are to be published in.
    fn publish(&mut self, input: Answered);

    /// Moves on without waiting: sends what can be sent and returns what is finished.
    fn pump(&mut self) -> Result<Vec<Finished>, Interruption>;

    /// Inputs taken over and not finished.
    fn outstanding(&self) -> usize;

    /// Gives up outputs not yet sent of inputs for which `keep` is false. Returns inputs that are
    /// thereby done with.
    fn abandon(&mut self, keep: &dyn Fn(&Ticket) -> bool) -> Vec<Finished>;

    /// Asks the brokers to commit; the answer comes as [`Notice::Committed`]. `false` if an earlier
    /// commit is still under way.
    fn commit(&mut self, positions: Vec<Position>) -> bool;
}

/// See the module's description.
pub(super) struct AtLeastOnce {
    lane: usize,
    group: String,
    version: String,
    dead_letter_topic: String,
    producer: Producer,
    committer: Committer,
    deliveries: Receiver<Delivered>,
    inputs: HashMap<u64, InFlight>,
    next_input: u64,
    /// Messages to send, in order.
    outbox: VecDeque<Item>,
    /// Messages sent and not answered, by the number librdkafka gives back.
    sent: HashMap<usize, Item>,
    next_message: usize,
    /// Messages of refused batches. The brokers refuse a batch as a whole, so each is sent again
    /// alone to find the one that is to blame.
    suspects: VecDeque<Item>,
    /// Whether the one message sent is a suspect on its own.
    trial: bool,
    /// Inputs answered with no message at all.
    silent: Vec<Finished>,
}

struct InFlight {
    ticket: Ticket,
    record: Record,
    bytes: usize,
    /// Messages queued or sent and not answered.
    outstanding: usize,
    published: u64,
    refusal: Option<Refusal>,
}

struct Item {
    input: u64,
    message: Message,
}

enum Message {
    Output(Outgoing),
    /// Key and value are the input's; so is the timestamp, unless the brokers refused it.
    DeadLetter {
        timestamp: bool,
    },
}

impl From<InFlight> for Finished {
    fn from(input: InFlight) -> Self {
        let InFlight { ticket, bytes, published, refusal, .. } = input;
        Self { ticket, bytes, published, refusal }
    }
}

impl AtLeastOnce {
    pub(super) fn new(
        lane: usize,
        options: &Options,
        consumer: Arc<Consumer>,
        notices: Sender<Notice>,
    ) -> Result<Self, Error> {
        let committer = Committer::start(lane, consumer, notices.clone())?;
        let (sender, deliveries) = crossbeam_channel::unbounded();
        let context = ProducerSide { deliveries: sender, notices };
        let producer = clients::create(&clients::producer(&options.cluster), context, "producer")?;
        Ok(Self {
            lane,
            group: options.group_id.clone(),
            version: options.service_version.clone(),
            dead_letter_topic: options.dead_letter_topic.clone(),
            producer,
            committer,
            deliveries,
            inputs: HashMap::new(),
            next_input: 0,
            outbox: VecDeque::new(),
            sent: HashMap::new(),
            next_message: 0,
            suspects: VecDeque::new(),
            trial: false,
            silent: Vec::new(),
        })
    }

    fn answered(&mut self, delivered: &Delivered, finished: &mut Vec<Finished>) -> Result<(), Interruption> {
        let alone = std::mem::take(&mut self.trial);
        let Some(item) = self.sent.remove(&delivered.tag) else {
            return Ok(());
        };
        match delivered.result {
            Ok(()) => {
                if let Some(input) = self.inputs.get_mut(&item.input) {
                    input.outstanding = input.outstanding.saturating_sub(1);
                    if matches!(item.message, Message::Output(_)) {
                        input.published = input.published.saturating_add(1);
                    }
                }
                self.settle(item.input, finished);
                Ok(())
            }
            Err(code) => self.failed(item, code, alone, finished),
        }
    }

    fn settle(&mut self, input: u64, finished: &mut Vec<Finished>) {
        if self.inputs.get(&input).is_some_and(|state| state.outstanding == 0) {
            finished.extend(self.inputs.remove(&input).map(Finished::from));
        }
    }

    /// A message failed. `alone`: no other message can be to blame.
    fn failed(
        &mut self,
        item: Item,
        code: RDKafkaErrorCode,
        alone: bool,
        finished: &mut Vec<Finished>,
    ) -> Result<(), Interruption> {
        let topic = match &item.message {
            Message::Output(message) => &message.topic,
            Message::DeadLetter { .. } => &self.dead_letter_topic,
        };
        match delivery_verdict(code) {
            Verdict::Record if alone => {
                self.refused(&item, code)?;
                self.settle(item.input, finished);
                Ok(())
            }
            Verdict::Record => {
                self.suspects.push_back(item);
                Ok(())
            }
            Verdict::Restart => Err(Interruption::Restart(format!("a message to `{topic}` was not delivered: {code}"))),
            Verdict::Fatal => Err(Interruption::Fatal(Error::Refused {
                lane: self.lane,
                problem: format!("a message to `{topic}`: {code}"),
                advice: advice(code),
            })),
        }
    }

    /// The input stays, with one message less or with its dead letter instead.
    fn refused(&mut self, item: &Item, code: RDKafkaErrorCode) -> Result<(), Interruption> {
        let Some(input) = self.inputs.get_mut(&item.input) else {
            return Ok(());
        };
        let timestamp = match item.message {
            Message::Output(_) if input.refusal.is_some() => {
                input.outstanding = input.outstanding.saturating_sub(1);
                return Ok(());
            }
            Message::Output(_) => {
                input.refusal = Some(Code::Unpublishable.refusal());
                true
            }
            // The original's timestamp is too far from the broker's clock; the headers have it too.
            Message::DeadLetter { timestamp: true } if code == RDKafkaErrorCode::InvalidTimestamp => false,
            Message::DeadLetter { .. } => {
                return Err(Interruption::Fatal(Error::DeadLetter {
                    lane: self.lane,
                    topic: input.record.topic.to_string(),
                    partition: input.record.partition,
                    offset: input.record.offset,
                    problem: code.to_string(),
                }));
            }
        };
        let message = Message::DeadLetter { timestamp };
        self.outbox.push_back(Item { input: item.input, message });
        Ok(())
    }

    /// Sends until nothing waits or librdkafka's queue is full; suspects alone and first.
    fn send(&mut self, finished: &mut Vec<Finished>) -> Result<(), Interruption> {
        loop {
            let alone = self.trial || !self.suspects.is_empty();
            if alone && !self.sent.is_empty() {
                return Ok(());
            }
            let queue = if alone { &mut self.suspects } else { &mut self.outbox };
            let Some(item) = queue.pop_front() else {
                return Ok(());
            };
            let Some(input) = self.inputs.get(&item.input) else {
                continue;
            };
            match self.enqueue(&item.message, input) {
                Ok(()) => {
                    self.sent.insert(self.next_message, item);
                    self.next_message = self.next_message.wrapping_add(1);
                    self.trial = alone;
                }
                Err(RDKafkaErrorCode::QueueFull) => {
                    let queue = if alone { &mut self.suspects } else { &mut self.outbox };
                    queue.push_front(item);
                    return Ok(());
                }
                // Refused before it met any other message.
                Err(code) => self.failed(item, code, true, finished)?,
            }
        }
    }

    fn enqueue(&self, message: &Message, input: &InFlight) -> Result<(), RDKafkaErrorCode> {
        let tag = self.next_message;
        let letter;
        let (topic, pairs, key, value, timestamp) = match message {
            Message::Output(out) => (&out.topic, &out.headers, &out.key, &out.value, None),
            Message::DeadLetter { timestamp } => {
                let origin = Origin { group: &self.group, lane: self.lane, version: &self.version };
                let refusal = input.refusal.clone();
                let refusal = refusal.unwrap_or_else(|| Code::Unpublishable.refusal());
                letter = dead_letter::headers(&input.record, &refusal, &origin);
                let Record { key, value, timestamp: original, .. } = &input.record;
                (&self.dead_letter_topic, &letter, key, value, original.filter(|_| *timestamp))
            }
        };
        let mut record = BaseRecord::<[u8], [u8], usize>::with_opaque_to(topic, tag);
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

impl Delivery for AtLeastOnce {
    fn publish(&mut self, input: Answered) {
        let Answered { ticket, record, disposition } = input;
        let Disposition { outgoing, refusal } = disposition;
        let index = self.next_input;
        self.next_input = index.wrapping_add(1);
        let letter = refusal.is_some().then_some(Message::DeadLetter { timestamp: true });
        let messages: Vec<_> = outgoing.into_iter().map(Message::Output).chain(letter).collect();
        let bytes = record.bytes();
        let outstanding = messages.len();
        let state = InFlight { ticket, record, bytes, outstanding, published: 0, refusal };
        if outstanding == 0 {
            self.silent.push(Finished::from(state));
            return;
        }
        self.inputs.insert(index, state);
        self.outbox.extend(messages.into_iter().map(|message| Item { input: index, message }));
    }

    fn pump(&mut self) -> Result<Vec<Finished>, Interruption> {
        let mut finished = std::mem::take(&mut self.silent);
        while let Ok(delivered) = self.deliveries.try_recv() {
            self.answered(&delivered, &mut finished)?;
        }
        self.send(&mut finished)?;
        Ok(finished)
    }

    fn outstanding(&self) -> usize {
        self.inputs.len().saturating_add(self.silent.len())
    }

    fn abandon(&mut self, keep: &dyn Fn(&Ticket) -> bool) -> Vec<Finished> {
        let mut finished = Vec::new();
        for queue in [std::mem::take(&mut self.outbox), std::mem::take(&mut self.suspects)] {
            for item in queue {
                let Some(input) = self.inputs.get_mut(&item.input) else {
                    continue;
                };
                if keep(&input.ticket) {
                    // A suspect may wait in the outbox as well: it is found out again.
                    self.outbox.push_back(item);
                    continue;
                }
                input.outstanding = input.outstanding.saturating_sub(1);
                self.settle(item.input, &mut finished);
            }
        }
        finished
    }

    fn commit(&mut self, positions: Vec<Position>) -> bool {
        self.committer.commit(positions)
    }
}

fn headers(pairs: &[(String, Option<Vec<u8>>)]) -> OwnedHeaders {
    let headers = OwnedHeaders::new_with_capacity(pairs.len());
    pairs.iter().fold(headers, |headers, (key, value)| headers.insert(Header { key, value: value.as_ref() }))
}
