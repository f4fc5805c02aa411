use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::lines::{Line, read_files};
use super::{deployment, exit, print_line};
use crate::config::Settings;
use crate::engine::Backtest;
use crate::event::Classified;
use crate::triage::Urgency;

/// Bytes of one stored event, at most.
const EVENT_BYTES: usize = 16 << 20;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Rules {
    /// Run the tests that stand beside the rules in the policy.
    Test {
        /// Policy file; without it the one of the configuration.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Decide stored events anew under the rules and show what would change.
    Backtest(Arguments),
}

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Classified events, one a line, as `classify` writes them or the data alone; `-` for standard input.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    from: Vec<PathBuf>,
    /// Policy file; without it the one of the configuration.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Changed reports listed in the tables, those worse off first; JSON lists them all.
    #[arg(long, value_name = "N", default_value_t = 20)]
    list: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// Tables for a terminal.
    Table,
    /// One JSON document.
    Json,
}

pub(super) fn rules(settings: &Settings, command: &Rules) -> anyhow::Result<ExitCode> {
    match command {
        Rules::Test { policy } => test(&with_policy(settings, policy.as_deref())),
        Rules::Backtest(arguments) => backtest(&with_policy(settings, arguments.policy.as_deref()), arguments),
    }
}

fn with_policy(settings: &Settings, policy: Option<&Path>) -> Settings {
    let mut settings = settings.clone();
    if let Some(policy) = policy {
        policy.clone_into(&mut settings.triage.policy);
    }
    settings
}

fn test(settings: &Settings) -> anyhow::Result<ExitCode> {
    let (triage, _) = deployment::rules(settings)?;
    let outcomes = triage.run_cases();
    let mut failed = 0;
    for outcome in outcomes.iter().filter(|outcome| !outcome.failures.is_empty()) {
        failed += 1;
        print_line(&format!("failed  {}", outcome.name))?;
        for failure in &outcome.failures {
            print_line(&format!("        {failure}"))?;
        }
    }
    for rule in triage.rules().filter(|rule| !outcomes.iter().any(|outcome| outcome.rules.contains(*rule))) {
        print_line(&format!("untested  rule {rule} applies in no test"))?;
    }
    print_line(&format!("{} tests, {} passed, {failed} failed", outcomes.len(), outcomes.len() - failed))?;
    Ok(code(failed))
}

fn backtest(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let engine = deployment::engine(settings)?;
    let mut backtest = Backtest::default();
    let (mut rejected, mut bad) = (0, 0);
    read_files(&arguments.from, EVENT_BYTES, |line| {
        match stored(&line) {
            Ok(Stored::Classified(event)) => backtest.add(&engine, &event),
            Ok(Stored::Rejected) => rejected += 1,
            Err(error) => {
                bad += 1;
                tell(&line, &error);
            }
        }
        ControlFlow::Continue(())
    })?;
    backtest.sort();
    match arguments.output {
        Output::Json => {
            let mut document = serde_json::to_value(&backtest).context("the result cannot be written as JSON")?;
            document["rejected"] = rejected.into();
            document["policy_digest"] = engine.provenance().policy_digest.clone().into();
            print_line(&document.to_string())?;
        }
        Output::Table => print_line(table(&backtest, rejected, arguments.list).trim_end())?,
    }
    Ok(code(bad))
}

fn code(count: usize) -> ExitCode {
    ExitCode::from(u8::try_from(count).unwrap_or(u8::MAX).min(exit::MOST_REJECTED))
}

enum Stored {
    Classified(Box<Classified>),
    Rejected,
}

/// A structured CloudEvent, or its data alone.
fn stored(line: &Line) -> serde_json::Result<Stored> {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "type")]
        kind: Option<String>,
        data: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Event {
        data: Box<Classified>,
    }
    let envelope: Envelope = serde_json::from_slice(&line.bytes)?;
    if envelope.kind.is_some_and(|kind| kind.contains("report.rejected")) {
        return Ok(Stored::Rejected);
    }
    if envelope.data.is_some() {
        return serde_json::from_slice(&line.bytes).map(|event: Event| Stored::Classified(event.data));
    }
    serde_json::from_slice(&line.bytes).map(Stored::Classified)
}

#[expect(clippy::print_stderr, reason = "bad lines are told on standard error, the result goes to standard output")]
fn tell(line: &Line, error: &serde_json::Error) {
    // The parser's own words can quote the event.
    let what = if error.is_data() {
        "lacks a field of a classified event or has one of the wrong kind"
    } else {
        "is not JSON"
    };
    eprintln!("{}, line {}: left out: {what} (column {})", line.file, line.number, error.column());
}

fn table(backtest: &Backtest, rejected: usize, list: usize) -> String {
    let Backtest { events, other_model, alike, other_reasons, units, grades, review, changes } = backtest;
    let mut text = format!(
        "{events} events: {alike} decided alike, {other_reasons} with other reasons, {} otherwise\n",
        changes.len()
    );
    if rejected > 0 {
        let _ = writeln!(text, "{rejected} rejections left out");
    }
    if *other_model > 0 {
        let _ = writeln!(text, "{other_model} scored by another model package: their own thresholds were kept");
    }
    let _ = writeln!(text, "\n{:<20}{:>8}{:>8}{:>8}{:>8}", "grade, before", "U0", "U1", "U2", "U3");
    for (grade, row) in Urgency::ALL.iter().zip(grades) {
        let _ = write!(text, "{:<20}", grade.to_string());
        for cell in row {
            let _ = write!(text, "{cell:>8}");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "\n{:<20}{:>8}{:>8}{:>8}{:>8}", "unit", "before", "after", "gained", "lost");
    for (unit, counts) in units {
        let _ =
            writeln!(text, "{unit:<20}{:>8}{:>8}{:>8}{:>8}", counts.before, counts.after, counts.gained, counts.lost);
    }
    let [[_, newly], [spared, still]] = review;
    let _ = writeln!(
        text,
        "\na person looks: {} before, {} after; {newly} newly, {spared} no longer",
        spared + still,
        newly + still
    );
    if !changes.is_empty() && list > 0 {
        let _ = writeln!(text, "\nchanged, those worse off first ({} of {}):", changes.len().min(list), changes.len());
    }
    for change in changes.iter().take(list) {
        let person = |review: bool| if review { "person" } else { "-" };
        let (before, after) = (&change.before, &change.after);
        let _ = writeln!(
            text,
            "{}  {} {} {}  ->  {} {} {}",
            change.id,
            before.grade,
            before.unit,
            person(before.review),
            after.grade,
            after.unit,
            person(after.review)
        );
    }
    text
}
