//! The way of one record: limits, text, JSON, CloudEvent, fields.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::error::Category;

use super::envelope::Form;
use super::fields::Fields;
use super::node::{self, Node, Shape};
use super::{Code, Envelope, Limits, Rejection, Report, body, reader, scan};

/// Reads one record as a report.
///
/// Pure and total: any bytes give an answer, the same record always the same one, and the cost is
/// linear in the value's length and bounded by `limits`. A rejection names the first thing wrong in
/// the order limits, encoding, CloudEvent, id, fields as the schema lists them, whatever their order
/// in the JSON.
///
/// # Errors
///
/// A [`Rejection`], with the report's id wherever the record tells it.
pub fn decode(envelope: &Envelope<'_>, limits: &Limits) -> Result<Report, Rejection> {
    let mut event_id = None;
    read(envelope, limits, &mut event_id).map_err(|rejection| {
        let around = || envelope.id(event_id.as_deref()).map(|(id, _)| id);
        Rejection { report_id: rejection.report_id.or_else(around), ..rejection }
    })
}

/// The fields of a CloudEvent that matter here (CloudEvents 1.0, JSON format, section 3).
const EVENT: Shape = Shape::Object(&[
    ("specversion", Shape::Leaf),
    ("id", Shape::Leaf),
    ("data", reader::REPORT),
    ("data_base64", Shape::Leaf),
]);

fn read(envelope: &Envelope<'_>, limits: &Limits, event_id: &mut Option<String>) -> Result<Report, Rejection> {
    let text = body::text(envelope, limits)?;
    let form = envelope.form();
    match form {
        Form::Batch => {
            return Err(Rejection::new(
                Code::BatchMode,
                "",
                "the record is a batch of CloudEvents; send one record for each report",
            ));
        }
        Form::Foreign => {
            return Err(Rejection::new(
                Code::ForeignFormat,
                "",
                "the record is a CloudEvent in a format other than JSON; \
                 send application/cloudevents+json or binary mode",
            ));
        }
        Form::Bare | Form::Structured => {}
    }
    let source = Source::new(text, limits)?;
    if form == Form::Structured {
        return event(&source.parse(&EVENT)?, &source, envelope, limits, event_id);
    }
    let document = source.parse(&reader::REPORT)?;
    let report = Fields::of(&document, "")?;
    if !report.has_content() {
        // File pipelines and command-line producers lose the header that announces the CloudEvent.
        let document = source.parse(&EVENT)?;
        let fields = Fields::of(&document, "")?;
        if fields.has("specversion") && (fields.has("data") || fields.has("data_base64")) {
            return event(&document, &source, envelope, limits, event_id);
        }
    }
    reader::report(&report, &source.context(envelope, None, limits))
}

fn event(
    document: &Node<'_>,
    source: &Source<'_>,
    envelope: &Envelope<'_>,
    limits: &Limits,
    event_id: &mut Option<String>,
) -> Result<Report, Rejection> {
    let fields = Fields::of(document, "")?;
    *event_id = fields.string("id").ok().flatten().map(str::to_owned);
    if fields.string("specversion")?.is_some_and(|version| !version.starts_with("1.")) {
        return Err(Rejection::new(
            Code::SpecVersion,
            "/specversion",
            "the CloudEvent is not of version 1; send specversion \"1.0\"",
        ));
    }
    match (fields.get("data")?, fields.string("data_base64")?) {
        (Some(data), None) => {
            let context = source.context(envelope, event_id.as_deref(), limits);
            reader::report(&Fields::of(data, "/data")?, &context)
        }
        (None, Some(encoded)) => {
            let bytes = STANDARD.decode(encoded).map_err(|_| {
                Rejection::new(
                    Code::Base64,
                    "/data_base64",
                    "data_base64 is not base64; encode with the standard alphabet and padding (RFC 4648, section 4)",
                )
            })?;
            let inner = Source::new(body::utf8(&bytes)?, limits)?;
            let report = inner.parse(&reader::REPORT)?;
            let context = inner.context(envelope, event_id.as_deref(), limits);
            reader::report(&Fields::of(&report, "")?, &context)
        }
        (Some(_), Some(_)) => Err(Rejection::new(
            Code::DuplicateField,
            "/data_base64",
            "the CloudEvent has data and data_base64; send one of them",
        )),
        (None, None) => Err(Rejection::new(Code::NoData, "/data", "the CloudEvent has no data; put the report there")),
    }
}

/// The text of a JSON document within the limits.
struct Source<'a> {
    text: Cow<'a, str>,
}

impl<'a> Source<'a> {
    fn new(text: &'a str, limits: &Limits) -> Result<Self, Rejection> {
        let text = if scan::measure(text, limits)?.lone_surrogates {
            Cow::Owned(scan::repair_surrogates(text))
        } else {
            Cow::Borrowed(text)
        };
        Ok(Self { text })
    }

    fn parse(&self, shape: &'static Shape) -> Result<Node<'_>, Rejection> {
        node::parse(&self.text, shape).map_err(|error| {
            let what = match error.classify() {
                Category::Eof => "ends before it is complete",
                Category::Syntax | Category::Data | Category::Io => "is not JSON",
            };
            let (line, column) = (error.line(), error.column());
            Rejection::new(
                Code::NotJson,
                "",
                format!("the value {what} (line {line}, column {column}); write it with a JSON library"),
            )
        })
    }

    fn context<'c>(
        &self,
        envelope: &'c Envelope<'c>,
        event_id: Option<&'c str>,
        limits: &'c Limits,
    ) -> reader::Context<'c> {
        let repaired = matches!(self.text, Cow::Owned(_));
        reader::Context { envelope, event_id, limits, repaired }
    }
}
