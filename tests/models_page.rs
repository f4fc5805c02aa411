//! The commands of docs/models.md, run in order as a reader would.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/models.md")).unwrap()
}

/// The code blocks of one language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let open = format!("```{language}\n");
    page.split(open.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A working directory with what the page takes for granted: an export, some reports, and the default model.
fn reader() -> tempfile::TempDir {
    let dir = tempfile::TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = |from: &str, to: &str| {
        let to = dir.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root.join(from), to).unwrap();
    };
    for file in ["config.json", "tokenizer.json", "model.onnx"] {
        copy(&format!("tests/model/xlm_roberta/{file}"), &format!("candidate/{file}"));
    }
    for entry in fs::read_dir(root.join("models/default")).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        copy(&format!("models/default/{name}"), &format!("models/default/{name}"));
    }
    copy("tests/eval/reports.jsonl", "labelled.jsonl");
    let texts = "{\"description\":\"he asks for money\"}\n{\"content\":\"شوفو هاد الكذابة\"}\n";
    fs::write(dir.path().join("texts.jsonl"), texts).unwrap();
    dir
}

#[test]
fn every_command_of_the_page_works_in_its_order() {
    let (page, dir) = (page(), reader());
    fs::write(dir.path().join("candidate/package.toml"), blocks(&page, "toml")[0]).unwrap();
    let lines: Vec<&str> = blocks(&page, "sh").into_iter().flat_map(str::lines).collect();
    assert!(lines.len() >= 10, "{lines:?}");
    let binary = Path::new(env!("CARGO_BIN_EXE_ibaleg")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    for line in lines {
        let mut shell = Command::new("sh");
        let output = shell.args(["-ec", line]).current_dir(dir.path()).env("PATH", &path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
    }
    assert_eq!(fs::read_to_string(dir.path().join("candidate/goldens.jsonl")).unwrap().lines().count(), 2);
}

#[test]
fn the_page_explains_every_check() {
    let printed = program::ibaleg(&["model", "check", "--schema"], b"", &[]);
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let names = schema["$defs"]["Subject"]["oneOf"].as_array().unwrap();
    let page = page();
    assert!(names.len() > 20, "{schema}");
    for name in names.iter().map(|variant| variant["const"].as_str().unwrap()) {
        assert!(page.contains(&format!("`{name}`")), "docs/models.md does not explain `{name}`");
    }
}
