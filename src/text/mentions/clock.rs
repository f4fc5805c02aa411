//! Times of day.

use super::reader::Reader;
use super::words::{Meaning, Part};
use super::{EntityKind, Mention};

/// The time of day that starts at token `at`.
pub(super) fn time(reader: &Reader<'_>, at: usize) -> Option<Mention> {
    let (value, end) = named(reader, at).or_else(|| with_unit(reader, at)).or_else(|| hour_alone(reader, at))?;
    Some(Mention { kind: EntityKind::Time, tokens: at..end, value, region: None })
}

/// Noon and midnight.
fn named(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    let (hour, end) = reader.phrase(at, |meaning| match meaning {
        Meaning::Fixed(hour) => Some(hour),
        _ => None,
    })?;
    let hyphen = usize::from(at > 0 && reader.is_mark(at - 1, '-'));
    let afternoon = at.checked_sub(1 + hyphen).is_some_and(|before| reader.text(before) == "apres");
    (!afternoon).then(|| (format!("{hour:02}:00"), end))
}

/// `18h`, `8h30`, `8 heures`, `18:30`.
fn with_unit(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    let hour = reader.small(at, 2).filter(|hour| *hour < 24)?;
    let inside = at > 0 && reader.glued(at) && ['/', ':', '.', '-'].iter().any(|mark| reader.is_mark(at - 1, *mark));
    if inside {
        return None;
    }
    if let Some(minutes) =
        minutes(reader, at + 2, false).filter(|_| reader.is_mark(at + 1, ':') && reader.glued(at + 1))
    {
        if reader.is_mark(at + 3, ':') && reader.glued(at + 3) {
            return None;
        }
        let part = part(reader, at + 3);
        let end = part.map_or(at + 3, |(_, end)| end);
        let sure = reader.digits(at).is_some_and(|digits| digits.starts_with('0'));
        return Some((value(hour, minutes, part.map(|(part, _)| part), sure), end));
    }
    let unit = reader.skip(at + 1, |meaning| meaning == Meaning::Hour)?;
    // "6 h 40" is spaced throughout, "6h40" nowhere.
    let spaced = !reader.glued(at + 1) && unit == at + 2 && !reader.glued(unit);
    let minutes = minutes(reader, unit, spaced);
    let end = unit + usize::from(minutes.is_some());
    let part = part(reader, end);
    let lasts = reader.before(at, |meaning| meaning == Meaning::Lasting) || matches!(reader.text(end), "par" | "per");
    if minutes.is_none() && part.is_none() && lasts {
        return None;
    }
    // "8h" and "8 heures" are said of a day of 24 hours, "o'clock" of one of twelve.
    let oclock = matches!(reader.text(at + 1), "o" | "oclock");
    let sure = !oclock && reader.text(at + 1) != "horas";
    // "2 horas", "3 heures": a time is told after a word for at.
    let told = oclock || reader.text(at + 1) == "h" || part.is_some() || follows_cue(reader, at);
    told.then(|| {
        (value(hour, minutes.unwrap_or(0), part.map(|(part, _)| part), sure), part.map_or(end, |(_, end)| end))
    })
}

fn follows_cue(reader: &Reader<'_>, at: usize) -> bool {
    // "a 12 horas" is a distance, "a las 12 horas" a time.
    if reader.text(at + 1) == "horas" {
        return reader.before(at, |meaning| meaning == Meaning::AtHour);
    }
    reader.before(at, |meaning| matches!(meaning, Meaning::At | Meaning::AtHour | Meaning::Near { strong: false }))
        || matches!(at.checked_sub(1).map(|before| reader.text(before)), Some("apres" | "avant"))
}

/// Two digits below sixty, right behind what stands before them or, if `spaced`, after a blank.
fn minutes(reader: &Reader<'_>, at: usize, spaced: bool) -> Option<u32> {
    let digits = reader.digits(at).filter(|digits| digits.len() == 2 && reader.glued(at) != spaced)?;
    digits.parse().ok().filter(|minutes| *minutes < 60)
}

/// The part of the day that starts at `at`, and the token after it.
fn part(reader: &Reader<'_>, at: usize) -> Option<(Part, usize)> {
    reader.phrase(at, |meaning| match meaning {
        Meaning::Part(part) => Some(part),
        _ => None,
    })
}

/// `8 pm`, `10 صباحا`, `8 d lil`; and after a word for at, an hour with nothing behind it.
fn hour_alone(reader: &Reader<'_>, at: usize) -> Option<(String, usize)> {
    let (hour, next) = hour(reader, at)?;
    let cued = || reader.before(at, |meaning| matches!(meaning, Meaning::At | Meaning::Near { strong: false }));
    // "3am" is also a year in Darija.
    if hour == 3 && reader.text(at + 1) == "am" && !cued() {
        return None;
    }
    let halved = reader.skip(next, |meaning| meaning == Meaning::Half);
    let (minutes, next) = halved.map_or((0, next), |next| (30, next));
    if let Some((part, end)) = part(reader, next) {
        return Some((value(hour, minutes, Some(part), false), end));
    }
    let told = reader.before(at, |meaning| meaning == Meaning::AtHour)
        || (!is_count(reader, at) && reader.before(at, |meaning| meaning == Meaning::At));
    let of_day = || at.checked_sub(2).is_some_and(|day| reader.skip(day, is_day) == Some(at - 1));
    (told && (halved.is_some() || reader.closes(next) || of_day())).then(|| (value(hour, minutes, None, false), next))
}

/// Whether the number is a word that counts: "m3a jouj" is "with two". In English "at" asks for
/// an hour all the same.
fn is_count(reader: &Reader<'_>, at: usize) -> bool {
    let worded = reader.skip(at, |meaning| matches!(meaning, Meaning::Numeral(_))).is_some();
    let english = at > 0 && reader.text(at - 1) == "at" && !matches!(reader.text(at), "one" | "once");
    worded && !english
}

fn is_day(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Day(_) | Meaning::Weekday { .. })
}

/// An hour of twelve, in digits or words.
fn hour(reader: &Reader<'_>, at: usize) -> Option<(u32, usize)> {
    let hour = match reader.small(at, 2) {
        Some(hour) => Some((hour, at + 1)),
        None => reader.phrase(at, |meaning| match meaning {
            Meaning::Numeral(hour) | Meaning::Ordinally(hour) => Some(hour),
            _ => None,
        }),
    };
    hour.filter(|(hour, _)| (1..=12).contains(hour))
}

/// The time, or both times that an hour of twelve can be; `sure` says that the day has 24.
fn value(hour: u32, minutes: u32, part: Option<Part>, sure: bool) -> String {
    let of = |hour: u32| format!("{hour:02}:{minutes:02}");
    match (part, hour) {
        _ if hour > 12 || hour == 0 => of(hour),
        (Some(Part::Morning), _) => of(hour % 12),
        (Some(Part::Evening), _) => of(hour % 12 + 12),
        // Three at night is after midnight, nine before it.
        (Some(Part::Night), 12) => of(0),
        (Some(Part::Night), 1..=5) => of(hour),
        (Some(Part::Night), _) => of(hour + 12),
        (None, _) if sure => of(hour),
        (None, _) => format!("{}|{}", of(hour % 12), of(hour % 12 + 12)),
    }
}
