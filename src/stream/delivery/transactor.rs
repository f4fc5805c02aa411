//! The calls of a transaction that wait for the brokers, on a thread of their own.
//!
//! librdkafka's calls block until the brokers answer. The lane hands one over, goes on reading and
//! classifying, and finds the answer later. A call that may be repeated is repeated here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaError;
use rdkafka::producer::Producer as _;
use rdkafka::types::RDKafkaErrorCode;

use crate::stream::Error;
use crate::stream::context::{Notice, Producer, code};

/// How long one attempt waits, where an attempt can be resumed.
const ATTEMPT: Duration = Duration::from_secs(1);
/// Pause before a call is made again that was answered at once.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a call is repeated in silence: a coordinator that has just started takes a moment.
const SILENCE: Duration = Duration::from_secs(5);
/// Head of the name of librdkafka's mock cluster, which takes transactions and forgets their offsets.
const MOCK: &str = "mockCluster";

pub(super) enum Call {
    /// Fences whoever used the transactional id before, and ends its transaction.
    Initialise,
    /// Puts offsets into the transaction.
    Offsets(TopicPartitionList, ConsumerGroupMetadata),
    Commit,
    Abort,
}

/// Why a call failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: RDKafkaErrorCode,
    pub(super) reason: String,
}

pub(super) type Answer = Result<(), Refused>;

pub(super) struct Transactor {
    calls: Option<Sender<Call>>,
    answers: Receiver<Answer>,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Transactor {
    /// `patience`: how long a call is repeated; the first one is so until it succeeds.
    pub(super) fn start(
        lane: usize,
        producer: Producer,
        patience: Duration,
        notices: Sender<Notice>,
    ) -> Result<Self, Error> {
        let (calls, queue) = crossbeam_channel::bounded(2);
        let (results, answers) = crossbeam_channel::unbounded();
        let closing = Arc::new(AtomicBool::new(false));
        let work = Work { producer, patience, notices, closing: Arc::clone(&closing) };
        let thread = std::thread::Builder::new()
            .name(format!("lane-{lane}-transaction"))
            .spawn(move || {
                for call in queue {
                    if results.send(work.make(&call)).is_err() {
                        return;
                    }
                }
            })
            .map_err(|source| Error::Thread { thread: "transaction", source })?;
        Ok(Self { calls: Some(calls), answers, closing, thread: Some(thread) })
    }

    /// Hands a call over. One is under way at a time; its answer must be taken before the next.
    pub(super) fn call(&self, call: Call) {
        // A dead thread shows when its answer is asked for.
        if let Some(calls) = &self.calls {
            let _ = calls.try_send(call);
        }
    }

    /// The answer to the call under way, if it has come. `Err` if the thread is dead.
    pub(super) fn answer(&self) -> Result<Option<Answer>, ()> {
        match self.answers.try_recv() {
            Ok(answer) => Ok(Some(answer)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(()),
        }
    }

    /// Makes every call from now on one short attempt.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }
}

impl Drop for Transactor {
    fn drop(&mut self) {
        self.close();
        self.calls = None;
        if let Some(thread) = self.thread.take() {
            // A panic there left its call unanswered, and the transaction to the brokers' timeout.
            let _ = thread.join();
        }
    }
}

struct Work {
    producer: Producer,
    patience: Duration,
    notices: Sender<Notice>,
    closing: Arc<AtomicBool>,
}

/// What became of one attempt.
struct Failed {
    refused: Refused,
    repeatable: bool,
}

impl From<KafkaError> for Failed {
    fn from(error: KafkaError) -> Self {
        let repeatable = match &error {
            KafkaError::Transaction(error) => error.is_retriable(),
            // The messages are acknowledged already; only their reports are not taken yet.
            KafkaError::Flush(code) => *code == RDKafkaErrorCode::OperationTimedOut,
            _ => false,
        };
        let reason = match &error {
            KafkaError::Transaction(error) => error.string(),
            error => error.to_string(),
        };
        Self { refused: Refused { code: code(&error), reason }, repeatable }
    }
}

impl Work {
    fn make(&self, call: &Call) -> Answer {
        let begun = Instant::now();
        loop {
            let started = Instant::now();
            let Err(Failed { refused, repeatable }) = self.attempt(call) else {
                return Ok(());
            };
            let late = !matches!(call, Call::Initialise) && begun.elapsed() >= self.patience;
            if !repeatable || late || self.closing.load(Ordering::SeqCst) {
                return Err(refused);
            }
            if begun.elapsed() >= SILENCE {
                let reason = format!("the transaction coordinator does not answer, still asking: {}", refused.reason);
                // The lane that would have listened is gone; nobody is left to tell.
                let _ = self.notices.send(Notice::Trouble(refused.code, reason));
            }
            std::thread::sleep(PAUSE.saturating_sub(started.elapsed()));
        }
    }

    fn attempt(&self, call: &Call) -> Result<(), Failed> {
        match call {
            Call::Initialise => {
                self.look_at_cluster()?;
                self.producer.init_transactions(ATTEMPT)?;
            }
            // A time-out of this call would leave offsets behind that may still arrive.
            Call::Offsets(list, member) => self.producer.send_offsets_to_transaction(list, member, self.patience)?,
            Call::Commit => self.producer.commit_transaction(ATTEMPT)?,
            Call::Abort => self.producer.abort_transaction(ATTEMPT)?,
        }
        Ok(())
    }

    fn look_at_cluster(&self) -> Result<(), Failed> {
        let failed = |code, reason: &str, repeatable| {
            Err(Failed { refused: Refused { code, reason: reason.to_owned() }, repeatable })
        };
        match self.producer.client().fetch_cluster_id(ATTEMPT) {
            None => failed(RDKafkaErrorCode::OperationTimedOut, "no broker can be reached", true),
            Some(id) if id.starts_with(MOCK) => {
                failed(RDKafkaErrorCode::UnsupportedFeature, "it is librdkafka's mock cluster", false)
            }
            Some(_) => Ok(()),
        }
    }
}
