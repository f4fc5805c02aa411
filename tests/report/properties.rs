//! What holds for every report.

use ibaleg::report::{Code, Report, encode};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::corpus::Record;
use crate::{STRUCTURED, read, read_json, record, schema};

prop_compose! {
    fn any_report()(
        id in "[A-Za-z0-9 ._:/ب-ي-]{0,20}[A-Za-z0-9]",
        revision in proptest::option::of(1_u32..),
        description in proptest::option::of(".{0,40}"),
        text in proptest::option::of(".{0,40}"),
        url in proptest::option::of("https://[a-z]{1,9}\\.test/.{0,9}"),
        platform in proptest::option::of(".{0,9}"),
        category in proptest::option::of("[a-z_]{0,9}"),
        role in proptest::option::of("victim|witness|VICTIM|x"),
        identity in proptest::option::of("full|partial|anonymous|x"),
        country in proptest::option::of("[A-Z]{2,3}"),
        language in proptest::option::of("[a-z]{2,4}(-[A-Z][a-z]{3})?"),
        submitted_at in proptest::option::of("20[0-9]{2}-0[1-9]-[0-3][0-9]T00:00:00Z"),
        attachments in proptest::collection::vec("[a-z0-9:/]{0,9}", 0..4),
    ) -> Value {
        json!({
            "id": id, "revision": revision, "submitted_at": submitted_at, "description": description,
            "content": {"text": text, "url": url, "platform": platform}, "category": category, "role": role,
            "identity": identity, "country": country, "language": language,
            "attachments": attachments.iter().map(|uri| json!({"uri": uri})).collect::<Vec<_>>(),
        })
    }
}

/// Everything but the warnings, whose subject may be gone.
fn told(report: Report) -> Report {
    Report { warnings: Vec::new(), ..report }
}

/// The object with its fields in another order.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().rev().map(|(name, value)| format!("{}:{}", json!(name), reversed(value))).collect();
            format!("{{{}}}", fields.join(" , "))
        }
        other => other.to_string(),
    }
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(
        key in proptest::option::of(any::<Vec<u8>>()),
        value in any::<Vec<u8>>(),
        headers in proptest::collection::vec((".{0,20}", proptest::option::of(any::<Vec<u8>>())), 0..3),
    ) {
        let _ = read(&Record { key, value: Some(value), headers });
    }

    #[test]
    fn any_json_gets_an_answer(value in "[{}\\[\\]\",:0-9eE.\\-\\\\utrfalsn ب]{0,80}") {
        let _ = read(&record(&value, &[STRUCTURED]));
    }

    #[test]
    fn an_accepted_report_reads_back_as_itself(value in any_report()) {
        if let Ok(report) = read_json(&value) {
            let again = read(&record(&encode(&report), &[])).unwrap();
            prop_assert_eq!(again, told(report));
        }
    }

    #[test]
    fn the_order_of_fields_changes_nothing(value in any_report()) {
        prop_assert_eq!(read_json(&value), read(&record(&reversed(&value), &[])));
    }

    #[test]
    fn what_the_schema_allows_is_accepted(value in any_report()) {
        prop_assume!(schema().is_valid(&value));
        let report = read_json(&value);
        prop_assert!(report.is_ok(), "{:?}", report);
    }

    #[test]
    fn a_field_less_never_costs_acceptance(value in any_report(), form in 0..2) {
        let Ok(whole) = read_json(&value) else { return Ok(()) };
        for name in ["revision", "submitted_at", "category", "role", "identity", "country", "language", "description", "content", "attachments"] {
            let mut less = value.clone();
            match form {
                0 => drop(less.as_object_mut().unwrap().remove(name)),
                _ => less[name] = Value::Null,
            }
            match read_json(&less) {
                Ok(report) => {
                    prop_assert_eq!(report.id, whole.id.clone());
                    if !["description", "content"].contains(&name) {
                        prop_assert!(report.description == whole.description && report.content == whole.content);
                    }
                }
                Err(rejection) => {
                    prop_assert_eq!(rejection.code, Code::NoContent);
                    prop_assert!(["description", "content", "attachments"].contains(&name));
                }
            }
        }
    }

    #[test]
    fn the_person_changes_nothing_else(value in any_report(), level in "full|partial|anonymous") {
        let mut other = value.clone();
        other["identity"] = json!(level);
        let blank = |report: Report| Report { identity: None, ..told(report) };
        prop_assert_eq!(read_json(&value).map(blank), read_json(&other).map(blank));
    }
}
