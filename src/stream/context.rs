//! What librdkafka tells a lane, turned into messages on its channels.
//!
//! A rebalance is only noted here; the lane carries it out, because it must first drain and commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Sender;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::base_consumer::BaseConsumer;
use rdkafka::consumer::{Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{NoCustomPartitioner, ProducerContext, ThreadedProducer};
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use rdkafka::{Statistics, TopicPartitionList};

use super::tracker::Partition;

pub(super) type Consumer = BaseConsumer<ConsumerSide>;
pub(super) type Producer = ThreadedProducer<ProducerSide, NoCustomPartitioner>;

/// Something a client says outside the flow of messages.
#[derive(Debug)]
pub(super) enum Notice {
    Assigned(Vec<Partition>),
    Revoked(Vec<Partition>),
    /// Where a partition ends for this consumer, and where it was to begin to read.
    End {
        partition: Partition,
        end: i64,
        from: Option<i64>,
    },
    Trouble(RDKafkaErrorCode, String),
}

/// The answer to one message produced.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) tag: usize,
    pub(super) result: Result<(), RDKafkaErrorCode>,
}

#[derive(Debug)]
pub(super) struct ConsumerSide {
    pub(super) notices: Sender<Notice>,
    /// Set once the lane no longer takes notices: rebalances are then carried out at once.
    pub(super) closing: AtomicBool,
}

impl ConsumerSide {
    fn tell(&self, notice: Notice) {
        // The lane that would have listened is gone; nobody is left to tell.
        let _ = self.notices.send(notice);
    }
}

impl ClientContext for ConsumerSide {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.tell(trouble(&error, reason));
    }

    fn stats(&self, statistics: Statistics) {
        for (name, topic) in statistics.topics {
            let name: Arc<str> = name.into();
            for (number, partition) in topic.partitions {
                if number >= 0 && partition.desired && partition.ls_offset >= 0 {
                    // Before the first commit of a group, everything is to be read.
                    let from =
                        [partition.committed_offset, partition.lo_offset].into_iter().find(|offset| *offset >= 0);
                    let place = Partition { topic: Arc::clone(&name), number };
                    self.tell(Notice::End { partition: place, end: partition.ls_offset, from });
                }
            }
        }
    }
}

impl ConsumerContext for ConsumerSide {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let assigned = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::SeqCst) {
            let done = if assigned { assign(consumer, list) } else { unassign(consumer, list) };
            if let Err(error) = done {
                tracing::debug!(%error, "rebalance while closing");
            }
            return;
        }
        let partitions = partitions(list);
        self.tell(if assigned { Notice::Assigned(partitions) } else { Notice::Revoked(partitions) });
    }
}

#[derive(Debug)]
pub(super) struct ProducerSide {
    pub(super) deliveries: Sender<Delivered>,
    pub(super) notices: Sender<Notice>,
}

impl ClientContext for ProducerSide {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let _ = self.notices.send(trouble(&error, reason));
    }
}

impl ProducerContext for ProducerSide {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, tag: usize) {
        let result = match result {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(code(error)),
        };
        let _ = self.deliveries.send(Delivered { tag, result });
    }
}

/// Adds partitions to the assignment.
pub(super) fn assign(consumer: &Consumer, list: &TopicPartitionList) -> KafkaResult<()> {
    match consumer.rebalance_protocol() {
        RebalanceProtocol::Cooperative => consumer.incremental_assign(list),
        _ => consumer.assign(list),
    }
}

/// Takes partitions out of the assignment; all of them if the group does not rebalance in steps.
pub(super) fn unassign(consumer: &Consumer, list: &TopicPartitionList) -> KafkaResult<()> {
    match consumer.rebalance_protocol() {
        RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
        _ => consumer.unassign(),
    }
}

/// The list librdkafka wants for these partitions, without offsets.
pub(super) fn list(partitions: &[Partition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(&partition.topic, partition.number);
    }
    list
}

fn partitions(list: &TopicPartitionList) -> Vec<Partition> {
    list.elements()
        .iter()
        .map(|element| Partition { topic: element.topic().into(), number: element.partition() })
        .collect()
}

pub(super) fn code(error: &KafkaError) -> RDKafkaErrorCode {
    error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)
}

fn trouble(error: &KafkaError, reason: &str) -> Notice {
    Notice::Trouble(code(error), reason.to_owned())
}

/// librdkafka's own lines are for whoever debugs the connection; what matters to an operator comes
/// as an error as well, and is told by the lane without repeating itself.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    if matches!(level, RDKafkaLogLevel::Debug) {
        tracing::trace!(target: "librdkafka", facility, "{message}");
    } else {
        tracing::debug!(target: "librdkafka", facility, "{message}");
    }
}
