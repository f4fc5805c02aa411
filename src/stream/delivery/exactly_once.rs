//! Exactly once: outputs and offsets in one transaction.
//!
//! Drives [`Transactions`], which decides, by a publisher, which sends, and a [`Transactor`], which
//! makes the calls that wait for the brokers while the lane goes on. What is unclear ends the
//! session: the next one initialises a new producer, whose epoch fences whatever the old one left
//! under way (KIP-890: librdkafka does not fence a delayed request of the same epoch), and reads on
//! from the offsets that the group then has.
//!
//! A refused message needs a new producer too: its sequence number is used up, and librdkafka goes on
//! with the next one, which the brokers refuse (`OUT_OF_ORDER_SEQUENCE_NUMBER`) as long as the epoch is
//! the same. Here nothing is unclear, so the session and its inputs stay.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use rdkafka::error::KafkaError;
use rdkafka::producer::Producer as _;
use rdkafka::types::RDKafkaErrorCode;

use super::committer::offsets;
use super::publisher::Publisher;
use super::transaction::{Action, Failure, Transactions};
use super::transactor::{Answer, Call, Refused, Transactor};
use super::{Commit, Delivery, Interruption, Progress, group};
use crate::stream::context::{Consumer, Notice, code};
use crate::stream::failure::{Demand, Verdict, advice, delivery_verdict, is_fenced, transaction_demand};
use crate::stream::observer::Event;
use crate::stream::pool::Answered;
use crate::stream::tracker::{Position, Tracker};
use crate::stream::{Error, Options, clients};

/// Aborts without explanation after which a new producer is tried.
const MOST_ABORTS: u32 = 10;
/// How long acknowledgements may fail to come before the client is asked whether the transaction has
/// failed: it tells that only when asked.
const PROBE: Duration = Duration::from_millis(500);

#[derive(Debug)]
enum Phase {
    /// The transactional id is being taken over.
    Initialising,
    /// No call is under way.
    Working,
    Offsets(Vec<Position>),
    Committing(Vec<Position>),
    Aborting,
    /// The session is over.
    Broken,
}

/// See the module's description.
pub(in super::super) struct ExactlyOnce {
    lane: usize,
    options: Options,
    consumer: Arc<Consumer>,
    notices: Sender<Notice>,
    transactions: Transactions,
    phase: Phase,
    begun: Instant,
    sealed: Instant,
    /// When an acknowledgement last came or was last asked about.
    heard: Instant,
    publisher: Publisher,
    transactor: Transactor,
}

impl ExactlyOnce {
    pub(in super::super) fn new(
        lane: usize,
        options: &Options,
        consumer: Arc<Consumer>,
        notices: Sender<Notice>,
    ) -> Result<Self, Error> {
        let (publisher, transactor) = producer(lane, options, &notices)?;
        let now = Instant::now();
        Ok(Self {
            lane,
            options: options.clone(),
            consumer,
            notices,
            transactions: Transactions::new(options.transaction),
            phase: Phase::Initialising,
            begun: now,
            sealed: now,
            heard: now,
            publisher,
            transactor,
        })
    }

    /// Goes on with a new producer, which takes the transactional id over.
    fn renew(&mut self) -> Result<(), Interruption> {
        let (publisher, transactor) = producer(self.lane, &self.options, &self.notices)?;
        let old =
            (std::mem::replace(&mut self.publisher, publisher), std::mem::replace(&mut self.transactor, transactor));
        self.phase = Phase::Initialising;
        // A producer takes its time to end.
        let spawned = std::thread::Builder::new().name(format!("lane-{}-old", self.lane)).spawn(move || drop(old));
        spawned.map(|_| ()).map_err(|source| Error::Thread { thread: "old producer", source }.into())
    }

    fn advance(
        &mut self,
        now: Instant,
        tracker: &Tracker,
        tell: &dyn Fn(&Event<'_>),
        progress: &mut Progress,
    ) -> Result<(), Interruption> {
        let died = Error::Died { lane: self.lane, thread: "transaction" };
        let answer = self.transactor.answer().map_err(|()| died)?;
        // An abort is answered after the messages it gave up.
        while let Some(delivered) = self.publisher.delivered() {
            self.heard = now;
            if let Err(failure) = self.transactions.answered(delivered.tag, delivered.result) {
                // A failed transaction drops its messages without saying why.
                self.ask()?;
                if !self.transactions.is_spoiled() {
                    return Err(self.interruption(failure));
                }
            }
        }
        if let Some(answer) = answer {
            self.take_answer(answer, now, tell, progress)?;
        }
        while matches!(self.phase, Phase::Working) {
            match self.transactions.next(now) {
                None => return self.probe(now),
                Some(Action::Begin) => self.begin(now, tell)?,
                Some(Action::Send) => {
                    if !self.send()? {
                        return self.probe(now);
                    }
                }
                Some(Action::End) => self.end(now, tracker, tell)?,
                Some(Action::Abort) => self.abort(),
            }
        }
        Ok(())
    }

    fn begin(&mut self, now: Instant, tell: &dyn Fn(&Event<'_>)) -> Result<(), Interruption> {
        if let Err(error) = self.publisher.producer().begin_transaction() {
            let refused = Refused { code: code(&error), reason: error.to_string() };
            return Err(self.give_up("a transaction was not begun", &refused));
        }
        self.transactions.begun();
        (self.begun, self.heard) = (now, now);
        tell(&Event::TransactionBegun);
        Ok(())
    }

    /// `false` if the client's queue is full.
    fn send(&mut self) -> Result<bool, Interruption> {
        let Some(next) = self.transactions.upcoming() else {
            return Ok(false);
        };
        let result = match self.publisher.send(next.tag, next.message, next.record, next.refusal) {
            Ok(()) => {
                self.transactions.sent();
                Ok(())
            }
            Err(RDKafkaErrorCode::QueueFull) => return Ok(false),
            // The transaction has failed; the probe finds out why.
            Err(RDKafkaErrorCode::State) => return self.ask().map(|()| self.transactions.is_spoiled()),
            Err(code) => self.transactions.unsendable(code),
        };
        result.map(|()| true).map_err(|failure| self.interruption(failure))
    }

    fn end(&mut self, now: Instant, tracker: &Tracker, tell: &dyn Fn(&Event<'_>)) -> Result<(), Interruption> {
        let Some(positions) = self.transactions.end(tracker) else {
            return Ok(());
        };
        self.sealed = now;
        tell(&Event::TransactionSealed { records: self.transactions.size(), messages: self.transactions.messages() });
        let Some(member) = group::membership(&self.consumer) else {
            self.transactions.spoil("this member was put out of its group".to_owned());
            self.abort();
            return Ok(());
        };
        let list = offsets(&positions)
            .map_err(|code| self.give_up("offsets were not sent", &Refused { code, reason: code.to_string() }))?;
        self.transactor.call(Call::Offsets(list, member));
        self.phase = Phase::Offsets(positions);
        Ok(())
    }

    fn abort(&mut self) {
        self.transactions.aborting();
        self.transactor.call(Call::Abort);
        self.phase = Phase::Aborting;
    }

    fn take_answer(
        &mut self,
        answer: Answer,
        now: Instant,
        tell: &dyn Fn(&Event<'_>),
        progress: &mut Progress,
    ) -> Result<(), Interruption> {
        let records = self.transactions.size();
        let elapsed = now.saturating_duration_since(self.begun);
        match (std::mem::replace(&mut self.phase, Phase::Working), answer) {
            (Phase::Offsets(positions), Ok(())) => {
                tell(&Event::TransactionOffsets { records });
                self.transactor.call(Call::Commit);
                self.phase = Phase::Committing(positions);
                Ok(())
            }
            (Phase::Committing(positions), Ok(())) => {
                let (messages, ending) = (self.transactions.messages(), now.saturating_duration_since(self.sealed));
                tell(&Event::TransactionCommitted { records, messages, elapsed, ending });
                progress.finished = self.transactions.committed();
                progress.commits.push(Commit { result: Ok(()), positions });
                Ok(())
            }
            (Phase::Aborting, Ok(())) => {
                tell(&Event::TransactionAborted { records, reason: self.transactions.reason(), elapsed });
                let renew = self.transactions.is_explained();
                progress.released = self.transactions.aborted(now);
                if renew {
                    return self.renew();
                }
                if self.transactions.aborts() >= MOST_ABORTS {
                    let reason = format!("{MOST_ABORTS} transactions in a row were aborted");
                    return Err(Interruption::Restart(reason));
                }
                Ok(())
            }
            (Phase::Offsets(_), Err(refused)) if transaction_demand(refused.code) == Demand::Abort => {
                self.transactions.spoil(format!("the group refused the offsets: {}", refused.reason));
                self.abort();
                Ok(())
            }
            (phase, Err(refused)) => {
                let what = match phase {
                    Phase::Initialising => "the transactional id was not taken over",
                    Phase::Offsets(_) => "offsets were not sent",
                    Phase::Committing(_) => "it is unknown whether a transaction was committed",
                    _ => "a transaction was not aborted",
                };
                Err(self.give_up(what, &refused))
            }
            // The last two have no call that could be answered.
            (Phase::Initialising | Phase::Working | Phase::Broken, Ok(())) => Ok(()),
        }
    }

    /// Asks whether the transaction has failed, if nothing was heard of it for a while.
    fn probe(&mut self, now: Instant) -> Result<(), Interruption> {
        if self.transactions.awaits_answers() && now.saturating_duration_since(self.heard) >= PROBE {
            self.heard = now;
            return self.ask();
        }
        Ok(())
    }

    /// Beginning a transaction within another one does nothing but tell how that one fares. That a
    /// message was refused is told here before the message's own report comes.
    fn ask(&mut self) -> Result<(), Interruption> {
        match self.publisher.producer().begin_transaction() {
            Err(KafkaError::Transaction(error)) if error.is_fatal() || error.txn_requires_abort() => {
                let refused = Refused { code: error.code(), reason: error.string() };
                if delivery_verdict(refused.code) == Verdict::Record {
                    self.transactions.spoil(refused.reason);
                    return Ok(());
                }
                Err(self.give_up("the transaction failed", &refused))
            }
            _ => Ok(()),
        }
    }

    fn give_up(&self, what: &str, refused: &Refused) -> Interruption {
        let Refused { code, reason } = refused;
        let problem = format!("{what}: {reason}");
        match transaction_demand(*code) {
            Demand::Unable => {
                let brokers = self.options.cluster.brokers.clone();
                Error::NoTransactions { brokers, problem: reason.clone() }.into()
            }
            Demand::Fatal => Error::Refused { lane: self.lane, problem, advice: advice(*code) }.into(),
            Demand::Abort | Demand::Restart if is_fenced(*code) => Interruption::Restart(format!(
                "{problem}; unless this process stood still for long, another one uses the transactional id `{}`: give each its own kafka.instance",
                self.options.transactional_id(self.lane)
            )),
            Demand::Abort | Demand::Restart => Interruption::Restart(problem),
        }
    }

    fn interruption(&self, failure: Failure) -> Interruption {
        let lane = self.lane;
        let about = |topic: Option<String>| topic.unwrap_or_else(|| self.options.dead_letter_topic.clone());
        match failure {
            Failure::Unknown { topic, code } => {
                Interruption::Restart(format!("a message to `{}` was not delivered: {code}", about(topic)))
            }
            Failure::Forbidden { topic, code } => {
                let problem = format!("a message to `{}`: {code}", about(topic));
                Error::Refused { lane, problem, advice: advice(code) }.into()
            }
            Failure::DeadLetter { topic, partition, offset, code } => {
                Error::DeadLetter { lane, topic, partition, offset, problem: code.to_string() }.into()
            }
        }
    }
}

/// A producer and the thread for its calls, of which the first is under way.
fn producer(lane: usize, options: &Options, notices: &Sender<Notice>) -> Result<(Publisher, Transactor), Error> {
    let publisher = Publisher::new(lane, options, &clients::transactional(options, lane), notices.clone())?;
    let patience = options.transaction_timeout();
    let transactor = Transactor::start(lane, publisher.producer().clone(), patience, notices.clone())?;
    transactor.call(Call::Initialise);
    Ok((publisher, transactor))
}

impl Delivery for ExactlyOnce {
    fn is_ready(&self) -> bool {
        !matches!(self.phase, Phase::Initialising)
    }

    fn publish(&mut self, input: Answered) {
        self.transactions.push(input);
    }

    fn pump(&mut self, now: Instant, tracker: &Tracker, tell: &dyn Fn(&Event<'_>)) -> Result<Progress, Interruption> {
        let mut progress = Progress::default();
        match self.advance(now, tracker, tell, &mut progress) {
            Ok(()) => Ok(progress),
            Err(interruption) => {
                if matches!(interruption, Interruption::Restart(_)) {
                    self.phase = Phase::Broken;
                }
                Err(interruption)
            }
        }
    }

    fn hurry(&mut self, on: bool) {
        self.transactions.hurry(on);
    }

    fn outstanding(&self) -> usize {
        self.transactions.outstanding()
    }

    fn abandon(&mut self, tracker: &Tracker) -> Vec<usize> {
        self.transactions.abandon(tracker)
    }

    fn is_entangled(&self) -> bool {
        self.transactions.has_dropped()
    }

    /// A transaction ends when its time has come.
    fn commit(&mut self, _: &Tracker) {}

    fn is_committing(&self) -> bool {
        matches!(self.phase, Phase::Offsets(_) | Phase::Committing(_))
    }
}

impl Drop for ExactlyOnce {
    fn drop(&mut self) {
        self.transactor.close();
        // Readers need not wait for the brokers to abort what is left open. After a session that
        // broke, the next one does it, and it alone knows how.
        if matches!(self.phase, Phase::Working) && self.transactions.is_open() {
            self.transactor.call(Call::Abort);
        }
    }
}
