//! Model packages at the command line.

mod bench;
mod check;
mod compare;
mod goldens;

use std::process::ExitCode;

use anyhow::Context as _;

use crate::config::Settings;
use crate::engine;
use crate::model::Package;
use crate::registry::trial;
use crate::text::prepare;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Model {
    /// Tell everything that can be known of a package before it meets a report.
    Check(check::Arguments),
    /// Measure reports a second and latency by length, threads and batch.
    Bench(bench::Arguments),
    /// Measure two packages on the same labelled reports: quality, disagreement, speed, memory, worst differences.
    Compare(compare::Arguments),
    /// Record the scores of texts for goldens.jsonl: reports in JSON lines in, goldens out.
    Goldens(goldens::Arguments),
    /// The process in which a package is tried: limits and files on standard input, notes on standard output.
    #[command(hide = true)]
    Trial,
}

pub(super) fn model(settings: &Settings, command: &Model) -> anyhow::Result<ExitCode> {
    match command {
        Model::Check(arguments) => check::check(settings, arguments),
        Model::Bench(arguments) => bench::bench(settings, arguments),
        Model::Compare(arguments) => compare::compare(settings, arguments),
        Model::Goldens(arguments) => goldens::goldens(settings, arguments),
        Model::Trial => {
            trial::serve(std::io::stdin().lock(), std::io::stdout().lock(), &prepared)
                .context("the trial broke off")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A text as this package reads it.
fn prepared(package: &Package, text: &str) -> String {
    prepare(text, engine::view(package)).text().to_owned()
}
