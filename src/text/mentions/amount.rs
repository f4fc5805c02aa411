//! Amounts of money.

use super::number::{Number, number};
use super::reader::Reader;
use super::token::Shape;
use super::words::Meaning;
use super::{EntityKind, Mention};

/// The amount that starts at token `at`: a number with a currency on either side, or so many
/// thousands or millions that nothing else follows.
pub(super) fn amount(reader: &Reader<'_>, at: usize) -> Option<Mention> {
    let (value, end) = currency_first(reader, at).or_else(|| number_first(reader, at))?;
    Some(Mention { kind: EntityKind::Amount, tokens: at..end, value, region: None })
}

/// `$300`, `USD 2000`, `€ 50`.
fn currency_first(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    let (unit, next) = currency(reader, at)?;
    let code = reader.token(at).is_some_and(|token| matches!(token.shape, Shape::Mark(_)))
        || matches!(reader.text(at), "usd" | "eur" | "mad" | "gbp");
    reader.digits(next).filter(|_| code)?;
    let number = number(reader, next)?;
    // "mad 500 dh" or "... $ 300 €": the number belongs to what follows it.
    let taken = currency(reader, number.end).is_some();
    (!taken).then(|| (format!("{} {unit}", number.text()), number.end))
}

fn number_first(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    if continues_a_code(reader, at) {
        return None;
    }
    let number = number(reader, at)?;
    let of = reader.skip(number.end, |meaning| meaning == Meaning::Of);
    let apostrophe = of.filter(|next| reader.is_mark(*next, '\'')).map(|next| next + 1);
    for next in [Some(number.end), of, apostrophe].into_iter().flatten() {
        if let Some((unit, end)) = currency(reader, next) {
            return Some((format!("{} {unit}", number.text()), end));
        }
    }
    is_money_alone(reader, at, &number).then(|| (number.text(), number.end))
}

/// Whether the number at `at` is the rest of a date, a time or a ratio.
fn continues_a_code(reader: &Reader<'_>, at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else {
        return false;
    };
    let mark = ['/', ':', '.', ','].into_iter().any(|mark| reader.is_mark(before, mark));
    mark && reader.glued(at) && before.checked_sub(1).is_some_and(|first| reader.digits(first).is_some())
}

/// In Morocco prices are said in thousands and millions of centimes without naming them. Without
/// a number before it ("ب مليون"), only after the particle of a price.
fn is_money_alone(reader: &Reader<'_>, at: usize, number: &Number) -> bool {
    let priced = || {
        let particle = reader.token(at).and_then(|token| token.particle);
        particle == Some('ب') || reader.before(at, |meaning| meaning == Meaning::Price)
    };
    number.scaled && reader.closes(number.end) && (!number.bare_scale || priced())
}

/// A currency by name or sign.
fn currency(reader: &Reader<'_>, at: usize) -> Option<(&'static str, usize)> {
    let sign = match reader.token(at)?.shape {
        Shape::Mark('€') => Some("EUR"),
        Shape::Mark('$') => Some("USD"),
        Shape::Mark('£') => Some("GBP"),
        _ => None,
    };
    if let Some(sign) = sign {
        return Some((sign, at + 1));
    }
    reader.phrase(at, |meaning| match meaning {
        Meaning::Currency(unit) => Some(unit),
        _ => None,
    })
}
