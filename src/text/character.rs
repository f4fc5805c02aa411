//! What each character becomes, decided by itself alone.
//!
//! The rules are derived once per block of 256 code points from the Unicode decompositions and
//! the tables in [`super::tables`], and then looked up.

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::tables::{DIACRITICS, INVISIBLE, SUBSTITUTES};

/// Longest replacement, in bytes of replacement a byte of original; a character whose
/// compatibility form is longer stays as it is.
pub(super) const MAX_EXPANSION: usize = 4;

/// What a character becomes in the normalised view, before case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folded {
    /// Stays as it is, or becomes another single character.
    Char(char),
    /// A combining mark that stays; runs of these are capped.
    Mark(char),
    /// White space or a control character.
    Space,
    /// Nothing: invisible, or a diacritic.
    Nothing,
    /// Several characters.
    Text(&'static str),
}

struct Block {
    folded: [Folded; 256],
}

static BLOCKS: [OnceLock<Box<Block>>; 0x1100] = [const { OnceLock::new() }; 0x1100];

/// What `character` becomes.
pub(super) fn fold(character: char) -> Folded {
    let code = u32::from(character) as usize;
    let Some(block) = BLOCKS.get(code >> 8) else {
        return Folded::Char(character);
    };
    let block = block.get_or_init(|| Box::new(derive_block(code & !0xFF)));
    block.folded.get(code & 0xFF).copied().unwrap_or(Folded::Char(character))
}

fn derive_block(first: usize) -> Block {
    let mut folded = [Folded::Nothing; 256];
    for (offset, slot) in folded.iter_mut().enumerate() {
        let character = u32::try_from(first + offset).ok().and_then(char::from_u32);
        if let Some(character) = character {
            *slot = derive(character);
        }
    }
    Block { folded }
}

fn derive(character: char) -> Folded {
    if is_invisible(character) || is_diacritic(character) {
        return Folded::Nothing;
    }
    if is_space(character) {
        return Folded::Space;
    }
    let decomposed: String = std::iter::once(character).nfkd().collect();
    let mut text = String::new();
    if substitute(character).is_some() || !decomposed.contains(char::is_whitespace) {
        let bare: String = decomposed.chars().filter(|c| !is_diacritic(*c)).collect();
        let composed: String = match substitute(character) {
            Some(_) => character.to_string(),
            None if bare.len() < decomposed.len() => bare.nfc().collect(),
            None => std::iter::once(character).nfkc().collect(),
        };
        for c in composed.chars().filter(|c| !is_invisible(*c)) {
            match substitute(c) {
                Some(replacement) => text.push_str(replacement),
                None => text.push(c),
            }
        }
    } else {
        text.push(character);
    }
    if text.len() > MAX_EXPANSION * character.len_utf8() {
        text = character.to_string();
    }
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (None, _) => Folded::Nothing,
        (Some(only), None) if is_combining_mark(only) => Folded::Mark(only),
        (Some(only), None) => Folded::Char(only),
        // Lives as long as the table it goes into, which is never dropped.
        _ => Folded::Text(Box::leak(text.into_boxed_str())),
    }
}

/// Whether `character` is white space, a control character, or drawn as a blank.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || character.is_control() || character == '\u{2800}'
}

/// Whether `character` shows nothing of its own: default-ignorable code points, bidirectional
/// controls, joiners, variation selectors, fillers, tags.
pub(super) fn is_invisible(character: char) -> bool {
    in_ranges(INVISIBLE, character)
}

/// Whether `character` is a mark of Latin, Greek, Cyrillic, Hebrew or Arabic that is dropped.
pub(super) fn is_diacritic(character: char) -> bool {
    in_ranges(DIACRITICS, character)
}

fn substitute(character: char) -> Option<&'static str> {
    SUBSTITUTES.iter().find(|(from, _)| *from == character).map(|(_, to)| *to)
}

fn in_ranges(ranges: &[(char, char)], character: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

/// The lower-case, fully case-folded form of `character`: `ß` gives `ss`, final sigma gives sigma.
/// The way through upper case gives Unicode's full case folding from the standard library's tables.
pub(super) fn lowercase(character: char) -> impl Iterator<Item = char> {
    character.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folded characters as a string.
    fn text(character: char) -> String {
        match fold(character) {
            Folded::Char(c) | Folded::Mark(c) => c.to_string(),
            Folded::Space => " ".to_owned(),
            Folded::Nothing => String::new(),
            Folded::Text(text) => text.to_owned(),
        }
    }

    #[test]
    fn folding_any_character_twice_changes_nothing_more() {
        for character in '\0'..=char::MAX {
            let once: String = text(character).chars().flat_map(lowercase).collect();
            let twice: String = once.chars().map(text).collect::<String>().chars().flat_map(lowercase).collect();
            assert_eq!(once, twice, "U+{:04X}", u32::from(character));
            assert!(once.len() <= MAX_EXPANSION * character.len_utf8(), "{character:?}");
        }
    }

    #[test]
    fn case_folding_makes_no_ascii_of_other_letters() {
        for character in ('\u{80}'..=char::MAX).filter(|c| text(*c) == c.to_string()) {
            assert!(!lowercase(character).any(|c| c.is_ascii()), "{character:?}");
        }
    }

    #[test]
    fn composed_and_decomposed_forms_fold_alike() {
        for character in '\u{C0}'..='\u{1FFF}' {
            let decomposed: String = std::iter::once(character).nfd().map(text).collect();
            let script_is_read = !('\u{900}'..='\u{1CFF}').contains(&character);
            let stands_alone = std::iter::once(character).nfkd().any(char::is_whitespace);
            if script_is_read && !stands_alone {
                assert_eq!(text(character), decomposed, "U+{:04X}", u32::from(character));
            }
        }
    }

    #[test]
    fn arabic_variants_become_one_letter() {
        for (variants, letter) in
            [("أإآٱٲٳﺍﺃ", "ا"), ("ىیئےﻱﻯ", "ي"), ("ةهہەۀھﺓ", "ه"), ("ؤ", "و"), ("کڪﻙ", "ك"), ("ڭݣگ", "گ")]
        {
            for variant in variants.chars() {
                assert_eq!(text(variant), letter, "U+{:04X}", u32::from(variant));
            }
        }
        assert_eq!("مُحَمَّدـــ".chars().map(text).collect::<String>(), "محمد");
        assert_eq!("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹".chars().map(text).collect::<String>(), "01234567890123456789");
    }
}
