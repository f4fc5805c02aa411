//! Groups of digits between the other entities: phones, cards, bank accounts.

use std::ops::Range;

use super::bank::{is_card, is_rib};
use super::hints::MIN_DIGITS;
use super::phone::{Written, e164};
use super::token::is_token;
use super::{Entity, EntityKind, defang};

/// Most digits an entity of this file has.
const MAX_DIGITS: usize = 24;
/// Most characters between two groups of one number.
const MAX_SEPARATOR: usize = 3;

/// Fewest letters glued to a number that make it part of a longer code.
const MAX_GLUED: usize = 20;

/// One run of digits.
#[derive(Debug, Clone)]
struct Group {
    span: Range<usize>,
    plus: bool,
}

/// Adds the numbers of `text` outside of `found` to it, in order.
pub(super) fn scan(text: &str, found: &mut Vec<Entity>) {
    let mut numbers = Vec::new();
    let mut groups = Vec::new();
    let mut from = 0;
    for taken in found.iter().map(|entity| entity.span.clone()).chain(std::iter::once(text.len()..text.len())) {
        collect_groups(text, from..taken.start, &mut groups);
        between(text, from..taken.start, &groups, &mut numbers);
        from = taken.end;
    }
    if !numbers.is_empty() {
        found.extend(numbers);
        found.sort_by_key(|entity| entity.span.start);
    }
}

fn collect_groups(text: &str, range: Range<usize>, groups: &mut Vec<Group>) {
    groups.clear();
    let bytes = text.as_bytes().get(..range.end).unwrap_or_default();
    let mut at = range.start;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        let start = at + offset;
        let tail = bytes.get(start..).unwrap_or_default();
        let end = start + tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let plus = start > range.start && bytes.get(start - 1) == Some(&b'+');
        groups.push(Group { span: start..end, plus });
        at = end;
    }
}

/// At each group the longest number that starts there, then on from its end.
fn between(text: &str, range: Range<usize>, groups: &[Group], numbers: &mut Vec<Entity>) {
    let mut index = 0;
    while let Some(rest) = groups.get(index..).filter(|rest| !rest.is_empty()) {
        match longest(text, range.clone(), rest) {
            Some((entity, used)) => {
                numbers.push(entity);
                index += used;
            }
            None => index += 1,
        }
    }
}

/// How the groups of a number are set apart.
#[derive(Debug, Clone, Copy, Default)]
struct Layout {
    first: Option<char>,
    later: Option<char>,
    /// Whether separators differ, the first one left aside.
    mixed_later: bool,
    /// Least digits of a group.
    narrowest: usize,
}

impl Layout {
    fn uniform(self) -> bool {
        !self.mixed_later && (self.later.is_none() || self.first == self.later)
    }

    fn separated_by(mut self, separator: char) -> Self {
        match (self.first, self.later) {
            (None, _) => self.first = Some(separator),
            (_, None) => self.later = Some(separator),
            (_, Some(later)) => self.mixed_later |= later != separator,
        }
        self
    }
}

fn longest(text: &str, range: Range<usize>, groups: &[Group]) -> Option<(Entity, usize)> {
    let first = groups.first().filter(|first| first.plus || stands_apart(text, range.start..first.span.start, true))?;
    let mut digits = String::new();
    let mut layout = Layout { narrowest: usize::MAX, ..Layout::default() };
    let mut best = None;
    let mut previous: Option<&Group> = None;
    for (index, group) in groups.iter().enumerate() {
        if let Some(previous) = previous {
            let Some(separator) = separator(text, previous.span.end..group.span.start) else {
                break;
            };
            layout = layout.separated_by(separator);
        }
        if digits.len() + group.span.len() > MAX_DIGITS || (index > 0 && group.plus) {
            break;
        }
        digits.push_str(text.get(group.span.clone())?);
        layout.narrowest = layout.narrowest.min(group.span.len());
        let found = classify(&digits, first.plus, layout);
        let found = found.filter(|_| stands_apart(text, group.span.end..range.end, false));
        if let Some((kind, defanged)) = found {
            let start = opening(text, range.start, first, group.span.end);
            best = Some((Entity::new(kind, start..group.span.end, defanged), index + 1));
        }
        previous = Some(group);
    }
    best
}

/// Whether what is glued to a number is at most a plain word, as in `tel0612345678`: otherwise the
/// number may be part of a longer code or of a name, and what is left of that could be read as
/// another entity.
fn stands_apart(text: &str, beside: Range<usize>, before: bool) -> bool {
    let bytes = text.as_bytes().get(beside).unwrap_or_default();
    let at = |index: usize| {
        let index = if before { bytes.len().checked_sub(index + 1)? } else { index };
        bytes.get(index).copied()
    };
    let letters = (0..MAX_GLUED).take_while(|index| at(*index).is_some_and(|byte| byte.is_ascii_alphabetic())).count();
    letters == 0 || at(letters).is_none_or(|byte| !is_token(byte))
}

fn classify(digits: &str, plus: bool, layout: Layout) -> Option<(EntityKind, String)> {
    if digits.len() < MIN_DIGITS {
        return None;
    }
    if layout.uniform() && !plus && is_rib(digits) {
        return Some((EntityKind::Rib, digits.to_owned()));
    }
    let spaced_as_card = matches!(layout.first, None | Some(' ' | '-')) && layout.narrowest >= 3;
    if layout.uniform() && !plus && spaced_as_card && is_card(digits) {
        return Some((EntityKind::Card, defang::card(digits)));
    }
    // A country code may be set apart in another way than the rest.
    let national = digits.starts_with('0') && !digits.starts_with("00");
    let as_phone = if plus || !national { !layout.mixed_later } else { layout.uniform() };
    let number = as_phone.then(|| e164(Written { digits, plus })).flatten()?;
    Some((EntityKind::Phone, number))
}

/// The character that sets two groups apart, blanks and brackets left aside; `None` if they don't
/// belong to one number.
fn separator(text: &str, between: Range<usize>) -> Option<char> {
    if between.len() > MAX_SEPARATOR {
        return None;
    }
    let mut mark = ' ';
    for character in text.get(between)?.chars() {
        match character {
            ' ' | '(' | ')' => {}
            '.' | '-' | '/' if mark == ' ' => mark = character,
            _ => return None,
        }
    }
    Some(mark)
}

/// Where the number starts, its `+` and the bracket before it included.
fn opening(text: &str, from: usize, first: &Group, end: usize) -> usize {
    let start = first.span.start - usize::from(first.plus);
    let closes = text.get(first.span.end..end).is_some_and(|rest| rest.contains(')') && !rest.contains('('));
    let bracket = start > from && text.as_bytes().get(start - 1) == Some(&b'(');
    start - usize::from(closes && bracket)
}
