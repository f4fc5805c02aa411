//! When the inputs read so far become a batch: at a count, at a size, or at an age.
//!
//! Pure: the time is passed in.

use std::time::{Duration, Instant};

/// Limits of a batch; whichever is reached first closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Inputs in a batch, at least 1.
    pub records: usize,
    /// Bytes of keys, values and headers in a batch. One input larger than this is a batch alone.
    pub bytes: usize,
    /// Longest time the first input of a batch waits for company.
    pub wait: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { records: 64, bytes: 1 << 20, wait: Duration::from_millis(20) }
    }
}

/// Collects items into batches.
#[derive(Debug)]
pub struct Batcher<T> {
    limits: BatchLimits,
    items: Vec<T>,
    bytes: usize,
    opened: Option<Instant>,
}

impl<T> Batcher<T> {
    /// An empty batcher.
    pub fn new(limits: BatchLimits) -> Self {
        Self { limits, items: Vec::new(), bytes: 0, opened: None }
    }

    /// Adds an item of `bytes` bytes, read at `now`.
    pub fn push(&mut self, item: T, bytes: usize, now: Instant) {
        self.opened.get_or_insert(now);
        self.items.push(item);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Whether a limit of count or size is reached: no more should be added.
    pub fn is_full(&self) -> bool {
        self.items.len() >= self.limits.records.max(1) || self.bytes >= self.limits.bytes
    }

    /// Whether the batch should leave at `now`.
    pub fn is_due(&self, now: Instant) -> bool {
        self.is_full() || self.remaining(now).is_some_and(|left| left.is_zero())
    }

    /// Time until the batch is due by age; `None` while it is empty.
    pub fn remaining(&self, now: Instant) -> Option<Duration> {
        let age = now.saturating_duration_since(self.opened?);
        Some(self.limits.wait.saturating_sub(age))
    }

    /// Takes the items, in the order they were added.
    pub fn take(&mut self) -> Vec<T> {
        self.opened = None;
        self.bytes = 0;
        std::mem::take(&mut self.items)
    }

    /// Keeps only the items for which `keep` is true; `bytes` gives the size of one.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool, bytes: impl Fn(&T) -> usize) {
        self.items.retain(keep);
        self.bytes = self.items.iter().map(bytes).sum();
        if self.items.is_empty() {
            self.opened = None;
        }
    }

    /// Items waiting.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes waiting.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> BatchLimits {
        BatchLimits { records: 3, bytes: 100, wait: Duration::from_millis(20) }
    }

    #[test]
    fn a_batch_is_due_by_count() {
        let now = Instant::now();
        let mut batcher = Batcher::new(limits());
        batcher.push('a', 1, now);
        batcher.push('b', 1, now);
        assert!(!batcher.is_due(now));
        batcher.push('c', 1, now);
        assert!(batcher.is_due(now));
        assert_eq!(batcher.take(), ['a', 'b', 'c']);
        assert!(batcher.is_empty() && !batcher.is_due(now + Duration::from_secs(9)));
    }

    #[test]
    fn a_batch_is_due_by_bytes_even_with_one_oversized_item() {
        let now = Instant::now();
        let mut batcher = Batcher::new(limits());
        batcher.push('a', 1000, now);
        assert!(batcher.is_full() && batcher.is_due(now));
        batcher.take();
        assert_eq!(batcher.bytes(), 0);
    }

    #[test]
    fn a_batch_is_due_by_the_age_of_its_first_item() {
        let start = Instant::now();
        let mut batcher = Batcher::new(limits());
        batcher.push('a', 1, start);
        batcher.push('b', 1, start + Duration::from_millis(19));
        assert!(!batcher.is_due(start + Duration::from_millis(19)));
        assert_eq!(batcher.remaining(start + Duration::from_millis(15)), Some(Duration::from_millis(5)));
        assert!(batcher.is_due(start + Duration::from_millis(20)));
    }

    #[test]
    fn retain_forgets_the_age_of_an_emptied_batch() {
        let start = Instant::now();
        let mut batcher = Batcher::new(limits());
        batcher.push(5_usize, 5, start);
        batcher.push(7_usize, 7, start);
        batcher.retain(|item| *item == 7, |item| *item);
        assert_eq!((batcher.len(), batcher.bytes()), (1, 7));
        batcher.retain(|_| false, |item| *item);
        assert_eq!(batcher.remaining(start), None);
    }
}
