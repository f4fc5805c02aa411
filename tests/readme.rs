//! The table of README.md holds what the default model and rules really say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod assembled;

use std::fmt::Write as _;
use std::path::Path;

use ibaleg::engine::{Input, Options, Outcome};
use ibaleg::event::Classified;
use ibaleg::report::Envelope;
use jiff::Timestamp;
use serde_json::Value;

/// Reports of the test split: six languages and their mixtures, clear cases, hard negatives, misses.
const SHOWN: [&str; 10] = [
    "sample-0115",
    "sample-0129",
    "sample-0155",
    "sample-0133",
    "sample-0166",
    "sample-0134",
    "sample-0200",
    "sample-0091",
    "sample-0090",
    "sample-0130",
];

const BEGIN: &str = "<!-- answers -->\n";
const END: &str = "<!-- /answers -->\n";

fn row(report: &Value, event: &Classified) -> String {
    let text = |pointer: &str| report.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let content = text("/content/text");
    let quoted = if content.is_empty() { String::new() } else { format!(" « {content} »") };
    let flagged: Vec<&str> = event.flagged().chain(event.flagged_organisations()).collect();
    let labels = if flagged.is_empty() { "–".to_owned() } else { flagged.join(", ") };
    let review = if event.review.needed { "yes" } else { "no" };
    let grade = event.urgency.grade;
    format!("| {}{quoted} | {grade} | {} | {labels} | {review} |", text("/description"), event.route.unit)
}

#[test]
fn the_readme_shows_what_the_program_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let samples = std::fs::read_to_string(root.join("models/samples/reports.jsonl")).unwrap();
    let samples: Vec<Value> = samples.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut session = assembled::engine("models/default", Options::default()).session().unwrap();
    let mut table = String::from("| report | grade | unit | flagged | a person looks |\n|---|---|---|---|---|\n");
    for id in SHOWN {
        let report = samples.iter().find(|report| report["id"] == id).unwrap();
        let bytes = report.to_string();
        let now = Timestamp::UNIX_EPOCH;
        let input = Input { envelope: Envelope::bare(bytes.as_bytes()), source: None, received_at: now };
        let outcome = session.decide(&[input], now).remove(0);
        let Outcome::Classified { event, .. } = outcome else { panic!("{id} was rejected") };
        writeln!(table, "{}", row(report, &event)).unwrap();
    }
    let path = root.join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = readme.split_once(BEGIN).unwrap();
    let (shown, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("IBALEG_BLESS").is_some() && shown != table {
        std::fs::write(&path, format!("{head}{BEGIN}{table}{END}{tail}")).unwrap();
    } else {
        assert_eq!(shown, table, "README.md differs; IBALEG_BLESS=1 cargo test --release --test readme writes it");
    }
}
