//! `ibaleg model check` as a user runs it, on small packages in the shapes of common exports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;
use serde_json::Value;
use tempfile::TempDir;
use tract_onnx::pb::ModelProto;
use tract_onnx::pb::tensor_proto::DataType;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model").join(name)
}

/// The report and the exit code.
fn check(dir: &Path, more: &[&str]) -> (Value, i32) {
    let arguments = [&["model", "check", dir.to_str().unwrap(), "--output", "json"][..], more].concat();
    let output = program::ibaleg(&arguments, b"", &[]);
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (report, output.status.code().unwrap())
}

fn quick(dir: &Path) -> (Value, i32) {
    check(dir, &["--quick"])
}

/// Names of the checks that came out so.
fn names(report: &Value, status: &str) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == status);
    checks.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

fn the<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()
}

fn copy(name: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    for entry in fs::read_dir(fixture(name)).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::write(dir.path().join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
    }
    dir
}

fn edit(dir: &TempDir, file: &str, from: &str, to: &str) {
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn plain_exports_of_five_families_are_usable_without_a_file_of_ours() {
    for (name, family) in [
        ("bert", "bert"),
        ("roberta", "roberta"),
        ("distilbert", "distilbert"),
        ("xlm_roberta", "xlm-roberta"),
        ("modernbert", "modernbert"),
        ("deberta_dynamo", "deberta-v2"),
    ] {
        let (report, code) = quick(&fixture(name));
        assert_eq!(names(&report, "failed"), Vec::<String>::new(), "{name}: {report}");
        assert_eq!((code, &report["usable"]), (0, &Value::Bool(true)), "{name}");
        assert_eq!(report["facts"]["family"], family);
        assert_eq!(report["facts"]["problem"], "multi_label");
        for passed in ["operators", "inputs", "outputs", "weights", "vocabulary", "compile", "self_test", "taxonomy"] {
            assert_eq!(the(&report, passed)["status"], "passed", "{name} {passed}");
        }
        let types = report["facts"]["inputs"].to_string().contains("token_type_ids");
        assert_eq!(types, name == "bert", "{name}");
    }
}

#[test]
fn an_export_that_cannot_run_names_the_operator_and_what_to_export_instead() {
    for (name, operator, instead) in [
        ("deberta", "operator If (node \"If_", "torch.onnx.export(…, dynamo=True, opset_version=18)"),
        ("distilbert_traced", "operator Flatten (node \"Flatten_", "`optimum-cli export onnx"),
    ] {
        let (report, code) = quick(&fixture(name));
        assert_eq!((code, names(&report, "failed")), (1, vec!["compile".to_owned()]), "{name}");
        let compile = the(&report, "compile");
        assert!(compile["found"].as_str().unwrap().contains(operator), "{compile}");
        assert!(compile["advice"].as_str().unwrap().contains(instead), "{compile}");
        assert_eq!(report["usable"], false);
        for (skipped, of) in [("self_test", "skipped"), ("goldens", "skipped"), ("tokenizer", "passed")] {
            assert_eq!(the(&report, skipped)["status"], of, "{name} {skipped}");
        }
    }
}

#[test]
fn positions_counted_in_another_type_name_the_operator_too() {
    // As the dynamo exporter writes XLM-R: what is summed is int64.
    let dir = copy("xlm_roberta");
    let path = dir.path().join("model.onnx");
    let mut proto = ModelProto::decode(fs::read(&path).unwrap().as_slice()).unwrap();
    let nodes = &mut proto.graph.as_mut().unwrap().node;
    let summed = nodes.iter().find(|node| node.op_type == "CumSum").unwrap().input[0].clone();
    let cast = nodes.iter_mut().find(|node| node.output[0] == summed).unwrap();
    cast.attribute[0].i = DataType::Int64 as i64;
    fs::write(path, proto.encode_to_vec()).unwrap();
    let (report, _) = quick(dir.path());
    let test = the(&report, "self_test");
    assert!(test["found"].as_str().unwrap().contains("CumSum"), "{report}");
    assert!(test["advice"].as_str().unwrap().contains("`optimum-cli export onnx"), "{report}");
}

#[test]
fn one_fault_does_not_hide_the_next() {
    let dir = copy("bert");
    edit(&dir, "config.json", " \"problem_type\": \"multi_label_classification\",\n", "");
    let bytes = fs::read(dir.path().join("model.onnx")).unwrap();
    let from = b"\x22\x03Erf".as_slice();
    let mut broken = bytes.clone();
    for at in (0..bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)) {
        broken[at + 2] = b'U';
    }
    fs::write(dir.path().join("model.onnx"), broken).unwrap();
    edit(&dir, "tokenizer.json", "\"version\"", "\"versio");
    let (report, code) = quick(dir.path());
    assert_eq!(names(&report, "failed"), ["problem", "operators", "tokenizer"]);
    assert_eq!(code, 3);
    assert!(the(&report, "operators")["found"].as_str().unwrap().contains("operator Urf"));
    assert!(the(&report, "problem")["advice"].as_str().unwrap().contains("single_label_classification"));
}

#[test]
fn the_report_is_as_its_committed_schema_says_and_names_each_check_once() {
    let printed = String::from_utf8(program::ibaleg(&["model", "check", "--schema"], b"", &[]).stdout).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/model-check.schema.json");
    if std::env::var_os("IBALEG_BLESS").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == printed, "IBALEG_BLESS=1 cargo test --release --test model_check writes {}", path.display());
    let schema = jsonschema::validator_for(&serde_json::from_str(&printed).unwrap()).unwrap();
    let measured = check(Path::new("models/default"), &[]).0;
    let refused = quick(&fixture("deberta")).0;
    for report in [&measured, &refused] {
        let errors: Vec<String> = schema.iter_errors(report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(report["format"], 1);
        let mut all: Vec<&str> =
            report["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "{report}");
        assert!(count >= 23, "{count}");
    }
    let speed = measured["speed"].as_array().unwrap();
    assert!(speed.len() >= 3 && speed.iter().all(|row| row["texts_per_second"].as_f64().unwrap() > 0.0), "{speed:?}");
    let memory = &measured["memory"];
    assert!(memory["peak_bytes"].as_u64() >= memory["loaded_bytes"].as_u64(), "{memory}");
    assert!(memory["loaded_bytes"].as_u64().unwrap() > 10 << 20, "{memory}");
    assert_eq!(the(&measured, "goldens")["status"], "passed");
    assert_eq!(measured["facts"]["digests"]["package"].as_str().unwrap().len(), 64);
}

#[test]
fn warnings_fail_only_when_asked_for() {
    let dir = copy("bert");
    edit(&dir, "config.json", "\"2\": \"hate\"", "\"2\": \"LABEL_2\"");
    let (report, code) = quick(dir.path());
    let warned = names(&report, "warned");
    assert_eq!(warned, ["labels", "card", "licence", "goldens", "evidence", "taxonomy"]);
    assert_eq!(code, 0);
    assert_eq!(check(dir.path(), &["--quick", "--strict"]).1, 6);
    fs::write(dir.path().join("README.md"), "---\nlicense: apache-2.0\n---\n# A card\n").unwrap();
    let (report, _) = quick(dir.path());
    assert_eq!(the(&report, "licence")["found"], "license: apache-2.0");
    edit(&dir, "config.json", "\"fraud\"", "\"scam\"");
    edit(&dir, "config.json", "\"threat\"", "\"menace\"");
    let (report, code) = quick(dir.path());
    assert_eq!((code, names(&report, "failed")), (1, vec!["taxonomy".to_owned()]), "{report}");
}

#[test]
fn goldens_that_were_recorded_pass_and_another_model_is_noticed() {
    let dir = copy("xlm_roberta");
    let reports = "{\"description\":\"he asks for money\"}\n{\"content\":{\"text\":\"شي واحد دار ليا حساب مزور\"}}\n";
    let package = dir.path().to_str().unwrap();
    let recorded = program::ibaleg(&["model", "goldens", package, "-"], reports.as_bytes(), &[]);
    assert!(recorded.status.success(), "{}", String::from_utf8_lossy(&recorded.stderr));
    fs::write(dir.path().join("goldens.jsonl"), &recorded.stdout).unwrap();
    let (report, code) = quick(dir.path());
    assert_eq!(code, 0, "{report}");
    assert!(the(&report, "goldens")["found"].as_str().unwrap().starts_with("2 texts"), "{report}");
    fs::copy(fixture("distilbert").join("config.json"), dir.path().join("config.json")).unwrap();
    fs::copy(fixture("distilbert").join("tokenizer.json"), dir.path().join("tokenizer.json")).unwrap();
    fs::copy(fixture("distilbert").join("model.onnx"), dir.path().join("model.onnx")).unwrap();
    let (report, _) = quick(dir.path());
    assert!(the(&report, "goldens")["found"].as_str().unwrap().contains("goldens.jsonl line 1"), "{report}");
    let refused = program::ibaleg(&["model", "goldens", package, "-"], b"private words\n", &[]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("-, line 1: not a report") && !said.contains("private"), "{said}");
}

#[test]
fn the_table_says_what_to_do() {
    let shown = program::ibaleg(&["model", "check", fixture("deberta").to_str().unwrap()], b"", &[]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("FAILED   compile      model.onnx: operator If"), "{shown}");
    assert!(shown.contains("hint: a graph that branches on its data"), "{shown}");
    assert!(shown.ends_with("the package is not usable\n"), "{shown}");
}
