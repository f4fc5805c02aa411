use super::ranking::real;

/// Exact two-sided sign test: the probability that a fair coin falls at least as unevenly as `left` to
/// `right`. On the reports that only one of two classifiers gets right it is McNemar's exact test. 1 without any.
pub fn sign_test(left: u64, right: u64) -> f64 {
    let throws = left + right;
    let mut log_term = -real(throws) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for heads in 0..=left.min(right) {
        tail += log_term.exp();
        log_term += (real(throws - heads) / real(heads + 1)).ln();
    }
    (2.0_f64 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::sign_test;

    #[test]
    fn small_counts_by_hand_and_large_ones_finite() {
        assert!((sign_test(0, 0) - 1.0).abs() < 1e-12);
        assert!((sign_test(0, 5) - 0.0625).abs() < 1e-12);
        assert!((sign_test(5, 5) - 1.0).abs() < 1e-12);
        assert!((sign_test(1, 9) - 0.021_484_375).abs() < 1e-12);
        assert!(sign_test(40_000, 41_000) < 0.01 && sign_test(40_000, 41_000) > 0.0);
        assert!(sign_test(0, 100_000) < 1e-300);
    }
}
