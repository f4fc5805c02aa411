use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Classified, Destination, Rejected};

/// Name and value of a message header.
pub type Header = (String, Vec<u8>);

/// How an event is laid into a message (CloudEvents 1.0, Kafka protocol binding).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Attributes in `ce_…` headers, data as the value.
    #[default]
    Binary,
    /// Attributes and data together in the value.
    Structured,
}

/// CloudEvents attributes of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Deterministic: the same record decided by the same digests has the same id.
    pub id: String,
    /// Last part of the type: `report.classified` or `report.rejected`, with its version.
    pub kind: &'static str,
    /// The report's id, where known.
    pub subject: Option<String>,
    /// Arrival of the report.
    pub time: Timestamp,
}

impl Attributes {
    /// Those of a classified event.
    pub fn classified(id: &str, event: &Classified) -> Self {
        let subject = Some(event.report.id.clone());
        Self { id: id.to_owned(), kind: "report.classified.v1", subject, time: event.timings.received_at }
    }

    /// Those of a rejection.
    pub fn rejected(id: &str, event: &Rejected) -> Self {
        let subject = event.report_id.clone();
        Self { id: id.to_owned(), kind: "report.rejected.v1", subject, time: event.received_at }
    }
}

/// A message ready for a topic.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it is meant to go.
    pub destination: Destination,
    /// Key: that of the report as it came, else the report's id.
    pub key: Option<Vec<u8>>,
    /// Headers.
    pub headers: Vec<Header>,
    /// JSON.
    pub value: Vec<u8>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("destination", &self.destination)
            .field("bytes", &self.value.len())
            .finish_non_exhaustive()
    }
}

/// Turns events into messages.
#[derive(Debug, Clone)]
pub struct Encoder {
    mode: Mode,
    source: String,
    type_prefix: String,
}

impl Encoder {
    /// `source` and `type_prefix` become the CloudEvents attributes `source` and the head of `type`.
    pub fn new(mode: Mode, source: &str, type_prefix: &str) -> Self {
        Self { mode, source: source.to_owned(), type_prefix: type_prefix.to_owned() }
    }

    /// The classified event for every destination that its decision names.
    pub fn classified(&self, id: &str, key: Option<&[u8]>, event: &Classified) -> Vec<Message> {
        let attributes = Attributes::classified(id, event);
        let (headers, value) = self.encode(&attributes, event);
        let units = std::iter::once(&event.route.unit).chain(event.route.copies.iter().map(|copy| &copy.unit));
        let mut destinations = vec![Destination::Classified];
        destinations.extend(units.map(|unit| Destination::Unit(unit.clone())));
        if event.urgency.grade == crate::triage::Urgency::U0 {
            destinations.push(Destination::Urgent);
        }
        if event.review.needed {
            destinations.push(Destination::Review);
        }
        let key = key.unwrap_or(event.report.id.as_bytes());
        let message = |destination| Message {
            destination,
            key: Some(key.to_vec()),
            headers: headers.clone(),
            value: value.clone(),
        };
        destinations.into_iter().map(message).collect()
    }

    /// The rejection for its topic.
    pub fn rejected(&self, id: &str, key: Option<&[u8]>, event: &Rejected) -> Message {
        let attributes = Attributes::rejected(id, event);
        let (headers, value) = self.encode(&attributes, event);
        let key = key.map(<[u8]>::to_vec).or_else(|| event.report_id.as_ref().map(|id| id.clone().into_bytes()));
        Message { destination: Destination::Rejected, key, headers, value }
    }

    /// One event with its attributes in one value, for structured mode, files and pipes.
    pub fn structured<'a, T: Serialize>(&'a self, attributes: &'a Attributes, data: &'a T) -> impl Serialize + 'a {
        Structured {
            specversion: "1.0",
            id: &attributes.id,
            source: &self.source,
            kind: self.kind(attributes),
            subject: attributes.subject.as_deref(),
            time: attributes.time,
            datacontenttype: "application/json",
            data,
        }
    }

    fn kind(&self, attributes: &Attributes) -> String {
        format!("{}.{}", self.type_prefix, attributes.kind)
    }

    fn encode<T: Serialize>(&self, attributes: &Attributes, data: &T) -> (Vec<Header>, Vec<u8>) {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        match self.mode {
            Mode::Structured => {
                let value = json(&self.structured(attributes, data));
                (vec![header("content-type", "application/cloudevents+json; charset=UTF-8")], value)
            }
            Mode::Binary => {
                let mut headers = vec![
                    header("ce_specversion", "1.0"),
                    header("ce_id", &attributes.id),
                    header("ce_source", &self.source),
                    header("ce_type", &self.kind(attributes)),
                    header("ce_time", &attributes.time.to_string()),
                    header("content-type", "application/json"),
                ];
                if let Some(subject) = &attributes.subject {
                    // Percent-encoding of the Kafka binding (section 3.2.3): the id may hold any character.
                    headers.push(header("ce_subject", &percent_encoded(subject)));
                }
                (headers, json(data))
            }
        }
    }
}

/// A CloudEvent in the JSON format (CloudEvents 1.0, JSON event format, section 3).
#[derive(Serialize)]
struct Structured<'a, T> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    time: Timestamp,
    datacontenttype: &'static str,
    data: &'a T,
}

fn json<T: Serialize>(event: &T) -> Vec<u8> {
    // Events hold strings, numbers, lists and maps with string keys: these always serialise.
    serde_json::to_vec(event).unwrap_or_default()
}

/// Header values outside printable ASCII, and `"`, `%` and space, percent-encoded as UTF-8.
fn percent_encoded(value: &str) -> String {
    let plain = |b: u8| matches!(b, 0x21..=0x7E) && b != b'"' && b != b'%';
    let encode = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    value.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::percent_encoded;

    #[test]
    fn header_values_are_percent_encoded_outside_printable_ascii() {
        assert_eq!(percent_encoded("Euro € 100%"), "Euro%20%E2%82%AC%20100%25");
        assert_eq!(percent_encoded("r-1/é"), "r-1/%C3%A9");
    }
}
