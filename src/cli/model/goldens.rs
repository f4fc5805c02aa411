//! `ibaleg model goldens`: texts with the scores that a package gives them now.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::prepared;
use crate::cli::{deployment, lines, print_line};
use crate::config::Settings;
use crate::model::{Files, Input, Model, Session};

/// Difference that a golden allows; another processor adds up in another order.
const TOLERANCE: f32 = 1e-3;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the package.
    package: PathBuf,
    /// Reports, one JSON object a line with description, content or both; `-` for standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[serde(default)]
    description: Option<String>,
    /// A text, or an object with one as the input schema has it.
    #[serde(default)]
    content: Value,
}

#[derive(Debug, Serialize)]
struct Golden<'a> {
    description: &'a str,
    content: &'a str,
    scores: BTreeMap<&'a str, f32>,
    tolerance: f32,
}

pub(super) fn goldens(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let limits = deployment::limits(settings);
    let files = Files::read(&arguments.package, &limits)?;
    let model = Arc::new(Model::from_files(&files, &limits)?);
    let mut session = model.session()?;
    let mut result = Ok(());
    lines::read_files(&arguments.files, settings.report.max_bytes.0, |line| {
        let lines::Line { file, number, bytes } = line;
        result = golden(&model, &mut session, &bytes).with_context(|| format!("{file}, line {number}"));
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    result.map(|()| ExitCode::SUCCESS)
}

/// Messages of the parser may quote a text and are left out.
fn golden(model: &Model, session: &mut Session, line: &[u8]) -> anyhow::Result<()> {
    let wrong = || anyhow!("not a report: write one JSON object a line with description, content or both");
    let text: Text = serde_json::from_slice(line).map_err(|_| wrong())?;
    let description = text.description.unwrap_or_default();
    let content = match &text.content {
        Value::Null => "",
        Value::String(content) => content,
        object => object.get("text").and_then(Value::as_str).unwrap_or_default(),
    };
    let read = [&description, content].map(|text| prepared(model.package(), text));
    let scores = session.score(&[Input { description: &read[0], content: &read[1] }])?;
    let probabilities = scores.first().map(|scores| scores.probabilities.as_slice()).unwrap_or_default();
    let names = model.outputs().iter().map(|output| output.name.as_str());
    let scores = names.zip(probabilities.iter().map(|p| (p * 1e6).round() / 1e6)).collect();
    let golden = Golden { description: &description, content, scores, tolerance: TOLERANCE };
    print_line(&serde_json::to_string(&golden)?)
}
