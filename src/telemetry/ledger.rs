use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::event::Source;
use crate::stream::tracker::Partition;
use crate::triage::Urgency;

/// Entries that are older than this when room is needed belong to reports that another member of
/// the group took over.
const FORGOTTEN: Duration = Duration::from_mins(10);

/// A decided report whose outputs are not all acknowledged yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) received_at: Timestamp,
    /// `None` when it was rejected.
    pub(super) urgency: Option<Urgency>,
    pub(super) noted: Instant,
}

/// By partition and offset.
type Entries = HashMap<(i32, i64), Entry>;

/// Joins what the workers know of a report to what the stream knows of its record: by coordinates.
/// Holds no more than `most` entries.
#[derive(Debug)]
pub(super) struct Ledger {
    most: usize,
    held: usize,
    /// By topic; a process reads one or a few.
    topics: Vec<(String, Entries)>,
}

impl Ledger {
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: 0, topics: Vec::new() }
    }

    pub(super) fn decided(&mut self, source: &Source, entry: Entry) {
        if self.held >= self.most {
            let now = entry.noted;
            self.retain(|_, _, entry| now.saturating_duration_since(entry.noted) < FORGOTTEN);
            if self.held >= self.most {
                return;
            }
        }
        let place = (source.partition, source.offset);
        let known = self.topics.iter_mut().find(|(topic, _)| *topic == source.topic);
        let new = if let Some((_, entries)) = known {
            entries.insert(place, entry).is_none()
        } else {
            self.topics.push((source.topic.clone(), HashMap::from([(place, entry)])));
            true
        };
        self.held += usize::from(new);
    }

    pub(super) fn finished(&mut self, partition: &Partition, offset: i64) -> Option<Entry> {
        let (_, entries) = self.topics.iter_mut().find(|(topic, _)| **topic == *partition.topic)?;
        let entry = entries.remove(&(partition.number, offset))?;
        self.held -= 1;
        Some(entry)
    }

    pub(super) fn revoked(&mut self, partitions: &[Partition]) {
        self.retain(|topic, number, _| !partitions.iter().any(|gone| gone.number == number && *gone.topic == *topic));
    }

    fn retain(&mut self, keep: impl Fn(&str, i32, &Entry) -> bool) {
        for (topic, entries) in &mut self.topics {
            entries.retain(|(number, _), entry| keep(topic, *number, entry));
        }
        self.held = self.topics.iter().map(|(_, entries)| entries.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(partition: i32, offset: i64) -> Source {
        Source { topic: "in".into(), partition, offset }
    }

    fn partition(number: i32) -> Partition {
        Partition { topic: "in".into(), number }
    }

    fn entry(noted: Instant) -> Entry {
        Entry { received_at: Timestamp::UNIX_EPOCH, urgency: Some(Urgency::U1), noted }
    }

    #[test]
    fn each_report_is_taken_out_once() {
        let now = Instant::now();
        let mut ledger = Ledger::new(10);
        ledger.decided(&source(0, 5), entry(now));
        ledger.decided(&source(0, 5), entry(now));
        assert_eq!(ledger.held, 1, "decided again after a restart");
        assert_eq!(ledger.finished(&partition(0), 5), Some(entry(now)));
        assert_eq!(ledger.finished(&partition(0), 5), None);
        assert_eq!(ledger.held, 0);
    }

    #[test]
    fn what_was_revoked_is_forgotten() {
        let now = Instant::now();
        let mut ledger = Ledger::new(10);
        ledger.decided(&source(0, 1), entry(now));
        ledger.decided(&source(1, 1), entry(now));
        ledger.revoked(&[partition(0)]);
        assert_eq!(ledger.finished(&partition(0), 1), None);
        assert!(ledger.finished(&partition(1), 1).is_some());
    }

    #[test]
    fn it_holds_no_more_than_its_limit_and_makes_room_among_the_old() {
        let now = Instant::now();
        let mut ledger = Ledger::new(2);
        for offset in 0..5 {
            ledger.decided(&source(0, offset), entry(now));
        }
        assert_eq!(ledger.held, 2);
        ledger.decided(&source(0, 9), entry(now + FORGOTTEN));
        assert_eq!(ledger.held, 1);
        assert!(ledger.finished(&partition(0), 9).is_some());
    }
}
