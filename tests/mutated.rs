//! Damaged records by the million: nothing panics, runs long or takes memory, and every answer is in order.
//!
//! `IBALEG_MUTATIONS` sets the number of records, `IBALEG_SEED` another stream of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod mutation;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ibaleg::report::{Code, Envelope, Limits, MAX_ID_CHARS, Rejection, Report, decode, encode};
use mutation::corpus::{Record, base64};
use mutation::memory::measured;
use mutation::{Engine, number};

/// Small enough that mutated records reach every one.
fn tight() -> Limits {
    Limits {
        max_bytes: 4_096,
        max_depth: 8,
        max_elements: 200,
        max_text_chars: 1_000,
        max_url_chars: 200,
        max_field_chars: 40,
        max_attachments: 20,
    }
}

fn check_report(report: &Report, limits: &Limits) {
    let chars = |text: Option<&str>| text.map_or(0, |text| text.chars().count());
    let content = report.content.clone().unwrap_or_default();
    assert!(!report.id.trim().is_empty() && chars(Some(&report.id)) <= MAX_ID_CHARS);
    assert!(report.revision > 0);
    assert!(chars(report.description.as_deref()) <= limits.max_text_chars);
    assert!(chars(content.text.as_deref()) <= limits.max_text_chars);
    assert!(chars(content.url.as_deref()) <= limits.max_url_chars);
    for field in [&content.platform, &report.category, &report.country, &report.language] {
        assert!(chars(field.as_deref()) <= limits.max_field_chars);
    }
    assert!(report.attachments.len() <= limits.max_attachments);
    assert!(report.attachments.iter().all(|attachment| chars(Some(&attachment.uri)) <= limits.max_url_chars));
    assert!(
        report.description.is_some()
            || content.text.is_some()
            || content.url.is_some()
            || !report.attachments.is_empty()
    );
    for warning in &report.warnings {
        assert!(!warning.code.refuses());
        check_pointer(&warning.pointer);
    }
    let generous = Limits { max_bytes: usize::MAX, ..limits.clone() };
    let again = decode(&Envelope::bare(encode(report).as_bytes()), &generous).unwrap();
    assert_eq!(again, Report { warnings: Vec::new(), ..report.clone() });
}

fn check_rejection(rejection: &Rejection) {
    assert!(rejection.code.refuses());
    check_pointer(&rejection.pointer);
    assert!(!rejection.message.is_empty() && rejection.message.chars().all(|c| c == ' ' || c.is_ascii_graphic()));
    assert!(rejection.report_id.as_deref().is_none_or(|id| id.chars().count() <= MAX_ID_CHARS));
}

/// RFC 6901, and only names of the schema or positions, so that no report content is in it.
fn check_pointer(pointer: &str) {
    const NAMES: &[&str] = &[
        "id",
        "revision",
        "submitted_at",
        "description",
        "content",
        "text",
        "url",
        "platform",
        "category",
        "role",
        "identity",
        "country",
        "language",
        "attachments",
        "uri",
        "media_type",
        "data",
        "data_base64",
        "specversion",
    ];
    let mut tokens = pointer.split('/');
    assert_eq!(tokens.next(), Some(""), "{pointer}");
    for token in tokens {
        assert!(NAMES.contains(&token) || token.parse::<usize>().is_ok(), "{pointer}");
    }
}

#[test]
fn a_million_damaged_records_are_decoded_or_refused() {
    let limits = tight();
    let mut engine = Engine::new(number("IBALEG_SEED", 1));
    let (mut accepted, mut warned) = (0_u64, BTreeMap::<Code, u64>::new());
    let (mut refused, mut peak) = (BTreeMap::<Code, u64>::new(), 0);
    let (mut slowest, mut spent) = (Duration::ZERO, Duration::ZERO);
    let mutations = number("IBALEG_MUTATIONS", 1_000_000);
    for _ in 0..mutations {
        let record = engine.record();
        let started = Instant::now();
        let (answer, held) = measured(|| decode(&record.envelope(), &limits));
        let took = started.elapsed();
        (slowest, spent, peak) = (slowest.max(took), spent + took, peak.max(held));
        match &answer {
            Ok(report) => {
                accepted += 1;
                check_report(report, &limits);
                report.warnings.iter().for_each(|warning| *warned.entry(warning.code).or_default() += 1);
            }
            Err(rejection) => {
                check_rejection(rejection);
                *refused.entry(rejection.code).or_default() += 1;
            }
        }
    }
    println!("{mutations} records, {accepted} accepted, slowest {slowest:?}, all {spent:?}, peak {peak} bytes");
    println!("refused {refused:?}\nwarned {warned:?}");
    assert!(slowest < Duration::from_secs(1), "one record took {slowest:?}");
    assert!(peak <= 4 * limits.max_bytes + 128 * limits.max_elements, "one record held {peak} bytes");
    if mutations >= 100_000 {
        assert!(accepted > mutations / 10, "the stream must not be all rubbish");
        let seen = refused.len() + warned.len();
        assert_eq!(seen, Code::ALL.len(), "the stream must reach every code: {refused:?} {warned:?}");
    }
}

#[test]
fn the_same_record_gets_the_same_answer() {
    let (mut one, mut other) = (Engine::new(7), Engine::new(7));
    for _ in 0..2_000 {
        let (left, right) = (one.record(), other.record());
        assert_eq!(left, right);
        assert_eq!(decode(&left.envelope(), &tight()), decode(&right.envelope(), &tight()));
    }
}

/// Values as large as the default limits allow, each made to cost the most somewhere.
fn costly(limits: &Limits) -> Vec<(&'static str, Record)> {
    let fill = |before: &str, unit: &str, after: &str, room: usize| {
        let count = (room - before.len() - after.len()) / unit.len();
        Record::bare(format!("{before}{}{after}", unit.repeat(count)).as_bytes())
    };
    let room = limits.max_bytes;
    let inner = fill("{\"id\":\"1\",\"description\":\"", "\\ud800", "\"}", room / 4 * 3 - 200);
    let encoded = base64(inner.value.as_deref().unwrap());
    let event = format!(r#"{{"specversion":"1.0","id":"E","data_base64":"{encoded}"}}"#);
    vec![
        ("one text", fill("{\"id\":\"1\",\"description\":\"", "ب", "\"}", room)),
        ("escapes", fill("{\"id\":\"1\",\"description\":\"", "\\n", "\"}", room)),
        ("lone surrogates", fill("{\"id\":\"1\",\"description\":\"", "\\ud800", "\"}", room)),
        ("backslashes", fill("", "\\", "", room)),
        ("brackets", fill("", "[", "", room)),
        ("commas", fill("[", ",", "", room)),
        ("unknown name", fill("{\"\\n", "k", "\":1}", room)),
        ("unknown value", fill("{\"x\":\"\\n", "v", "\"}", room)),
        ("digits", fill("{\"id\":", "9", "}", room)),
        ("zeros", fill("{\"id\":0.", "0", "}", room)),
        ("white space", fill("", " ", "", room)),
        ("attachments", fill("{\"id\":\"1\",\"attachments\":[", "\"\\n\",", "1]}", 50_000)),
        ("repeated fields", fill("{", "\"id\":\"\\n\",", "\"id\":1}", 50_000)),
        ("base64", Record::bare(event.as_bytes())),
    ]
}

#[test]
fn the_largest_and_costliest_values_stay_within_bounds() {
    let limits = Limits::default();
    for (name, record) in costly(&limits) {
        let size = record.value.as_ref().unwrap().len();
        assert!(size <= limits.max_bytes);
        let started = Instant::now();
        let (answer, held) = measured(|| decode(&record.envelope(), &limits));
        let took = started.elapsed();
        println!("{name}: {size} bytes, {:?}, {took:?}, {held} bytes held", answer.map_err(|rejection| rejection.code));
        assert!(held <= 4 * size + 128 * limits.max_elements, "{name}: {held} bytes held");
        assert!(took < Duration::from_secs(2), "{name}: {took:?}");
    }
}
