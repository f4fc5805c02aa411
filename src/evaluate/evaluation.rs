use schemars::JsonSchema;
use serde::Serialize;

use super::alarms::{FalseAlarms, false_alarms};
use super::case::check;
use super::deletion::{DeletionFigures, deletions};
use super::load::{Queue, ReviewLoad};
use super::neighbours::{Neighbours, neighbours};
use super::parity::{Parity, parity};
use super::rationale::{RationaleFigures, rationales};
use super::slices::{Slice, SliceFigures, slices};
use super::urgency::{UrgencyFigures, urgency};
use super::worst::{WorstSlice, worst};
use super::{AtPrecision, Axes, Bin, Case, Error, Groups, Point, Random, Samples, reliability};

/// What to measure and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Rounds of the bootstrap.
    pub rounds: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Share of all reports that can go to priority review, in (0, 1].
    pub review_load: f64,
    /// Names whose largest score orders reports for priority review; unknown ones are left out.
    pub priority: Vec<String>,
    /// Names and the least precision at which their recall is given; unknown ones are left out.
    pub at_precision: Vec<(String, f64)>,
    /// Labels whose false flags on reports without label are given; unknown ones are left out.
    pub alarms: Vec<String>,
    /// Positives (or negatives) from which a slice is compared with others.
    pub support: u64,
    /// Ids and slices listed in each list of the worst.
    pub listed: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rounds: 1000,
            seed: 0,
            review_load: 0.25,
            priority: ["terrorism", "threat", "minors", "self_harm"].map(str::to_owned).to_vec(),
            at_precision: vec![("isis".to_owned(), 0.5)],
            alarms: vec!["terrorism".to_owned()],
            support: 10,
            listed: 10,
        }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<(), Error> {
        let share = |value: f64| value > 0.0 && value <= 1.0;
        let wrong = |name, value| Err(Error::Option { name, value, range: "a share above 0 and at most 1" });
        if !share(self.review_load) {
            return wrong("the review load", self.review_load);
        }
        match self.at_precision.iter().find(|(_, precision)| !share(*precision)) {
            Some((_, precision)) => wrong("the least precision", *precision),
            None => Ok(()),
        }
    }
}

/// The figures of one classifier.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Evaluation {
    /// Labelled reports.
    pub reports: usize,
    /// Groups that the bootstrap draws.
    pub groups: usize,
    /// Reports that the model could not score under any name; they count as not flagged.
    pub unscored: usize,
    /// All reports, each language, each script, each language in each script.
    pub slices: Vec<SliceFigures>,
    /// Curves over all reports, one entry a name that has scores.
    pub curves: Vec<Curves>,
    /// Recall when only a share of all reports can be read first.
    pub review_load: ReviewLoad,
    /// Recall at a least precision.
    pub at_precision: Vec<AtPrecision>,
    /// What was flagged where a label was missed.
    pub neighbours: Vec<Neighbours>,
    /// How evenly languages are served.
    pub parity: Vec<Parity>,
    /// False flags on reports without label.
    pub false_alarms: Vec<FalseAlarms>,
    /// Grades given against grades decided.
    pub urgency: UrgencyFigures,
    /// Labels in a language and script that do worst, with ids.
    pub worst: Vec<WorstSlice>,
    /// Words shown as evidence against words marked.
    pub evidence: Vec<RationaleFigures>,
    /// Whether the words shown carry the score.
    pub deletion: Vec<DeletionFigures>,
}

/// Curves of one label, organisation or context.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Curves {
    /// Its name.
    pub name: String,
    /// Precision over recall, at most 100 points; of more, those that gain recall.
    pub precision_recall: Vec<Point>,
    /// Share of positives over mean score, in 15 bins of equal width.
    pub reliability: Vec<Bin>,
}

/// Measures one classifier.
///
/// # Errors
///
/// When there is no case, a case does not fit the axes, or an option is out of its range.
pub fn evaluate(cases: &[Case], axes: &Axes, options: &Options) -> Result<Evaluation, Error> {
    check(cases, axes)?;
    options.check()?;
    let ones = vec![1; cases.len()];
    let groups = Groups::new(cases.iter().map(|case| case.group.as_str()));
    let mut slices = slices(cases, axes);
    let mut queue = Queue::new(cases, axes, &options.priority, options.review_load);
    let mut at_precision: Vec<PrecisionFloor> =
        options.at_precision.iter().filter_map(|(name, least)| PrecisionFloor::new(axes, name, *least)).collect();
    let mut random = Random::new(options.seed);
    for _ in 0..options.rounds {
        let weights = groups.draw(&mut random);
        for slice in &mut slices {
            slice.sample(&weights);
        }
        queue.sample(&weights);
        for floor in &mut at_precision {
            floor.sample(&slices, &weights);
        }
    }
    let alarms = options.alarms.iter();
    Ok(Evaluation {
        reports: cases.len(),
        groups: groups.len(),
        unscored: cases.iter().filter(|case| case.judgements.iter().all(|j| j.score.is_none())).count(),
        slices: slices.iter().map(|slice| slice.figures(&ones)).collect(),
        curves: curves(&slices, &ones),
        review_load: queue.figures(&ones),
        at_precision: at_precision.iter().filter_map(|floor| floor.figures(&slices, &ones)).collect(),
        neighbours: neighbours(cases, axes),
        parity: parity(&slices, options.support, &ones),
        false_alarms: alarms.filter_map(|label| false_alarms(cases, axes, label, options.listed)).collect(),
        urgency: urgency(cases, options.listed),
        worst: worst(&slices, cases, options, &ones),
        evidence: rationales(cases),
        deletion: deletions(cases),
    })
}

fn curves(slices: &[Slice], ones: &[u32]) -> Vec<Curves> {
    let columns = slices.first().into_iter().flat_map(|all| &all.columns);
    let scored = columns.filter(|column| !column.pairs.is_empty());
    scored
        .map(|column| Curves {
            name: column.name.clone(),
            precision_recall: column.ranked.curve(ones),
            reliability: reliability(&column.pairs),
        })
        .collect()
}

/// Recall of one name at a least precision, over all reports.
struct PrecisionFloor {
    name: String,
    place: usize,
    least: f64,
    samples: Samples,
}

impl PrecisionFloor {
    fn new(axes: &Axes, name: &str, least: f64) -> Option<Self> {
        Some(Self { name: name.to_owned(), place: axes.place(name)?, least, samples: Samples::default() })
    }

    fn recall(&self, slices: &[Slice], weights: &[u32]) -> Option<(f64, Option<f64>)> {
        slices.first()?.columns.get(self.place)?.ranked.recall_at_precision(weights, self.least)
    }

    fn sample(&mut self, slices: &[Slice], weights: &[u32]) {
        let recall = self.recall(slices, weights);
        self.samples.push(recall.map(|(recall, _)| recall));
    }

    fn figures(&self, slices: &[Slice], ones: &[u32]) -> Option<AtPrecision> {
        let found = self.recall(slices, ones);
        Some(AtPrecision {
            name: self.name.clone(),
            precision: self.least,
            positives: slices.first()?.columns.get(self.place)?.positives(),
            recall: self.samples.estimate(found.map(|(recall, _)| recall)),
            threshold: found.and_then(|(_, threshold)| threshold),
        })
    }
}
