//! Starts the lanes and waits for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::lane::Lane;
use super::session::Counts;
use super::{Error, Observer, Options, Stop, Workers};

/// What a run did, over all lanes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Inputs read; one read again after a rebalance or restart counts again.
    pub consumed: u64,
    /// Outputs acknowledged by the brokers, dead letters not counted.
    pub published: u64,
    /// Dead letters acknowledged.
    pub dead_lettered: u64,
    /// Inputs covered by commits the brokers confirmed.
    pub committed: u64,
    /// Inputs being processed when the run ended, which the next run will read again: 0 after a
    /// graceful stop within its deadline.
    pub unfinished: u64,
    /// How often a lane had to drop its clients and begin again.
    pub restarts: u64,
    /// Whether the stop was forced.
    pub forced: bool,
}

impl Summary {
    pub(super) fn add(&mut self, counts: Counts) {
        self.merge(&Self {
            consumed: counts.consumed,
            published: counts.published,
            dead_lettered: counts.dead_lettered,
            committed: counts.committed,
            ..Self::default()
        });
    }

    fn merge(&mut self, other: &Self) {
        self.consumed = self.consumed.saturating_add(other.consumed);
        self.published = self.published.saturating_add(other.published);
        self.dead_lettered = self.dead_lettered.saturating_add(other.dead_lettered);
        self.committed = self.committed.saturating_add(other.committed);
        self.unfinished = self.unfinished.saturating_add(other.unfinished);
        self.restarts = self.restarts.saturating_add(other.restarts);
    }
}

/// Reads, processes and publishes until `stop`, or until a lane cannot go on.
///
/// Unreachable brokers are no reason to end. An error of one lane stops the others gracefully
/// (through `stop`) and is returned; several errors are all logged, the first is returned.
///
/// # Errors
/// See [`Error`]: options that cannot work, settings librdkafka refuses, missing topics, missing
/// rights, a worker that cannot be made, a dead thread.
pub fn run(
    options: &Options,
    workers: &Arc<dyn Workers>,
    stop: &Stop,
    observer: &dyn Observer,
) -> Result<Summary, Error> {
    options.check()?;
    let results = std::thread::scope(|scope| {
        let mut lanes = Vec::with_capacity(options.lanes);
        for number in 0..options.lanes {
            let lane = Lane { number, options, stop, observer };
            let supervised = move || {
                let result = catch_unwind(AssertUnwindSafe(|| lane.run(workers)))
                    .unwrap_or(Err(Error::Died { lane: number, thread: "lane" }));
                if let Err(error) = &result {
                    tracing::error!(lane = number, %error, "lane ended");
                    lane.stop.request();
                }
                result
            };
            let name = format!("lane-{number}");
            match std::thread::Builder::new().name(name).spawn_scoped(scope, supervised) {
                Ok(lane) => lanes.push(lane),
                Err(source) => {
                    stop.request();
                    return vec![Err(Error::Thread { thread: "lane", source })];
                }
            }
        }
        let died = |lane| Err(Error::Died { lane, thread: "lane" });
        let join = |(lane, thread): (usize, std::thread::ScopedJoinHandle<'_, _>)| {
            thread.join().unwrap_or_else(|_| died(lane))
        };
        lanes.into_iter().enumerate().map(join).collect::<Vec<_>>()
    });
    let mut summary = Summary { forced: stop.is_forced(), ..Summary::default() };
    for result in results {
        summary.merge(&result?);
    }
    Ok(summary)
}
