//! Scoring: texts to windows, windows to batches of one width, logits back to texts.
//!
//! Every window is padded to a width that depends on its own length alone (the next multiple of
//! [`ALIGNMENT`]), and only windows of one width share a batch. So a window is computed on the same numbers in
//! the same places whether it is alone or not. The multiple matters: vectorised sums in the runtime start at
//! aligned addresses, so that with odd widths the order of additions, and with it the last bits, would depend on
//! the place of a row in its batch.

use std::fmt;
use std::sync::Arc;

use super::error::Error;
use super::graph::{Batch, RawScores, Runner};
use super::package::{Output, Problem};
use super::scores::{Evidence, Scores};
use super::windows::{Row, Stream};
use super::{Input, Model};

/// Widths are multiples of this, the number of f32 lanes of AVX2.
pub(super) const ALIGNMENT: usize = 8;

/// The width at which a window of `length` tokens is computed.
pub(super) fn width(length: usize, longest: usize) -> usize {
    length.next_multiple_of(ALIGNMENT).min(longest).max(length)
}

/// Scores texts with a model; one for each thread.
///
/// After an error a session can be used as before.
pub struct Session {
    model: Arc<Model>,
    runner: Runner,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("model", &self.model).finish_non_exhaustive()
    }
}

/// A text on its way through the graph.
struct Pending {
    stream: Stream,
    windows: usize,
    skipped: usize,
    logits: Vec<f32>,
    /// For each output the window that gave its logit.
    winners: Vec<usize>,
    evidence: Vec<(usize, Evidence)>,
}

/// One window of one text.
struct Job {
    text: usize,
    window: usize,
    width: usize,
    row: Row,
}

impl Session {
    pub(super) fn new(model: Arc<Model>) -> Self {
        let runner = Runner::new(Arc::clone(&model.graph));
        Self { model, runner }
    }

    pub(super) fn outputs(&self) -> &[Output] {
        self.model.outputs()
    }

    /// Scores texts of any number and any lengths, in the order given.
    ///
    /// The same text gets the same scores alone and in any company. An error concerns the call and
    /// names no text: score the texts one by one to find the one that causes it.
    pub fn score(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Scores>, Error> {
        let mut texts = Vec::with_capacity(inputs.len());
        let mut jobs = Vec::with_capacity(inputs.len());
        for input in inputs {
            texts.push(self.cut(input, texts.len(), &mut jobs)?);
        }
        // Stable: the windows of one text are met in the same order whatever its neighbours.
        jobs.sort_by_key(|job| job.width);
        let mut rest = jobs.as_slice();
        while let Some(first) = rest.first() {
            let (batch, more) = rest.split_at(self.batch_size(first.width, rest));
            rest = more;
            let rows = batch.iter().map(|job| &job.row);
            let padding = self.model.tokenizer.padding();
            let raw = self.runner.run(&Batch::new(rows, first.width, padding))?;
            self.collect(batch, &raw, &mut texts)?;
        }
        Ok(texts.into_iter().map(|text| self.finish(text)).collect())
    }

    fn cut(&self, input: &Input<'_>, index: usize, jobs: &mut Vec<Job>) -> Result<Pending, Error> {
        let Model { tokenizer, rule, outputs, bias, .. } = &*self.model;
        let spans = self.model.explains();
        let stream = Stream {
            description: tokenizer.encode(input.description, spans)?,
            content: tokenizer.encode(input.content, spans)?,
        };
        let (mut rows, skipped) = stream.rows(rule, tokenizer.as_ref());
        let mut logits = vec![f32::NEG_INFINITY; outputs.len()];
        match bias {
            Some(bias) if rows.is_empty() => logits.clone_from(bias),
            // No graph takes a length of 0; one padding token is what stands for "no text" to this one.
            _ if rows.is_empty() => {
                rows.push(Row { ids: vec![tokenizer.padding()], types: vec![0], sources: vec![None] });
            }
            _ => {}
        }
        let windows = rows.len();
        let winners = vec![0; outputs.len()];
        jobs.extend(rows.into_iter().enumerate().map(|(window, row)| {
            let width = width(row.ids.len(), rule.max_length);
            Job { text: index, window, width, row }
        }));
        Ok(Pending { stream, windows, skipped, logits, winners, evidence: Vec::new() })
    }

    /// How many of the first jobs, all of one width, run together.
    fn batch_size(&self, width: usize, jobs: &[Job]) -> usize {
        if !self.model.batches_exactly || !width.is_multiple_of(ALIGNMENT) {
            return 1;
        }
        let most = (self.model.batch_tokens / width).max(1);
        jobs.iter().take(most).take_while(|job| job.width == width).count()
    }

    fn collect(&self, batch: &[Job], raw: &RawScores, texts: &mut [Pending]) -> Result<(), Error> {
        let labels = raw.labels.max(1);
        for (index, (job, logits)) in batch.iter().zip(raw.logits.chunks(labels)).enumerate() {
            let Some(text) = texts.get_mut(job.text) else {
                continue;
            };
            let logits = self.logits(logits)?;
            let mut won = false;
            for ((best, winner), logit) in text.logits.iter_mut().zip(&mut text.winners).zip(logits) {
                if logit > *best {
                    (*best, *winner, won) = (logit, job.window, true);
                }
            }
            let token_scores = raw.token_scores.as_ref().filter(|_| won && self.model.explains());
            let row = job.width * labels;
            if let Some(scores) = token_scores.and_then(|all| all.get(index * row..(index + 1) * row)) {
                let columns = &self.model.columns;
                let evidence = Evidence::new(&job.row, &text.stream, scores, columns, labels);
                text.evidence.push((job.window, evidence));
            }
        }
        Ok(())
    }

    /// The logits of the outputs that are not ignored, in their order.
    fn logits(&self, row: &[f32]) -> Result<Vec<f32>, Error> {
        let mut logits = Vec::with_capacity(self.model.outputs.len());
        for output in &self.model.outputs {
            let value = match self.model.package.problem {
                Problem::MultiLabel => row.get(output.column).copied().unwrap_or(f32::NAN),
                Problem::SingleLabel => log_odds(row, output.column),
            };
            if !value.is_finite() {
                return Err(Error::NotFinite { output: output.name.clone(), value });
            }
            logits.push(value);
        }
        Ok(logits)
    }

    fn finish(&self, text: Pending) -> Scores {
        let Pending { stream, windows, skipped, logits, winners, evidence } = text;
        let kept: Vec<(usize, Evidence)> =
            evidence.into_iter().filter(|(window, _)| winners.contains(window)).collect();
        // Without evidence every position is one past the end, and there are no contributions.
        let position = |winner: usize| kept.iter().position(|(window, _)| *window == winner);
        let winners = winners.into_iter().map(|winner| position(winner).unwrap_or(kept.len())).collect();
        Scores {
            probabilities: self.model.calibration.probabilities(&logits),
            logits,
            tokens: stream.len(),
            windows,
            windows_skipped: skipped,
            winners,
            evidence: kept.into_iter().map(|(_, evidence)| evidence).collect(),
        }
    }
}

/// ln(p / (1 - p)) of the softmax of one column, from its largest rival so that nothing overflows.
#[expect(clippy::cast_possible_truncation, reason = "a logit loses only digits")]
fn log_odds(row: &[f32], column: usize) -> f32 {
    let Some(&own) = row.get(column) else {
        return f32::NAN;
    };
    let rivals = || row.iter().enumerate().filter(|(index, _)| *index != column).map(|(_, &x)| f64::from(x));
    let largest = rivals().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = rivals().map(|rival| (rival - largest).exp()).sum();
    (f64::from(own) - largest - sum.ln()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_multiples_that_stay_within_the_window() {
        let widths: Vec<usize> = [1, 8, 9, 40, 43].iter().map(|&length| width(length, 43)).collect();
        assert_eq!(widths, [8, 8, 16, 40, 43]);
    }

    #[test]
    fn log_odds_give_back_the_softmax() {
        let row = [2.0_f32, -1.0, 0.5];
        let total: f32 = row.iter().map(|x| x.exp()).sum();
        for (column, logit) in row.iter().enumerate() {
            let odds = log_odds(&row, column);
            assert!((1.0 / (1.0 + (-odds).exp()) - logit.exp() / total).abs() < 1e-6);
        }
        assert!(log_odds(&[1e30, -1e30], 0).is_finite());
        assert!(log_odds(&[1.0, f32::NAN], 0).is_nan());
    }
}
