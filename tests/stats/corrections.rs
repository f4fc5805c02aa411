//! A closed window never changes silently.

use ibaleg::stats::{Length, Published, Range, Reason, Record, Scope, State, Statistics, statistics};
use jiff::Timestamp;

use crate::events::{Event, definitions, ledger};
use crate::program::ibaleg;

fn scope(as_of: &str) -> Scope {
    let as_of = as_of.parse().unwrap();
    Scope { length: Length::Day, range: Range::default(), whole: true, complete_from: None, as_of }
}

fn counted(events: &[Event], scope: &Scope) -> Vec<Record> {
    let Statistics { records, .. } = statistics(&ledger(events), scope, &definitions(1));
    records
}

fn day(number: usize) -> Event {
    Event::new(format!("r{number}"), "fraud")
}

#[test]
fn a_window_is_published_when_it_closes_and_then_only_corrected() {
    let by = definitions(1);
    let mut events: Vec<Event> = (0..9).map(day).collect();
    let mut published = Published::default();
    // The day ends on the 11th at 23:00 UTC; late reports are waited for until the 12th at 23:00.
    let early = scope("2024-06-12T22:59:59Z");
    assert_eq!(counted(&events, &early)[0].state, State::Open);
    assert!(published.outstanding(counted(&events, &early), &by, &early).is_empty());

    let scope = scope("2024-06-12T23:00:00Z");
    let first = published.outstanding(counted(&events, &scope), &by, &scope);
    assert_eq!((first.len(), first[0].revision, first[0].state), (1, 1, State::Closed));
    assert_eq!(first[0].correction, None);
    published.add(first[0].clone());
    assert!(published.outstanding(counted(&events, &scope), &by, &scope).is_empty(), "nothing is said twice");

    events.push(Event { received_at: "2024-06-20T10:00:00Z".into(), labels: vec!["threat"], ..day(9) });
    let second = published.outstanding(counted(&events, &scope), &by, &scope);
    let correction = second[0].correction.as_ref().unwrap();
    assert_eq!((second[0].revision, correction.of_revision, correction.reason), (2, 1, Reason::Reports));
    let change = |of: &str| {
        let change = correction.changes.iter().find(|change| change.of == of).unwrap();
        (change.before, change.after)
    };
    assert_eq!(change("reports"), (Some(9), Some(10)));
    assert_eq!(change("communique/technology.threat"), (Some(0), Some(1)));
    assert_eq!(change("arrival.late"), (Some(0), Some(1)));
    published.add(second[0].clone());
    // The old record read again after the new one, as a topic that is not yet compacted gives it.
    published.add(first[0].clone());
    assert!(published.outstanding(counted(&events, &scope), &by, &scope).is_empty());
}

#[test]
fn a_change_of_the_definitions_is_a_correction_that_says_so() {
    let events: Vec<Event> = (0..9).map(day).collect();
    let scope = scope("2024-07-01T00:00:00Z");
    let mut published = Published::default();
    published.add(published.outstanding(counted(&events, &scope), &definitions(1), &scope)[0].clone());
    let other = definitions(5);
    let records = statistics(&ledger(&events), &scope, &other).records;
    let corrections = published.outstanding(records, &other, &scope);
    assert_eq!(corrections[0].correction.as_ref().unwrap().reason, Reason::Definitions);
}

#[test]
fn a_window_whose_reports_all_moved_away_is_corrected_to_nothing() {
    let by = definitions(1);
    let scope = scope("2024-07-01T00:00:00Z");
    let mut published = Published::default();
    for record in published.outstanding(counted(&[day(1)], &scope), &by, &scope) {
        published.add(record);
    }
    let moved = Event { revision: 2, submitted_at: Some("2024-06-13T09:00:00Z".into()), ..day(1) };
    let records = published.outstanding(counted(&[day(1), moved.clone()], &scope), &by, &scope);
    let shown: Vec<(&str, u32, Option<u64>)> =
        records.iter().map(|record| (record.key.as_str(), record.revision, record.reports)).collect();
    assert_eq!(shown, [("day/2024-06-11", 2, Some(0)), ("day/2024-06-13", 1, Some(1))]);
    // Where only a part was read, a window without reports says nothing.
    let part = Scope { whole: false, ..scope };
    let records = published.outstanding(counted(&[moved], &part), &by, &part);
    assert_eq!(records.len(), 1);
}

#[test]
fn windows_whose_events_are_partly_gone_are_left_as_they_were_published() {
    let by = definitions(1);
    let scope = scope("2024-07-01T00:00:00Z");
    let events: Vec<Event> = (0..9).map(day).collect();
    let mut published = Published::default();
    published.add(published.outstanding(counted(&events, &scope), &by, &scope)[0].clone());
    let from = |time: &str| Scope { complete_from: Some(time.parse::<Timestamp>().unwrap()), ..scope };
    let cut = from("2024-06-11T08:31:30Z");
    assert!(published.outstanding(counted(&events[4..], &cut), &by, &cut).is_empty());
    let gone = from("2024-06-13T00:00:00Z");
    assert!(published.outstanding(Vec::new(), &by, &gone).is_empty());
    let kept = from("2024-06-10T23:00:00Z");
    assert_eq!(published.outstanding(counted(&events[4..], &kept), &by, &kept).len(), 1);
}

#[test]
fn the_command_writes_only_what_is_new_or_corrects_earlier_records() {
    let environment = [("IBALEG__STATS__FLOOR", "1")];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("published.jsonl");
    let run = |events: &[Event]| {
        let input: String = events.iter().map(Event::line).collect();
        let arguments = ["stats", "--window", "day", "--output", "json", "--previous", path.to_str().unwrap()];
        let output = ibaleg(&arguments, input.as_bytes(), &environment);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    std::fs::write(&path, "").unwrap();
    let mut events: Vec<Event> = (0..3).map(day).collect();
    let first = run(&events);
    assert_eq!(first.lines().count(), 1);
    std::fs::write(&path, &first).unwrap();
    assert_eq!(run(&events), "");
    events.push(day(3));
    let second = run(&events);
    assert!(second.contains("\"revision\":2") && second.contains("\"of_revision\":1"), "{second}");
    std::fs::write(&path, first + &second).unwrap();
    assert_eq!(run(&events), "");
}
