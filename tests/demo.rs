//! The demo as a newcomer runs it: the real path on the embedded broker, and it ends by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::process::{Command, Stdio};

use serde_json::Value;

/// The count at the end of a line of the communiqué's table.
fn count(output: &str, line: &str) -> u64 {
    let line =
        output.lines().find(|found| found.trim_start().starts_with(line)).unwrap_or_else(|| panic!("{line}: {output}"));
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
    numbers.next_back().unwrap()
}

#[test]
fn the_demo_shows_every_report_once_and_its_table_closes() {
    let output = Command::new(env!("CARGO_BIN_EXE_ibaleg"))
        .args(["demo", "--reports", "500"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("500 reports (0 rejected)"), "{told}");
    let shown = String::from_utf8(output.stdout).unwrap();
    for topic in ["reports.classified", "reports.urgent", "reports.deadletter", "reports.unit.cybercrime"] {
        assert!(shown.contains(&format!("-t {topic} ")), "{topic}: {shown}");
    }
    for language in ["ar ", "ary ", "ary-Latn ", "fr ", "en ", "es "] {
        let languages = shown.lines().find(|line| line.starts_with("language:")).unwrap();
        assert!(languages.contains(&format!(" {language}")), "{languages}");
    }
    let all = count(&shown, "all reports");
    assert_eq!(all, 500);
    let technology = count(&shown, "technology-related offences");
    let lines = ["Fraud", "Sexual blackmail", "Insult", "Violence", "Incitement"];
    assert_eq!(technology, lines.iter().map(|line| count(&shown, line)).sum::<u64>());
    let rest = ["Praise of or incitement", "call for help", "no label flagged"];
    assert_eq!(all, technology + rest.iter().map(|line| count(&shown, line)).sum::<u64>());
    assert!(count(&shown, "from outside the country") > 0);
    let (_, event) = shown.split_once("in full:\n").expect("an urgent event is among 500 samples");
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(event["urgency"]["grade"], "U0");
}

#[test]
fn the_demo_wants_at_least_one_report() {
    let output = Command::new(env!("CARGO_BIN_EXE_ibaleg")).args(["demo", "--reports", "0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
}
