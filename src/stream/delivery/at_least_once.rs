//! At least once: outputs as they come, offsets when their inputs are finished.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use rdkafka::types::RDKafkaErrorCode;

use super::committer::Committer;
use super::publisher::{Message, Publisher};
use super::{Delivery, Finished, Interruption, Progress};
use crate::stream::context::{Consumer, Delivered, Notice};
use crate::stream::failure::{Verdict, advice, delivery_verdict};
use crate::stream::observer::Event;
use crate::stream::pool::Answered;
use crate::stream::tracker::{Ticket, Tracker};
use crate::stream::{Code, Disposition, Error, Options, Record, Refusal, clients};

/// See the description of the module above.
pub(in super::super) struct AtLeastOnce {
    lane: usize,
    publisher: Publisher,
    committer: Committer,
    commit_interval: Duration,
    last_commit: Instant,
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

impl From<InFlight> for Finished {
    fn from(input: InFlight) -> Self {
        let InFlight { ticket, bytes, published, refusal, .. } = input;
        Self { ticket, bytes, published, refusal }
    }
}

impl AtLeastOnce {
    pub(in super::super) fn new(
        lane: usize,
        options: &Options,
        consumer: Arc<Consumer>,
        notices: Sender<Notice>,
    ) -> Result<Self, Error> {
        Ok(Self {
            lane,
            publisher: Publisher::new(lane, options, &clients::producer(&options.cluster), notices)?,
            committer: Committer::start(lane, consumer)?,
            commit_interval: options.commit_interval,
            last_commit: Instant::now(),
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
                    if item.message.is_output() {
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
        let topic = self.publisher.topic(&item.message).to_owned();
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
            match self.publisher.send(self.next_message, &item.message, &input.record, input.refusal.as_ref()) {
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
}

impl Delivery for AtLeastOnce {
    fn publish(&mut self, input: Answered) {
        let Answered { ticket, record, disposition } = input;
        let Disposition { outgoing, refusal, .. } = disposition;
        let index = self.next_input;
        self.next_input = index.wrapping_add(1);
        let messages = Message::all(outgoing, refusal.as_ref());
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

    fn pump(&mut self, now: Instant, tracker: &Tracker, _: &dyn Fn(&Event<'_>)) -> Result<Progress, Interruption> {
        let mut finished = std::mem::take(&mut self.silent);
        while let Some(delivered) = self.publisher.delivered() {
            self.answered(&delivered, &mut finished)?;
        }
        self.send(&mut finished)?;
        let commits = self.committer.answer().into_iter().collect();
        if now.saturating_duration_since(self.last_commit) >= self.commit_interval {
            self.last_commit = now;
            self.commit(tracker);
        }
        Ok(Progress { finished, commits, released: Vec::new() })
    }

    fn outstanding(&self) -> usize {
        self.inputs.len().saturating_add(self.silent.len())
    }

    fn abandon(&mut self, tracker: &Tracker) -> Vec<usize> {
        let mut finished = Vec::new();
        for queue in [std::mem::take(&mut self.outbox), std::mem::take(&mut self.suspects)] {
            for item in queue {
                let Some(input) = self.inputs.get_mut(&item.input) else {
                    continue;
                };
                if tracker.is_current(&input.ticket) {
                    // A suspect may wait in the outbox as well: it is found out again.
                    self.outbox.push_back(item);
                    continue;
                }
                input.outstanding = input.outstanding.saturating_sub(1);
                self.settle(item.input, &mut finished);
            }
        }
        finished.into_iter().map(|finished| finished.bytes).collect()
    }

    fn commit(&mut self, tracker: &Tracker) {
        if !self.committer.is_busy() {
            self.committer.commit(tracker.committable());
        }
    }

    fn is_committing(&self) -> bool {
        self.committer.is_busy()
    }
}
