//! The binary on Apache Kafka, end to end. Needs `IBALEG_TEST_BROKERS` and `IBALEG_TEST_PYTHON`; see
//! `tests/broker/with-kafka.sh`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod platform;

use std::sync::atomic::{AtomicBool, Ordering};

use platform::{Platform, assert_accounted, base64, by_key, header, report, text};
use serde_json::{Value, json};

/// Reports of a test, at least; they keep coming until the last stop was made.
const REPORTS: usize = 3000;
const RATE: usize = 700;

/// Feeds reports until told to end, and at least [`REPORTS`]; how many it were.
fn feed(platform: &Platform, end: &AtomicBool) -> usize {
    let mut sent = 0;
    while sent < REPORTS || !end.load(Ordering::SeqCst) {
        let reports: Vec<_> = (sent..sent + 500).map(report).collect();
        platform.produce(&reports, RATE);
        sent += reports.len();
    }
    sent
}

#[test]
fn after_sigterm_no_report_is_missing_and_none_is_doubled() {
    let platform = Platform::with_topics("sigterm");
    let end = AtomicBool::new(false);
    let total = std::thread::scope(|scope| {
        let feeding = scope.spawn(|| feed(&platform, &end));
        for at in [300, 900] {
            let mut service = platform.start(&format!("until-{at}"));
            platform.wait_for(&mut service, "classified", at);
            service.terminate();
        }
        let mut service = platform.start("rest");
        end.store(true, Ordering::SeqCst);
        let total = feeding.join().unwrap();
        platform.wait_for(&mut service, "classified", total);
        service.terminate();
        total
    });
    assert_accounted(&platform.read("classified"), 0..total, 1);
    let units = platform.unit_topics();
    assert!(!units.is_empty());
    let routed = platform.consume(&units);
    assert_eq!(by_key(&routed).len(), total, "every report reaches a unit");
    assert!(platform.read("deadletter").is_empty());
    assert!(platform.read("rejected").is_empty());
}

#[test]
fn after_sigkill_no_report_is_missing_and_none_is_doubled() {
    let platform = Platform::with_topics("sigkill");
    let total = kill_twice(&platform);
    assert_accounted(&platform.read("classified"), 0..total, 1);
    let units: Vec<_> = platform.consume(&platform.unit_topics());
    let mut seen = std::collections::BTreeSet::new();
    let doubled = units.iter().filter(|copy| !seen.insert((copy["topic"].to_string(), header(copy, "ce_id")))).count();
    assert_eq!(doubled, 0, "copies for the units");
    assert!(platform.read("deadletter").is_empty());
}

#[test]
fn at_least_once_after_sigkill_no_report_is_missing_and_doubles_have_one_id() {
    let mut platform = Platform::with_topics("sigkill-least");
    platform.delivery = "at_least_once";
    let total = kill_twice(&platform);
    let classified = platform.read("classified");
    println!("{} events of {total} reports after two SIGKILLs", classified.len());
    assert_accounted(&classified, 0..total, 3);
    assert!(platform.read("deadletter").is_empty());
}

/// Runs the service over reports that keep coming, kills it twice, lets it finish; how many it were.
fn kill_twice(platform: &Platform) -> usize {
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let feeding = scope.spawn(|| feed(platform, &end));
        for at in [300, 900] {
            let mut service = platform.start(&format!("until-{at}"));
            platform.wait_for(&mut service, "classified", at);
            service.kill();
        }
        let mut service = platform.start("rest");
        end.store(true, Ordering::SeqCst);
        let total = feeding.join().unwrap();
        platform.wait_for(&mut service, "classified", total);
        service.terminate();
        total
    })
}

#[test]
fn two_members_share_the_reports_and_one_leaves() {
    let platform = Platform::with_topics("members");
    let end = AtomicBool::new(false);
    let total = std::thread::scope(|scope| {
        let mut first = platform.start("first");
        let feeding = scope.spawn(|| feed(&platform, &end));
        platform.wait_for(&mut first, "classified", 200);
        let mut second = platform.start("second");
        second.wait_for_log("partitions assigned");
        first.wait_for_log("partitions revoked");
        let shared = platform.read("classified").len();
        platform.wait_for(&mut second, "classified", shared + 500);
        second.terminate();
        end.store(true, Ordering::SeqCst);
        let total = feeding.join().unwrap();
        platform.wait_for(&mut first, "classified", total);
        first.terminate();
        total
    });
    assert_accounted(&platform.read("classified"), 0..total, 1);
}

/// Name, message, code.
fn malformed() -> Vec<(&'static str, Value, &'static str)> {
    let deep = format!("{{\"id\":\"deep\",\"x\":{}{}}}", "[".repeat(60), "]".repeat(60));
    let large = format!("{{\"id\":\"large\",\"description\":\"{}\"}}", "a".repeat(100_000));
    let odd = json!([["twice", "a"], ["twice", "b"], ["null", null], ["bytes", base64(&[0, 255, 10])]]);
    vec![
        ("tombstone", json!({ "value": null }), "EB-IN-0001"),
        ("empty", json!({ "value": "" }), "EB-IN-0001"),
        ("large", json!({ "value": large }), "EB-IN-0002"),
        ("latin", json!({ "value": base64(b"{\"id\":\"latin\",\"description\":\"caf\xe9\"}") }), "EB-IN-0003"),
        ("prose", json!({ "value": "not JSON at all" }), "EB-IN-0004"),
        ("cut", json!({ "value": "{\"id\":\"cut\",\"description\":\"", "headers": odd }), "EB-IN-0004"),
        ("deep", json!({ "value": deep }), "EB-IN-0005"),
        ("list", json!({ "value": "[1,2,3]" }), "EB-IN-0007"),
        ("type", json!({ "value": "{\"id\":\"type\",\"description\":5}" }), "EB-IN-0009"),
        ("nothing", json!({ "value": "{\"id\":\"nothing\"}" }), "EB-IN-0012"),
    ]
}

#[test]
fn malformed_inputs_end_in_rejected_and_dead_letter_topics_untouched() {
    let platform = Platform::with_topics("malformed");
    let cases = malformed();
    let mut messages = Vec::new();
    for (number, (name, message, _)) in cases.iter().enumerate() {
        let mut message = message.clone();
        message["key"] = json!(name);
        message["timestamp"] = json!(1_700_000_000_000_u64 + number as u64);
        messages.push(message);
        messages.push(report(number));
    }
    // No key and no id: nothing says whose report it is.
    messages.push(json!({ "value": "{\"description\":\"no id\"}" }));
    platform.produce(&messages, 0);
    let mut service = platform.start("service");
    platform.wait_for(&mut service, "deadletter", cases.len() + 1);
    platform.wait_for(&mut service, "classified", cases.len());
    service.terminate();

    let sent = platform.read("incoming");
    let letters = platform.read("deadletter");
    let rejected = platform.read("rejected");
    assert_eq!(letters.len(), cases.len() + 1);
    assert_eq!(rejected.len(), cases.len() + 1);
    assert_accounted(&platform.read("classified"), 0..cases.len(), 1);

    let (sent, letters, rejected) = (by_key(&sent), by_key(&letters), by_key(&rejected));
    let nameless = [("", "EB-IN-0010")];
    for (name, code) in cases.iter().map(|(name, _, code)| (*name, *code)).chain(nameless) {
        let (original, letter) = (sent[name][0], letters[name][0]);
        for field in ["key", "value", "timestamp"] {
            assert_eq!(letter[field], original[field], "{field} of {name}");
        }
        let headers = original["headers"].as_array().unwrap();
        assert_eq!(letter["headers"].as_array().unwrap()[..headers.len()], headers[..], "{name}");
        let connect = |field: &str| header(letter, &format!("__connect.errors.{field}")).unwrap();
        assert_eq!(connect("topic"), platform.topic("incoming"));
        assert_eq!(connect("partition"), original["partition"].to_string(), "{name}");
        assert_eq!(connect("offset"), original["offset"].to_string(), "{name}");
        assert_eq!(connect("exception.class.name"), code, "{name}");
        assert_eq!(header(letter, "ibaleg-code").as_deref(), Some(code), "{name}");
        assert_eq!(header(letter, "ibaleg-group").as_deref(), Some(platform.prefix.as_str()));
        let event = text(&rejected[name][0]["value"]).unwrap();
        assert!(event.contains(code), "{name}: {event}");
    }
}

#[test]
fn a_missing_topic_ends_the_run_with_a_code_and_says_what_to_do() {
    let platform = Platform::new("missing");
    let (code, log) = platform.start("service").end();
    assert_eq!(code, Some(70), "{log}");
    assert!(log.contains("ibaleg topics create"), "{log}");
}
