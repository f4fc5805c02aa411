//! Counts over classified events, in the form of the platform's published figures.
//!
//! A [`Ledger`] holds every report once; [`statistics`] counts it in windows of the calendar, as
//! [`Definitions`] say; [`Published::outstanding`] tells what of that is new or corrects what was
//! published. Every table closes: the parts and the stated rest add up to the whole, each share is
//! printed with the denominator it was computed from, and no small count can be derived
//! ([`suppress`]). Pure: time and files are passed in. [`Communique`] counts a live stream.

mod definitions;
mod ledger;
mod observation;
mod record;
mod regions;
mod rollup;
pub mod suppress;
mod tables;
mod window;

pub use definitions::{Definitions, Edition, Error, LEAST_FLOOR, Source, Stated};
pub use ledger::{Ledger, Tally};
pub use observation::{Facts, Observation, Told, Unreadable};
pub use record::{Change, Correction, FORMAT, Published, Reason, Record, Scope, State, Statistics, schema, statistics};
pub use regions::{Origin, Region, Regions};
pub use rollup::{Group, Line, Place, Rollup};
pub use tables::{Part, Table};
pub use window::{Length, Range, Window};

mod rows;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::event::Classified;
use crate::triage::Taxonomy;

pub use rows::{Counted, Row};

/// Line of reports on which no label is flagged: a person decides what they are.
const UNDECIDED: &str = "undecided";

/// Line of reports whose only flagged label is no offence (a call for help).
const NO_OFFENCE: &str = "none";

/// The communiqué's counts over a stream of events. A report counts once, in the line of
/// terrorism if that is flagged, else in that of its flagged label with the highest score.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Communique {
    /// ISO 3166-1 alpha-2 code of the platform's own country.
    home: String,
    total: u64,
    lines: BTreeMap<String, u64>,
    terrorism: u64,
    isis: u64,
    identity: BTreeMap<String, u64>,
    abroad: u64,
    country_unknown: u64,
}

impl Communique {
    /// No events yet; `home` is the platform's own country.
    pub fn new(home: &str) -> Self {
        Self { home: home.to_owned(), ..Self::default() }
    }

    /// Counts one event.
    pub fn add(&mut self, taxonomy: &Taxonomy, event: &Classified) {
        self.total += 1;
        let flagged: Vec<&str> = event.flagged().collect();
        let terrorism = flagged.contains(&"terrorism");
        let leading = if terrorism { Some("terrorism") } else { flagged.first().copied() };
        let line = leading.and_then(|label| taxonomy.label(label)).map_or(UNDECIDED, |label| label.communique.as_str());
        *self.lines.entry(line.to_owned()).or_default() += 1;
        if terrorism {
            self.terrorism += 1;
            if event.flagged_organisations().any(|organisation| organisation == "isis") {
                self.isis += 1;
            }
        }
        let identity = event.report.identity.as_deref().unwrap_or("not stated");
        *self.identity.entry(identity.to_owned()).or_default() += 1;
        match event.report.country.as_deref() {
            None => self.country_unknown += 1,
            Some(country) if country.eq_ignore_ascii_case(&self.home) => {}
            Some(_) => self.abroad += 1,
        }
    }

    /// Reports counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Count of one line of the communiqué.
    pub fn line(&self, id: &str) -> u64 {
        self.lines.get(id).copied().unwrap_or(0)
    }

    /// The table in words. Shares are of the denominator named in their heading.
    pub fn table(&self, taxonomy: &Taxonomy) -> String {
        let mut table = String::new();
        for row in self.rows(taxonomy) {
            let Row { count, of, .. } = row;
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
            let share =
                if of == 0 { "     –".to_owned() } else { format!("{:5.1} %", 100.0 * count as f64 / of as f64) };
            let _ = writeln!(table, "{:<58}{count:>9}  {share}", row.name());
        }
        table
    }
}
