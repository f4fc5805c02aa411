use super::{Code, ReportId};

/// Why a record is no report. Shows no report content: code, field, numbers and the report's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}{}: {message}", At(.pointer))]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// JSON pointer (RFC 6901) to the field in the record's value; empty means the whole document.
    /// In a structured CloudEvent it begins with `/data`; for `data_base64` it points into the
    /// document that was encoded.
    pub pointer: String,
    /// What is wrong and what the sender can do, in plain words.
    pub message: String,
    /// The report's id where it could be read: from the body, else the record's key, else the
    /// CloudEvent's id.
    pub report_id: Option<ReportId>,
}

impl Rejection {
    pub(super) fn new(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into(), message: message.into(), report_id: None }
    }
}

struct At<'a>(&'a str);

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " at {}", self.0) }
    }
}

/// Something wrong with an accepted report that costs it nothing but the field concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The stable code.
    pub code: Code,
    /// JSON pointer to the field, as in [`Rejection::pointer`].
    pub pointer: String,
}
