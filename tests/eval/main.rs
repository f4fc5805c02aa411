//! Evaluation: the figures against scikit-learn and their own laws.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod cases;
mod figures;
mod properties;
