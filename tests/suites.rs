//! The functional suite of `models/suites/` on the default package: named cases by language, each a
//! minimal pair that must be told apart or a changed text that must not be decided lower.
//!
//! `models/suites/report.md` has the pass rates; `IBALEG_BLESS=1` writes it and leaves the floors alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod assembled;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ibaleg::engine::{Input, Options, Outcome, Session};
use ibaleg::event::Classified;
use ibaleg::report::Envelope;
use ibaleg::triage::LabelDecision;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

const LANGUAGES: [&str; 6] = ["ar", "ary", "ary-Latn", "en", "es", "fr"];
const LEAST: usize = 3;
const PERSONAL: &str = "full";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    description: String,
    content: String,
}

/// Two texts, and what must hold between them.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Pair {
    /// The label scores higher above than below.
    Order { case: String, label: String, above: Text, below: Text },
    /// The label is not decided lower on the changed text.
    Keep { case: String, label: String, plain: Text, changed: Text },
}

impl Pair {
    fn case(&self) -> &str {
        match self {
            Self::Order { case, .. } | Self::Keep { case, .. } => case,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Floors {
    floors: BTreeMap<String, f64>,
}

fn suites() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/suites")
}

fn pairs(language: &str) -> Vec<Pair> {
    let text = std::fs::read_to_string(suites().join(format!("{language}.jsonl"))).unwrap();
    let pair = |(number, line): (usize, &str)| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{language}.jsonl line {}: {error}", number + 1))
    };
    text.lines().enumerate().map(pair).collect()
}

fn decide(session: &mut Session, report: &Value) -> Classified {
    let value = serde_json::to_vec(report).unwrap();
    let now: Timestamp = "2026-03-01T10:00:01Z".parse().unwrap();
    let input = Input { envelope: Envelope::bare(&value), source: None, received_at: now };
    match session.decide(&[input], now).remove(0) {
        Outcome::Classified { event, .. } => *event,
        Outcome::Rejected { event, .. } => panic!("refused: {}", event.message),
    }
}

fn report(text: &Text) -> Value {
    let mut report = json!({ "id": "suite-1", "submitted_at": "2026-03-01T10:00:00Z" });
    if !text.description.is_empty() {
        report["description"] = json!(text.description);
    }
    if !text.content.is_empty() {
        report["content"] = json!({ "text": text.content });
    }
    report
}

/// What was decided of one label.
fn found(session: &mut Session, text: &Text, label: &str) -> LabelDecision {
    let labels = decide(session, &report(text)).labels;
    labels.into_iter().find(|entry| entry.label == label).unwrap_or_else(|| panic!("no label {label}"))
}

fn passes(session: &mut Session, pair: &Pair) -> bool {
    match pair {
        Pair::Order { label, above, below, .. } => {
            found(session, above, label).score > found(session, below, label).score
        }
        Pair::Keep { label, plain, changed, .. } => {
            found(session, changed, label).state >= found(session, plain, label).state
        }
    }
}

type Rates = BTreeMap<String, BTreeMap<&'static str, (usize, usize)>>;

fn rates() -> Rates {
    let mut session = assembled::engine("models/default", Options::default()).session().unwrap();
    let mut rates = Rates::new();
    for language in LANGUAGES {
        for pair in pairs(language) {
            let passed = passes(&mut session, &pair);
            let cell = rates.entry(pair.case().to_owned()).or_default().entry(language).or_default();
            *cell = (cell.0 + usize::from(passed), cell.1 + 1);
        }
    }
    rates
}

fn all(cells: &BTreeMap<&str, (usize, usize)>) -> (usize, usize) {
    cells.values().fold((0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1))
}

fn written(rates: &Rates) -> String {
    let mut text = "# What the default package passes\n\nPassed of all pairs, by case and language; \
        `tests/suites.rs` writes it, `floors.toml` holds it.\n\n"
        .to_owned();
    writeln!(text, "| case | all | {} |\n|---|---|{}", LANGUAGES.join(" | "), "---|".repeat(LANGUAGES.len())).unwrap();
    for (case, cells) in rates {
        let (passed, of) = all(cells);
        let cells = LANGUAGES.map(|language| cells.get(language).map_or_else(String::new, |(p, n)| format!("{p}/{n}")));
        writeln!(text, "| {case} | {passed}/{of} | {} |", cells.join(" | ")).unwrap();
    }
    text
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "a suite has far fewer than 2^52 pairs")]
fn every_case_passes_as_often_as_its_floor_asks() {
    let rates = rates();
    let path = suites().join("report.md");
    if std::env::var_os("IBALEG_BLESS").is_some() {
        std::fs::write(&path, written(&rates)).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        written(&rates),
        "run with IBALEG_BLESS=1 and look at the change"
    );
    let floors: Floors = toml::from_str(&std::fs::read_to_string(suites().join("floors.toml")).unwrap()).unwrap();
    assert_eq!(floors.floors.keys().collect::<BTreeSet<_>>(), rates.keys().collect(), "a floor for each case");
    for (case, floor) in floors.floors {
        let (passed, of) = all(&rates[&case]);
        assert!(passed as f64 >= floor * of as f64, "{case}: {passed} of {of} pass, the floor is {floor}");
    }
}

#[test]
fn every_language_has_every_case_over_several_labels() {
    let cases: BTreeSet<String> = pairs("fr").iter().map(|pair| pair.case().to_owned()).collect();
    for language in LANGUAGES {
        let mut counts = BTreeMap::<String, usize>::new();
        for pair in pairs(language) {
            *counts.entry(pair.case().to_owned()).or_default() += 1;
        }
        assert_eq!(counts.keys().cloned().collect::<BTreeSet<_>>(), cases, "{language}");
        assert!(counts.values().all(|count| *count >= LEAST), "{language}: {counts:?}");
    }
}

#[test]
fn a_report_with_an_identity_is_decided_like_an_anonymous_one() {
    let mut session = assembled::engine("models/default", Options::default()).session().unwrap();
    for language in LANGUAGES {
        for pair in pairs(language) {
            let (Pair::Order { above: text, .. } | Pair::Keep { plain: text, .. }) = pair;
            let decided = ["anonymous", PERSONAL].map(|identity| {
                let mut report = report(&text);
                report["identity"] = json!(identity);
                let event = decide(&mut session, &report);
                serde_json::to_value((&event.labels, &event.urgency, &event.route, &event.review)).unwrap()
            });
            assert_eq!(decided[0], decided[1], "{language}");
        }
    }
}
