//! Tables that the terminal and the page both show.

use std::fmt::Write as _;

use crate::evaluate::{Estimate, Share};

/// One table with its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Sheet {
    pub(super) title: String,
    /// What the figures mean, in one or two sentences.
    pub(super) note: String,
    pub(super) head: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
}

/// Heading of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// Words stand to the left, numbers to the right.
    pub(super) words: bool,
}

/// Characters in a line of a note, at most.
const NOTE_CHARS: usize = 96;

/// What stands where a figure is not defined.
const NONE: &str = "–";

impl Sheet {
    /// Headings that begin with `<` are columns of words.
    pub(in crate::cli) fn new(title: &str, note: &str, head: &[&str]) -> Self {
        let column = |name: &&str| {
            let words = name.strip_prefix('<');
            Column { name: words.unwrap_or(name).to_owned(), words: words.is_some() }
        };
        Self {
            title: title.to_owned(),
            note: note.to_owned(),
            head: head.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    pub(in crate::cli) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// Three decimals.
pub(super) fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| format!("{value:.3}"))
}

/// Three decimals with a sign.
pub(super) fn signed(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| format!("{:+.3}", value + 0.0))
}

/// A share as per cent with one decimal.
pub(super) fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| format!("{:.1} %", value * 100.0))
}

/// An interval of decimals.
pub(super) fn interval(estimate: &Estimate) -> String {
    between(estimate.low, estimate.high, |value| format!("{value:.2}"))
}

/// A figure with its interval.
pub(super) fn decimal_with_interval(estimate: &Estimate) -> String {
    format!("{} {}", decimal(estimate.value), interval(estimate)).trim_end().to_owned()
}

/// A share with its interval in per cent.
pub(super) fn percent_with_interval(estimate: &Estimate) -> String {
    let interval = between(estimate.low, estimate.high, |value| format!("{:.0}", value * 100.0));
    format!("{} {interval}", percent(estimate.value)).trim_end().to_owned()
}

/// A part, its whole and the share with its interval.
pub(super) fn part(share: &Share) -> String {
    let interval = between(share.low, share.high, |value| format!("{:.0}", value * 100.0));
    format!("{} of {} = {} {interval}", share.count, share.of, percent(share.share)).trim_end().to_owned()
}

/// A p-value, as far down as it says anything.
pub(super) fn probability(p: Option<f64>) -> String {
    match p {
        Some(p) if p < 0.001 => "< 0.001".to_owned(),
        p => decimal(p),
    }
}

fn between(low: Option<f64>, high: Option<f64>, show: impl Fn(f64) -> String) -> String {
    low.zip(high).map_or_else(String::new, |(low, high)| format!("({}–{})", show(low), show(high)))
}

/// Tables for a terminal: columns padded with spaces, headings above.
pub(in crate::cli) fn plain(sheets: &[Sheet]) -> String {
    let mut page = String::new();
    for sheet in sheets {
        let _ = writeln!(page, "{}", sheet.title);
        for line in wrapped(&sheet.note) {
            let _ = writeln!(page, "  {line}");
        }
        let head: Vec<String> = sheet.head.iter().map(|column| column.name.clone()).collect();
        let all = || std::iter::once(&head).chain(&sheet.rows);
        let width = |place: usize| all().filter_map(|row| row.get(place)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..head.len()).map(|place| width(place).unwrap_or(0)).collect();
        for row in all() {
            let cells = row.iter().zip(&widths).zip(&sheet.head).map(|((cell, width), column)| {
                if column.words { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            let _ = writeln!(page, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
        page.push('\n');
    }
    page
}

/// Lines of whole words, as long as a terminal is usually wide.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.chars().count() + word.chars().count() < NOTE_CHARS) {
            Some(line) => line.extend([" ", word]),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let mut sheet = Sheet::new("labels", "what they are", &["<label", "reports"]);
        sheet.row(["threat".to_owned(), "7".to_owned()]);
        sheet.row(["é".to_owned(), "1200".to_owned()]);
        let shown = "labels\n  what they are\n  label   reports\n  threat        7\n  é          1200\n\n";
        assert_eq!(plain(&[sheet]), shown);
    }

    #[test]
    fn figures_that_are_not_defined_are_a_dash() {
        let none = Estimate::default();
        assert_eq!((decimal(None).as_str(), decimal_with_interval(&none).as_str()), ("–", "–"));
        assert_eq!(signed(Some(-0.0)), "+0.000");
        assert_eq!(probability(Some(0.0001)), "< 0.001");
        let share = Estimate { value: Some(0.5), low: Some(0.25), high: Some(0.75) };
        assert_eq!(percent_with_interval(&share), "50.0 % (25–75)");
    }
}
