//! `package.toml` and `config.json`: what the package says of itself.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::{Error, nearest};
use super::files::{CONFIG, PACKAGE};
use super::onnx::Problems;
use super::subject::Subject;

/// Longest default window: beyond it attention costs more than a second window does.
const DEFAULT_MAX_LENGTH: usize = 512;

/// What a package says of itself, defaults filled in.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Package {
    /// `name` in `package.toml`; empty for a plain Hugging Face export.
    pub name: String,
    /// `version` in `package.toml`; empty for a plain Hugging Face export.
    pub version: String,
    /// Most tokens in a window, special tokens included. Default: the smaller of the position table of
    /// `config.json` (less its reserved rows for RoBERTa and its kin) and 512.
    pub max_length: usize,
    /// Tokens that two neighbouring windows share. Default: an eighth of `max_length`.
    pub window_overlap: usize,
    /// How the windows of one text become one score.
    pub aggregation: Aggregation,
    /// Which view of the text the model was trained on. Default [`TextView::Original`].
    pub text: TextView,
    /// What `token_type_ids` mean. Default [`TokenTypes::Segment`], and [`TokenTypes::Template`] where there is no
    /// `package.toml`.
    pub token_types: TokenTypes,
    /// What the outputs exclude.
    pub problem: Problem,
}

/// How the windows of one text become one score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// The largest logit of each output over all windows. A finding in one window stays, whatever
    /// surrounds it: text that follows a full window cannot lower the score.
    Max,
}

/// Which view of the text the model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextView {
    /// Fully normalised.
    Normalised,
    /// As written, with entities replaced by placeholders and invisible characters removed.
    Original,
}

/// What `token_type_ids` mean to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenTypes {
    /// Tokens of the description are 0 and tokens of the content are 1, also where the content stands
    /// alone; special tokens are as the template of the tokenizer has them.
    Segment,
    /// As the template of the tokenizer has them: a text that stands alone is 0 throughout.
    Template,
}

/// Whether outputs exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Any number of outputs may hold: one sigmoid each.
    MultiLabel,
    /// Exactly one output holds: softmax. Each window's logits become log-odds of one against the rest,
    /// whose sigmoid is the softmax, so that windows and calibration work as for [`Problem::MultiLabel`].
    SingleLabel,
}

/// One output of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Our name, after the map of `package.toml`.
    pub name: String,
    /// The name in `id2label`.
    pub label: String,
    /// The column of `logits`.
    pub column: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageFile {
    format: u32,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    max_length: Option<usize>,
    window_overlap: Option<usize>,
    aggregation: Option<Aggregation>,
    text: Option<TextView>,
    token_types: Option<TokenTypes>,
    #[serde(default)]
    outputs: BTreeMap<String, String>,
}

/// The part of a Hugging Face `config.json` that matters here.
#[derive(Debug, Deserialize)]
struct ConfigFile {
    id2label: Option<BTreeMap<String, String>>,
    problem_type: Option<String>,
    max_position_embeddings: Option<usize>,
    model_type: Option<String>,
    pad_token_id: Option<u32>,
}

/// Both files, checked against each other.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) package: Package,
    pub(super) outputs: Vec<Output>,
    /// Number of entries of `id2label`, ignored ones included.
    pub(super) labels: usize,
    pub(super) pad_token_id: Option<u32>,
    /// `model_type` of `config.json`.
    pub(super) family: String,
}

impl Manifest {
    pub(super) fn parse(config: &[u8], package: Option<&[u8]>) -> Result<Self, Error> {
        let (manifest, problems) = Self::inspect(config, package)?;
        problems.into_iter().next().map_or(Ok(manifest), |(_, problem)| Err(problem))
    }

    /// Everything that is wrong with both files; an error only where `config.json` cannot be read. What is wrong is
    /// left at its default.
    pub(super) fn inspect(config: &[u8], package: Option<&[u8]>) -> Result<(Self, Problems), Error> {
        let config: ConfigFile = serde_json::from_slice(config)
            .map_err(|error| Error::Syntax { file: CONFIG, message: error.to_string() })?;
        let mut problems = Problems::new();
        let mut keep = |subject, error| problems.push((subject, error));
        let plain = package.is_none();
        let file = package.map(parse_package).transpose();
        let file = file.map_err(|error| keep(Subject::Package, error)).ok().flatten().unwrap_or_default();
        let labels = labels(config.id2label.as_ref()).map_err(|error| keep(Subject::Labels, error)).unwrap_or_default();
        let outputs = match labels.as_slice() {
            [] => Ok(Vec::new()),
            labels => outputs(labels, &file.outputs),
        };
        let outputs = outputs.map_err(|error| keep(Subject::Package, error)).unwrap_or_default();
        let problem = problem(config.problem_type.as_deref(), labels.len());
        let problem = problem.map_err(|error| keep(Subject::Problem, error)).unwrap_or(Problem::MultiLabel);
        let max_length = file.max_length.unwrap_or_else(|| default_max_length(&config));
        let default_types = if plain { TokenTypes::Template } else { TokenTypes::Segment };
        let package = Package {
            name: file.name,
            version: file.version,
            max_length,
            window_overlap: file.window_overlap.unwrap_or(max_length / 8),
            aggregation: file.aggregation.unwrap_or(Aggregation::Max),
            text: file.text.unwrap_or(TextView::Original),
            token_types: file.token_types.unwrap_or(default_types),
            problem,
        };
        let (labels, pad_token_id, family) = (labels.len(), config.pad_token_id, config.model_type.unwrap_or_default());
        Ok((Self { package, outputs, labels, pad_token_id, family }, problems))
    }
}

fn parse_package(bytes: &[u8]) -> Result<PackageFile, Error> {
    let syntax = |message: String| Error::Syntax { file: PACKAGE, message };
    let text = std::str::from_utf8(bytes).map_err(|error| syntax(error.to_string()))?;
    let file: PackageFile = toml::from_str(text).map_err(|error| syntax(error.to_string()))?;
    if file.format != 1 {
        let what = format!("format is {}", file.format);
        return Err(Error::invalid(PACKAGE, what, "this version reads format = 1"));
    }
    Ok(file)
}

fn default_max_length(config: &ConfigFile) -> usize {
    let Some(positions) = config.max_position_embeddings else {
        return DEFAULT_MAX_LENGTH;
    };
    let family = config.model_type.as_deref().unwrap_or_default();
    // These count positions from the padding id upwards, so the first rows of the table are never used.
    let reserved = if family.contains("roberta") || family == "camembert" {
        config.pad_token_id.map_or(2, |id| id as usize + 1)
    } else {
        0
    };
    positions.saturating_sub(reserved).min(DEFAULT_MAX_LENGTH)
}

fn labels(id2label: Option<&BTreeMap<String, String>>) -> Result<Vec<String>, Error> {
    let hint = "give every column of the logits its label as \"0\", \"1\", … in id2label";
    let Some(map) = id2label.filter(|map| !map.is_empty()) else {
        return Err(Error::invalid(CONFIG, "id2label is missing or empty", hint));
    };
    let mut labels = Vec::with_capacity(map.len());
    for index in 0..map.len() {
        let Some(label) = map.get(&index.to_string()) else {
            let what = format!("id2label has {} entries but none for {index}", map.len());
            return Err(Error::invalid(CONFIG, what, hint));
        };
        if labels.contains(label) {
            let what = format!("id2label has {label:?} twice");
            return Err(Error::invalid(CONFIG, what, "give each column a name of its own"));
        }
        labels.push(label.clone());
    }
    Ok(labels)
}

fn outputs(labels: &[String], map: &BTreeMap<String, String>) -> Result<Vec<Output>, Error> {
    if let Some(unknown) = map.keys().find(|key| !labels.contains(key)) {
        let what = format!("[outputs] names {unknown:?}, which id2label does not have");
        return Err(Error::invalid(PACKAGE, what, nearest(unknown, labels.iter().map(String::as_str))));
    }
    let mut outputs: Vec<Output> = Vec::with_capacity(labels.len());
    for (column, label) in labels.iter().enumerate() {
        let name = map.get(label).unwrap_or(label);
        if name == "-" {
            continue;
        }
        if let Some(other) = outputs.iter().find(|output| output.name == *name) {
            let what = format!("{:?} and {label:?} are both named {name:?}", other.label);
            return Err(Error::invalid(PACKAGE, what, "map one of them to another name or to \"-\""));
        }
        outputs.push(Output { name: name.clone(), label: label.clone(), column });
    }
    if outputs.is_empty() {
        return Err(Error::invalid(PACKAGE, "every output is ignored", "map at least one to a name"));
    }
    Ok(outputs)
}

fn problem(problem_type: Option<&str>, labels: usize) -> Result<Problem, Error> {
    match problem_type {
        Some("multi_label_classification") => Ok(Problem::MultiLabel),
        Some("single_label_classification") if labels >= 2 => Ok(Problem::SingleLabel),
        Some("single_label_classification") => Err(Error::invalid(
            CONFIG,
            "problem_type is single_label_classification with one label",
            "one label alone is multi_label_classification",
        )),
        Some(other) => Err(Error::invalid(
            CONFIG,
            format!("problem_type is {other:?}"),
            "only multi_label_classification and single_label_classification give probabilities",
        )),
        None => Err(Error::invalid(
            CONFIG,
            "problem_type is missing, so logits could mean sigmoid or softmax",
            "write the one the model was trained with: multi_label_classification or single_label_classification",
        )),
    }
}
