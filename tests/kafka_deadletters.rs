//! `ibaleg deadletters` on Apache Kafka: what is listed and shown, and that a redrive puts back the
//! original, once, whatever ends it. Needs `IBALEG_TEST_BROKERS` and `IBALEG_TEST_PYTHON`; see
//! `tests/broker/with-kafka.sh`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[allow(dead_code, clippy::print_stderr, reason = "it serves several test programs, and shows the log of a failure")]
mod platform;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use platform::{Platform, base64, header, text};
use serde_json::{Value, json};

/// A text that must not be seen anywhere but where it was asked for.
const SECRET: &str = "Fatima du 12 rue des Orangers";

fn deadletters(platform: &Platform, arguments: &[&str]) -> Output {
    let arguments: Vec<_> = ["deadletters"].iter().chain(arguments).copied().collect();
    platform.ibaleg(&arguments).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(!said.contains(SECRET), "{said}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn list(platform: &Platform, filters: &[&str]) -> Vec<Value> {
    let arguments: Vec<_> = ["list", "--output", "json"].iter().chain(filters).copied().collect();
    let text = stdout(&deadletters(platform, &arguments), 0);
    assert!(!text.contains(SECRET));
    objects(&text)
}

fn keys(letters: &[Value]) -> BTreeSet<String> {
    letters.iter().map(|letter| letter["key"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Redrives with these arguments; the exit code and what it counted.
fn redrive(platform: &Platform, arguments: &[&str], code: i32) -> Value {
    let arguments: Vec<_> = ["redrive", "--output", "json"].iter().chain(arguments).copied().collect();
    serde_json::from_str(&stdout(&deadletters(platform, &arguments), code)).unwrap()
}

/// Runs the service until so many letters lie in the dead-letter topic, however many in a row.
fn dead_letter(platform: &Platform, name: &str, letters: usize) {
    let breaker = [("IBALEG__STREAM__BREAKER_RUN", "0"), ("IBALEG__STREAM__BREAKER_RATIO", "0.0")];
    let service = platform.start_with(name, &breaker);
    let deadline = Instant::now() + Duration::from_mins(1);
    while platform.read("deadletter").len() < letters {
        assert!(Instant::now() < deadline, "{}", service.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    service.terminate();
    assert_eq!(platform.read("deadletter").len(), letters);
}

/// Five odd inputs, none of which can be read; the values hold the secret.
fn odd() -> Vec<Value> {
    let odd = json!([["twice", "a"], ["twice", "b"], ["null", null], ["empty", ""], ["bytes", base64(&[0, 255, 10])]]);
    let secret = json!([["remark", SECRET]]);
    let time = |n: u64| json!(1_700_000_000_000_u64 + n * 60_000);
    vec![
        json!({ "key": "prose", "value": SECRET, "headers": odd, "timestamp": time(0), "partition": 1 }),
        json!({ "key": "list", "value": format!("[\"{SECRET}\"]"), "headers": secret, "timestamp": time(1), "partition": 2 }),
        json!({ "key": "tombstone", "value": null, "timestamp": time(2), "partition": 3 }),
        json!({ "key": base64(&[255, 0]), "value": base64(&[255, 254]), "timestamp": time(3), "partition": 0 }),
        json!({ "value": "{\"description\":\"no id\"}", "timestamp": time(4), "partition": 2 }),
    ]
}

#[test]
fn letters_are_listed_by_what_they_are_and_shown_one_by_one() {
    let platform = Platform::with_topics("letters");
    platform.produce(&odd(), 0);
    platform.produce_to("deadletter", &[json!({ "key": "foreign", "value": SECRET, "partition": 0 })], 0);
    let service = platform.start("service");
    service.wait_for_log("input dead-lettered");
    let deadline = Instant::now() + Duration::from_mins(1);
    while platform.read("deadletter").len() < 6 {
        assert!(Instant::now() < deadline, "{}", service.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    service.terminate();

    let all = list(&platform, &[]);
    assert_eq!(all.len(), 6);
    assert_eq!(all.iter().filter(|letter| letter["foreign"].is_string()).count(), 1);
    let prose = all.iter().find(|letter| letter["key"] == "prose").unwrap();
    assert_eq!(prose["origin"], json!({ "topic": platform.topic("incoming"), "partition": 1, "offset": 0 }));
    assert_eq!((&prose["code"], &prose["stage"]), (&json!("EB-IN-0004"), &json!("decode")));
    assert_eq!((&prose["arrived"], &prose["attempt"]), (&json!("2023-11-14T22:13:20Z"), &json!(1)));
    assert_eq!((&prose["bytes"], &prose["redriven"]), (&json!(SECRET.len()), &json!(false)));

    let named = |filters: &[&str]| keys(&list(&platform, filters)).into_iter().collect::<Vec<_>>();
    assert_eq!(named(&["--code", "EB-IN-0004", "--code", "EB-IN-0001"]), ["prose", "tombstone"]);
    assert_eq!(named(&["--report", "list"]), ["list"]);
    assert_eq!(named(&["--partition", "2", "--offset", "0"]), ["list"]);
    assert_eq!(named(&["--since", "2023-11-14T22:14:00Z", "--until", "2023-11-14T22:16:00Z"]), ["list", "tombstone"]);
    assert_eq!(list(&platform, &["--stage", "decode"]).len(), 5);
    assert_eq!(list(&platform, &["--stage", "publish"]).len(), 0);
    assert_eq!(list(&platform, &["--since", "1h"]).len(), 0);

    let table = deadletters(&platform, &["list"]);
    let counts = stderr(&table, 0);
    assert!(counts.contains("5 dead letters") && counts.contains("1  records that are no dead letters"), "{counts}");
    let table = stdout(&table, 0);
    assert!(table.contains("base64:/wA=") && table.contains("waiting") && !table.contains(SECRET), "{table}");
    assert_eq!(table.lines().count(), 7, "{table}");

    let place = [&prose["partition"], &prose["offset"]].map(ToString::to_string);
    let show = |arguments: &[&str]| {
        let arguments: Vec<_> = ["show", &place[0], &place[1]].iter().chain(arguments).copied().collect();
        deadletters(&platform, &arguments)
    };
    let said = stdout(&show(&[]), 0);
    for words in
        ["EB-IN-0004 at stage decode", "partition 1 offset 0", "29 bytes", "ibaleg-attempt: 1", "twice: 1 bytes"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains(SECRET));
    let object: Value = serde_json::from_str(&stdout(&show(&["--output", "json"]), 0)).unwrap();
    assert_eq!(object["headers"][0], json!({ "name": "twice", "bytes": 1 }), "a producer's value is not shown");
    assert_eq!(object["headers"][2], json!({ "name": "null", "bytes": null }));
    assert_eq!(stdout(&show(&["--bytes"]), 0), SECRET, "on explicit wish only");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("value");
    assert_eq!(stdout(&show(&["--out", file.to_str().unwrap()]), 0), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), SECRET);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(stderr(&show(&["--out", file.to_str().unwrap()]), 70).contains("cannot be written"));
    let said = stderr(&deadletters(&platform, &["show", "0", "999"]), 70);
    assert!(said.contains("no letter at offset 999") && said.contains("holds offsets 0 to"), "{said}");
    assert!(stderr(&deadletters(&platform, &["show", "77", "0"]), 70).contains("no partition 77"));
    assert_eq!(stdout(&deadletters(&platform, &["list", "--since", "soon"]), 64), "");
}

/// Messages of a topic by partition, in order.
fn by_partition(messages: Vec<Value>) -> BTreeMap<i64, Vec<Value>> {
    let mut partitions: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for message in messages {
        partitions.entry(message["partition"].as_i64().unwrap()).or_default().push(message);
    }
    partitions
}

/// The redriven input is the original with two headers more.
fn assert_redriven(original: &Value, redriven: &Value, attempt: &str) {
    for field in ["key", "value", "timestamp", "partition"] {
        assert_eq!(redriven[field], original[field], "{field}");
    }
    let (own, all) = (original["headers"].as_array().unwrap(), redriven["headers"].as_array().unwrap());
    assert_eq!(all.len(), own.len() + 2);
    assert_eq!(all[..own.len()], own[..]);
    assert_eq!(all[own.len()][0], "ibaleg-redriven");
    assert_eq!(header(redriven, "ibaleg-attempt").as_deref(), Some(attempt));
}

#[test]
fn a_redrive_puts_back_the_original_three_times_and_then_leaves_it() {
    let platform = Platform::with_topics("redrive");
    platform.produce(&odd(), 0);
    dead_letter(&platform, "first", 5);
    let originals = by_partition(platform.read("incoming"));

    let output = deadletters(&platform, &["redrive", "--dry-run", "--output", "json"]);
    assert!(stderr(&output, 0).contains("5  would go back"));
    assert_eq!(objects(&stdout(&output, 0)).iter().filter(|letter| letter["verdict"] == "redrive").count(), 5);
    let said = stderr(&deadletters(&platform, &["redrive"]), 70);
    assert!(said.contains("--first") && said.contains(&format!("{}-redrive", platform.prefix)), "{said}");
    assert_eq!(by_partition(platform.read("incoming")), originals, "nothing went back");

    let counts = redrive(&platform, &["--first", "--code", "EB-IN-0004", "--code", "EB-IN-0001"], 0);
    assert_eq!((&counts["redriven"], &counts["not_selected"]), (&json!(2), &json!(3)));
    assert_eq!(keys(&list(&platform, &["--waiting"])), BTreeSet::from([String::new(), "list".to_owned()]));
    let counts = redrive(&platform, &["--limit", "1"], 0);
    assert_eq!(counts["redriven"], json!(1));
    let counts = redrive(&platform, &[], 0);
    assert_eq!((&counts["redriven"], &counts["not_selected"]), (&json!(2), &json!(0)), "each goes back once");
    let counts = redrive(&platform, &[], 0);
    assert_eq!(counts["redriven"], json!(0));

    for round in 1..=3 {
        for (partition, messages) in by_partition(platform.read("incoming")) {
            let own = &originals[&partition];
            assert_eq!(messages.len(), own.len() * (round + 1));
            for (index, redriven) in messages.iter().enumerate().skip(own.len() * round) {
                // Letters of one partition lie in several, so that their order may differ.
                let original = own.iter().find(|original| original["timestamp"] == redriven["timestamp"]).unwrap();
                assert_redriven(original, redriven, &round.to_string());
                assert!(index >= own.len());
            }
        }
        dead_letter(&platform, &format!("round-{round}"), 5 * (round + 1));
        let attempts = list(&platform, &["--waiting"]);
        assert!(attempts.iter().all(|letter| letter["attempt"] == json!(round + 1)), "{attempts:?}");
        if round < 3 {
            assert_eq!(redrive(&platform, &[], 0)["redriven"], json!(5));
        }
    }
    let counts = redrive(&platform, &[], 1);
    assert_eq!((&counts["redriven"], &counts["kept"]["too_often"]), (&json!(0), &json!(5)));
    let counts = redrive(&platform, &["--max-attempts", "4", "--report", "prose"], 0);
    assert_eq!(counts["redriven"], json!(1));
}

#[test]
fn an_original_that_the_brokers_refuse_is_left_and_the_others_go_back() {
    let platform = Platform::with_topics("refused");
    // Just within what the topic takes, and beyond it with the headers of the redrive. A multiplicative
    // congruence makes bytes that do not compress.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    })
    .take(1_048_480)
    .collect();
    let mut messages: Vec<_> =
        (0..20).map(|n| json!({ "key": format!("s{n}"), "value": "not JSON", "partition": 0 })).collect();
    messages.insert(10, json!({ "key": "big", "value": base64(&noise), "partition": 0 }));
    platform.produce(&messages, 0);
    dead_letter(&platform, "service", 21);
    let counts = redrive(&platform, &["--first"], 1);
    assert_eq!((&counts["redriven"], &counts["kept"]["refused"]), (&json!(20), &json!(1)));
    assert_eq!(keys(&list(&platform, &["--waiting"])), BTreeSet::from(["big".to_owned()]));
    let counts = redrive(&platform, &[], 1);
    assert_eq!((&counts["redriven"], &counts["kept"]["refused"]), (&json!(0), &json!(1)));
    let incoming = platform.read("incoming");
    assert_eq!(incoming.len(), 41);
    let said = stdout(&deadletters(&platform, &["redrive"]), 1);
    assert!(said.contains("max.message.bytes"), "{said}");
}

fn begin(platform: &Platform, arguments: &[&str]) -> Child {
    let mut command = platform.ibaleg(&["deadletters", "redrive"]);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn whatever_ends_a_redrive_each_letter_goes_back_once() {
    const LETTERS: usize = 400;
    let platform = Platform::with_topics("crash");
    let messages: Vec<_> =
        (0..LETTERS).map(|n| json!({ "key": format!("k{n}"), "value": format!("not JSON {n}") })).collect();
    platform.produce(&messages, 0);
    dead_letter(&platform, "service", LETTERS);
    let back = || platform.read("incoming").len() - LETTERS;
    let until_back = |count: usize| {
        let deadline = Instant::now() + Duration::from_mins(1);
        while back() < count {
            assert!(Instant::now() < deadline, "{} of {count}", back());
        }
    };

    // Killed in the middle of a transaction.
    let mut killed = begin(&platform, &["--first", "--rate", "50"]);
    until_back(20);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let after_kill = back();
    assert!((20..LETTERS).contains(&after_kill), "{after_kill}");

    // Taken over by a second one.
    let first = begin(&platform, &["--rate", "50"]);
    until_back(after_kill + 20);
    let second = begin(&platform, &["--rate", "50"]);
    let first = first.wait_with_output().unwrap();
    let said = stderr(&first, 70);
    assert!(said.contains("another redrive"), "{said}");

    // Stopped by SIGTERM.
    until_back(back() + 20);
    assert!(Command::new("kill").args(["-TERM", &second.id().to_string()]).status().unwrap().success());
    let said = stderr(&second.wait_with_output().unwrap(), 1);
    assert!(said.contains("run the same command again"), "{said}");
    assert!(back() < LETTERS);

    redrive(&platform, &[], 0);
    assert_eq!(back(), LETTERS);
    let mut values = BTreeMap::new();
    for message in platform.read("incoming") {
        *values.entry(text(&message["value"]).unwrap()).or_insert(0) += 1;
    }
    assert!(values.len() == LETTERS && values.values().all(|count| *count == 2), "none lost, none doubled");
}

#[test]
fn a_stream_of_nothing_but_malformed_reports_stops_the_service() {
    let platform = Platform::with_topics("breaker");
    let messages: Vec<_> = (0..100)
        .map(|n| {
            let value =
                if n < 40 { json!({ "id": "r", "description": "help" }).to_string() } else { "not JSON".into() };
            json!({ "key": format!("k{n}"), "value": value, "partition": 0 })
        })
        .collect();
    platform.produce(&messages, 0);
    let limited = [("IBALEG__STREAM__BREAKER_RUN", "25")];
    let (code, log) = platform.start_with("first", &limited).end();
    assert_eq!(code, Some(65), "{log}");
    let error = log.lines().find(|line| line.starts_with("error: ")).unwrap();
    for words in ["the last 25 inputs in a row", "EB-IN-0004 at stage decode", "incoming[0] offset 64", "redrive"] {
        assert!(error.contains(words), "{words}: {error}");
    }
    assert_eq!((platform.read("classified").len(), platform.read("deadletter").len()), (40, 24));
    // The next start goes on at the input that tripped it.
    let (code, log) = platform.start_with("second", &limited).end();
    assert_eq!(code, Some(65), "{log}");
    assert_eq!((platform.read("classified").len(), platform.read("deadletter").len()), (40, 48));
    let mut service = platform.start("third");
    platform.wait_for(&mut service, "deadletter", 60);
    service.terminate();
    assert_eq!((platform.read("classified").len(), platform.read("deadletter").len()), (40, 60));
    assert_eq!(redrive(&platform, &["--first"], 0)["redriven"], json!(60));
}

#[test]
fn letters_of_another_input_topic_stay() {
    let platform = Platform::with_topics("elsewhere");
    platform.produce(&[json!({ "key": "a", "value": "not JSON" })], 0);
    dead_letter(&platform, "service", 1);
    let other = platform.topic("classified");
    let mut command = platform.ibaleg(&["deadletters", "redrive", "--first", "--output", "json"]);
    let output = command.env("IBALEG__TOPICS__INCOMING", other).output().unwrap();
    let counts: Value = serde_json::from_str(&stdout(&output, 1)).unwrap();
    assert_eq!((&counts["redriven"], &counts["kept"]["elsewhere"]), (&json!(0), &json!(1)));
    assert!(platform.read("classified").is_empty());
    let mut command = platform.ibaleg(&["deadletters", "list"]);
    let output = command.env("IBALEG__TOPICS__DEADLETTER", "no-such-topic").output().unwrap();
    assert!(stderr(&output, 70).contains("ibaleg topics create"));
}
