//! When to stop reading because work in flight has piled up, and when to read again.
//!
//! Short pressure only holds the reading back. Pressure that lasts pauses the assignment, because
//! the consumer must be polled to stay in its group; a pause throws away what was prefetched, so
//! reading begins again only at a low mark. Pure: the time is passed in.

use std::time::{Duration, Instant};

/// Marks between which reading is held back, in units of load (1.0 is the configured maximum).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PressureLimits {
    /// Load at which reading stops.
    pub high: f64,
    /// Load at which a paused assignment resumes; below `high`.
    pub low: f64,
    /// How long pressure must last before the assignment is paused.
    pub patience: Duration,
}

impl Default for PressureLimits {
    fn default() -> Self {
        Self { high: 1.0, low: 0.5, patience: Duration::from_secs(1) }
    }
}

/// What the lane should do after an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing changes.
    Keep,
    /// Pause every assigned partition.
    Pause,
    /// Resume every assigned partition.
    Resume,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Flowing,
    Holding { since: Instant },
    Paused,
}

/// The pause and resume state of one lane.
#[derive(Debug)]
pub struct Pressure {
    limits: PressureLimits,
    state: State,
}

impl Pressure {
    /// Starts without pressure.
    pub fn new(limits: PressureLimits) -> Self {
        Self { limits, state: State::Flowing }
    }

    /// Takes note of the load at `now`.
    pub fn observe(&mut self, load: f64, now: Instant) -> Action {
        match self.state {
            State::Flowing if load >= self.limits.high => {
                self.state = State::Holding { since: now };
                Action::Keep
            }
            State::Holding { .. } if load < self.limits.high => {
                self.state = State::Flowing;
                Action::Keep
            }
            State::Holding { since } if now.saturating_duration_since(since) >= self.limits.patience => {
                self.state = State::Paused;
                Action::Pause
            }
            State::Paused if load <= self.limits.low => {
                self.state = State::Flowing;
                Action::Resume
            }
            State::Flowing | State::Holding { .. } | State::Paused => Action::Keep,
        }
    }

    /// Whether the assignment is paused; newly assigned partitions must be paused too.
    pub fn is_paused(&self) -> bool {
        self.state == State::Paused
    }

    /// Whether reading is held back without a pause: the consumer must not be polled for inputs.
    pub fn is_holding(&self) -> bool {
        matches!(self.state, State::Holding { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn short_pressure_only_holds_back() {
        let start = Instant::now();
        let mut pressure = Pressure::new(PressureLimits::default());
        assert_eq!(pressure.observe(1.0, start), Action::Keep);
        assert!(pressure.is_holding() && !pressure.is_paused());
        assert_eq!(pressure.observe(0.9, after(start, 500)), Action::Keep);
        assert!(!pressure.is_holding());
        assert_eq!(pressure.observe(1.0, after(start, 900)), Action::Keep);
        assert_eq!(pressure.observe(1.0, after(start, 1899)), Action::Keep, "patience starts anew");
        assert_eq!(pressure.observe(1.0, after(start, 1900)), Action::Pause);
    }

    #[test]
    fn a_pause_ends_only_at_the_low_mark() {
        let start = Instant::now();
        let mut pressure = Pressure::new(PressureLimits::default());
        pressure.observe(2.0, start);
        assert_eq!(pressure.observe(2.0, after(start, 1000)), Action::Pause);
        assert_eq!(pressure.observe(2.0, after(start, 1001)), Action::Keep, "paused once");
        assert_eq!(pressure.observe(0.6, after(start, 1002)), Action::Keep, "hysteresis");
        assert!(pressure.is_paused());
        assert_eq!(pressure.observe(0.5, after(start, 1003)), Action::Resume);
        assert!(!pressure.is_paused() && !pressure.is_holding());
    }
}
