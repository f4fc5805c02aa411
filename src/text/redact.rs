//! The redacted view: what the citizen wrote in Unicode normalisation form C, entities replaced,
//! invisible characters removed.

use std::ops::Range;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::Replaced;
use super::character::{is_diacritic, is_invisible};
use super::offsets::{Builder, OffsetMap};

/// `original` with a placeholder for each entity of `replaced` (ascending), and its map.
pub(super) fn redact(original: &str, replaced: &[Replaced]) -> (String, OffsetMap) {
    let mut composer = Composer { out: Builder::with_capacity(original.len()), unit: String::new(), source: 0..0 };
    let mut at = 0;
    for Replaced { entity, before, after } in replaced {
        let Range { start, end } = entity.span;
        // Two entities can share one character that stands for several.
        composer.text(original, at..start.max(at));
        composer.flush();
        for part in [before, entity.kind.placeholder(), after] {
            if !part.is_empty() {
                composer.out.push_block(part, start..end);
            }
        }
        at = composer.skip_diacritics(original, end.max(at));
    }
    composer.text(original, at..original.len());
    composer.flush();
    composer.out.finish()
}

/// Composes unit by unit; a unit starts where nothing before can combine with it.
struct Composer {
    out: Builder,
    unit: String,
    source: Range<usize>,
}

impl Composer {
    fn text(&mut self, original: &str, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let rest = original.get(at..range.end).unwrap_or_default();
            let plain = plain_len(rest);
            if plain > 0 {
                self.flush();
                self.out.copy(rest.get(..plain).unwrap_or_default(), at);
                at += plain;
                continue;
            }
            let Some(character) = rest.chars().next() else {
                break;
            };
            let end = at + character.len_utf8();
            self.character(character, at..end);
            at = end;
        }
    }

    fn character(&mut self, character: char, source: Range<usize>) {
        if is_invisible(character) {
            self.removed(source.end);
            return;
        }
        let written = if character.is_control() && !character.is_whitespace() { ' ' } else { character };
        if starts_unit(written) {
            self.flush();
        }
        if self.unit.is_empty() {
            self.source = source.clone();
        }
        self.unit.push(written);
        self.source.end = source.end;
    }

    /// Diacritics right after an entity belong to it; composed with its placeholder they would
    /// change it. Other marks never compose with ASCII.
    fn skip_diacritics(&mut self, original: &str, from: usize) -> usize {
        let mut at = from;
        for character in original.get(from..).unwrap_or_default().chars() {
            let end = at + character.len_utf8();
            if is_diacritic(character) || is_invisible(character) {
                self.removed(end);
            } else if starts_unit(character) {
                break;
            } else {
                self.text(original, at..end);
            }
            at = end;
        }
        at
    }

    fn removed(&mut self, end: usize) {
        if self.unit.is_empty() {
            self.out.absorb(end);
        } else {
            self.source.end = end;
        }
    }

    fn flush(&mut self) {
        let mut characters = self.unit.chars();
        match (characters.next(), characters.next()) {
            (None, _) => return,
            (Some(only), None) if starts_unit(only) => self.out.push(only, self.source.clone()),
            _ => {
                let composed: String = self.unit.nfc().collect();
                self.out.push_block(&composed, self.source.clone());
            }
        }
        self.unit.clear();
    }
}

/// Bytes at the start of `text` that are copied: what stays as it is and is followed by something
/// it can't combine with.
fn plain_len(text: &str) -> usize {
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        if !is_plain(character) {
            return plain;
        }
        plain = at;
    }
    plain
}

/// Printable ASCII and the commonest letters, which are composed and no marks.
fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~' | '\n' | 'À'..='ÿ' | 'ء'..='غ' | 'ف'..='ي')
}

/// Whether `character` never combines with what stands before it and is itself composed.
fn starts_unit(character: char) -> bool {
    is_plain(character)
        || (canonical_combining_class(character) == 0 && is_nfc_quick(std::iter::once(character)) == IsNormalized::Yes)
}
