//! Every code, and what rejections say and don't.

use ibaleg::report::Code;
use serde_json::json;

use crate::corpus::{self, Record};
use crate::{STRUCTURED, full, read, read_json, record, schema};

type Example = (Code, &'static str, Record);

/// For each code a record that yields it, and where.
pub(crate) fn examples() -> Vec<Example> {
    [unreadable(), oversized(), events(), fields(), around()].concat()
}

fn unreadable() -> Vec<Example> {
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(16), "]".repeat(16));
    let many = format!(r#"{{"id":"1","x":[{}0]}}"#, "0,".repeat(10_000));
    [
        (Code::Empty, ""),
        (Code::Empty, " \r\n"),
        (Code::NotJson, "{'id':'1'}"),
        (Code::NotJson, r#"{"id":"1","description":"cut"#),
        (Code::NotJson, "{\"id\":\"1\",\"description\":\"a\nb\"}"),
        (Code::TooDeep, &deep),
        (Code::TooManyElements, &many),
        (Code::NotAnObject, "[]"),
        (Code::NotAnObject, "null"),
    ]
    .map(|(code, value)| (code, "", record(value, &[])))
    .into_iter()
    .chain([
        (Code::Empty, "", Record::default()),
        (Code::NotUtf8, "", Record::bare(b"{\"id\":\"1\",\"description\":\"arnaqu\xe9\"}")),
    ])
    .collect()
}

fn oversized() -> Vec<Example> {
    let text = |chars| json!({"id": "1", "description": "ب".repeat(chars)});
    let url = json!({"id": "1", "content": {"url": "u".repeat(8_193)}});
    let files = json!({"id": "1", "attachments": vec![json!({"uri": "x"}); 101]});
    let word = json!({"id": "1", "description": "a", "category": "c".repeat(257)});
    [
        (Code::TooLarge, "", text(600_000)),
        (Code::TextTooLong, "/description", text(100_001)),
        (Code::UrlTooLong, "/content/url", url),
        (Code::TooManyAttachments, "/attachments", files),
        (Code::MetadataTooLong, "/category", word),
    ]
    .map(|(code, pointer, value)| (code, pointer, record(&value.to_string(), &[])))
    .to_vec()
}

fn events() -> Vec<Example> {
    let batch = [("content-type", "application/cloudevents-batch+json")];
    let foreign = [("content-type", "application/cloudevents+xml")];
    [
        (Code::DuplicateField, "/data_base64", r#"{"data":{"id":"1"},"data_base64":"e30="}"#),
        (Code::WrongType, "/data/content", r#"{"data":{"id":"1","content":"a"}}"#),
        (Code::NoContent, "/data", r#"{"data":{"id":"1","description":""}}"#),
        (Code::SpecVersion, "/specversion", r#"{"specversion":"0.3","data":{"id":"1"}}"#),
        (Code::NoData, "/data", r#"{"specversion":"1.0","id":"1"}"#),
        (Code::Base64, "/data_base64", r#"{"data_base64":"?"}"#),
        (Code::IdFromEvent, "/data/id", r#"{"id":"E","data":{"description":"a"}}"#),
    ]
    .map(|(code, pointer, value)| (code, pointer, record(value, &[STRUCTURED])))
    .into_iter()
    .chain([(Code::BatchMode, "", record("[]", &batch)), (Code::ForeignFormat, "", record("<a/>", &foreign))])
    .collect()
}

fn fields() -> Vec<Example> {
    [
        (Code::DuplicateField, "/description", r#"{"id":"1","description":"a","description":"b"}"#),
        (Code::DuplicateField, "/content/text", r#"{"id":"1","content":{"text":"a","\u0074ext":null}}"#),
        (Code::WrongType, "/attachments/1/uri", r#"{"id":"1","attachments":["a",{"uri":1}]}"#),
        (Code::MissingId, "/id", r#"{"description":"a"}"#),
        (Code::MissingId, "/id", r#"{"id":" ","description":"a"}"#),
        (Code::InvalidId, "/id", r#"{"id":"a\nb","description":"a"}"#),
        (Code::InvalidId, "/id", r#"{"id":1.5,"description":"a"}"#),
        (Code::NoContent, "", r#"{"id":"1","content":{"platform":"TikTok"},"attachments":[]}"#),
        (Code::UnknownWord, "/role", r#"{"id":"1","description":"a","role":"police"}"#),
        (Code::UnknownWord, "/identity", r#"{"id":"1","description":"a","identity":"yes"}"#),
        (Code::Unreadable, "/submitted_at", r#"{"id":"1","description":"a","submitted_at":"2026-01-01"}"#),
        (Code::Unreadable, "/country", r#"{"id":"1","description":"a","country":"Maroc"}"#),
        (Code::Unreadable, "/language", r#"{"id":"1","description":"a","language":"français"}"#),
        (Code::Unreadable, "/revision", r#"{"id":"1","description":"a","revision":0}"#),
        (Code::AttachmentWithoutUri, "/attachments/0", r#"{"id":"1","description":"a","attachments":[{}]}"#),
        (Code::LoneSurrogate, "", r#"{"id":"1","description":"a\ud83d"}"#),
    ]
    .map(|(code, pointer, value)| (code, pointer, record(value, &[])))
    .to_vec()
}

fn around() -> Vec<Example> {
    let keyed = |value| Record { key: Some(b"K".to_vec()), ..record(value, &[]) };
    vec![
        (Code::IdFromKey, "/id", keyed(r#"{"description":"a"}"#)),
        (Code::IdFromEvent, "/id", record(r#"{"description":"a"}"#, &[("ce_id", "E")])),
        (Code::KeyDiffers, "/id", keyed(r#"{"id":"1","description":"a"}"#)),
    ]
}

#[test]
fn every_code_has_a_record_that_yields_it_at_its_place() {
    let examples = examples();
    for (code, pointer, record) in &examples {
        match read(record) {
            Ok(report) => {
                let warnings: Vec<_> =
                    report.warnings.iter().map(|warning| (warning.code, warning.pointer.as_str())).collect();
                assert_eq!(warnings, [(*code, *pointer)]);
            }
            Err(rejection) => {
                assert_eq!((rejection.code, rejection.pointer.as_str()), (*code, *pointer), "{rejection}");
            }
        }
    }
    for code in Code::ALL {
        assert!(examples.iter().any(|(example, ..)| example == code), "{code} has no example");
    }
}

#[test]
fn every_known_field_of_a_wrong_type_is_refused_at_its_place_with_the_id() {
    for (field, wrong) in [
        ("/revision", json!("2")),
        ("/submitted_at", json!(1_767_225_600)),
        ("/description", json!(["a"])),
        ("/content", json!("a")),
        ("/content/text", json!({"a": 1})),
        ("/content/url", json!(false)),
        ("/content/platform", json!(1)),
        ("/category", json!(3)),
        ("/role", json!(["victim"])),
        ("/identity", json!({"name": "a"})),
        ("/country", json!(212)),
        ("/language", json!(["ar"])),
        ("/attachments", json!({"uri": "a"})),
        ("/attachments/0", json!(1)),
        ("/attachments/0/uri", json!(1)),
        ("/attachments/0/media_type", json!(1)),
    ] {
        let mut report = full();
        *report.pointer_mut(field).unwrap() = wrong;
        let rejection = read_json(&report).unwrap_err();
        assert_eq!((rejection.code, rejection.pointer.as_str()), (Code::WrongType, field));
        assert_eq!(rejection.report_id.as_deref(), Some("R-2"));
        assert!(!schema().is_valid(&report), "{field}");
    }
}

#[test]
fn a_rejection_carries_the_id_the_record_tells() {
    let id = |record: &Record| read(record).unwrap_err().report_id.map(|id| id.to_string());
    let keyed = |value: &str| Record { key: Some(b"K".to_vec()), ..record(value, &[("ce_id", "E")]) };
    assert_eq!(id(&keyed(r#"{"id":"B"}"#)).as_deref(), Some("B"));
    assert_eq!(id(&keyed(r#"{"id":"B","id":"C","description":"a"}"#)).as_deref(), Some("K"));
    assert_eq!(id(&keyed("{")).as_deref(), Some("K"));
    assert_eq!(id(&Record { key: Some(b"\xff".to_vec()), ..keyed("{") }).as_deref(), Some("E"));
    assert_eq!(id(&record(r#"{"id":"E2","data":[]}"#, &[STRUCTURED])).as_deref(), Some("E2"));
    assert_eq!(id(&record("{", &[])), None);
}

#[test]
fn rejections_never_quote_the_report() {
    for (_, _, record) in examples() {
        if let Err(rejection) = read(&record) {
            let shown = format!("{rejection} {rejection:?}");
            for secret in ["arnaqu", "TikTok", "ب", "uuuu", "0.3"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
}

#[test]
fn the_corpus_is_what_it_says() {
    for value in corpus::GOOD {
        assert_eq!(read(&record(value, &[])).unwrap().warnings, [], "{value}");
    }
    for value in corpus::SLOPPY {
        let keyed = Record { key: Some(b"K".to_vec()), ..record(value, &[]) };
        assert!(!read(&keyed).unwrap().warnings.is_empty(), "{value}");
    }
    for value in corpus::BAD {
        assert!(read(&record(value, &[])).is_err(), "{value}");
    }
}
