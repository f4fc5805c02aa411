//! `ibaleg deadletters`: what lies in the dead-letter topic, and the way back from there.

mod list;
mod redrive;
mod row;
mod show;

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use crate::config::Settings;
use crate::deadletters::{Progress, Range, Selection};
use crate::stream::Letters;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Arguments {
    /// List dead letters: where each comes from, why it was refused, whether it went back. Never
    /// prints the text of a report.
    List(list::Arguments),
    /// Show one dead letter: coordinates, reason, headers, sizes; its bytes only if asked for.
    Show(show::Arguments),
    /// Put originals back into the input topic, each once, byte for byte.
    Redrive(redrive::Arguments),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people.
    Table,
    /// One JSON object a line.
    Json,
}

/// Which letters are meant. A filter given several times takes any of its values; a letter must
/// pass all filters.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters")]
struct Filters {
    /// Only refusals with this code, such as EB-IN-0004.
    #[arg(long, value_name = "CODE")]
    code: Vec<String>,
    /// Only refusals at this stage: decode, process or publish.
    #[arg(long, value_name = "STAGE")]
    stage: Vec<String>,
    /// Only reports that arrived at this time or later: 2025-03-01T12:00:00Z, or 2h for two hours ago.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Only reports that arrived before this time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only reports read from this partition of the input topic.
    #[arg(long, value_name = "N")]
    partition: Vec<i32>,
    /// Only reports read from these offsets of the input topic: 41, 41-99, 41- or -99.
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    offset: Option<Range>,
    /// Only the report with this id (the record's key).
    #[arg(long, value_name = "ID")]
    report: Vec<String>,
}

impl Filters {
    fn selection(&self) -> Selection {
        Selection {
            codes: self.code.clone(),
            stages: self.stage.clone(),
            since: self.since.map(Timestamp::as_millisecond),
            until: self.until.map(Timestamp::as_millisecond),
            partitions: self.partition.clone(),
            offsets: self.offset,
            keys: self.report.iter().map(|id| id.as_bytes().to_vec()).collect(),
        }
    }
}

/// A time as RFC 3339, or a duration that lies back.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let ago = text.parse::<SignedDuration>().ok().filter(|ago| !ago.is_negative());
    ago.and_then(|ago| Timestamp::now().checked_sub(ago).ok())
        .ok_or_else(|| "write a time with its offset, such as 2025-03-01T12:00:00Z, or how long ago, such as 2h".into())
}

pub(super) fn deadletters(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match arguments {
        Arguments::List(arguments) => list::list(settings, arguments),
        Arguments::Show(arguments) => show::show(settings, arguments),
        Arguments::Redrive(arguments) => redrive::redrive(settings, arguments),
    }
}

/// Consumer group and transactional id in which redrives are remembered.
pub(super) fn redrive_group(settings: &Settings) -> String {
    format!("{}-redrive", settings.kafka.group_id)
}

fn open(settings: &Settings) -> anyhow::Result<Letters> {
    let topic = &settings.topics.deadletter;
    Ok(Letters::open(&super::run::cluster(settings), topic, &redrive_group(settings))?)
}

/// What is remembered of earlier redrives, by partition: nothing for those never redriven.
fn remembered(letters: &Letters, group: &str) -> anyhow::Result<BTreeMap<i32, Progress>> {
    let committed = letters.committed()?.into_iter();
    let read = committed.map(|commit| {
        let progress = Progress::from_note(commit.offset, &commit.note);
        let progress = progress.with_context(|| format!("group `{group}`, partition {}", commit.partition))?;
        Ok((commit.partition, progress))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_how_long_ago() {
        assert_eq!(moment("2025-03-01T12:00:00Z").unwrap().as_second(), 1_740_830_400);
        assert_eq!(moment("2025-03-01T13:00:00+01:00").unwrap().as_second(), 1_740_830_400);
        let ago = Timestamp::now().as_second() - moment("2h 30m").unwrap().as_second();
        assert!((9000..9010).contains(&ago), "{ago}");
        for bad in ["", "yesterday", "2025-03-01", "-2h"] {
            assert!(moment(bad).unwrap_err().contains("2025-03-01T12:00:00Z"), "{bad}");
        }
    }
}
