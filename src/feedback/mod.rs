//! What units found out about reports, joined with what was predicted.
//!
//! [`Feedback`] is the record of `reports.feedback`; [`Findings`] keeps the newest of each report;
//! [`quality()`] compares them with the predictions of a [`Ledger`](crate::stats::Ledger). Pure.

mod outcome;
mod quality;

pub use outcome::{Feedback, Finding, Findings, Outcome, Refused, schema};
pub use quality::{Agreement, FORMAT, Precision, Quality, quality, quality_schema};
