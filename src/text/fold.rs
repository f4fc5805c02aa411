//! The step after [`super::clean`]: case, elongation and letters that look alike.

use std::ops::Range;

use super::character::lowercase;
use super::disguise::{Twins, is_suspicious};
use super::offsets::{Builder, OffsetMap};

/// Most times one letter is kept in a row.
pub(super) const MAX_REPEAT: usize = 2;

/// `text` in lower case, elongations cut and look-alikes resolved, and its map.
pub(super) fn fold(text: &str) -> (String, OffsetMap) {
    let mut folder = Folder { text, out: Builder::with_capacity(text.len()), copied: 0, last: None, repeat: 0 };
    if is_suspicious(text) {
        folder.words();
    } else {
        folder.stretch(0..text.len(), None);
    }
    folder.flush(text.len());
    folder.out.finish()
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
        while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
            let between = rest.find(char::is_alphanumeric).unwrap_or(rest.len());
            let tail = rest.get(between..).unwrap_or_default();
            let word = tail.find(|c: char| !c.is_alphanumeric()).unwrap_or(tail.len());
            self.stretch(at..at + between, None);
            at += between;
            self.stretch(at..at + word, Twins::of(tail.get(..word).unwrap_or_default()));
            at += word;
        }
    }

    /// Folds the characters of `range`, look-alikes by `twins`.
    fn stretch(&mut self, range: Range<usize>, twins: Option<Twins>) {
        let mut at = range.start;
        while at < range.end {
            if twins.is_none() {
                at = self.skip_ascii(at..range.end);
            }
            let Some(character) = self.text.get(at..range.end).and_then(|rest| rest.chars().next()) else {
                break;
            };
            self.character(at, character, twins.map_or(character, |twins| twins.apply(character)));
            at += character.len_utf8();
        }
    }

    /// Passes over ASCII that is copied but for case; where it ends.
    fn skip_ascii(&mut self, range: Range<usize>) -> usize {
        let (mut last, mut repeat) = (self.last, self.repeat);
        let mut at = range.start;
        for byte in self.text.as_bytes().get(range).unwrap_or_default() {
            let lower = Some(char::from(byte.to_ascii_lowercase()));
            let next = if lower == last { repeat + 1 } else { 1 };
            if !byte.is_ascii() || (next > MAX_REPEAT && byte.is_ascii_alphabetic()) {
                break;
            }
            (last, repeat) = (lower, next);
            at += 1;
        }
        (self.last, self.repeat) = (last, repeat);
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
    fn a_word_of_two_scripts_becomes_one() {
        assert_eq!(text("dаеsh ДАЕШ"), "daesh даеш");
    }
}
