//! From the fields of a JSON object to a report.

use jiff::Timestamp;

use super::fields::{Fields, bounded, wrong_type};
use super::metadata::{country, language_tag, whole};
use super::node::{Node, Shape};
use super::{Attachment, Code, Content, Envelope, Identity, Limits, Rejection, Report, ReportId, Role, Warning};

/// The fields of a report; the schema's wire types list the same, which a test compares.
pub(super) const REPORT: Shape = Shape::Object(&[
    ("id", Shape::Leaf),
    ("revision", Shape::Leaf),
    ("submitted_at", Shape::Leaf),
    ("description", Shape::Leaf),
    ("content", Shape::Object(&[("text", Shape::Leaf), ("url", Shape::Leaf), ("platform", Shape::Leaf)])),
    ("category", Shape::Leaf),
    ("role", Shape::Leaf),
    ("identity", Shape::Leaf),
    ("country", Shape::Leaf),
    ("language", Shape::Leaf),
    ("attachments", Shape::List(&Shape::Object(&[("uri", Shape::Leaf), ("media_type", Shape::Leaf)]))),
]);

/// What stands around the JSON of a report.
pub(super) struct Context<'c> {
    pub(super) envelope: &'c Envelope<'c>,
    /// The id of the structured CloudEvent around it.
    pub(super) event_id: Option<&'c str>,
    pub(super) limits: &'c Limits,
    /// Lone surrogates were replaced in the text.
    pub(super) repaired: bool,
}

/// The report that `fields` describe.
pub(super) fn report(fields: &Fields<'_, '_>, context: &Context<'_>) -> Result<Report, Rejection> {
    let mut reader = Reader { limits: context.limits, warnings: Vec::new() };
    if context.repaired {
        reader.warn(Code::LoneSurrogate, String::new());
    }
    let id = reader.id(fields, context)?;
    reader.rest(fields, id.clone()).map_err(|rejection| Rejection { report_id: Some(id), ..rejection })
}

struct Reader<'l> {
    limits: &'l Limits,
    warnings: Vec<Warning>,
}

impl Reader<'_> {
    fn id(&mut self, fields: &Fields<'_, '_>, context: &Context<'_>) -> Result<ReportId, Rejection> {
        let pointer = fields.pointer("id");
        let sent = match fields.get("id")? {
            None => None,
            Some(Node::String(id)) if id.trim().is_empty() => None,
            Some(Node::String(id)) => Some(ReportId::new(id)),
            Some(Node::Integer(id)) => Some(ReportId::new(&id.to_string())),
            Some(Node::Float(_)) => {
                let message = "the id is a number that cannot be kept exactly; send it as a string";
                return Err(Rejection::new(Code::InvalidId, pointer, message));
            }
            Some(other) => return Err(fields.wrong_type("id", "a string", other)),
        };
        if let Some(id) = sent {
            let id = id.map_err(|error| Rejection::new(Code::InvalidId, pointer.clone(), error.to_string()))?;
            if context.envelope.key.is_some_and(|key| key != id.as_bytes()) {
                self.warn(Code::KeyDiffers, pointer);
            }
            return Ok(id);
        }
        let Some((id, source)) = context.envelope.id(context.event_id) else {
            let message = "there is no id, in the report or as the record's key; give every report its own";
            return Err(Rejection::new(Code::MissingId, pointer, message));
        };
        self.warn(source, pointer);
        Ok(id)
    }

    fn rest(mut self, fields: &Fields<'_, '_>, id: ReportId) -> Result<Report, Rejection> {
        let report = Report {
            id,
            revision: self.revision(fields)?,
            submitted_at: self
                .parsed(fields, "submitted_at", Code::Unreadable, |time| time.parse::<Timestamp>().ok())?,
            description: fields.bounded("description", self.limits.max_text_chars, Code::TextTooLong)?,
            content: self.content(fields)?,
            category: self.metadata(fields, "category")?.map(str::to_owned),
            role: self.parsed(fields, "role", Code::UnknownWord, |word| {
                Role::ALL.into_iter().find(|role| role.as_str().eq_ignore_ascii_case(word))
            })?,
            identity: self.parsed(fields, "identity", Code::UnknownWord, |word| {
                Identity::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(word))
            })?,
            country: self.parsed(fields, "country", Code::Unreadable, country)?,
            language: self.parsed(fields, "language", Code::Unreadable, language_tag)?,
            attachments: self.attachments(fields)?,
            warnings: self.warnings,
        };
        let quoted = report.content.as_ref().is_some_and(|content| content.text.is_some() || content.url.is_some());
        if report.description.is_none() && !quoted && report.attachments.is_empty() {
            let message = "there is nothing to classify; send at least one of description, content.text, content.url, attachments";
            return Err(Rejection::new(Code::NoContent, fields.base.clone(), message));
        }
        Ok(report)
    }

    fn revision(&mut self, fields: &Fields<'_, '_>) -> Result<u32, Rejection> {
        let revision = match fields.get("revision")? {
            None => return Ok(1),
            Some(Node::Integer(revision)) => u32::try_from(*revision).ok(),
            Some(Node::Float(revision)) => whole(*revision),
            Some(other) => return Err(fields.wrong_type("revision", "a whole number", other)),
        };
        Ok(revision.filter(|revision| *revision > 0).unwrap_or_else(|| {
            self.warn(Code::Unreadable, fields.pointer("revision"));
            1
        }))
    }

    fn content(&mut self, fields: &Fields<'_, '_>) -> Result<Option<Content>, Rejection> {
        let Some(node) = fields.get("content")? else {
            return Ok(None);
        };
        let fields = Fields::of(node, &fields.pointer("content"))?;
        let content = Content {
            text: fields.bounded("text", self.limits.max_text_chars, Code::TextTooLong)?,
            url: fields.bounded("url", self.limits.max_url_chars, Code::UrlTooLong)?,
            platform: self.metadata(&fields, "platform")?.map(str::to_owned),
        };
        Ok(Some(content).filter(|content| *content != Content::default()))
    }

    fn attachments(&mut self, fields: &Fields<'_, '_>) -> Result<Vec<Attachment>, Rejection> {
        let pointer = fields.pointer("attachments");
        let nodes = match fields.get("attachments")? {
            None => return Ok(Vec::new()),
            Some(Node::Array(nodes)) => nodes,
            Some(other) => return Err(wrong_type(pointer, "an array", other)),
        };
        let (count, max) = (nodes.len(), self.limits.max_attachments);
        if count > max {
            let message =
                format!("the list has {count} entries, the limit is {max}; send the others with a further revision");
            return Err(Rejection::new(Code::TooManyAttachments, pointer, message));
        }
        let mut attachments = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            attachments.extend(self.attachment(node, &format!("{pointer}/{index}"))?);
        }
        Ok(attachments)
    }

    fn attachment(&mut self, node: &Node<'_>, pointer: &str) -> Result<Option<Attachment>, Rejection> {
        let max = self.limits.max_url_chars;
        let (uri, media_type) = match node {
            Node::Null => return Ok(None),
            Node::String(uri) if uri.trim().is_empty() => (None, None),
            Node::String(uri) => (Some(bounded(uri, max, Code::UrlTooLong, || pointer.to_owned())?), None),
            Node::Object(_) => {
                let fields = Fields::of(node, pointer)?;
                (
                    fields.bounded("uri", max, Code::UrlTooLong)?,
                    self.metadata(&fields, "media_type")?.map(str::to_owned),
                )
            }
            other => {
                return Err(wrong_type(pointer.to_owned(), "an object with a uri", other));
            }
        };
        if uri.is_none() {
            self.warn(Code::AttachmentWithoutUri, pointer.to_owned());
        }
        Ok(uri.map(|uri| Attachment { uri, media_type }))
    }

    /// A string that only describes the report: without white space around, none if too long.
    fn metadata<'n>(&mut self, fields: &Fields<'n, '_>, name: &str) -> Result<Option<&'n str>, Rejection> {
        let value = fields.string(name)?.map(str::trim);
        if value.is_some_and(|value| value.chars().count() > self.limits.max_field_chars) {
            self.warn(Code::MetadataTooLong, fields.pointer(name));
            return Ok(None);
        }
        Ok(value)
    }

    /// Metadata with a form of its own; none, with a warning of `code`, if it lacks that form.
    fn parsed<T>(
        &mut self,
        fields: &Fields<'_, '_>,
        name: &str,
        code: Code,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Rejection> {
        let Some(value) = self.metadata(fields, name)? else {
            return Ok(None);
        };
        let parsed = parse(value);
        if parsed.is_none() {
            self.warn(code, fields.pointer(name));
        }
        Ok(parsed)
    }

    fn warn(&mut self, code: Code, pointer: String) {
        self.warnings.push(Warning { code, pointer });
    }
}
