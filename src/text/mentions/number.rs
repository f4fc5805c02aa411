//! Numbers in digits and in words.

use super::reader::Reader;
use super::words::Meaning;

/// A number times 10^8, so that parts of a coin are kept.
const UNIT: u128 = 100_000_000;
/// Most digits behind the point that are kept.
const PLACES: usize = 8;
/// Numbers from here on are no amounts.
const MOST: u128 = 1_000_000_000_000_000 * UNIT;

/// A number and the tokens it is written in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    units: u128,
    /// The token after it.
    pub(super) end: usize,
    /// Whether a word says thousand or more: then it may be money without naming a currency.
    pub(super) scaled: bool,
    /// Whether it starts with a scale alone, as in "a price of million".
    pub(super) bare_scale: bool,
}

impl Number {
    /// In decimal notation, without trailing zeros.
    pub(super) fn text(&self) -> String {
        let (whole, part) = (self.units / UNIT, self.units % UNIT);
        let text = format!("{whole}.{part:08}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    fn times(mut self, factor: u128) -> Option<Self> {
        self.units = self.units.checked_mul(factor).filter(|units| *units < MOST)?;
        Some(self)
    }
}

/// The number that starts at token `at`.
pub(super) fn number(reader: &Reader<'_>, at: usize) -> Option<Number> {
    let half = reader.skip(at, |meaning| meaning == Meaning::HalfOf);
    if let Some((scale, end)) = half.and_then(|next| scale(reader, next)) {
        let units = UNIT / 2 * u128::from(scale);
        return Some(Number { units, end, scaled: true, bare_scale: false });
    }
    let read = if reader.digits(at).is_some() { in_digits(reader, at)? } else { in_words(reader, at)? };
    Some(read).filter(|number| number.units < MOST && number.units > 0)
}

fn scale(reader: &Reader<'_>, at: usize) -> Option<(u64, usize)> {
    reader.phrase(at, |meaning| match meaning {
        Meaning::Scale(scale) => Some(scale),
        _ => None,
    })
}

fn in_digits(reader: &Reader<'_>, at: usize) -> Option<Number> {
    let mut number = plain(reader, at)?;
    if reader.glued(number.end)
        && let Some(end) = reader.skip(number.end, |meaning| meaning == Meaning::Thousands)
    {
        return Number { end, ..number }.times(1_000);
    }
    while let Some((scale, end)) = scale(reader, number.end) {
        number = Number { end, scaled: true, ..number }.times(u128::from(scale))?;
        if let Some(end) = reader.skip(end, |meaning| meaning == Meaning::Half) {
            number.units += u128::from(scale) * UNIT / 2;
            number.end = end;
        }
    }
    Some(number)
}

/// Digits with their separators: `3 000`, `25.000`, `9,000`, `1.500,50`, `0.02`.
fn plain(reader: &Reader<'_>, at: usize) -> Option<Number> {
    const MOST_DIGITS: usize = 15;
    const GROUP: usize = 3;
    let first = reader.digits(at)?;
    let mut digits = first.to_owned();
    let mut end = at + 1;
    let mut separator = None;
    let groups = first.len() <= GROUP && first != "0";
    loop {
        let spaced =
            reader.digits(end).filter(|group| groups && group.len() == GROUP && separator.is_none_or(|s| s == ' '));
        if let Some(group) = spaced.filter(|_| gap_is_blank(reader, end)) {
            digits.push_str(group);
            (separator, end) = (Some(' '), end + 1);
            continue;
        }
        let mark = ['.', ','].into_iter().find(|mark| reader.is_mark(end, *mark) && reader.glued(end));
        let Some((mark, tail)) = mark.zip(reader.digits(end + 1).filter(|_| reader.glued(end + 1))) else {
            break;
        };
        if groups && tail.len() == GROUP && separator.is_none_or(|s| s == mark) {
            digits.push_str(tail);
            (separator, end) = (Some(mark), end + 2);
            continue;
        }
        if separator == Some(mark) || tail.len() > PLACES {
            return None;
        }
        return with_places(&digits, tail, end + 2);
    }
    if digits.len() > MOST_DIGITS {
        return None;
    }
    let units = digits.parse::<u128>().ok()?.checked_mul(UNIT)?;
    Some(Number { units, end, scaled: false, bare_scale: false })
}

/// Groups of one number stand one blank apart.
fn gap_is_blank(reader: &Reader<'_>, at: usize) -> bool {
    let ends = at.checked_sub(1).and_then(|before| Some((reader.token(before)?.end, reader.token(at)?.start)));
    ends.is_some_and(|(end, start)| start == end + 1)
}

fn with_places(digits: &str, places: &str, end: usize) -> Option<Number> {
    let whole = digits.parse::<u128>().ok().filter(|_| digits.len() <= PLACES + 7)?;
    let part: u128 = format!("{places:0<PLACES$}").parse().ok()?;
    Some(Number { units: whole * UNIT + part, end, scaled: false, bare_scale: false })
}

/// What a word adds to a number.
#[derive(Clone, Copy)]
enum Step {
    Add(u32),
    Hundred,
    Scale(u64),
}

fn in_words(reader: &Reader<'_>, at: usize) -> Option<Number> {
    let (mut total, mut current) = (0_u64, 0_u64);
    let mut end = at;
    let (mut scaled, mut bare_scale) = (false, false);
    loop {
        let next = if end == at { at } else { joined(reader, end) };
        let step = reader.phrase(next, |meaning| match meaning {
            Meaning::Numeral(value) => Some(Step::Add(value)),
            Meaning::Hundred => Some(Step::Hundred),
            Meaning::Scale(scale) => Some(Step::Scale(scale)),
            _ => None,
        });
        let Some((step, after)) = step else {
            break;
        };
        match step {
            Step::Add(value) if fits(current, value) => current += u64::from(value) + scores(current, value),
            Step::Hundred if current < 10 => current = current.max(1) * 100,
            Step::Scale(scale) if total == 0 || scale < lowest(total) => {
                bare_scale |= end == at;
                total += current.max(1).checked_mul(scale)?;
                (current, scaled) = (0, true);
            }
            _ => break,
        }
        end = after;
    }
    if end == at {
        return None;
    }
    let mut units = u128::from(total.checked_add(current)?) * UNIT;
    if let (true, Some(next)) = (scaled && current == 0, reader.skip(end, |meaning| meaning == Meaning::Half)) {
        units += u128::from(lowest(total)) * UNIT / 2;
        end = next;
    }
    Some(Number { units, end, scaled, bare_scale })
}

/// The token after a hyphen or a joining word.
fn joined(reader: &Reader<'_>, at: usize) -> usize {
    if reader.is_mark(at, '-') && reader.glued(at) && reader.glued(at + 1) {
        return at + 1;
    }
    match reader.skip(at, |meaning| meaning == Meaning::And) {
        Some(next) => next,
        None => at,
    }
}

/// Whether `value` can follow `current` in one number: `vingt` `cinq`, `cent` `vingt`, and in
/// Arabic `خمسة` `عشرين`.
fn fits(current: u64, value: u32) -> bool {
    let value = u64::from(value);
    match current {
        0 => true,
        1..=9 => (20..100).contains(&value) && value % 10 == 0,
        _ if current.is_multiple_of(100) => value < 100,
        _ => {
            let tens = current % 100;
            value < 10 && tens >= 20 && tens.is_multiple_of(10) || matches!(tens, 60 | 80) && (10..20).contains(&value)
        }
    }
}

/// French counts in scores: `quatre` `vingt` is eighty. What is to be added besides.
fn scores(current: u64, value: u32) -> u64 {
    if current % 100 == 4 && value == 20 { 56 } else { 0 }
}

/// The last scale in `total`.
fn lowest(total: u64) -> u64 {
    [1_000_000_000, 1_000_000, 1_000].into_iter().filter(|scale| total.is_multiple_of(*scale)).max().unwrap_or(1_000)
}
