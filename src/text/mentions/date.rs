//! Dates, days seen from the writer, and days of the week.

use jiff::civil;

use super::reader::Reader;
use super::words::Meaning;
use super::{EntityKind, Mention};

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The date that starts at token `at`.
pub(super) fn date(reader: &Reader<'_>, at: usize) -> Option<Mention> {
    let found = if reader.digits(at).is_some() {
        in_digits(reader, at).or_else(|| day_first(reader, at))
    } else {
        month_first(reader, at).or_else(|| day(reader, at)).or_else(|| weekday(reader, at))
    };
    let (value, end) = found?;
    Some(Mention { kind: EntityKind::Date, tokens: at..end, value, region: None })
}

/// `15/03/2026`, `2026-03-15`, `05.06.25`; day and month alone only after a word that asks for a day.
fn in_digits(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    let separator = ['/', '-', '.'].into_iter().find(|mark| reader.is_mark(at + 1, *mark) && reader.glued(at + 1))?;
    if at > 0 && reader.glued(at) && reader.is_mark(at - 1, separator) {
        return None;
    }
    let second = reader.small(at + 2, 2).filter(|_| reader.glued(at + 2))?;
    let third = reader
        .digits(at + 4)
        .filter(|_| reader.is_mark(at + 3, separator) && reader.glued(at + 3) && reader.glued(at + 4));
    let first = reader.digits(at)?;
    let Some(third) = third else {
        let asked = reader.before(at, |meaning| meaning == Meaning::DayCue);
        let (day, month) = (reader.small(at, 2)?, second);
        return (separator == '/' && asked).then(|| without_year(day, month)).flatten().map(|text| (text, at + 3));
    };
    // More of the same is a version number or an address.
    if reader.is_mark(at + 5, separator) && reader.glued(at + 5) && reader.digits(at + 6).is_some() {
        return None;
    }
    let value = match (first.len(), third.len()) {
        (4, 1 | 2) => whole(first.parse().ok()?, second, third.parse().ok()?)?,
        (1 | 2, 2 | 4) => {
            let year: u32 = third.parse().ok()?;
            let year = if third.len() == 2 { 2000 + year } else { year };
            let first = first.parse().ok()?;
            // Day before month, as in Morocco, unless only the other order is a date.
            whole(year, second, first).or_else(|| whole(year, first, second))?
        }
        _ => return None,
    };
    Some((value, at + 5))
}

fn whole(year: u32, month: u32, day: u32) -> Option<String> {
    let year = i16::try_from(year).ok().filter(|year| (1900..=2100).contains(year))?;
    let date = civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some(date.to_string())
}

/// A leap year admits every day of a year.
fn without_year(day: u32, month: u32) -> Option<String> {
    whole(2000, month, day).map(|date| date.replacen("2000", "-", 1))
}

fn month(reader: &Reader<'_>, at: usize) -> Option<(u32, usize)> {
    reader.phrase(at, |meaning| match meaning {
        Meaning::Month(month) => Some(u32::from(month)),
        _ => None,
    })
}

fn year(reader: &Reader<'_>, at: usize) -> Option<(u32, usize)> {
    let comma = at + usize::from(reader.is_mark(at, ','));
    let at = reader.skip(comma, |meaning| meaning == Meaning::Of).unwrap_or(comma);
    let year = reader.digits(at).filter(|digits| digits.len() == 4)?.parse().ok()?;
    (1900..=2100).contains(&year).then_some((year, at + 1))
}

/// `3 mars`, `1er avril 2026`, `15 de agosto de 2025`, `3rd of march`.
fn day_first(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    let day = reader.small(at, 2)?;
    let next = reader.skip(at + 1, |meaning| meaning == Meaning::Ordinal).unwrap_or(at + 1);
    let next = reader.skip(next, |meaning| meaning == Meaning::Of).unwrap_or(next);
    let (month, end) = month(reader, next)?;
    with_year(reader, day, month, end)
}

fn with_year(reader: &Reader<'_>, day: u32, month: u32, end: usize) -> Option<(String, usize)> {
    if let Some((year, after)) = year(reader, end)
        && let Some(value) = whole(year, month, day)
    {
        return Some((value, after));
    }
    without_year(day, month).map(|value| (value, end))
}

/// `March 3rd, 2026`, `septembre 2024`, `octubre de 2024`.
fn month_first(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    let (month, next) = month(reader, at)?;
    if let Some((year, end)) = year(reader, next) {
        return Some((format!("{year}-{month:02}"), end));
    }
    let day = reader.small(next, 2)?;
    let end = reader.skip(next + 1, |meaning| meaning == Meaning::Ordinal).unwrap_or(next + 1);
    // "mars 15h", "may 3 times": in these languages the day comes first, English excepted.
    let english = reader.text(at).is_ascii() && reader.closes(end);
    english.then(|| with_year(reader, day, month, end)).flatten()
}

fn day(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    let (day, end) = reader.phrase(at, |meaning| match meaning {
        Meaning::Day(day) => Some(day),
        _ => None,
    })?;
    let alone = end == at + 1;
    let other = alone
        && (reader.before(at, |meaning| meaning == Meaning::OtherDayBefore)
            || reader.skip(end, |meaning| meaning == Meaning::OtherDayAfter).is_some());
    (!other).then(|| (day.as_str().to_owned(), end))
}

fn weekday(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    let ((day, sure), end) = reader.phrase(at, |meaning| match meaning {
        Meaning::Weekday { day, sure } => Some((day, sure)),
        _ => None,
    })?;
    let asked = || reader.before(at, |meaning| meaning == Meaning::DayCue);
    // "11 jem3a" are eleven weeks.
    if at > 0 && reader.digits(at - 1).is_some() {
        return None;
    }
    let name = WEEKDAYS.get(usize::from(day).checked_sub(1)?)?;
    (sure || asked()).then(|| ((*name).to_owned(), end))
}
