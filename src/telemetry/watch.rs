use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::ledger::{Entry, Ledger};
use crate::engine::Outcome;
use crate::stream::{Event, Log, Observer};
use crate::triage::Urgency;

/// Time that one batch spent in each stage, on its inference thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stages {
    /// Decoding, preparing the texts.
    pub read: Duration,
    /// The model.
    pub score: Duration,
    /// Rules, evidence.
    pub decide: Duration,
    /// Writing the events.
    pub encode: Duration,
}

/// A batch that was decided.
#[derive(Debug, Clone, Copy)]
pub struct Decided<'a> {
    /// What became of each report.
    pub outcomes: &'a [Outcome],
    /// Where the time went.
    pub stages: Stages,
}

/// A report of which every output is acknowledged by the brokers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Its grade; `None` when it was rejected.
    pub urgency: Option<Urgency>,
    /// Time since its arrival.
    pub age: Duration,
}

/// Sees what happens in the process. Called on the threads that do the work: must be quick and must
/// not panic.
pub trait Witness: Send + Sync {
    /// Something happened in lane number `lane`.
    fn event(&self, _lane: usize, _event: &Event<'_>) {}

    /// A batch was decided. After a rebalance or a restart a report may be decided again.
    fn decided(&self, _decided: &Decided<'_>) {}

    /// A report that this process decided is done with.
    fn finished(&self, _finished: &Finished) {}
}

impl Witness for Log {
    fn event(&self, lane: usize, event: &Event<'_>) {
        Observer::event(self, lane, event);
    }
}

/// Passes on to witnesses what the lanes and the workers tell.
///
/// The stream knows no grades and the workers no acknowledgements: the watch joins the two by the
/// coordinates of the record.
pub struct Watch {
    ledger: Mutex<Ledger>,
    witnesses: Vec<Arc<dyn Witness>>,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("witnesses", &self.witnesses.len()).finish_non_exhaustive()
    }
}

impl Watch {
    /// `in_flight`: inputs that all lanes together hold at most.
    pub fn new(in_flight: usize, witnesses: Vec<Arc<dyn Witness>>) -> Self {
        Self { ledger: Mutex::new(Ledger::new(in_flight)), witnesses }
    }

    /// A worker decided a batch.
    pub fn decided(&self, decided: &Decided<'_>) {
        {
            let noted = Instant::now();
            let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
            for outcome in decided.outcomes {
                let (source, received_at, urgency) = match outcome {
                    Outcome::Classified { event, .. } => {
                        (&event.report.source, event.timings.received_at, Some(event.urgency.grade))
                    }
                    Outcome::Rejected { event, .. } => (&event.source, event.received_at, None),
                };
                if let Some(source) = source {
                    ledger.decided(source, Entry { received_at, urgency, noted });
                }
            }
        }
        for witness in &self.witnesses {
            witness.decided(decided);
        }
    }
}

impl Observer for Watch {
    fn event(&self, lane: usize, event: &Event<'_>) {
        for witness in &self.witnesses {
            witness.event(lane, event);
        }
        let ledger = || self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Finished { partition, offset, .. } => {
                let entry = ledger().finished(partition, *offset);
                let Some(Entry { received_at, urgency, .. }) = entry else { return };
                // The producer's clock may be ahead of ours.
                let age = Duration::try_from(Timestamp::now().duration_since(received_at)).unwrap_or_default();
                for witness in &self.witnesses {
                    witness.finished(&Finished { urgency, age });
                }
            }
            Event::Revoked { partitions, .. } => ledger().revoked(partitions),
            _ => {}
        }
    }
}
