//! The core as a function: bytes in, events and messages out. With a small random model, so that
//! only the form and the rules are held, not the scores of the default model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod assembled;

use ibaleg::engine::{Input, Options, Outcome, Session};
use ibaleg::event::{Destination, Encoder, Mode};
use ibaleg::report::Envelope;
use jiff::Timestamp;

const MODEL: &str = "tests/model/bert";

fn session() -> Session {
    assembled::engine(MODEL, Options::default()).session().unwrap()
}

fn input(value: &[u8]) -> Input<'_> {
    Input {
        envelope: Envelope { key: Some(b"key"), value: Some(value), headers: &[] },
        source: Some(("reports.incoming", 3, 1207)),
        received_at: "2026-03-01T10:00:00Z".parse().unwrap(),
    }
}

fn decide(session: &mut Session, value: &[u8]) -> Outcome {
    let now: Timestamp = "2026-03-01T10:00:01Z".parse().unwrap();
    session.decide(&[input(value)], now).remove(0)
}

const REPORT: &str = r#"{
    "id": "2024-000123", "revision": 2, "submitted_at": "2024-06-11T08:30:00Z",
    "description": "ce compte wa7ed sayed menace de tuer ma soeur demain, tel 0612345678",
    "content": {"text": "الدولة الإسلامية في العراق والشام باقية", "platform": "Telegram", "url": "https://example.org/1"},
    "category": "terrorism", "role": "witness", "identity": "anonymous", "country": "FR", "unknown": {"never": "forwarded"}
}"#;

#[test]
fn the_form_of_a_classified_event() {
    let outcome = decide(&mut session(), REPORT.as_bytes());
    let Outcome::Classified { event, .. } = outcome else { panic!("rejected") };
    insta::assert_json_snapshot!("classified", *event, {
        ".provenance.*" => "[digest]",
        ".labels[].score" => "[score]",
        ".labels" => insta::sorted_redaction(),
    });
}

#[test]
fn the_form_of_a_rejection() {
    let outcome = decide(&mut session(), br#"{"id": "x-1", "description": 7}"#);
    let Outcome::Rejected { event, .. } = outcome else { panic!("classified") };
    insta::assert_json_snapshot!("rejected", *event, { ".input_digest" => "[digest]" });
}

#[test]
fn messages_in_binary_mode_carry_the_attributes_in_headers() {
    let mut session = session();
    let outcome = decide(&mut session, REPORT.as_bytes());
    let messages = outcome.messages(&Encoder::new(Mode::Binary, "urn:test", "org.test"), Some(b"key"));
    let header = |name: &str| {
        let found = messages[0].headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| String::from_utf8(value.clone()).unwrap())
    };
    assert_eq!(header("ce_specversion").as_deref(), Some("1.0"));
    assert_eq!(header("ce_type").as_deref(), Some("org.test.report.classified.v1"));
    assert_eq!(header("ce_source").as_deref(), Some("urn:test"));
    assert_eq!(header("ce_subject").as_deref(), Some("2024-000123"));
    assert_eq!(header("content-type").as_deref(), Some("application/json"));
    assert_eq!(header("ce_id").unwrap().len(), 32);
    let destinations: Vec<&Destination> = messages.iter().map(|message| &message.destination).collect();
    assert_eq!(destinations[0], &Destination::Classified);
    assert!(matches!(destinations[1], Destination::Unit(_)));
    assert!(destinations.contains(&&Destination::Review), "an organisation was named");
    assert!(
        messages.iter().all(|message| message.key.as_deref() == Some(b"key") && message.value == messages[0].value)
    );
}

#[test]
fn structured_mode_is_one_cloud_event() {
    let mut session = session();
    let outcome = decide(&mut session, REPORT.as_bytes());
    let messages = outcome.messages(&Encoder::new(Mode::Structured, "urn:test", "org.test"), None);
    let (name, value) = &messages[0].headers[0];
    assert_eq!(
        (name.as_str(), value.as_slice()),
        ("content-type", &b"application/cloudevents+json; charset=UTF-8"[..])
    );
    let event: serde_json::Value = serde_json::from_slice(&messages[0].value).unwrap();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["data"]["report"]["id"], "2024-000123");
    assert_eq!(messages[0].key.as_deref(), Some(&b"2024-000123"[..]), "without a key, the id is the key");
}

#[test]
fn the_event_id_names_the_record_and_what_decided() {
    let mut session = session();
    let id = |outcome: &Outcome| match outcome {
        Outcome::Classified { id, .. } | Outcome::Rejected { id, .. } => id.clone(),
    };
    let first = id(&decide(&mut session, REPORT.as_bytes()));
    assert_eq!(first, id(&decide(&mut session, REPORT.as_bytes())), "a record that is read again has the same id");
    let elsewhere = Input { source: Some(("reports.incoming", 3, 1208)), ..input(REPORT.as_bytes()) };
    assert_ne!(first, id(&session.decide(&[elsewhere], Timestamp::UNIX_EPOCH)[0]));
    let changed = REPORT.replace("demain", "hier");
    assert_ne!(first, id(&decide(&mut session, changed.as_bytes())));
}

#[test]
fn texts_travel_only_when_configured() {
    let outcome = decide(&mut session(), REPORT.as_bytes());
    let bytes = outcome.messages(&Encoder::new(Mode::Binary, "s", "t"), None)[0].value.clone();
    let event = String::from_utf8(bytes).unwrap();
    for secret in ["menace de tuer", "باقية", "never", "0612345678"] {
        assert!(!event.contains(secret), "{secret}");
    }
    let embedding = assembled::engine(MODEL, Options { embed_text: true, ..Options::default() });
    let outcome = decide(&mut embedding.session().unwrap(), REPORT.as_bytes());
    let Outcome::Classified { event, .. } = outcome else { panic!("rejected") };
    assert!(event.text.unwrap().description.unwrap().contains("menace de tuer"));
}

#[test]
fn a_long_report_is_read_to_its_end_and_what_is_left_out_sends_it_to_a_person() {
    let mut session = session();
    let report = |words: usize| {
        let text = "parole ".repeat(words);
        serde_json::json!({ "id": "long", "description": text }).to_string()
    };
    let unread = |outcome: &Outcome| match outcome {
        Outcome::Classified { event, .. } => event.review.reasons.iter().any(|reason| reason.code == "partly_read"),
        Outcome::Rejected { .. } => panic!("rejected"),
    };
    assert!(!unread(&decide(&mut session, report(300).as_bytes())));
    assert!(unread(&decide(&mut session, report(10_000).as_bytes())));
}
