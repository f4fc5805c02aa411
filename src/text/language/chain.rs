//! Which language each word is in, given its neighbours: a hidden Markov model.
//!
//! Words of one script form a chain (an Arabic word between two French ones does not interrupt the
//! French), read in blocks so that memory does not grow with the text. Each word's languages come
//! from forward-backward smoothing (Rabiner 1989, "A tutorial on hidden Markov models").

/// Chance that the next word is in another language, within a sentence.
const SWITCH: f32 = 0.02;
/// The same across the end of a sentence or line.
const SWITCH_AT_END: f32 = 0.10;
/// Chance that a word says nothing about the language around it (loans, names). It keeps a single
/// foreign word from being a switch, and any one word from outvoting a sentence.
const LOAN: f32 = 0.01;

/// The forward message of a chain of `N` states, carried from block to block.
#[derive(Debug, Clone)]
pub(super) struct Chain<const N: usize> {
    prior: [f32; N],
    forward: [f32; N],
}

/// What a word contributes: its scores and whether a sentence began with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation<const N: usize> {
    pub(super) scores: [f32; N],
    pub(super) starts_sentence: bool,
}

impl<const N: usize> Chain<N> {
    /// A chain at the start of a text; `prior` sums to one.
    pub(super) fn new(prior: [f32; N]) -> Self {
        Self { prior, forward: prior }
    }

    /// Replaces the scores of a block's words by the probabilities of their languages.
    pub(super) fn smooth(&mut self, words: &mut [Observation<N>]) {
        let mut forwards = Vec::with_capacity(words.len());
        for word in &mut *words {
            word.scores = likelihood(word.scores);
            let reached = self.step(&self.forward, word.starts_sentence);
            self.forward = normalise(product(&reached, &word.scores));
            forwards.push(self.forward);
        }
        let mut backward = [1.0; N];
        for (word, forward) in words.iter_mut().zip(&forwards).rev() {
            let likelihood = word.scores;
            word.scores = normalise(product(forward, &backward));
            backward = self.step_back(&product(&likelihood, &backward), word.starts_sentence);
        }
    }

    fn step(&self, from: &[f32; N], starts_sentence: bool) -> [f32; N] {
        let switch = switch(starts_sentence);
        std::array::from_fn(|i| (1.0 - switch) * from[i] + switch * self.prior[i])
    }

    fn step_back(&self, to: &[f32; N], starts_sentence: bool) -> [f32; N] {
        let switch = switch(starts_sentence);
        let elsewhere = sum(product(to, &self.prior));
        normalise(to.map(|p| (1.0 - switch) * p + switch * elsewhere))
    }
}

fn switch(starts_sentence: bool) -> f32 {
    if starts_sentence { SWITCH_AT_END } else { SWITCH }
}

fn likelihood<const N: usize>(scores: [f32; N]) -> [f32; N] {
    let best = scores.iter().copied().fold(f32::MIN, f32::max);
    let shares = normalise(scores.map(|score| (score - best).exp()));
    shares.map(|share| (1.0 - LOAN) * share + LOAN)
}

fn product<const N: usize>(a: &[f32; N], b: &[f32; N]) -> [f32; N] {
    std::array::from_fn(|i| a[i] * b[i])
}

/// The sum by halves, whose additions do not wait for one another; `N` is a power of two.
fn sum<const N: usize>(mut values: [f32; N]) -> f32 {
    const { assert!(N.is_power_of_two(), "halves of halves end in one") }
    let mut half = N / 2;
    while half > 0 {
        for at in 0..half {
            values[at] += values[at + half];
        }
        half /= 2;
    }
    values[0]
}

/// Every caller's sum is positive: priors, switches and loans keep each state above zero.
fn normalise<const N: usize>(values: [f32; N]) -> [f32; N] {
    let sum = sum(values);
    values.map(|value| value / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smoothed(scores: &[[f32; 2]]) -> Vec<[f32; 2]> {
        let mut words: Vec<_> = scores.iter().map(|&scores| Observation { scores, starts_sentence: false }).collect();
        Chain::new([0.5, 0.5]).smooth(&mut words);
        words.iter().map(|word| word.scores).collect()
    }

    /// Every path written out, as the definition says.
    fn by_enumeration(scores: &[[f32; 2]]) -> Vec<[f32; 2]> {
        let emissions: Vec<_> = scores.iter().map(|&s| likelihood(s)).collect();
        let mut totals = vec![[0.0_f32; 2]; scores.len()];
        for path in 0..1_usize << scores.len() {
            let state = |at: usize| path >> at & 1;
            let mut weight = 1.0;
            for at in 0..scores.len() {
                let stays = at > 0 && state(at) == state(at - 1);
                let step = match (at, stays) {
                    (0, _) => 0.5,
                    (_, true) => 1.0 - SWITCH + SWITCH * 0.5,
                    (_, false) => SWITCH * 0.5,
                };
                weight *= step * emissions[at][state(at)];
            }
            for (at, total) in totals.iter_mut().enumerate() {
                total[state(at)] += weight;
            }
        }
        totals.into_iter().map(normalise).collect()
    }

    #[test]
    fn probabilities_are_those_of_all_paths() {
        let scores = [[2.0, 0.0], [0.0, 1.0], [-3.0, 4.0], [0.5, 0.0], [0.0, 6.0], [1.0, 1.0]];
        for (found, expected) in smoothed(&scores).iter().zip(by_enumeration(&scores)) {
            assert!((found[0] - expected[0]).abs() < 1e-5, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn one_foreign_word_is_a_loan_and_a_clause_is_a_switch() {
        let (own, foreign) = ([6.0, 0.0], [0.0, 6.0]);
        let loan = smoothed(&[own, own, foreign, own, own]);
        assert!(loan[2][0] > 0.5, "{:?}", loan[2]);
        let clause = smoothed(&[own, own, foreign, foreign, foreign, own]);
        assert!(clause[3][1] > 0.5, "{:?}", clause[3]);
    }

    #[test]
    fn extreme_scores_give_probabilities() {
        for word in smoothed(&[[1e30, -1e30], [-1e30, 1e30], [0.0, 0.0]]) {
            assert!((word.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }
}
