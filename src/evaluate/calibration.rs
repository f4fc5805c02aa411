use schemars::JsonSchema;
use serde::Serialize;

use super::ranking::real;

/// Bins of equal width between 0 and 1.
const BINS: usize = 15;

/// Reports whose scores lie in one part of \[0, 1\].
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Bin {
    /// Lower edge, inclusive.
    pub from: f64,
    /// Upper edge, exclusive; inclusive in the last bin.
    pub to: f64,
    /// Reports.
    pub reports: u64,
    /// Mean of their scores.
    pub mean_score: f64,
    /// Share of them to which the name applies.
    pub share: f64,
}

/// The reliability curve: mean score against share of positives in 15 bins of equal width; empty bins are left out.
pub fn reliability(pairs: &[(bool, f64)]) -> Vec<Bin> {
    let mut bins = [(0_u64, 0_u64, 0.0_f64); BINS];
    for &(truth, score) in pairs {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a score lies between 0 and 1")]
        let place = ((score * real(BINS as u64)) as usize).min(BINS - 1);
        if let Some((reports, positives, sum)) = bins.get_mut(place) {
            *reports += 1;
            *positives += u64::from(truth);
            *sum += score;
        }
    }
    let edge = |place: usize| real(place as u64) / real(BINS as u64);
    let filled = bins.iter().enumerate().filter(|(_, (reports, ..))| *reports > 0);
    filled
        .map(|(place, &(reports, positives, sum))| Bin {
            from: edge(place),
            to: edge(place + 1),
            reports,
            mean_score: sum / real(reports),
            share: real(positives) / real(reports),
        })
        .collect()
}

/// Expected calibration error (Naeini, Cooper and Hauskrecht 2015): the mean distance between score and share over
/// the bins, weighted by their reports. `None` without reports.
pub fn calibration_error(bins: &[Bin]) -> Option<f64> {
    let reports: u64 = bins.iter().map(|bin| bin.reports).sum();
    let distances = bins.iter().map(|bin| real(bin.reports) * (bin.share - bin.mean_score).abs());
    (reports > 0).then(|| distances.sum::<f64>() / real(reports))
}

/// Brier score: the mean squared distance between score and truth. `None` without reports.
pub fn brier_score(pairs: &[(bool, f64)]) -> Option<f64> {
    let squares = pairs.iter().map(|&(truth, score)| (f64::from(u8::from(truth)) - score).powi(2));
    (!pairs.is_empty()).then(|| squares.sum::<f64>() / real(pairs.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_of_one_lies_in_the_last_bin() {
        let bins = reliability(&[(true, 1.0), (false, 0.0), (true, 0.95)]);
        assert_eq!(bins.iter().map(|bin| bin.reports).collect::<Vec<_>>(), [1, 2]);
        assert!((bins[1].to - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_has_no_error() {
        assert_eq!(calibration_error(&reliability(&[])), None);
        assert_eq!(brier_score(&[]), None);
    }
}
