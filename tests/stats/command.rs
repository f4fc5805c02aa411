//! `ibaleg stats` as a user runs it.

use std::process::Output;

use serde_json::Value;

use crate::events::{Event, published_mix};
use crate::program::ibaleg;

fn stats(arguments: &[&str], events: &str, environment: &[(&str, &str)]) -> Output {
    ibaleg(&[&["stats"], arguments].concat(), events.as_bytes(), environment)
}

fn records(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn count(record: &Value, table: &str, part: &str) -> u64 {
    let table = record["tables"].as_array().unwrap().iter().find(|other| other["id"] == table).unwrap();
    let part = table["parts"].as_array().unwrap().iter().find(|other| other["id"] == part).unwrap();
    part["count"].as_u64().unwrap()
}

/// The published mix, with deliveries repeated, earlier revisions and a rejection among them, in no order.
fn stream() -> String {
    let mut lines = Vec::new();
    for (number, event) in published_mix().iter().enumerate() {
        lines.push(event.line());
        if number % 11 == 0 {
            lines.push(event.line());
        }
        if number % 13 == 0 {
            let before = Event { revision: 0, labels: vec!["hate"], country: Some("US"), ..event.clone() };
            lines.push(before.line());
        }
    }
    lines
        .push("{\"specversion\":\"1.0\",\"id\":\"x\",\"type\":\"org.ibaleg.report.rejected.v1\",\"data\":{}}\n".into());
    // 4001 and the number of lines have no common factor: a walk over all of them.
    let count = lines.len();
    (0..count).map(|place| lines[place * 4001 % count].as_str()).collect()
}

#[test]
fn the_platforms_first_three_months_come_out_to_the_unit() {
    let output = stats(&["--output", "json"], &stream(), &[]);
    let records = records(&output);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(
        said.contains("8272 events: 7083 reports, 545 superseded by a later revision or decision, 644 delivered again"),
        "{said}"
    );
    assert!(said.contains("1 rejections, 0 unreadable"), "{said}");
    let [record] = records.as_slice() else { panic!("{} records", records.len()) };
    assert_eq!(record["reports"], 7083);
    let technology = count(record, "communique", "technology");
    let terrorism = count(record, "communique", "terrorism");
    let isis = count(record, "communique/terrorism", "isis");
    let full = count(record, "identity", "full");
    let abroad = count(record, "region", "abroad");
    assert_eq!([technology, terrorism, isis, full, abroad], [6788, 295, 85, 4117, 564]);
    let line = |id| count(record, "communique/technology", id);
    assert_eq!(["fraud", "sextortion", "defamation", "threat", "other"].map(line), [4073, 1358, 679, 339, 339]);
    let region = |id| count(record, "region/abroad", id);
    assert_eq!(["europe", "asia", "middle_east", "north_africa"].map(region), [141; 4]);
    // Terrorism comes first even where another label scores higher; the label's own table still counts both.
    assert_eq!(count(record, "label/threat", "flagged"), 339 + 295);
}

#[test]
fn every_table_closes_and_fits_the_committed_schema() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/statistics.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(committed).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for window in ["day", "week", "month", "quarter", "all"] {
        let output = stats(&["--output", "json", "--window", window], &stream(), &[("IBALEG__STATS__FLOOR", "1")]);
        let records = records(&output);
        let all: u64 = records.iter().map(|record| record["reports"].as_u64().unwrap()).sum();
        assert_eq!(all, 7083, "{window}");
        for record in &records {
            assert!(schema.is_valid(record), "{record}");
            for table in record["tables"].as_array().unwrap() {
                let parts = table["parts"].as_array().unwrap();
                let sum: u64 = parts.iter().map(|part| part["count"].as_u64().unwrap()).sum();
                assert_eq!(Some(sum), table["whole"].as_u64(), "{window}: {table}");
                if table["of"] == "reports" {
                    assert_eq!(table["whole"], record["reports"]);
                }
            }
        }
    }
}

#[test]
fn each_share_is_printed_with_its_denominator() {
    let output = stats(&["--as-of", "2024-12-01T00:00:00Z"], &stream(), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{text}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("Technology"), "Technology-related offences 6,788 95.8 % of 7,083");
    assert_eq!(line("Fraud"), "Fraud and digital fraud 4,073 60.0 % of 6,788");
    assert_eq!(line("isis"), "isis 85 28.8 % of 295");
    assert_eq!(line("full"), "full 4,117 58.1 % of 7,083");
    assert_eq!(line("abroad"), "abroad 564 8.0 % of 7,083");
    insta::assert_snapshot!("the_table_is_as_reviewed", text);
}

#[test]
fn rows_are_csv_and_hidden_counts_are_empty() {
    let events: String = (0..20).map(|n| Event::new(format!("r{n}"), "fraud").line()).collect();
    let rare: String = (0..3).map(|n| Event::new(format!("s{n}"), "threat").line()).collect();
    let output = stats(
        &["--output", "csv", "--as-of", "2024-12-01T00:00:00Z", "--window", "day"],
        &(events.clone() + &rare),
        &[],
    );
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let rows: Vec<Vec<String>> = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    // 3 beside 20 of a known 23 would tell each other: nothing of the table is shown.
    assert!(rows.iter().all(|row| row[5] != "communique/technology"), "{rows:?}");
    let text = |part: &str| rows.iter().find(|row| row[5] == "identity" && row[7] == part).unwrap().join(",");
    let head = "day/2024-06-11,2024-06-11,2024-06-11,closed,0,identity,reports";
    assert_eq!(text("full"), format!("{head},full,false,23,23"));
    assert_eq!(text("not_stated"), format!("{head},not_stated,true,0,23"));
    let many: String =
        (0..9).map(|n| Event { identity: None, ..Event::new(format!("t{n}"), "fraud") }.line()).collect();
    let few: String =
        (0..2).map(|n| Event { identity: Some("partial"), ..Event::new(format!("u{n}"), "fraud") }.line()).collect();
    let output = stats(&["--output", "csv"], &(events + &many + &few), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(",identity,reports,full,false,20,31"), "{text}");
    assert!(text.contains(",identity,reports,partial,false,,31"), "{text}");
    assert!(text.contains(",identity,reports,not_stated,true,,31"), "{text}");
}

#[test]
fn a_line_that_is_no_event_is_told_with_its_place_and_never_quoted() {
    let events = format!("{}{{\"description\":\"canary\"}}\n", Event::new("r", "fraud").line());
    let output = stats(&[], &events, &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("-, line 2: not counted") && !said.contains("canary"), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("fewer than 5 reports: nothing can be shown"), "{text}");
}

#[test]
fn what_classify_prints_can_be_counted() {
    let reports = "{\"id\":\"a\",\"description\":\"arnaque sur avito\",\"country\":\"FR\"}\nnot a report\n";
    let events = ibaleg(&["classify"], reports.as_bytes(), &[]);
    let output =
        stats(&["--output", "json"], &String::from_utf8(events.stdout).unwrap(), &[("IBALEG__STATS__FLOOR", "1")]);
    let records = records(&output);
    assert_eq!((&records[0]["reports"], count(&records[0], "region/abroad", "europe")), (&1.into(), 1));
    assert_eq!(count(&records[0], "time", "arrival"), 1, "no submission time: counted by arrival, and apart");
}

#[test]
fn the_demos_table_and_the_roll_up_count_each_label_in_the_same_line() {
    let taxonomy = ibaleg::triage::Taxonomy::parse(include_str!("../../config/taxonomy.toml")).unwrap();
    let rollup = ibaleg::stats::Rollup::parse(include_str!("../../config/communique.toml")).unwrap();
    for label in taxonomy.labels() {
        let place = rollup.place(std::slice::from_ref(&label.id)).unwrap();
        let line = place.line.unwrap_or(if place.group == "no_offence" { "none" } else { place.group });
        assert_eq!(label.communique, line, "{}", label.id);
    }
    assert_eq!(rollup.labels().count(), taxonomy.labels().len());
}
