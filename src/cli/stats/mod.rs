//! `ibaleg stats`: classified events in, counts in windows of the calendar out.

mod feedback;
mod publish;
mod read;
mod show;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use jiff::civil::Date;

use super::exit;
use crate::config::Settings;
use crate::feedback::quality;
use crate::stats::{
    Definitions, Ledger, Length, Published, Range, Record, Scope, Source, State, Statistics, statistics,
};
use read::Events;

const COMMUNIQUE: &str = include_str!("../../../config/communique.toml");
const REGIONS: &str = include_str!("../../../config/regions.toml");

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Events, one a line, as `classify` prints them; standard input when none is given or for `-`.
    files: Vec<PathBuf>,
    /// Read the topic of classified events instead.
    #[arg(long, conflicts_with = "files")]
    topic: bool,
    /// How long windows are.
    #[arg(long, value_enum, default_value_t = Window::All)]
    window: Window,
    /// First day of submission; windows that begin before it are left out.
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Last day of submission; windows that end after it are left out.
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// How the counts are written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// The time at which windows are open or closed; default: now.
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// Records published before, as `--output json` writes them: only closed windows that are not among
    /// them, and corrections, are written.
    #[arg(long, value_name = "FILE", conflicts_with = "publish")]
    previous: Option<PathBuf>,
    /// Write closed windows that were never published, and corrections, to the topic of statistics too.
    #[arg(long, requires = "topic")]
    publish: bool,
    /// What units found out about reports, one record of feedback a line: how well the predictions
    /// stood, instead of windows.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["window", "from", "to", "as_of", "previous", "publish"])]
    feedback: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Window {
    /// One window: everything, or the days asked for.
    All,
    /// Days.
    Day,
    /// Weeks from Monday (ISO 8601).
    Week,
    /// Months.
    Month,
    /// Quarters.
    Quarter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// Tables for a terminal.
    Table,
    /// One JSON record a line for each window.
    Json,
    /// One row for each count.
    Csv,
}

impl From<Window> for Length {
    fn from(window: Window) -> Self {
        match window {
            Window::All => Self::All,
            Window::Day => Self::Day,
            Window::Week => Self::Week,
            Window::Month => Self::Month,
            Window::Quarter => Self::Quarter,
        }
    }
}

pub(super) fn stats(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let definitions = definitions(settings)?;
    let range = Range { first: arguments.from, last: arguments.to };
    ensure!(range.first.zip(range.last).is_none_or(|(first, last)| first <= last), "--from lies after --to");
    let as_of = arguments.as_of.unwrap_or_else(super::now);
    let mut ledger = Ledger::default();
    let events =
        if arguments.topic { read::topic(settings, &mut ledger)? } else { read::files(&arguments.files, &mut ledger)? };
    if let Some(path) = &arguments.feedback {
        return judged(path, &ledger, &events, settings.stats.floor, arguments.output);
    }
    let scope = Scope {
        length: arguments.window.into(),
        range,
        whole: arguments.topic,
        complete_from: events.complete_from,
        as_of,
    };
    let counted = statistics(&ledger, &scope, &definitions);
    tell(&ledger, &events, &counted, &scope, &definitions);
    let records = match (&arguments.previous, arguments.publish) {
        (Some(path), _) => previous(path)?.outstanding(counted.records, &definitions, &scope),
        (None, true) => publish::publish(settings, counted.records, &definitions, &scope)?,
        (None, false) => counted.records,
    };
    write(&match arguments.output {
        Output::Table => show::table(&records, &definitions),
        Output::Json => show::json(&records)?,
        Output::Csv => show::csv(&records)?,
    })?;
    Ok(code(events.bad))
}

fn judged(path: &Path, ledger: &Ledger, events: &Events, floor: u64, output: Output) -> anyhow::Result<ExitCode> {
    let (findings, bad) = feedback::read(path)?;
    write(&feedback::show(&quality(&findings, ledger, floor), output)?)?;
    Ok(code(events.bad.saturating_add(bad)))
}

fn code(bad: u64) -> ExitCode {
    ExitCode::from(u8::try_from(bad).unwrap_or(u8::MAX).min(exit::MOST_REJECTED))
}

/// The definitions that the configuration names.
pub(super) fn definitions(settings: &Settings) -> anyhow::Result<Definitions> {
    let stats = &settings.stats;
    let communique = file(&stats.communique, COMMUNIQUE)?;
    let regions = file(&stats.regions, REGIONS)?;
    let source = Source {
        communique: &communique,
        regions: &regions,
        time_zone: &stats.time_zone,
        lateness: stats.lateness,
        floor: stats.floor,
    };
    Ok(Definitions::new(source)?)
}

fn file(path: &Path, built_in: &str) -> anyhow::Result<String> {
    if path.as_os_str().is_empty() {
        return Ok(built_in.to_owned());
    }
    fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))
}

fn previous(path: &Path) -> anyhow::Result<Published> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("{name}: cannot be read"))?;
    let mut published = Published::default();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let record: Record = serde_json::from_str(line)
            .with_context(|| format!("{name}, line {}: not a record of `stats --output json`", index + 1))?;
        // What was shown of an open window was never final.
        if record.state == State::Closed {
            published.add(record);
        }
    }
    Ok(published)
}

fn write(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    std::io::stdout().lock().write_all(text.as_bytes()).context("standard output cannot be written")
}

/// What was read and what of it is counted: the sum closes.
#[expect(clippy::print_stderr, reason = "what was read is told on standard error, counts go to standard output")]
fn tell(ledger: &Ledger, events: &Events, counted: &Statistics, scope: &Scope, definitions: &Definitions) {
    let tally = ledger.tally();
    eprintln!(
        "{} events: {} reports, {} superseded by a later revision or decision, {} delivered again",
        tally.events, tally.reports, tally.superseded, tally.doubles
    );
    eprintln!(
        "not counted: {} rejections, {} unreadable, {} reports outside the windows",
        events.rejected, events.bad, counted.left_out
    );
    let cut: Vec<&Record> =
        counted.records.iter().filter(|record| !scope.complete(&record.window, definitions)).collect();
    if let (Some(first), Some(last)) = (cut.first(), cut.last()) {
        eprintln!(
            "incomplete, since the topic no longer keeps their beginning, and never published: {} to {}",
            first.key, last.key
        );
    }
}
