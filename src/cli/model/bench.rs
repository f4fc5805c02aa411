//! `ibaleg model bench`: from the bytes of a report to its event, at given lengths, threads and batches.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::eval::sheet::{Sheet, plain};
use crate::cli::{deployment, now, print_line};
use crate::config::Settings;
use crate::engine::{Engine, Input, Session};
use crate::model::text_of_tokens;
use crate::report::Envelope;

/// Different texts of each length, so that no cache of a tokenizer answers for it.
const VARIANTS: usize = 64;

/// Most of a list on the command line.
const MOST: usize = 4096;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the package.
    #[arg(required_unless_present = "schema")]
    package: Option<PathBuf>,
    /// Tokens of a report's text.
    #[arg(long, value_delimiter = ',', default_value = "16,64,256", value_name = "N,…")]
    lengths: Vec<usize>,
    /// Threads; by default one, and as many as there are cores.
    #[arg(long, value_delimiter = ',', value_name = "N,…")]
    threads: Vec<usize>,
    /// Reports decided together.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64", value_name = "N,…")]
    batch: Vec<usize>,
    /// Milliseconds spent on each row.
    #[arg(long, default_value_t = 500, value_name = "MS")]
    time: u64,
    /// How the figures are written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Print the JSON Schema (2020-12) of `--output json` and measure nothing.
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

/// What `ibaleg model bench --output json` prints.
#[derive(Debug, Serialize, JsonSchema)]
struct Document {
    /// Version of this document.
    format: u32,
    /// Version of the program that measured.
    service: String,
    /// Name and version of the package.
    model: String,
    /// SHA-256 of the package.
    model_digest: String,
    /// Cores that the process may use.
    cores: usize,
    /// One row for each length, number of threads and batch.
    rows: Vec<Row>,
}

/// One measurement.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
struct Row {
    /// Tokens of each report's text, mean.
    tokens: f64,
    /// Threads at work.
    threads: usize,
    /// Reports decided together by one thread.
    batch: usize,
    /// Reports decided.
    reports: usize,
    /// Reports a second, all threads together.
    reports_per_second: f64,
    /// Milliseconds from handing a batch over to its events, median.
    p50_ms: f64,
    /// The same, 95 of 100 are faster.
    p95_ms: f64,
    /// The same, 99 of 100 are faster.
    p99_ms: f64,
}

pub(super) fn bench(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Some(package) = arguments.package.as_ref().filter(|_| !arguments.schema) else {
        print_line(&serde_json::to_string_pretty(&schemars::schema_for!(Document))?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut settings = settings.clone();
    settings.model.path.clone_from(package);
    let engine = deployment::tried_engine(&settings)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = match arguments.threads.as_slice() {
        [] if cores > 1 => vec![1, cores],
        [] => vec![1],
        given => given.to_vec(),
    };
    for (name, list) in [("--lengths", &arguments.lengths), ("--threads", &threads), ("--batch", &arguments.batch)] {
        let fits = list.iter().all(|number| (1..=MOST).contains(number));
        ensure!(fits, "{name}: give numbers from 1 to {MOST}");
    }
    let rows = measure(&engine, arguments, &threads)?;
    let provenance = engine.provenance();
    let document = Document {
        format: 1,
        service: env!("CARGO_PKG_VERSION").to_owned(),
        model: provenance.model.clone(),
        model_digest: provenance.model_digest.clone(),
        cores,
        rows,
    };
    match arguments.output {
        Output::Table => print_line(table(&document).trim_end())?,
        Output::Json => print_line(&serde_json::to_string_pretty(&document)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(engine: &Arc<Engine>, arguments: &Arguments, threads: &[usize]) -> anyhow::Result<Vec<Row>> {
    let time = Duration::from_millis(arguments.time);
    let progress = progress(arguments.lengths.len() * threads.len() * arguments.batch.len());
    let mut rows = Vec::new();
    for &length in &arguments.lengths {
        let load = Load::new(engine, length)?;
        for &threads in threads {
            for &batch in &arguments.batch {
                rows.push(load.run(engine, threads, batch, time)?);
                progress.inc(1);
            }
        }
    }
    progress.finish_and_clear();
    Ok(rows)
}

fn progress(rows: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} rows, {eta}").ok();
    match style.filter(|_| std::io::stderr().is_terminal()) {
        Some(style) => ProgressBar::new(rows as u64).with_style(style),
        None => ProgressBar::hidden(),
    }
}

/// Reports of one length.
struct Load {
    reports: Vec<Vec<u8>>,
    tokens: f64,
}

impl Load {
    fn new(engine: &Engine, length: usize) -> anyhow::Result<Self> {
        let (mut reports, mut tokens) = (Vec::new(), 0);
        for variant in 0..VARIANTS {
            let (text, count) = text_of_tokens(engine.model(), length, variant)?;
            let report = serde_json::json!({ "id": format!("bench-{variant}"), "description": text });
            reports.push(report.to_string().into_bytes());
            tokens += count;
        }
        Ok(Self { reports, tokens: ratio(tokens, VARIANTS) })
    }

    fn run(&self, engine: &Arc<Engine>, threads: usize, batch: usize, time: Duration) -> anyhow::Result<Row> {
        let sessions = (0..threads).map(|_| engine.session()).collect::<Result<Vec<_>, _>>()?;
        let worked = thread::scope(|scope| {
            let running = sessions.into_iter().map(|session| scope.spawn(move || self.work(session, batch, time)));
            let running: Vec<_> = running.collect();
            let ended = running.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread ended early")));
            ended.collect::<anyhow::Result<Vec<_>>>()
        })?;
        ensure!(worked.iter().all(|(_, elapsed)| !elapsed.is_zero()), "this machine's clock stands still");
        let per_second =
            |(times, elapsed): &(Vec<Duration>, Duration)| ratio(times.len() * batch, 1) / elapsed.as_secs_f64();
        let reports_per_second = worked.iter().map(per_second).sum();
        let mut times: Vec<Duration> = worked.into_iter().flat_map(|(times, _)| times).collect();
        times.sort_unstable();
        let reports = times.len() * batch;
        let at = |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1)));
        let at = |part| at(part).copied().unwrap_or_default().as_secs_f64() * 1e3;
        let (p50_ms, p95_ms, p99_ms) = (at(50), at(95), at(99));
        Ok(Row { tokens: self.tokens, threads, batch, reports, reports_per_second, p50_ms, p95_ms, p99_ms })
    }

    /// Decides one batch after another until the time is over; how long each took, and all together. The first is not
    /// counted, for it makes room for the others.
    fn work(&self, mut session: Session, batch: usize, time: Duration) -> (Vec<Duration>, Duration) {
        let mut times = Vec::new();
        let mut next = self.reports.iter().cycle();
        let mut decide = || {
            let now = now();
            let bytes = next.by_ref().take(batch);
            let input = |bytes| Input { envelope: Envelope::bare(bytes), source: None, received_at: now };
            let inputs: Vec<Input<'_>> = bytes.map(|bytes| input(bytes)).collect();
            let started = Instant::now();
            drop(session.decide(&inputs, now));
            started.elapsed()
        };
        decide();
        let started = Instant::now();
        while times.is_empty() || started.elapsed() < time {
            times.push(decide());
        }
        (times, started.elapsed())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn ratio(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}

fn table(document: &Document) -> String {
    let note = "From the bytes of a report to its event. Latency is that of a whole batch, handed over at once.";
    let title = format!("{}, {} cores", document.model, document.cores);
    let head = ["tokens", "threads", "batch", "reports a second", "p50 ms", "p95 ms", "p99 ms"];
    let mut sheet = Sheet::new(&title, note, &head);
    for row in &document.rows {
        let counts = [format!("{:.0}", row.tokens), row.threads.to_string(), row.batch.to_string()];
        let speed = format!("{:.0}", row.reports_per_second);
        let latency = [row.p50_ms, row.p95_ms, row.p99_ms].map(|time| format!("{time:.2}"));
        sheet.row(counts.into_iter().chain([speed]).chain(latency));
    }
    plain(&[sheet])
}
