use std::io::{self, IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::decision_log::DecisionLog;
use super::lines::{Line, read_files};
use super::{deployment, exit};
use crate::config::Settings;
use crate::engine::{Input, Outcome, Session};
use crate::event::Encoder;
use crate::report::Envelope;

/// Lines given to one thread at a time.
const BATCH: usize = 128;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files to read; standard input when none is given or for `-`.
    files: Vec<PathBuf>,
    /// Each line is a plain text, the description of a report, instead of a report in JSON.
    #[arg(long)]
    text: bool,
    /// Threads; 0 for all cores.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Append a record of each decision to this hash-chained log before its event is written.
    #[arg(long, value_name = "FILE")]
    decision_log: Option<PathBuf>,
}

pub(super) fn classify(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let engine = deployment::engine(settings)?;
    let encoder = deployment::encoder(settings);
    let threads = match arguments.threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let mut sessions = Vec::new();
    for _ in 0..threads {
        sessions.push(engine.session()?);
    }
    let log = arguments.decision_log.as_deref();
    let log = log.map(|path| DecisionLog::open(path, engine.provenance())).transpose()?;
    let limit = settings.report.max_bytes.0;
    let files = if arguments.files.is_empty() { vec![PathBuf::from("-")] } else { arguments.files.clone() };
    let (sender, receiver) = sync_channel(BATCH * threads);
    let text = arguments.text;
    let reading = thread::spawn(move || read(&files, limit, text, &sender));
    let progress = progress(arguments);
    let rejected = Deciding { encoder, log, progress: progress.clone() }.decide(&mut sessions, &receiver)?;
    progress.finish_and_clear();
    reading.join().map_err(|_| anyhow::anyhow!("the reading thread ended early"))??;
    let code = u8::try_from(rejected).unwrap_or(u8::MAX).min(exit::MOST_REJECTED);
    Ok(ExitCode::from(code))
}

fn progress(arguments: &Arguments) -> ProgressBar {
    let visible = !arguments.files.is_empty() && io::stderr().is_terminal();
    let style = ProgressStyle::with_template("{spinner} {pos} reports, {per_sec}, {elapsed}").ok();
    match (visible, style) {
        (true, Some(style)) => ProgressBar::new_spinner().with_style(style),
        _ => ProgressBar::hidden(),
    }
}

/// Sends every line that is not blank; stops when nobody listens any more.
fn read(files: &[PathBuf], limit: usize, text: bool, sender: &SyncSender<Line>) -> anyhow::Result<()> {
    read_files(files, limit, |mut line| {
        if text {
            line.bytes = as_report(line.number, &line.bytes);
        }
        match sender.send(line) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })
}

/// A plain text as the description of a report. Bytes that are not UTF-8 stay as they are and are
/// refused as any report would be.
fn as_report(number: u64, bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::json!({ "id": format!("line-{number}"), "description": text }).to_string().into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}

/// Where decisions go.
struct Deciding {
    encoder: Encoder,
    log: Option<DecisionLog>,
    progress: ProgressBar,
}

impl Deciding {
    /// Decides line after line on all sessions, in the order of the input; returns how many were rejected.
    fn decide(&mut self, sessions: &mut [Session], lines: &Receiver<Line>) -> anyhow::Result<u64> {
        let mut output = io::BufWriter::new(io::stdout().lock());
        let mut rejected = 0;
        while let Some(batch) = next_batch(lines, BATCH * sessions.len()) {
            let share = batch.len().div_ceil(sessions.len());
            let outcomes: Vec<Outcome> = thread::scope(|scope| {
                let parts = sessions.iter_mut().zip(batch.chunks(share));
                let running: Vec<_> =
                    parts.map(|(session, lines)| scope.spawn(move || decide_part(session, lines))).collect();
                running
                    .into_iter()
                    .map(|part| part.join().map_err(|_| anyhow::anyhow!("a classifying thread ended early")))
                    .collect::<anyhow::Result<Vec<_>>>()
            })?
            .into_iter()
            .flatten()
            .collect();
            if let Some(log) = &mut self.log {
                log.append(&outcomes)?;
            }
            for (line, outcome) in batch.iter().zip(&outcomes) {
                if let Outcome::Rejected { event, .. } = outcome {
                    rejected += 1;
                    report_rejected(line, &event.code, &event.pointer, &event.message);
                }
                outcome.write(&self.encoder, &mut output).context("standard output cannot be written")?;
                output.write_all(b"\n").context("standard output cannot be written")?;
            }
            output.flush().context("standard output cannot be written")?;
            self.progress.inc(batch.len() as u64);
        }
        Ok(rejected)
    }
}

fn decide_part(session: &mut Session, lines: &[Line]) -> Vec<Outcome> {
    let now = super::now();
    let input = |line| Input { envelope: Envelope::bare(line), source: None, received_at: now };
    let inputs: Vec<Input<'_>> = lines.iter().map(|line| input(line.bytes.as_slice())).collect();
    session.decide(&inputs, now)
}

/// All lines that wait, at least one, at most `most`; `None` at the end of the input. A pipe that
/// gives one line at a time is answered line by line.
fn next_batch(lines: &Receiver<Line>, most: usize) -> Option<Vec<Line>> {
    let mut batch = vec![lines.recv().ok()?];
    batch.extend(lines.try_iter().take(most - 1));
    Some(batch)
}

#[expect(clippy::print_stderr, reason = "rejected lines are told on standard error, events go to standard output")]
fn report_rejected(line: &Line, code: &str, pointer: &str, message: &str) {
    let place = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
    eprintln!("{}, line {}: rejected ({code}{place}): {message}", line.file, line.number);
}
