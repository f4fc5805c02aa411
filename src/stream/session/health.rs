//! What goes wrong around a session: errors of the client, missing topics, work that stands still.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use super::Session;
use crate::stream::Error;
use crate::stream::context::{self, Consumer};
use crate::stream::delivery::Interruption;
use crate::stream::failure::{advice, is_fatal_to_client};
use crate::stream::observer::Event;

/// Time between two log lines about the same trouble.
pub(super) const TROUBLE_PERIOD: Duration = Duration::from_secs(10);
/// How long work in flight may stand still before that is told.
const STALL: Duration = Duration::from_secs(30);
/// How long an input topic may be unknown to the brokers.
const TOPIC_GRACE: Duration = Duration::from_secs(5);
/// Time between two looks for such a topic.
const TOPIC_CHECK: Duration = Duration::from_millis(500);

impl Session<'_> {
    pub(super) fn take_error(&mut self, error: &KafkaError) -> Result<(), Interruption> {
        let code = context::code(error);
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) || is_fatal_to_client(code) {
            return Err(self.refused(code, &error.to_string()));
        }
        if matches!(code, RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) {
            self.missing.get_or_insert((Instant::now(), Instant::now()));
        }
        self.trouble(&format!("{code:?}"), &error.to_string());
        Ok(())
    }

    /// A topic is unknown for a moment after its creation; only one that stays so ends the lane.
    pub(super) fn look_for_topics(&mut self, now: Instant) -> Result<(), Interruption> {
        let Some((since, checked)) = self.missing else {
            return Ok(());
        };
        if now.saturating_duration_since(checked) < TOPIC_CHECK {
            return Ok(());
        }
        self.missing = Some((since, now));
        let topics = &self.lane.options.topics;
        let absent = topics.iter().find(|topic| is_absent(&self.consumer, topic));
        match absent {
            Some(topic) if now.saturating_duration_since(since) >= TOPIC_GRACE => {
                Err(Error::UnknownTopic { topic: topic.clone() }.into())
            }
            Some(_) => Ok(()),
            None => {
                self.missing = None;
                // librdkafka would look again only minutes later.
                subscribe(&self.consumer, topics).map_err(Interruption::Fatal)
            }
        }
    }

    /// Tells if an inference thread or the brokers have answered nothing for long.
    pub(super) fn watch_progress(&mut self, now: Instant) {
        if self.unfinished() == 0 {
            self.last_progress = now;
        }
        let still = now.saturating_duration_since(self.last_progress);
        if still >= STALL {
            let message = format!(
                "no input finished for {} s: {} batches with the inference threads, {} inputs with the brokers",
                still.as_secs(),
                self.order.outstanding(),
                self.delivery.outstanding()
            );
            self.trouble("stalled", &message);
        }
    }

    pub(super) fn refused(&self, code: RDKafkaErrorCode, problem: &str) -> Interruption {
        let error = Error::Refused { lane: self.lane.number, problem: problem.to_owned(), advice: advice(code) };
        Interruption::Fatal(error)
    }

    pub(super) fn trouble(&mut self, kind: &str, message: &str) {
        if let Some(suppressed) = self.throttle.admit(kind, Instant::now()) {
            self.tell(&Event::Trouble { message, suppressed });
        }
    }
}

pub(super) fn subscribe(consumer: &Consumer, topics: &[String]) -> Result<(), Error> {
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    consumer
        .subscribe(&topics)
        .map_err(|error| Error::Option { name: "topics", problem: format!("cannot be subscribed to: {error}") })
}

/// Whether the brokers answer that a topic does not exist; no answer says nothing.
fn is_absent(consumer: &Consumer, topic: &str) -> bool {
    let Ok(metadata) = consumer.fetch_metadata(Some(topic), Duration::from_secs(1)) else {
        return false;
    };
    metadata.topics().iter().any(|entry| {
        entry.name() == topic
            && entry.error().map(RDKafkaErrorCode::from) == Some(RDKafkaErrorCode::UnknownTopicOrPartition)
    })
}
