//! From the value's bytes to the text of its JSON.

use super::{Code, Envelope, Limits, Rejection};

/// The value without registry framing and byte order mark, checked for size and UTF-8.
pub(super) fn text<'a>(envelope: &Envelope<'a>, limits: &Limits) -> Result<&'a str, Rejection> {
    let Some(value) = envelope.value else {
        return Err(empty("the record is a tombstone (it has no value)"));
    };
    if value.len() > limits.max_bytes {
        return Err(Rejection::new(
            Code::TooLarge,
            "",
            format!(
                "the value has {} bytes, the limit is {}; send attachments by reference and shorten the texts",
                value.len(),
                limits.max_bytes
            ),
        ));
    }
    utf8(unframe(value))
}

/// The bytes as text without byte order mark.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Rejection> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Rejection::new(
            Code::NotUtf8,
            "",
            format!("the value is not UTF-8 from byte {} on; encode the JSON as UTF-8", error.valid_up_to()),
        )
    })?;
    if text.trim().is_empty() {
        return Err(empty("the value is empty"));
    }
    Ok(text)
}

fn empty(what: &str) -> Rejection {
    Rejection::new(Code::Empty, "", format!("{what}; send the report as a JSON object"))
}

/// Strips Confluent's wire format, a zero byte and a 4-byte schema id. No JSON begins with a zero
/// byte. The newer form has its schema id in the headers and leaves the value as it is.
fn unframe(value: &[u8]) -> &[u8] {
    match value {
        [0, _, _, _, _, framed @ ..] => framed,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &[u8]) -> Result<&str, Code> {
        text(&Envelope::bare(value), &Limits::default()).map_err(|rejection| rejection.code)
    }

    #[test]
    fn framing_and_byte_order_mark_come_off() {
        assert_eq!(read(b"{}"), Ok("{}"));
        assert_eq!(read(b"\0\0\0\0\x07{}"), Ok("{}"));
        assert_eq!(read(b"\xef\xbb\xbf{}"), Ok("{}"));
        assert_eq!(read(b"\0\0\0\0\x07\xef\xbb\xbf{}"), Ok("{}"));
    }

    #[test]
    fn what_is_no_text_is_told_apart() {
        assert_eq!(read(b""), Err(Code::Empty));
        assert_eq!(read(b"\0\0\0\0\x07"), Err(Code::Empty));
        assert_eq!(read(b"\xef\xbb\xbf \n"), Err(Code::Empty));
        assert_eq!(read(b"{\"id\":\"\xe9\"}"), Err(Code::NotUtf8));
        assert_eq!(read(b"\xff\xfe{\0}\0"), Err(Code::NotUtf8));
    }
}
