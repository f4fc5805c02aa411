//! Nobody who reads a published table can tell a hidden count, whatever they know of the rule.

use ibaleg::stats::suppress::{Shown, shown};
use ibaleg::stats::{Length, Range, Scope, statistics};
use proptest::prelude::*;

use crate::events::{Event, definitions, ledger};

/// What a reader sees: the sum, and the counts that are not hidden; or that all are withheld.
fn seen(counts: &[u64], floor: u64) -> Option<Vec<Option<u64>>> {
    match shown(counts, floor) {
        Shown::All => Some(counts.iter().copied().map(Some).collect()),
        Shown::Without(hidden) => {
            Some(counts.iter().zip(hidden).map(|(count, hidden)| (!hidden).then_some(*count)).collect())
        }
        Shown::Nothing => None,
    }
}

/// Every list of `cells` counts with this sum.
fn compositions(cells: usize, sum: u64) -> Vec<Vec<u64>> {
    if cells == 1 {
        return vec![vec![sum]];
    }
    let with = |first| compositions(cells - 1, sum - first).into_iter().map(move |rest| [vec![first], rest].concat());
    (0..=sum).flat_map(with).collect()
}

/// An attacker who knows the number of cells, the sum, the floor and the program itself, and tries
/// every table that would have been published as this one.
fn assert_nothing_can_be_told(counts: &[u64], floor: u64) {
    let published = seen(counts, floor);
    let believable: Vec<Vec<u64>> = compositions(counts.len(), counts.iter().sum())
        .into_iter()
        .filter(|other| seen(other, floor) == published)
        .collect();
    for place in 0..counts.len() {
        if published.as_ref().is_some_and(|published| published[place].is_some()) {
            continue;
        }
        let mut values: Vec<u64> = believable.iter().map(|other| other[place]).collect();
        values.sort_unstable();
        values.dedup();
        assert!(values.len() >= 2, "{counts:?}, floor {floor}: cell {place} can only be {values:?}");
    }
}

#[test]
fn no_hidden_count_of_any_small_table_can_be_told() {
    for floor in [3, 4, 5] {
        for cells in 2..=4 {
            for sum in floor..=22 {
                for counts in compositions(cells, sum) {
                    // Order counts for nothing: one of each set of counts is enough.
                    if counts.is_sorted() {
                        assert_nothing_can_be_told(&counts, floor);
                    }
                }
            }
        }
    }
}

#[test]
fn the_attacker_recovers_what_is_hidden_without_complement() {
    // The test above can fail: hiding only what is small is found out.
    let counts = [2_u64, 9, 30];
    let primary = |counts: &[u64]| counts.iter().map(|count| (*count >= 5).then_some(*count)).collect::<Vec<_>>();
    let believable = compositions(3, 41).into_iter().filter(|other| primary(other) == primary(&counts)).count();
    assert_eq!(believable, 1);
}

const LABELS: [&str; 7] = ["fraud", "sextortion", "defamation", "threat", "hate", "terrorism", "self_harm"];

fn reports() -> impl Strategy<Value = Vec<(usize, usize, usize, bool)>> {
    // Weighted so that some lines are common and others rare.
    let label = prop_oneof![8 => 0..2_usize, 2 => 2..5_usize, 1 => 5..7_usize];
    prop::collection::vec((label, 0..9_usize, prop_oneof![9 => Just(0_usize), 1 => 1..5_usize], any::<bool>()), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn larger_tables_hide_several_different_counts_with_a_sum_that_is_not_small(
        counts in prop::collection::vec(prop_oneof![0..8_u64, 0..200_u64], 1..12), floor in 3..12_u64
    ) {
        prop_assume!(counts.iter().sum::<u64>() >= floor);
        match shown(&counts, floor) {
            Shown::All => prop_assert!(counts.iter().all(|count| *count == 0 || *count >= floor)),
            Shown::Nothing => {}
            Shown::Without(hidden) => {
                let covered: Vec<u64> = counts.iter().zip(&hidden).filter(|(_, hidden)| **hidden).map(|(c, _)| *c).collect();
                prop_assert!(covered.iter().sum::<u64>() >= floor);
                prop_assert!(covered.iter().min() != covered.iter().max());
                for (count, hidden) in counts.iter().zip(&hidden) {
                    prop_assert!(*hidden || *count == 0 || *count >= floor);
                }
            }
        }
    }

    /// Whole records: no small count is shown anywhere, what is shown is true, a part that is hidden
    /// hides the table that divides it, and no sum of a table gives a hidden count away.
    #[test]
    fn no_record_shows_or_implies_a_small_count(reports in reports()) {
        let countries = [Some("MA"), Some("FR"), Some("CN"), None, Some("XK")];
        let events: Vec<Event> = reports.iter().enumerate().map(|(number, (label, second, country, isis))| {
            let second = LABELS.get(*second).copied().filter(|second| *second != LABELS[*label]);
            Event {
                labels: [Some(LABELS[*label]), second].into_iter().flatten().collect(),
                organisations: if *isis && *label == 5 { vec!["isis"] } else { vec![] },
                country: countries[*country],
                identity: ["full", "partial"].get(number % 5).copied(),
                ..Event::new(format!("r{number}"), "fraud")
            }
        }).collect();
        let ledger = ledger(&events);
        let as_of = "2024-12-01T00:00:00Z".parse().unwrap();
        let scope = Scope { length: Length::Month, range: Range::default(), whole: true, complete_from: None, as_of };
        let shown = statistics(&ledger, &scope, &definitions(5)).records;
        let exact = statistics(&ledger, &scope, &definitions(1)).records;
        for (shown, exact) in shown.iter().zip(&exact) {
            if exact.reports < Some(5) {
                prop_assert!(shown.reports.is_none() && shown.tables.is_empty());
                continue;
            }
            prop_assert_eq!(shown.reports, exact.reports);
            for (table, truth) in shown.tables.iter().zip(&exact.tables) {
                prop_assert_eq!(&table.id, &truth.id);
                let hidden: Vec<u64> = if table.parts.is_empty() {
                    truth.parts.iter().filter_map(|part| part.count).collect()
                } else {
                    let parts = table.parts.iter().zip(&truth.parts);
                    parts.filter(|(part, _)| part.count.is_none()).filter_map(|(_, truth)| truth.count).collect()
                };
                for (part, truth) in table.parts.iter().zip(&truth.parts) {
                    prop_assert!(part.count.is_none() || part.count == truth.count);
                    prop_assert!(part.count.is_none_or(|count| count == 0 || count >= 5), "{}.{}", table.id, part.id);
                }
                prop_assert!(hidden.iter().filter(|count| **count > 0).count() != 1 || table.parts.is_empty(), "{}", table.id);
            }
            let part = |id: &str, part: &str| {
                let table = shown.tables.iter().find(|table| table.id == id).unwrap();
                table.parts.iter().find(|other| other.id == part).and_then(|part| part.count)
            };
            for (group, child) in [("technology", "communique/technology"), ("terrorism", "communique/terrorism")] {
                let table = shown.tables.iter().find(|table| table.id == child).unwrap();
                prop_assert_eq!(table.whole, part("communique", group), "{}", child);
            }
            for (label, line) in [("fraud", "fraud"), ("sextortion", "sextortion"), ("threat", "threat"), ("hate", "other")] {
                prop_assert!(part("communique/technology", line).is_some() || part(&format!("label/{label}"), "flagged").is_none(), "{label}");
            }
            prop_assert!(part("communique", "terrorism").is_some() || part("label/terrorism", "flagged").is_none());
            prop_assert!(part("communique/terrorism", "isis").is_some() || part("organisation/isis", "flagged").is_none());
        }
    }
}
