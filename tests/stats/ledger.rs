//! Each report is counted once, whatever came how often in whatever order.

use ibaleg::stats::{Ledger, Length, Range, Record, Scope, Table, Tally, statistics};
use proptest::prelude::*;

use crate::events::{Event, definitions, ledger};

fn records(ledger: &Ledger, length: Length) -> Vec<Record> {
    let as_of = "2025-12-01T00:00:00Z".parse().unwrap();
    let scope = Scope { length, range: Range::default(), whole: true, complete_from: None, as_of };
    statistics(ledger, &scope, &definitions(1)).records
}

fn count(tables: &[Table], table: &str, part: &str) -> Option<u64> {
    let table = tables.iter().find(|other| other.id == table)?;
    table.parts.iter().find(|other| other.id == part)?.count
}

#[test]
fn the_newest_revision_counts_and_of_one_revision_the_later_decision() {
    let first = Event::new("r", "fraud");
    let second = Event { revision: 2, labels: vec!["threat"], ..first.clone() };
    let again = Event { labels: vec!["hate"], decided_after: 500, ..second.clone() };
    // A later delivery of an older revision changes nothing.
    let old = Event { decided_after: 9000, ..first.clone() };
    let ledger = ledger([&again, &first, &second, &old, &second]);
    assert_eq!(ledger.tally(), Tally { events: 5, reports: 1, superseded: 3, doubles: 1 });
    let records = records(&ledger, Length::All);
    assert_eq!(count(&records[0].tables, "label/hate", "flagged"), Some(1));
    assert_eq!(count(&records[0].tables, "label/threat", "flagged"), Some(0));
}

#[test]
fn reports_lie_in_the_day_of_the_platform_and_those_without_a_time_in_that_of_their_arrival() {
    // 23:30 in London is half past midnight in Rabat.
    let night = Event { submitted_at: Some("2024-06-11T23:30:00Z".into()), ..Event::new("a", "fraud") };
    let untold = Event { submitted_at: None, received_at: "2024-06-11T12:00:00Z".into(), ..Event::new("b", "fraud") };
    let records = records(&ledger([&night, &untold]), Length::Day);
    let keys: Vec<&str> = records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!(keys, ["day/2024-06-11", "day/2024-06-12"]);
    assert_eq!(count(&records[0].tables, "time", "arrival"), Some(1));
    assert_eq!(count(&records[1].tables, "time", "submission"), Some(1));
}

#[test]
fn a_report_that_arrives_after_its_window_was_closed_is_counted_as_late() {
    let at = |id: &str, received: &str| Event { received_at: received.into(), ..Event::new(id, "fraud") };
    // The day ends at 23:00 UTC and is open for another day.
    let events = [at("a", "2024-06-12T22:59:59Z"), at("b", "2024-06-12T23:00:00Z")];
    let records = records(&ledger(&events), Length::Day);
    let arrival = |part| count(&records[0].tables, "arrival", part);
    assert_eq!((arrival("in_time"), arrival("late")), (Some(1), Some(1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_order_and_repetition_of_deliveries_count_for_nothing(
        events in prop::collection::vec((0..6_u32, 1..4_u32, 0..3_i64, 0..5_usize, prop::option::of(0..40_u8)), 1..30),
        seed in any::<u64>(),
    ) {
        let labels = ["fraud", "threat", "hate", "terrorism", "self_harm"];
        let event = |(report, revision, decided, label, day): &(u32, u32, i64, usize, Option<u8>)| Event {
            revision: *revision,
            submitted_at: day.map(|day| format!("2024-{:02}-{:02}T10:00:00Z", 1 + day / 28, 1 + day % 28)),
            decided_after: 1 + decided,
            ..Event::new(format!("r{report}"), labels[*label])
        };
        // One event id, one content.
        let mut events: Vec<Event> = events.iter().map(event).collect();
        events.sort_by_key(|event| event.value()["id"].to_string());
        events.dedup_by_key(|event| event.value()["id"].to_string());
        let once = ledger(&events);
        let mut shuffled = [events.clone(), events.clone()].concat();
        let mut state = seed | 1;
        for place in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(place, (state >> 33) as usize % (place + 1));
        }
        let twice = ledger(&shuffled);
        for length in [Length::Day, Length::Week, Length::Month, Length::Quarter, Length::All] {
            prop_assert_eq!(records(&once, length), records(&twice, length));
        }
        let tally = twice.tally();
        prop_assert_eq!(tally.events, tally.reports + tally.superseded + tally.doubles);
        prop_assert_eq!(tally.doubles, events.len() as u64);
    }
}
