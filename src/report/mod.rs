//! The bytes of one record in, a [`Report`] or a coded [`Rejection`] out.
//!
//! A report arrives as plain JSON, as a CloudEvent in structured mode, or as a CloudEvent in binary
//! mode (CloudEvents 1.0, Kafka and JSON bindings), each with or without Confluent registry framing
//! and a UTF-8 byte order mark. Limits on size, nesting and element count hold before anything is
//! parsed, so hostile input costs one linear scan.
//!
//! What refuses a report is narrow: bytes that cannot be read without guessing, a known field of the
//! wrong JSON type, no id, nothing to classify, a limit. Missing, misspelt or unreadable metadata
//! never does; it becomes a [`Warning`]. Unknown fields are skipped and never kept.
//!
//! Nothing here prints what a citizen wrote: [`Text`] shows only its length, and messages name
//! fields, positions and numbers.

mod body;
mod code;
mod decode;
mod encode;
mod envelope;
mod fields;
mod limits;
mod metadata;
mod node;
mod reader;
mod rejection;
mod scan;
mod schema;
mod types;

pub use code::{Code, rejections_page};
pub use decode::decode;
pub use encode::encode;
pub use envelope::Envelope;
pub use limits::Limits;
pub use rejection::{Rejection, Warning};
pub use schema::json_schema;
pub use types::{Attachment, Content, Error, Identity, MAX_ID_CHARS, Report, ReportId, Role, Text};
