//! `ibaleg model check`: the report of a package's trial.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::ProgressBar;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::{deployment, exit};
use crate::config::Settings;
use crate::model::check::{Check, Facts, LengthSpeed, Memory, Note, Status};
use crate::model::{Files, Subject};
use crate::registry::Ending;
use crate::triage::Taxonomy;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the package: ours, or a plain Hugging Face export.
    #[arg(required_unless_present = "schema")]
    package: Option<PathBuf>,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Warnings count as failures.
    #[arg(long)]
    strict: bool,
    /// Leave out the measurement of speed.
    #[arg(long)]
    quick: bool,
    /// Print the JSON Schema (2020-12) of `--output json` and check nothing.
    #[arg(long)]
    schema: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// A table for a terminal.
    Table,
    /// One JSON document.
    Json,
}

/// Version of the JSON document.
const FORMAT: u32 = 1;

/// What `ibaleg model check --output json` prints.
#[derive(Debug, Serialize, JsonSchema)]
struct Report {
    /// Version of this document.
    format: u32,
    /// Version of the program that checked.
    service: String,
    /// Directory of the package, as given.
    path: String,
    /// Whether the package can be used: nothing failed.
    usable: bool,
    /// Every check, in the order in which they were made.
    checks: Vec<Check>,
    /// What is known of the package.
    facts: Facts,
    /// Texts a second by length, one thread; empty where it was not measured.
    speed: Vec<LengthSpeed>,
    /// Memory of a process that loads this package and nothing else.
    memory: Option<Memory>,
}

pub(super) fn check(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Some(package) = arguments.package.as_deref().filter(|_| !arguments.schema) else {
        let schema = schemars::schema_for!(Report);
        crate::cli::print_line(&serde_json::to_string_pretty(&schema)?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let report = examine(settings, package, !arguments.quick)?;
    match arguments.output {
        Output::Table => crate::cli::print_line(table(&report).trim_end())?,
        Output::Json => crate::cli::print_line(&serde_json::to_string_pretty(&report)?)?,
    }
    let counts = |status: Status| status == Status::Failed || arguments.strict && status == Status::Warned;
    let failed = report.checks.iter().filter(|check| counts(check.status)).count();
    Ok(ExitCode::from(u8::try_from(failed).unwrap_or(u8::MAX).min(exit::MOST_REJECTED)))
}

fn examine(settings: &Settings, package: &Path, measure: bool) -> anyhow::Result<Report> {
    let (files, problems) = Files::gather(package, &deployment::limits(settings));
    let mut report = Report {
        format: FORMAT,
        service: env!("CARGO_PKG_VERSION").to_owned(),
        path: package.display().to_string(),
        usable: false,
        checks: problems.iter().map(|error| failed(Subject::Files, error.parts())).collect(),
        facts: Facts { digests: files.digests(), bytes: files.total_bytes(), ..Facts::default() },
        speed: Vec::new(),
        memory: None,
    };
    if problems.is_empty() {
        report.say(Subject::Files, Status::Passed, sizes(&files), "");
    }
    let progress = progress();
    let ending = deployment::try_out(settings, &files, measure, &mut |note| match note {
        Note::Begin(subject) => progress.set_message(subject.name()),
        Note::Check(check) => report.checks.push(check),
        Note::Facts(facts) => report.facts = *facts,
        Note::Speed(speed) => report.speed = speed,
        Note::Memory(memory) => report.memory = Some(memory),
        Note::End => {}
    })?;
    progress.finish_and_clear();
    if let Ending::Cut { during, why, advice } = ending {
        let subject = during.unwrap_or(Subject::Files);
        report.checks.push(failed(subject, (why, advice)));
    } else {
        let (triage, _) = deployment::rules(settings).context("the outputs cannot be compared with the taxonomy")?;
        report.taxonomy(triage.taxonomy());
        report.tell_memory();
    }
    report.usable = !report.checks.iter().any(|check| check.status == Status::Failed);
    Ok(report)
}

fn failed(name: Subject, (found, advice): (String, String)) -> Check {
    Check { name, status: Status::Failed, found, advice }
}

/// `6 files, 12.1 MiB`
fn sizes(files: &Files) -> String {
    format!("{} files, {}", files.iter().count(), mebibytes(files.total_bytes()))
}

fn mebibytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    format!("{mebibytes:.1} MiB")
}

fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}

impl Report {
    fn say(&mut self, name: Subject, status: Status, found: impl Into<String>, advice: impl Into<String>) {
        self.checks.push(Check { name, status, found: found.into(), advice: advice.into() });
    }

    /// Outputs that the taxonomy does not know decide nothing.
    fn taxonomy(&mut self, taxonomy: &Taxonomy) {
        let (known, unknown): (Vec<&String>, Vec<&String>) =
            self.facts.labels.iter().partition(|name| taxonomy.knows(name));
        let advice = "map outputs to ids of the taxonomy in package.toml under [outputs], or to \"-\"";
        let list = |names: &[&String]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let (status, found, advice) = match (known.as_slice(), unknown.as_slice()) {
            ([], []) => (Status::Skipped, "labels cannot be read".to_owned(), ""),
            ([], unknown) => (Status::Failed, format!("it knows none of {}", list(unknown)), advice),
            (known, []) => (Status::Passed, format!("it knows all {}", known.len()), ""),
            (_, unknown) => (Status::Warned, format!("it does not know {}, left out", list(unknown)), advice),
        };
        self.say(Subject::Taxonomy, status, found, advice);
    }

    fn tell_memory(&mut self) {
        let (status, found) = match self.memory {
            Some(Memory { peak_bytes, loaded_bytes }) => {
                let found = format!("{} while loading, {} then", mebibytes(peak_bytes), mebibytes(loaded_bytes));
                (Status::Passed, found)
            }
            None => (Status::Skipped, "the model did not load".to_owned()),
        };
        self.say(Subject::Memory, status, found, "");
    }
}

fn table(report: &Report) -> String {
    let mut page = String::new();
    let facts = &report.facts;
    let name = format!("{} {}", facts.name, facts.version);
    let name = if name.trim().is_empty() { facts.family.clone() } else { name.trim().to_owned() };
    let _ = writeln!(page, "{}: {name}, digest {}\n", report.path, facts.digests.package);
    for Check { name, status, found, advice } in &report.checks {
        let status = match status {
            Status::Passed => "passed",
            Status::Warned => "WARNED",
            Status::Failed => "FAILED",
            Status::Skipped => "skipped",
        };
        let _ = writeln!(page, "{status:<7}  {:<11}  {found}", name.name());
        if !advice.is_empty() {
            let _ = writeln!(page, "{:22}hint: {advice}", "");
        }
    }
    let verdict = if report.usable { "usable" } else { "not usable" };
    let _ = writeln!(page, "\nthe package is {verdict}");
    page
}
