//! `goldens.jsonl`: texts with the scores they had when the package was made.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::{Error, nearest};
use super::files::GOLDENS;
use super::package::Output;
use super::{Input, Scores, Session};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoldenLine {
    #[serde(default)]
    description: String,
    #[serde(default)]
    content: String,
    scores: BTreeMap<String, f32>,
    #[serde(default = "default_tolerance")]
    tolerance: f32,
}

fn default_tolerance() -> f32 {
    1e-3
}

/// One text as a citizen wrote it, and the calibrated probabilities it must get.
#[derive(Debug)]
pub(super) struct Golden {
    line: usize,
    description: String,
    content: String,
    /// Index of the output and probability.
    scores: Vec<(usize, f32)>,
    tolerance: f32,
}

/// How a package did on its own goldens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GoldenReport {
    /// Texts checked; 0 where the package has none.
    pub texts: usize,
    /// Largest difference between a recorded and a computed probability.
    pub worst: f32,
}

pub(super) fn parse(bytes: Option<&[u8]>, outputs: &[Output]) -> Result<Vec<Golden>, Error> {
    let text = std::str::from_utf8(bytes.unwrap_or_default())
        .map_err(|error| Error::Syntax { file: GOLDENS, message: error.to_string() })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| parse_line(index + 1, line, outputs)).collect()
}

fn parse_line(line: usize, text: &str, outputs: &[Output]) -> Result<Golden, Error> {
    let golden: GoldenLine = serde_json::from_str(text)
        .map_err(|error| Error::Syntax { file: GOLDENS, message: format!("line {line}: {error}") })?;
    if !(golden.tolerance > 0.0 && golden.tolerance < 1.0) {
        let what = format!("line {line} has tolerance {}", golden.tolerance);
        return Err(Error::invalid(GOLDENS, what, "write a number between 0 and 1, such as 0.001"));
    }
    let mut scores = Vec::with_capacity(golden.scores.len());
    for (name, score) in golden.scores {
        let Some(index) = outputs.iter().position(|output| output.name == name) else {
            let what = format!("line {line} names the output {name:?}, which there is not");
            let names = outputs.iter().map(|output| output.name.as_str());
            return Err(Error::invalid(GOLDENS, what, nearest(&name, names)));
        };
        scores.push((index, score));
    }
    if scores.is_empty() {
        let what = format!("line {line} has no scores");
        return Err(Error::invalid(GOLDENS, what, "record the probability of at least one output"));
    }
    let GoldenLine { description, content, tolerance, .. } = golden;
    Ok(Golden { line, description, content, scores, tolerance })
}

/// Scores every golden alone and compares.
pub(super) fn check(
    goldens: &[Golden],
    session: &mut Session,
    prepare: &dyn Fn(&str) -> String,
) -> Result<GoldenReport, Error> {
    let mut report = GoldenReport { texts: 0, worst: 0.0 };
    for golden in goldens {
        let (description, content) = (prepare(&golden.description), prepare(&golden.content));
        let input = Input { description: &description, content: &content };
        for scores in session.score(&[input])? {
            report.worst = report.worst.max(compare(golden, &scores, session.outputs())?);
            report.texts += 1;
        }
    }
    Ok(report)
}

fn compare(golden: &Golden, scores: &Scores, outputs: &[Output]) -> Result<f32, Error> {
    let mut worst = 0.0_f32;
    for &(index, expected) in &golden.scores {
        let (Some(&got), Some(output)) = (scores.probabilities.get(index), outputs.get(index)) else {
            continue;
        };
        let difference = (got - expected).abs();
        if difference > golden.tolerance || difference.is_nan() {
            let Golden { line, tolerance, .. } = *golden;
            return Err(Error::Golden { line, output: output.name.clone(), expected, got, tolerance });
        }
        worst = worst.max(difference);
    }
    Ok(worst)
}
