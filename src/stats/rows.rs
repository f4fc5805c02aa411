use serde::Serialize;

use super::{Communique, NO_OFFENCE, UNDECIDED};
use crate::triage::{Names, Taxonomy};

/// What a row of the communiqué's table counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// All reports.
    All,
    /// Technology-related offences.
    Technology,
    /// A line of the taxonomy.
    Line,
    /// Terrorism linked to ISIS.
    Isis,
    /// A call for help, no offence.
    NoOffence,
    /// No label is flagged: a person decides.
    Undecided,
    /// Reporters who gave this much of their identity.
    Identity,
    /// Sent from outside the country.
    Abroad,
    /// Country not stated.
    CountryUnknown,
}

/// One row of the communiqué's table.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What is counted.
    pub kind: Counted,
    /// Names of a line of the taxonomy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// Level of identity, or the platform's own country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Reports.
    pub count: u64,
    /// Reports of which they are a share.
    pub of: u64,
    /// Part of the row above that is not one itself.
    pub part: bool,
}

impl Row {
    /// What is counted, and of what the count is a share, in English.
    pub(super) fn name(&self) -> String {
        let line = self.names.as_ref().map_or("", |names| &names.en);
        let detail = self.detail.as_deref().unwrap_or_default();
        match self.kind {
            Counted::All => "all reports".to_owned(),
            Counted::Technology => "technology-related offences, of all reports".to_owned(),
            Counted::Line if self.part => format!("  {line}, of these"),
            Counted::Line => format!("{line}, of all reports"),
            Counted::Isis => "  of which linked to ISIS, of all reports".to_owned(),
            Counted::NoOffence => "call for help, no offence, of all reports".to_owned(),
            Counted::Undecided => "no label flagged, a person decides, of all reports".to_owned(),
            Counted::Identity => format!("reporter's identity {detail}, of all reports"),
            Counted::Abroad => format!("from outside the country (not {detail}), of all reports"),
            Counted::CountryUnknown => "country not stated, of all reports".to_owned(),
        }
    }
}

impl Communique {
    /// The table, row by row.
    pub fn rows(&self, taxonomy: &Taxonomy) -> Vec<Row> {
        let technology = taxonomy.communique().iter().filter(|line| line.technology);
        let technology: u64 = technology.map(|line| self.line(&line.id)).sum();
        let row = |kind, count, of| Row { kind, names: None, detail: None, count, of, part: false };
        let line = |technical: bool, of| {
            let lines = taxonomy.communique().iter().filter(move |line| line.technology == technical);
            lines.map(move |line| Row {
                names: Some(line.names.clone()),
                part: technical,
                ..row(Counted::Line, self.line(&line.id), of)
            })
        };
        let mut rows =
            vec![row(Counted::All, self.total, self.total), row(Counted::Technology, technology, self.total)];
        rows.extend(line(true, technology));
        rows.extend(line(false, self.total));
        rows.push(Row { part: true, ..row(Counted::Isis, self.isis, self.total) });
        rows.push(row(Counted::NoOffence, self.line(NO_OFFENCE), self.total));
        rows.push(row(Counted::Undecided, self.line(UNDECIDED), self.total));
        for (level, count) in &self.identity {
            rows.push(Row { detail: Some(level.clone()), ..row(Counted::Identity, *count, self.total) });
        }
        rows.push(Row { detail: Some(self.home.clone()), ..row(Counted::Abroad, self.abroad, self.total) });
        rows.push(row(Counted::CountryUnknown, self.country_unknown, self.total));
        rows
    }
}
