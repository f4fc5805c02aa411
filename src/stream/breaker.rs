//! Stops a lane when suddenly everything fails, before the whole stream is diverted into the
//! dead-letter topic.
//!
//! Two measures of the last inputs of a lane: how many in a row were dead-lettered, and which share
//! of a window. The window speaks only once it is full, so that the first failure after a start is
//! not a share of one. Pure; it has no memory beyond the lane's life.

use std::collections::VecDeque;

/// When a [`Breaker`] trips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakerLimits {
    /// Dead letters in a row that trip it; 0 switches this measure off.
    pub run: usize,
    /// Share of dead letters among the last `window` inputs that trips it, above 0 and at most 1;
    /// 0 switches this measure off.
    pub ratio: f64,
    /// Inputs over which the share is taken; at least 1.
    pub window: usize,
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self { run: 200, ratio: 0.5, window: 1000 }
    }
}

/// Why a [`Breaker`] tripped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trip {
    /// So many inputs in a row were dead-lettered.
    Run {
        /// How many.
        letters: usize,
    },
    /// Too large a share of the window was.
    Ratio {
        /// How many of the window.
        letters: usize,
        /// Inputs of the window.
        window: usize,
    },
}

impl std::fmt::Display for Trip {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run { letters } => write!(formatter, "the last {letters} inputs in a row were dead-lettered"),
            Self::Ratio { letters, window } => {
                write!(formatter, "{letters} of the last {window} inputs were dead-lettered")
            }
        }
    }
}

/// Watches what becomes of the inputs of one lane.
#[derive(Debug)]
pub struct Breaker {
    limits: BreakerLimits,
    /// Letters in a row, up to now.
    run: usize,
    /// The last inputs, the oldest first: whether each was dead-lettered. At most `window`.
    last: VecDeque<bool>,
    /// Letters among them.
    letters: usize,
}

impl Breaker {
    /// Begins with no input seen.
    pub fn new(limits: BreakerLimits) -> Self {
        Self { limits, run: 0, last: VecDeque::new(), letters: 0 }
    }

    /// Takes note of the next input, and says if that was one too many.
    pub fn observe(&mut self, dead_lettered: bool) -> Option<Trip> {
        self.run = if dead_lettered { self.run.saturating_add(1) } else { 0 };
        let window = self.limits.window.max(1);
        if self.last.len() >= window && self.last.pop_front() == Some(true) {
            self.letters = self.letters.saturating_sub(1);
        }
        self.last.push_back(dead_lettered);
        self.letters = self.letters.saturating_add(usize::from(dead_lettered));
        // Only a dead letter trips: a good input is no reason to stop.
        if !dead_lettered {
            return None;
        }
        if self.limits.run > 0 && self.run >= self.limits.run {
            return Some(Trip::Run { letters: self.run });
        }
        let over = self.limits.ratio > 0.0 && self.last.len() == window && self.share() >= self.limits.ratio;
        over.then_some(Trip::Ratio { letters: self.letters, window })
    }

    fn share(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a window of 2^53 inputs is beyond any memory")]
        let share = self.letters as f64 / self.last.len().max(1) as f64;
        share
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OFF: BreakerLimits = BreakerLimits { run: 0, ratio: 0.0, window: 10 };

    fn fed(limits: BreakerLimits, inputs: &str) -> Vec<Option<Trip>> {
        let mut breaker = Breaker::new(limits);
        inputs.chars().map(|input| breaker.observe(input == 'x')).collect()
    }

    #[test]
    fn the_run_trips_at_its_length_and_not_before() {
        let limits = BreakerLimits { run: 3, ..OFF };
        assert_eq!(fed(limits, "xx.xx.xxx").iter().position(Option::is_some), Some(8));
        assert_eq!(fed(limits, "xxx")[2], Some(Trip::Run { letters: 3 }));
        assert_eq!(fed(BreakerLimits { run: 1, ..OFF }, "x")[0], Some(Trip::Run { letters: 1 }));
    }

    #[test]
    fn the_share_counts_the_whole_window_and_nothing_else() {
        let limits = BreakerLimits { ratio: 0.5, window: 4, ..OFF };
        assert!(fed(limits, "x.x").iter().all(Option::is_none), "not full");
        assert_eq!(fed(limits, "x..x")[3], Some(Trip::Ratio { letters: 2, window: 4 }));
        assert!(fed(limits, "x...x...x...").iter().all(Option::is_none), "the first one has left");
        assert_eq!(fed(limits, "....xx")[5], Some(Trip::Ratio { letters: 2, window: 4 }));
        assert!(fed(limits, "xx..").iter().all(Option::is_none), "a good input does not trip");
        assert_eq!(fed(BreakerLimits { ratio: 1.0, window: 3, ..OFF }, "xx.xxx").iter().flatten().count(), 1);
    }

    #[test]
    fn switched_off_it_never_trips() {
        assert!(fed(OFF, &"x".repeat(1000)).iter().all(Option::is_none));
    }

    #[test]
    fn the_defaults_let_a_handful_of_malformed_reports_pass() {
        let inputs = "x".repeat(199) + "." + &"x.".repeat(300);
        assert!(fed(BreakerLimits::default(), &inputs).iter().all(Option::is_none));
    }

    proptest! {
        #[test]
        fn it_trips_exactly_when_a_slow_count_says_so(
            run in 0..8_usize, window in 1..12_usize, tenths in 0..=10_u32,
            inputs in prop::collection::vec(prop::bool::weighted(0.6), 0..60),
        ) {
            let ratio = f64::from(tenths) / 10.0;
            let mut breaker = Breaker::new(BreakerLimits { run, ratio, window });
            for (index, &letter) in inputs.iter().enumerate() {
                let seen = &inputs[..=index];
                let in_a_row = seen.iter().rev().take_while(|letter| **letter).count();
                let last = &seen[seen.len().saturating_sub(window)..];
                let letters = last.iter().filter(|letter| **letter).count();
                let by_run = run > 0 && in_a_row >= run;
                #[expect(clippy::cast_precision_loss, reason = "a dozen inputs")]
                let by_share = ratio > 0.0 && seen.len() >= window && letters as f64 / window as f64 >= ratio;
                let expected = if !letter {
                    None
                } else if by_run {
                    Some(Trip::Run { letters: in_a_row })
                } else if by_share {
                    Some(Trip::Ratio { letters, window })
                } else {
                    None
                };
                prop_assert_eq!(breaker.observe(letter), expected);
                prop_assert!(breaker.last.len() <= window);
            }
        }
    }
}
