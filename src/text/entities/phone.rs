//! Telephone numbers from their digits.

use super::tables::COUNTRIES;

/// How a number was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) digits: &'a str,
    /// Whether a `+` stands before it.
    pub(super) plus: bool,
}

/// The E.164 form, if this is a telephone number: Moroccan national (05 to 08), or international
/// with `+`, with `00` and a known country, or with a bare `212`.
pub(super) fn e164(written: Written<'_>) -> Option<String> {
    let Written { digits, plus } = written;
    if plus {
        return international(digits).or_else(|| unknown_country(digits));
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return (10..=18).contains(&digits.len()).then(|| international(rest)).flatten();
    }
    if let Some(national) = digits.strip_prefix('0') {
        return is_moroccan(national).then(|| format!("+212{national}"));
    }
    digits.starts_with("212").then(|| international(digits)).flatten()
}

/// `digits` after `+` or `00`, with a country of the table.
fn international(digits: &str) -> Option<String> {
    let (code, least, most) = COUNTRIES.iter().find(|(code, ..)| digits.starts_with(code))?;
    let rest = digits.strip_prefix(code)?;
    // Many write the national zero after the country code.
    let national = rest.strip_prefix('0').filter(|bare| bare.len() >= *least).unwrap_or(rest);
    let fits = (*least..=*most).contains(&national.len());
    let valid = if *code == "212" { is_moroccan(national) } else { fits };
    valid.then(|| format!("+{code}{national}"))
}

/// A number with `+` whose country is not in the table, by length alone.
fn unknown_country(digits: &str) -> Option<String> {
    let known = COUNTRIES.iter().any(|(code, ..)| digits.starts_with(code));
    (!known && !digits.starts_with('0') && (8..=15).contains(&digits.len())).then(|| format!("+{digits}"))
}

/// Nine digits of a Moroccan number without its zero.
fn is_moroccan(national: &str) -> bool {
    national.len() == 9 && national.starts_with(['5', '6', '7', '8'])
}
