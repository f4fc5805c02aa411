//! A lane: one member of the consumer group, through restarts of its clients.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::delivery::Interruption;
use super::observer::{Event, Observer};
use super::pool::Pool;
use super::run::Summary;
use super::session::Session;
use super::{Error, Options, Stop, Workers};

/// First pause before a restart; doubled for each one that follows without progress.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause before a restart.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest wait for the brokers when a lane gives its clients up.
const LEAVE_WAIT: Duration = Duration::from_secs(5);

pub(super) struct Lane<'a> {
    pub(super) number: usize,
    pub(super) options: &'a Options,
    pub(super) stop: &'a Stop,
    pub(super) observer: &'a dyn Observer,
}

impl Lane<'_> {
    /// Runs until the stop or an error that a restart cannot cure.
    pub(super) fn run(&self, workers: &Arc<dyn Workers>) -> Result<Summary, Error> {
        let pool = Pool::start(self.number, self.options.workers, workers)?;
        let result = self.sessions(&pool);
        let wait = if self.stop.is_forced() { Duration::ZERO } else { LEAVE_WAIT };
        pool.close(Instant::now() + wait);
        result
    }

    fn sessions(&self, pool: &Pool) -> Result<Summary, Error> {
        let mut summary = Summary::default();
        let mut pause = FIRST_PAUSE;
        for number in 0.. {
            let mut session = Session::open(self, pool, number)?;
            let outcome = session.run();
            let unfinished = session.unfinished();
            let wait = if self.stop.is_forced() { Duration::ZERO } else { LEAVE_WAIT };
            let counts = session.close(Instant::now() + wait, outcome.is_err());
            summary.add(counts);
            match outcome {
                Ok(unfinished) => {
                    summary.unfinished = unfinished as u64;
                    break;
                }
                Err(Interruption::Fatal(error)) => return Err(error),
                Err(Interruption::Restart(reason)) => {
                    if counts.committed > 0 {
                        pause = FIRST_PAUSE;
                    }
                    summary.restarts = summary.restarts.saturating_add(1);
                    let event = Event::Restarting { reason: &reason, unfinished, after: pause };
                    self.observer.event(self.number, &event);
                    self.wait(pause);
                    pause = LONGEST_PAUSE.min(pause.saturating_mul(2));
                    if self.stop.is_requested() {
                        summary.unfinished = unfinished as u64;
                        break;
                    }
                }
            }
        }
        Ok(summary)
    }

    fn wait(&self, pause: Duration) {
        let deadline = Instant::now() + pause;
        while Instant::now() < deadline && !self.stop.is_requested() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
