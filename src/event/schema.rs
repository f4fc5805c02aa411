//! JSON Schemas (2020-12) of what goes out, generated from the types.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{Classified, Rejected};

/// Schema of the data of a `report.classified` event.
pub fn classified() -> Value {
    of::<Classified>("report.classified")
}

/// Schema of the data of a `report.rejected` event.
pub fn rejected() -> Value {
    of::<Rejected>("report.rejected")
}

pub(super) fn date_time(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "format": "date-time" })
}

fn of<T: schemars::JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), Value::from(title));
    schema.to_value()
}
