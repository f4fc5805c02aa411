//! What can be known of a model only by running it: done once, at load time, on made-up token ids.

use std::sync::Arc;

use super::error::Error;
use super::files::{MODEL, PACKAGE};
use super::graph::{Batch, Graph, RawScores, Runner};
use super::session::ALIGNMENT;
use super::tokenizer::Tokenizer;
use super::windows::Row;

/// What the probe found.
#[derive(Debug)]
pub(super) struct Findings {
    /// Whether a row comes out the same to the last bit alone and beside others.
    pub(super) batches_exactly: bool,
    /// The logits of a text without tokens, where they can be told without running one.
    pub(super) bias: Option<Vec<f32>>,
}

/// What the package says, to be compared with what the graph does.
pub(super) struct Expected {
    pub(super) labels: usize,
    pub(super) max_length: usize,
    pub(super) types: bool,
}

/// Largest change of a logit by masked padding, and of the bias between texts.
const TOLERANCE: f32 = 1e-3;

pub(super) fn probe(graph: &Arc<Graph>, tokenizer: &dyn Tokenizer, expected: &Expected) -> Result<Findings, Error> {
    let mut probe = Probe {
        graph,
        runner: Runner::new(Arc::clone(graph)),
        vocabulary: tokenizer.vocabulary(),
        padding: tokenizer.padding(),
        types: expected.types,
        seed: 1,
    };
    let longest = expected.max_length;
    let short = longest.min(5);
    let row = probe.row(short);
    let raw = probe.alone(&row, short, "on five tokens", "export it again and compare with ONNX Runtime")?;
    if raw.labels != expected.labels {
        let what = format!("logits have {} columns, id2label {} labels", raw.labels, expected.labels);
        return Err(Error::invalid(MODEL, what, "use the config.json that was exported with this model"));
    }
    probe.largest_id(short)?;
    let long = probe.row(longest);
    let what = format!("on a window of {longest} tokens");
    let hint = "set max_length in package.toml to what the position table holds";
    let raw_long = probe.alone(&long, longest, &what, hint)?;
    probe.padding_is_masked(longest)?;
    let bias = bias([&raw, &raw_long])?;
    Ok(Findings { batches_exactly: probe.batches_exactly(longest)?, bias })
}

struct Probe<'a> {
    graph: &'a Graph,
    runner: Runner,
    vocabulary: usize,
    padding: u32,
    types: bool,
    seed: u64,
}

impl Probe<'_> {
    /// A made-up row; the same in every run.
    fn row(&mut self, length: usize) -> Row {
        let mut row = Row { ids: vec![], types: vec![], sources: vec![] };
        for index in 0..length {
            // Knuth's MMIX generator; its low bits are poor.
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            row.ids.push(((self.seed >> 33) % self.vocabulary.max(1) as u64) as u32);
            row.types.push(u32::from(self.types && 2 * index > length));
        }
        // The padding id stands for "no token" to some models even where it is not masked.
        let other = u32::from(self.padding == 0);
        row.ids.iter_mut().filter(|id| **id == self.padding).for_each(|id| *id = other);
        row
    }

    fn alone(&mut self, row: &Row, width: usize, when: &str, hint: &'static str) -> Result<RawScores, Error> {
        let batch = Batch::new(std::iter::once(row), width, self.padding);
        let failed = |what: String, hint| Error::SelfTest { what: format!("{when}, {what}"), hint };
        let raw = self.runner.run(&batch).map_err(|error| {
            let hint = self.graph.advice(&error, hint);
            failed(error.to_string(), hint)
        })?;
        let finite = raw.logits.iter().chain(raw.token_scores.iter().flatten()).all(|x| x.is_finite());
        if finite { Ok(raw) } else { Err(failed("an output is NaN or infinite".to_owned(), hint)) }
    }

    fn largest_id(&mut self, length: usize) -> Result<(), Error> {
        let mut row = self.row(length);
        row.ids.fill(u32::try_from(self.vocabulary.saturating_sub(1)).unwrap_or(u32::MAX));
        let when = format!("on token id {}, the tokenizer's largest", self.vocabulary.saturating_sub(1));
        let hint = "use the tokenizer that the model was trained with";
        self.alone(&row, length, &when, hint).map(|_| ())
    }

    fn padding_is_masked(&mut self, longest: usize) -> Result<(), Error> {
        let length = longest.saturating_sub(ALIGNMENT).clamp(1, 2 * ALIGNMENT);
        let row = self.row(length);
        let hint = "export a model that reads its attention_mask";
        let exact = self.alone(&row, length, "without padding", hint)?;
        let padded = self.alone(&row, longest.min(length + ALIGNMENT), "with padding", hint)?;
        let change = exact.logits.iter().zip(&padded.logits).map(|(left, right)| (left - right).abs());
        if change.fold(0.0, f32::max) > TOLERANCE {
            let what = "masked padding changes the logits".to_owned();
            return Err(Error::SelfTest { what, hint });
        }
        Ok(())
    }

    /// Compares several rows of one width together with each of them alone.
    fn batches_exactly(&mut self, longest: usize) -> Result<bool, Error> {
        let widths = [1, 2, 3, 5].map(|factor| factor * ALIGNMENT);
        for width in widths.into_iter().filter(|&width| width <= longest) {
            let rows: Vec<Row> = (0..5).map(|missing| self.row(width - missing)).collect();
            let together = self.run(&rows, width)?;
            let mut alone = Vec::new();
            for row in rows.chunks(1) {
                alone.push(self.run(row, width)?);
            }
            let same = |values: fn(&RawScores) -> &[f32]| {
                let alone = alone.iter().flat_map(values).map(|x| x.to_bits());
                alone.eq(values(&together).iter().map(|x| x.to_bits()))
            };
            if !same(|raw| &raw.logits) || !same(|raw| raw.token_scores.as_deref().unwrap_or_default()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn run(&mut self, rows: &[Row], width: usize) -> Result<RawScores, Error> {
        let hint = "export with dynamic axes for batch and sequence";
        self.runner
            .run(&Batch::new(rows.iter(), width, self.padding))
            .map_err(|error| Error::SelfTest { what: format!("in a batch, {error}"), hint })
    }
}

/// Additive token scores leave the same rest, the bias, on every text.
fn bias(runs: [&RawScores; 2]) -> Result<Option<Vec<f32>>, Error> {
    let mut bias: Option<Vec<f32>> = None;
    for raw in runs {
        let Some(token_scores) = &raw.token_scores else {
            return Ok(None);
        };
        let mut rest = raw.logits.clone();
        for token in token_scores.chunks(raw.labels.max(1)) {
            rest.iter_mut().zip(token).for_each(|(rest, score)| *rest -= score);
        }
        let same = |known: &Vec<f32>| known.iter().zip(&rest).all(|(left, right)| (left - right).abs() <= TOLERANCE);
        if !bias.as_ref().is_none_or(same) {
            let what = "token_scores do not add up to the logits less a constant".to_owned();
            let hint = "export contributions that add up, or leave the output out";
            return Err(Error::SelfTest { what, hint });
        }
        bias.get_or_insert(rest);
    }
    Ok(bias)
}

/// The overlap must leave a window room to move on.
pub(super) fn check_lengths(max_length: usize, overlap: usize, tokenizer: &dyn Tokenizer) -> Result<(), Error> {
    let specials = tokenizer.pair().specials().max(tokenizer.single().specials());
    if max_length <= specials + overlap {
        let what = format!("max_length {max_length} holds {specials} special tokens and an overlap of {overlap}");
        return Err(Error::invalid(PACKAGE, what, "raise max_length or lower window_overlap"));
    }
    Ok(())
}
