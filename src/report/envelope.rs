use super::{Code, ReportId};

/// A record as Kafka holds it; a line of a file has only a `value`.
#[derive(Clone, Copy, Default)]
pub struct Envelope<'a> {
    /// The record's key: by contract the report's id.
    pub key: Option<&'a [u8]>,
    /// The record's value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The record's headers in order; of equal names the last counts.
    pub headers: &'a [(String, Option<Vec<u8>>)],
}

impl std::fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope")
            .field("value_bytes", &self.value.map(<[u8]>::len))
            .field("headers", &self.headers.len())
            .finish_non_exhaustive()
    }
}

/// How the value carries the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The value is the report: plain JSON, or a CloudEvent in binary mode.
    Bare,
    /// The value is a CloudEvent in the JSON format.
    Structured,
    /// The value is several CloudEvents.
    Batch,
    /// The value is a CloudEvent in a format other than JSON.
    Foreign,
}

impl<'a> Envelope<'a> {
    /// A value without key and headers.
    pub fn bare(value: &'a [u8]) -> Self {
        Self { value: Some(value), ..Self::default() }
    }

    /// The form announced by the `content-type` header (CloudEvents 1.0, Kafka binding, section 3).
    pub(super) fn form(&self) -> Form {
        let media_type = self.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/cloudevents" | "application/cloudevents+json" => Form::Structured,
            other if other.starts_with("application/cloudevents-batch") => Form::Batch,
            other if other.starts_with("application/cloudevents") => Form::Foreign,
            _ => Form::Bare,
        }
    }

    /// The report's id as the record around it tells it, where the body does not: its key, else the
    /// id of the CloudEvent (from the `ce_id` header, or `event_id` in structured mode).
    pub(super) fn id(&self, event_id: Option<&str>) -> Option<(ReportId, Code)> {
        let key = self.key.and_then(|key| std::str::from_utf8(key).ok());
        let parse = |id: &str| ReportId::new(id).ok();
        key.and_then(parse)
            .map(|id| (id, Code::IdFromKey))
            .or_else(|| event_id.or_else(|| self.header("ce_id")).and_then(parse).map(|id| (id, Code::IdFromEvent)))
    }

    fn header(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.headers.iter().rev().find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value.as_deref()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&str, &[u8])]) -> Vec<(String, Option<Vec<u8>>)> {
        list.iter().map(|&(name, value)| (name.to_owned(), Some(value.to_vec()))).collect()
    }

    #[test]
    fn the_content_type_tells_the_form() {
        for (content_type, form) in [
            ("application/json", Form::Bare),
            ("Application/CloudEvents+JSON; charset=UTF-8", Form::Structured),
            ("application/cloudevents", Form::Structured),
            ("application/cloudevents-batch+json", Form::Batch),
            ("application/cloudevents+avro", Form::Foreign),
        ] {
            let headers = headers(&[("content-type", b"text/plain"), ("Content-Type", content_type.as_bytes())]);
            assert_eq!(Envelope { headers: &headers, ..Envelope::default() }.form(), form, "{content_type}");
        }
    }

    #[test]
    fn the_key_comes_before_the_event_id_and_unusable_ones_are_passed_over() {
        let headers = headers(&[("ce_id", b"event")]);
        let id = |key: Option<&'static [u8]>| Envelope { key, value: None, headers: &headers }.id(None).unwrap();
        assert_eq!(id(Some(b"key")), (ReportId::new("key").unwrap(), Code::IdFromKey));
        for key in [None, Some(&b""[..]), Some(&b"\xff"[..]), Some(&b"a\n"[..])] {
            assert_eq!(id(key), (ReportId::new("event").unwrap(), Code::IdFromEvent));
        }
    }
}
