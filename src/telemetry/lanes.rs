use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::Witness;
use crate::stream::Event;
use crate::stream::tracker::Partition;

/// What is known of one lane at this moment.
#[derive(Debug, Clone)]
pub struct Lane {
    /// When it last polled its consumer; `None` before the first time.
    pub polled: Option<Instant>,
    /// Inputs read and not finished.
    pub in_flight: usize,
    /// Partitions assigned.
    pub partitions: BTreeSet<Partition>,
    /// Messages by which each assigned partition is behind, where that is known.
    pub lag: BTreeMap<Partition, i64>,
    /// Reading is paused because work in flight is at the limit.
    pub paused: bool,
    /// The lane has dropped its clients and begins again.
    pub restarting: bool,
    /// Brokers it is connected to; `None` before it was first told.
    pub brokers_up: Option<usize>,
    /// Since when no broker can be reached.
    pub unreachable_since: Option<Instant>,
    created: Instant,
    /// When a commit was last confirmed or nothing was in flight, whichever is later.
    committed: Instant,
}

impl Lane {
    /// A lane that has not done anything yet.
    pub fn new(now: Instant) -> Self {
        Self {
            polled: None,
            in_flight: 0,
            partitions: BTreeSet::new(),
            lag: BTreeMap::new(),
            paused: false,
            restarting: false,
            brokers_up: None,
            unreachable_since: None,
            created: now,
            committed: now,
        }
    }

    /// How long it has not polled its consumer; from its beginning, if it never has.
    pub fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.polled.unwrap_or(self.created))
    }

    /// How long it has had work in flight without a confirmed commit.
    pub fn commit_age(&self, now: Instant) -> Duration {
        if self.in_flight == 0 { Duration::ZERO } else { now.saturating_duration_since(self.committed) }
    }

    /// Takes note of an event.
    pub fn note(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::Turned { in_flight, .. } => {
                self.polled = Some(now);
                self.restarting = false;
                self.in_flight = *in_flight;
                if *in_flight == 0 {
                    self.committed = now;
                }
            }
            Event::Assigned { partitions } => self.partitions.extend(partitions.iter().cloned()),
            Event::Revoked { partitions, .. } => {
                self.partitions.retain(|partition| !partitions.contains(partition));
                self.lag.retain(|partition, _| !partitions.contains(partition));
            }
            Event::Committed { .. } => self.committed = now,
            Event::Lag { partition, messages } => {
                self.lag.insert((*partition).clone(), *messages);
            }
            Event::Brokers { up, .. } => {
                self.brokers_up = Some(*up);
                self.unreachable_since = if *up > 0 { None } else { self.unreachable_since.or(Some(now)) };
            }
            Event::Paused { .. } => self.paused = true,
            Event::Resumed { .. } => self.paused = false,
            Event::Restarting { .. } => {
                let Self { polled, brokers_up, unreachable_since, created, .. } = *self;
                *self = Self { polled, brokers_up, unreachable_since, created, restarting: true, ..Self::new(now) };
            }
            _ => {}
        }
    }
}

/// What is known of every lane of the process at this moment.
#[derive(Debug)]
pub struct Lanes(Vec<Mutex<Lane>>);

impl Lanes {
    /// `count` lanes that have not done anything yet.
    pub fn new(count: usize, now: Instant) -> Self {
        Self((0..count).map(|_| Mutex::new(Lane::new(now))).collect())
    }

    /// A copy of what is known, by number of the lane.
    pub fn now(&self) -> Vec<Lane> {
        self.0.iter().map(|lane| lane.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()).collect()
    }
}

impl Witness for Lanes {
    fn event(&self, lane: usize, event: &Event<'_>) {
        if matches!(event, Event::Finished { .. } | Event::Batch { .. }) {
            return;
        }
        if let Some(lane) = self.0.get(lane) {
            lane.lock().unwrap_or_else(std::sync::PoisonError::into_inner).note(event, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(number: i32) -> Partition {
        Partition { topic: "in".into(), number }
    }

    #[test]
    fn commit_age_counts_only_while_work_is_in_flight() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut lane = Lane::new(start);
        assert_eq!(lane.commit_age(after(9)), Duration::ZERO);
        lane.note(&Event::Turned { consumed: 0, in_flight: 0 }, after(10));
        lane.note(&Event::Turned { consumed: 3, in_flight: 3 }, after(11));
        assert_eq!(lane.commit_age(after(14)), Duration::from_secs(4));
        lane.note(&Event::Committed { records: 1 }, after(15));
        assert_eq!(lane.commit_age(after(16)), Duration::from_secs(1));
        lane.note(&Event::Turned { consumed: 0, in_flight: 0 }, after(17));
        assert_eq!(lane.commit_age(after(20)), Duration::ZERO);
    }

    #[test]
    fn lag_goes_with_its_partition() {
        let now = Instant::now();
        let mut lane = Lane::new(now);
        let both = [partition(0), partition(1)];
        lane.note(&Event::Assigned { partitions: &both }, now);
        for partition in &both {
            lane.note(&Event::Lag { partition, messages: 7 }, now);
        }
        lane.note(&Event::Revoked { partitions: &both[..1], lost: false, unfinished: 0 }, now);
        assert_eq!(lane.lag.keys().collect::<Vec<_>>(), [&both[1]]);
        assert_eq!(lane.partitions.len(), 1);
        lane.note(&Event::Restarting { reason: "", unfinished: 2, after: Duration::ZERO }, now);
        assert!(lane.restarting && lane.lag.is_empty() && lane.partitions.is_empty());
    }

    #[test]
    fn unreachable_brokers_are_counted_from_the_first_sign() {
        let start = Instant::now();
        let mut lane = Lane::new(start);
        for second in 1..4 {
            lane.note(&Event::Brokers { up: 0, known: 1 }, start + Duration::from_secs(second));
        }
        assert_eq!(lane.unreachable_since, Some(start + Duration::from_secs(1)));
        lane.note(&Event::Brokers { up: 1, known: 1 }, start + Duration::from_secs(5));
        assert_eq!((lane.unreachable_since, lane.brokers_up), (None, Some(1)));
    }
}
