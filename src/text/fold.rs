//! The step after [`super::clean`]: case, elongation and letters that look alike.

use std::ops::Range;

use super::character::lowercase;
use super::disguise::{Twins, is_suspicious};
use super::offsets::{Builder, OffsetMap};
use super::runs::{arabic_index, leads_arabic, word_end, word_start};

/// Most times one letter is kept in a row.
pub(super) const MAX_REPEAT: usize = 2;

/// `text` in lower case, elongations cut and look-alikes resolved, and its map.
pub(super) fn fold(text: &str) -> (String, OffsetMap) {
    let mut folder = Folder { text, out: Builder::with_capacity(text.len()), copied: 0, last: None, repeat: 0 };
    if is_suspicious(text) {
        folder.words();
    } else if !changes_only_case(text.as_bytes()) {
        folder.stretch(0..text.len(), None);
    }
    folder.flush(text.len());
    folder.out.finish()
}

/// Bytes looked at together, and those after them that a run of three letters reaches.
const BLOCK: usize = 64;
const REACH: usize = 5;

/// Whether `text` is ASCII and basic Arabic without a letter three times in a row, so that all
/// there is to do is lower case. It may say no for nothing, never yes for something.
fn changes_only_case(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((block, _)) = rest.split_first_chunk::<{ BLOCK + REACH }>() {
        if changes(block) {
            return false;
        }
        rest = rest.get(BLOCK..).unwrap_or_default();
    }
    let mut last = [0; BLOCK + 2 * REACH];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    !changes(&last)
}

/// Without a branch for each byte, so that it becomes a few wide instructions.
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
fn changes<const N: usize>(block: &[u8; N]) -> bool {
    let from = |offset: usize| block.iter().skip(offset).copied();
    let next = from(1).zip(from(2)).zip(from(3).zip(from(4)).zip(from(5)));
    from(0).zip(next).fold(false, |any, (byte, ((one, two), ((three, four), five)))| {
        let lower = byte | 0x20;
        let latin = (lower.wrapping_sub(b'a') < 26) & (lower == one | 0x20) & (lower == two | 0x20);
        let leads = byte | 1 == 0xD9;
        let arabic = leads & (byte == two) & (byte == four) & (one == three) & (one == five);
        any | latin | arabic | ((byte >= 0xC0) & !leads)
    })
}

struct Folder<'a> {
    text: &'a str,
    out: Builder,
    /// End of what has been written or dropped; the rest up to now is copied in one piece.
    copied: usize,
    last: Option<char>,
    repeat: usize,
}

impl Folder<'_> {
    /// Folds word by word, each with the direction of its look-alikes.
    fn words(&mut self) {
        let mut at = 0;
        while at < self.text.len() {
            let start = word_start(self.text, at);
            self.stretch(at..start, None);
            at = word_end(self.text, start);
            self.stretch(start..at, Twins::of(self.text.get(start..at).unwrap_or_default()));
        }
    }

    /// Folds the characters of `range`, look-alikes by `twins`.
    fn stretch(&mut self, range: Range<usize>, twins: Option<Twins>) {
        let mut at = range.start;
        while at < range.end {
            if twins.is_none() {
                at = self.skip_plain(at..range.end);
            }
            let Some(character) = self.text.get(at..range.end).and_then(|rest| rest.chars().next()) else {
                break;
            };
            self.character(at, character, twins.map_or(character, |twins| twins.apply(character)));
            at += character.len_utf8();
        }
    }

    /// Passes over ASCII and Arabic letters that are copied but for case; where they end.
    fn skip_plain(&mut self, range: Range<usize>) -> usize {
        let bytes = self.text.as_bytes().get(..range.end).unwrap_or_default();
        let mut last = self.last.map_or(u32::MAX, u32::from);
        let mut repeat = self.repeat;
        let mut at = range.start;
        while let Some(&byte) = bytes.get(at) {
            let (code, width, letter) = if byte < 128 {
                (u32::from(byte.to_ascii_lowercase()), 1, byte.is_ascii_alphabetic())
            } else if leads_arabic(byte) {
                let index = arabic_index(byte, bytes.get(at + 1).copied().unwrap_or_default());
                if !matches!(index, 0x21..=0x3A | 0x41..=0x4A) {
                    break;
                }
                (0x600 + u32::from(index), 2, true)
            } else {
                break;
            };
            let next = if code == last { repeat + 1 } else { 1 };
            if letter && next > MAX_REPEAT {
                break;
            }
            (last, repeat) = (code, next);
            at += width;
        }
        self.last = char::from_u32(last);
        self.repeat = repeat;
        at
    }

    fn character(&mut self, at: usize, written: char, resolved: char) {
        if resolved.is_ascii() {
            let lower = resolved.to_ascii_lowercase();
            let kept = self.keeps(lower, lower.is_ascii_alphabetic());
            if !kept || !written.is_ascii() {
                self.replace(at, written, kept.then_some(lower));
            }
            return;
        }
        if is_arabic_letter(resolved) {
            if !self.keeps(resolved, true) {
                self.replace(at, written, None);
            }
            return;
        }
        let mut lower = lowercase(resolved);
        match (lower.next(), lower.next()) {
            (Some(only), None) => {
                let kept = self.keeps(only, only.is_alphabetic());
                if !kept || only != written {
                    self.replace(at, written, kept.then_some(only));
                }
            }
            _ => {
                for c in lowercase(resolved) {
                    let kept = self.keeps(c, c.is_alphabetic());
                    self.replace(at, written, kept.then_some(c));
                }
            }
        }
    }

    /// Counts `character` and tells whether it stays.
    fn keeps(&mut self, character: char, letter: bool) -> bool {
        self.repeat = if self.last == Some(character) { self.repeat + 1 } else { 1 };
        self.last = Some(character);
        !letter || self.repeat <= MAX_REPEAT
    }

    /// Writes `new` (or nothing) for the character `written` at `at`.
    fn replace(&mut self, at: usize, written: char, new: Option<char>) {
        self.flush(at);
        let end = at + written.len_utf8();
        match new {
            Some(new) => self.out.push(new, at..end),
            None => self.out.absorb(end),
        }
        self.copied = end;
    }

    fn flush(&mut self, end: usize) {
        if let Some(pending) = self.text.get(self.copied..end) {
            self.out.copy_lowercase(pending, self.copied);
        }
    }
}

/// The basic Arabic letters, which have no case.
fn is_arabic_letter(character: char) -> bool {
    matches!(character, 'ء'..='غ' | 'ف'..='ي')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(original: &str) -> String {
        fold(original).0
    }

    #[test]
    fn case_folds_fully() {
        assert_eq!(text("SALAM Straße ΣΑΣ ς"), "salam strasse σασ σ");
    }

    #[test]
    fn elongated_letters_are_cut_to_two_and_digits_stay() {
        assert_eq!(text("bzaaaaaf 10000 3333afak !!!! AaAa"), "bzaaf 10000 3333afak !!!! aa");
        assert_eq!(text("بزاااااف"), "بزااف");
    }

    #[test]
    fn what_an_elongation_loses_belongs_to_its_last_letter() {
        let (text, map) = fold("bzaaaaf");
        assert_eq!(text, "bzaaf");
        assert_eq!(map.source(3..4), 3..6);
        assert_eq!(map.source(4..5), 6..7);
    }

    #[test]
    fn a_run_is_cut_wherever_it_stands() {
        for before in 0..150 {
            for letters in ["aAa", "ههه", "سسس"] {
                let original = format!("{}{letters}.", ". ".repeat(before));
                let kept: String = letters.to_lowercase().chars().take(MAX_REPEAT).collect();
                assert_eq!(text(&original), format!("{}{kept}.", ". ".repeat(before)));
            }
            let original = format!("{}aa هه 000 É", ". ".repeat(before));
            assert_eq!(text(&original), original.replace('É', "é"));
        }
    }

    #[test]
    fn a_word_of_two_scripts_becomes_one() {
        assert_eq!(text("dаеsh ДАЕШ"), "daesh даеш");
    }
}
