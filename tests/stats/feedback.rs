//! Feedback of units, joined with predictions by the report's id.

use ibaleg::feedback::{Feedback, Findings, Quality, quality};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::events::{Event, ledger};
use crate::program::ibaleg;

fn feedback(report: &str, minute: usize, outcome: &str, labels: &[&str]) -> Value {
    let decided_at = format!("2024-06-20T10:{minute:02}:00Z");
    let mut value = json!({ "report_id": report, "unit": "cybercrime", "decided_at": decided_at, "outcome": outcome });
    if !labels.is_empty() {
        value["labels"] = json!(labels);
    }
    value
}

fn findings(values: &[Value]) -> Findings {
    let mut findings = Findings::default();
    for value in values {
        findings.add(Feedback::parse(value.to_string().as_bytes()).unwrap());
    }
    findings
}

fn judged(events: &[Event], values: &[Value], floor: u64) -> Quality {
    quality(&findings(values), &ledger(events), floor)
}

/// Twelve predictions of fraud, of which units called two threats and one no offence.
fn sample() -> (Vec<Event>, Vec<Value>) {
    let event = |n: usize| Event { language: Some(["ary", "fr"][n % 2]), ..Event::new(format!("r{n}"), "fraud") };
    let mut values: Vec<Value> = (0..9).map(|n| feedback(&format!("r{n}"), 0, "confirmed", &[])).collect();
    values.push(feedback("r9", 0, "corrected", &["threat"]));
    values.push(feedback("r10", 0, "corrected", &["threat", "fraud"]));
    values.push(feedback("r11", 0, "not_an_offence", &[]));
    values.push(feedback("r12", 0, "duplicate", &[]));
    values.push(feedback("unknown", 0, "confirmed", &[]));
    ((0..20).map(event).collect(), values)
}

#[test]
fn precision_and_agreement_are_counted_by_label_language_and_unit() {
    let (events, values) = sample();
    let quality = judged(&events, &values, 1);
    let sums = (quality.reports, quality.feedback, quality.judged, quality.duplicates, quality.unmatched);
    assert_eq!(sums, (20, 14, 12, 1, 1));
    let agreement = |by: &str, slice: &str| {
        let row = quality.agreement.iter().find(|row| row.by == by && row.slice == slice).unwrap();
        (row.agree, row.judged)
    };
    assert_eq!((agreement("all", ""), agreement("language", "ary")), ((9, 12), (5, 6)));
    assert_eq!((agreement("language", "fr"), agreement("unit", "cybercrime")), ((4, 6), (9, 12)));
    let fraud = quality.precision.iter().find(|row| row.label == "fraud" && row.by == "all").unwrap();
    assert_eq!((fraud.right, fraud.flagged, fraud.missed), (10, 12, 0));
    assert!((fraud.share - 0.8333).abs() < 1e-9);
    assert!(quality.precision.iter().all(|row| row.label != "threat"), "never flagged: it has no precision");
}

#[test]
fn figures_of_few_reports_are_left_out() {
    let (events, values) = sample();
    let quality = judged(&events, &values, 7);
    assert!(quality.agreement.iter().all(|row| row.judged >= 7) && !quality.agreement.is_empty());
    assert!(quality.precision.iter().all(|row| row.flagged >= 7 && row.by != "language"));
}

#[test]
fn feedback_is_on_the_revision_that_the_unit_had_before_it() {
    let first = Event::new("r", "fraud");
    let second = Event { revision: 2, labels: vec!["threat"], ..first.clone() };
    let mut value = feedback("r", 0, "corrected", &["fraud"]);
    let agree =
        |value: &Value| judged(&[first.clone(), second.clone()], std::slice::from_ref(value), 1).agreement[0].agree;
    assert_eq!(agree(&value), 0, "without a revision, the newest");
    value["revision"] = json!(1);
    assert_eq!(agree(&value), 1);
    value["revision"] = json!(3);
    assert_eq!(judged(&[first.clone(), second.clone()], &[value], 1).unmatched, 1);
}

#[test]
fn the_committed_schema_and_the_reader_agree() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/feedback.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(committed).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let good = feedback("r", 0, "corrected", &["fraud"]);
    assert!(schema.is_valid(&good) && Feedback::parse(good.to_string().as_bytes()).is_ok());
    for (field, value) in [("outcome", json!("maybe")), ("decided_at", json!(5)), ("report_id", Value::Null)] {
        let mut bad = good.clone();
        bad[field] = value;
        assert!(!schema.is_valid(&bad) && Feedback::parse(bad.to_string().as_bytes()).is_err(), "{bad}");
    }
    for (outcome, labels) in [("corrected", &[][..]), ("confirmed", &["fraud"])] {
        assert!(Feedback::parse(feedback("r", 0, outcome, labels).to_string().as_bytes()).is_err());
    }
}

#[test]
fn the_command_prints_every_share_with_its_denominator() {
    let (events, values) = sample();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("feedback.jsonl");
    let mut lines: String = values.iter().flat_map(|value| [value.to_string(), "\n".into()]).collect();
    lines.push_str("{\"report_id\":\"canary\"}\n");
    std::fs::write(&path, lines).unwrap();
    let input: String = events.iter().map(Event::line).collect();
    let run = |output: &str| {
        let arguments = ["stats", "--feedback", path.to_str().unwrap(), "--output", output];
        let output = ibaleg(&arguments, input.as_bytes(), &[]);
        assert_eq!(output.status.code(), Some(1), "one line is no feedback");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("line 15: not counted") && !said.contains("canary"), "{said}");
        String::from_utf8(output.stdout).unwrap()
    };
    let table = run("table");
    let line = |name: &str| {
        let line = table.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{table}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("14 of 20"), "14 of 20 reports have feedback: 12 judged, 1 duplicates, 1 without a prediction");
    assert_eq!(line("language fr"), "language fr 4 of 6 66.7 %");
    assert_eq!(line("fraud, all"), "fraud, all 10 of 12 83.3 %, 0 missed");
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/quality.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(committed).unwrap()).unwrap();
    let figures: Value = serde_json::from_str(&run("json")).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&figures), "{figures}");
    assert!(run("csv").contains("\nprecision,fraud,all,,10,12,0\n"));
}

proptest! {
    #[test]
    fn the_newest_feedback_counts_in_whatever_order_it_comes(
        mut values in prop::collection::vec((0..4_usize, 0..5_usize, 0..4_usize), 1..20), turn in 0..20_usize
    ) {
        let outcomes = [("confirmed", &[][..]), ("corrected", &["threat"]), ("not_an_offence", &[]), ("duplicate", &[])];
        let value = |(report, minute, outcome): &(usize, usize, usize)| {
            let (outcome, labels) = outcomes[*outcome];
            feedback(&format!("r{report}"), *minute, outcome, labels)
        };
        let (events, _) = sample();
        let before: Vec<Value> = values.iter().map(value).collect();
        let count = values.len();
        values.rotate_left(turn % count);
        values.reverse();
        let after: Vec<Value> = values.iter().map(value).collect();
        prop_assert_eq!(judged(&events, &before, 1), judged(&events, &after, 1));
    }
}
