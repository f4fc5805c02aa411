//! The small commands as a user runs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;

use program::ibaleg;
use serde_json::Value;

fn shown(arguments: &[&str], input: &str, environment: &[(&str, &str)]) -> String {
    let output = ibaleg(arguments, input.as_bytes(), environment);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn schemas_are_printed_as_committed() {
    for which in ["report", "classified", "rejected", "statistics", "feedback", "quality"] {
        let printed: Value = serde_json::from_str(&shown(&["schema", which], "", &[])).unwrap();
        let path = format!("{}/schemas/{which}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(printed, committed, "{which}");
        assert_eq!(printed["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

#[test]
fn the_committed_configuration_rules_and_model_check() {
    let said = shown(&["--config", "config/ibaleg.toml", "config", "check"], "", &[]);
    assert!(said.contains("in order") && said.contains("12 labels"), "{said}");
}

#[test]
fn explain_says_where_each_value_comes_from() {
    let environment = [("IBALEG__KAFKA__BROKERS", "broker:9092")];
    let said = shown(&["--config", "config/ibaleg.toml", "config", "explain"], "", &environment);
    assert!(said.contains("kafka.brokers = \"broker:9092\"  [IBALEG__KAFKA__BROKERS]"), "{said}");
    assert!(said.contains("stream.lanes = 1  [config/ibaleg.toml, line "), "{said}");
    assert!(shown(&["config", "explain"], "", &[]).contains("stream.lanes = 1  [default]"));
}

#[test]
fn the_default_configuration_is_the_committed_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/ibaleg.toml");
    assert_eq!(shown(&["config", "default"], "", &[]), std::fs::read_to_string(path).unwrap());
}

#[test]
fn normalise_answers_each_text_in_its_place() {
    let said = shown(&["normalise"], "\"BZAAAAF dial lflous\"\n\"أَلْعَرَبِيّة <url>\"\n\"\"\n", &[]);
    let texts: Vec<String> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(texts, ["bzaaf dial lflous", "العربيه <url>", ""]);
    let output = ibaleg(&["normalise"], b"not quoted\n", &[]);
    assert_eq!(output.status.code(), Some(70));
    assert!(String::from_utf8(output.stderr).unwrap().contains("line 1"));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(shown(&["completions", shell], "", &[]).contains("classify"), "{shell}");
    }
}

#[test]
fn brokers_that_do_not_answer_are_named() {
    let environment = [("IBALEG__KAFKA__BROKERS", "127.0.0.1:1")];
    let output = ibaleg(&["topics", "list"], b"", &environment);
    assert_eq!(output.status.code(), Some(70));
    assert!(String::from_utf8(output.stderr).unwrap().contains("127.0.0.1:1"));
}

#[test]
fn rules_that_do_not_fit_are_refused_with_their_file() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.toml");
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/config/policy.toml");
    let text = std::fs::read_to_string(committed).unwrap().replace("unit = \"rescue\"", "unit = \"fire_brigade\"");
    std::fs::write(&policy, text).unwrap();
    let environment = [("IBALEG__TRIAGE__POLICY", policy.to_str().unwrap())];
    let output = ibaleg(&["config", "check"], b"", &environment);
    assert_eq!(output.status.code(), Some(70));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("fire_brigade") && said.contains("life-at-risk"), "{said}");
}
