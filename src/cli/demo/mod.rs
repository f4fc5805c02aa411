//! The demo: sample reports through the real lanes, model and rules, on the embedded broker.

mod samples;
mod screen;
mod tally;

use std::io::IsTerminal as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::observe::{self, Observed};
use super::worker::Classifiers;
use super::{deployment, inspect, print_line, run};
use crate::config::Settings;
use crate::engine::Engine;
use crate::event::{Classified, Mode};
use crate::serve::{Board, Server};
use crate::stats::Communique;
use crate::stream::{self, Embedded, Feeder, Outgoing, Reader, Record, Stop, Workers};
use crate::telemetry::Filter;
use crate::triage::Urgency;
use screen::Screen;
use tally::Tally;

/// Partitions of each topic.
const PARTITIONS: i32 = 8;

/// Reports sent and not yet seen in an output topic, at most: the embedded broker drops what it
/// cannot keep, and ages would only show how long the queue is.
const OUTSTANDING: u64 = 512;

/// Reports a second when the demo runs until stopped, so that a person can follow.
const UNHURRIED: u64 = 100;

/// Country of the platform in the sample reports.
const HOME: &str = "MA";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// End after this many reports; without it, the demo runs until Ctrl-C.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    reports: Option<u64>,
    /// Reports a second, at most; 0 for as fast as possible. Default: 0 with --reports, else 100.
    #[arg(long, value_name = "N")]
    rate: Option<u64>,
    /// Address of the live page and of everything else that is answered over HTTP. Default: a free
    /// port of 127.0.0.1, unless serve.enabled = false.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(super) fn demo(settings: &Settings, arguments: &Arguments, filter: Filter) -> anyhow::Result<ExitCode> {
    let mut settings = settings.clone();
    settings.event.mode = Mode::Binary;
    settings.serve.enabled |= arguments.listen.is_some();
    settings.serve.listen = arguments.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let stop = Stop::new();
    let Observed { server, board } = observe::open(&settings, filter, &stop)?;
    let engine = deployment::engine(&settings)?;
    let specs = inspect::specs(&settings)?;
    let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    let broker = Embedded::start(PARTITIONS, &names)?;
    introduce(&broker, &names, server.as_ref())?;

    let run = Run {
        settings: &settings,
        broker: &broker,
        engine: &engine,
        stop: &stop,
        board,
        seen: AtomicU64::new(0),
        reports: arguments.reports,
        rate: arguments.rate.unwrap_or(if arguments.reports.is_some() { 0 } else { UNHURRIED }),
    };
    let outcome = run::until_stopped(&stop, server, || run.all())??;
    conclude(&engine, &outcome)?;
    Ok(ExitCode::SUCCESS)
}

/// What the demo saw.
struct Outcome {
    tally: Tally,
    communique: Communique,
    first_urgent: Option<Classified>,
}

/// One run of the demo: a feeder, the lanes, and a reader of what comes out.
struct Run<'a> {
    settings: &'a Settings,
    broker: &'a Embedded,
    engine: &'a Arc<Engine>,
    stop: &'a Stop,
    board: Option<Arc<Board>>,
    seen: AtomicU64,
    reports: Option<u64>,
    rate: u64,
}

impl Run<'_> {
    fn all(&self) -> anyhow::Result<Outcome> {
        let topics = &self.settings.topics;
        let reader = Reader::open(&self.broker.cluster(), &[&topics.classified, &topics.rejected])?;
        let options = stream::Options {
            workers: deployment::workers(self.settings),
            batch: stream::BatchLimits {
                records: self.settings.stream.batch_reports,
                bytes: self.settings.stream.batch_bytes.0,
                wait: self.settings.stream.batch_wait.unsigned_abs(),
            },
            ..self.broker.options("ibaleg-demo", &[&topics.incoming], &topics.deadletter)
        };
        let watch = observe::watch(self.settings, &options, self.engine, self.board.as_deref());
        let workers: Arc<dyn Workers> = Arc::new(Classifiers {
            engine: Arc::clone(self.engine),
            encoder: deployment::encoder(self.settings),
            topics: topics.clone(),
            watch: Arc::clone(&watch),
        });
        thread::scope(|scope| {
            // Whichever part ends first, for good or ill, takes the others with it.
            let lanes = scope.spawn(|| {
                let result = stream::run(&options, &workers, self.stop, &*watch);
                self.stop.request();
                result
            });
            let feeding = scope.spawn(|| {
                let result = self.feed();
                if result.is_err() {
                    self.stop.request();
                }
                result
            });
            let outcome = self.watch(&reader);
            self.stop.request();
            let ended = |_| anyhow::anyhow!("a thread of the demo ended early");
            feeding.join().map_err(ended)??;
            lanes.join().map_err(ended)??;
            outcome
        })
    }

    /// Sends sample after sample, in their order and over again, each time under a new id.
    fn feed(&self) -> anyhow::Result<()> {
        let feeder = Feeder::open(&self.broker.cluster(), OUTSTANDING)?;
        let samples = samples::load()?;
        let start = Instant::now();
        let pause = 1_000_000_000_u64.checked_div(self.rate).unwrap_or(0);
        let mut sent = 0;
        while !self.stop.is_requested() && self.reports.is_none_or(|reports| sent < reports) {
            let due = Duration::from_nanos(pause.saturating_mul(sent));
            if sent.saturating_sub(self.seen.load(Ordering::Relaxed)) >= OUTSTANDING || start.elapsed() < due {
                thread::sleep(Duration::from_millis(1));
                continue;
            }
            let (id, value) = samples::nth(&samples, sent);
            let message = Outgoing {
                topic: self.settings.topics.incoming.clone(),
                key: Some(id.into_bytes()),
                headers: vec![("content-type".to_owned(), Some(b"application/json".to_vec()))],
                value: Some(value),
            };
            feeder.send(&message, Some(Timestamp::now().as_millisecond()))?;
            sent += 1;
        }
        feeder.flush(Duration::from_secs(10))?;
        Ok(())
    }

    /// Reads what comes out until all of it is there or a stop is asked for.
    fn watch(&self, reader: &Reader) -> anyhow::Result<Outcome> {
        let mut screen = Screen::open(std::io::stderr().is_terminal())?;
        let mut outcome = Outcome { tally: Tally::default(), communique: Communique::new(HOME), first_urgent: None };
        let start = Instant::now();
        while !self.stop.is_requested() && self.reports.is_none_or(|reports| outcome.tally.total() < reports) {
            if let Some(record) = reader.next(Duration::from_millis(50))? {
                self.count(&record, &mut outcome)?;
                self.seen.store(outcome.tally.total(), Ordering::Relaxed);
            }
            outcome.tally.elapsed = start.elapsed();
            screen.show(&outcome.tally, false)?;
        }
        screen.show(&outcome.tally, true)?;
        Ok(outcome)
    }

    fn count(&self, record: &Record, outcome: &mut Outcome) -> anyhow::Result<()> {
        let value = record.value.as_deref().unwrap_or_default();
        if *record.topic == *self.settings.topics.rejected {
            outcome.tally.rejected += 1;
            return Ok(());
        }
        let event: Classified = serde_json::from_slice(value)?;
        let age = Timestamp::now().duration_since(event.timings.received_at).unsigned_abs();
        outcome.tally.add(&event, age);
        outcome.communique.add(self.engine.triage().taxonomy(), &event);
        if outcome.first_urgent.is_none() && event.urgency.grade == Urgency::U0 {
            outcome.first_urgent = Some(event);
        }
        Ok(())
    }
}

fn introduce(broker: &Embedded, topics: &[&str], server: Option<&Server>) -> anyhow::Result<()> {
    if let Some(server) = server {
        print_line(&format!("live page: http://{}/", server.address()))?;
    }
    print_line("embedded broker for the demo (no Apache Kafka: no exactly-once, nothing kept on disk)")?;
    print_line("while it runs, each topic can be read:")?;
    for topic in topics {
        print_line(&format!("  kcat -C -b {} -t {topic} -o beginning", broker.brokers()))?;
    }
    print_line("")
}

fn conclude(engine: &Engine, outcome: &Outcome) -> anyhow::Result<()> {
    print_line(&outcome.tally.summary())?;
    print_line("Counts in the form of the platform's communiqué (labels are the machine's, not findings):\n")?;
    print_line(&outcome.communique.table(engine.triage().taxonomy()))?;
    match &outcome.first_urgent {
        Some(event) => {
            print_line("The first urgent event (U0), in full:\n")?;
            print_line(&serde_json::to_string_pretty(event)?)
        }
        None => print_line("No urgent event (U0) yet."),
    }
}
