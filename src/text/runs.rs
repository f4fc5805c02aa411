//! Where runs of letters and digits end, read byte by byte.
//!
//! ASCII and the basic Arabic letters, which nearly all texts are made of, are told by a table;
//! only other characters are decoded.

/// First character of the Arabic letters that [`ARABIC`] has a bit for.
const FIRST: u32 = 0x600;

/// Which of the 128 characters from U+0600 on are alphanumeric; held against the standard library by a test.
const ARABIC: Table = table(0xffff_c3ff_feff_ffff_ffff_ffff_07ff_0000);

const ASCII: [bool; 128] = {
    let mut table = [false; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// A mark for each character from U+0600 to U+067F.
pub(super) type Table = [bool; 128];

/// The table of a set of bits, the lowest for U+0600: a look-up is faster than a shift of 128 bits.
pub(super) const fn table(bits: u128) -> Table {
    let mut table = [false; 128];
    let mut bit = 0;
    while bit < 128 {
        table[bit] = bits >> bit & 1 == 1;
        bit += 1;
    }
    table
}

/// Whether `lead` begins a character from U+0600 to U+067F.
pub(super) fn leads_arabic(lead: u8) -> bool {
    matches!(lead, 0xD8 | 0xD9)
}

/// Which of those 128 characters the two bytes are, the first of which leads one.
pub(super) fn arabic_index(lead: u8, next: u8) -> u8 {
    (lead & 1) << 6 | next & 0x3F
}

/// Whether `character` is a letter or digit.
pub(super) fn is_word(character: char) -> bool {
    match u32::from(character) {
        code @ 0..128 => ASCII[code as usize],
        code @ FIRST..0x680 => ARABIC[(code - FIRST) as usize],
        _ => character.is_alphanumeric(),
    }
}

/// End of the letters and digits of `text` from `at` on; `at` itself where none is there.
pub(super) fn word_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = at;
    while let Some(&byte) = bytes.get(end) {
        if byte < 128 {
            if !ASCII[usize::from(byte)] {
                break;
            }
            end += 1;
            continue;
        }
        if leads_arabic(byte) {
            let next = bytes.get(end + 1).copied().unwrap_or_default();
            if !ARABIC[usize::from(arabic_index(byte, next))] {
                break;
            }
            end += 2;
            continue;
        }
        match text.get(end..).and_then(|rest| rest.chars().next()) {
            Some(character) if character.is_alphanumeric() => end += character.len_utf8(),
            _ => break,
        }
    }
    end
}

/// Start of the next letter or digit of `text` from `at` on, or the end.
pub(super) fn word_start(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut start = at;
    while let Some(&byte) = bytes.get(start) {
        if byte < 128 {
            if ASCII[usize::from(byte)] {
                break;
            }
            start += 1;
            continue;
        }
        match text.get(start..).and_then(|rest| rest.chars().next()) {
            Some(character) if !is_word(character) => start += character.len_utf8(),
            _ => break,
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_agree_with_the_standard_library() {
        for character in '\0'..='\u{7FF}' {
            assert_eq!(is_word(character), character.is_alphanumeric(), "U+{:04X}", u32::from(character));
            let text = format!("{character}.");
            let end = if character.is_alphanumeric() { character.len_utf8() } else { 0 };
            assert_eq!(word_end(&text, 0), end, "U+{:04X}", u32::from(character));
        }
    }

    #[test]
    fn runs_end_where_the_letters_do() {
        assert_eq!(word_end("abc3 d", 0), 4);
        assert_eq!(word_end("سلام، ", 0), "سلام".len());
        assert_eq!(word_end("ⵜⵉⵣⵏⵉⵜ!", 0), "ⵜⵉⵣⵏⵉⵜ".len());
        assert_eq!(word_start("... é", 0), 4);
        assert_eq!(word_start("؟ ", 0), 3);
    }
}
