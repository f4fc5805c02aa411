//! The table of phrases: every word that begins one, with what may follow and what it means.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

use super::place;
use super::words::{FORMS, Meaning};
use crate::text::arabizi::canonical;
use crate::text::runs::leads_arabic;
use crate::text::{View, prepare};

/// Most words of one phrase, the first one left aside.
const MAX_REST: usize = 5;

/// One phrase, less its first word.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) rest: Box<[Box<str>]>,
    pub(super) meaning: Meaning,
}

/// What a word may begin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    /// Bytes of the particle that is written on it.
    pub(super) skipped: usize,
    pub(super) particle: Option<char>,
    pub(super) entries: &'static [Entry],
}

/// All phrases by their first word.
#[derive(Debug)]
pub(super) struct Phrases {
    by_word: HashMap<Box<str>, Vec<Entry>, BuildHasherDefault<Fast>>,
    /// Names of places by their Arabizi key, for spellings that are not listed.
    by_sound: HashMap<String, Vec<Entry>>,
    longest: usize,
    /// A bit for the [`sketch`] of each word: most words of a text are none of the table, and need no
    /// look-up to tell.
    sketches: Box<[u64; SKETCHES / 64]>,
}

/// Different sketches; some ten times as many as there are words.
const SKETCHES: usize = 1 << 15;

/// A number below [`SKETCHES`] from the ends and the length of a word.
fn sketch(word: &[u8]) -> usize {
    let byte = |at: usize| word.get(at).copied().map_or(0, usize::from);
    let last = word.len().wrapping_sub(1);
    // The first byte of an Arabic letter says little.
    let mixed =
        byte(0) ^ byte(1) << 4 ^ byte(3) << 7 ^ byte(last) << 2 ^ byte(last.wrapping_sub(2)) << 6 ^ word.len() << 10;
    mixed % SKETCHES
}

impl Phrases {
    /// The phrases that come with this version.
    pub(super) fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Phrases> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let words = FORMS.iter().flat_map(|(meaning, forms)| forms.iter().map(|form| (*form, *meaning)));
            let sketches = Box::new([0; SKETCHES / 64]);
            let mut phrases = Phrases { by_word: HashMap::default(), by_sound: HashMap::new(), longest: 0, sketches };
            words.chain(place::forms()).for_each(|(form, meaning)| phrases.add(form, meaning));
            place::forms().for_each(|(form, meaning)| phrases.add_sound(form, meaning));
            for entries in phrases.by_word.values_mut() {
                // What may begin a mention comes first, so that one look tells.
                entries.sort_by_key(|entry| !entry.meaning.may_start());
            }
            phrases
        })
    }

    fn add(&mut self, form: &str, meaning: Meaning) {
        let prepared = prepare(form, View::Normalised);
        let mut words = prepared.text().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let Some(first) = words.next() else {
            return;
        };
        let rest: Box<[Box<str>]> = words.map(Box::from).take(MAX_REST).collect();
        self.longest = self.longest.max(first.len());
        let sketch = sketch(first.as_bytes());
        self.sketches[sketch / 64] |= 1 << (sketch % 64);
        let entries = self.by_word.entry(first.into()).or_default();
        if !entries.iter().any(|entry| entry.rest == rest && entry.meaning == meaning) {
            entries.push(Entry { rest, meaning });
        }
    }

    /// Shorter keys are those of too many words.
    const MIN_SOUND: usize = 5;

    fn add_sound(&mut self, form: &str, meaning: Meaning) {
        let prepared = prepare(form, View::Normalised);
        let word = prepared.text();
        let single = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !single || !matches!(meaning, Meaning::Place { weak: false, .. }) {
            return;
        }
        let key = canonical(word);
        if key.chars().count() >= Self::MIN_SOUND {
            let entries = self.by_sound.entry(key).or_default();
            if entries.is_empty() {
                entries.push(Entry { rest: Box::default(), meaning });
            }
        }
    }

    /// A place that sounds like `word`, which stands where the name of a place is looked for.
    pub(super) fn find_sound(&'static self, word: &str) -> &'static [Entry] {
        self.by_sound.get(&canonical(word)).map_or(&[], Vec::as_slice)
    }

    fn entries(&'static self, word: &str) -> &'static [Entry] {
        let sketch = sketch(word.as_bytes());
        if word.len() > self.longest || self.sketches[sketch / 64] >> (sketch % 64) & 1 == 0 {
            return &[];
        }
        self.by_word.get(word).map_or(&[], Vec::as_slice)
    }

    /// What `word` may begin, by itself or without the particles written on it.
    pub(super) fn find(&'static self, word: &str) -> Found {
        let entries = self.entries(word);
        if !entries.is_empty() {
            return Found { skipped: 0, particle: None, entries };
        }
        match word.as_bytes().first() {
            Some(b'b' | b'd' | b'f' | b'l') => self.after_latin_particle(word),
            Some(byte) if leads_arabic(*byte) => self.after_arabic_particle(word),
            _ => Found::default(),
        }
    }

    /// `fkhouribga`, `ltanja`: only for names, and not for those that are words as well.
    fn after_latin_particle(&'static self, word: &str) -> Found {
        const MIN_NAME: usize = 5;
        let particle = word.chars().next();
        let Some(name) = word.get(1..).filter(|name| name.len() >= MIN_NAME) else {
            return Found::default();
        };
        let entries = self.entries(name);
        let named = entries.iter().any(|entry| matches!(entry.meaning, Meaning::Place { weak: false, .. }));
        if named { Found { skipped: 1, particle, entries } } else { Found::default() }
    }

    /// One or two of the particles و ف ب ل ك; after ل the article loses its alef.
    fn after_arabic_particle(&'static self, word: &str) -> Found {
        const LETTER: usize = 2;
        let mut rest = word;
        for skipped in [LETTER, 2 * LETTER] {
            let Some(particle) = rest.chars().next().filter(|c| matches!(c, 'و' | 'ف' | 'ب' | 'ل' | 'ك')) else {
                break;
            };
            rest = rest.get(LETTER..).unwrap_or_default();
            let entries = self.entries(rest);
            // A single letter left is none of the words of the table.
            if !entries.is_empty() && rest.len() > LETTER {
                return Found { skipped, particle: Some(particle), entries };
            }
            if particle == 'ل' && rest.starts_with('ل') && word.len() <= self.longest {
                let entries = self.entries(&format!("ا{rest}"));
                if !entries.is_empty() {
                    return Found { skipped, particle: Some(particle), entries };
                }
            }
        }
        Found::default()
    }

    fn means(&self, word: &str, test: impl Fn(Meaning) -> bool) -> bool {
        let entries = self.by_word.get(word).map_or(&[][..], Vec::as_slice);
        entries.iter().any(|entry| entry.rest.is_empty() && test(entry.meaning))
    }

    /// Whether `word` names a currency.
    pub(super) fn is_currency(&self, word: &str) -> bool {
        self.means(word, |meaning| matches!(meaning, Meaning::Currency(_)))
    }

    /// Whether `word` may be written on the digits before it.
    pub(super) fn is_unit(&self, word: &str) -> bool {
        self.means(word, |meaning| {
            let scale = matches!(meaning, Meaning::Currency(_) | Meaning::Scale(_) | Meaning::Thousands);
            scale || matches!(meaning, Meaning::Hour | Meaning::Part(_) | Meaning::Ordinal)
        })
    }
}

/// Multiplies eight bytes at a time (as rustc's FxHash does): words are short and the table is
/// fixed, so that a hash made against chosen keys would only cost time.
#[derive(Debug, Default)]
pub(super) struct Fast(u64);

impl Fast {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Fast {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
        self.mix(last);
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }
}
