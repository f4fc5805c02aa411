use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::definitions::{Definitions, Stated};
use super::ledger::{Counts, Ledger};
use super::tables::{Table, reports, tables};
use super::window::{Length, Range, Window};

/// Format of a record; a change that could break a reader raises it.
pub const FORMAT: u32 = 1;

/// Statistics of one window: one line of `ibaleg stats --output json`, and the value of a record of
/// `reports.statistics`, whose key is the window's. The newest record of a key is whole in itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Format of this record: 1.
    pub format: u32,
    /// Key: length and name of the window.
    pub key: String,
    /// The window.
    pub window: Window,
    /// Whether later reports change it openly or by a correction.
    pub state: State,
    /// 1 for the first publication, one more for each correction; 0 if it was not published.
    pub revision: u32,
    /// When it was counted.
    #[schemars(schema_with = "date_time")]
    pub as_of: Timestamp,
    /// What a correction corrects.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correction: Option<Correction>,
    /// What the counts mean.
    pub definitions: Stated,
    /// Reports of the window, each counted once; absent where they are fewer than the floor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reports: Option<u64>,
    /// The tables; none where the reports are fewer than the floor.
    pub tables: Vec<Table>,
}

/// Whether later reports change a window openly or by a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The window, or the time for late reports, has not ended: counts still grow.
    Open,
    /// Whatever changes it is a correction.
    Closed,
}

/// What a correction corrects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Correction {
    /// Revision that was in force before.
    pub of_revision: u32,
    /// Why.
    pub reason: Reason,
    /// Every count that differs, hidden ones as absent.
    pub changes: Vec<Change>,
}

/// Why a closed window was published again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Reports came late, or were revised or decided again.
    Reports,
    /// The definitions are others.
    Definitions,
}

/// One count that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// `reports`, or a part of a table as `<table>.<part>`.
    pub of: String,
    /// Before; absent where it was hidden or not there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<u64>,
    /// Now; absent where it is hidden or not there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<u64>,
}

fn date_time(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "format": "date-time" })
}

/// JSON Schema (2020-12) of a record.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Record>();
    schema.insert("title".to_owned(), Value::from("report.statistics"));
    schema.to_value()
}

/// Every window in which a report lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// In the order of the windows; none is published yet.
    pub records: Vec<Record>,
    /// Reports outside the range, or in a window that lies partly outside.
    pub left_out: u64,
}

/// Counts the ledger's reports in windows of a length.
pub fn statistics(ledger: &Ledger, scope: &Scope, by: &Definitions) -> Statistics {
    let counts = ledger.counts(scope.length, scope.range, by);
    let counted: u64 = counts.values().map(reports).sum();
    let records = counts.into_iter().map(|(window, counts)| record(window, &counts, by, scope.as_of)).collect();
    Statistics { records, left_out: ledger.tally().reports - counted }
}

fn record(window: Window, counts: &Counts, by: &Definitions, as_of: Timestamp) -> Record {
    let closes = window.ends(&by.time_zone).map(|end| by.closes(end));
    let state = if closes.is_some_and(|closes| closes <= as_of) { State::Closed } else { State::Open };
    let all = reports(counts);
    Record {
        format: FORMAT,
        key: window.key(),
        window,
        state,
        revision: 0,
        as_of,
        correction: None,
        definitions: by.stated().clone(),
        reports: (!(1..by.floor).contains(&all)).then_some(all),
        tables: tables(counts, by),
    }
}

/// What was published of each window: the newest record of each key.
#[derive(Debug, Clone, Default)]
pub struct Published(BTreeMap<String, Record>);

impl Published {
    /// Takes one record; of two of a window the higher revision counts.
    pub fn add(&mut self, record: Record) {
        let newer = self.0.get(&record.key).is_none_or(|known| known.revision <= record.revision);
        if newer {
            self.0.insert(record.key.clone(), record);
        }
    }

    /// Records to publish: closed windows that were never published, and a correction of each whose
    /// counts or definitions are no longer those published. Windows of which some events are gone are
    /// left as they are. Where everything was read, a window that was published and has no report any
    /// more is corrected to nothing.
    pub fn outstanding(&self, current: Vec<Record>, by: &Definitions, scope: &Scope) -> Vec<Record> {
        let mut outstanding = Vec::new();
        let emptied: Vec<Record> = self
            .0
            .values()
            .filter(|record| scope.holds(&record.window, by) && scope.whole)
            .filter(|record| !current.iter().any(|other| other.key == record.key))
            .map(|record| self::record(record.window.clone(), &Counts::new(), by, scope.as_of))
            .collect();
        for mut record in current.into_iter().chain(emptied) {
            if record.state == State::Open || !scope.complete(&record.window, by) {
                continue;
            }
            let before = self.0.get(&record.key);
            record.correction = before.map(|before| correction(before, &record));
            record.revision = before.map_or(1, |before| before.revision.saturating_add(1));
            if record
                .correction
                .as_ref()
                .is_none_or(|correction| !correction.changes.is_empty() || correction.reason == Reason::Definitions)
            {
                outstanding.push(record);
            }
        }
        outstanding.sort_by(|a, b| a.window.cmp(&b.window));
        outstanding
    }
}

/// What was read, and so what can be said of a window.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Length of the windows counted.
    pub length: Length,
    /// Days asked for.
    pub range: Range,
    /// The events read are all there are, so that a window without any has no reports.
    pub whole: bool,
    /// Events before this are gone, by retention; `None` if none is.
    pub complete_from: Option<Timestamp>,
    /// When it was read.
    pub as_of: Timestamp,
}

impl Scope {
    fn holds(&self, window: &Window, by: &Definitions) -> bool {
        window.length == self.length && self.range.holds_all_of(window) && self.complete(window, by)
    }

    /// Whether every event of a window's reports is there: a report arrives after it was submitted, so
    /// that all events of a window are younger than its beginning.
    pub fn complete(&self, window: &Window, by: &Definitions) -> bool {
        let begins = window.begins(&by.time_zone);
        self.complete_from.is_none_or(|from| begins.is_some_and(|begins| from <= begins))
    }
}

fn correction(before: &Record, after: &Record) -> Correction {
    let reason = if before.definitions == after.definitions { Reason::Reports } else { Reason::Definitions };
    let (old, new) = (cells(before), cells(after));
    let mut changes: Vec<Change> = Vec::new();
    for (of, after) in &new {
        let before = old.iter().find(|(other, _)| other == of).and_then(|(_, count)| *count);
        if before != *after {
            changes.push(Change { of: of.clone(), before, after: *after });
        }
    }
    for (of, before) in &old {
        if before.is_some() && !new.iter().any(|(other, _)| other == of) {
            changes.push(Change { of: of.clone(), before: *before, after: None });
        }
    }
    Correction { of_revision: before.revision, reason, changes }
}

/// Every count of a record with its name.
fn cells(record: &Record) -> Vec<(String, Option<u64>)> {
    let parts = record
        .tables
        .iter()
        .flat_map(|table| table.parts.iter().map(move |part| (format!("{}.{}", table.id, part.id), part.count)));
    std::iter::once(("reports".to_owned(), record.reports)).chain(parts).collect()
}
