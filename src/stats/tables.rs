use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::definitions::Definitions;
use super::ledger::{Alike, Counts};
use super::regions::Origin;
use super::suppress::{Shown, shown};

/// Reports on which no label of the roll-up is flagged: a person decides what they are.
pub(super) const UNDECIDED: &str = "undecided";
/// Codes of countries that stand in no region.
pub(super) const UNLISTED: &str = "unlisted";
const NOT_STATED: &str = "not_stated";
const COMMUNIQUE: &str = "communique";
const REGION: &str = "region";
const ABROAD: &str = "abroad";
const FLAGGED: &str = "flagged";

/// What the parts of the first tables add up to.
const REPORTS: &str = "reports";

/// One table: its parts add up to the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// `communique`, `communique/<group>`, `label/<id>`, `organisation/<id>`, `unit`, `urgency`,
    /// `language`, `identity`, `region`, `region/abroad`, `time` or `arrival`.
    pub id: String,
    /// What is divided: `reports`, or a part of another table as `<table>.<part>`.
    pub of: String,
    /// The count that is divided, the denominator of every share; absent where it is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<u64>,
    /// The parts, those of the residue last; empty where all of them are hidden.
    pub parts: Vec<Part>,
}

/// One part of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// What is counted.
    pub id: String,
    /// The count; absent where it is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The count divided by the whole, rounded to four decimals; absent where it is hidden or the whole is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Belongs to the rest that closes the table.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub residue: bool,
}

/// A table before anything is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plain {
    id: String,
    /// Table and part that this one divides.
    of: Option<(String, String)>,
    /// Table and part that bound these counts from below: where that is hidden, so is this.
    bound: Option<(String, String)>,
    parts: Vec<(String, u64, bool)>,
}

impl Plain {
    fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), of: None, bound: None, parts: Vec::new() }
    }

    fn dividing(self, table: &str, part: &str) -> Self {
        Self { of: Some((table.to_owned(), part.to_owned())), ..self }
    }

    fn part(&mut self, id: &str, count: u64) {
        self.parts.push((id.to_owned(), count, false));
    }

    fn residue(&mut self, id: &str, count: u64) {
        self.parts.push((id.to_owned(), count, true));
    }

    fn whole(&self) -> u64 {
        self.parts.iter().map(|(_, count, _)| count).sum()
    }
}

/// Reports of one window.
pub(super) fn reports(counts: &Counts) -> u64 {
    counts.values().sum()
}

/// All tables of one window with their small counts hidden; none where the window itself is small.
pub(super) fn tables(counts: &Counts, by: &Definitions) -> Vec<Table> {
    if (1..by.floor).contains(&reports(counts)) {
        return Vec::new();
    }
    let mut published: Vec<Table> = Vec::new();
    for plain in plain(counts, by) {
        let covered = |place: &(String, String)| hides(&published, place);
        let withheld = plain.of.as_ref().is_some_and(covered) || plain.bound.as_ref().is_some_and(covered);
        let table = publish(&plain, withheld, by.floor);
        published.push(table);
    }
    published
}

/// Whether a part of a table before is hidden.
fn hides(published: &[Table], (table, part): &(String, String)) -> bool {
    let table = published.iter().find(|other| other.id == *table);
    let part = table.and_then(|table| table.parts.iter().find(|other| other.id == *part));
    part.is_none_or(|part| part.count.is_none())
}

fn publish(plain: &Plain, withheld: bool, floor: u64) -> Table {
    let whole = plain.whole();
    let of = plain.of.as_ref().map_or_else(|| REPORTS.to_owned(), |(table, part)| format!("{table}.{part}"));
    // A part that is withheld with its parent must not come back as the sum of its own parts.
    let of_hidden = withheld && plain.of.is_some();
    let counts: Vec<u64> = plain.parts.iter().map(|(_, count, _)| *count).collect();
    let hidden = match if withheld { Shown::Nothing } else { shown(&counts, floor) } {
        Shown::All => vec![false; counts.len()],
        Shown::Without(hidden) => hidden,
        Shown::Nothing => {
            return Table { id: plain.id.clone(), of, whole: (!of_hidden).then_some(whole), parts: Vec::new() };
        }
    };
    let parts = plain.parts.iter().zip(hidden).map(|((id, count, residue), hidden)| Part {
        id: id.clone(),
        count: (!hidden).then_some(*count),
        share: if hidden { None } else { share(*count, whole) },
        residue: *residue,
    });
    Table { id: plain.id.clone(), of, whole: Some(whole), parts: parts.collect() }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn share(count: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (count as f64 / whole as f64 * 1e4).round() / 1e4)
}

/// The tables in their order: one that depends on another comes after it.
fn plain(counts: &Counts, by: &Definitions) -> Vec<Plain> {
    let mut tables = communique(counts, by);
    tables.extend(labels(counts, by));
    tables.extend(organisations(counts, by));
    tables.push(listed("unit", counts, &[], |alike| Some(&alike.facts.unit), NOT_STATED));
    tables.push(listed("urgency", counts, &["U0", "U1", "U2", "U3"], |alike| Some(&alike.facts.urgency), NOT_STATED));
    tables.push(listed("language", counts, &[], |alike| alike.facts.language.as_ref(), "no_text"));
    let levels = ["full", "partial", "anonymous"];
    tables.push(listed("identity", counts, &levels, |alike| alike.facts.identity.as_ref(), NOT_STATED));
    tables.extend(regions(counts, by));
    tables.push(halves("time", counts, ("submission", "arrival"), |alike| alike.submitted));
    tables.push(halves("arrival", counts, ("in_time", "late"), |alike| !alike.late));
    tables
}

fn sum(counts: &Counts, holds: impl Fn(&Alike) -> bool) -> u64 {
    counts.iter().filter(|(alike, _)| holds(alike)).map(|(_, count)| count).sum()
}

fn halves(id: &str, counts: &Counts, names: (&str, &str), first: impl Fn(&Alike) -> bool) -> Plain {
    let mut table = Plain::new(id);
    table.part(names.0, sum(counts, &first));
    table.residue(names.1, sum(counts, |alike| !first(alike)));
    table
}

/// Counts by value: those always listed, then the others that occur, then those without one.
fn listed<'a>(
    id: &str,
    counts: &'a Counts,
    always: &[&str],
    value: impl Fn(&'a Alike) -> Option<&'a String>,
    without: &str,
) -> Plain {
    let mut found: BTreeMap<Option<&str>, u64> = always.iter().map(|value| (Some(*value), 0)).collect();
    for (alike, count) in counts {
        *found.entry(value(alike).map(String::as_str).filter(|value| *value != without)).or_default() += count;
    }
    let mut table = Plain::new(id);
    for value in always {
        table.part(value, found.remove(&Some(*value)).unwrap_or(0));
    }
    let rest = found.remove(&None).unwrap_or(0);
    for (value, count) in found {
        table.part(value.unwrap_or(without), count);
    }
    table.residue(without, rest);
    table
}

fn communique(counts: &Counts, by: &Definitions) -> Vec<Plain> {
    let mut groups: BTreeMap<&str, u64> = BTreeMap::new();
    let mut lines: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut organisations: BTreeMap<(&str, Option<&str>), u64> = BTreeMap::new();
    for (alike, count) in counts {
        let Some(place) = by.rollup.place(&alike.facts.labels) else { continue };
        *groups.entry(place.group).or_default() += count;
        if let Some(line) = place.line {
            *lines.entry((place.group, line)).or_default() += count;
        }
        let named = by.rollup.group(place.group).map(|group| group.organisations.as_slice()).unwrap_or_default();
        let first = named.iter().find(|id| alike.facts.organisations.contains(id));
        *organisations.entry((place.group, first.map(String::as_str))).or_default() += count;
    }
    let of = |id: &str| groups.get(id).copied().unwrap_or(0);
    let mut top = Plain::new(COMMUNIQUE);
    for group in by.rollup.groups() {
        top.parts.push((group.id.clone(), of(&group.id), group.residue));
    }
    top.parts.sort_by_key(|(_, _, residue)| *residue);
    top.residue(UNDECIDED, reports(counts) - groups.values().sum::<u64>());
    let mut tables = vec![top];
    for group in by.rollup.groups() {
        let mut table = Plain::new(format!("{COMMUNIQUE}/{}", group.id)).dividing(COMMUNIQUE, &group.id);
        for line in &group.lines {
            table.part(&line.id, lines.get(&(&*group.id, &*line.id)).copied().unwrap_or(0));
        }
        let concerning = |id: Option<&str>| organisations.get(&(&*group.id, id)).copied().unwrap_or(0);
        for organisation in &group.organisations {
            table.part(organisation, concerning(Some(organisation)));
        }
        if !group.organisations.is_empty() {
            table.residue("none_of_these", concerning(None));
        }
        if !table.parts.is_empty() {
            tables.push(table);
        }
    }
    tables
}

/// A report may carry several labels: each has a table of its own, which closes.
fn labels(counts: &Counts, by: &Definitions) -> Vec<Plain> {
    let mut ids: Vec<&str> = by.rollup.labels().map(|(label, _)| label).collect();
    let mut others: Vec<&str> = counts.keys().flat_map(|alike| &alike.facts.labels).map(String::as_str).collect();
    others.sort_unstable();
    others.dedup();
    others.retain(|id| !ids.contains(id));
    ids.append(&mut others);
    let table = |id: &str| {
        let mut table = halves(&format!("label/{id}"), counts, (FLAGGED, "not_flagged"), |alike| {
            alike.facts.labels.iter().any(|label| label == id)
        });
        let place = by.rollup.labels().find(|(label, _)| *label == id).map(|(_, place)| place);
        table.bound = place.map(|place| match place.line {
            Some(line) => (format!("{COMMUNIQUE}/{}", place.group), line.to_owned()),
            None => (COMMUNIQUE.to_owned(), place.group.to_owned()),
        });
        table
    };
    ids.into_iter().map(table).collect()
}

fn organisations(counts: &Counts, by: &Definitions) -> Vec<Plain> {
    let of_groups = by.rollup.groups().iter().flat_map(|group| &group.organisations);
    let occurring = counts.keys().flat_map(|alike| &alike.facts.organisations);
    let mut ids: Vec<&str> = of_groups.chain(occurring).map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    let table = |id: &str| {
        let mut table = halves(&format!("organisation/{id}"), counts, (FLAGGED, "not_flagged"), |alike| {
            alike.facts.organisations.iter().any(|organisation| organisation == id)
        });
        let group = by.rollup.groups().iter().find(|group| group.organisations.iter().any(|other| other == id));
        table.bound = group.map(|group| (format!("{COMMUNIQUE}/{}", group.id), id.to_owned()));
        table
    };
    ids.into_iter().map(table).collect()
}

fn regions(counts: &Counts, by: &Definitions) -> [Plain; 2] {
    let origin = |alike: &Alike| by.regions.origin(alike.facts.country.as_deref());
    let mut top = Plain::new(REGION);
    top.part("home", sum(counts, |alike| origin(alike) == Origin::Home));
    top.part(ABROAD, sum(counts, |alike| matches!(origin(alike), Origin::Abroad(_))));
    top.residue(NOT_STATED, sum(counts, |alike| origin(alike) == Origin::NotStated));
    let mut abroad = Plain::new(format!("{REGION}/{ABROAD}")).dividing(REGION, ABROAD);
    for region in by.regions.regions() {
        abroad.part(&region.id, sum(counts, |alike| origin(alike) == Origin::Abroad(Some(&region.id))));
    }
    abroad.residue(UNLISTED, sum(counts, |alike| origin(alike) == Origin::Abroad(None)));
    [top, abroad]
}
