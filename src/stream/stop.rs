//! The wish to stop, shared between whoever asks and the lanes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const GRACEFUL: u8 = 1;
const FORCED: u8 = 2;

/// A cheap token: cloned for everyone who may ask for the stop, polled by the lanes.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a graceful stop: finish what is in flight, commit, leave the group.
    pub fn request(&self) {
        self.0.fetch_max(GRACEFUL, Ordering::SeqCst);
    }

    /// Asks to stop at once: nothing is lost, but inputs in flight will be read again.
    pub fn force(&self) {
        self.0.fetch_max(FORCED, Ordering::SeqCst);
    }

    /// What a signal handler calls: the first call asks gracefully, any later one forces.
    pub fn signal(&self) {
        if self.0.compare_exchange(0, GRACEFUL, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            self.force();
        }
    }

    /// Whether a stop of either kind was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst) >= GRACEFUL
    }

    /// Whether the stop is to be at once.
    pub fn is_forced(&self) -> bool {
        self.0.load(Ordering::SeqCst) >= FORCED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_signal_forces() {
        let stop = Stop::new();
        let other = stop.clone();
        assert!(!stop.is_requested());
        other.signal();
        assert!(stop.is_requested() && !stop.is_forced());
        other.signal();
        assert!(stop.is_forced());
        stop.request();
        assert!(stop.is_forced(), "a graceful request takes nothing back");
    }
}
