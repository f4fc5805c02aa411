//! Plots as inline SVG. Each says its figures in words too, for those who do not see it.

use std::fmt::Write as _;

use super::figures::{languages, names, spoken};
use super::page::escape;
use super::sheet::{decimal, percent};
use crate::evaluate::{Bin, Estimate, Evaluation, LabelFigures, Point};

/// Side of a square plot and the room left of and below it, in user units.
const SIDE: f64 = 150.0;
const LEFT: f64 = 36.0;
const BELOW: f64 = 28.0;
const ABOVE: f64 = 6.0;
/// Height of one bar with its gap.
const BAR: f64 = 20.0;

/// Precision–recall curves, one for each name that has positives.
pub(super) fn precision_recall(figures: &Evaluation) -> String {
    let curves = figures.curves.iter().filter(|curves| !curves.precision_recall.is_empty());
    let plots = curves.map(|curves| {
        let estimate = named(figures, &curves.name).map(|label| label.average_precision).unwrap_or_default();
        let caption = spoken(&curves.name, &estimate);
        let said = format!("precision over recall of {}; average precision {}", curves.name, decimal(estimate.value));
        figure(&square(&said, "recall", "precision", &steps(&curves.precision_recall)), &caption)
    });
    plots.collect()
}

/// Reliability curves, one for each name that has scores.
pub(super) fn reliability(figures: &Evaluation) -> String {
    let plots = figures.curves.iter().map(|curves| {
        let error = named(figures, &curves.name).and_then(|label| label.calibration_error);
        let said = format!("share of positives over mean score of {}; {}", curves.name, said_bins(&curves.reliability));
        let caption = format!("{} ECE {}", curves.name, percent(error));
        figure(&square(&said, "mean score", "share", &dots(&curves.reliability)), &caption)
    });
    plots.collect()
}

/// Bars by language: the mean, then each label's average precision, with intervals.
pub(super) fn by_language(figures: &Evaluation) -> String {
    let means = languages(figures).map(|(name, slice)| (name, slice.mean_average_precision)).collect::<Vec<_>>();
    let mut plots = figure(&bars("mean average precision", &means), "mean of the labels");
    for (place, label) in names(figures).iter().enumerate() {
        let of = languages(figures).filter_map(|(name, slice)| Some((name, slice.names.get(place)?.average_precision)));
        let defined: Vec<(&str, Estimate)> = of.filter(|(_, estimate)| estimate.value.is_some()).collect();
        if !defined.is_empty() {
            plots.push_str(&figure(&bars(&format!("average precision of {}", label.name), &defined), &label.name));
        }
    }
    plots
}

fn named<'a>(figures: &'a Evaluation, name: &str) -> Option<&'a LabelFigures> {
    names(figures).iter().find(|label| label.name == name)
}

fn figure(svg: &str, caption: &str) -> String {
    format!("<figure>{svg}<figcaption>{}</figcaption></figure>\n", escape(caption))
}

fn open(said: &str, width: f64, height: f64) -> String {
    format!("<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\">", escape(said))
}

fn x(share: f64) -> f64 {
    LEFT + share * SIDE
}

fn y(share: f64) -> f64 {
    ABOVE + (1.0 - share) * SIDE
}

/// A plot from 0 to 1 on both axes.
fn square(said: &str, across: &str, up: &str, inside: &str) -> String {
    let (right, bottom) = (x(1.0), y(0.0));
    let mut svg = open(said, right + 8.0, bottom + BELOW);
    for (tick, label) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
        let (at_x, at_y) = (x(tick), y(tick));
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at_y}H{right}M{at_x} {ABOVE}V{bottom}\"/>\
             <text x=\"{at_x}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            bottom + 11.0,
            LEFT - 4.0,
            at_y + 3.0
        );
    }
    let _ = write!(
        svg,
        "{inside}<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{across}</text>\
         <text transform=\"translate(9 {:.1}) rotate(-90)\" text-anchor=\"middle\">{up}</text></svg>",
        x(0.5),
        bottom + 23.0,
        y(0.5)
    );
    svg
}

/// Level between two recalls at the precision of the higher, as average precision sums it.
fn steps(curve: &[Point]) -> String {
    let mut path = String::new();
    for point in curve {
        let start = if path.is_empty() { format!("M{LEFT} ") } else { "V".to_owned() };
        let _ = write!(path, "{start}{:.1}H{:.1}", y(point.precision), x(point.recall));
    }
    format!("<path class=\"line\" d=\"{path}\"/>")
}

/// A dot for each bin, its area as the number of reports in it, and the line on which all would lie.
fn dots(bins: &[Bin]) -> String {
    let mut inside = format!("<path class=\"ideal\" d=\"M{LEFT} {:.1}L{:.1} {:.1}\"/>", y(0.0), x(1.0), y(1.0));
    let most = bins.iter().map(|bin| bin.reports).max().unwrap_or(1);
    for bin in bins {
        #[expect(clippy::cast_precision_loss, reason = "counts of reports stay far below 2^52")]
        let radius = (7.0 * (bin.reports as f64 / most as f64).sqrt()).max(1.5);
        let (at_x, at_y) = (x(bin.mean_score), y(bin.share));
        let _ = write!(inside, "<circle class=\"dot\" cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"{radius:.1}\"/>");
    }
    inside
}

fn said_bins(bins: &[Bin]) -> String {
    let of = |bin: &Bin| format!("{:.2} at {:.2} ({})", bin.share, bin.mean_score, bin.reports);
    bins.iter().map(of).collect::<Vec<_>>().join(", ")
}

/// Horizontal bars with whiskers.
fn bars(what: &str, rows: &[(&str, Estimate)]) -> String {
    const NAMES: f64 = 60.0;
    let said: Vec<String> = rows.iter().map(|(name, estimate)| spoken(name, estimate)).collect();
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let height = rows.len() as f64 * BAR + 18.0;
    let across = |share: f64| NAMES + share * SIDE;
    let mut svg = open(&format!("{what}: {}", said.join(", ")), across(1.0) + 34.0, height);
    for (tick, label) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
        let at = across(tick);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{at} 0V{:.1}\"/><text x=\"{at}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            height - 16.0,
            height - 4.0
        );
    }
    let mut top = 2.0;
    for (name, estimate) in rows {
        let value = estimate.value.unwrap_or(0.0);
        let middle = top + BAR / 2.0;
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"bar\" x=\"{NAMES}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            NAMES - 4.0,
            middle + 3.0,
            escape(name),
            top + 3.0,
            value * SIDE,
            BAR - 8.0
        );
        if let (Some(low), Some(high)) = (estimate.low, estimate.high) {
            let (low, high, reach) = (across(low), across(high), 3.0);
            let _ = write!(
                svg,
                "<path class=\"whisker\" d=\"M{low:.1} {middle}H{high:.1}M{low:.1} {:.1}v6M{high:.1} {:.1}v6\"/>",
                middle - reach,
                middle - reach
            );
        }
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            across(1.0) + 4.0,
            middle + 3.0,
            decimal(estimate.value)
        );
        top += BAR;
    }
    svg + "</svg>"
}
