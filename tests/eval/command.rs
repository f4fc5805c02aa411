//! `ibaleg eval` as a user runs it, on a small labelled file and the random package `bag`.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::program;

const REPORTS: &str = "tests/eval/reports.jsonl";
const SPLIT: &str = "tests/eval/split.tsv";
const TEST_SIDE: [&str; 9] = [REPORTS, "--split", SPLIT, "--side", "test", "--rounds", "50", "--support", "1"];

fn ibaleg(arguments: &[&str], input: &[u8]) -> Output {
    program::ibaleg(arguments, input, &[("IBALEG__MODEL__PATH", bag())])
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    ibaleg(&[&["eval"], arguments].concat(), input)
}

pub(crate) fn shown(arguments: &[&str]) -> String {
    let output = run(arguments, b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn test_side(more: &[&str]) -> String {
    shown(&[&TEST_SIDE[..], more].concat())
}

fn document(arguments: &[&str]) -> Value {
    serde_json::from_str(&test_side(&[&["--output", "json"], arguments].concat())).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The package with other thresholds for one label.
fn bag_with_threshold(directory: &Path, flag: f64) -> String {
    copy_bag(directory);
    let thresholds = json!({ "default": { "fraud": { "flag": flag, "review": 0.0 } } });
    std::fs::write(directory.join("thresholds.json"), thresholds.to_string()).unwrap();
    directory.to_str().unwrap().to_owned()
}

/// The goldens stay behind: they are of texts that were not normalised, and the core normalises.
fn copy_bag(directory: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/bag");
    for entry in std::fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "goldens.jsonl" {
            std::fs::copy(entry.path(), directory.join(entry.file_name())).unwrap();
        }
    }
}

/// The random package, copied once for all tests.
fn bag() -> &'static str {
    static BAG: LazyLock<PathBuf> = LazyLock::new(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("eval-bag");
        std::fs::create_dir_all(&directory).unwrap();
        copy_bag(&directory);
        directory
    });
    BAG.to_str().unwrap()
}

/// Speeds differ from run to run.
pub(crate) fn without_speed(text: &str) -> String {
    let kept = text.lines().filter(|line| !line.contains("reports a second"));
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_table_is_as_reviewed() {
    insta::assert_snapshot!(without_speed(&test_side(&[])));
}

#[test]
fn the_json_is_as_reviewed_and_as_its_committed_schema_says() {
    let printed = shown(&["--schema"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/evaluation.schema.json");
    if std::env::var_os("IBALEG_BLESS").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == printed, "IBALEG_BLESS=1 cargo test --release --test eval writes {}", path.display());
    let schema = jsonschema::validator_for(&serde_json::from_str(&printed).unwrap()).unwrap();
    let both = document(&["--compare", bag(), bag(), "--show-text"]);
    let mut alone = document(&[]);
    for document in [&both, &alone] {
        let errors: Vec<String> = schema.iter_errors(document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(document["format"], 1);
    }
    let figures = &mut alone["classifiers"][0]["figures"];
    // One slice and one list of each kind stand for all: the table's snapshot has every figure.
    figures["slices"].as_array_mut().unwrap().truncate(1);
    for pointer in ["/slices/0/names", "/curves", "/neighbours", "/parity"] {
        figures.pointer_mut(pointer).unwrap().as_array_mut().unwrap().truncate(1);
    }
    insta::assert_json_snapshot!(alone, {
        ".service" => "[version]",
        ".classifiers[].speed.seconds" => "[seconds]",
        ".classifiers[].speed.reports_per_second" => "[speed]",
        ".classifiers[].text_digest" => "[digest]",
        ".classifiers[].policy_digest" => "[digest]",
        ".classifiers[].lexicon_digest" => "[digest]",
    });
}

#[test]
fn what_is_measured_is_what_classify_decides() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(REPORTS)).unwrap();
    let reports = text.lines().map(|line| {
        let mut report: Value = serde_json::from_str(line).unwrap();
        report["content"] = json!({ "text": report["content"] });
        report.to_string() + "\n"
    });
    let output = ibaleg(&["classify"], reports.collect::<String>().as_bytes());
    let events: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 12);
    let document: Value = serde_json::from_str(&shown(&[REPORTS, "--output", "json", "--rounds", "0"])).unwrap();
    let figures = &document["classifiers"][0]["figures"];
    let names = figures["slices"][0]["names"].as_array().unwrap();
    let of = |event: &Value, list: &str, key: &str, name: &str| {
        let marks = event["data"][list].as_array().unwrap().iter();
        marks.filter(|mark| mark[key] == name && mark["state"] == "flag").count()
    };
    for (name, list, key) in
        [("fraud", "labels", "label"), ("threat", "labels", "label"), ("isis", "organisations", "id")]
    {
        // Report 11 says nothing of organisations.
        let decided = events.iter().filter(|event| list == "labels" || event["subject"] != "t-11");
        let flagged: usize = decided.map(|event| of(event, list, key, name)).sum();
        let measured = names.iter().find(|label| label["name"] == name).unwrap();
        assert_eq!(measured["flag"]["taken"], flagged, "{name}");
    }
    let graded: u64 = figures["urgency"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row["decided"].as_array().unwrap())
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(graded, 11);
}

#[test]
fn the_split_and_the_mask_decide_what_counts() {
    let document = document(&[]);
    assert_eq!(document["input"]["reports"], 11);
    assert_eq!(document["input"]["other_side"], 1);
    let figures = &document["classifiers"][0]["figures"];
    assert_eq!(figures["groups"], 6);
    let reports = |name: &str| {
        let names = figures["slices"][0]["names"].as_array().unwrap();
        names.iter().find(|label| label["name"] == name).unwrap()["reports"].clone()
    };
    assert_eq!((reports("fraud"), reports("hate"), reports("isis")), (json!(11), json!(10), json!(10)));
    let without = document["classifiers"][0]["without_output"].as_array().unwrap();
    assert!(without.contains(&json!("hate")) && !without.contains(&json!("fraud")));
}

#[test]
fn bad_lines_are_listed_counted_in_the_exit_code_and_left_out() {
    let lines: [&[u8]; 8] = [
        br#"{"id":"a","description":"secret words","labels":["fraud"],"evidence":{"fraud":["not there"]}}"#,
        b"not json",
        b"",
        b"\xff\xfe",
        br#"{"id":"b","description":"secret words","labels":["fraude"]}"#,
        br#"{"id":"a","description":"secret words","labels":[]}"#,
        br#"{"id":"c","description":null,"content":null,"labels":[]}"#,
        br#"{"id":"d","description":"secret words","labels":[]}"#,
    ];
    let output = run(&["-", "--output", "json", "--rounds", "0"], &lines.join(&b"\n"[..]));
    assert_eq!(output.status.code(), Some(6));
    let said = stderr(&output);
    for (line, what, code) in [
        (1, "measured without it", "EB-EV-0006"),
        (2, "left out", "EB-EV-0003"),
        (4, "left out", "EB-EV-0002"),
        (5, "left out", "EB-EV-0005"),
        (6, "left out", "EB-EV-0007"),
        (7, "left out", "EB-EV-0009"),
    ] {
        assert!(said.contains(&format!("-, line {line}: {what} ({code})")), "{said}");
    }
    assert!(!said.contains("secret") && !said.contains("not there"), "{said}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["input"]["reports"], 2);
    assert_eq!(document["bad_lines"].as_array().unwrap().len(), 6);
    assert_eq!(document["bad_lines"][0]["used"], true);
}

#[test]
fn a_package_compared_with_itself_does_not_differ() {
    let comparison = &document(&["--compare", bag(), bag()])["comparison"];
    let none = json!({ "value": 0.0, "low": 0.0, "high": 0.0 });
    assert_eq!(comparison["mean_average_precision"]["difference"], none);
    assert_eq!(comparison["mean_average_precision"]["p"], 1.0);
    for name in comparison["names"].as_array().unwrap() {
        let difference = &name["average_precision"]["difference"]["value"];
        assert!(difference.is_null() || *difference == 0.0, "{name}");
        assert_eq!(name["flags"], json!({ "only_a_right": 0, "only_b_right": 0, "p": 1.0 }));
    }
    assert_eq!((&comparison["disagreement"], &comparison["worst"]), (&json!([]), &json!([])));
}

#[test]
fn other_thresholds_change_flags_and_no_ranking() {
    let directory = tempfile::tempdir().unwrap();
    let other = bag_with_threshold(directory.path(), 0.0);
    let comparison = &document(&["--compare", bag(), &other])["comparison"];
    assert_eq!(comparison["mean_average_precision"]["difference"]["value"], 0.0);
    let disagreement = comparison["disagreement"].as_array().unwrap();
    let fraud: Vec<&Value> = disagreement.iter().filter(|row| row["name"] == "fraud").collect();
    assert!(!fraud.is_empty() && fraud.iter().all(|row| row["only_a"] == 0 && row["only_b"].as_u64() > Some(0)));
    let table = test_side(&["--compare", bag(), &other]);
    assert!(table.contains("Differences") && table.contains("Flags that differ"), "{table}");
}

#[test]
fn evidence_is_measured_against_what_was_marked() {
    let figures = &document(&[])["classifiers"][0]["figures"];
    let all = &figures["evidence"][0];
    assert_eq!((&all["label"], &all["marked"]), (&Value::Null, &json!(7)));
    assert!(all["shown"].as_u64() > Some(0) && all["f1"].as_f64() > Some(0.0), "{all}");
    let all = &figures["deletion"][0];
    let counted = all["shown_lowers_more"].as_u64().unwrap() + all["random_lowers_more"].as_u64().unwrap();
    assert!(counted > 0 && counted <= all["pairs"].as_u64().unwrap(), "{all}");
    assert!(all["mean_fall_shown"].as_f64() > all["mean_fall_random"].as_f64(), "{all}");
}

#[test]
fn texts_are_shown_only_when_asked_and_only_of_reports_that_are_listed() {
    for output in ["table", "json", "html"] {
        let without = test_side(&["--output", output]);
        assert!(!without.contains("adresse") && !without.contains("المال"), "{output}");
    }
    let document = document(&["--show-text"]);
    let texts = document["texts"].as_object().unwrap();
    assert!(!texts.is_empty());
    let figures = document["classifiers"][0]["figures"].to_string();
    assert!(texts.keys().all(|id| figures.contains(&format!("\"{id}\""))));
}

#[test]
fn figures_go_to_the_file_that_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("figures.json");
    let said = test_side(&["--output", "json", "--out", path.to_str().unwrap()]);
    assert_eq!(said, "");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(written["input"]["side"], "test");
}

#[test]
fn wrong_use_is_told_exactly() {
    let refused = |arguments: &[&str], input: &str| {
        let output = run(arguments, input.as_bytes());
        (output.status.code().unwrap(), stderr(&output))
    };
    assert_eq!(refused(&[], "").0, 64);
    assert_eq!(refused(&[REPORTS, "--side", "test"], "").0, 64);
    assert_eq!(refused(&[REPORTS, "--package", bag(), "--compare", bag(), bag()], "").0, 64);
    let directory = tempfile::tempdir().unwrap();
    let split = directory.path().join("split.tsv");
    let split = split.to_str().unwrap();
    for (table, arguments, says) in [
        ("id\tside\tgroup\nt-01\ttest\n", &[][..], "line 2: 2 columns"),
        ("id\tgroup\n", &[], "line 1: not the names"),
        ("id\tside\tgroup\nx\ttest\tg\nx\tdev\tg\n", &[], "line 3: the id x has a row before"),
        ("id\tside\tgroup\nx\ttest\tg\n", &["--side", "tset"], "no side \"tset\"; it has test"),
    ] {
        std::fs::write(split, table).unwrap();
        let (code, said) = refused(&[&[REPORTS, "--split", split], arguments].concat(), "");
        assert!(code == 70 && said.contains(says), "{said}");
    }
    std::fs::write(split, "id\tside\tgroup\nt-01\ttest\tg\n").unwrap();
    let (code, said) = refused(&[REPORTS, "--split", split, "--rounds", "0"], "");
    assert!(code == 11 && said.contains("line 2: left out (EB-EV-0008)"), "{said}");
    let (code, said) = refused(&["no/such/file"], "");
    assert!(code == 70 && said.contains("no/such/file"), "{said}");
    let (code, said) = refused(&[REPORTS, "--package", "no/such/model"], "");
    assert!(code == 70 && said.contains("no/such/model"), "{said}");
    let (code, said) = refused(&[REPORTS, "--review-load", "1.5"], "");
    assert!(code == 70 && said.contains("the review load is 1.5"), "{said}");
    let (code, said) = refused(&["-"], "{\"id\":\"1\"}\n");
    assert!(code == 70 && said.contains("no report to measure: 1 bad lines") && said.contains("EB-EV-0004"), "{said}");
}
