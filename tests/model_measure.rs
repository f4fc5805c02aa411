//! `ibaleg model bench` and `ibaleg model compare` as a user runs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

const REPORTS: &str = "tests/eval/reports.jsonl";

fn shown(arguments: &[&str]) -> String {
    let output = program::ibaleg(arguments, b"", &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = program::ibaleg(arguments, b"", &[]);
    assert_eq!(output.status.code(), Some(70));
    String::from_utf8(output.stderr).unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model").join(name)
}

#[test]
fn bench_measures_every_length_number_of_threads_and_batch() {
    let package = fixture("bert");
    let arguments = [
        "model",
        "bench",
        package.to_str().unwrap(),
        "--lengths",
        "8,40",
        "--threads",
        "1,2",
        "--batch",
        "1,8",
        "--time",
        "50",
    ];
    let json = shown(&[&arguments[..], &["--output", "json"]].concat());
    let document: Value = serde_json::from_str(&json).unwrap();
    let schema: Value = serde_json::from_str(&shown(&["model", "bench", "--schema"])).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&document), "{document}");
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 8);
    let number = |row: &Value, key: &str| row[key].as_f64().unwrap();
    for row in rows {
        assert!(number(row, "reports_per_second") > 0.0 && number(row, "p50_ms") > 0.0, "{row}");
        assert!(number(row, "p50_ms") <= number(row, "p95_ms") && number(row, "p95_ms") <= number(row, "p99_ms"));
        assert!(row["reports"].as_u64().unwrap().is_multiple_of(row["batch"].as_u64().unwrap()), "{row}");
    }
    let tokens: Vec<f64> = rows.iter().map(|row| number(row, "tokens")).collect();
    assert!(tokens[..4].iter().all(|tokens| (6.0..=9.0).contains(tokens)), "{tokens:?}");
    assert!(tokens[4..].iter().all(|tokens| (30.0..=42.0).contains(tokens)), "{tokens:?}");
    let table = shown(&arguments);
    assert!(table.contains("reports a second") && table.lines().count() == 11, "{table}");
    assert!(refused(&["model", "bench", package.to_str().unwrap(), "--batch", "0"]).contains("--batch: give numbers"));
}

/// The random package `bag`, without the goldens that are of texts as they are, and one with a bias that differs.
fn two_packages() -> [TempDir; 2] {
    [0.5, 0.9].map(|flag| {
        let dir = TempDir::new().unwrap();
        for file in ["config.json", "tokenizer.json", "model.onnx", "package.toml", "calibration.json"] {
            fs::write(dir.path().join(file), fs::read(fixture("bag").join(file)).unwrap()).unwrap();
        }
        let thresholds = serde_json::json!({ "default": { "fraud": { "flag": flag, "review": 0.1 } } });
        fs::write(dir.path().join("thresholds.json"), thresholds.to_string()).unwrap();
        dir
    })
}

#[test]
fn compare_is_the_comparison_of_eval_with_memory_beside_it() {
    let packages = two_packages();
    let [a, b] = packages.each_ref().map(|dir| dir.path().to_str().unwrap());
    let rest = ["--rounds", "50", "--output", "json"];
    let json = |head: &[&str]| serde_json::from_str::<Value>(&shown(&[head, &rest].concat())).unwrap();
    let mut compared = json(&["model", "compare", a, b, "--data", REPORTS]);
    let mut evaluated = json(&["eval", REPORTS, "--compare", a, b]);
    for document in [&mut compared, &mut evaluated] {
        for classifier in document["classifiers"].as_array_mut().unwrap() {
            let classifier = classifier.as_object_mut().unwrap();
            classifier.remove("speed").unwrap();
            if let Some(memory) = classifier.remove("memory") {
                assert!(memory["loaded_bytes"].as_u64().unwrap() > 10 << 20, "{memory}");
                assert!(memory["peak_bytes"].as_u64() >= memory["loaded_bytes"].as_u64(), "{memory}");
            }
        }
    }
    assert_eq!(compared, evaluated);
    let differing = compared["comparison"]["disagreement"].as_array().unwrap();
    assert!(differing.iter().any(|row| row["name"] == "fraud" && row["only_a"].as_u64() > Some(0)), "{differing:?}");
    assert!(differing.iter().all(|row| row["only_b"] == 0), "{differing:?}");
}

#[test]
fn compare_shows_speed_memory_and_texts_only_when_asked() {
    let package = fixture("bert");
    let [a, _] = two_packages();
    let arguments = [
        "model",
        "compare",
        a.path().to_str().unwrap(),
        package.to_str().unwrap(),
        "--data",
        REPORTS,
        "--rounds",
        "20",
    ];
    let table = shown(&arguments);
    for part in [
        "Side by side",
        "reports a second, one thread",
        "memory, loaded",
        "Differences",
        "Flags that differ",
        "Largest changes",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let largest = table.split("Largest changes").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows = largest.lines().skip_while(|line| !line.trim_start().starts_with("id ")).count() - 1;
    assert_eq!(rows, 10, "{largest}");
    let words = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(REPORTS)).unwrap();
    let first: Value = serde_json::from_str(words.lines().next().unwrap()).unwrap();
    let text = first["description"].as_str().or(first["content"].as_str()).unwrap();
    let with_text = shown(&[&arguments[..], &["--show-text"]].concat());
    assert!(!table.contains(text) && with_text.len() > table.len());
    let said = refused(&[
        "model",
        "compare",
        a.path().to_str().unwrap(),
        fixture("deberta").to_str().unwrap(),
        "--data",
        REPORTS,
    ]);
    assert!(said.contains("the package is refused in its trial (compile): model.onnx: operator If"), "{said}");
}
