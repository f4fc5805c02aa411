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
        for (offset, character) in original.get(range.clone()).unwrap_or_default().char_indices() {
            let start = range.start + offset;
            let end = start + character.len_utf8();
            if is_invisible(character) {
                self.removed(end);
                continue;
            }
            let written = if character.is_control() && !character.is_whitespace() { ' ' } else { character };
            if starts_unit(written) {
                self.flush();
                self.source = start..end;
            } else if self.unit.is_empty() {
                self.source = start..end;
            }
            self.unit.push(written);
            self.source.end = end;
        }
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

/// Whether `character` never combines with what stands before it and is itself composed.
fn starts_unit(character: char) -> bool {
    character.is_ascii()
        || (canonical_combining_class(character) == 0 && is_nfc_quick(std::iter::once(character)) == IsNormalized::Yes)
}
