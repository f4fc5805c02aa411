//! `ibaleg`: labels citizen reports of illegal online content and routes them to people.
//!
//! A report is decoded ([`report`]), prepared ([`text`]), classified ([`model`]), decided
//! ([`triage`]) and published ([`event`]). [`engine`] joins these rooms into one pure function from
//! bytes to a decision; [`stream`] (Kafka) and [`cli`] (files, pipes, the demo) are shells around it.

pub mod audit;
pub mod campaign;
pub mod cli;
pub mod config;
pub mod deadletters;
pub mod engine;
pub mod evaluate;
pub mod event;
pub mod feedback;
pub mod model;
pub mod registry;
pub mod report;
pub mod serve;
pub mod stats;
pub mod stream;
pub mod telemetry;
pub mod text;
pub mod triage;
