//! What is in the transaction under way, and what may happen next.
//!
//! One transaction is open at a time. It takes answered inputs in their order, each with all its
//! outputs, until a limit closes it; when every output is acknowledged it ends, with the offsets of
//! exactly these inputs. An aborted transaction loses nothing: its inputs are still here and go into
//! the next one, in the same order. Inputs that wait while one transaction ends are the beginning of
//! the next.
//!
//! An output that the brokers refuse spoils its transaction. They refuse a batch as a whole, so every
//! input with a message in it becomes a *suspect*: in the next transaction its messages are sent
//! alone. One that is refused alone is to blame: its input is dead-lettered instead of published.
//!
//! Pure: knows no client, and the time is passed in.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use rdkafka::types::RDKafkaErrorCode;

use super::Finished;
use super::publisher::Message;
use crate::stream::failure::{Verdict, delivery_verdict};
use crate::stream::options::TransactionLimits;
use crate::stream::pool::Answered;
use crate::stream::tracker::{Position, Ticket, Tracker};
use crate::stream::{Code, Disposition, Record, Refusal};

/// First pause after an abort that nothing of ours explains; doubled for each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Longest pause after an abort.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What the driver is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Begin a transaction.
    Begin,
    /// Send the message that [`Transactions::upcoming`] shows.
    Send,
    /// Every output is acknowledged: end the transaction with the offsets of its inputs.
    End,
    /// Abort the transaction.
    Abort,
}

/// A message that is beyond help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Its outcome is unknown.
    Unknown { topic: Option<String>, code: RDKafkaErrorCode },
    /// Nothing like it will be accepted until someone changes something.
    Forbidden { topic: Option<String>, code: RDKafkaErrorCode },
    /// It is a dead letter.
    DeadLetter { topic: String, partition: i32, offset: i64, code: RDKafkaErrorCode },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    /// Takes inputs.
    Open,
    /// Takes no more; waits for acknowledgements.
    Sealed,
    /// Offsets or commit are under way.
    Ending,
    Aborting,
}

#[derive(Debug)]
struct Input {
    ticket: Ticket,
    record: Record,
    messages: Vec<Message>,
    refusal: Option<Refusal>,
    urgent: bool,
    acknowledged: usize,
    suspect: bool,
    /// Its partition was taken away after some of it had been sent.
    dropped: bool,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    /// Place of the input in the transaction, and of the message in the input.
    input: usize,
    message: usize,
    alone: bool,
}

/// The message to send next.
#[derive(Debug)]
pub(super) struct Upcoming<'a> {
    pub(super) tag: usize,
    pub(super) message: &'a Message,
    pub(super) record: &'a Record,
    pub(super) refusal: Option<&'a Refusal>,
}

/// Why a transaction must be aborted.
#[derive(Debug)]
struct Spoiled {
    reason: String,
    /// Whether a message was refused, so that the next transaction will differ.
    explained: bool,
}

/// See the module's description.
#[derive(Debug)]
pub(super) struct Transactions {
    limits: TransactionLimits,
    state: State,
    /// Inputs that wait for a transaction.
    queue: VecDeque<Input>,
    /// Inputs of the transaction.
    inputs: Vec<Input>,
    /// Messages of the last input already sent.
    cursor: usize,
    sent: HashMap<usize, Sent>,
    /// Whether the one message sent is sent alone.
    trial: bool,
    /// Whether an input of the transaction is urgent.
    urgent: bool,
    next_tag: usize,
    /// When the first input was taken into the transaction.
    since: Option<Instant>,
    hurry: bool,
    /// Set if the transaction must be aborted.
    spoiled: Option<Spoiled>,
    /// Aborts without explanation since the last commit.
    aborts: u32,
    not_before: Option<Instant>,
}

impl Transactions {
    pub(super) fn new(limits: TransactionLimits) -> Self {
        Self {
            limits,
            state: State::Closed,
            queue: VecDeque::new(),
            inputs: Vec::new(),
            cursor: 0,
            sent: HashMap::new(),
            trial: false,
            urgent: false,
            next_tag: 0,
            since: None,
            hurry: false,
            spoiled: None,
            aborts: 0,
            not_before: None,
        }
    }

    pub(super) fn push(&mut self, input: Answered) {
        let Answered { ticket, record, disposition } = input;
        let Disposition { outgoing, refusal, urgent } = disposition;
        let messages = Message::all(outgoing, refusal.as_ref());
        let input =
            Input { ticket, record, messages, refusal, urgent, acknowledged: 0, suspect: false, dropped: false };
        self.queue.push_back(input);
    }

    /// Closes each transaction as soon as no input waits for it.
    pub(super) fn hurry(&mut self, on: bool) {
        self.hurry = on;
    }

    /// Inputs waiting or in the transaction.
    pub(super) fn outstanding(&self) -> usize {
        self.queue.len().saturating_add(self.inputs.len())
    }

    /// Inputs in the transaction.
    pub(super) fn size(&self) -> usize {
        self.inputs.len()
    }

    /// Messages of the inputs in the transaction.
    pub(super) fn messages(&self) -> usize {
        self.inputs.iter().map(|input| input.messages.len()).sum()
    }

    /// Whether a transaction is begun and neither committed nor aborted.
    pub(super) fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    /// Whether messages are sent and not answered, and nothing is being ended.
    pub(super) fn awaits_answers(&self) -> bool {
        matches!(self.state, State::Open | State::Sealed) && !self.sent.is_empty()
    }

    pub(super) fn has_dropped(&self) -> bool {
        self.inputs.iter().any(|input| input.dropped)
    }

    /// Whether the transaction must be aborted.
    pub(super) fn is_spoiled(&self) -> bool {
        self.spoiled.is_some()
    }

    /// Whether a refused message explains the abort.
    pub(super) fn is_explained(&self) -> bool {
        self.spoiled.as_ref().is_some_and(|spoiled| spoiled.explained)
    }

    pub(super) fn aborts(&self) -> u32 {
        self.aborts
    }

    pub(super) fn next(&mut self, now: Instant) -> Option<Action> {
        match self.state {
            State::Closed => {
                let waits = self.not_before.is_some_and(|time| now < time);
                (!waits && !self.queue.is_empty()).then_some(Action::Begin)
            }
            State::Open | State::Sealed if self.spoiled.is_some() => Some(Action::Abort),
            State::Open => self.advance(now),
            State::Sealed => self.sent.is_empty().then_some(Action::End),
            State::Ending | State::Aborting => None,
        }
    }

    /// The next message to send, or the end; takes waiting inputs in.
    fn advance(&mut self, now: Instant) -> Option<Action> {
        loop {
            if self.trial {
                return None;
            }
            if let Some(input) = self.inputs.last()
                && self.cursor < input.messages.len()
            {
                return (!input.suspect || self.sent.is_empty()).then_some(Action::Send);
            }
            if self.is_full(now) {
                self.state = State::Sealed;
                return self.sent.is_empty().then_some(Action::End);
            }
            let input = self.queue.pop_front()?;
            self.urgent |= input.urgent;
            self.inputs.push(input);
            self.cursor = 0;
            self.since.get_or_insert(now);
        }
    }

    /// A transaction without an input is never full: it must not be committed.
    fn is_full(&self, now: Instant) -> bool {
        let aged = self.since.is_some_and(|since| now.saturating_duration_since(since) >= self.limits.interval);
        let pressing = self.hurry || self.urgent;
        !self.inputs.is_empty()
            && (aged || self.inputs.len() >= self.limits.records.max(1) || (pressing && self.queue.is_empty()))
    }

    pub(super) fn begun(&mut self) {
        debug_assert!(self.state == State::Closed && self.inputs.is_empty() && self.sent.is_empty());
        self.state = State::Open;
        self.trial = false;
        self.urgent = false;
        self.since = None;
        self.not_before = None;
    }

    /// The message to send, after [`Action::Send`].
    pub(super) fn upcoming(&self) -> Option<Upcoming<'_>> {
        let Input { messages, record, refusal, .. } = self.inputs.last()?;
        let message = messages.get(self.cursor)?;
        Some(Upcoming { tag: self.next_tag, message, record, refusal: refusal.as_ref() })
    }

    /// The upcoming message is with the client.
    pub(super) fn sent(&mut self) {
        let Some(input) = self.inputs.len().checked_sub(1) else {
            return;
        };
        let alone = self.inputs.last().is_some_and(|input| input.suspect);
        self.trial = alone;
        self.sent.insert(self.next_tag, Sent { input, message: self.cursor, alone });
        self.next_tag = self.next_tag.wrapping_add(1);
        self.cursor = self.cursor.saturating_add(1);
    }

    /// The client itself refused the upcoming message, before it met any other.
    pub(super) fn unsendable(&mut self, code: RDKafkaErrorCode) -> Result<(), Failure> {
        let place = Sent { input: self.inputs.len().saturating_sub(1), message: self.cursor, alone: true };
        self.failed(place, code)
    }

    /// The brokers, or the client in their stead, answered a message.
    pub(super) fn answered(&mut self, tag: usize, result: Result<(), RDKafkaErrorCode>) -> Result<(), Failure> {
        let Some(sent) = self.sent.remove(&tag) else {
            return Ok(());
        };
        self.trial = false;
        match result {
            Ok(()) => {
                if let Some(input) = self.inputs.get_mut(sent.input) {
                    input.acknowledged = input.acknowledged.saturating_add(1);
                    input.suspect &= input.acknowledged < input.messages.len();
                }
                Ok(())
            }
            Err(code) => self.failed(sent, code),
        }
    }

    fn failed(&mut self, sent: Sent, code: RDKafkaErrorCode) -> Result<(), Failure> {
        let Some(input) = self.inputs.get_mut(sent.input) else {
            return Ok(());
        };
        let topic = || match input.messages.get(sent.message) {
            Some(Message::Output(output)) => Some(output.topic.clone()),
            _ => None,
        };
        match delivery_verdict(code) {
            Verdict::Record => {
                input.suspect = true;
                if sent.alone {
                    input.condemn(sent.message, code)?;
                }
                let reason = format!("the brokers refused an output: {code}");
                self.spoiled.get_or_insert(Spoiled { reason, explained: true }).explained = true;
                Ok(())
            }
            // What an abort leaves unsent or unanswered comes back with some error.
            _ if self.spoiled.is_some() => Ok(()),
            Verdict::Restart => Err(Failure::Unknown { topic: topic(), code }),
            Verdict::Fatal => Err(Failure::Forbidden { topic: topic(), code }),
        }
    }

    /// The transaction must be aborted.
    pub(super) fn spoil(&mut self, reason: String) {
        self.spoiled.get_or_insert(Spoiled { reason, explained: false });
    }

    /// The offsets to end the transaction with, after [`Action::End`]. `None` if it must not be
    /// committed, because some of its inputs may be read by another member.
    pub(super) fn end(&mut self, tracker: &Tracker) -> Option<Vec<Position>> {
        for input in &mut self.inputs {
            input.dropped |= !tracker.is_current(&input.ticket);
        }
        if self.has_dropped() {
            self.spoil("a partition was taken away".to_owned());
            return None;
        }
        let tickets = || self.inputs.iter().map(|input| &input.ticket);
        debug_assert!(tracker.are_lowest(tickets()), "a transaction must not pass an unfinished input");
        self.state = State::Ending;
        Some(tracker.positions_after(tickets()))
    }

    pub(super) fn aborting(&mut self) {
        self.state = State::Aborting;
    }

    /// Why the transaction is aborted.
    pub(super) fn reason(&self) -> &str {
        self.spoiled.as_ref().map_or("", |spoiled| &spoiled.reason)
    }

    /// The brokers confirmed the commit.
    pub(super) fn committed(&mut self) -> Vec<Finished> {
        self.state = State::Closed;
        self.aborts = 0;
        self.spoiled = None;
        self.inputs.drain(..).map(Finished::from).collect()
    }

    /// The brokers confirmed the abort. Returns the bytes of each input given up meanwhile.
    pub(super) fn aborted(&mut self, now: Instant) -> Vec<usize> {
        self.state = State::Closed;
        self.sent.clear();
        let explained = self.is_explained();
        self.spoiled = None;
        if explained {
            self.not_before = None;
        } else {
            let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.aborts)).min(LONGEST_PAUSE);
            self.aborts = self.aborts.saturating_add(1);
            self.not_before = now.checked_add(pause);
        }
        let (dropped, kept): (Vec<_>, Vec<_>) = self.inputs.drain(..).partition(|input| input.dropped);
        for mut input in kept.into_iter().rev() {
            input.acknowledged = 0;
            self.queue.push_front(input);
        }
        dropped.into_iter().map(|input| input.record.bytes()).collect()
    }

    /// Gives up inputs whose partition was taken away. Returns the bytes of those done with at once;
    /// the others are so when the transaction has ended.
    pub(super) fn abandon(&mut self, tracker: &Tracker) -> Vec<usize> {
        let mut released = Vec::new();
        self.queue.retain(|input| {
            let keep = tracker.is_current(&input.ticket);
            if !keep {
                released.push(input.record.bytes());
            }
            keep
        });
        for input in &mut self.inputs {
            input.dropped |= !tracker.is_current(&input.ticket);
        }
        // Offsets already sent were sent by a member: the brokers decide, and either way is right.
        if self.has_dropped() && matches!(self.state, State::Open | State::Sealed) {
            self.spoil("a partition was taken away".to_owned());
        }
        released
    }
}

impl Input {
    /// A message of it was refused, and no other can be to blame. A refused output leaves a dead letter
    /// as the only message, so that an input is either published as a whole or not at all.
    fn condemn(&mut self, message: usize, code: RDKafkaErrorCode) -> Result<(), Failure> {
        match self.messages.get_mut(message) {
            // The original's timestamp is too far from the broker's clock; the headers have it too.
            Some(Message::DeadLetter { timestamp }) if *timestamp && code == RDKafkaErrorCode::InvalidTimestamp => {
                *timestamp = false;
                return Ok(());
            }
            Some(Message::DeadLetter { .. }) => {
                let Record { topic, partition, offset, .. } = &self.record;
                return Err(Failure::DeadLetter {
                    topic: topic.to_string(),
                    partition: *partition,
                    offset: *offset,
                    code,
                });
            }
            Some(Message::Output(_)) | None => {}
        }
        self.refusal.get_or_insert_with(|| Code::Unpublishable.refusal());
        self.messages = vec![Message::DeadLetter { timestamp: true }];
        Ok(())
    }
}

impl From<Input> for Finished {
    fn from(input: Input) -> Self {
        let published = input.messages.iter().filter(|message| message.is_output()).count();
        Self {
            ticket: input.ticket,
            bytes: input.record.bytes(),
            published: u64::try_from(published).unwrap_or(u64::MAX),
            refusal: input.refusal,
        }
    }
}

#[cfg(test)]
#[path = "transaction_tests.rs"]
mod tests;
