//! A quick look at a text: whether it can hold an entity at all. Most texts can't, and the scans
//! are spared.
//!
//! It may say yes for nothing, never no for something: the tests compare it with the scans.

use super::token::is_token;
use super::wallet;

/// Fewest digits of a phone, a card or an account.
pub(super) const MIN_DIGITS: usize = 8;

/// What a text may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hints {
    /// Addresses, handles, e-mails, wallets or IBANs.
    pub(super) tokens: bool,
    /// Phones, cards or accounts.
    pub(super) numbers: bool,
}

/// Looks at `text`.
pub(super) fn hints(text: &str) -> Hints {
    let bytes = text.as_bytes();
    let mut digits = 0;
    let mut iban = false;
    for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
        if !has_digit(chunk) {
            continue;
        }
        for (offset, byte) in chunk.iter().enumerate() {
            if byte.is_ascii_digit() {
                digits += 1;
                iban |= starts_iban(bytes, index * CHUNK + offset);
            }
        }
    }
    Hints { tokens: iban || has_mark(bytes) || has_long_token(bytes), numbers: digits >= MIN_DIGITS }
}

/// Bytes looked at together.
const CHUNK: usize = 64;

/// Without a branch for each byte, so that it becomes a few wide instructions.
fn has_digit(chunk: &[u8]) -> bool {
    chunk.iter().fold(false, |any, byte| any | (byte.wrapping_sub(b'0') < 10))
}

/// Whether the digit at `at` is the first after two letters, and another one follows.
fn starts_iban(bytes: &[u8], at: usize) -> bool {
    let letter = |back: usize| at.checked_sub(back).and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic);
    letter(1) && letter(2) && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
}

/// Whether there is an `@`, a `://`, or a full stop between a token's characters.
fn has_mark(bytes: &[u8]) -> bool {
    memchr::memchr3_iter(b'@', b'.', b':', bytes).any(|at| match bytes.get(at) {
        Some(b'@') => true,
        Some(b':') => bytes.get(at + 1) == Some(&b'/'),
        _ => {
            let touches = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|byte| is_token(*byte));
            touches(at.checked_sub(1)) && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
        }
    })
}

/// Whether a run of letters and digits is as long as a wallet: it covers one of the places looked at.
fn has_long_token(bytes: &[u8]) -> bool {
    let solid = |byte: &&u8| byte.is_ascii_alphanumeric();
    let places = (wallet::MIN_LEN - 1..bytes.len()).step_by(wallet::MIN_LEN);
    let long = |place: usize| {
        let (before, after) = bytes.split_at(place);
        let run = before.iter().rev().take_while(solid).count() + after.iter().take_while(solid).count();
        run >= wallet::MIN_LEN
    };
    places.into_iter().any(|place| bytes.get(place).is_some_and(u8::is_ascii_alphanumeric) && long(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_entities_are_passed_over() {
        for text in ["", "salam, kif dayr? 3afak. bzaf: 3000 dh", "مرحبا. كيف الحال؟ 2026", "il est 8h30... non !"]
        {
            assert_eq!(hints(text), Hints { tokens: false, numbers: false }, "{text}");
        }
    }

    #[test]
    fn a_long_run_is_seen_wherever_it_starts() {
        for start in 0..60 {
            let text = format!("{}{}", " ".repeat(start), "x".repeat(wallet::MIN_LEN));
            assert!(hints(&text).tokens, "{start}");
            let text = format!("{}{}", " ".repeat(start), "x".repeat(wallet::MIN_LEN - 1));
            assert!(!hints(&text).tokens, "{start}");
        }
    }
}
