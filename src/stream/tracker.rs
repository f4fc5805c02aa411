//! What may be committed: for each partition, the longest run of finished inputs.
//!
//! Offsets are started in the order they are polled and finished in any order. Only the finished
//! run at the head of a partition may be committed, so a committed offset is never above an
//! unfinished input. Offsets may have gaps (compaction, transaction markers). Each assignment of a
//! partition is a new [`Generation`]: what belongs to an earlier one is ignored, because the
//! partition may already be read by another member.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Number of the partition in the topic.
    pub number: i32,
}

impl std::fmt::Display for Partition {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}[{}]", self.topic, self.number)
    }
}

/// One period during which a partition was assigned to this member without interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

/// The claim on one started input; needed to finish it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// Partition the input came from.
    pub partition: Partition,
    /// Offset of the input.
    pub offset: i64,
    generation: Generation,
}

/// An offset that may be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Partition to commit.
    pub partition: Partition,
    /// Offset of the next input to read, as Kafka expects it: last finished + 1.
    pub next: i64,
    generation: Generation,
}

#[derive(Debug)]
struct Entry {
    offset: i64,
    done: bool,
}

#[derive(Debug)]
struct State {
    generation: Generation,
    /// Started inputs not yet part of the finished run, in offset order.
    open: VecDeque<Entry>,
    /// Last offset started in this generation.
    last: Option<i64>,
    /// Offset after the finished run.
    next: Option<i64>,
    /// Offset last confirmed by the broker.
    committed: Option<i64>,
    /// Inputs of the finished run not yet confirmed, by the offset after each of them.
    unconfirmed: VecDeque<i64>,
}

impl State {
    fn new(generation: Generation) -> Self {
        Self {
            generation,
            open: VecDeque::new(),
            last: None,
            next: None,
            committed: None,
            unconfirmed: VecDeque::new(),
        }
    }
}

/// Tracks every assigned partition of one lane.
#[derive(Debug, Default)]
pub struct Tracker {
    partitions: BTreeMap<Partition, State>,
    generations: u64,
    open: usize,
}

impl Tracker {
    /// A tracker with nothing assigned.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a new generation of `partition`; what was started before is forgotten.
    pub fn assign(&mut self, partition: Partition) -> Generation {
        self.revoke(&partition);
        let generation = self.following();
        self.partitions.insert(partition, State::new(generation));
        generation
    }

    /// Ends the assignment of `partition`. Returns how many started inputs were unfinished.
    pub fn revoke(&mut self, partition: &Partition) -> usize {
        let dropped =
            self.partitions.remove(partition).map_or(0, |state| state.open.iter().filter(|entry| !entry.done).count());
        self.open = self.open.saturating_sub(dropped);
        dropped
    }

    /// Starts the input at `offset`. `None` if the partition is not assigned: the input must not
    /// be processed.
    ///
    /// An offset that is not above the last one means that the log was rewound (truncation after an
    /// unclean leader election, a reset): a new generation begins there.
    pub fn start(&mut self, partition: &Partition, offset: i64) -> Option<Ticket> {
        if self.partitions.get(partition)?.last.is_some_and(|last| offset <= last) {
            self.assign(partition.clone());
        }
        let state = self.partitions.get_mut(partition)?;
        state.last = Some(offset);
        state.open.push_back(Entry { offset, done: false });
        let generation = state.generation;
        self.open = self.open.saturating_add(1);
        Some(Ticket { partition: partition.clone(), offset, generation })
    }

    /// Marks an input finished. `false` if its generation is over or it was finished before.
    pub fn finish(&mut self, ticket: &Ticket) -> bool {
        let Some(state) = self.current(ticket) else {
            return false;
        };
        let Ok(index) = state.open.binary_search_by_key(&ticket.offset, |entry| entry.offset) else {
            return false;
        };
        let Some(entry) = state.open.get_mut(index) else {
            return false;
        };
        if std::mem::replace(&mut entry.done, true) {
            return false;
        }
        while let Some(entry) = state.open.front().filter(|entry| entry.done) {
            let next = entry.offset.saturating_add(1);
            state.next = Some(next);
            state.unconfirmed.push_back(next);
            state.open.pop_front();
        }
        self.open = self.open.saturating_sub(1);
        true
    }

    /// Whether these started inputs are, in each partition, the lowest unfinished ones: finishing them
    /// leaves no unfinished input below any of them.
    pub fn are_lowest<'a>(&self, tickets: impl Iterator<Item = &'a Ticket>) -> bool {
        let mut open: BTreeMap<&Partition, Vec<i64>> = BTreeMap::new();
        for ticket in tickets {
            open.entry(&ticket.partition).or_default().push(ticket.offset);
        }
        open.into_iter().all(|(partition, mut offsets)| {
            offsets.sort_unstable();
            let Some(state) = self.partitions.get(partition) else {
                return false;
            };
            let lowest = state.open.iter().filter(|entry| !entry.done).map(|entry| entry.offset);
            lowest.take(offsets.len()).eq(offsets)
        })
    }

    /// The position after the last of these inputs, for each of their partitions.
    pub fn positions_after<'a>(&self, tickets: impl Iterator<Item = &'a Ticket>) -> Vec<Position> {
        let mut positions: BTreeMap<&Partition, Position> = BTreeMap::new();
        for Ticket { partition, offset, generation } in tickets {
            let next = offset.saturating_add(1);
            let position = positions.entry(partition).or_insert_with(|| Position {
                partition: partition.clone(),
                next,
                generation: *generation,
            });
            position.next = position.next.max(next);
        }
        positions.into_values().collect()
    }

    /// Whether the ticket belongs to the present assignment of its partition.
    pub fn is_current(&self, ticket: &Ticket) -> bool {
        self.partitions.get(&ticket.partition).is_some_and(|state| state.generation == ticket.generation)
    }

    /// Finished runs that the broker has not confirmed yet, in partition order.
    pub fn committable(&self) -> Vec<Position> {
        self.partitions.iter().filter_map(|(partition, state)| position(partition, state)).collect()
    }

    /// Records that the broker confirmed `position`. Returns how many inputs it newly covers; a
    /// position of an ended generation, or below one already confirmed, covers none.
    pub fn confirm(&mut self, position: &Position) -> usize {
        let Some(state) =
            self.partitions.get_mut(&position.partition).filter(|state| state.generation == position.generation)
        else {
            return 0;
        };
        if state.committed.is_none_or(|committed| committed < position.next) {
            state.committed = Some(position.next);
        }
        let covered = state.unconfirmed.partition_point(|next| *next <= position.next);
        state.unconfirmed.drain(..covered).count()
    }

    /// Started inputs that are not finished, over all partitions.
    pub fn unfinished(&self) -> usize {
        self.open
    }

    /// Started inputs that are not finished in the given partitions.
    pub fn unfinished_of(&self, partitions: &[Partition]) -> usize {
        partitions
            .iter()
            .filter_map(|partition| self.partitions.get(partition))
            .map(|state| state.open.iter().filter(|entry| !entry.done).count())
            .sum()
    }

    /// Lowest unfinished offset of a partition.
    pub fn lowest_unfinished(&self, partition: &Partition) -> Option<i64> {
        self.partitions.get(partition)?.open.front().map(|entry| entry.offset)
    }

    /// Offset last confirmed by the broker in the present assignment of a partition.
    pub fn committed(&self, partition: &Partition) -> Option<i64> {
        self.partitions.get(partition)?.committed
    }

    /// Assigned partitions, in order.
    pub fn partitions(&self) -> impl Iterator<Item = &Partition> {
        self.partitions.keys()
    }

    fn current(&mut self, ticket: &Ticket) -> Option<&mut State> {
        self.partitions.get_mut(&ticket.partition).filter(|state| state.generation == ticket.generation)
    }

    fn following(&mut self) -> Generation {
        self.generations = self.generations.saturating_add(1);
        Generation(self.generations)
    }
}

fn position(partition: &Partition, state: &State) -> Option<Position> {
    let next = state.next?;
    debug_assert!(
        state.open.front().is_none_or(|entry| next <= entry.offset),
        "a committable offset must not pass an unfinished input"
    );
    state.committed.is_none_or(|committed| committed < next).then(|| Position {
        partition: partition.clone(),
        next,
        generation: state.generation,
    })
}

#[cfg(test)]
#[path = "tracker_tests.rs"]
mod tests;
