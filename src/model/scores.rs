use std::ops::Range;

use super::windows::{Row, Segment, Stream};

/// What a model says of one text, in the order of [`Model::outputs`](super::Model::outputs).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    /// The largest logit of each output over all windows, before calibration. For models whose outputs
    /// exclude each other, the log-odds of one against the rest.
    pub logits: Vec<f32>,
    /// Calibrated, in \[0, 1\].
    pub probabilities: Vec<f32>,
    /// Tokens of both texts, special tokens not counted. 0 means that there was nothing to read: the
    /// scores say nothing and a person has to look.
    pub tokens: usize,
    /// Windows scored.
    pub windows: usize,
    /// Windows left out because the text has more than the limit; above 0, a person has to look.
    pub windows_skipped: usize,
    /// The windows that won an output.
    pub(super) evidence: Vec<Evidence>,
    /// For each output, the index into `evidence`.
    pub(super) winners: Vec<usize>,
}

/// What one token adds to the logit of one output.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The text the token is in.
    pub segment: Segment,
    /// Bytes of that text, as it was given to the model; on character boundaries. Tokens of a byte-level
    /// vocabulary that share a character have the same range.
    pub span: Range<usize>,
    /// In units of the logit; positive speaks for the output.
    pub weight: f32,
}

impl Scores {
    /// What each token adds to an output, in the window that gave its logit; in the order of the text.
    ///
    /// The weights add up to the logit less the model's bias and less the share of special tokens. Empty
    /// for a model without `token_scores`, a text without tokens, and an output that does not exist.
    pub fn contributions(&self, output: usize) -> Vec<Contribution> {
        let evidence = self.winners.get(output).and_then(|&winner| self.evidence.get(winner));
        let Some(evidence) = evidence else {
            return Vec::new();
        };
        let weights = evidence.weights.chunks(self.logits.len().max(1));
        let tokens = evidence.places.iter().zip(weights);
        tokens
            .filter_map(|(&(segment, (start, end)), weights)| {
                let weight = *weights.get(output)?;
                Some(Contribution { segment, span: start as usize..end as usize, weight })
            })
            .collect()
    }
}

/// The token scores of one window.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evidence {
    places: Vec<(Segment, (u32, u32))>,
    /// Tokens × outputs.
    weights: Vec<f32>,
}

impl Evidence {
    /// Takes the columns of the outputs from the token scores of one row (width × labels).
    pub(super) fn new(row: &Row, stream: &Stream, scores: &[f32], columns: &[usize], labels: usize) -> Self {
        let mut evidence = Self { places: Vec::with_capacity(row.ids.len()), weights: Vec::new() };
        evidence.weights.reserve(row.ids.len() * columns.len());
        for (source, scores) in row.sources.iter().zip(scores.chunks(labels.max(1))) {
            let Some(place) = source.and_then(|index| stream.place(index as usize)) else {
                continue;
            };
            evidence.places.push(place);
            let weights = columns.iter().map(|&column| scores.get(column).copied().unwrap_or(0.0));
            evidence.weights.extend(weights);
        }
        evidence
    }
}
