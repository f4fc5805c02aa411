//! One pass over the text of a JSON document before it is parsed.

use super::limits::{DEPTH_CEILING, Limits};
use super::{Code, Rejection};

/// What the scan saw in a document within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scan {
    /// A `\uD800`–`\uDFFF` escape stands without its other half.
    pub(super) lone_surrogates: bool,
}

/// Counts nesting and elements outside strings, and stops at the first that is too many.
///
/// The document need not be valid JSON; what is wrong with it beyond the limits is the parser's to say.
pub(super) fn measure(text: &str, limits: &Limits) -> Result<Scan, Rejection> {
    let bytes = text.as_bytes();
    let max_depth = limits.max_depth.min(DEPTH_CEILING);
    let (mut at, mut depth, mut elements) = (0, 0_usize, 0_usize);
    let (mut in_string, mut lone_surrogates) = (false, false);
    while let Some(&byte) = bytes.get(at) {
        let mut step = 1;
        match (in_string, byte) {
            (true, b'\\') => {
                let escape = Escape::at(bytes, at);
                lone_surrogates |= escape == Escape::Lone;
                step = escape.len();
            }
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                depth += 1;
                elements += 1;
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, b',' | b':') => elements += 1,
            _ => {}
        }
        if depth > max_depth {
            return Err(Rejection::new(
                Code::TooDeep,
                "",
                format!(
                    "the JSON nests deeper than {max_depth} levels; send the fields of the schema, flat as it shows them"
                ),
            ));
        }
        if elements > limits.max_elements {
            return Err(Rejection::new(
                Code::TooManyElements,
                "",
                format!(
                    "the JSON holds more than {} keys and values; leave out fields the schema does not name",
                    limits.max_elements
                ),
            ));
        }
        at += step;
    }
    Ok(Scan { lone_surrogates })
}

/// Replaces every lone surrogate escape by `\ufffd`.
///
/// Web forms that cut text at a number of UTF-16 units halve emoji; refusing the report for that
/// would punish the citizen for the form.
pub(super) fn repair_surrogates(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut repaired = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find('\\') {
        let at = text.len() - rest.len() + found;
        let escape = Escape::at(bytes, at);
        let (before, after) = rest.split_at(found);
        repaired.push_str(before);
        // An escape cut off by the end of the text, or followed by a multi-byte character, is not one.
        let (escaped, after) = after.split_at_checked(escape.len()).unwrap_or((after, ""));
        repaired.push_str(if escape == Escape::Lone { "\\ufffd" } else { escaped });
        rest = after;
    }
    repaired.push_str(rest);
    repaired
}

/// A backslash escape inside a JSON string, by what it means for surrogates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    /// `\n`, `\"`, … or a malformed one.
    Short,
    /// `\uXXXX` outside the surrogates.
    Scalar,
    /// Two `\uXXXX` that make one character.
    Pair,
    /// Half a pair.
    Lone,
}

impl Escape {
    /// The escape whose backslash is at `at`.
    fn at(bytes: &[u8], at: usize) -> Self {
        match code_unit(bytes, at) {
            None => Self::Short,
            Some(0xD800..=0xDBFF) => match code_unit(bytes, at + 6) {
                Some(0xDC00..=0xDFFF) => Self::Pair,
                _ => Self::Lone,
            },
            Some(0xDC00..=0xDFFF) => Self::Lone,
            Some(_) => Self::Scalar,
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Short => 2,
            Self::Scalar | Self::Lone => 6,
            Self::Pair => 12,
        }
    }
}

/// The UTF-16 code unit of a `\uXXXX` at `at`.
fn code_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0_u16, |unit, &digit| {
        let value = u16::try_from(char::from(digit).to_digit(16)?).ok()?;
        Some(unit << 4 | value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(max_depth: usize, max_elements: usize) -> Limits {
        Limits { max_depth, max_elements, ..Limits::default() }
    }

    #[test]
    fn depth_and_elements_are_counted_outside_strings_only() {
        let text = r#"{"a":"[[[[,,,,\"[[[[","b":[1,2]}"#;
        assert!(measure(text, &limits(2, 6)).is_ok());
        assert_eq!(measure(text, &limits(1, 6)).unwrap_err().code, Code::TooDeep);
        assert_eq!(measure(text, &limits(2, 5)).unwrap_err().code, Code::TooManyElements);
    }

    #[test]
    fn the_depth_ceiling_stays_below_the_parsers() {
        let text = "[".repeat(DEPTH_CEILING + 1);
        assert_eq!(measure(&text, &limits(usize::MAX, usize::MAX)).unwrap_err().code, Code::TooDeep);
    }

    #[test]
    fn halves_are_told_from_pairs() {
        let lone = |text| measure(text, &Limits::default()).unwrap().lone_surrogates;
        assert!(!lone(r#""\ud83d\ude00""#));
        assert!(!lone(r#""\\ud83d""#));
        assert!(lone(r#""\ud83d""#));
        assert!(lone(r#""\ude00\ud83d""#));
        assert!(lone(r#""\ud83d\n""#));
    }

    #[test]
    fn repair_touches_halves_only() {
        let repaired = repair_surrogates(r#""é\\ud83d \ud83d\ude00 \uD83D \ud83d\ud83d\ude00\u00e9""#);
        assert_eq!(repaired, r#""é\\ud83d \ud83d\ude00 \ufffd \ufffd\ud83d\ude00\u00e9""#);
        assert_eq!(repair_surrogates("\\"), "\\");
        assert_eq!(repair_surrogates("\\é\\"), "\\é\\");
    }
}
