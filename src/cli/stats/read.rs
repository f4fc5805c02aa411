use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;

use crate::cli::lines::read_files;
use crate::cli::run;
use crate::config::Settings;
use crate::stats::{Ledger, Told, Unreadable};
use crate::stream::{Record, history};

/// Bytes of a line, at most: those of the largest message.
const LONGEST_LINE: usize = 16 << 20;

/// Unreadable events told one by one; the others are counted.
const MOST_TOLD: u64 = 20;

/// What was read beside the classified events.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Events {
    /// Rejections: reports that could not be read.
    pub(super) rejected: u64,
    /// Lines or messages that are no events.
    pub(super) bad: u64,
    /// Events before this are gone; `None` if none is.
    pub(super) complete_from: Option<Timestamp>,
}

impl Events {
    fn take(&mut self, told: Result<Told, Unreadable>, ledger: &mut Ledger, place: impl FnOnce() -> String) {
        match told {
            Ok(Told::Classified(observation)) => ledger.add(*observation),
            Ok(Told::Rejected) => self.rejected += 1,
            Err(error) => {
                self.bad += 1;
                if self.bad <= MOST_TOLD {
                    say(&place(), error);
                }
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "bad lines are told on standard error, counts go to standard output")]
fn say(place: &str, error: Unreadable) {
    eprintln!("{place}: not counted: {error}");
}

/// Events from files, one a line.
pub(super) fn files(files: &[PathBuf], ledger: &mut Ledger) -> anyhow::Result<Events> {
    let files = if files.is_empty() { vec![PathBuf::from("-")] } else { files.to_vec() };
    let mut events = Events::default();
    read_files(&files, LONGEST_LINE, |line| {
        events.take(Told::structured(&line.bytes), ledger, || format!("{}, line {}", line.file, line.number));
        ControlFlow::Continue(())
    })?;
    Ok(events)
}

/// Events from the topic of classified events, from the first it keeps to its present end.
pub(super) fn topic(settings: &Settings, ledger: &mut Ledger) -> anyhow::Result<Events> {
    let topic = &settings.topics.classified;
    let mut events = Events::default();
    let kept = history::read(&run::cluster(settings), topic, |record| {
        events.take(told(record), ledger, || {
            format!("{}, partition {}, offset {}", record.topic, record.partition, record.offset)
        });
    });
    let kept = kept.with_context(|| format!("{topic}: cannot be read"))?;
    events.complete_from =
        kept.complete_from.map(|millis| Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX));
    Ok(events)
}

fn told(record: &Record) -> Result<Told, Unreadable> {
    let header = |name: &str| {
        let found = record.headers.iter().rev().find(|(other, _)| other == name)?;
        String::from_utf8(found.1.clone()?).ok()
    };
    Told::message(record.value.as_deref().unwrap_or_default(), header)
}
