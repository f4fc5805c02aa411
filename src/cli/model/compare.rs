//! `ibaleg model compare`: `ibaleg eval --compare` of two packages that passed their trials, with the memory they took.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::{deployment, eval};
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the first package, often the one in use.
    a: PathBuf,
    /// Directory of the second, often the candidate.
    b: PathBuf,
    /// Labelled reports, one JSON object a line.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    how: eval::How,
}

pub(super) fn compare(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let packages = vec![arguments.a.clone(), arguments.b.clone()];
    let mut memory = Vec::new();
    for package in &packages {
        let mut settings = settings.clone();
        settings.model.path.clone_from(package);
        memory.extend(deployment::tried_files(&settings)?.1);
    }
    eval::compare(settings, packages, memory, arguments.data.clone(), arguments.how.clone())
}
