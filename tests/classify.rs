//! `ibaleg classify` as a user runs it: reports in on standard input, events out on standard output.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;

use std::process::{Command, Output, Stdio};

use program::ibaleg;
use serde_json::{Value, json};

fn classify(arguments: &[&str], input: &[u8]) -> Output {
    ibaleg(&[&["classify"], arguments].concat(), input, &[])
}

fn events(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn lines(reports: &[Value]) -> Vec<u8> {
    reports.iter().flat_map(|report| format!("{report}\n").into_bytes()).collect()
}

/// One ordinary report a language.
fn reports() -> Vec<Value> {
    [
        ("ar", "اشتريت هاتفا من صفحة على فيسبوك ودفعت 3000 درهم ثم حظروني"),
        ("ary", "واحد السيد كيهددني يلا ما عطيتوش لفلوس غادي ينشر تصاوري"),
        ("ary-Latn", "wa7ed sayed kayhdedni b tsawri ila ma3titouch 2000 dh"),
        ("fr", "Un compte menace de publier mes photos intimes si je ne paie pas"),
        ("en", "My twelve year old niece is being asked for photos by an adult in a game chat"),
        ("es", "Un canal de Telegram vende pastillas y hachís con entrega a domicilio"),
        ("zgh", "ⵢⴰⵏ ⵓⵔⴳⴰⵣ ⴰⵔ ⵉⵢⵉ ⵉⵙⵉⴳⴳⵉⴷ"),
    ]
    .iter()
    .map(|(language, text)| json!({ "id": format!("r-{language}"), "description": text }))
    .collect()
}

/// The event without the only part that may differ between two runs.
fn decision(event: &Value) -> Value {
    let mut event = event.clone();
    event["data"]["timings"] = Value::Null;
    event["data"]["urgency"]["deadline"]["acknowledge_by"] = Value::Null;
    event["time"] = Value::Null;
    event
}

#[test]
fn every_language_is_answered_with_a_grade_a_unit_and_a_deadline() {
    let reports = reports();
    let output = classify(&[], &lines(&reports));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let events = events(&output);
    assert_eq!(events.len(), reports.len());
    let schema = jsonschema::validator_for(&ibaleg::event::schema::classified()).unwrap();
    for (report, event) in reports.iter().zip(&events) {
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["subject"], report["id"]);
        let data = &event["data"];
        let errors: Vec<String> = schema.iter_errors(data).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(data["labels"].as_array().unwrap().len(), 12, "{data}");
        assert!(data["urgency"]["deadline"]["within_seconds"].as_u64() > Some(0));
        assert!(data["route"]["unit"].as_str().is_some_and(|unit| !unit.is_empty()));
        assert!(!data["urgency"]["reasons"].as_array().unwrap().is_empty());
        assert!(data["text"].is_null(), "texts travel by reference unless configured otherwise");
    }
}

#[test]
fn the_same_report_is_decided_the_same_alone_in_any_company_and_on_any_thread() {
    let reports = reports();
    let together = events(&classify(&["--threads", "1"], &lines(&reports)));
    let mut crowd = Vec::new();
    for round in 0..40 {
        for report in &reports {
            let mut report = report.clone();
            report["id"] = json!(format!("{}-{round}", report["id"].as_str().unwrap()));
            crowd.push(report);
        }
        crowd.extend(reports.iter().cloned());
    }
    let in_a_crowd = events(&classify(&["--threads", "3"], &lines(&crowd)));
    for (report, expected) in reports.iter().zip(&together) {
        let alone = events(&classify(&[], &lines(std::slice::from_ref(report))));
        assert_eq!(decision(&alone[0]), decision(expected));
        let same = in_a_crowd.iter().filter(|event| event["subject"] == report["id"]);
        let same: Vec<Value> = same.map(decision).collect();
        assert_eq!(same.len(), 40);
        assert!(same.iter().all(|event| *event == decision(expected)));
    }
}

#[test]
fn bad_lines_are_told_with_their_number_and_counted_in_the_exit_code() {
    let input = b"{\"id\":\"1\",\"description\":\"bonjour\"}\nnot json\n\n{\"id\":\"3\"}\n\xff\xfe\n{\"id\":\"5\",\"description\":\"hola\"}\n";
    let output = classify(&[], input);
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    for (line, code) in [(2, "EB-IN-0004"), (4, "EB-IN-0012"), (5, "EB-IN-0003")] {
        assert!(told.contains(&format!("-, line {line}: rejected ({code}")), "{told}");
    }
    let events = events(&output);
    assert_eq!(events.len(), 5, "each line that is not blank has its event");
    let schema = jsonschema::validator_for(&ibaleg::event::schema::rejected()).unwrap();
    let rejected: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "org.ibaleg.report.rejected.v1").collect();
    assert_eq!(rejected.len(), 3);
    assert!(rejected.iter().all(|event| schema.is_valid(&event["data"])));
    assert_eq!(rejected[1]["data"]["report_id"], "3");
}

#[test]
fn plain_lines_are_descriptions() {
    let output = classify(&["--text"], "arnaque sur un site de vente\nestafa\n".as_bytes());
    assert_eq!(output.status.code(), Some(0));
    let events = events(&output);
    assert_eq!(events.len(), 2);
    assert_eq!(events[1]["subject"], "line-2");
}

#[test]
fn missing_fields_are_no_refusal() {
    let reports = [
        json!({ "id": "only-content", "content": { "text": "envoyez l'argent sinon je publie tout" } }),
        json!({ "id": "only-attachment", "attachments": [{ "uri": "s3://evidence/1.jpg" }] }),
        json!({ "id": "only-url", "content": { "url": "https://example.org/post/1" } }),
        json!({ "id": "unread", "description": "😡😡😡" }),
    ];
    let output = classify(&[], &lines(&reports));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let events = events(&output);
    for (event, code) in events[1..].iter().zip(["no_text", "no_text", "unreadable"]) {
        let data = &event["data"];
        assert!(data["review"]["reasons"].as_array().unwrap().iter().any(|reason| reason["code"] == code), "{data}");
        assert!(["U0", "U1", "U2"].contains(&data["urgency"]["grade"].as_str().unwrap()), "{data}");
    }
}

#[test]
fn the_reporters_identity_decides_nothing() {
    let report =
        |identity: Value| json!({ "id": "r", "description": "on me menace de mort ce soir", "identity": identity });
    let variants = ["full", "partial", "anonymous"].map(|level| report(json!(level)));
    let events = events(&classify(&[], &lines(&variants)));
    let decided: Vec<Value> = events
        .iter()
        .map(decision)
        .map(|mut event| {
            // The level itself is told for the statistics, and the bytes that came in differ by it.
            event["data"]["report"]["identity"] = Value::Null;
            event["data"]["provenance"]["input_digest"] = Value::Null;
            event["id"] = Value::Null;
            event
        })
        .collect();
    assert_eq!(decided[0], decided[1]);
    assert_eq!(decided[0], decided[2]);
}

#[test]
fn evidence_and_entities_are_spans_of_the_original_text() {
    let text =
        "Bonjour, ce compte داعش 😡 publie ses vidéos, écrivez-lui au 06 12 34 56 78 ou sur https://exemple.org/a";
    let events = events(&classify(&[], &lines(&[json!({ "id": "r", "description": text })])));
    let data = &events[0]["data"];
    let characters: Vec<char> = text.chars().collect();
    let part = |found: &Value| -> String {
        let place = |name: &str| usize::try_from(found[name].as_u64().unwrap()).unwrap();
        characters[place("start")..place("end")].iter().collect()
    };
    let named = data["evidence"].as_array().unwrap().iter().find(|e| e["source"] == "lexicon:isis").unwrap();
    assert_eq!(part(named), "داعش");
    assert!(data["organisations"].as_array().unwrap().iter().any(|mark| mark["id"] == "isis"));
    let entities: Vec<(String, String)> = data["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (part(e), e["value"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(entities[0].0, "06 12 34 56 78");
    assert_eq!(entities[1], ("https://exemple.org/a".to_owned(), "hxxps://exemple[.]org/a".to_owned()));
    for found in data["evidence"].as_array().unwrap() {
        assert!(!part(found).trim().is_empty());
    }
}

#[test]
fn wrong_use_has_its_own_exit_codes() {
    let run = |arguments: &[&str], variable: (&str, &str)| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ibaleg"));
        let output = command.args(arguments).env(variable.0, variable.1).stdin(Stdio::null()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(run(&["clasify"], ("A", "")).0, 64);
    let (code, message) = run(&["classify"], ("IBALEG__MODEL__PTAH", "x"));
    assert_eq!(code, 78);
    assert!(message.contains("model.path"), "{message}");
    let (code, message) = run(&["classify"], ("IBALEG__MODEL__PATH", "no/such/model"));
    assert_eq!(code, 70);
    assert!(message.contains("no/such/model"), "{message}");
    let (code, message) = run(
        &["classify", "no/such/file"],
        ("IBALEG__MODEL__PATH", concat!(env!("CARGO_MANIFEST_DIR"), "/models/default")),
    );
    assert_eq!(code, 70);
    assert!(message.contains("no/such/file"), "{message}");
}
