//! The model file: character n-grams hashed into two tables of eight-bit weights.

use super::letters::MAX_LETTERS;

/// Classes of the Latin table: ary-Latn, zgh, fr, en, es and three groups of other languages.
pub(super) const LATIN_CLASSES: usize = 8;
/// Classes of the Arabic table: ar, ary, zgh, other.
pub(super) const ARABIC_CLASSES: usize = 4;

/// Longest n-gram, word boundaries included.
const MAX_GRAM: usize = 4;
const ROWS: usize = 1 << 16;
const HEADER: usize = 16;
const LATIN_BYTES: usize = ROWS * LATIN_CLASSES;

/// `models/language/language.bin`: `IBLGLANG`, the scales of the Latin and of the Arabic table
/// (f32, little-endian), then the two tables, one row of signed bytes for each hash value.
pub(super) static FILE: &[u8; HEADER + LATIN_BYTES + ROWS * ARABIC_CLASSES] =
    include_bytes!("../../../models/language/language.bin");

const LATIN_SCALE: f32 = f32::from_le_bytes([FILE[8], FILE[9], FILE[10], FILE[11]]);
const ARABIC_SCALE: f32 = f32::from_le_bytes([FILE[12], FILE[13], FILE[14], FILE[15]]);
const _: () = assert!(
    matches!(FILE.first_chunk::<8>(), Some(b"IBLGLANG")),
    "models/language/language.bin is not a language model: run models/language/train.py"
);

/// Additive scores (natural-log units) of a folded Latin word.
pub(super) fn latin(word: &[char]) -> [f32; LATIN_CLASSES] {
    score(&FILE[HEADER..HEADER + LATIN_BYTES], LATIN_SCALE, word)
}

/// Additive scores (natural-log units) of a folded Arabic word.
pub(super) fn arabic(word: &[char]) -> [f32; ARABIC_CLASSES] {
    score(&FILE[HEADER + LATIN_BYTES..], ARABIC_SCALE, word)
}

fn score<const N: usize>(table: &[u8], scale: f32, word: &[char]) -> [f32; N] {
    let (rows, _) = table.as_chunks::<N>();
    // At most 140 rows of at most 128: sixteen bits hold the sum, and wrapping additions become
    // one instruction for all classes.
    let mut sums = [0_i16; N];
    let mut count = 0_u16;
    each_row(word, |row| {
        count = count.wrapping_add(1);
        if let Some(weights) = rows.get(row) {
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                *sum = sum.wrapping_add(i16::from(weight.cast_signed()));
            }
        }
    });
    let scale = scale / f32::from(count.max(1)).sqrt();
    sums.map(|sum| f32::from(sum) * scale)
}

/// Calls `visit` with the table row of every feature: the n-grams of the word between `^` and `$`,
/// then the word as a whole.
pub(super) fn each_row(word: &[char], mut visit: impl FnMut(usize)) {
    const GRAM_SEED: u32 = 0x811c_9dc5;
    const WORD_SEED: u32 = 0x9747_b28c;
    if word.is_empty() {
        return;
    }
    let mut padded = ['$'; MAX_LETTERS + 2];
    padded[0] = '^';
    for (place, &letter) in padded[1..=MAX_LETTERS].iter_mut().zip(word) {
        *place = letter;
    }
    let padded = &padded[..word.len().min(MAX_LETTERS) + 2];
    let mut whole = WORD_SEED;
    for (start, &first) in padded.iter().enumerate() {
        whole = step(whole, first);
        let mut hash = step(GRAM_SEED, first);
        if start > 0 && start + 1 < padded.len() {
            visit(row(hash));
        }
        for &letter in padded[start + 1..].iter().take(MAX_GRAM - 1) {
            hash = step(hash, letter);
            visit(row(hash));
        }
    }
    visit(row(whole));
}

/// FNV-1a over code points instead of bytes.
fn step(hash: u32, letter: char) -> u32 {
    (hash ^ u32::from(letter)).wrapping_mul(0x0100_0193)
}

/// The high bits after a multiplication by the golden ratio: FNV's own high bits mix too little.
fn row(hash: u32) -> usize {
    (hash ^ (hash >> 15)).wrapping_mul(0x9e37_79b1) as usize >> 16 & (ROWS - 1)
}
