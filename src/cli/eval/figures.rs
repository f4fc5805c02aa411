//! The tables of one classifier.

use super::document::Classifier;
use super::sheet::{
    Sheet, decimal, decimal_with_interval, interval, part, percent, percent_with_interval, probability,
};
use crate::evaluate::{Evaluation, LabelFigures, SliceFigures};
use crate::triage::Urgency;

/// Ids named in one cell, at most; the JSON has all that are listed.
const IDS: usize = 5;

/// Every table of one classifier.
pub(super) fn sheets(classifier: &Classifier) -> Vec<Sheet> {
    let figures = &classifier.figures;
    let mut sheets = vec![summary(classifier)];
    sheets.extend(overall(figures).map(labels));
    sheets.extend([
        slices(figures),
        by_language(figures),
        parity(figures),
        priority(figures),
        false_alarms(figures),
        neighbours(figures),
        urgency(figures),
        evidence(figures),
        deletion(figures),
        worst(figures),
    ]);
    sheets.retain(|sheet| !sheet.rows.is_empty());
    sheets
}

/// All languages and scripts together.
fn overall(figures: &Evaluation) -> Option<&SliceFigures> {
    figures.slices.iter().find(|slice| slice.language.is_none() && slice.script.is_none())
}

/// Labels, organisations and contexts over all languages and scripts.
pub(super) fn names(figures: &Evaluation) -> &[LabelFigures] {
    overall(figures).map_or(&[], |all| &all.names)
}

/// Whole languages.
pub(super) fn languages(figures: &Evaluation) -> impl Iterator<Item = (&str, &SliceFigures)> {
    let whole = figures.slices.iter().filter(|slice| slice.script.is_none());
    whole.filter_map(|slice| Some((slice.language.as_deref()?, slice)))
}

fn summary(classifier: &Classifier) -> Sheet {
    let figures = &classifier.figures;
    let note = "Intervals are 95 %, by bootstrap over groups; a dash stands where a figure is not defined.";
    let mut sheet = Sheet::new("Summary", note, &["<figure", "<value"]);
    let mut say = |name: &str, value: String| sheet.row([name.to_owned(), value]);
    say("reports (groups)", format!("{} ({})", figures.reports, figures.groups));
    if let Some(all) = overall(figures) {
        let value = format!("{}, {} labels", decimal_with_interval(&all.mean_average_precision), all.labels_in_mean);
        say("mean average precision", value);
        let scored = all.names.iter().take(figures.neighbours.len());
        let worst = scored.filter_map(|label| Some((label.average_precision.value?, &label.name)));
        if let Some((value, name)) = worst.min_by(|a, b| a.0.total_cmp(&b.0)) {
            say("worst label", format!("{name} {}", decimal(Some(value))));
        }
        let errors = all.names.iter().filter_map(|label| Some((label.calibration_error?, &label.name)));
        if let Some((value, name)) = errors.max_by(|a, b| a.0.total_cmp(&b.0)) {
            say("largest calibration error", format!("{name} {}", percent(Some(value))));
        }
    }
    let of_languages = languages(figures).filter_map(|(name, slice)| Some((slice.mean_average_precision.value?, name)));
    if let Some((value, name)) = of_languages.min_by(|a, b| a.0.total_cmp(&b.0)) {
        say("worst language", format!("{name} {}", decimal(Some(value))));
    }
    if figures.unscored > 0 {
        say("reports without score", figures.unscored.to_string());
    }
    if !classifier.without_output.is_empty() {
        say("no output in the model", classifier.without_output.join(", "));
    }
    say("reports a second, one thread", format!("{:.0}", classifier.speed.reports_per_second));
    sheet
}

fn labels(all: &SliceFigures) -> Sheet {
    let note = "P, R and F1 at the package's thresholds: flagged, and flagged or sent to a person for this name. \
                AP: average precision; ECE: expected calibration error, 15 bins of equal width.";
    let head = ["<name", "reports", "positives", "AP", "P", "R", "F1", "+review P", "R", "F1", "ECE", "Brier"];
    let mut sheet = Sheet::new("Labels, organisations and contexts", note, &head);
    for label in &all.names {
        let mut row = vec![label.name.clone(), label.reports.to_string(), label.positives.to_string()];
        row.push(decimal_with_interval(&label.average_precision));
        for decisions in [&label.flag, &label.flag_or_review] {
            row.extend([&decisions.precision, &decisions.recall, &decisions.f1].map(|figure| decimal(figure.value)));
        }
        row.extend([percent(label.calibration_error), decimal(label.brier_score)]);
        sheet.row(row);
    }
    sheet
}

fn slices(figures: &Evaluation) -> Sheet {
    let note = "Mean over the labels that have a positive there, so rows with different labels are not quite alike.";
    let mut sheet = Sheet::new("Languages and scripts", note, &["<language", "<script", "reports", "labels", "mAP"]);
    for slice in &figures.slices {
        let named = |name: &Option<String>| name.clone().unwrap_or_else(|| "all".to_owned());
        let mean = decimal_with_interval(&slice.mean_average_precision);
        let counts = [slice.reports.to_string(), slice.labels_in_mean.to_string()];
        sheet.row([named(&slice.language), named(&slice.script)].into_iter().chain(counts).chain([mean]));
    }
    sheet
}

fn by_language(figures: &Evaluation) -> Sheet {
    let languages: Vec<(&str, &SliceFigures)> = languages(figures).collect();
    let note = "Average precision, positives in brackets.";
    let mut head = vec!["<name"];
    head.extend(languages.iter().map(|(name, _)| *name));
    let mut sheet = Sheet::new("Labels by language", note, &head);
    for (place, name) in names(figures).iter().enumerate() {
        let cells = languages.iter().map(|(_, slice)| {
            let label = slice.names.get(place)?;
            Some(format!("{} ({})", decimal(label.average_precision.value), label.positives))
        });
        sheet.row(std::iter::once(name.name.clone()).chain(cells.map(Option::unwrap_or_default)));
    }
    sheet
}

fn parity(figures: &Evaluation) -> Sheet {
    let note = "Largest difference between languages with enough reports, at the flag threshold.";
    let head = ["<name", "recall gap", "<highest", "<lowest", "false-positive gap", "<highest", "<lowest"];
    let mut sheet = Sheet::new("Parity between languages", note, &head);
    for parity in &figures.parity {
        let gaps = [(&parity.recall_gap, true), (&parity.false_positive_gap, false)];
        let cells = gaps.map(|(gap, recall)| {
            let Some(gap) = gap else { return [percent(None), String::new(), String::new()] };
            let of = |language: &str| {
                let rates = parity.languages.iter().find(|rates| rates.language == language);
                let shown = rates.map(|rates| {
                    if recall { (rates.recall, rates.positives) } else { (rates.false_positive_rate, rates.negatives) }
                });
                shown.map_or_else(String::new, |(rate, of)| format!("{language} {} of {of}", percent(rate)))
            };
            [percent(Some(gap.gap)), of(&gap.highest), of(&gap.lowest)]
        });
        sheet.row(std::iter::once(parity.name.clone()).chain(cells.into_iter().flatten()));
    }
    sheet
}

fn priority(figures: &Evaluation) -> Sheet {
    let load = &figures.review_load;
    let note = format!(
        "Recall when the first {} of all reports ({}), ordered by the largest of these scores, go to priority review; \
         and recall at the lowest threshold that keeps a precision.",
        percent(Some(load.share)),
        load.reports
    );
    let mut sheet = Sheet::new("Priority review", &note, &["<name", "<when", "positives", "recall"]);
    for name in &load.names {
        let when = format!("{} of reports are read", percent(Some(load.share)));
        sheet.row([name.name.clone(), when, name.positives.to_string(), percent_with_interval(&name.recall)]);
    }
    for name in &figures.at_precision {
        let when = format!("precision is at least {}", percent(Some(name.precision)));
        sheet.row([name.name.clone(), when, name.positives.to_string(), percent_with_interval(&name.recall)]);
    }
    sheet
}

fn false_alarms(figures: &Evaluation) -> Sheet {
    let note = "Hard negatives carry no label, but an organisation or a context: news, research, counter-speech.";
    let head = ["<label", "<on", "flagged", "flagged or in review", "<ids flagged"];
    let mut sheet = Sheet::new("False flags on reports without label", note, &head);
    for alarms in &figures.false_alarms {
        let kinds = [
            ("hard negatives", &alarms.hard_flagged, &alarms.hard_reached, String::new()),
            ("all without label", &alarms.unlabelled_flagged, &alarms.unlabelled_reached, ids(&alarms.ids)),
        ];
        for (kind, flagged, reached, ids) in kinds {
            sheet.row([alarms.label.clone(), kind.to_owned(), part(flagged), part(reached), ids]);
        }
    }
    sheet
}

fn neighbours(figures: &Evaluation) -> Sheet {
    let note = "Reports to which a label applies and that do not flag it: what they flag that does not apply.";
    let head = ["<label", "missed", "no flag at all", "<flagged instead"];
    let mut sheet = Sheet::new("Neighbours that are confused", note, &head);
    for label in figures.neighbours.iter().filter(|label| label.missed > 0) {
        let instead = label.instead.iter().map(|instead| format!("{} {}", instead.label, instead.reports));
        let instead = instead.collect::<Vec<_>>().join(", ");
        sheet.row([label.label.clone(), label.missed.to_string(), label.nothing_flagged.to_string(), instead]);
    }
    sheet
}

fn urgency(figures: &Evaluation) -> Sheet {
    let urgency = &figures.urgency;
    let note = format!(
        "{} as given, {} more urgent, {} less urgent{}.",
        urgency.same,
        urgency.higher,
        urgency.lower,
        if urgency.lower_ids.is_empty() { String::new() } else { format!(" ({})", ids(&urgency.lower_ids)) }
    );
    let decided = Urgency::ALL.map(|grade| format!("decided {grade}"));
    let head: Vec<&str> = std::iter::once("<given").chain(decided.iter().map(String::as_str)).collect();
    let mut sheet = Sheet::new("Urgency", &note, &head);
    if urgency.same + urgency.higher + urgency.lower > 0 {
        for row in &urgency.rows {
            sheet.row(std::iter::once(row.given.to_string()).chain(row.decided.iter().map(usize::to_string)));
        }
    }
    sheet
}

fn evidence(figures: &Evaluation) -> Sheet {
    let note = "Words shown against words that a person marked, means over the reports on which words were shown.";
    let head = ["<label", "marked", "shown", "token precision", "token recall", "token F1"];
    let mut sheet = Sheet::new("Evidence", note, &head);
    for row in &figures.evidence {
        let counts = [label(row.label.as_ref()), row.marked.to_string(), row.shown.to_string()];
        sheet.row(counts.into_iter().chain([row.precision, row.recall, row.f1].map(decimal)));
    }
    sheet
}

fn deletion(figures: &Evaluation) -> Sheet {
    let note = "How far the logit falls without the heaviest span shown, and without as many other words of the text.";
    let head = ["<label", "pairs", "shown falls more", "other falls more", "fall, shown", "fall, other", "p"];
    let mut sheet = Sheet::new("Deletion test", note, &head);
    for row in &figures.deletion {
        sheet.row([
            label(row.label.as_ref()),
            row.pairs.to_string(),
            row.shown_lowers_more.to_string(),
            row.random_lowers_more.to_string(),
            decimal(row.mean_fall_shown),
            decimal(row.mean_fall_random),
            probability(Some(row.p)),
        ]);
    }
    sheet
}

fn worst(figures: &Evaluation) -> Sheet {
    let note = "Lowest average precision among the slices with enough positives.";
    let head = ["<name", "<language", "<script", "positives", "AP", "recall", "<ids missed", "<ids flagged falsely"];
    let mut sheet = Sheet::new("Worst slices", note, &head);
    for slice in &figures.worst {
        sheet.row([
            slice.name.clone(),
            slice.language.clone(),
            slice.script.clone(),
            slice.positives.to_string(),
            decimal(Some(slice.average_precision)),
            percent(slice.recall),
            ids(&slice.missed),
            ids(&slice.false_flags),
        ]);
    }
    sheet
}

/// The interval of a label's average precision in words, for plots.
pub(super) fn spoken(name: &str, estimate: &crate::evaluate::Estimate) -> String {
    format!("{name} {} {}", decimal(estimate.value), interval(estimate)).trim_end().to_owned()
}

fn label(label: Option<&String>) -> String {
    label.map_or_else(|| "all".to_owned(), Clone::clone)
}

fn ids(ids: &[String]) -> String {
    let more = if ids.len() > IDS { " …" } else { "" };
    format!("{}{more}", ids.iter().take(IDS).map(String::as_str).collect::<Vec<_>>().join(" "))
}
