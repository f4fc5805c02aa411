//! The published documents: generated ones are current, and all agree with the decoder.

use std::path::Path;

use ibaleg::report::{Code, json_schema, rejections_page};
use serde_json::Value;

use crate::codes::examples;
use crate::{corpus, read, record, schema};

/// Compares a generated file with the one in the repository, or writes it with `IBALEG_BLESS` set.
fn compare(path: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("IBALEG_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, generated).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == generated,
        "{} is not what the code says; run with IBALEG_BLESS=1 and look at the difference",
        path.display()
    );
}

#[test]
fn the_page_of_codes_is_current() {
    compare("docs/rejections.md", &rejections_page());
}

#[test]
fn the_schema_is_current() {
    compare("schemas/report.schema.json", &format!("{:#}\n", json_schema().to_value()));
}

#[test]
fn the_schema_agrees_with_the_decoder() {
    jsonschema::draft202012::meta::validate(json_schema().as_value()).unwrap();
    let schema = schema();
    for value in corpus::GOOD {
        assert!(schema.is_valid(&serde_json::from_str(value).unwrap()), "{value}");
    }
    for (code, _, record) in examples() {
        let Some(Ok(value)) = record.value.as_deref().map(serde_json::from_slice::<Value>) else {
            continue;
        };
        // What the schema cannot say: sizes of the whole, names given twice, what stands around the value.
        let beyond = [Code::TooLarge, Code::TooDeep, Code::TooManyElements, Code::DuplicateField, Code::KeyDiffers];
        assert!(beyond.contains(&code) || !schema.is_valid(&value), "{code}: {value}");
    }
}

/// The documents of the producers' page, fenced as `json`.
#[test]
fn the_producers_page_shows_valid_reports() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/producers.md")).unwrap();
    let documents: Vec<&str> = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(documents.len() >= 3);
    for document in documents {
        let report = read(&record(document, &[])).unwrap();
        assert_eq!(report.warnings, []);
    }
}
