//! The step after [`super::clean`]: case, elongation and letters that look alike.

use super::character::lowercase;
use super::disguise::{Twins, is_suspect};
use super::offsets::{Builder, OffsetMap};

/// Most times one letter is kept in a row.
pub(super) const MAX_REPEAT: usize = 2;

/// `text` in lower case, elongations cut and look-alikes resolved, and its map.
pub(super) fn fold(text: &str) -> (String, OffsetMap) {
    let mut folder = Folder { text, out: Builder::with_capacity(text.len()), copied: 0, last: None, repeat: 0 };
    let twins = text.chars().any(is_suspect);
    let mut direction = None;
    let mut word_end = 0;
    for (at, character) in text.char_indices() {
        if twins && at >= word_end && character.is_alphanumeric() {
            let tail = text.get(at..).unwrap_or_default();
            let len = tail.find(|c: char| !c.is_alphanumeric()).unwrap_or(tail.len());
            word_end = at + len;
            direction = Twins::of(tail.get(..len).unwrap_or_default());
        }
        let resolved = match direction {
            Some(twins) if at < word_end => Twins::apply(twins, character),
            _ => character,
        };
        folder.character(at, character, resolved);
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
