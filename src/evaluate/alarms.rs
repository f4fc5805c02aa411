use schemars::JsonSchema;
use serde::Serialize;

use super::decisions::ratio;
use super::ranking::real;
use super::{Axes, Case};
use crate::triage::State;

/// False flags of one label on reports without any label.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FalseAlarms {
    /// The label.
    pub label: String,
    /// Hard negatives (no label, but an organisation or a context) that it flags.
    pub hard_flagged: Share,
    /// Hard negatives that it flags or sends to a person.
    pub hard_reached: Share,
    /// Reports without any label that it flags.
    pub unlabelled_flagged: Share,
    /// Reports without any label that it flags or sends to a person.
    pub unlabelled_reached: Share,
    /// Ids of the reports without label that it flags, highest score first.
    pub ids: Vec<String>,
}

/// A part of some reports.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Share {
    /// Reports that have it.
    pub count: u64,
    /// Of so many.
    pub of: u64,
    /// count / of.
    pub share: Option<f64>,
    /// Lower end of the 95 % score interval (Wilson 1927), which says something at a share of 0 too.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Share {
    pub(super) fn new(count: u64, of: u64) -> Self {
        let interval = wilson(count, of);
        Self {
            count,
            of,
            share: ratio(count, of),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
        }
    }
}

fn wilson(count: u64, of: u64) -> Option<(f64, f64)> {
    const Z: f64 = 1.959_963_984_540_054;
    let (n, share) = (real(of), ratio(count, of)?);
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    // At the ends rounding could push the interval off the share it is about.
    Some((((middle - half) / whole).clamp(0.0, share), ((middle + half) / whole).clamp(share, 1.0)))
}

pub(super) fn false_alarms(cases: &[Case], axes: &Axes, label: &str, listed: usize) -> Option<FalseAlarms> {
    let place = axes.place(label)?;
    let unlabelled: Vec<&Case> = cases.iter().filter(|case| case.without_label(axes)).collect();
    let hard: Vec<&Case> = unlabelled.iter().copied().filter(|case| case.hard_negative(axes)).collect();
    let share = |of: &[&Case], least: State| {
        let count = of.iter().filter(|case| case.judgement(place).state >= least).count();
        Share::new(count as u64, of.len() as u64)
    };
    let mut flagged: Vec<&Case> =
        unlabelled.iter().copied().filter(|case| case.judgement(place).state == State::Flag).collect();
    let score = |case: &Case| case.judgement(place).score.unwrap_or(1.0);
    flagged.sort_by(|a, b| score(b).total_cmp(&score(a)));
    Some(FalseAlarms {
        label: label.to_owned(),
        hard_flagged: share(&hard, State::Flag),
        hard_reached: share(&hard, State::Review),
        unlabelled_flagged: share(&unlabelled, State::Flag),
        unlabelled_reached: share(&unlabelled, State::Review),
        ids: flagged.into_iter().take(listed).map(|case| case.id.clone()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_zero_has_an_upper_end() {
        let share = Share::new(0, 36);
        assert_eq!((share.share, share.low), (Some(0.0), Some(0.0)));
        assert!((share.high.unwrap() - 0.096_4).abs() < 1e-4);
        assert_eq!(Share::new(0, 0).high, None);
        assert_eq!(Share::new(5, 5).high, Some(1.0));
    }
}
