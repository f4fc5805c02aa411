//! How a record becomes a report or a rejection, seen from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod codes;
#[path = "../mutation/corpus.rs"]
mod corpus;
mod documents;
mod forms;
mod properties;

use corpus::Record;
use ibaleg::report::{Limits, Rejection, Report, decode, json_schema};
use serde_json::Value;

pub(crate) fn read(record: &Record) -> Result<Report, Rejection> {
    decode(&record.envelope(), &Limits::default())
}

pub(crate) fn read_json(value: &Value) -> Result<Report, Rejection> {
    read(&Record::bare(value.to_string().as_bytes()))
}

pub(crate) fn record(value: &str, headers: &[(&str, &str)]) -> Record {
    let headers = headers.iter().map(|(name, value)| corpus::header(name, value)).collect();
    Record { headers, ..Record::bare(value.as_bytes()) }
}

pub(crate) fn full() -> Value {
    serde_json::from_str(corpus::GOOD[1]).unwrap()
}

pub(crate) fn schema() -> jsonschema::Validator {
    jsonschema::draft202012::options().should_validate_formats(true).build(json_schema().as_value()).unwrap()
}

pub(crate) const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json");
