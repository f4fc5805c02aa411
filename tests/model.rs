//! Behaviour of model packages through the public surface, on the small packages in `tests/model`.

// Helpers of tests may fail like the tests themselves.
#![allow(clippy::unwrap_used)]

#[path = "model/refusals.rs"]
mod refusals;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ibaleg::model::{Error, Input, LoadLimits, Model, Scores, Segment, Threshold};
use proptest::prelude::*;
use serde::Deserialize;
use tempfile::TempDir;

const NAMES: [&str; 7] = ["bag", "bert", "roberta", "distilbert", "xlm_roberta", "modernbert", "deberta_dynamo"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model").join(name)
}

fn load(dir: &Path) -> Result<Arc<Model>, Error> {
    Model::load(dir, &LoadLimits::default()).map(Arc::new)
}

fn model(name: &str) -> Arc<Model> {
    load(&fixture(name)).unwrap()
}

fn score(model: &Arc<Model>, texts: &[(String, String)]) -> Vec<Scores> {
    let inputs: Vec<Input<'_>> = texts.iter().map(|(description, content)| Input { description, content }).collect();
    model.session().unwrap().score(&inputs).unwrap()
}

fn score_one(model: &Arc<Model>, description: &str, content: &str) -> Scores {
    score(model, &[(description.to_owned(), content.to_owned())]).remove(0)
}

/// A copy of a fixture that a test may break.
fn copy(name: &str) -> TempDir {
    fn copy_into(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy_into(&entry.path(), &target);
            } else {
                fs::write(target, fs::read(entry.path()).unwrap()).unwrap();
            }
        }
    }
    let dir = TempDir::new().unwrap();
    copy_into(&fixture(name), dir.path());
    dir
}

/// Replaces text in a file of equal or other length.
fn edit(dir: &TempDir, file: &str, from: &str, to: &str) {
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[derive(Deserialize)]
struct Expected {
    description: String,
    content: String,
    logits: Vec<f32>,
}

fn expected(name: &str) -> Vec<Expected> {
    let lines = fs::read_to_string(fixture(name).join("expected.jsonl")).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn logits_are_those_of_onnx_runtime() {
    for name in NAMES {
        let model = model(name);
        for expected in expected(name) {
            let scores = score_one(&model, &expected.description, &expected.content);
            assert_eq!(scores.windows, 1);
            for (output, logit) in model.outputs().iter().zip(&scores.logits) {
                let difference = (logit - expected.logits[output.column]).abs();
                assert!(difference < 1e-4, "{name} {}: {difference}", output.name);
            }
        }
    }
}

#[test]
fn a_plain_export_needs_no_file_of_ours() {
    let bert = model("bert");
    let names: Vec<&str> = bert.outputs().iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["fraud", "threat", "hate"]);
    assert_eq!(bert.package().max_length, 64);
    assert_eq!(model("roberta").package().max_length, 128);
    assert!(bert.thresholds().is_none());
    assert!(score_one(&bert, "pay now", "").contributions(0).is_empty());
}

#[test]
fn package_toml_renames_and_ignores_outputs() {
    let model = model("bag");
    let names: Vec<&str> = model.outputs().iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["fraud", "sextortion", "threat", "terrorism", "isis"]);
    assert_eq!((model.package().name.as_str(), model.package().max_length), ("bag", 48));
    let threshold = model.thresholds().unwrap().get("threat", "ary");
    assert_eq!(threshold, Some(Threshold { flag: 0.3, review: 0.05 }));
}

#[test]
fn goldens_pass_and_a_wrong_one_is_named() {
    let report = model("bag").check_goldens(&|text| text.to_owned()).unwrap();
    assert_eq!(report.texts, 8);
    assert!(report.worst < 1e-4, "{report:?}");
    let error = model("bag").check_goldens(&|text| text.to_uppercase()).unwrap_err();
    assert!(error.to_string().starts_with("goldens.jsonl line 1: "), "{error}");
    assert_eq!(model("bert").check_goldens(&|text| text.to_owned()).unwrap().texts, 0);
}

#[test]
fn contributions_add_up_and_point_at_the_words() {
    let model = model("bag");
    let bias = score_one(&model, "", "").logits;
    let (description, content) = ("he asks for money 😡", "ادفع الآن <url>");
    let scores = score_one(&model, description, content);
    for (output, bias) in bias.iter().enumerate() {
        let contributions = scores.contributions(output);
        let sum: f32 = contributions.iter().map(|contribution| contribution.weight).sum();
        assert!((sum + bias - scores.logits[output]).abs() < 1e-4);
        let joined = |segment| {
            let mut end = 0;
            for contribution in contributions.iter().filter(|c| c.segment == segment) {
                assert!(contribution.span.start <= end);
                end = end.max(contribution.span.end);
            }
            end
        };
        assert_eq!(joined(Segment::Description), description.len());
        assert_eq!(joined(Segment::Content), content.len());
    }
    assert!(scores.contributions(99).is_empty());
}

#[test]
fn a_text_without_tokens_is_defined_and_says_so() {
    for name in NAMES {
        let model = model(name);
        let empty = score_one(&model, "", "");
        assert_eq!(empty.tokens, 0);
        assert!(empty.probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
        assert!(empty.contributions(0).is_empty());
        // Nothing but what the tokenizer drops: WordPiece keeps no spaces.
        if name == "bert" {
            assert_eq!(score_one(&model, " \t ", ""), empty);
        }
    }
    assert!(model("bert").session().unwrap().score(&[]).unwrap().is_empty());
}

#[test]
fn long_text_is_read_to_the_end_in_windows() {
    let model = model("bag");
    let threat = "je vais te trouver ce soir ";
    let calm = "the parcel waits ".repeat(60);
    let alone = score_one(&model, &calm, "");
    assert!(alone.windows > 5 && alone.windows_skipped == 0);
    let last = score_one(&model, &format!("{calm}{threat}"), "");
    assert_ne!(alone.logits, last.logits);
    for output in 0..model.outputs().len() {
        for contribution in last.contributions(output) {
            assert!(contribution.span.end <= calm.len() + threat.len());
        }
    }
}

#[test]
fn windows_beyond_the_limit_are_counted() {
    let limits = LoadLimits { max_windows: 2, ..LoadLimits::default() };
    let model = Arc::new(Model::load(&fixture("bert"), &limits).unwrap());
    let scores = score_one(&model, &"parcel ".repeat(300), "");
    assert_eq!(scores.windows, 2);
    assert!(scores.windows_skipped > 0);
}

#[test]
fn outputs_that_exclude_each_other_are_a_softmax() {
    let dir = copy("bert");
    edit(&dir, "config.json", "multi_label", "single_label");
    let model = load(dir.path()).unwrap();
    let scores = score_one(&model, "pay now", "");
    assert!((scores.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    let logits = score_one(&self::model("bert"), "pay now", "").logits;
    let total: f32 = logits.iter().map(|x| x.exp()).sum();
    for (p, logit) in scores.probabilities.iter().zip(logits) {
        assert!((p - logit.exp() / total).abs() < 1e-6);
    }
}

fn texts() -> impl Strategy<Value = Vec<(String, String)>> {
    let word = prop::sample::select(vec![
        "pay",
        "الرجل",
        "<url>",
        "tsawri",
        "menace",
        "😡",
        "يهددني",
        "x",
        "transferencia",
        "w",
    ]);
    let text = prop::collection::vec(word, 0..40).prop_map(|words| words.join(" "));
    prop::collection::vec((text.clone(), text), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn same_text_same_scores_to_the_last_bit_in_any_company(texts in texts(), seed in any::<usize>()) {
        for name in NAMES {
            let model = model_once(name);
            let together = score(&model, &texts);
            for (text, scores) in texts.iter().zip(&together) {
                prop_assert_eq!(&score_one(&model, &text.0, &text.1), scores);
            }
            let mut turned: Vec<_> = texts.clone();
            turned.rotate_left(seed % texts.len());
            turned.reverse();
            let mut again = score(&model, &turned);
            again.reverse();
            again.rotate_right(seed % texts.len());
            prop_assert_eq!(&again, &together);
        }
    }

    #[test]
    fn text_after_a_full_window_never_lowers_a_score(texts in texts(), more in texts()) {
        let model = model_once("bert");
        // 200 letters of one word each are several full windows of 62 tokens.
        let start = "p a y n o w ".repeat(40);
        let words = |texts: &[(String, String)]| -> String {
            texts.iter().flat_map(|text| [text.0.as_str(), " ", text.1.as_str(), " "]).collect()
        };
        let before = format!("{start}{}", words(&texts));
        // Only the last window may still change: what counts is each output's best of the full ones.
        let full = score_one(&model, &start[..2 * 62], "");
        let after = score_one(&model, &format!("{before}{}", words(&more)), "");
        for (less, more) in full.logits.iter().zip(&after.logits) {
            prop_assert!(more >= less);
        }
    }
}

/// Loading compiles a graph; property tests share it.
fn model_once(name: &str) -> Arc<Model> {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex};
    static MODELS: LazyLock<Mutex<HashMap<String, Arc<Model>>>> = LazyLock::new(Mutex::default);
    let mut models = MODELS.lock().unwrap();
    Arc::clone(models.entry(name.to_owned()).or_insert_with(|| model(name)))
}

#[test]
fn sessions_of_several_threads_agree() {
    let model = model("roberta");
    let here = score_one(&model, "he asks for money", "pay now");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(score_one(&model, "he asks for money", "pay now"), here));
        }
    });
}

#[test]
fn digests_follow_sha256sum() {
    let model = model("bag");
    assert_eq!(model.digests().model.len(), 64);
    let dir = copy("bag");
    let same = load(dir.path()).unwrap();
    assert_eq!(same.digests(), model.digests());
    edit(&dir, "card.md", "Random", "random");
    let other = load(dir.path()).unwrap();
    assert_eq!(other.digests().model, model.digests().model);
    assert_ne!(other.digests().package, model.digests().package);
}

#[test]
fn a_published_link_to_the_directory_is_followed() {
    let dir = TempDir::new().unwrap();
    let link = dir.path().join("current");
    std::os::unix::fs::symlink(fixture("bert"), &link).unwrap();
    assert!(load(&link).is_ok());
}
