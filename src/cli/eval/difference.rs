//! The tables of a comparison.

use super::document::Classifier;
use super::figures::languages;
use super::sheet::{Sheet, decimal, decimal_with_interval, part, percent, probability, signed};
use crate::evaluate::{Comparison, Estimate, Paired};

/// Every table of the second classifier against the first.
pub(super) fn sheets(comparison: &Comparison, a: &Classifier, b: &Classifier) -> Vec<Sheet> {
    let mut sheets = vec![side_by_side(a, b), names(comparison), by_language(a, b), disagreement(comparison)];
    sheets.push(changes(comparison));
    sheets.retain(|sheet| !sheet.rows.is_empty());
    sheets
}

fn difference(paired: &Paired) -> [String; 4] {
    let Estimate { value, low, high } = paired.difference;
    let interval = low.zip(high).map_or_else(String::new, |(low, high)| format!(" ({low:+.3} to {high:+.3})"));
    [decimal(paired.a), decimal(paired.b), format!("{}{interval}", signed(value)), probability(paired.p)]
}

fn side_by_side(a: &Classifier, b: &Classifier) -> Sheet {
    let mut sheet = Sheet::new("Side by side", "", &["<figure", "A", "B"]);
    sheet.row(["package".to_owned(), a.model.clone(), b.model.clone()]);
    let (x, y) = (&a.figures, &b.figures);
    for (left, right) in x.review_load.names.iter().zip(&y.review_load.names) {
        let name = format!("{}: recall when {} of reports are read", left.name, percent(Some(x.review_load.share)));
        sheet.row([name, percent(left.recall.value), percent(right.recall.value)]);
    }
    for (left, right) in x.at_precision.iter().zip(&y.at_precision) {
        let name = format!("{}: recall at precision {}", left.name, percent(Some(left.precision)));
        sheet.row([name, percent(left.recall.value), percent(right.recall.value)]);
    }
    for (left, right) in x.false_alarms.iter().zip(&y.false_alarms) {
        let name = format!("{}: false flags on hard negatives", left.label);
        sheet.row([name, part(&left.hard_flagged), part(&right.hard_flagged)]);
    }
    let lower = |count: usize| count.to_string();
    sheet.row(["reports graded too low".to_owned(), lower(x.urgency.lower), lower(y.urgency.lower)]);
    let f1 = |classifier: &Classifier| decimal(classifier.figures.evidence.first().and_then(|all| all.f1));
    sheet.row(["evidence: token F1".to_owned(), f1(a), f1(b)]);
    let speed = |classifier: &Classifier| format!("{:.0}", classifier.speed.reports_per_second);
    sheet.row(["reports a second, one thread".to_owned(), speed(a), speed(b)]);
    if let (Some(a), Some(b)) = (a.memory, b.memory) {
        let mebibytes = |bytes: u64| format!("{} MiB", bytes.div_ceil(1 << 20));
        sheet.row(["memory, most while loading".to_owned(), mebibytes(a.peak_bytes), mebibytes(b.peak_bytes)]);
        sheet.row(["memory, loaded".to_owned(), mebibytes(a.loaded_bytes), mebibytes(b.loaded_bytes)]);
    }
    sheet
}

fn names(comparison: &Comparison) -> Sheet {
    let note = "Average precision and B − A by paired bootstrap over groups; the last columns count flags that only one \
                decides rightly (McNemar's exact test). p-values are not corrected for their number.";
    let head = ["<name", "positives", "A", "B", "B − A", "p", "only A right", "only B right", "p"];
    let mut sheet = Sheet::new("Differences", note, &head);
    let mean = [format!("mean of {} labels", comparison.labels_in_mean), String::new()];
    sheet.row(
        mean.into_iter().chain(difference(&comparison.mean_average_precision)).chain([(); 3].map(|()| String::new())),
    );
    for name in &comparison.names {
        let flags = [name.flags.only_a_right.to_string(), name.flags.only_b_right.to_string()];
        let head = [name.name.clone(), name.positives.to_string()];
        let all = head.into_iter().chain(difference(&name.average_precision)).chain(flags);
        sheet.row(all.chain([probability(Some(name.flags.p))]));
    }
    sheet
}

fn by_language(a: &Classifier, b: &Classifier) -> Sheet {
    let mut sheet = Sheet::new("Mean average precision by language", "", &["<language", "reports", "A", "B"]);
    for ((language, left), (_, right)) in languages(&a.figures).zip(languages(&b.figures)) {
        let means = [&left.mean_average_precision, &right.mean_average_precision].map(decimal_with_interval);
        sheet.row([language.to_owned(), left.reports.to_string()].into_iter().chain(means));
    }
    sheet
}

fn disagreement(comparison: &Comparison) -> Sheet {
    let head = ["<name", "<language", "reports", "only A flags", "only B flags"];
    let mut sheet = Sheet::new("Flags that differ", "", &head);
    for row in &comparison.disagreement {
        let counts = [row.reports, row.only_a, row.only_b].map(|count| count.to_string());
        sheet.row([row.name.clone(), row.language.clone()].into_iter().chain(counts));
    }
    sheet
}

fn changes(comparison: &Comparison) -> Sheet {
    let note = "Scores that moved furthest; the gain is negative where B lies further from the truth.";
    let mut sheet = Sheet::new("Largest changes", note, &["<id", "<name", "<applies", "A", "B", "gain"]);
    for change in &comparison.worst {
        let applies = if change.truth { "yes" } else { "no" };
        let scores = [decimal(Some(change.a)), decimal(Some(change.b)), signed(Some(change.gain))];
        sheet.row([change.id.clone(), change.name.clone(), applies.to_owned()].into_iter().chain(scores));
    }
    sheet
}
