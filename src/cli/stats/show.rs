use std::fmt::Write as _;

use anyhow::Context as _;

use crate::stats::{Correction, Definitions, Part, Reason, Record, State, Table};

/// Characters of a name, at least: counts then stand below one another.
const NAME: usize = 54;

/// What stands where a count is hidden.
const HIDDEN: &str = "hidden";

/// Tables for a terminal.
pub(super) fn table(records: &[Record], definitions: &Definitions) -> String {
    let mut text = String::new();
    for record in records {
        head(&mut text, record);
        let mut family = "";
        for table in &record.tables {
            let (kind, member) = table.id.split_once('/').unwrap_or((&table.id, ""));
            // Labels and organisations have a table each, of two parts; one line tells both.
            let line = matches!(kind, "label" | "organisation");
            if !line || family != kind {
                text.push('\n');
                let note = if line { " (a report may carry several)" } else { "" };
                let _ = writeln!(text, "{}{note}", if line { kind } else { &table.id });
            }
            family = kind;
            if line {
                let flagged = table.parts.first();
                row(&mut text, member, flagged.and_then(|part| part.count), table.whole);
            } else {
                parts(&mut text, table, definitions);
            }
        }
        text.push('\n');
    }
    text
}

fn head(text: &mut String, record: &Record) {
    let stated = &record.definitions;
    let state = match (record.state, &record.correction) {
        (State::Open, _) => "open, counts still grow".to_owned(),
        (State::Closed, None) => "closed".to_owned(),
        (State::Closed, Some(correction)) => corrects(record.revision, correction),
    };
    let day = |day: Option<jiff::civil::Date>| day.map_or_else(|| "..".to_owned(), |day| day.to_string());
    let _ = writeln!(
        text,
        "{}: {} to {}, {}; {state}",
        record.key,
        day(record.window.first),
        day(record.window.last),
        stated.time_zone
    );
    let _ = writeln!(
        text,
        "counted {}; communiqué {}, regions {}; counts from 1 to {} are hidden",
        record.as_of,
        stated.communique.version,
        stated.regions.version,
        stated.floor.saturating_sub(1)
    );
    for change in record.correction.iter().flat_map(|correction| &correction.changes) {
        let shown = |count: Option<u64>| count.map_or_else(|| HIDDEN.to_owned(), grouped);
        let _ = writeln!(text, "  corrected: {} from {} to {}", change.of, shown(change.before), shown(change.after));
    }
    match record.reports {
        Some(reports) => row(text, "all reports", Some(reports), Some(reports)),
        None => {
            let _ = writeln!(text, "  fewer than {} reports: nothing can be shown", stated.floor);
        }
    }
}

fn corrects(revision: u32, correction: &Correction) -> String {
    let reason = match correction.reason {
        Reason::Reports => "reports came late, or were revised or decided again",
        Reason::Definitions => "the definitions changed",
    };
    format!("revision {revision} corrects {}: {reason}", correction.of_revision)
}

fn parts(text: &mut String, table: &Table, definitions: &Definitions) {
    if table.parts.is_empty() {
        let whole = table.whole.map_or_else(|| HIDDEN.to_owned(), grouped);
        let _ = writeln!(text, "  withheld: too few to show any part of {whole}");
    }
    for part in &table.parts {
        row(text, &name(table, part, definitions), part.count, table.whole);
    }
}

/// Name of a part in English where the definitions have one, else its id.
fn name(table: &Table, part: &Part, definitions: &Definitions) -> String {
    let groups = definitions.rollup.groups();
    let named = match table.id.as_str() {
        "communique" => groups.iter().find(|group| group.id == part.id).map(|group| &group.names),
        "region/abroad" => {
            definitions.regions.regions().iter().find(|region| region.id == part.id).map(|region| &region.names)
        }
        id => {
            let group = groups.iter().find(|group| id.strip_prefix("communique/") == Some(&group.id));
            let line = group.and_then(|group| group.lines.iter().find(|line| line.id == part.id));
            line.map(|line| &line.names)
        }
    };
    named.map_or_else(|| part.id.replace('_', " "), |names| names.en.clone())
}

fn row(text: &mut String, name: &str, count: Option<u64>, of: Option<u64>) {
    let count_shown = count.map_or_else(|| HIDDEN.to_owned(), grouped);
    let share = match (count, of) {
        (Some(count), Some(of)) if of > 0 => format!("{:5.1} % of {}", percent(count, of), grouped(of)),
        _ => String::new(),
    };
    let _ = writeln!(text, "{}", format!("  {name:<NAME$}{count_shown:>10}  {share}").trim_end());
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn percent(count: u64, of: u64) -> f64 {
    100.0 * count as f64 / of as f64
}

/// Digits in groups of three.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// One record a line.
pub(super) fn json(records: &[Record]) -> anyhow::Result<String> {
    let mut text = String::new();
    for record in records {
        text.push_str(&serde_json::to_string(record).context("a record cannot be written as JSON")?);
        text.push('\n');
    }
    Ok(text)
}

const COLUMNS: [&str; 11] =
    ["window", "first", "last", "state", "revision", "table", "of", "part", "residue", "count", "whole"];

/// One row for each count, the hidden ones with an empty count.
pub(super) fn csv(records: &[Record]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for record in records {
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
        let state = match record.state {
            State::Open => "open",
            State::Closed => "closed",
        };
        let head = [
            record.key.clone(),
            day(record.window.first),
            day(record.window.last),
            state.to_owned(),
            record.revision.to_string(),
        ];
        let mut row = |tail: [String; 6]| writer.write_record(head.iter().chain(&tail));
        let whole = count(record.reports);
        row(["reports".into(), String::new(), "all".into(), "false".into(), whole.clone(), whole])?;
        for table in &record.tables {
            for part in &table.parts {
                let residue = part.residue.to_string();
                row([
                    table.id.clone(),
                    table.of.clone(),
                    part.id.clone(),
                    residue,
                    count(part.count),
                    count(table.whole),
                ])?;
            }
        }
    }
    let bytes = writer.into_inner().context("the rows cannot be written as CSV")?;
    String::from_utf8(bytes).context("the rows cannot be written as CSV")
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!([0, 999, 7083, 1_000_000].map(grouped), ["0", "999", "7,083", "1,000,000"]);
    }
}
