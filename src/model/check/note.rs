use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Digests, Subject};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Passed,
    /// Usable, but something is missing or slow.
    Warned,
    /// The package cannot be used.
    Failed,
    /// Not reached, because something before it failed.
    Skipped,
}

/// One named check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What it is about.
    pub name: Subject,
    /// How it came out.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// What to do; empty where nothing is to be done.
    pub advice: String,
}

/// Facts about a package, as far as they could be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// `name` and `version` of `package.toml`; empty for a plain Hugging Face export.
    pub name: String,
    /// See `name`.
    pub version: String,
    /// `model_type` of `config.json`.
    pub family: String,
    /// Digests of what was read.
    pub digests: Digests,
    /// Bytes of all files read.
    pub bytes: u64,
    /// Version of ONNX's operator set.
    pub opset: Option<i64>,
    /// Program that wrote the ONNX file.
    pub producer: String,
    /// Nodes of the graph, inner graphs included.
    pub nodes: usize,
    /// Numbers in the weights.
    pub parameters: u64,
    /// How often the graph uses each operator.
    pub operators: BTreeMap<String, usize>,
    /// Inputs with type and shape.
    pub inputs: Vec<String>,
    /// Outputs with type and shape.
    pub outputs: Vec<String>,
    /// Labels by name, after the map of `package.toml`.
    pub labels: Vec<String>,
    /// `multi_label` or `single_label`.
    pub problem: Option<String>,
    /// Ids of the tokenizer.
    pub vocabulary: Option<usize>,
    /// Most tokens in a window.
    pub max_length: Option<usize>,
    /// Tokens that neighbouring windows share.
    pub window_overlap: Option<usize>,
}

/// How fast texts of one length are scored by one thread, tokenizer included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LengthSpeed {
    /// Tokens of each text.
    pub tokens: usize,
    /// Texts a second, in calls of [`super::TOGETHER`] texts.
    pub texts_per_second: f64,
    /// Milliseconds for a text that comes alone, median.
    pub alone_ms: f64,
}

/// Memory of the process that loaded the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// Most that it ever held, in bytes.
    pub peak_bytes: u64,
    /// What it held when the model was ready, in bytes; the files themselves are part of it.
    pub loaded_bytes: u64,
}

/// What an examination tells while it goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A check begins; if nothing follows, it is what ended the process.
    Begin(Subject),
    /// A check came out.
    Check(Check),
    /// What is known so far.
    Facts(Box<Facts>),
    /// Texts a second, by length.
    Speed(Vec<LengthSpeed>),
    /// Memory.
    Memory(Memory),
    /// Nothing more comes.
    End,
}
