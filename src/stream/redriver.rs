//! Writes redriven inputs, and the progress of the redrive, in one transaction.
//!
//! The transactional id is the redrive's own, so that a second one that starts takes the first over:
//! the brokers refuse whatever the first still wants to write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use rdkafka::types::RDKafkaErrorCode as Kafka;
use rdkafka::{Offset, TopicPartitionList};

use super::failure::{Verdict, delivery_verdict};
use super::letters::{Committed, Letters, RIGHTS};
use super::{Cluster, Error, Record, clients, context};

/// Longest wait for each step of a transaction; together they stay below its timeout.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest wait of one call: between calls, answers of the brokers are taken.
const STEP: Duration = Duration::from_secs(1);
/// After how long the brokers abort a transaction whose redrive died.
const TRANSACTION_TIMEOUT_MS: &str = "60000";

/// Puts inputs back, and remembers that it did, as one.
pub struct Redriver {
    producer: BaseProducer<Side>,
    failures: Failures,
    cluster: Cluster,
    transactional_id: String,
    /// Number of the next message: an answer may come after the end of its transaction.
    next: usize,
    /// The progress last committed.
    last: Vec<Committed>,
}

const OVERTAKEN: &str = "another redrive of this configuration took over; let it end";

/// Messages that were not delivered, by their number.
type Failures = Arc<Mutex<BTreeMap<usize, Kafka>>>;

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// All of it is in effect.
    Committed,
    /// None of it is: the brokers refuse a record for good. With several records in the
    /// transaction it need not be known which one.
    Refused,
}

struct Side(Failures);

impl ClientContext for Side {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "redrive");
    }
}

impl ProducerContext for Side {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        if let Err((error, _)) = result {
            let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            failures.insert(number, context::code(error));
        }
    }
}

impl std::fmt::Debug for Redriver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Redriver").field("transactional_id", &self.transactional_id).finish_non_exhaustive()
    }
}

impl Redriver {
    /// Takes over from any other redrive with this transactional id and ends what it left open.
    pub fn open(cluster: &Cluster, transactional_id: &str) -> Result<Self, Error> {
        cluster.check()?;
        let failures = Failures::default();
        let producer = producer(cluster, transactional_id, &failures)?;
        let redriver = Self {
            producer,
            failures,
            cluster: cluster.clone(),
            transactional_id: transactional_id.to_owned(),
            next: 0,
            last: Vec::new(),
        };
        redriver.begin_anew()?;
        Ok(redriver)
    }

    fn begin_anew(&self) -> Result<(), Error> {
        self.repeat(|producer| producer.init_transactions(STEP)).map_err(|error| self.failed(&error))
    }

    /// Writes each record to its topic and partition with its own timestamp, and commits `progress`,
    /// in the order of partitions, for the group of `letters`; both or neither.
    ///
    /// # Errors
    /// What ended the transaction, if not a record that is refused for good. Whether it took effect
    /// is then told by [`Letters::committed`] alone.
    pub fn send(&mut self, letters: &Letters, records: &[Record], progress: &[Committed]) -> Result<Sent, Error> {
        self.producer.begin_transaction().map_err(|error| self.failed(&error))?;
        match self.fill(letters, records, progress) {
            Ok(Sent::Committed) => {
                self.repeat(|producer| producer.commit_transaction(STEP)).map_err(|error| self.failed(&error))?;
                self.last = progress.to_vec();
                Ok(Sent::Committed)
            }
            Ok(Sent::Refused) => {
                self.repeat(|producer| producer.abort_transaction(STEP)).map_err(|error| self.failed(&error))?;
                self.renew(letters)?;
                Ok(Sent::Refused)
            }
            Err(error) => {
                if let Err(error) = self.repeat(|producer| producer.abort_transaction(STEP)) {
                    tracing::debug!(%error, "the transaction is left for the brokers to abort");
                }
                Err(error)
            }
        }
    }

    /// A new producer: after a record that was refused, librdkafka 2.12 may begin the next
    /// transaction with a sequence number the brokers do not expect.
    fn renew(&mut self, letters: &Letters) -> Result<(), Error> {
        self.producer = producer(&self.cluster, &self.transactional_id, &self.failures)?;
        self.begin_anew()?;
        // Another redrive that came between was taken over just now, and may have written.
        if self.last.is_empty() || letters.committed()? == self.last {
            return Ok(());
        }
        Err(self.problem(OVERTAKEN))
    }

    fn fill(&mut self, letters: &Letters, records: &[Record], progress: &[Committed]) -> Result<Sent, Error> {
        let first = self.next;
        for record in records {
            let number = self.next;
            self.next = self.next.wrapping_add(1);
            match self.enqueue(record, number) {
                Ok(()) => {}
                Err(code) if delivery_verdict(code) == Verdict::Record => return Ok(Sent::Refused),
                Err(code) => return Err(self.undelivered(&record.topic, code)),
            }
        }
        let failures = self.deliver(first)?;
        if failures.is_empty() {
            self.remember(letters, progress)?;
            return Ok(Sent::Committed);
        }
        // What failed by itself; the rest of the transaction is only thrown away for it.
        let purged = |code: Kafka| matches!(code, Kafka::PurgeQueue | Kafka::PurgeInflight);
        match failures.into_iter().find(|(_, code)| !purged(*code)) {
            Some((_, code)) if delivery_verdict(code) == Verdict::Record => Ok(Sent::Refused),
            Some((number, code)) => {
                let topic = records.get(number.wrapping_sub(first)).map_or("", |record| &record.topic);
                Err(self.undelivered(topic, code))
            }
            None => self.cause(),
        }
    }

    /// Why the transaction failed. It cannot be committed any more, and librdkafka says why when that
    /// is tried.
    fn cause(&self) -> Result<Sent, Error> {
        match self.repeat(|producer| producer.commit_transaction(STEP)) {
            Err(error) if delivery_verdict(context::code(&error)) == Verdict::Record => Ok(Sent::Refused),
            Err(error) => Err(self.failed(&error)),
            Ok(()) => Err(self.problem("librdkafka committed it in spite of failed messages")),
        }
    }

    /// Waits until every message from number `first` on is delivered or one of them has failed: after
    /// a failure librdkafka keeps the others until the transaction is aborted.
    fn deliver(&self, first: usize) -> Result<BTreeMap<usize, Kafka>, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let flushed = self.producer.flush(Duration::from_millis(100));
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            let failures = std::mem::take(&mut *failures).split_off(&first);
            match flushed {
                Err(error) if failures.is_empty() && Instant::now() >= deadline => return Err(self.failed(&error)),
                Err(_) if failures.is_empty() => {}
                _ => return Ok(failures),
            }
        }
    }

    fn enqueue(&self, record: &Record, number: usize) -> Result<(), Kafka> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let headers = OwnedHeaders::new_with_capacity(record.headers.len());
            let headers = record
                .headers
                .iter()
                .fold(headers, |headers, (key, value)| headers.insert(Header { key, value: value.as_ref() }));
            let mut message = BaseRecord::<[u8], [u8], usize>::with_opaque_to(&record.topic, number).headers(headers);
            message.partition = Some(record.partition);
            message.key = record.key.as_deref();
            message.payload = record.value.as_deref();
            message.timestamp = record.timestamp;
            match self.producer.send(message) {
                Ok(()) => return Ok(()),
                Err((error, _)) if context::code(&error) == Kafka::QueueFull && Instant::now() < deadline => {
                    self.producer.poll(Duration::from_millis(10));
                }
                Err((error, _)) => return Err(context::code(&error)),
            }
        }
    }

    fn remember(&self, letters: &Letters, progress: &[Committed]) -> Result<(), Error> {
        let mut list = TopicPartitionList::with_capacity(progress.len());
        for Committed { partition, offset, note } in progress {
            let mut element = list.add_partition(letters.topic(), *partition);
            element.set_offset(Offset::Offset(*offset)).map_err(|error| self.failed(&error))?;
            if !note.is_empty() {
                element.set_metadata(note);
            }
        }
        let group = letters.group().ok_or_else(|| self.problem("its consumer has no group"))?;
        self.repeat(|producer| producer.send_offsets_to_transaction(&list, &group, STEP))
            .map_err(|error| self.failed(&error))
    }

    /// Repeats a call that could not be carried out yet; the same call is what librdkafka demands.
    /// Aborting waits for the answers to what was sent, which come only if they are asked for.
    fn repeat(&self, call: impl Fn(&BaseProducer<Side>) -> KafkaResult<()>) -> KafkaResult<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match call(&self.producer) {
                Err(KafkaError::Transaction(error)) if error.is_retriable() && Instant::now() < deadline => {
                    self.producer.poll(Duration::from_millis(50));
                }
                result => return result,
            }
        }
    }

    fn failed(&self, error: &KafkaError) -> Error {
        // What made the producer unusable says more than what followed from it.
        let fatal = self.producer.client().fatal_error();
        let (code, words) = fatal.unwrap_or_else(|| (context::code(error), error.to_string()));
        let advice = match code {
            Kafka::Fenced | Kafka::ProducerFenced | Kafka::InvalidProducerEpoch => OVERTAKEN,
            Kafka::TransactionalIdAuthorizationFailed
            | Kafka::GroupAuthorizationFailed
            | Kafka::TopicAuthorizationFailed
            | Kafka::ClusterAuthorizationFailed => RIGHTS,
            _ => "run the same command again: what took effect is remembered",
        };
        self.problem(&format!("{words}; {advice}"))
    }

    fn problem(&self, problem: &str) -> Error {
        let topic = format!("transaction {} at {}", self.transactional_id, self.cluster.brokers);
        Error::Publish { topic, problem: problem.to_owned() }
    }

    fn undelivered(&self, topic: &str, code: Kafka) -> Error {
        let advice = match code {
            Kafka::TopicAuthorizationFailed => RIGHTS,
            Kafka::UnknownPartition | Kafka::UnknownTopicOrPartition | Kafka::UnknownTopic => {
                "it has fewer partitions than when the letter was written, or is gone; see `ibaleg topics list`"
            }
            _ => return self.failed(&KafkaError::MessageProduction(code)),
        };
        Error::Publish { topic: topic.to_owned(), problem: format!("{code}; {advice}") }
    }
}

fn producer(cluster: &Cluster, transactional_id: &str, failures: &Failures) -> Result<BaseProducer<Side>, Error> {
    let mut config = clients::producer(cluster);
    config.set("transactional.id", transactional_id).set("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS);
    clients::create(&config, Side(Arc::clone(failures)), "producer")
}
