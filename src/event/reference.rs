//! The event reference `docs/events.md`, generated from the JSON Schemas so that it cannot differ
//! from what is sent.

use std::fmt::Write as _;

use serde_json::Value;

use super::schema;

/// The whole page as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    for (title, schema) in [("report.classified", schema::classified()), ("report.rejected", schema::rejected())] {
        section(&mut page, title, &schema, &schema, 2);
        let Some(Value::Object(definitions)) = schema.get("$defs") else { continue };
        for (name, definition) in definitions {
            if definition.get("properties").is_some() {
                section(&mut page, name, definition, &schema, 3);
            }
        }
    }
    page
}

const INTRODUCTION: &str = "\
# Events

Generated from the schemas in `schemas/`; `ibaleg schema` prints them.

Each event is a CloudEvent 1.0. In binary mode (the default) its attributes are the headers `ce_id`,
`ce_source`, `ce_type`, `ce_time`, `ce_subject` (the report's id, percent-encoded) and the value is the
JSON described here; in structured mode all of it is one JSON value. The key is the key of the incoming
record, else the report's id. `ce_id` is deterministic: a report that is delivered twice has twice the
same id. Consumers must ignore fields that they do not know.

A classified event is written to `reports.classified`, to the topic of each unit it is routed to, to
`reports.urgent` when its grade is U0 and to `reports.review` when a person must look; all copies are
the same bytes with the same id.
";

fn section(page: &mut String, title: &str, schema: &Value, root: &Value, depth: usize) {
    let _ = writeln!(page, "\n{} {title}\n", "#".repeat(depth));
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        let _ = writeln!(page, "{}\n", one_line(description));
    }
    let _ = writeln!(page, "| field | type | meaning |\n|---|---|---|");
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    for (name, property) in properties {
        let optional = if required.contains(&name.as_str()) { "" } else { " (optional)" };
        let meaning = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let values = words(property, root).map(|words| format!(" One of {words}.")).unwrap_or_default();
        let _ = writeln!(page, "| `{name}`{optional} | {} | {}{values} |", kind(property), one_line(meaning));
    }
}

/// The type of a property in words, with links to nested objects.
fn kind(property: &Value) -> String {
    if let Some(reference) = property.get("$ref").and_then(Value::as_str) {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(any) = property.get("anyOf").and_then(Value::as_array) {
        let kinds: Vec<String> = any.iter().map(kind).filter(|kind| kind != "null").collect();
        return kinds.join(" or ");
    }
    if let Some(items) = property.get("items") {
        return format!("list of {}", kind(items));
    }
    match property.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect();
            names.join(" or ")
        }
        _ => "value".to_owned(),
    }
}

/// The words that an enumeration allows.
fn words(property: &Value, root: &Value) -> Option<String> {
    let name = property.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?;
    let definition = root.get("$defs")?.get(name)?;
    let listed = definition.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let variants = definition.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let variants = variants.filter_map(|variant| variant.get("const").and_then(Value::as_str));
    let words: Vec<String> = listed.chain(variants).map(|word| format!("`{word}`")).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
