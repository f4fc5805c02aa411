use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Deepest nesting ever accepted, whatever [`Limits::max_depth`] says; the JSON parser's own limit
/// (128) must never be what stops a document.
pub(super) const DEPTH_CEILING: usize = 100;

// Also in the published schema.
pub(super) const MAX_TEXT_CHARS: usize = 100_000;
pub(super) const MAX_URL_CHARS: usize = 8_192;
pub(super) const MAX_FIELD_CHARS: usize = 256;
pub(super) const MAX_ATTACHMENTS: usize = 100;

/// What one report may cost. The first three hold before parsing, the others after.
///
/// Memory for one decode stays below four times `max_bytes` plus 128 bytes for each of `max_elements`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of the record's value, framing and byte order mark included.
    pub max_bytes: usize,
    /// Levels of objects and arrays inside each other; above 100 counts as 100.
    pub max_depth: usize,
    /// JSON structural marks outside strings (`{`, `[`, `,`, `:`): about the number of keys and values.
    pub max_elements: usize,
    /// Unicode scalar values of the description, and of the content's text.
    pub max_text_chars: usize,
    /// Unicode scalar values of the content's URL, and of an attachment's URI.
    pub max_url_chars: usize,
    /// Unicode scalar values of every other string; a longer one counts as missing, with a warning.
    pub max_field_chars: usize,
    /// Entries of `attachments`.
    pub max_attachments: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 1_048_576,
            max_depth: 16,
            max_elements: 10_000,
            max_text_chars: MAX_TEXT_CHARS,
            max_url_chars: MAX_URL_CHARS,
            max_field_chars: MAX_FIELD_CHARS,
            max_attachments: MAX_ATTACHMENTS,
        }
    }
}
