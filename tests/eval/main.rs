//! Evaluation: the figures against scikit-learn and their own laws, and the command as a user runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod cases;
mod command;
mod figures;
mod pages;
#[path = "../program/mod.rs"]
mod program;
mod properties;
