//! The published contracts: schemas and the event reference are those of the types.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use ibaleg::event::{reference, schema};

/// The committed file is what the code generates; `IBALEG_BLESS=1` writes it.
fn committed(path: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let committed = fs::read_to_string(&path).unwrap_or_default();
    if std::env::var_os("IBALEG_BLESS").is_some() && committed != generated {
        fs::write(&path, generated).unwrap();
    } else {
        assert_eq!(committed, generated, "{} differs; IBALEG_BLESS=1 cargo test --release writes it", path.display());
    }
}

#[test]
fn schemas_of_outgoing_events_are_committed() {
    let pretty = |schema: &serde_json::Value| format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
    committed("schemas/classified.schema.json", &pretty(&schema::classified()));
    committed("schemas/rejected.schema.json", &pretty(&schema::rejected()));
    committed("schemas/statistics.schema.json", &pretty(&ibaleg::stats::schema()));
    committed("schemas/feedback.schema.json", &pretty(&ibaleg::feedback::schema()));
    committed("schemas/quality.schema.json", &pretty(&ibaleg::feedback::quality_schema()));
}

#[test]
fn the_event_reference_is_committed_and_explains_every_field() {
    let page = reference::markdown();
    committed("docs/events.md", &page);
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let meaning = row.trim_end_matches(" |").rsplit("| ").next().unwrap();
        assert!(meaning.len() > 3, "{row}");
    }
}
