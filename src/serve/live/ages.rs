use std::time::Duration;

/// Buckets of ages: each a quarter longer than the one before, from a millisecond to 20 minutes.
const BUCKETS: usize = 64;

/// Growth from one bucket to the next.
const GROWTH: f64 = 1.25;

/// Ages counted in buckets, so that quantiles are known to a quarter of their value.
#[derive(Debug, Clone)]
pub(super) struct Ages {
    counts: [u32; BUCKETS],
}

impl Default for Ages {
    fn default() -> Self {
        Self { counts: [0; BUCKETS] }
    }
}

impl Ages {
    pub(super) fn add(&mut self, age: Duration) {
        let millis = age.as_secs_f64() * 1e3;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, the minimum bounds"
        )]
        let bucket = (millis.max(1.0).log(GROWTH).ceil() as usize).min(BUCKETS - 1);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
    }

    /// Milliseconds below which this share of the ages lies; `None` without any.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let all: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        let mut below = 0.0;
        let mut bound = 1.0;
        for count in self.counts {
            below += f64::from(count);
            #[expect(clippy::cast_precision_loss, reason = "reports of a few minutes")]
            let reached = below >= share * all as f64;
            if reached && count > 0 {
                return Some(bound);
            }
            bound *= GROWTH;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_a_quarter() {
        let mut ages = Ages::default();
        assert_eq!(ages.quantile(0.5), None);
        for millis in 1..=1000 {
            ages.add(Duration::from_millis(millis));
        }
        for (share, exact) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let told = ages.quantile(share).unwrap();
            assert!((exact..=exact * GROWTH).contains(&told), "{share}: {told}");
        }
    }

    #[test]
    fn extremes_fall_into_the_outermost_buckets() {
        let mut ages = Ages::default();
        ages.add(Duration::ZERO);
        assert_eq!(ages.quantile(1.0), Some(1.0));
        ages.add(Duration::from_secs(u64::MAX));
        assert!(ages.quantile(1.0).unwrap() > 1e6);
        let mut both = Ages::default();
        both.merge(&ages);
        both.merge(&ages);
        assert_eq!(both.counts.iter().sum::<u32>(), 4);
    }
}
