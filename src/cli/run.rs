use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::deployment;
use super::observe::{self, Observed};
use super::worker::Classifiers;
use crate::config::{self, Settings};
use crate::serve::Server;
use crate::stream::{
    self, BatchLimits, BreakerLimits, Cluster, Guarantee, Options, Raw, Stop, Summary, TransactionLimits, Workers,
};
use crate::telemetry::Filter;

/// Longest wait for HTTP clients when the work is done.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) fn run(settings: &Settings, filter: Filter) -> anyhow::Result<ExitCode> {
    let options = options(settings)?;
    options.check()?;
    let stop = Stop::new();
    let Observed { server, board } = observe::open(settings, filter, &stop)?;
    if let Some(server) = &server {
        tracing::info!(page = %format_args!("http://{}/", server.address()), "answering HTTP");
    }
    let work = || -> anyhow::Result<Summary> {
        let engine = deployment::tried_engine(settings)?;
        let provenance = engine.provenance();
        tracing::info!(model = provenance.model, digest = provenance.model_digest, "model loaded, goldens passed");
        let watch = observe::watch(settings, &options, &engine, board.as_deref());
        let encoder = deployment::encoder(settings);
        let topics = settings.topics.clone();
        let workers: Arc<dyn Workers> = Arc::new(Classifiers { engine, encoder, topics, watch: Arc::clone(&watch) });
        Ok(stream::run(&options, &workers, &stop, &*watch)?)
    };
    let summary = until_stopped(&stop, server, work)??;
    tracing::info!(
        consumed = summary.consumed,
        published = summary.published,
        dead_lettered = summary.dead_lettered,
        committed = summary.committed,
        unfinished = summary.unfinished,
        forced = summary.forced,
        "stopped"
    );
    Ok(ExitCode::SUCCESS)
}

/// Runs `work` on this thread while SIGTERM and Ctrl-C are watched on another: the first asks for
/// a graceful stop, the second for one at once. The same thread answers HTTP, until the work is done.
pub(super) fn until_stopped<T>(stop: &Stop, server: Option<Server>, work: impl FnOnce() -> T) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("signals cannot be watched")?;
    let (done, finished) = tokio::sync::oneshot::channel::<()>();
    let token = stop.clone();
    let watcher = std::thread::spawn(move || runtime.block_on(attend(token, server, finished)));
    let result = work();
    // The watcher may be gone already, when signals cannot be watched: its result says so.
    let _ = done.send(());
    watcher.join().map_err(|_| anyhow::anyhow!("the thread that watches signals ended early"))??;
    Ok(result)
}

/// Watches signals and answers HTTP until the work is done.
async fn attend(
    stop: Stop,
    server: Option<Server>,
    finished: tokio::sync::oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    let (close, closing) = tokio::sync::watch::channel(false);
    let serving = server.map(|server| tokio::spawn(server.run(closing)));
    let watched = watch(stop, finished).await;
    close.send_replace(true);
    if let Some(serving) = serving {
        // A client that reads no more must not hold the process up.
        if let Ok(served) = tokio::time::timeout(FAREWELL, serving).await {
            served.context("the task that answers HTTP ended early")??;
        }
    }
    watched
}

async fn watch(stop: Stop, mut finished: tokio::sync::oneshot::Receiver<()>) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be watched")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be watched")?;
    loop {
        tokio::select! {
            _ = &mut finished => return Ok(()),
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.signal();
        if stop.is_forced() {
            tracing::warn!("second signal: stopping at once; reports in flight will be read again");
        } else {
            tracing::info!("stopping: work in flight is finished first; signal again to stop at once");
        }
    }
}

/// The connection that the configuration describes.
pub(super) fn cluster(settings: &Settings) -> Cluster {
    Cluster {
        brokers: settings.kafka.brokers.clone(),
        client_id: settings.kafka.client_id.clone(),
        raw: Raw { common: (*settings.kafka.librdkafka).clone(), ..Raw::default() },
    }
}

/// The lanes that the configuration describes.
pub(super) fn options(settings: &Settings) -> anyhow::Result<Options> {
    let config::Stream { lanes, batch_reports, batch_bytes, in_flight, .. } = settings.stream;
    let stream = &settings.stream;
    let topics = vec![settings.topics.incoming.clone()];
    let defaults = Options::new(cluster(settings), &settings.kafka.group_id, topics, &settings.topics.deadletter);
    Ok(Options {
        guarantee: match stream.delivery {
            config::Delivery::ExactlyOnce => Guarantee::ExactlyOnce,
            config::Delivery::AtLeastOnce => Guarantee::AtLeastOnce,
        },
        transaction: TransactionLimits {
            records: stream.transaction_reports,
            interval: time(stream.transaction_interval),
        },
        instance: instance(&settings.kafka.instance)?,
        lanes,
        workers: deployment::workers(settings),
        batch: BatchLimits { records: batch_reports, bytes: batch_bytes.0, wait: time(stream.batch_wait) },
        max_in_flight: in_flight,
        breaker: BreakerLimits { run: stream.breaker_run, ratio: stream.breaker_ratio, window: stream.breaker_window },
        commit_interval: time(stream.commit_interval),
        drain_deadline: time(stream.drain_timeout),
        shutdown_deadline: time(stream.shutdown_timeout),
        ..defaults
    })
}

/// Unique among the processes that live now, and in a container, where the process id is always the
/// same, also the name that its predecessor had.
fn instance(configured: &str) -> anyhow::Result<String> {
    if !configured.trim().is_empty() {
        return Ok(configured.trim().to_owned());
    }
    let host = gethostname::gethostname();
    let host = host.to_str().context("the host name is not UTF-8; set kafka.instance")?;
    Ok(format!("{host}-{}", std::process::id()))
}

/// Times of a checked configuration are positive.
fn time(duration: config::Duration) -> Duration {
    duration.unsigned_abs()
}
