//! The decision log finds what was done to it, and a stored report is decided as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;

use std::path::PathBuf;
use std::process::Output;

use ibaleg::audit::{Chain, Decided, Entry, Fault, Finding, Head, Verifier};
use program::ibaleg;
use proptest::prelude::*;
use serde_json::{Value, json};

fn decided(number: usize) -> Decided {
    let digest = |what: &str| format!("{what}{number:060}");
    Decided {
        event_id: format!("event-{number}"),
        outcome: "classified".into(),
        input_digest: digest("inpt"),
        decision_digest: digest("deci"),
        service: "0.1.0".into(),
        model_digest: digest("mode"),
        tokenizer_digest: digest("toke"),
        text_digest: digest("text"),
        taxonomy_digest: digest("taxo"),
        policy_digest: digest("poli"),
        lexicon_digest: digest("lexi"),
    }
}

fn entries(chain: &str, count: usize) -> Vec<Entry> {
    let mut chain = Chain::new(chain);
    (0..count).map(|number| chain.next(decided(number))).collect()
}

fn lines(entries: &[Entry]) -> Vec<Vec<u8>> {
    entries.iter().map(|entry| entry.line().into_bytes()).collect()
}

fn findings(lines: &[Vec<u8>], head: Option<Head>) -> Vec<Finding> {
    let mut verifier = Verifier::new(head);
    let mut found: Vec<Finding> = lines.iter().flat_map(|line| verifier.line(line)).collect();
    found.extend(verifier.end());
    found
}

fn faults(lines: &[Vec<u8>], head: Option<Head>) -> Vec<(u64, Fault)> {
    findings(lines, head).into_iter().map(|finding| (finding.line, finding.fault)).collect()
}

#[test]
fn each_kind_of_mutation_is_called_by_its_name_and_place() {
    let log = lines(&entries("p", 6));
    assert_eq!(faults(&log, None), []);

    let mut changed = log.clone();
    changed[2] = String::from_utf8(log[2].clone()).unwrap().replace("event-2", "event-9").into_bytes();
    assert_eq!(faults(&changed, None), [(3, Fault::Changed(2))]);

    let without = [&log[..2], &log[4..]].concat();
    assert_eq!(faults(&without, None), [(3, Fault::Missing(2..=3))]);

    let doubled = [&log[..3], &log[1..]].concat();
    assert_eq!(faults(&doubled, None), [(4, Fault::Doubled(1)), (5, Fault::Doubled(2))]);

    let mut swapped = log.clone();
    swapped.swap(1, 2);
    assert_eq!(faults(&swapped, None), [(2, Fault::Missing(1..=1)), (3, Fault::OutOfOrder(1))]);

    let mut foreign = log.clone();
    foreign.insert(3, lines(&entries("q", 4))[3].clone());
    assert_eq!(faults(&foreign, None), [(4, Fault::Foreign(3))]);

    let mut garbage = log.clone();
    garbage.insert(3, Vec::new());
    assert_eq!(faults(&garbage, None), [(4, Fault::NoEntry(3))]);

    // One entry written anew, with a hash that fits it: the next one does not follow it.
    let mut anew = entries("p", 6);
    anew[2] = Chain::after(&anew[1]).next(decided(9));
    assert_eq!(faults(&lines(&anew), None), [(4, Fault::Unbound(3))]);
}

#[test]
fn a_log_cut_off_or_written_anew_is_found_by_the_head_that_was_kept() {
    let log = entries("p", 6);
    let head = Some(log[5].head());
    assert_eq!(faults(&lines(&log), head.clone()), []);
    assert_eq!(faults(&lines(&log[..4]), None), [], "a chain alone cannot know where it ended");
    assert_eq!(faults(&lines(&log[..4]), head.clone()), [(0, Fault::OtherHead { kept: 5, last: "entry 3".into() })]);
    let mut chain = Chain::new("p");
    let anew: Vec<Entry> = (0..6).map(|number| chain.next(decided(number + 100))).collect();
    assert_eq!(faults(&lines(&anew), None), []);
    assert_eq!(faults(&lines(&anew), head).len(), 1);
    // What came after the head is in order.
    assert_eq!(faults(&lines(&log), Some(log[3].head())), []);
}

#[derive(Debug, Clone)]
enum Mutation {
    Byte { line: prop::sample::Index, place: prop::sample::Index, bit: u8 },
    Remove(prop::sample::Index),
    Double { line: prop::sample::Index, to: prop::sample::Index },
    Move { line: prop::sample::Index, to: prop::sample::Index },
    Exchange { a: prop::sample::Index, b: prop::sample::Index },
    Splice(prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), index(), 0..8_u8).prop_map(|(line, place, bit)| Mutation::Byte { line, place, bit }),
        index().prop_map(Mutation::Remove),
        (index(), index()).prop_map(|(line, to)| Mutation::Double { line, to }),
        (index(), index()).prop_map(|(line, to)| Mutation::Move { line, to }),
        (index(), index()).prop_map(|(a, b)| Mutation::Exchange { a, b }),
        index().prop_map(Mutation::Splice),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_single_mutation_of_a_log_is_found(count in 1..12_usize, mutation in mutation()) {
        let log = entries("p", count);
        let head = log.last().unwrap().head();
        let before = lines(&log);
        let mut after = before.clone();
        match mutation {
            Mutation::Byte { line, place, bit } => {
                let line = line.index(count);
                let place = place.index(after[line].len());
                after[line][place] ^= 1 << bit;
            }
            Mutation::Remove(line) => drop(after.remove(line.index(count))),
            Mutation::Double { line, to } => after.insert(to.index(count + 1), before[line.index(count)].clone()),
            Mutation::Move { line, to } => {
                let line = after.remove(line.index(count));
                after.insert(to.index(count), line);
            }
            Mutation::Exchange { a, b } => after.swap(a.index(count), b.index(count)),
            Mutation::Splice(line) => {
                let line = line.index(count);
                after[line] = lines(&entries("q", count))[line].clone();
            }
        }
        prop_assume!(before != after);
        let found = findings(&after, Some(head));
        prop_assert!(!found.is_empty());
        // Nothing is said of the lines before the first that differs.
        let first = before.iter().zip(&after).position(|(a, b)| a != b).unwrap_or(before.len().min(after.len()));
        prop_assert!(found.iter().all(|finding| finding.line == 0 || finding.line > first as u64), "{:?}", found);
    }
}

/// A directory with reports, their events and their log, as the program writes them.
struct Classified {
    directory: tempfile::TempDir,
    reports: Vec<String>,
    events: Vec<Value>,
}

impl Classified {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut classified = Self { directory, reports: Vec::new(), events: Vec::new() };
        let text = "on me menace de mort ce soir, écrivez au 06 12 34 56 78";
        let report = |id: &str| json!({ "id": id, "description": text, "country": "MA" }).to_string();
        classified.classify(&[report("a"), "not a report".into()]);
        classified.classify(&[report("b")]);
        classified
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn classify(&mut self, reports: &[String]) {
        let input: String = reports.iter().flat_map(|report| [report.as_str(), "\n"]).collect();
        let output = ibaleg(&["classify", "--decision-log", &self.name("log")], input.as_bytes(), &[]);
        assert!(output.status.code() < Some(2), "{}", String::from_utf8_lossy(&output.stderr));
        let events = String::from_utf8(output.stdout).unwrap();
        self.events.extend(events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        self.reports.extend_from_slice(reports);
    }

    fn verify(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = ibaleg(&[&["audit", "verify", &self.name("log")], arguments].concat(), b"", &[]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }

    fn replay(&self, event: &Value, report: usize, environment: &[(&str, &str)]) -> Output {
        std::fs::write(self.path("event.json"), event.to_string()).unwrap();
        std::fs::write(self.path("report.json"), format!("{}\n", self.reports[report])).unwrap();
        let arguments = ["replay", &self.name("event.json"), "--report", &self.name("report.json")];
        ibaleg(&arguments, b"", environment)
    }
}

#[test]
fn classify_continues_its_log_and_the_log_answers_for_each_event() {
    let classified = Classified::new();
    let log = std::fs::read_to_string(classified.path("log")).unwrap();
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries.len(), 3);
    for (event, entry) in classified.events.iter().zip(&entries) {
        assert_eq!(event["id"], entry["decided"]["event_id"]);
    }
    assert_eq!(entries[1]["decided"]["outcome"], "rejected");
    let provenance = &classified.events[0]["data"]["provenance"];
    for digest in ["input_digest", "model_digest", "policy_digest", "text_digest"] {
        assert_eq!(provenance[digest], entries[0]["decided"][digest]);
    }
    let (code, said) = classified.verify(&[]);
    assert!(code == Some(0) && said.contains("3 entries, in order; head 2:"), "{said}");
    let head = said.trim().rsplit(' ').next().unwrap();

    let cut = log.split_inclusive('\n').take(2).collect::<String>();
    std::fs::write(classified.path("log"), &cut).unwrap();
    assert_eq!(classified.verify(&[]).0, Some(0));
    let (code, said) = classified.verify(&["--head", head]);
    assert!(code == Some(1) && said.contains("end: the log does not hold the head"), "{said}");

    std::fs::write(classified.path("log"), log.replacen("\"rejected\"", "\"accepted\"", 1)).unwrap();
    let (code, said) = classified.verify(&[]);
    assert!(code == Some(1) && said.contains("line 2: entry 1 was changed"), "{said}");
    let output = ibaleg(&["classify", "--decision-log", &classified.name("log")], b"{}\n", &[]);
    assert_eq!(output.status.code(), Some(70), "nothing is built upon a broken chain");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_entry_that_was_cut_off_by_a_kill_is_dropped_and_the_chain_goes_on() {
    let mut classified = Classified::new();
    let log = std::fs::read(classified.path("log")).unwrap();
    std::fs::write(classified.path("log"), &log[..log.len() - 40]).unwrap();
    let (code, said) = classified.verify(&[]);
    assert!(code == Some(1) && said.contains("line 3: it is no entry"), "{said}");
    let report = classified.reports[2].clone();
    classified.classify(&[report]);
    let (code, said) = classified.verify(&[]);
    assert!(code == Some(0) && said.contains("3 entries, in order"), "{said}");
    assert_eq!(std::fs::read(classified.path("log")).unwrap(), log, "the same decision gives the same entry");
}

#[test]
fn a_stored_report_is_decided_again_byte_for_byte() {
    let classified = Classified::new();
    for place in [0, 1, 2] {
        let output = classified.replay(&classified.events[place], place, &[]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && said == "same decision, byte for byte\n", "{place}: {said}");
    }
}

#[test]
fn a_changed_event_another_report_and_other_rules_are_told_apart() {
    let classified = Classified::new();
    let mut forged = classified.events[0].clone();
    forged["data"]["route"]["unit"] = json!("rescue");
    forged["data"]["entities"][0]["value"] = json!("+212600000000");
    let output = classified.replay(&forged, 0, &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let unit = &classified.events[0]["data"]["route"]["unit"];
    assert_ne!(unit, "rescue");
    assert!(said.contains(&format!("/route/unit: \"rescue\" then, {unit} now")), "{said}");
    assert!(said.contains("/entities/0/value: differs") && !said.contains("+212"), "{said}");
    assert!(said.contains("this is a defect, or the event was changed"), "{said}");

    let output = classified.replay(&classified.events[0], 2, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(70) && said.contains("not the report of this event"), "{said}");

    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/config/policy.toml");
    let other = std::fs::read_to_string(policy).unwrap().replace("U0 = \"15m\"", "U0 = \"5m\"");
    std::fs::write(classified.path("policy.toml"), other.replace("U1 = \"2h\"", "U1 = \"1h\"")).unwrap();
    let path = classified.name("policy.toml");
    let output = classified.replay(&classified.events[0], 0, &[("IBALEG__TRIAGE__POLICY", &path)]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("not in force: policy ") && !said.contains("not in force: model"), "{said}");
    assert!(said.contains("/urgency/deadline/within_seconds: ") && said.contains("what decided differs too"), "{said}");
}
