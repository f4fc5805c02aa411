use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{Filters, Output, open, redrive_group, remembered, row};
use crate::cli::{exit, print_line, run};
use crate::config::Settings;
use crate::deadletters::{Found, Guard, Kept, Pace, Progress, Selection, Tally, Verdict, judge};
use crate::stream::letters::{Committed, Extent, Step};
use crate::stream::{Letters, Record, Redriver, Sent, Stop};

/// Letters of one transaction, at most.
const BATCH: usize = 500;
/// Bytes of one transaction, at most.
const BATCH_BYTES: usize = 8 << 20;
/// Age of a transaction, at most: the input topic shows nothing of it before its end.
const BATCH_AGE: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// Print what would go back, one line a letter, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Letters a second, at most; without it, as fast as the brokers take them.
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
    /// Redrives of one report, at most; a letter whose report came back that often is left.
    #[arg(long, value_name = "N", default_value_t = 3)]
    max_attempts: u32,
    /// Letters that go back, at most.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Confirm that no letter of this topic has been redriven before, where nothing is remembered.
    #[arg(long)]
    first: bool,
    /// Form of what goes to standard output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
}

pub(super) fn redrive(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let stop = Stop::new();
    let ended = run::until_stopped(&stop, None, || Redrive::open(settings, arguments)?.run(arguments, &stop))??;
    let Ended { tally, stopped } = ended;
    if arguments.dry_run {
        tell(&summary(&tally, true));
    } else if arguments.output == Output::Json {
        print_line(&document(&tally, stopped).to_string())?;
    } else {
        print_line(&summary(&tally, false))?;
    }
    if stopped {
        tell("stopped before the end; run the same command again to go on");
    }
    let left = stopped || tally.all_kept() > 0;
    Ok(ExitCode::from(if left { exit::LEFT } else { 0 }))
}

struct Ended {
    tally: Tally,
    stopped: bool,
}

struct Redrive {
    letters: Letters,
    /// `None` in a dry run.
    redriver: Option<Redriver>,
    selection: Selection,
    guard: Guard,
    /// Redriven letters, those of the present batch included.
    progress: BTreeMap<i32, Progress>,
    /// Redriven letters as the brokers have them.
    committed: BTreeMap<i32, Progress>,
    batch: Batch,
    tally: Tally,
}

#[derive(Default)]
struct Batch {
    /// The redriven inputs, each with the place of its letter.
    records: Vec<(Record, (i32, i64))>,
    bytes: usize,
    since: Option<Instant>,
}

impl Redrive {
    fn open(settings: &Settings, arguments: &Arguments) -> anyhow::Result<Self> {
        let group = redrive_group(settings);
        // First of all, so that nothing another redrive still does can change what is read below.
        let redriver = if arguments.dry_run { None } else { Some(Redriver::open(&run::cluster(settings), &group)?) };
        let letters = open(settings)?;
        let remembered = remembered(&letters, &group)?;
        let holds = letters.extents().iter().any(|extent| extent.first < extent.end);
        if remembered.is_empty() && holds && !arguments.first && !arguments.dry_run {
            bail!(
                "group `{group}` remembers no redrive: give --first if this is the first one; if it is not, its memory expired (offsets.retention.minutes of the brokers) and letters would go back twice: choose them with --since or other filters, and --first"
            );
        }
        let mut progress = remembered;
        for extent in letters.extents() {
            let known = progress.entry(extent.partition).or_insert_with(|| Progress::new(extent.first));
            known.pass_over(known.low(), extent.first);
        }
        Ok(Self {
            letters,
            redriver,
            selection: arguments.filters.selection(),
            guard: Guard { incoming: settings.topics.incoming.clone(), max_attempts: arguments.max_attempts },
            committed: progress.clone(),
            progress,
            batch: Batch::default(),
            tally: Tally::default(),
        })
    }

    fn run(mut self, arguments: &Arguments, stop: &Stop) -> anyhow::Result<Ended> {
        // Also without letters: it proves the rights before anything is written, and keeps the
        // memory of every partition from expiring.
        self.send(&[])?;
        let mut next: BTreeMap<i32, i64> =
            self.progress.iter().map(|(partition, progress)| (*partition, progress.low())).collect();
        self.letters.read_from(&next)?;
        let left = |extent: &Extent| extent.end - next.get(&extent.partition).unwrap_or(&extent.first);
        let bar = bar(self.letters.extents().iter().map(left).sum());
        if arguments.dry_run && arguments.output == Output::Table {
            print_line(&row::head("verdict"))?;
        }
        let mut pace = Pace::new(arguments.rate);
        let limit = arguments.limit.unwrap_or(u64::MAX);
        let stopped = loop {
            if stop.is_requested() {
                break true;
            }
            if self.tally.redriven >= limit {
                break false;
            }
            match self.letters.step()? {
                Step::Record(record) => {
                    let from = next.insert(record.partition, record.offset + 1).unwrap_or(record.offset);
                    self.pass_over(record.partition, from, record.offset);
                    bar.inc(u64::try_from(record.offset + 1 - from).unwrap_or(0));
                    let verdict = self.take(&record, &mut pace, arguments)?;
                    self.tally.count(verdict);
                }
                Step::Idle => {}
                Step::End => break false,
            }
            if self.batch.is_due(Instant::now()) {
                self.flush()?;
            }
        };
        self.flush()?;
        bar.finish_and_clear();
        Ok(Ended { tally: self.tally, stopped })
    }

    fn pass_over(&mut self, partition: i32, from: i64, to: i64) {
        for memory in [&mut self.progress, &mut self.committed] {
            if let Some(progress) = memory.get_mut(&partition) {
                progress.pass_over(from, to);
            }
        }
    }

    fn take(&mut self, record: &Record, pace: &mut Pace, arguments: &Arguments) -> anyhow::Result<Verdict> {
        let found = Found::new(record);
        let Some(progress) = self.progress.get_mut(&found.partition) else {
            return Ok(Verdict::Other);
        };
        let verdict = judge(&found, &self.selection, &self.guard, progress);
        if arguments.dry_run && matches!(verdict, Verdict::Redrive | Verdict::Keep(_)) {
            print(&found, verdict, arguments.output)?;
        }
        let Ok(letter) = &found.letter else {
            return Ok(verdict);
        };
        if verdict == Verdict::Redrive {
            progress.finish(found.offset)?;
            if self.redriver.is_some() {
                std::thread::sleep(pace.wait(Instant::now()));
                let headers = letter.redriven((&found.topic, found.partition, found.offset));
                let input = Record { headers, ..letter.original.clone() };
                self.batch.push(input, (found.partition, found.offset));
            }
        }
        Ok(verdict)
    }

    /// Sends the batch; if the brokers refuse a record of it, each alone, to find which.
    fn flush(&mut self) -> anyhow::Result<()> {
        let batch = std::mem::take(&mut self.batch).records;
        if batch.is_empty() {
            return Ok(());
        }
        let (records, places): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        if self.send(&records)? == Sent::Committed {
            self.committed.clone_from(&self.progress);
            return Ok(());
        }
        self.progress.clone_from(&self.committed);
        for (record, (partition, offset)) in records.into_iter().zip(places) {
            let Some(progress) = self.progress.get_mut(&partition) else {
                continue;
            };
            let kept = match progress.finish(offset) {
                Err(_) => Some(Kept::Unremembered),
                Ok(()) => (self.send(std::slice::from_ref(&record))? == Sent::Refused).then_some(Kept::Refused),
            };
            match kept {
                None => self.committed.clone_from(&self.progress),
                Some(reason) => {
                    self.progress.clone_from(&self.committed);
                    self.tally.redriven = self.tally.redriven.saturating_sub(1);
                    self.tally.count(Verdict::Keep(reason));
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, records: &[Record]) -> anyhow::Result<Sent> {
        let Some(redriver) = &mut self.redriver else {
            return Ok(Sent::Committed);
        };
        let commit = |(partition, progress): (&i32, &Progress)| Committed {
            partition: *partition,
            offset: progress.low(),
            note: progress.note(),
        };
        let progress: Vec<_> = self.progress.iter().map(commit).collect();
        Ok(redriver.send(&self.letters, records, &progress)?)
    }
}

impl Batch {
    fn push(&mut self, record: Record, place: (i32, i64)) {
        self.since.get_or_insert_with(Instant::now);
        self.bytes = self.bytes.saturating_add(record.bytes());
        self.records.push((record, place));
    }

    fn is_due(&self, now: Instant) -> bool {
        let old = self.since.is_some_and(|since| now.saturating_duration_since(since) >= BATCH_AGE);
        old || self.records.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}

fn bar(offsets: i64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} offsets, {per_sec}, {eta}").ok();
    match style.filter(|_| std::io::stderr().is_terminal()) {
        Some(style) => ProgressBar::new(u64::try_from(offsets).unwrap_or(0)).with_style(style),
        None => ProgressBar::hidden(),
    }
}

fn print(found: &Found, verdict: Verdict, output: Output) -> anyhow::Result<()> {
    let word = if let Verdict::Keep(reason) = verdict { reason.as_str() } else { "redrive" };
    match output {
        Output::Table => print_line(&row::line(found, word)),
        Output::Json => {
            let mut object = row::object(found);
            object.insert("verdict".into(), json!(word));
            print_line(&Value::Object(object).to_string())
        }
    }
}

fn summary(tally: &Tally, dry_run: bool) -> String {
    let mut lines = vec![format!("{:>8}  {}", tally.redriven, if dry_run { "would go back" } else { "redriven" })];
    for reason in Kept::ALL {
        if let Some(count) = tally.kept.get(&reason) {
            lines.push(format!("{count:>8}  left, {}: {}", reason.as_str(), reason.meaning()));
        }
    }
    for (count, what) in [(tally.other, "waiting, not selected"), (tally.foreign, "no dead letters of this service")] {
        if count > 0 {
            lines.push(format!("{count:>8}  {what}"));
        }
    }
    lines.join("\n")
}

fn document(tally: &Tally, stopped: bool) -> Value {
    let kept: BTreeMap<_, _> =
        Kept::ALL.iter().map(|reason| (reason.as_str(), tally.kept.get(reason).copied().unwrap_or(0))).collect();
    json!({
        "redriven": tally.redriven, "kept": kept,
        "not_selected": tally.other, "foreign": tally.foreign, "stopped": stopped,
    })
}

#[expect(clippy::print_stderr, reason = "a message for people beside the data")]
fn tell(message: &str) {
    eprintln!("{message}");
}
