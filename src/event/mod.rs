//! What goes out: the classified event and the rejection, as CloudEvents 1.0.
//!
//! The types here are the contract with triage services. Their JSON Schemas are generated from
//! them ([`schema`]), and the reference under `docs/events.md` from the schemas ([`mod@reference`]).
//! Nothing here knows a Kafka client: an event becomes [`Message`]s, each for a [`Destination`],
//! and a shell gives destinations their topics.

mod classified;
mod envelope;
pub mod reference;
mod rejected;
pub mod schema;

pub use classified::{
    Classified, Deadline, Embedded, Entity, Evidence, Field, LanguageSpan, Languages, Provenance, ReportFacts, Route,
    RouteCopy, Source, TextLanguage, Timings, Urgency,
};
pub use envelope::{Attributes, Encoder, Header, Message, Mode};
pub use rejected::Rejected;

/// Where a message is meant to go. Topic names are the shell's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Every classified event.
    Classified,
    /// The unit in charge, and units that receive a copy.
    Unit(String),
    /// Events of grade U0.
    Urgent,
    /// Events that a person must look at.
    Review,
    /// Rejections.
    Rejected,
}
