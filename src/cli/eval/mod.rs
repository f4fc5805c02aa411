//! `ibaleg eval`: labelled reports through the core, figures out.

mod corpus;
mod difference;
mod document;
mod evidence;
mod figures;
mod judge;
mod labelled;
mod page;
mod plot;
pub(super) mod sheet;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use super::{deployment, exit};
use crate::config::Settings;
use crate::engine::Engine;
use crate::evaluate::{self, Axes, Options};
use crate::model::check::Memory;
use corpus::{BadLine, Corpus, Reading, Split, bad_lines};
use document::{Classifier, Document, FORMAT, Source, Speed};
use judge::{Judge, Judged};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Labelled reports, one JSON object a line; `-` for standard input.
    #[arg(required_unless_present = "schema")]
    files: Vec<PathBuf>,
    /// Model package to measure; without it the one of the configuration.
    #[arg(long, value_name = "DIR", conflicts_with = "compare")]
    package: Option<PathBuf>,
    /// Measure two model packages on the same reports, and test their difference.
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    compare: Option<Vec<PathBuf>>,
    #[command(flatten)]
    how: How,
    /// Print the JSON Schema (2020-12) of `--output json` and measure nothing.
    #[arg(long)]
    schema: bool,
    /// Memory of each package, where it was measured before.
    #[arg(skip)]
    memory: Vec<Memory>,
}

/// How packages are measured, and where the figures go.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct How {
    /// Table of id, side and group; intervals then draw whole groups.
    #[arg(long, value_name = "FILE")]
    split: Option<PathBuf>,
    /// Measure this side of the split only.
    #[arg(long, requires = "split")]
    side: Option<String>,
    /// How the figures are written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Share of all reports that can go to priority review.
    #[arg(long, default_value_t = 0.25, value_name = "SHARE")]
    review_load: f64,
    /// Positives (or negatives) from which a slice is compared with others and can be among the worst.
    #[arg(long, default_value_t = 10, value_name = "N")]
    support: u64,
    /// Rounds of the bootstrap.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    rounds: usize,
    /// Seed of the bootstrap and of the deletion test.
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Show the texts of the reports that a list of the worst names.
    #[arg(long)]
    show_text: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// Tables for a terminal.
    Table,
    /// One JSON document.
    Json,
    /// One page with plots.
    Html,
}

/// One package with what it made of the reports.
struct Measured {
    engine: Arc<Engine>,
    judged: Judged,
}

pub(super) fn eval(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.schema {
        super::print_line(&serde_json::to_string_pretty(&document::schema())?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let engines = engines(settings, arguments)?;
    let axes = engines.first().map(|engine| judge::axes(engine)).unwrap_or_default();
    let mut corpus = read(settings, arguments, &axes)?;
    let measured = measure(engines, &axes, &mut corpus, arguments.how.seed)?;
    tell(&corpus.bad);
    let document = assemble(&measured, &axes, &corpus, arguments)?;
    let document = if arguments.how.show_text { document.with_texts(&corpus) } else { document };
    write(arguments.how.out.as_deref(), &rendered(&document, arguments.how.output)?)?;
    let code = u8::try_from(bad_lines(&corpus.bad)).unwrap_or(u8::MAX).min(exit::MOST_REJECTED);
    Ok(ExitCode::from(code))
}

/// Measures two packages on the same reports, and tests their difference.
pub(super) fn compare(
    settings: &Settings,
    packages: Vec<PathBuf>,
    memory: Vec<Memory>,
    data: Vec<PathBuf>,
    how: How,
) -> anyhow::Result<ExitCode> {
    eval(settings, &Arguments { files: data, package: None, compare: Some(packages), how, schema: false, memory })
}

fn engines(settings: &Settings, arguments: &Arguments) -> anyhow::Result<Vec<Arc<Engine>>> {
    let packages: Vec<PathBuf> = match (&arguments.compare, &arguments.package) {
        (Some(both), _) => both.clone(),
        (None, Some(package)) => vec![package.clone()],
        (None, None) => vec![settings.model.path.clone()],
    };
    let engine = |path: PathBuf| {
        let mut settings = settings.clone();
        settings.model.path = path;
        deployment::engine(&settings)
    };
    packages.into_iter().map(engine).collect()
}

fn read(settings: &Settings, arguments: &Arguments, axes: &Axes) -> anyhow::Result<Corpus> {
    let split = arguments.how.split.as_deref().map(Split::read).transpose()?;
    let side = arguments.how.side.as_deref();
    if let (Some(split), Some(side)) = (&split, side) {
        split.check_side(side)?;
    }
    let reading = Reading { axes, split: split.as_ref(), side, limit: settings.report.max_bytes.0 };
    reading.read(&arguments.files)
}

/// Judges the corpus with each package. A line that the core refuses is bad for all of them.
fn measure(engines: Vec<Arc<Engine>>, axes: &Axes, corpus: &mut Corpus, seed: u64) -> anyhow::Result<Vec<Measured>> {
    let progress = progress(corpus.entries.len() * engines.len());
    let mut measured = Vec::new();
    for engine in engines {
        let mut judged = Judge::new(&engine, axes, seed)?.judge(corpus, &progress)?;
        if measured.is_empty() {
            corpus.bad.append(&mut judged.refused);
        }
        measured.push(Measured { engine, judged });
    }
    progress.finish_and_clear();
    if measured.iter().any(|measured| measured.judged.cases.is_empty()) {
        tell(&corpus.bad);
        let count = bad_lines(&corpus.bad);
        bail!("no report to measure: {count} bad lines, {} reports of another side", corpus.other_side);
    }
    Ok(measured)
}

fn progress(reports: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} reports, {per_sec}, {eta}").ok();
    match style.filter(|_| std::io::stderr().is_terminal()) {
        Some(style) => ProgressBar::new(reports as u64).with_style(style),
        None => ProgressBar::hidden(),
    }
}

#[expect(clippy::print_stderr, reason = "bad lines are told on standard error, figures go to standard output")]
fn tell(bad: &[BadLine]) {
    for BadLine { file, line, code, message, used } in bad {
        let what = if *used { "measured without it" } else { "left out" };
        eprintln!("{file}, line {line}: {what} ({code}): {message}");
    }
}

fn assemble(measured: &[Measured], axes: &Axes, corpus: &Corpus, arguments: &Arguments) -> anyhow::Result<Document> {
    let options = Options {
        rounds: arguments.how.rounds,
        seed: arguments.how.seed,
        review_load: arguments.how.review_load,
        support: arguments.how.support,
        ..Options::default()
    };
    let memory = |index: usize| arguments.memory.get(index).copied();
    let classifiers: anyhow::Result<Vec<Classifier>> = measured
        .iter()
        .enumerate()
        .map(|(index, measured)| Ok(Classifier { memory: memory(index), ..classifier(measured, axes, &options)? }))
        .collect();
    let comparison = match measured {
        [a, b] => Some(evaluate::compare(&a.judged.cases, &b.judged.cases, axes, &options)?),
        _ => None,
    };
    Ok(Document {
        format: FORMAT,
        service: env!("CARGO_PKG_VERSION").to_owned(),
        input: Source {
            files: arguments.files.iter().map(|file| file.display().to_string()).collect(),
            side: arguments.how.side.clone(),
            other_side: corpus.other_side,
            reports: measured.first().map_or(0, |measured| measured.judged.cases.len()),
        },
        settings: document::Settings {
            rounds: options.rounds,
            seed: options.seed,
            review_load: options.review_load,
            priority: options.priority,
            support: options.support,
        },
        classifiers: classifiers?,
        comparison,
        bad_lines: corpus.bad.clone(),
        texts: None,
    })
}

fn classifier(measured: &Measured, axes: &Axes, options: &Options) -> anyhow::Result<Classifier> {
    let Measured { engine, judged } = measured;
    let provenance = engine.provenance();
    let outputs = engine.model().outputs();
    let scored = |name: &&str| outputs.iter().any(|output| output.name == *name);
    let seconds = judged.deciding.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "counts of reports stay far below 2^52")]
    let reports = judged.cases.len() as f64;
    ensure!(seconds > 0.0, "this machine's clock stands still, so the speed cannot be measured");
    Ok(Classifier {
        model: provenance.model.clone(),
        model_digest: provenance.model_digest.clone(),
        text_digest: provenance.text_digest.clone(),
        policy_digest: provenance.policy_digest.clone(),
        lexicon_digest: provenance.lexicon_digest.clone(),
        without_output: axes.names().filter(|name| !scored(name)).map(str::to_owned).collect(),
        memory: None,
        speed: Speed { seconds, reports_per_second: reports / seconds },
        figures: evaluate::evaluate(&judged.cases, axes, options)?,
    })
}

fn rendered(document: &Document, output: Output) -> anyhow::Result<String> {
    match output {
        Output::Json => document.json().context("the figures cannot be written as JSON"),
        Output::Html => Ok(page::page(document)),
        Output::Table => Ok(table(document)),
    }
}

fn table(document: &Document) -> String {
    let mut text = String::new();
    if let (Some(comparison), [a, b]) = (&document.comparison, document.classifiers.as_slice()) {
        let _ = writeln!(text, "A: {}\nB: {}\n", a.model, b.model);
        text.push_str(&sheet::plain(&difference::sheets(comparison, a, b)));
    }
    for (classifier, mark) in document.classifiers.iter().zip(["A: ", "B: "]) {
        let mark = if document.comparison.is_some() { mark } else { "" };
        let _ = write!(text, "{mark}{}\n\n{}", classifier.model, sheet::plain(&figures::sheets(classifier)));
    }
    for (id, texts) in document.texts.iter().flatten() {
        for shown in texts.present() {
            let _ = writeln!(text, "{id}  {}", shown.replace(char::is_control, " "));
        }
    }
    text
}

fn write(path: Option<&Path>, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    match path {
        Some(path) => std::fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display())),
        None => std::io::stdout().lock().write_all(text.as_bytes()).context("standard output cannot be written"),
    }
}
