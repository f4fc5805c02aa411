//! Labelled scores in, figures out: how good a classifier is, for whom, and how sure that is.
//!
//! The caller brings one [`Case`] for each labelled report: what is true of it, what the model scored
//! and what the rules decided. [`evaluate()`] gives the figures of one classifier, [`compare()`] those of
//! two on the same reports. Nothing here reads a file, a clock or a model; randomness comes from a
//! seed, so the same cases give the same figures.
//!
//! Definitions are those of scikit-learn where it has one (average precision, precision, recall, F1,
//! Brier score) and are checked against it; `docs/evaluation.md` explains all of them.

mod alarms;
mod calibration;
mod case;
mod compare;
mod decisions;
mod deletion;
mod evaluation;
mod load;
mod neighbours;
mod parity;
mod ranking;
mod rationale;
mod resample;
mod significance;
mod slices;
mod urgency;
mod worst;

pub use alarms::{FalseAlarms, Share};
pub use calibration::{Bin, brier_score, calibration_error, reliability};
pub use case::{Axes, Case, Judgement};
pub use compare::{Change, Comparison, Disagreement, LabelComparison, McNemar, Paired, compare};
pub use decisions::{Decisions, Tally};
pub use deletion::{Deletion, DeletionFigures, other_span};
pub use evaluation::{Curves, Evaluation, Options, evaluate};
pub use load::{LoadRecall, ReviewLoad};
pub use neighbours::{Instead, Neighbours};
pub use parity::{Gap, LanguageRates, Parity};
pub use ranking::{AtPrecision, Point, Ranked, average_precision};
pub use rationale::{Rationale, RationaleFigures, Words};
pub use resample::{Estimate, Groups, Random, Samples};
pub use significance::sign_test;
pub use slices::{LabelFigures, SliceFigures};
pub use urgency::{UrgencyFigures, UrgencyRow};
pub use worst::WorstSlice;

/// Why figures could not be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// There is nothing to measure.
    #[error("there is no labelled report to measure; give at least one")]
    Empty,
    /// A case does not answer every name of the axes.
    #[error("report {id}: {found} judgements for {expected} names; give one for each label, organisation and context")]
    Shape {
        /// Report id.
        id: String,
        /// Names of the axes.
        expected: usize,
        /// Judgements of the case.
        found: usize,
    },
    /// A score is not a probability.
    #[error("report {id}: the score of {name} is {value}; give a probability between 0 and 1")]
    Score {
        /// Report id.
        id: String,
        /// Label, organisation or context.
        name: String,
        /// The score.
        value: f64,
    },
    /// An option is out of its range.
    #[error("{name} is {value}; give {range}")]
    Option {
        /// Which option.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// Two sets of cases are not about the same reports.
    #[error(
        "report {place} of both sets differs ({id}); compare two classifiers on the same reports in the same order"
    )]
    Unpaired {
        /// Position, from 1.
        place: usize,
        /// Report id in the first set.
        id: String,
    },
}
