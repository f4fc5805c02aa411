//! Addresses: where a host starts and ends, and what ends an address.

use std::ops::Range;

use super::tables::{AMBIGUOUS_DOMAINS, DOMAINS, SCHEMES};

/// Whether `character` ends every entity.
pub(super) fn is_hard(character: char) -> bool {
    match character {
        '\0'..=' ' | '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`' | '\x7F' => true,
        '!'..='~' => false,
        _ => !character.is_alphanumeric(),
    }
}

pub(super) fn starts_with_scheme(text: &str) -> bool {
    let bytes = text.as_bytes();
    SCHEMES.iter().any(|scheme| {
        bytes.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme.as_bytes()))
            && bytes.get(scheme.len()..).is_some_and(|tail| tail.starts_with(b"://"))
    })
}

/// Length of `address` less the punctuation of the sentence around it; closing brackets without
/// their opening ones are such.
pub(super) fn trim_address(address: &str) -> usize {
    let count = |brackets: [char; 2]| address.matches(brackets).count();
    let (mut open, mut closed) = (count(['(', '[']), count([')', ']']));
    let mut end = address.len();
    for last in address.chars().rev() {
        match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '-' | '+' | '@' | '&' | '=' => {}
            '(' | '[' => open -= 1,
            ')' | ']' if closed > open => closed -= 1,
            _ => break,
        }
        end -= last.len_utf8();
    }
    end
}

/// The first host name in `text`, which holds no `@`: labels joined by single dots, the last of
/// which is a known ending.
pub(super) fn host_len(text: &str, ambiguous: bool) -> Option<Range<usize>> {
    let mut start = 0;
    let mut best = None;
    let mut labels = 0;
    let mut first = "";
    let mut at = 0;
    for label in text.split('.') {
        let end = at + label.len();
        if label.is_empty() || !label.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            if best.is_some() {
                return best;
            }
            (start, labels) = (end + 1, 0);
        } else {
            labels += 1;
            if labels == 1 {
                first = label;
                start = at;
            }
            let admitted = (ambiguous && end == text.len()) || is_www(first);
            if labels > 1 && is_ending(label, admitted) {
                best = Some(start..end);
            }
        }
        at = end + 1;
    }
    best
}

/// `www`, also as its elongation is cut.
fn is_www(label: &str) -> bool {
    label.eq_ignore_ascii_case("www") || label.eq_ignore_ascii_case("ww")
}

fn is_ending(label: &str, ambiguous: bool) -> bool {
    let is = |known: &&str| label.eq_ignore_ascii_case(known);
    DOMAINS.iter().any(is) || (ambiguous && AMBIGUOUS_DOMAINS.iter().any(is))
}
