use std::collections::BTreeSet;

use serde_json::Value;

/// One place at which two JSON values differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// There before; `None` if nothing was.
    pub before: Option<Value>,
    /// There now; `None` if nothing is.
    pub now: Option<Value>,
}

/// Every place at which two values differ, as deep as both have it. Empty if and only if they are equal,
/// the order of fields included.
pub fn differences(before: &Value, now: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(before), Some(now), &mut found);
    let (before, now) = (before.to_string(), now.to_string());
    if found.is_empty() && before != now {
        found.push(Difference { pointer: String::new(), before: None, now: Some(Value::from("the order of fields")) });
    }
    found
}

fn compare(pointer: &str, before: Option<&Value>, now: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, now) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let step = name.replace('~', "~0").replace('/', "~1");
                compare(&format!("{pointer}/{step}"), a.get(name), b.get(name), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for place in 0..a.len().max(b.len()) {
                compare(&format!("{pointer}/{place}"), a.get(place), b.get(place), found);
            }
        }
        (before, now) if before == now => {}
        (before, now) => {
            found.push(Difference { pointer: pointer.to_owned(), before: before.cloned(), now: now.cloned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_named_by_their_pointers() {
        let before = json!({ "a": 1, "b": [1, 2], "c/d": { "e": "x" } });
        let now = json!({ "a": 1, "b": [1, 3, 4], "c/d": { "f": "x" } });
        let found = differences(&before, &now);
        let pointers: Vec<&str> = found.iter().map(|difference| difference.pointer.as_str()).collect();
        assert_eq!(pointers, ["/b/1", "/b/2", "/c~1d/e", "/c~1d/f"]);
        assert_eq!((&found[1].before, &found[1].now), (&None, &Some(json!(4))));
    }

    #[test]
    fn only_equal_bytes_are_equal() {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(differences(&value(r#"{"a":1,"b":2}"#), &value(r#"{"a":1,"b":2}"#)), []);
        assert_eq!(differences(&value(r#"{"a":1,"b":2}"#), &value(r#"{"b":2,"a":1}"#)).len(), 1);
    }
}
