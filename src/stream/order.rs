//! Puts batches finished in any order back into the order they were handed out.

use std::collections::BTreeMap;

/// Holds early arrivals until their turn comes. Pure; bounded by what is handed out at once.
#[derive(Debug)]
pub struct Reorder<T> {
    handed: u64,
    next: u64,
    early: BTreeMap<u64, T>,
}

impl<T> Default for Reorder<T> {
    fn default() -> Self {
        Self { handed: 0, next: 0, early: BTreeMap::new() }
    }
}

impl<T> Reorder<T> {
    /// Nothing handed out.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number the next batch will carry.
    pub fn upcoming(&self) -> u64 {
        self.handed
    }

    /// Takes note that the batch numbered [`Self::upcoming`] was handed out.
    pub fn hand_out(&mut self) {
        self.handed = self.handed.saturating_add(1);
    }

    /// Takes in a finished batch. A number that was never handed out, or came before, is dropped.
    pub fn arrive(&mut self, number: u64, item: T) {
        if (self.next..self.handed).contains(&number) {
            self.early.entry(number).or_insert(item);
        }
    }

    /// The next batch in order, if it has arrived.
    pub fn pop(&mut self) -> Option<T> {
        let item = self.early.remove(&self.next)?;
        self.next = self.next.saturating_add(1);
        Some(item)
    }

    /// Batches handed out and not yet popped.
    pub fn outstanding(&self) -> u64 {
        self.handed.saturating_sub(self.next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strangers_and_repeats_are_dropped() {
        let mut order = Reorder::new();
        order.arrive(0, "never handed out");
        assert_eq!(order.pop(), None);
        assert_eq!(order.upcoming(), 0);
        order.hand_out();
        order.arrive(0, "first");
        order.arrive(0, "repeat");
        assert_eq!(order.pop(), Some("first"));
        order.arrive(0, "late repeat");
        assert_eq!(order.pop(), None);
        assert_eq!(order.outstanding(), 0);
    }

    proptest! {
        #[test]
        fn any_arrival_order_leaves_in_order(arrivals in Just((0..40_u64).collect::<Vec<_>>()).prop_shuffle()) {
            let mut order = Reorder::new();
            for _ in 0..40 { order.hand_out(); }
            let mut left = Vec::new();
            for number in arrivals {
                order.arrive(number, number);
                while let Some(item) = order.pop() { left.push(item); }
            }
            prop_assert_eq!(left, (0..40).collect::<Vec<_>>());
            prop_assert_eq!(order.outstanding(), 0);
        }
    }
}
