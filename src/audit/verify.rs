use std::ops::RangeInclusive;

use super::chain::{Entry, FORMAT, Head, genesis};

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Number of the line, from 1; 0 for the end of the log.
    pub line: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The line is no entry, or not written as this service writes it.
    #[error("it is no entry as this service writes them (sequence {0} was due)")]
    NoEntry(u64),
    /// The entry is not what its hash says.
    #[error("entry {0} was changed: its hash is not that of its fields")]
    Changed(u64),
    /// The entry belongs to another chain.
    #[error("entry {0} belongs to another chain")]
    Foreign(u64),
    /// Entries are not there.
    #[error("entries {first} to {last} are missing before it", first = .0.start(), last = .0.end())]
    Missing(RangeInclusive<u64>),
    /// The entry should have come earlier.
    #[error("entry {0} stands too late: the order was changed")]
    OutOfOrder(u64),
    /// The entry was there before.
    #[error("entry {0} stands there a second time")]
    Doubled(u64),
    /// The entry names another as the one before it.
    #[error("entry {0} does not follow the entry before it: that one, or this one, was replaced")]
    Unbound(u64),
    /// The log does not end with the head that was kept.
    #[error("the log does not hold the head that was kept, entry {kept}; its last is {last}")]
    OtherHead {
        /// Sequence of the head that was kept.
        kept: u64,
        /// What the log ends with, in words.
        last: String,
    },
}

/// Reads a log line by line.
#[derive(Debug, Clone)]
pub struct Verifier {
    chain: Option<String>,
    line: u64,
    due: u64,
    /// Hash of the last entry that could be believed.
    previous: Option<String>,
    /// Lines since that prove nothing: each may stand for an entry, or for none.
    disbelieved: u64,
    missing: Vec<RangeInclusive<u64>>,
    kept: Option<Head>,
    kept_seen: bool,
    last: Option<Entry>,
}

impl Verifier {
    /// Verifies a chain from its beginning. With a head that was kept elsewhere, a log that was cut off
    /// before it, or written anew, is found too; entries after it are in order.
    pub fn new(kept: Option<Head>) -> Self {
        let (previous, missing) = (None, Vec::new());
        Self { chain: None, line: 0, due: 0, previous, missing, disbelieved: 0, kept, kept_seen: false, last: None }
    }

    /// Takes the next line, without its end; what is wrong with it.
    pub fn line(&mut self, bytes: &[u8]) -> Vec<Finding> {
        self.line += 1;
        let faults = self.faults(bytes);
        faults.into_iter().map(|fault| Finding { line: self.line, fault }).collect()
    }

    fn faults(&mut self, bytes: &[u8]) -> Vec<Fault> {
        let entry = serde_json::from_slice::<Entry>(bytes).ok();
        let entry = entry.filter(|entry| entry.format == FORMAT && entry.line().as_bytes() == bytes);
        let Some(entry) = entry else { return self.disbelieve(Fault::NoEntry(self.due)) };
        if entry.demanded_hash() != entry.hash {
            return self.disbelieve(Fault::Changed(entry.sequence));
        }
        let chain = self.chain.get_or_insert_with(|| entry.chain.clone());
        if *chain != entry.chain {
            return self.disbelieve(Fault::Foreign(entry.sequence));
        }
        let mut faults = Vec::new();
        if entry.sequence < self.due {
            let sequence = entry.sequence;
            let late = self.missing.iter().any(|range| range.contains(&sequence));
            return vec![if late { Fault::OutOfOrder(sequence) } else { Fault::Doubled(sequence) }];
        }
        let due = self.due.saturating_add(self.disbelieved);
        if entry.sequence > due {
            let gap = due..=entry.sequence - 1;
            self.missing.push(gap.clone());
            faults.push(Fault::Missing(gap));
        } else if entry.sequence == self.due {
            let first = (entry.sequence == 0).then(|| genesis(&entry.chain));
            let bound = first.as_ref().or(self.previous.as_ref());
            if bound.is_some_and(|bound| *bound != entry.previous) {
                faults.push(Fault::Unbound(entry.sequence));
            }
        }
        self.disbelieved = 0;
        self.kept_seen |= self.kept.as_ref().is_some_and(|kept| *kept == entry.head());
        self.due = entry.sequence.saturating_add(1);
        self.previous = Some(entry.hash.clone());
        self.last = Some(entry);
        faults
    }

    fn disbelieve(&mut self, fault: Fault) -> Vec<Fault> {
        self.disbelieved = self.disbelieved.saturating_add(1);
        vec![fault]
    }

    /// The end of the log; what is wrong with it.
    pub fn end(&self) -> Vec<Finding> {
        let Some(kept) = self.kept.as_ref().filter(|_| !self.kept_seen) else { return Vec::new() };
        let last = self.last.as_ref().map_or_else(|| "nothing".to_owned(), |last| format!("entry {}", last.sequence));
        vec![Finding { line: 0, fault: Fault::OtherHead { kept: kept.sequence, last } }]
    }

    /// The last entry that could be believed.
    pub fn last(&self) -> Option<&Entry> {
        self.last.as_ref()
    }

    /// Lines read.
    pub fn lines(&self) -> u64 {
        self.line
    }
}
