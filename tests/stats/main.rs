//! Statistics: the published figures, windows and corrections, and what nobody may derive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod attacker;
mod command;
mod corrections;
mod events;
mod feedback;
mod ledger;
#[path = "../program/mod.rs"]
mod program;
