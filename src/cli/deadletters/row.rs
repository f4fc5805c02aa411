use std::borrow::Cow;

use base64::Engine as _;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::deadletters::Found;

/// Characters of a key in a table.
const KEY: usize = 48;

/// Head of the table whose lines [`line()`] writes; the last column has a name of its own.
pub(super) fn head(last: &str) -> String {
    format!(
        "{:>9} {:>9}  {:>16}  {:<20}  {:<10}  {:<8} {:>3} {:>9}  {:<12}  key",
        "partition", "offset", "read from", "arrived", "code", "stage", "try", "bytes", last
    )
}

/// One letter; `last` stands in the last column before the key. Nothing a terminal could take for
/// a command is printed: keys and headers are written by others.
pub(super) fn line(found: &Found, last: &str) -> String {
    let Found { partition, offset, .. } = found;
    match &found.letter {
        Ok(letter) => {
            let original = &letter.original;
            let place = format!("{}/{}", original.partition, original.offset);
            let time = time(original.timestamp).unwrap_or_else(|| "–".into());
            let bytes = original.value.as_ref().map_or_else(|| "null".into(), |value| value.len().to_string());
            let (code, stage) = (plain(&letter.code), plain(&letter.stage));
            let key = original.key.as_deref().map_or_else(|| "–".into(), key);
            let attempt = letter.attempt;
            format!(
                "{partition:>9} {offset:>9}  {place:>16}  {time:<20}  {code:<10}  {stage:<8} {attempt:>3} {bytes:>9}  {last:<12}  {key}"
            )
        }
        Err(error) => format!("{partition:>9} {offset:>9}  {error}"),
    }
}

/// One letter as JSON: what its headers say, never its value.
pub(super) fn object(found: &Found) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("partition".into(), json!(found.partition));
    object.insert("offset".into(), json!(found.offset));
    match &found.letter {
        Ok(letter) => {
            let original = &letter.original;
            let origin =
                json!({ "topic": &*original.topic, "partition": original.partition, "offset": original.offset });
            object.insert("origin".into(), origin);
            object.insert("arrived".into(), json!(time(original.timestamp)));
            object.insert("code".into(), json!(letter.code));
            object.insert("stage".into(), json!(letter.stage));
            object.insert("message".into(), json!(letter.message));
            object.insert("attempt".into(), json!(letter.attempt));
            object.insert("group".into(), json!(letter.group));
            object.insert("version".into(), json!(letter.version));
            object.insert("bytes".into(), json!(original.value.as_ref().map(Vec::len)));
            match original.key.as_deref().map(std::str::from_utf8) {
                None => object.insert("key".into(), Value::Null),
                Some(Ok(key)) => object.insert("key".into(), json!(key)),
                Some(Err(_)) => object.insert("key_base64".into(), json!(original.key.as_deref().map(base64))),
            };
        }
        Err(error) => {
            object.insert("foreign".into(), json!(error.to_string()));
        }
    }
    object
}

/// A timestamp in milliseconds, as RFC 3339 to the second.
pub(super) fn time(millis: Option<i64>) -> Option<String> {
    let time = Timestamp::from_millisecond(millis?).ok()?;
    Some(Timestamp::from_second(time.as_second()).unwrap_or(time).to_string())
}

/// A text of others without control characters, which a terminal could obey, and without those that
/// turn the direction of a line.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().any(|c| c.is_control() || turns(c)) {
        let escaped = |c: char| if c.is_control() || turns(c) { c.escape_default().to_string() } else { c.to_string() };
        Cow::Owned(text.chars().map(escaped).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// A key for people: its text, shortened; base64 if it is none.
pub(super) fn key(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).map_or_else(|_| Cow::Owned(format!("base64:{}", base64(bytes))), plain);
    let mut shown: String = text.chars().take(KEY).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_command_the_terminal() {
        assert_eq!(plain("r-1 é إ"), "r-1 é إ");
        assert_eq!(plain("a\u{1b}[2Jb\n\u{202e}c"), "a\\u{1b}[2Jb\\n\\u{202e}c");
        assert_eq!(key(b"\xff\x00"), "base64:/wA=");
        assert_eq!(key("é".repeat(60).as_bytes()), format!("{}…", "é".repeat(48)));
        assert_eq!(key(b""), "");
    }

    #[test]
    fn times_are_told_to_the_second() {
        assert_eq!(time(Some(1_740_830_400_123)).as_deref(), Some("2025-03-01T12:00:00Z"));
        assert_eq!(time(None), None);
        assert_eq!(time(Some(i64::MAX)), None);
    }
}
