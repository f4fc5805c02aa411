use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::event::Classified;

/// Longest age told apart, in milliseconds.
const LONGEST: usize = 60_000;

/// Counts of what came out.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) labels: BTreeMap<String, u64>,
    pub(super) organisations: BTreeMap<String, u64>,
    pub(super) languages: BTreeMap<String, u64>,
    pub(super) urgency: BTreeMap<String, u64>,
    pub(super) units: BTreeMap<String, u64>,
    pub(super) review: u64,
    pub(super) classified: u64,
    pub(super) rejected: u64,
    pub(super) elapsed: Duration,
    /// Reports by age in milliseconds; the last place holds all older ones.
    ages: Vec<u64>,
}

impl Tally {
    /// Counts one event that was seen `age` after its report was sent.
    pub(super) fn add(&mut self, event: &Classified, age: Duration) {
        let count = |map: &mut BTreeMap<String, u64>, key: &str| *map.entry(key.to_owned()).or_default() += 1;
        self.classified += 1;
        self.review += u64::from(event.review.needed);
        for label in event.flagged() {
            count(&mut self.labels, label);
        }
        if event.flagged().next().is_none() {
            count(&mut self.labels, "none flagged");
        }
        for organisation in event.flagged_organisations() {
            count(&mut self.organisations, organisation);
        }
        let text = event.language.description.as_ref().or(event.language.content.as_ref());
        count(&mut self.languages, text.map_or("no text", |text| &text.language));
        count(&mut self.urgency, &event.urgency.grade.to_string());
        count(&mut self.units, &event.route.unit);
        self.ages.resize(LONGEST + 1, 0);
        let millis = usize::try_from(age.as_millis()).unwrap_or(LONGEST).min(LONGEST);
        self.ages[millis] += 1;
    }

    /// Reports that left, in either way.
    pub(super) fn total(&self) -> u64 {
        self.classified + self.rejected
    }

    /// Reports a second, over the whole time.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub(super) fn rate(&self) -> f64 {
        self.total() as f64 / self.elapsed.as_secs_f64().max(1e-3)
    }

    /// Age in milliseconds below which this share of the reports lies.
    pub(super) fn age(&self, share: f64) -> usize {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count"
        )]
        let rank = (share * self.classified as f64).ceil() as u64;
        let mut below = 0;
        let reached = self.ages.iter().position(|count| {
            below += count;
            below >= rank.max(1)
        });
        reached.unwrap_or(0)
    }

    /// One line: how many, how fast, how old.
    pub(super) fn line(&self) -> String {
        format!(
            "{} reports ({} rejected), {:.0}/s, age p50 {} ms, p99 {} ms, {} for review",
            self.total(),
            self.rejected,
            self.rate(),
            self.age(0.5),
            self.age(0.99),
            self.review
        )
    }

    /// The lists of counts, each under its heading.
    pub(super) fn lists(&self) -> [(&'static str, &BTreeMap<String, u64>); 5] {
        [
            ("urgency", &self.urgency),
            ("unit in charge", &self.units),
            ("labels", &self.labels),
            ("organisations", &self.organisations),
            ("language", &self.languages),
        ]
    }

    /// Everything in plain lines.
    pub(super) fn summary(&self) -> String {
        let mut text = format!("{}\n", self.line());
        for (heading, counts) in self.lists() {
            let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
            counts.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
            let counts: Vec<String> = counts.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
            let _ = writeln!(text, "{heading}: {}", counts.join(", "));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_ages() {
        let mut tally = Tally { ages: vec![0; LONGEST + 1], classified: 100, ..Tally::default() };
        for age in 1..=100 {
            tally.ages[age] += 1;
        }
        assert_eq!((tally.age(0.5), tally.age(0.99), tally.age(1.0)), (50, 99, 100));
    }
}
