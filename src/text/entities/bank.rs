//! Bank accounts and cards, by their check digits.

use std::ops::Range;

use iban::{BaseIban, Iban, IbanLike};

/// Shortest and longest IBAN in the registry, in characters.
const IBAN_LEN: std::ops::RangeInclusive<usize> = 15..=34;

/// The longest IBAN that starts with the alphanumeric run `first` of `text`, written in one piece
/// or in groups with single spaces: its bytes and electronic form.
pub(super) fn iban_at(text: &str, first: Range<usize>) -> Option<(Range<usize>, String)> {
    let start = first.start;
    match text.as_bytes().get(start..first.end)? {
        [a, b, c, d, ..]
            if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit() => {}
        _ => return None,
    }
    let mut compact = String::new();
    let mut best = None;
    let mut group = first;
    loop {
        compact.push_str(&text.get(group.clone())?.to_ascii_uppercase());
        if compact.len() > *IBAN_LEN.end() {
            return best;
        }
        if compact.len() >= *IBAN_LEN.start() && is_iban(&compact) {
            best = Some((start..group.end, compact.clone()));
        }
        let next = group.end + 1;
        let tail = text.as_bytes().get(next..).unwrap_or_default();
        let len = tail.iter().take(IBAN_LEN.end() + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if text.as_bytes().get(group.end) != Some(&b' ') || len == 0 {
            return best;
        }
        group = next..next + len;
    }
}

/// Morocco issues IBANs but is not in the registry the crate was made from.
fn is_iban(compact: &str) -> bool {
    if let Some(account) = compact.strip_prefix("MA") {
        let base: Result<BaseIban, _> = compact.parse();
        return account.len() == 26 && account.bytes().all(|byte| byte.is_ascii_digit()) && base.is_ok();
    }
    compact.parse::<Iban>().is_ok_and(|iban| iban.electronic_str() == compact)
}

/// Whether `digits` (24 of them) end in the key of a Moroccan RIB: 97 less the rest of the other
/// 22, times 100, by 97.
pub(super) fn is_rib(digits: &str) -> bool {
    let rest = digits.bytes().fold(0_u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    digits.len() == 24 && rest == 0 && !digits.starts_with("000")
}

/// Whether `digits` can be a payment card: length, issuer range and check digit (Luhn).
pub(super) fn is_card(digits: &str) -> bool {
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let issuer: u32 = digits.get(..4).and_then(|first| first.parse().ok()).unwrap_or_default();
    let length = digits.len();
    let known = match issuer {
        4000..=4999 => matches!(length, 13 | 16 | 19),
        2221..=2720 | 5100..=5599 => length == 16,
        3400..=3499 | 3700..=3799 => length == 15,
        3000..=3099 | 3600..=3699 | 3800..=3999 => length >= 14,
        3528..=3589 | 5000..=5099 | 5600..=6999 => length >= 16,
        _ => false,
    };
    known && luhn(digits)
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0');
            match (place % 2, value) {
                (0, _) => value,
                (_, 0..=4) => value * 2,
                _ => value * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}
