use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::deployment;
use super::worker::Classifiers;
use crate::config::{self, Settings};
use crate::stream::{self, BatchLimits, BreakerLimits, Cluster, Log, Options, Raw, Stop, Workers};

pub(super) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let options = options(settings);
    options.check()?;
    let engine = deployment::engine(settings)?;
    let provenance = engine.provenance();
    tracing::info!(model = provenance.model, digest = provenance.model_digest, "model loaded, goldens passed");
    let encoder = deployment::encoder(settings);
    let workers: Arc<dyn Workers> = Arc::new(Classifiers { engine, encoder, topics: settings.topics.clone() });
    let stop = Stop::new();
    let summary = until_stopped(&stop, || stream::run(&options, &workers, &stop, &Log))??;
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
/// a graceful stop, the second for one at once.
pub(super) fn until_stopped<T>(stop: &Stop, work: impl FnOnce() -> T) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("signals cannot be watched")?;
    let (done, finished) = tokio::sync::oneshot::channel::<()>();
    let token = stop.clone();
    let watcher = std::thread::spawn(move || runtime.block_on(watch(token, finished)));
    let result = work();
    // The watcher may be gone already, when signals cannot be watched: its result says so.
    let _ = done.send(());
    watcher.join().map_err(|_| anyhow::anyhow!("the thread that watches signals ended early"))??;
    Ok(result)
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
pub(super) fn options(settings: &Settings) -> Options {
    let config::Stream { lanes, batch_reports, batch_bytes, in_flight, .. } = settings.stream;
    let stream = &settings.stream;
    let topics = vec![settings.topics.incoming.clone()];
    let defaults = Options::new(cluster(settings), &settings.kafka.group_id, topics, &settings.topics.deadletter);
    Options {
        lanes,
        workers: deployment::workers(settings),
        batch: BatchLimits { records: batch_reports, bytes: batch_bytes.0, wait: time(stream.batch_wait) },
        max_in_flight: in_flight,
        breaker: BreakerLimits { run: stream.breaker_run, ratio: stream.breaker_ratio, window: stream.breaker_window },
        commit_interval: time(stream.commit_interval),
        drain_deadline: time(stream.drain_timeout),
        shutdown_deadline: time(stream.shutdown_timeout),
        ..defaults
    }
}

/// Times of a checked configuration are positive.
fn time(duration: config::Duration) -> Duration {
    duration.unsigned_abs()
}
