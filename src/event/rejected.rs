use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Source;

/// Data of a `report.rejected` event: what was wrong with a report and what its producer can do.
/// The bytes themselves are kept in the dead-letter topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected {
    /// Id of the report, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_id: Option<String>,
    /// Stable code, explained in docs/rejections.md.
    pub code: String,
    /// The field concerned, as a JSON pointer (RFC 6901); empty for the whole report.
    pub pointer: String,
    /// What is wrong and what to do, in plain words. Never quotes the report.
    pub message: String,
    /// SHA-256 of the report's bytes as they arrived.
    pub input_digest: String,
    /// Where the report was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Arrival.
    #[schemars(schema_with = "super::schema::date_time")]
    pub received_at: Timestamp,
}
