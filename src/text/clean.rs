//! The first step: every character decided by itself, white space collapsed, marks capped.
//!
//! Case stays, because check sums of wallets depend on it; see [`super::fold`].

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::character::{Folded, fold};
use super::offsets::{Builder, OffsetMap};
use super::runs::{Table, arabic_index, leads_arabic, table};

/// Most combining marks kept in a row, in scripts whose marks are letters' parts.
pub(super) const MAX_MARKS: usize = 4;

/// `original` with every character folded but for case, and its map.
pub(super) fn clean(original: &str) -> (String, OffsetMap) {
    let mut cleaner = Cleaner { out: Builder::with_capacity(original.len()), space: None, marks: 0 };
    let bytes = original.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = plain_end(bytes, at);
        if end > at {
            cleaner.plain(original, at..end);
            at = end;
            continue;
        }
        let Some(character) = original.get(at..).and_then(|rest| rest.chars().next()) else {
            break;
        };
        let end = at + character.len_utf8();
        cleaner.character(character, at..end);
        at = end;
    }
    cleaner.out.finish()
}

/// The characters from U+0600 to U+067F that stay as they are, one bit each; held by a test.
const ARABIC: Table = table(0xfe10_c000_0000_05fe_ffff_fd83_6000_efc0);

/// Printable ASCII that stays as it is.
const ASCII: [bool; 128] = {
    let mut table = [false; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_graphic() && byte != b'`';
        byte += 1;
    }
    table
};

/// End of the run from `at` of printable ASCII and Arabic letters that stay as they are, single
/// inner spaces included.
fn plain_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(&byte) = bytes.get(end) {
        if byte < 128 {
            // A space is taken if what follows it is.
            let space = byte == b' ' && end > at && bytes.get(end + 1).is_some_and(|next| stays(bytes, end + 1, *next));
            if !ASCII[usize::from(byte)] && !space {
                break;
            }
            end += 1;
        } else if stays(bytes, end, byte) {
            end += 2;
        } else {
            break;
        }
    }
    end
}

/// Whether the character at `at`, whose first byte is `byte`, stays as it is, by the two tables.
fn stays(bytes: &[u8], at: usize, byte: u8) -> bool {
    if byte < 128 {
        return ASCII[usize::from(byte)];
    }
    leads_arabic(byte) && bytes.get(at + 1).is_some_and(|next| ARABIC[usize::from(arabic_index(byte, *next))])
}

struct Cleaner {
    out: Builder,
    /// White space seen and not yet written.
    space: Option<Range<usize>>,
    /// Combining marks written in a row.
    marks: usize,
}

impl Cleaner {
    fn plain(&mut self, original: &str, source: Range<usize>) {
        self.flush_space();
        self.marks = 0;
        self.out.copy(original.get(source.clone()).unwrap_or_default(), source.start);
    }

    fn character(&mut self, character: char, source: Range<usize>) {
        match fold(character) {
            Folded::Space => self.space(source),
            Folded::Nothing => self.removed(source.end),
            Folded::Mark(mark) => self.mark(mark, source),
            Folded::Char(folded) => {
                self.flush_space();
                self.marks = 0;
                self.out.push(folded, source);
            }
            Folded::Text(text) => {
                for c in text.chars() {
                    if is_combining_mark(c) {
                        self.mark(c, source.clone());
                    } else {
                        self.flush_space();
                        self.marks = 0;
                        self.out.push_block(c.encode_utf8(&mut [0; 4]), source.clone());
                    }
                }
            }
        }
    }

    fn space(&mut self, source: Range<usize>) {
        match &mut self.space {
            Some(space) => space.end = source.end,
            None if self.out.is_empty() => {}
            None => self.space = Some(source),
        }
    }

    fn mark(&mut self, mark: char, source: Range<usize>) {
        if self.space.is_none() && self.marks >= MAX_MARKS {
            self.removed(source.end);
            return;
        }
        if self.flush_space() {
            self.marks = 0;
        }
        self.marks += 1;
        self.out.push_block(mark.encode_utf8(&mut [0; 4]), source);
    }

    /// What was removed belongs to what stands before it.
    fn removed(&mut self, end: usize) {
        match &mut self.space {
            Some(space) => space.end = end,
            None => self.out.absorb(end),
        }
    }

    fn flush_space(&mut self) -> bool {
        let Some(space) = self.space.take() else {
            return false;
        };
        self.out.push(' ', space);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(original: &str) -> String {
        clean(original).0
    }

    #[test]
    fn white_space_and_controls_collapse_and_trim() {
        assert_eq!(text("  a\0\u{200B} \t b\r\nc\u{3000}"), "a b c");
        assert_eq!(text(" \u{FEFF}\n"), "");
    }

    #[test]
    fn the_table_holds_what_stays_as_it_is() {
        for character in '\u{600}'..'\u{680}' {
            let stays = fold(character) == Folded::Char(character);
            assert_eq!(ARABIC[u32::from(character) as usize - 0x600], stays, "U+{:04X}", u32::from(character));
        }
    }

    #[test]
    fn a_flood_of_marks_is_cut() {
        let flood = format!("h{}i", "\u{336}\u{489}".repeat(500));
        assert_eq!(text(&flood), "hi");
        let thai = format!("ก{}", "\u{E49}".repeat(500));
        assert_eq!(text(&thai).chars().count(), 1 + MAX_MARKS);
    }

    #[test]
    fn removed_characters_belong_to_the_letter_before() {
        let (text, map) = clean("مُـحمد");
        assert_eq!(text, "محمد");
        assert_eq!(map.source(0..2), 0..6);
        assert_eq!(map.source(2..4), 6..8);
    }

    #[test]
    fn compatibility_forms_expand_within_the_bound() {
        assert_eq!(text("ﬃ ½ ①② ﷲ ﻻ Ｆｂ …"), "ffi 1/2 12 الله لا Fb ...");
        assert_eq!(text("ﷺ"), "ﷺ");
    }
}
