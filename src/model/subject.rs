use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a check is about; the names are part of the JSON that `ibaleg model check` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Subject {
    /// Required files are there, plain and within their sizes.
    Files,
    /// `config.json` can be read.
    Config,
    /// `package.toml` can be read and agrees with `config.json`.
    Package,
    /// `id2label` names every column.
    Labels,
    /// Multi-label or single-label.
    Problem,
    /// `calibration.json` and `thresholds.json` name known outputs with usable numbers.
    Calibration,
    /// `tokenizer.json` can be read, has a usable template and is quick on odd texts.
    Tokenizer,
    /// The ONNX file can be read, is in order and within its limits.
    Graph,
    /// The version of the operator set.
    Opset,
    /// Operators that this runtime computes.
    Operators,
    /// Names, types and shapes of the inputs.
    Inputs,
    /// Names, types and shapes of the outputs.
    Outputs,
    /// Types, shapes and values of the weights.
    Weights,
    /// `id2label` has as many labels as the logits columns.
    LabelCount,
    /// The tokenizer's ids fit the embedding table.
    Vocabulary,
    /// Windows leave room for text.
    Lengths,
    /// The graph can be compiled for every batch size and length.
    Compile,
    /// The graph computes what the contract says, on made-up token ids.
    SelfTest,
    /// The texts of `goldens.jsonl` get their scores.
    Goldens,
    /// The taxonomy knows the outputs.
    Taxonomy,
    /// Whether events can show which words spoke for a label.
    Evidence,
    /// Whether texts of one length share a run.
    Batching,
    /// Texts a second by length.
    Speed,
    /// Memory used by loading.
    Memory,
    /// The package says under which licence it may be used.
    Licence,
    /// The package has a card.
    Card,
}

impl Subject {
    /// The name in JSON.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}
