use jiff::Timestamp;
use serde::Deserialize;

/// What is counted of one classified event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Event id: twice the same is a repeated delivery.
    pub event_id: String,
    /// Report id.
    pub report_id: String,
    /// Revision of the report; the newest counts.
    pub revision: u32,
    /// When the citizen sent it, if the intake system says.
    pub submitted_at: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// When it was decided; of two decisions of one revision the later counts.
    pub decided_at: Timestamp,
    /// What it is counted by.
    pub facts: Facts,
}

/// What a report is counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Facts {
    /// Flagged labels, highest score first.
    pub labels: Vec<String>,
    /// Flagged organisations.
    pub organisations: Vec<String>,
    /// Unit in charge.
    pub unit: String,
    /// Grade.
    pub urgency: String,
    /// Language of the description, else of the content.
    pub language: Option<String>,
    /// How much of their identity the reporter gave.
    pub identity: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// What one message or line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A classified event.
    Classified(Box<Observation>),
    /// A rejection: the report could not be read, and is in no count.
    Rejected,
}

/// Why a message or line tells nothing. Says where, never quotes it: it may hold a citizen's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON.
    #[error("not JSON (column {column})")]
    Json {
        /// Column at which reading stopped, from 1.
        column: usize,
    },
    /// JSON, but no event of this service.
    #[error("no classified event or rejection: its CloudEvents type or id is missing or another's")]
    Kind,
    /// A field that is counted is missing or of the wrong type.
    #[error("a classified event without a field that is counted, or with one of the wrong type (column {column})")]
    Field {
        /// Column at which reading stopped, from 1; 0 where it is not known.
        column: usize,
    },
}

#[derive(Deserialize)]
struct Head {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Whole {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    report: Report,
    urgency: Urgency,
    route: Route,
    labels: Vec<Labelled>,
    organisations: Vec<Marked>,
    language: Languages,
    timings: Timings,
}

#[derive(Deserialize)]
struct Report {
    id: String,
    revision: u32,
    submitted_at: Option<Timestamp>,
    identity: Option<String>,
    country: Option<String>,
}

#[derive(Deserialize)]
struct Urgency {
    grade: String,
}

#[derive(Deserialize)]
struct Route {
    unit: String,
}

#[derive(Deserialize)]
struct Labelled {
    label: String,
    state: String,
}

#[derive(Deserialize)]
struct Marked {
    id: String,
    state: String,
}

#[derive(Deserialize)]
struct Languages {
    description: Option<Language>,
    content: Option<Language>,
}

#[derive(Deserialize)]
struct Language {
    language: String,
}

#[derive(Deserialize)]
struct Timings {
    received_at: Timestamp,
    decided_at: Timestamp,
}

impl Told {
    /// Reads a structured CloudEvent, as `ibaleg classify` prints it one a line. Only what is counted
    /// is read, so that events of other versions of the service are told too.
    pub fn structured(bytes: &[u8]) -> Result<Self, Unreadable> {
        let head: Head = serde_json::from_slice(bytes).map_err(|error| unreadable(&error))?;
        let (Some(id), Some(kind)) = (head.id, head.kind) else { return Err(Unreadable::Kind) };
        Self::of(id, &kind, || serde_json::from_slice(bytes).map(|whole: Whole| whole.data))
    }

    /// Reads a message of the topic in either CloudEvents mode; `header` gives the value of a header.
    pub fn message(value: &[u8], header: impl Fn(&str) -> Option<String>) -> Result<Self, Unreadable> {
        match (header("ce_id"), header("ce_type")) {
            (Some(id), Some(kind)) => Self::of(id, &kind, || serde_json::from_slice(value)),
            _ => Self::structured(value),
        }
    }

    fn of(id: String, kind: &str, data: impl FnOnce() -> serde_json::Result<Data>) -> Result<Self, Unreadable> {
        if kind.ends_with(".report.rejected.v1") {
            return Ok(Self::Rejected);
        }
        if !kind.ends_with(".report.classified.v1") {
            return Err(Unreadable::Kind);
        }
        let data = data().map_err(|error| unreadable(&error))?;
        Ok(Self::Classified(Box::new(observation(id, data))))
    }
}

fn observation(event_id: String, data: Data) -> Observation {
    const FLAG: &str = "flag";
    let Data { report, urgency, route, labels, organisations, language, timings } = data;
    let labels = labels.into_iter().filter(|label| label.state == FLAG).map(|label| label.label);
    let organisations = organisations.into_iter().filter(|mark| mark.state == FLAG).map(|mark| mark.id);
    Observation {
        event_id,
        report_id: report.id,
        revision: report.revision,
        submitted_at: report.submitted_at,
        received_at: timings.received_at,
        decided_at: timings.decided_at,
        facts: Facts {
            labels: labels.collect(),
            organisations: organisations.collect(),
            unit: route.unit,
            urgency: urgency.grade,
            language: language.description.or(language.content).map(|text| text.language),
            identity: report.identity,
            country: report.country,
        },
    }
}

fn unreadable(error: &serde_json::Error) -> Unreadable {
    match error.classify() {
        serde_json::error::Category::Data => Unreadable::Field { column: error.column() },
        _ => Unreadable::Json { column: error.column() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_event_is_refused_without_quoting_it() {
        for (bytes, wanted) in [
            ("{\"id\": \"a\", \"type\"", Unreadable::Json { column: 18 }),
            ("{\"description\": \"secret\"}", Unreadable::Kind),
            ("{\"id\": \"a\", \"type\": \"org.other.v1\"}", Unreadable::Kind),
            ("\"secret\"", Unreadable::Field { column: 8 }),
        ] {
            let error = Told::structured(bytes.as_bytes()).unwrap_err();
            assert_eq!(error, wanted, "{bytes}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        let unlabelled =
            br#"{"id":"a","type":"x.report.classified.v1","data":{"report":{"id":"secret","revision":1}}}"#;
        let error = Told::structured(unlabelled).unwrap_err();
        assert!(matches!(error, Unreadable::Field { .. }) && !error.to_string().contains("secret"), "{error}");
        assert_eq!(Told::structured(br#"{"id":"a","type":"x.report.rejected.v1","data":{}}"#), Ok(Told::Rejected));
    }
}
