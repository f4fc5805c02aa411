//! Any bytes as a record's value, in every form of transport, under limits small enough to be met.

#![no_main]

#[allow(
    dead_code,
    unused_imports,
    reason = "the decoder alone, without the crate that uses all of it"
)]
#[path = "../../src/report/mod.rs"]
mod report;

use libfuzzer_sys::fuzz_target;
use report::{Envelope, Limits, Report, decode, encode};

fuzz_target!(|value: &[u8]| {
    let limits = Limits {
        max_bytes: 4_096,
        max_depth: 8,
        max_elements: 200,
        max_text_chars: 1_000,
        max_url_chars: 200,
        max_field_chars: 40,
        max_attachments: 20,
    };
    let header = |name: &str, value: &str| (name.to_owned(), Some(value.as_bytes().to_vec()));
    for headers in [
        vec![],
        vec![header("content-type", "application/cloudevents+json")],
        vec![header("ce_specversion", "1.0"), header("ce_id", "E")],
    ] {
        let envelope = Envelope {
            key: value.get(..8),
            value: Some(value),
            headers: &headers,
        };
        match decode(&envelope, &limits) {
            Ok(report) => {
                let wide = Limits {
                    max_bytes: usize::MAX,
                    ..limits.clone()
                };
                let again = decode(&Envelope::bare(encode(&report).as_bytes()), &wide);
                assert_eq!(
                    again,
                    Ok(Report {
                        warnings: Vec::new(),
                        ..report
                    })
                );
            }
            Err(rejection) => {
                assert!(rejection.code.refuses());
                assert!(rejection.message.is_ascii() && rejection.pointer.is_ascii());
            }
        }
    }
});
