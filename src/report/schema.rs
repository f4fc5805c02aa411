use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::limits::{MAX_ATTACHMENTS, MAX_FIELD_CHARS, MAX_TEXT_CHARS, MAX_URL_CHARS};
use super::types::MAX_ID_CHARS;

/// The JSON Schema (2020-12) of a report: what senders should send.
///
/// Every document that is valid under it and within the byte, depth and element limits is accepted
/// without a warning. Decoding is more lenient than the schema about metadata.
pub fn json_schema() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<WireReport<'_>>()
}

/// At least one character that is no white space, and none that `ReportId` refuses.
const PRINTABLE: &str = concat!(
    r"^[^\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]*",
    r"[^\s\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]",
    r"[^\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]*$",
);

/// One citizen's report of illegal online content.
///
/// `null` means missing. At least one of `description`, `content.text`, `content.url` and `attachments` must be
/// there and not blank. Fields not named here are ignored and never forwarded.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Report")]
#[schemars(extend("anyOf" = [
    {"required": ["description"], "properties": {"description": {"type": "string", "pattern": "\\S"}}},
    {"required": ["content"], "properties": {"content": {"type": "object", "required": ["text"],
        "properties": {"text": {"type": "string", "pattern": "\\S"}}}}},
    {"required": ["content"], "properties": {"content": {"type": "object", "required": ["url"],
        "properties": {"url": {"type": "string", "pattern": "\\S"}}}}},
    {"required": ["attachments"], "properties": {"attachments": {"type": "array", "minItems": 1}}}
]))]
pub(super) struct WireReport<'a> {
    /// The report's id, the same for all its revisions; also the record's key. Printable characters.
    #[schemars(length(min = 1, max = MAX_ID_CHARS), regex(pattern = PRINTABLE))]
    pub(super) id: &'a str,
    /// Version of the report, from 1; a higher one replaces a lower one. Missing: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = u32::MAX))]
    pub(super) revision: Option<u32>,
    /// When the citizen sent it (RFC 3339, with offset).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub(super) submitted_at: Option<String>,
    /// The citizen's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_TEXT_CHARS))]
    pub(super) description: Option<&'a str>,
    /// The post, message or page that is reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<WireContent<'a>>,
    /// The category the reporter chose, as a stable word of the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_FIELD_CHARS))]
    pub(super) category: Option<&'a str>,
    /// Whether the reporter is the victim or a witness.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["victim", "witness", null]))]
    pub(super) role: Option<&'a str>,
    /// How much of their identity the reporter gave. Send nothing else about the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["full", "partial", "anonymous", null]))]
    pub(super) identity: Option<&'a str>,
    /// Where it was sent from (ISO 3166-1 alpha-2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z]{2}$"))]
    pub(super) country: Option<&'a str>,
    /// Language of the form, as a hint (RFC 5646).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_FIELD_CHARS), regex(pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"))]
    pub(super) language: Option<&'a str>,
    /// Files that belong to the report, by reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_ATTACHMENTS))]
    pub(super) attachments: Option<Vec<WireAttachment<'a>>>,
}

/// The post, message or page that is reported.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Content")]
pub(super) struct WireContent<'a> {
    /// Its words, quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_TEXT_CHARS))]
    pub(super) text: Option<&'a str>,
    /// Where it stands. Never fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_URL_CHARS))]
    pub(super) url: Option<&'a str>,
    /// The service it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_FIELD_CHARS))]
    pub(super) platform: Option<&'a str>,
}

/// A file kept elsewhere. Never fetched.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Attachment")]
pub(super) struct WireAttachment<'a> {
    /// Where it is kept: a URI or storage key.
    #[schemars(length(max = MAX_URL_CHARS), regex(pattern = r"\S"))]
    pub(super) uri: &'a str,
    /// Media type (RFC 6838).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_FIELD_CHARS))]
    pub(super) media_type: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::super::node::Shape;
    use super::super::reader;
    use super::super::{Identity, Role};
    use super::*;

    fn names(shape: &Shape) -> Vec<&str> {
        match shape {
            Shape::Object(fields) => fields.iter().map(|(name, _)| *name).collect(),
            Shape::List(shape) => names(shape),
            Shape::Leaf => Vec::new(),
        }
    }

    fn properties(schema: &serde_json::Value, pointer: &str) -> Vec<String> {
        schema.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn decoder_and_schema_know_the_same_fields() {
        let schema = json_schema().to_value();
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        let Shape::Object(report) = &reader::REPORT else { panic!("a report is an object") };
        let shape = |name: &str| &report.iter().find(|(field, _)| *field == name).unwrap().1;
        for (shape, pointer) in [
            (&reader::REPORT, "/properties"),
            (shape("content"), "/$defs/Content/properties"),
            (shape("attachments"), "/$defs/Attachment/properties"),
        ] {
            let known = names(shape).into_iter().map(str::to_owned).collect();
            assert_eq!(sorted(known), sorted(properties(&schema, pointer)));
        }
    }

    #[test]
    fn decoder_and_schema_know_the_same_words() {
        let schema = json_schema().to_value();
        let words = |pointer: &str| -> Vec<String> {
            let words = schema.pointer(pointer).unwrap().as_array().unwrap();
            words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect()
        };
        assert_eq!(words("/properties/role/enum"), Role::ALL.map(Role::as_str));
        assert_eq!(words("/properties/identity/enum"), Identity::ALL.map(Identity::as_str));
    }
}
