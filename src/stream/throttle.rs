//! Keeps a line that repeats hundreds of times from filling the log.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Lets each kind of line through once a period and counts the rest. Pure: the time is passed in.
#[derive(Debug)]
pub(super) struct Throttle {
    period: Duration,
    kinds: BTreeMap<String, Kind>,
}

#[derive(Debug)]
struct Kind {
    last: Instant,
    suppressed: u64,
}

impl Throttle {
    pub(super) fn new(period: Duration) -> Self {
        Self { period, kinds: BTreeMap::new() }
    }

    /// Whether a line of this kind may be written at `now`; if so, how many were left out since
    /// the last one.
    pub(super) fn admit(&mut self, kind: &str, now: Instant) -> Option<u64> {
        if let Some(known) = self.kinds.get_mut(kind) {
            if now.saturating_duration_since(known.last) < self.period {
                known.suppressed = known.suppressed.saturating_add(1);
                return None;
            }
            known.last = now;
            return Some(std::mem::take(&mut known.suppressed));
        }
        self.kinds.insert(kind.to_owned(), Kind { last: now, suppressed: 0 });
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_counted_and_reported_with_the_next_line() {
        let start = Instant::now();
        let mut throttle = Throttle::new(Duration::from_secs(10));
        assert_eq!(throttle.admit("brokers down", start), Some(0));
        for second in 1..10 {
            assert_eq!(throttle.admit("brokers down", start + Duration::from_secs(second)), None);
        }
        assert_eq!(throttle.admit("other", start + Duration::from_secs(1)), Some(0));
        assert_eq!(throttle.admit("brokers down", start + Duration::from_secs(10)), Some(9));
    }
}
