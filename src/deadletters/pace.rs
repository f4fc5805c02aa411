use std::time::{Duration, Instant};

/// Spreads letters evenly: `rate` a second, or as fast as they come.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    due: Option<Instant>,
}

impl Pace {
    /// So many a second; `None` for no limit.
    pub fn new(rate: Option<std::num::NonZeroU32>) -> Self {
        Self { gap: rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get()), due: None }
    }

    /// How long to wait at `now` before the next one. Time that was not used is not made up for.
    pub fn wait(&mut self, now: Instant) -> Duration {
        let due = self.due.map_or(now, |due| due.max(now));
        self.due = Some(due + self.gap);
        due.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn letters_are_spread_over_the_second() {
        let start = Instant::now();
        let mut pace = Pace::new(NonZeroU32::new(4));
        let waits: Vec<_> = (0..4).map(|_| pace.wait(start)).collect();
        assert_eq!(waits, [0, 250, 500, 750].map(Duration::from_millis));
    }

    #[test]
    fn a_pause_is_not_followed_by_a_burst() {
        let start = Instant::now();
        let mut pace = Pace::new(NonZeroU32::new(10));
        assert_eq!(pace.wait(start), Duration::ZERO);
        let later = start + Duration::from_mins(1);
        assert_eq!(pace.wait(later), Duration::ZERO);
        assert_eq!(pace.wait(later), Duration::from_millis(100));
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let mut pace = Pace::new(None);
        let now = Instant::now();
        assert!((0..1000).all(|_| pace.wait(now).is_zero()));
    }
}
