//! What arrives, in which form of transport, within which limits.

use ibaleg::report::{Attachment, Code, Content, Envelope, Identity, Limits, Report, ReportId, Role, decode, encode};
use serde_json::json;

use crate::corpus::{self, Record};
use crate::{STRUCTURED, full, read, read_json, record};

#[test]
fn every_field_arrives() {
    let report = read_json(&full()).unwrap();
    let expected = Report {
        id: ReportId::new("R-2").unwrap(),
        revision: 2,
        submitted_at: Some("2026-03-01T08:30:00Z".parse().unwrap()),
        description: Some("عفاكم عاونوني، كيهددني بالتصاور ديالي".into()),
        content: Some(Content {
            text: Some("إلا ما صيفطتيش 2000 درهم غادي ننشر كلشي".into()),
            url: Some("https://example.org/p/1".into()),
            platform: Some("WhatsApp".to_owned()),
        }),
        category: Some("sextortion".to_owned()),
        role: Some(Role::Victim),
        identity: Some(Identity::Anonymous),
        country: Some("MA".to_owned()),
        language: Some("ary".to_owned()),
        attachments: vec![Attachment { uri: "s3://evidence/1.jpg".into(), media_type: Some("image/jpeg".to_owned()) }],
        warnings: Vec::new(),
    };
    assert!(report == expected, "{report:?}");
}

#[test]
fn all_forms_of_transport_tell_the_same_report() {
    for value in corpus::GOOD {
        let bare = read(&record(value, &[])).unwrap();
        assert_eq!(bare.warnings, []);
        let event = corpus::structured(value);
        let encoded =
            format!(r#"{{"specversion":"1.0","id":"E","data_base64":"{}"}}"#, corpus::base64(value.as_bytes()));
        for same in [
            record(value, &[("ce_specversion", "1.0"), ("ce_id", "E"), ("content-type", "application/json")]),
            record(&event, &[STRUCTURED]),
            record(&event, &[("content-type", "Application/CloudEvents; charset=utf-8")]),
            record(&event, &[]),
            record(&encoded, &[STRUCTURED]),
            Record::bare(&[b"\0\0\0\0\x01", value.as_bytes()].concat()),
            Record::bare(&[b"\xef\xbb\xbf", value.as_bytes()].concat()),
            Record::bare(&[b"\0\0\0\0\x01\xef\xbb\xbf", event.as_bytes()].concat()),
            record(value, &[("__value_schema_id", "\u{1}guid"), ("content-type", "text/plain")]),
        ] {
            assert!(read(&same).unwrap() == bare);
        }
    }
}

#[test]
fn one_content_of_any_kind_is_enough() {
    for (field, value) in [
        ("description", json!("a")),
        ("content", json!({"text": "a"})),
        ("content", json!({"url": "a", "text": null})),
        ("attachments", json!([{"uri": "a"}])),
        ("attachments", json!(["a"])),
    ] {
        assert!(read_json(&json!({"id": "1", field: value})).is_ok(), "{field}");
    }
}

#[test]
fn integer_ids_become_their_digits() {
    for (id, text) in [("7", "7"), ("-7", "-7"), ("18446744073709551615", "18446744073709551615")] {
        let report = read(&record(&format!(r#"{{"id":{id},"description":"a"}}"#), &[])).unwrap();
        assert_eq!(report.id.as_str(), text);
    }
    let rejection = read(&record(r#"{"id":18446744073709551616,"description":"a"}"#, &[])).unwrap_err();
    assert_eq!(rejection.code, Code::InvalidId);
}

#[test]
fn unknown_fields_are_neither_read_nor_kept() {
    let value = r#"{"id":"1","description":"a","name":"secret","phone":1e999,"id_card":{"id":[1]},"phone":"\ud800"}"#;
    let report = read(&record(value, &[])).unwrap();
    assert!(!encode(&report).contains("secret"));
    assert!(report.warnings.iter().all(|warning| warning.code == Code::LoneSurrogate));
}

#[test]
fn the_limits_themselves_are_within_the_limits() {
    let limits = Limits {
        max_bytes: 60,
        max_depth: 2,
        max_elements: 8,
        max_text_chars: 3,
        max_url_chars: 3,
        max_field_chars: 8,
        max_attachments: 1,
    };
    let code = |value: &str| {
        decode(&Envelope::bare(value.as_bytes()), &limits).map(|_| ()).map_err(|rejection| rejection.code)
    };
    assert_eq!(code(r#"{"id":"1","description":"بتث","attachments":["uri"]}"#), Ok(()));
    assert_eq!(code(r#"{"id":"1","description":"بتثج"}"#), Err(Code::TextTooLong));
    assert_eq!(code(r#"{"id":"1","content":{"text":"abcd"}}"#), Err(Code::TextTooLong));
    assert_eq!(code(r#"{"id":"1","attachments":["abcd"]}"#), Err(Code::UrlTooLong));
    assert_eq!(code(r#"{"id":"1","attachments":["a","b"]}"#), Err(Code::TooManyAttachments));
    assert_eq!(code(r#"{"id":"1","description":"a","x":[[1]]}"#), Err(Code::TooDeep));
    assert_eq!(code(r#"{"id":"1","description":"a","x":[1,2,3]}"#), Err(Code::TooManyElements));
    assert_eq!(code(&format!(r#"{{"id":"1","description":"a"}}{}"#, " ".repeat(32))), Ok(()));
    assert_eq!(code(&format!(r#"{{"id":"1","description":"a"}}{}"#, " ".repeat(33))), Err(Code::TooLarge));
}
