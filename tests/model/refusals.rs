//! Packages that must not load, each with words that say what to do.

use std::fs;

use ibaleg::model::{Error, Input, LoadLimits, Model};
use serde::Deserialize;
use tempfile::TempDir;

use super::{copy, edit, fixture, load};

fn refusal(dir: &TempDir) -> String {
    load(dir.path()).unwrap_err().to_string()
}

/// Replaces bytes by as many others, so that the lengths inside an ONNX file stay right.
fn edit_bytes(dir: &TempDir, file: &str, from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let path = dir.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    let places: Vec<usize> = (0..=bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    fs::write(path, bytes).unwrap();
}

/// Where the numbers of the weights `name` start in an ONNX file: after the name (field 8) and the length of the
/// raw data (field 9).
fn weights(bytes: &[u8], name: &str) -> usize {
    let mut mark = vec![0x42, u8::try_from(name.len()).unwrap()];
    mark.extend(name.as_bytes());
    mark.push(0x4a);
    let at = (0..bytes.len()).find(|&at| bytes[at..].starts_with(&mark)).unwrap() + mark.len();
    at + bytes[at..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1
}

fn edit_weights(dir: &TempDir, name: &str, row: std::ops::Range<usize>, value: f32) {
    let path = dir.path().join("model.onnx");
    let mut bytes = fs::read(&path).unwrap();
    let start = weights(&bytes, name);
    for index in row {
        bytes[start + 4 * index..][..4].copy_from_slice(&value.to_le_bytes());
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn links_and_odd_files_inside_are_refused() {
    let dir = copy("bert");
    let config = dir.path().join("config.json");
    fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink(fixture("bert").join("config.json"), &config).unwrap();
    assert!(refusal(&dir).contains("is a symbolic link"));
    fs::remove_file(&config).unwrap();
    fs::copy(fixture("bert").join("config.json"), dir.path().join("other")).unwrap();
    fs::hard_link(dir.path().join("other"), &config).unwrap();
    assert!(refusal(&dir).contains("is a hard link"));
    fs::remove_file(&config).unwrap();
    fs::create_dir(&config).unwrap();
    assert!(refusal(&dir).contains("not a regular file"));

    let dir = copy("roberta");
    fs::rename(dir.path().join("onnx"), dir.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", dir.path().join("onnx")).unwrap();
    assert!(refusal(&dir).contains("is a symbolic link"));
}

#[test]
fn missing_and_oversized_files_are_named() {
    for (file, says) in [
        ("config.json", "has no config.json; it comes with a Hugging Face export"),
        ("tokenizer.json", "has no tokenizer.json; save the fast tokenizer"),
        ("model.onnx", "has no model.onnx or onnx/model.onnx; export the classifier"),
    ] {
        let dir = copy("bert");
        fs::remove_file(dir.path().join(file)).unwrap();
        assert!(refusal(&dir).contains(says), "{}", refusal(&dir));
    }
    let limits = LoadLimits { max_model_bytes: 1000, ..LoadLimits::default() };
    let error = Model::load(&fixture("bert"), &limits).unwrap_err().to_string();
    assert!(error.contains("model.onnx is larger than 1000 bytes"), "{error}");
    let dir = copy("roberta");
    fs::copy(dir.path().join("onnx/model.onnx"), dir.path().join("model.onnx")).unwrap();
    assert!(refusal(&dir).contains("keep the one that is meant"));
}

#[test]
fn contradictions_in_config_and_package_say_what_to_do() {
    for (name, file, from, to, says) in [
        (
            "bert",
            "config.json",
            "  \"2\": \"hate\"\n",
            "  \"2\": \"hate\", \"3\": \"x\"\n",
            "logits have 3 columns, id2label 4 labels; use the config.json",
        ),
        ("bert", "config.json", "\"2\": \"hate\"", "\"7\": \"hate\"", "none for 2"),
        ("bert", "config.json", "\"2\": \"hate\"", "\"2\": \"fraud\"", "id2label has \"fraud\" twice"),
        ("bert", "config.json", "multi_label_classification", "regression", "problem_type is \"regression\""),
        ("bert", "config.json", " \"problem_type\": \"multi_label_classification\",\n", "", "problem_type is missing"),
        ("bert", "config.json", "embeddings\": 64", "embeddings\": 80", "set max_length in package.toml"),
        ("bag", "package.toml", "max_length", "max_len", "unknown field `max_len`, expected one of"),
        ("bag", "package.toml", "format = 1", "format = 2", "reads format = 1"),
        ("bag", "package.toml", "FRAUD = ", "FRAUDE = ", "did you mean \"FRAUD\"?"),
        ("bag", "package.toml", "\"fraud\"", "\"threat\"", "are both named \"threat\""),
        ("bag", "package.toml", "window_overlap = 8", "window_overlap = 48", "lower window_overlap"),
        ("bag", "calibration.json", "\"threat\"", "\"thread\"", "did you mean \"threat\"?"),
        ("bag", "goldens.jsonl", "\"tolerance\": 0.001", "\"tolerance\": 0", "line 1 has tolerance 0"),
        ("bag", "goldens.jsonl", "\"scores\"", "\"score\"", "line 1: unknown field `score`"),
    ] {
        let dir = copy(name);
        edit(&dir, file, from, to);
        let error = refusal(&dir);
        assert!(error.contains(says), "{file} {to:?}: {error}");
    }
}

#[test]
fn graphs_off_the_contract_are_refused_by_name() {
    for (name, file, from, to, says) in [
        ("bert", "model.onnx", &b"input_ids"[..], &b"input_idz"[..], "input \"input_idz\" is unknown"),
        ("bert", "model.onnx", b"attention_mask", b"attention_mosk", "input \"attention_mosk\" is unknown"),
        ("bert", "model.onnx", b"logits", b"logitz", "no output logits among logitz"),
        ("bert", "model.onnx", b"\x22\x03Erf", b"\x22\x03Urf", "operator Urf (node \"Erf_"),
    ] {
        let dir = copy(name);
        edit_bytes(&dir, file, from, to);
        let error = refusal(&dir);
        assert!(error.contains(says), "{says}: {error}");
    }
}

#[test]
fn files_cut_short_anywhere_give_an_error_and_no_panic() {
    for file in ["model.onnx", "tokenizer.json", "config.json"] {
        let whole = fs::read(fixture("bert").join(file)).unwrap();
        let dir = copy("bert");
        for part in 0..8 {
            fs::write(dir.path().join(file), &whole[..whole.len() * part / 8]).unwrap();
            assert!(refusal(&dir).contains(file), "{file} at {part}/8: {}", refusal(&dir));
        }
    }
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let dir = copy("bert");
    fs::copy(fixture("roberta").join("tokenizer.json"), dir.path().join("tokenizer.json")).unwrap();
    let error = refusal(&dir);
    assert!(error.contains("tokenizer.json: it has 320 ids, the model's embedding table"), "{error}");
}

#[test]
fn broken_weights_are_refused_at_load() {
    let dir = copy("bag");
    edit_weights(&dir, "c0", 0..16 * 300, f32::NAN);
    let error = refusal(&dir);
    assert!(error.contains("the weights \"c0\" hold NaN; the training diverged"), "{error}");
    edit_weights(&dir, "c0", 0..16 * 300, f32::INFINITY);
    let error = refusal(&dir);
    assert!(error.contains("self-test") && error.contains("NaN or infinite"), "{error}");
}

#[test]
fn a_weight_broken_for_one_word_is_an_error_and_the_session_goes_on() {
    #[derive(Deserialize)]
    struct Ids {
        description: String,
        ids: Vec<usize>,
    }
    let lines = fs::read_to_string(fixture("bag").join("expected.jsonl")).unwrap();
    let all = lines.lines().map(|line| serde_json::from_str::<Ids>(line).unwrap());
    let id = all.into_iter().find(|line| line.description == "a").unwrap().ids[0];
    let dir = copy("bag");
    edit_weights(&dir, "c0", 16 * id..16 * id + 16, f32::INFINITY);
    // The self-test meets some ids only; it must not meet this one, or loading would fail here.
    let model = load(dir.path()).unwrap();
    let mut session = model.session().unwrap();
    let fine = Input { description: "pay now", content: "" };
    let before = session.score(&[fine]).unwrap();
    let error = session.score(&[fine, Input { description: "a", content: "" }]).unwrap_err();
    assert!(matches!(error, Error::NotFinite { .. }), "{error}");
    assert_eq!(session.score(&[fine]).unwrap(), before);
}

#[test]
fn a_mask_that_is_not_read_is_refused() {
    let dir = copy("bag");
    // The constant by which masked places are pushed down (c3: scalar -3.4e38) becomes 0.
    edit_weights(&dir, "c4", 0..1, 0.0);
    let error = refusal(&dir);
    assert!(error.contains("masked padding changes the logits; export a model that reads"), "{error}");
}

#[test]
fn token_scores_that_do_not_add_up_are_refused() {
    let dir = copy("bag");
    // The reduction over the sequence (axis 1) becomes one over the labels' own axis.
    edit_bytes(&dir, "model.onnx", b"ReduceSum", b"ReduceMax");
    let error = refusal(&dir);
    assert!(
        error.contains("operator ReduceMax (node \"ReduceMax_12\") cannot be compiled")
            || error.contains("do not add up"),
        "{error}"
    );
}
