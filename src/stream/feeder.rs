//! A producer outside the lanes: feeds the demo and tests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, NoCustomPartitioner, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;

use super::{Cluster, Error, Outgoing, clients, context};

/// Longest wait for room when the queue is full.
const PATIENCE: Duration = Duration::from_secs(30);

/// A bounded producer: sending waits when too much is unacknowledged.
pub struct Feeder {
    producer: ThreadedProducer<Side, NoCustomPartitioner>,
    state: Arc<Mutex<State>>,
    limit: u64,
    brokers: String,
}

#[derive(Debug, Default)]
struct State {
    sent: u64,
    acknowledged: u64,
    failed: u64,
    first_failure: Option<(String, RDKafkaErrorCode)>,
}

struct Side(Arc<Mutex<State>>);

impl ClientContext for Side {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "feeder");
    }
}

impl ProducerContext for Side {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(_) => state.acknowledged = state.acknowledged.saturating_add(1),
            Err((error, message)) => {
                state.failed = state.failed.saturating_add(1);
                let topic = rdkafka::Message::topic(message).to_owned();
                state.first_failure.get_or_insert((topic, context::code(error)));
            }
        }
    }
}

impl std::fmt::Debug for Feeder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Feeder").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Feeder {
    /// A feeder that keeps at most `limit` messages unacknowledged.
    pub fn open(cluster: &Cluster, limit: u64) -> Result<Self, Error> {
        cluster.check()?;
        let state = Arc::new(Mutex::new(State::default()));
        let side = Side(Arc::clone(&state));
        let producer = clients::create(&clients::producer(cluster), side, "producer")?;
        Ok(Self { producer, state, limit: limit.max(1), brokers: cluster.brokers.clone() })
    }

    /// Sends a message with a timestamp in milliseconds since the Unix epoch (`None`: now), once
    /// there is room.
    ///
    /// # Errors
    /// [`Error::Publish`] if this or an earlier message was refused; [`Error::Unreachable`] if no
    /// room came.
    pub fn send(&self, message: &Outgoing, timestamp: Option<i64>) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        self.wait(deadline, |state| state.pending() < self.limit)?;
        loop {
            let mut headers = OwnedHeaders::new_with_capacity(message.headers.len());
            for (key, value) in &message.headers {
                headers = headers.insert(Header { key, value: value.as_ref() });
            }
            let mut record = BaseRecord::<[u8], [u8], ()>::to(&message.topic).headers(headers);
            record.key = message.key.as_deref();
            record.payload = message.value.as_deref();
            record.timestamp = timestamp;
            match self.producer.send(record) {
                Ok(()) => {
                    let mut state = self.lock();
                    state.sent = state.sent.saturating_add(1);
                    return Ok(());
                }
                Err((error, _)) if context::code(&error) == RDKafkaErrorCode::QueueFull => {
                    if Instant::now() >= deadline {
                        return Err(self.unreachable("its queue stays full"));
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err((error, _)) => return Err(refused(&message.topic, &error.to_string())),
            }
        }
    }

    /// Waits until everything sent is acknowledged. Returns how many messages were, in all.
    pub fn flush(&self, patience: Duration) -> Result<u64, Error> {
        self.wait(Instant::now() + patience, |state| state.pending() == 0)?;
        Ok(self.lock().acknowledged)
    }

    /// Messages acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.lock().acknowledged
    }

    fn wait(&self, deadline: Instant, ready: impl Fn(&State) -> bool) -> Result<(), Error> {
        loop {
            {
                let state = self.lock();
                if let Some((topic, code)) = &state.first_failure {
                    return Err(refused(topic, &code.to_string()));
                }
                if ready(&state) {
                    return Ok(());
                }
            }
            if Instant::now() >= deadline {
                return Err(self.unreachable("messages stay unacknowledged"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unreachable(&self, problem: &str) -> Error {
        Error::Unreachable {
            brokers: self.brokers.clone(),
            after: PATIENCE,
            problem: format!("{problem}; {} in flight", self.producer.in_flight_count()),
        }
    }
}

impl State {
    fn pending(&self) -> u64 {
        self.sent.saturating_sub(self.acknowledged).saturating_sub(self.failed)
    }
}

fn refused(topic: &str, problem: &str) -> Error {
    Error::Publish { topic: topic.to_owned(), problem: problem.to_owned() }
}
