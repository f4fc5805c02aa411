//! Room `model`: prepared text in, calibrated scores out. Knows nothing of Kafka or routing.
//!
//! A model is a directory ([`Package`]): a plain Hugging Face export (`config.json`, `tokenizer.json`,
//! `model.onnx` or `onnx/model.onnx`) as it is, or one with our additions (`package.toml`,
//! `calibration.json`, `thresholds.json`, `goldens.jsonl`, `card.md`). [`Model::load`] reads it into private bytes,
//! checks the files against each other and the graph against the contract, and tries the graph. A
//! [`Session`] then scores texts.
//!
//! - **Long text** is cut into overlapping windows, and each output takes its largest logit over them: text around a
//!   finding cannot bury it ([`Aggregation::Max`]). Nothing is cut off in silence ([`Scores::windows_skipped`]).
//! - **Same text, same scores**: bit for bit, alone or in any batch, on one machine (see [`Session::score`]).
//! - **Evidence** comes from the optional output `token_scores` at no further cost
//!   ([`Scores::contributions`]).

mod calibration;
pub mod check;
mod error;
mod files;
mod goldens;
mod graph;
mod onnx;
mod package;
mod probe;
mod scores;
mod session;
mod subject;
mod thresholds;
mod tokenizer;
mod windows;
mod workload;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use error::Error;
pub use files::{Digests, Files, LoadLimits};
pub use goldens::GoldenReport;
pub use package::{Aggregation, Output, Package, Problem, TextView, TokenTypes};
pub use scores::{Contribution, Scores};
pub use session::Session;
pub use subject::Subject;
pub use thresholds::{Threshold, Thresholds};
pub use windows::Segment;
pub use workload::text_of_tokens;

use calibration::Calibration;
use files::{CALIBRATION, CONFIG, GOLDENS, MODEL, PACKAGE, THRESHOLDS, TOKENIZER};
use goldens::Golden;
use graph::Graph;
use package::Manifest;
use probe::{Expected, Findings};
use tokenizer::{HuggingFace, Tokenizer};
use windows::WindowRule;

/// The two texts of one report, prepared as [`Package::text`] says. Either may be empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The citizen's own words.
    pub description: &'a str,
    /// The post or message that is reported.
    pub content: &'a str,
}

/// A loaded model package, shared by the sessions of all threads.
pub struct Model {
    package: Package,
    outputs: Vec<Output>,
    /// The column of each output in the logits.
    columns: Vec<usize>,
    digests: Digests,
    thresholds: Option<Thresholds>,
    calibration: Calibration,
    goldens: Vec<Golden>,
    tokenizer: Box<dyn Tokenizer>,
    graph: Arc<Graph>,
    rule: WindowRule,
    batch_tokens: usize,
    batches_exactly: bool,
    /// Logits of a text without tokens, where the token scores tell them.
    bias: Option<Vec<f32>>,
}

impl Model {
    /// Loads a package directory.
    ///
    /// Everything that can be told without real texts is checked here, among it one run of the graph on
    /// a full window. What it cannot tell is whether the scores are right: call
    /// [`check_goldens`](Self::check_goldens) before the model takes traffic.
    pub fn load(dir: &Path, limits: &LoadLimits) -> Result<Self, Error> {
        Self::from_files(&Files::read(dir, limits)?, limits)
    }

    /// As [`load`](Self::load), of files that were read before: what was examined is what is loaded.
    pub fn from_files(files: &Files, limits: &LoadLimits) -> Result<Self, Error> {
        let config = files.get(CONFIG).unwrap_or_default();
        let manifest = Manifest::parse(config, files.get(PACKAGE))?;
        let notes = Notes::parse(files, &manifest.outputs)?;
        let checked = onnx::check(files.model(), limits)?;
        check_labels(checked.labels, manifest.labels)?;
        let tokenizer = HuggingFace::parse(files.get(TOKENIZER).unwrap_or_default(), manifest.pad_token_id)?;
        check_vocabulary(&tokenizer, checked.embeddings)?;
        probe::check_lengths(manifest.package.max_length, manifest.package.window_overlap, &tokenizer)?;
        let graph = Arc::new(Graph::compile(checked)?);
        let found = probe::probe(&graph, &tokenizer, &expected(&manifest, &tokenizer))?;
        Ok(Self::assemble(Parts { manifest, notes, tokenizer, graph, found }, files.digests(), limits))
    }

    fn assemble(parts: Parts, digests: Digests, limits: &LoadLimits) -> Self {
        let Parts { manifest: Manifest { package, outputs, .. }, notes, tokenizer, graph, found } = parts;
        let columns: Vec<usize> = outputs.iter().map(|output| output.column).collect();
        let of_outputs = |bias: Vec<f32>| columns.iter().filter_map(|&c| bias.get(c).copied()).collect();
        let multi_label = package.problem == Problem::MultiLabel;
        Self {
            bias: found.bias.filter(|_| multi_label).map(of_outputs),
            batches_exactly: found.batches_exactly,
            batch_tokens: limits.batch_tokens,
            rule: WindowRule {
                max_length: package.max_length,
                overlap: package.window_overlap,
                max_windows: limits.max_windows,
                token_types: package.token_types,
            },
            graph,
            tokenizer: Box::new(tokenizer),
            goldens: notes.goldens,
            calibration: notes.calibration,
            thresholds: notes.thresholds,
            digests,
            columns,
            outputs,
            package,
        }
    }

    /// The outputs in the order of [`Scores`]; those that `package.toml` maps to `"-"` are not among them.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// What the package says of itself.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// What was loaded, to the byte.
    pub fn digests(&self) -> &Digests {
        &self.digests
    }

    /// The thresholds the package brings.
    pub fn thresholds(&self) -> Option<&Thresholds> {
        self.thresholds.as_ref()
    }

    /// Whether scores come with contributions of tokens. Not where outputs exclude each other: a
    /// probability then depends on all logits.
    pub fn explains(&self) -> bool {
        self.graph.gives_token_scores() && self.package.problem == Problem::MultiLabel
    }

    /// Whether windows of one width share a run of the graph. False for a model that gives other last bits in
    /// company than alone; its windows run one by one.
    pub fn batches_exactly(&self) -> bool {
        self.batches_exactly
    }

    /// A session for one thread.
    pub fn session(self: &Arc<Self>) -> Result<Session, Error> {
        Ok(Session::new(Arc::clone(self)))
    }

    /// Scores the texts of `goldens.jsonl`, each put through `prepare` first, and fails at the first that
    /// differs by more than its tolerance. A package without goldens passes with 0 texts.
    pub fn check_goldens(self: &Arc<Self>, prepare: &dyn Fn(&str) -> String) -> Result<GoldenReport, Error> {
        goldens::check(&self.goldens, &mut self.session()?, prepare)
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("package", &self.package).field("digests", &self.digests).finish_non_exhaustive()
    }
}

/// What a package says of its scores.
struct Notes {
    calibration: Calibration,
    thresholds: Option<Thresholds>,
    goldens: Vec<Golden>,
}

impl Notes {
    fn parse(files: &Files, outputs: &[Output]) -> Result<Self, Error> {
        Ok(Self {
            calibration: Calibration::parse(files.get(CALIBRATION), outputs)?,
            thresholds: files.get(THRESHOLDS).map(|bytes| Thresholds::parse(bytes, outputs)).transpose()?,
            goldens: goldens::parse(files.get(GOLDENS), outputs)?,
        })
    }
}

/// What a model is made of, each part checked.
struct Parts {
    manifest: Manifest,
    notes: Notes,
    tokenizer: HuggingFace,
    graph: Arc<Graph>,
    found: Findings,
}

fn expected(manifest: &Manifest, tokenizer: &dyn Tokenizer) -> Expected {
    let Manifest { package, labels, .. } = manifest;
    Expected { labels: *labels, max_length: package.max_length, types: uses_types(tokenizer, package) }
}

fn check_labels(graph: Option<usize>, config: usize) -> Result<(), Error> {
    match graph {
        Some(width) if width != config => {
            let what = format!("logits have {width} columns, id2label {config} labels");
            Err(Error::invalid(MODEL, what, "use the config.json that was exported with this model"))
        }
        _ => Ok(()),
    }
}

fn check_vocabulary(tokenizer: &dyn Tokenizer, embeddings: Option<usize>) -> Result<(), Error> {
    match embeddings {
        Some(rows) if rows < tokenizer.vocabulary() => {
            let ids = tokenizer.vocabulary();
            let what = format!("it has {ids} ids, the model's embedding table {rows} rows");
            Err(Error::invalid(TOKENIZER, what, "use the tokenizer that the model was trained with"))
        }
        _ => Ok(()),
    }
}

/// Whether a row may hold the token type 1.
fn uses_types(tokenizer: &dyn Tokenizer, package: &Package) -> bool {
    use tokenizer::Piece;
    let pieces = tokenizer.single().pieces.iter().chain(&tokenizer.pair().pieces);
    let template = pieces.map(|piece| match *piece {
        Piece::Special { token_type, .. } | Piece::First { token_type } | Piece::Second { token_type } => token_type,
    });
    package.token_types == TokenTypes::Segment || template.max() > Some(0)
}
