//! Statistics of a topic on Apache Kafka, published and corrected. Needs `IBALEG_TEST_BROKERS` and
//! `IBALEG_TEST_PYTHON`; see `tests/broker/with-kafka.sh`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and says why"
)]

#[path = "stats/events.rs"]
#[expect(dead_code, reason = "shared with the tests that need no broker")]
mod events;
#[expect(dead_code, reason = "shared with the tests of the stream")]
mod platform;

use events::Event;
use platform::{Platform, header, report, text};
use serde_json::{Value, json};

/// What `ibaleg stats` writes, one value a line.
fn stats(platform: &Platform, arguments: &[&str]) -> Vec<Value> {
    let mut command = platform.ibaleg(&["stats", "--topic", "--output", "json"]);
    let output = command.args(arguments).env("IBALEG__STATS__FLOOR", "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn count(record: &Value, table: &str, part: &str) -> u64 {
    let table = record["tables"].as_array().unwrap().iter().find(|other| other["id"] == table).unwrap();
    let part = table["parts"].as_array().unwrap().iter().find(|other| other["id"] == part).unwrap();
    part["count"].as_u64().unwrap()
}

/// An event in binary mode, as the service writes it.
fn message(event: &Event) -> Value {
    let event = event.value();
    let attribute = |name: &str| event[name].as_str().unwrap().to_owned();
    let headers = json!([["ce_id", attribute("id")], ["ce_type", attribute("type")]]);
    json!({ "key": attribute("subject"), "value": event["data"].to_string(), "headers": headers })
}

#[test]
fn every_report_that_the_service_classified_is_counted_once_after_a_kill() {
    const REPORTS: usize = 700;
    let platform = Platform::with_topics("stats-run");
    let reports: Vec<Value> = (0..REPORTS).map(report).collect();
    platform.produce(&reports, 0);
    let mut service = platform.start("first");
    platform.wait_for(&mut service, "classified", 100);
    service.kill();
    let mut service = platform.start("second");
    platform.wait_for(&mut service, "classified", REPORTS);
    service.terminate();
    let records = stats(&platform, &[]);
    assert_eq!(records[0]["reports"], REPORTS);
    assert_eq!(count(&records[0], "time", "submission"), REPORTS as u64 / 7);
    assert_eq!(count(&records[0], "identity", "anonymous"), REPORTS as u64 / 7);
}

#[test]
fn an_event_of_the_topic_is_decided_again_byte_for_byte() {
    let platform = Platform::with_topics("replay");
    let reports: Vec<Value> = (0..35).map(report).collect();
    platform.produce(&reports, 0);
    let mut service = platform.start("service");
    platform.wait_for(&mut service, "classified", reports.len());
    service.terminate();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    // Plain JSON, and with it the record's key alone.
    let plain = platform.read("incoming").into_iter().find(|message| message["headers"] == json!([])).unwrap();
    let classified = platform.read("classified");
    let event = classified.iter().find(|message| message["key"] == plain["key"]).unwrap();
    let data: Value = serde_json::from_str(&text(&event["value"]).unwrap()).unwrap();
    assert_eq!(data["report"]["source"]["topic"], platform.topic("incoming"));
    let structured = json!({ "id": header(event, "ce_id"), "type": header(event, "ce_type"), "data": data });
    std::fs::write(path("event"), structured.to_string()).unwrap();
    std::fs::write(path("report"), text(&plain["value"]).unwrap()).unwrap();
    let mut replay = platform.ibaleg(&["replay"]);
    let output = replay.arg(path("event")).arg("--report").arg(path("report")).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "same decision, byte for byte\n", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn windows_are_published_once_and_corrected_under_their_key() {
    let platform = Platform::with_topics("stats-publish");
    let sent = |n: usize| format!("2024-06-{:02}T10:00:00Z", 3 + n % 3);
    let event = |n: usize| Event {
        submitted_at: Some(sent(n)),
        received_at: sent(n),
        ..Event::new(format!("r{n:03}"), "fraud")
    };
    let mut messages: Vec<Value> = (0..60).map(|n| message(&event(n))).collect();
    messages.extend((0..20).map(|n| message(&event(n))));
    platform.produce_to("classified", &messages, 0);
    let publish = ["--window", "day", "--publish", "--as-of", "2024-06-30T00:00:00Z"];
    let first = stats(&platform, &publish);
    assert_eq!(first.iter().map(|record| record["reports"].as_u64().unwrap()).collect::<Vec<_>>(), [20, 20, 20]);
    assert!(stats(&platform, &publish).is_empty(), "what is published is not published again");

    let late = Event { labels: vec!["threat"], received_at: "2024-06-29T00:00:00Z".into(), ..event(60) };
    platform.produce_to("classified", &[message(&late)], 0);
    let corrected = stats(&platform, &publish);
    assert_eq!(corrected.len(), 1);

    let topic = platform.read("statistics");
    let keys: Vec<String> = topic.iter().map(|message| text(&message["key"]).unwrap()).collect();
    assert_eq!(keys.iter().filter(|key| *key == "day/2024-06-03").count(), 2, "{keys:?}");
    assert_eq!(keys.len(), 4);
    let newest = topic.iter().rfind(|message| text(&message["key"]).unwrap() == "day/2024-06-03").unwrap();
    let record: Value = serde_json::from_str(&text(&newest["value"]).unwrap()).unwrap();
    assert_eq!((&record["revision"], &record["correction"]["of_revision"]), (&json!(2), &json!(1)));
    assert_eq!((&record["reports"], count(&record, "arrival", "late")), (&json!(21), 1));
    assert_eq!(header(newest, "ce_type").as_deref(), Some("org.ibaleg.report.statistics.v1"));
    assert_eq!(record, corrected[0]);
}

/// Deletes the first records of each partition, as retention does.
fn forget(topic: &str, partitions: usize, records: usize) {
    const PROGRAM: &str = "
import sys
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
brokers, topic, partitions, records = sys.argv[1:]
places = [TopicPartition(topic, number, int(records)) for number in range(int(partitions))]
admin = AdminClient({'bootstrap.servers': brokers})
for answer in admin.delete_records(places).values():
    answer.result(timeout=30)
";
    let variable = |name: &str| std::env::var(name).unwrap();
    let arguments = [&variable("IBALEG_TEST_BROKERS"), topic, &partitions.to_string(), &records.to_string()];
    let mut python = std::process::Command::new(variable("IBALEG_TEST_PYTHON"));
    assert!(python.args(["-c", PROGRAM]).args(arguments).status().unwrap().success());
}

#[test]
fn a_window_whose_events_the_topic_no_longer_keeps_is_not_published() {
    const PARTITIONS: usize = 4;
    let platform = Platform::with_topics("stats-retention");
    let message = |n: usize| {
        let sent = format!("2024-06-{:02}T10:00:00Z", 3 + n / 20);
        let millis = sent.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let event =
            Event { submitted_at: Some(sent.clone()), received_at: sent, ..Event::new(format!("r{n:03}"), "fraud") };
        let mut message = message(&event);
        message["partition"] = json!(n % PARTITIONS);
        message["timestamp"] = json!(millis);
        message
    };
    let messages: Vec<Value> = (0..60).map(message).collect();
    platform.produce_to("classified", &messages, 0);
    forget(&platform.topic("classified"), PARTITIONS, 3);
    let publish = ["--window", "day", "--publish", "--as-of", "2024-06-30T00:00:00Z"];
    let published: Vec<(String, u64)> = stats(&platform, &publish)
        .iter()
        .map(|record| (record["key"].as_str().unwrap().to_owned(), record["reports"].as_u64().unwrap()))
        .collect();
    assert_eq!(published, [("day/2024-06-04".to_owned(), 20), ("day/2024-06-05".to_owned(), 20)]);
    // Nothing is left of a topic: nothing is corrected to nothing.
    forget(&platform.topic("classified"), PARTITIONS, 15);
    assert!(stats(&platform, &publish).is_empty());
    assert_eq!(platform.read("statistics").len(), 2);
}
