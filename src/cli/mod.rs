//! The command line: data on standard output, messages on standard error, stable exit codes.

mod audit;
mod classify;
mod deadletters;
mod decision_log;
mod demo;
mod deployment;
mod eval;
mod inspect;
mod lines;
mod model;
mod normalise;
mod observe;
mod replay;
mod rights;
mod rules;
mod run;
mod stats;
mod trace;
mod worker;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};
use jiff::Timestamp;

use crate::config::{self, Loaded, Origin};
use crate::stream;
use crate::telemetry::Filter;

/// Exit codes, after `sysexits.h` where it has one.
mod exit {
    /// `deadletters redrive`: it ended, and letters that were meant stay.
    pub(super) const LEFT: u8 = 1;
    /// `classify`, `eval`, `stats`, `audit`: that many lines were rejected, bad or found; `model check`, `rules`:
    /// that many checks or tests failed; this or more.
    pub(super) const MOST_REJECTED: u8 = 63;
    /// The command line is wrong.
    pub(super) const USAGE: u8 = 64;
    /// `run`: too many reports were dead-lettered.
    pub(super) const TRIPPED: u8 = 65;
    /// A file, the model, or the brokers could not be used.
    pub(super) const FAILURE: u8 = 70;
    /// The configuration is wrong.
    pub(super) const CONFIG: u8 = 78;
}

#[derive(Debug, Parser)]
#[command(name = "ibaleg", version, about = "Labels citizen reports of illegal online content and routes them to people", after_help = EXIT_CODES)]
struct Arguments {
    /// Configuration file; without one, every key has its default.
    #[arg(long, short, global = true, env = "IBALEG_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 to 63 that many lines were rejected, bad or found (classify, eval, stats, audit) or checks \
failed (model check, rules), 63 or more; 1 (replay) the decision differs, (deadletters redrive) letters that were meant stay; \
64 wrong command line; 65 (run) too many reports were dead-lettered; \
70 a file, the model or the brokers could not be used; 78 wrong configuration.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole path on an embedded broker with sample reports in six languages.
    Demo(demo::Arguments),
    /// Classify the reports of a Kafka topic until stopped.
    Run,
    /// Classify reports from files or standard input; events go to standard output, one a line.
    Classify(classify::Arguments),
    /// Measure a model package on labelled reports, or compare two.
    Eval(eval::Arguments),
    /// Count classified events in windows of the calendar, as tables, JSON or CSV.
    Stats(stats::Arguments),
    /// Verify a decision log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Decide a stored report again and compare with its event, byte for byte.
    Replay(replay::Arguments),
    /// Check, measure or compare model packages.
    #[command(subcommand)]
    Model(model::Model),
    /// List or create the topics of the configuration, or print the rights that they ask for.
    #[command(subcommand)]
    Topics(inspect::Topics),
    /// List, show or redrive the reports that could not be processed.
    #[command(subcommand)]
    Deadletters(deadletters::Arguments),
    /// Print a JSON Schema (2020-12).
    Schema {
        /// Which contract.
        #[arg(value_enum)]
        which: inspect::Schema,
    },
    /// Check or explain the configuration.
    #[command(subcommand)]
    Config(inspect::Config),
    /// Test the rules, or show what they would have decided of stored events.
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Normalise texts as the model sees them: one JSON string a line in, one a line out.
    Normalise,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Runs the command line given by `arguments`, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { exit::USAGE } else { 0 };
            // Nowhere is left to report to when the terminal itself is gone.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let loaded = match config::load(arguments.config.as_deref(), std::env::vars()) {
        Ok(loaded) => loaded,
        Err(error) => return failed(exit::CONFIG, &error.into()),
    };
    let mut log = loaded.settings.log.clone();
    if matches!(arguments.command, Command::Demo(_)) && loaded.origin("log.filter") == Origin::Default {
        // Lines of the log would tear the live view.
        "warn".clone_into(&mut log.filter);
    }
    let filter = match crate::telemetry::start(&log) {
        Ok(filter) => filter,
        Err(error) => return failed(exit::CONFIG, &error.into()),
    };
    crate::telemetry::keep_panics_private();
    match execute(arguments.command, &loaded, filter) {
        Ok(code) => code,
        Err(error) => failed(exit_code(&error), &error),
    }
}

fn exit_code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<stream::Error>() {
        Some(stream::Error::Tripped { .. }) => exit::TRIPPED,
        _ => exit::FAILURE,
    }
}

fn execute(command: Command, loaded: &Loaded, filter: Filter) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(arguments) => demo::demo(&loaded.settings, &arguments, filter),
        Command::Run => run::run(&loaded.settings, filter),
        Command::Classify(arguments) => classify::classify(&loaded.settings, &arguments),
        Command::Eval(arguments) => eval::eval(&loaded.settings, &arguments),
        Command::Stats(arguments) => stats::stats(&loaded.settings, &arguments),
        Command::Audit(command) => audit::audit(&command),
        Command::Replay(arguments) => replay::replay(&loaded.settings, &arguments),
        Command::Model(command) => model::model(&loaded.settings, &command),
        Command::Topics(command) => inspect::topics(&loaded.settings, &command),
        Command::Deadletters(arguments) => deadletters::deadletters(&loaded.settings, &arguments),
        Command::Schema { which } => inspect::schema(which),
        Command::Config(command) => inspect::config(loaded, &command),
        Command::Rules(command) => rules::rules(&loaded.settings, &command),
        Command::Normalise => normalise::normalise(),
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            clap_complete::generate(shell, &mut command, "ibaleg", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where an error becomes a message to the user")]
fn failed(code: u8, error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(code)
}

/// The time in whole milliseconds, as Kafka keeps it.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Writes one line of data to standard output.
fn print_line(line: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout().lock(), "{line}").context("standard output cannot be written")
}
