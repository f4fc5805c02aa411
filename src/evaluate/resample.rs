use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// Pseudo-random numbers from a seed: SplitMix64 (Steele, Lea and Flood 2014), the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 for a limit of 0. Uneven by less than limit / 2^64.
    #[expect(clippy::cast_possible_truncation, reason = "the product's upper half is below a limit that was a usize")]
    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.bits()) * limit as u128) >> 64) as usize
    }
}

/// Which cases belong together.
#[derive(Debug, Clone)]
pub struct Groups {
    members: Vec<Vec<usize>>,
    cases: usize,
}

impl Groups {
    /// Groups cases by the name of their group.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut cases = 0;
        for name in names {
            members.entry(name).or_default().push(cases);
            cases += 1;
        }
        Self { members: members.into_values().collect(), cases }
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// There is no group.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Draws as many groups as there are, with replacement: how often each case was drawn.
    pub fn draw(&self, random: &mut Random) -> Vec<u32> {
        let mut weights = vec![0; self.cases];
        for _ in 0..self.members.len() {
            for &case in self.members.get(random.below(self.members.len())).into_iter().flatten() {
                if let Some(weight) = weights.get_mut(case) {
                    *weight += 1;
                }
            }
        }
        weights
    }
}

/// A figure and the interval in which it lies with 95 % confidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Estimate {
    /// The figure; absent where it is not defined (recall without positives).
    pub value: Option<f64>,
    /// 2.5th percentile of the bootstrap, or `value` where that is lower. Absent where fewer than half of the rounds define the figure.
    pub low: Option<f64>,
    /// 97.5th percentile of the bootstrap, or `value` where that is higher.
    pub high: Option<f64>,
}

/// Values of one figure in the rounds of the bootstrap.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    values: Vec<f64>,
    rounds: usize,
}

impl Samples {
    /// Adds one round; `None` where the figure is not defined in it.
    pub fn push(&mut self, value: Option<f64>) {
        self.rounds += 1;
        self.values.extend(value);
    }

    /// The percentile interval around a figure, widened to hold it: in tiny samples the bootstrap of
    /// average precision can lie on one side of it.
    pub fn estimate(&self, value: Option<f64>) -> Estimate {
        let Some(point) = value.filter(|_| self.rounds > 0 && 2 * self.values.len() >= self.rounds) else {
            return Estimate { value, low: None, high: None };
        };
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let bound = |share| percentile(&sorted, share);
        Estimate { value, low: bound(0.025).map(|low| low.min(point)), high: bound(0.975).map(|high| high.max(point)) }
    }

    /// Two-sided bootstrap p-value of "the figure is 0": twice the smaller share of rounds on either
    /// side of 0, with one added to numerator and denominator (Davison and Hinkley 1997, section 4.2).
    pub fn p_of_zero(&self) -> Option<f64> {
        if self.values.is_empty() {
            return None;
        }
        let share = |count: usize| super::decisions::ratio(count as u64 + 1, self.values.len() as u64 + 1);
        let below = share(self.values.iter().filter(|value| **value <= 0.0).count())?;
        let above = share(self.values.iter().filter(|value| **value >= 0.0).count())?;
        Some((2.0 * below.min(above)).min(1.0))
    }
}

/// Linear between the two nearest values, as `numpy.percentile`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let low = *sorted.get(place.floor() as usize)?;
    let high = *sorted.get(place.ceil() as usize)?;
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // First outputs of SplitMix64 for the seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn groups_are_drawn_whole() {
        let groups = Groups::new(["a", "b", "a", "c", "b"]);
        let mut random = Random::new(7);
        for _ in 0..50 {
            let weights = groups.draw(&mut random);
            assert!(weights[0] == weights[2] && weights[1] == weights[4]);
            assert_eq!(weights[0] + weights[1] + weights[3], 3);
        }
    }

    #[test]
    fn percentiles_are_linear() {
        assert_eq!(percentile(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.5));
        assert_eq!(percentile(&[5.0], 0.975), Some(5.0));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn a_figure_that_most_rounds_do_not_define_has_no_interval() {
        let mut samples = Samples::default();
        for value in [None, None, Some(0.5)] {
            samples.push(value);
        }
        assert_eq!(samples.estimate(Some(0.5)), Estimate { value: Some(0.5), low: None, high: None });
    }

    #[test]
    fn no_difference_at_all_has_p_one() {
        let mut samples = Samples::default();
        (0..100).for_each(|_| samples.push(Some(0.0)));
        assert_eq!(samples.p_of_zero(), Some(1.0));
        let mut samples = Samples::default();
        (0..99).for_each(|_| samples.push(Some(0.1)));
        assert_eq!(samples.p_of_zero(), Some(0.02));
    }
}
