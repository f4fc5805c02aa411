//! What a session asks its breakers, and how it stops when one has tripped.

use super::Session;
use crate::stream::Error;
use crate::stream::breaker::{Breaker, BreakerLimits, Trip};
use crate::stream::delivery::{Finished, Interruption};
use crate::stream::failure::Code;
use crate::stream::pool::Answered;
use crate::stream::record::Refusal;
use crate::stream::tracker::Ticket;

/// Two breakers: what the workers refuse is counted before it is published, what the brokers refuse
/// when they have answered, since an input may be good for the one and not for the others.
#[derive(Debug)]
pub(super) struct Watch {
    answers: Breaker,
    outputs: Breaker,
    tripped: Option<Tripped>,
}

#[derive(Debug)]
struct Tripped {
    trip: Trip,
    refusal: Refusal,
    ticket: Ticket,
}

impl Watch {
    pub(super) fn new(limits: BreakerLimits) -> Self {
        Self { answers: Breaker::new(limits), outputs: Breaker::new(limits), tripped: None }
    }

    pub(super) fn is_tripped(&self) -> bool {
        self.tripped.is_some()
    }

    /// Whether an answered input is to be published: not the one that trips the breaker, nor any
    /// after it. They stay unfinished and are not committed.
    pub(super) fn admits(&mut self, input: &Answered) -> bool {
        if self.tripped.is_none() {
            let refusal = input.disposition.refusal.as_ref();
            let trip = self.answers.observe(refusal.is_some());
            self.note(trip, refusal, &input.ticket);
        }
        self.tripped.is_none()
    }

    /// Takes note of what the brokers have answered.
    pub(super) fn published(&mut self, finished: &Finished) {
        let unpublishable = |refusal: &&Refusal| refusal.code == Code::Unpublishable.as_str();
        let refusal = finished.refusal.as_ref().filter(unpublishable);
        let trip = self.outputs.observe(refusal.is_some());
        self.note(trip, refusal, &finished.ticket);
    }

    fn note(&mut self, trip: Option<Trip>, refusal: Option<&Refusal>, ticket: &Ticket) {
        if let (Some(trip), Some(refusal), None) = (trip, refusal, &self.tripped) {
            self.tripped = Some(Tripped { trip, refusal: refusal.clone(), ticket: ticket.clone() });
        }
    }
}

impl Session<'_> {
    /// Finishes and commits what was published before, so that no dead letter is written twice, and
    /// ends the lane.
    pub(super) fn stop_tripped(&mut self) -> Result<usize, Interruption> {
        let unfinished = self.shut_down()?;
        let Some(Tripped { trip, refusal, ticket }) = self.breaker.tripped.take() else {
            return Ok(unfinished);
        };
        Err(Interruption::Fatal(Error::Tripped {
            lane: self.lane.number,
            trip,
            code: refusal.code,
            stage: refusal.stage,
            topic: ticket.partition.topic.to_string(),
            partition: ticket.partition.number,
            offset: ticket.offset,
        }))
    }
}
