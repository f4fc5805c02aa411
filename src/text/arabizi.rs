//! Darija in Latin letters has no spelling: one key for the ways of writing a word.
//!
//! The key is for comparing words of lists (lexicon, gazetteer) with words of texts, never for
//! what a model reads. It keeps consonants and the last vowel and forgets what writers differ in:
//! digits or letters (`7` `h`, `9` `q` `g`, `5` `kh`, `6` `t`, `3` at the start), `ch` `sh` `x`,
//! vowels inside a word, doubled letters, `i` or `y` and `ou` or `w` before a vowel.

/// The key of `word`, a word as the normalised view writes it.
///
/// Words that sound alike share a key; so do some that don't, the more the shorter they are
/// (`docs/text.md` has the measure). Characters other than Latin letters and Arabizi digits stay.
/// The key of a key means nothing. Linear in the word.
pub fn canonical(word: &str) -> String {
    let mut key = String::with_capacity(word.len());
    canonical_into(word, &mut key);
    key
}

/// As [`canonical`], written over `key`.
pub fn canonical_into(word: &str, key: &mut String) {
    key.clear();
    let mut sounds = Sounds { rest: word };
    let mut last = None;
    let mut vowel = None;
    while let Some(sound) = sounds.next() {
        match sound {
            Sound::Vowel(written) => {
                let follows = sounds.peeks_at_vowel();
                let glide = match written {
                    'i' if follows || key.is_empty() => Some('y'),
                    'u' if follows || key.is_empty() => Some('w'),
                    _ => None,
                };
                if let Some(glide) = glide {
                    key.push(glide);
                    last = Some(glide);
                    vowel = None;
                } else if key.is_empty() {
                    key.push(OPEN);
                    last = Some(OPEN);
                    vowel = None;
                } else {
                    vowel = Some(written);
                }
            }
            Sound::Consonant(consonant) => {
                // `3` at the start is also written as a vowel, or as nothing but its vowel.
                let written = if consonant == '3' && key.is_empty() { OPEN } else { consonant };
                // Doubled letters are one, but not two with a vowel between them.
                if last != Some(written) || vowel.is_some() {
                    key.push(written);
                }
                last = Some(written);
                vowel = None;
            }
        }
    }
    finish(key, vowel, word);
}

/// Stands for any vowel a word begins with.
const OPEN: char = 'a';

/// The last vowel tells "mine" from "his": it stays, but for a silent `e`; a last `y` or `w` after
/// a consonant is a way of writing one.
fn finish(key: &mut String, vowel: Option<char>, word: &str) {
    let silent = word.ends_with('e') && !word.ends_with("ie");
    match vowel {
        Some('a') if silent && key.len() > 1 => {}
        Some(vowel) => key.push(vowel),
        None => {
            let written = word.as_bytes();
            let before = written.len().checked_sub(2).and_then(|at| written.get(at)).copied().unwrap_or(b'a');
            let after_vowel = matches!(before, b'a' | b'e' | b'i' | b'o' | b'u');
            match written.last() {
                Some(b'y') if !after_vowel && key.len() > 1 => {
                    key.pop();
                    key.push('i');
                }
                Some(b'w') if !after_vowel && key.len() > 1 => {
                    key.pop();
                    key.push('u');
                }
                _ => {}
            }
        }
    }
}

enum Sound {
    Vowel(char),
    Consonant(char),
}

/// Reads a word sound by sound.
struct Sounds<'a> {
    rest: &'a str,
}

impl Sounds<'_> {
    fn peeks_at_vowel(&self) -> bool {
        matches!(self.rest.as_bytes().first(), Some(b'a' | b'e' | b'i' | b'o' | b'u'))
    }

    fn next(&mut self) -> Option<Sound> {
        // Hamza, written `2` or as an apostrophe, is not heard.
        self.rest = self.rest.trim_start_matches(['2', '\'']);
        let other = self.rest.chars().next()?;
        let bytes = self.rest.as_bytes();
        let (width, sound) = spelling(*bytes.first()?, bytes.get(1).copied().unwrap_or_default())
            .unwrap_or((other.len_utf8(), Sound::Consonant(other)));
        self.rest = self.rest.get(width..).unwrap_or_default();
        Some(sound)
    }
}

/// What one letter, or two of them, sound like, and how many they are; `None` for a letter that
/// sounds as it is written.
fn spelling(first: u8, second: u8) -> Option<(usize, Sound)> {
    use Sound::{Consonant, Vowel};
    Some(match (first, second) {
        (b'k', b'h') | (b'7', b'\'') => (2, Consonant('x')),
        (b'g', b'h') | (b'3', b'\'') => (2, Consonant('ġ')),
        (b'c' | b's', b'h') => (2, Consonant('š')),
        (b't', b'h') => (2, Consonant('t')),
        (b'd', b'h') | (b'9', b'\'') => (2, Consonant('d')),
        (b'p', b'h') => (2, Consonant('f')),
        (b'o', b'u' | b'o') | (b'u', b'u') => (2, Vowel('u')),
        (b'a' | b'e', b'a' | b'e') => (2, Vowel('a')),
        (b'i' | b'e', b'i') => (2, Vowel('i')),
        (b'a' | b'e', _) => (1, Vowel('a')),
        (b'i', _) => (1, Vowel('i')),
        (b'o' | b'u', _) => (1, Vowel('u')),
        (b'5', _) => (1, Consonant('x')),
        (b'6', _) => (1, Consonant('t')),
        (b'7' | b'8', _) => (1, Consonant('h')),
        (b'9' | b'g', _) => (1, Consonant('q')),
        (b'x', _) => (1, Consonant('š')),
        (b'c', b'e' | b'i' | b'y') => (1, Consonant('s')),
        (b'c', _) => (1, Consonant('k')),
        (b'p', _) => (1, Consonant('b')),
        (b'v', _) => (1, Consonant('f')),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_meet() {
        for group in [
            &["3afak", "aafak", "3afek", "3fak", "afak"][..],
            &["wa7ed", "wahed", "wahd", "wa7d", "ouahed"],
            &["dyali", "diali", "dialy"],
            &["chwiya", "chouia", "chwia", "shwiya", "xwiya"],
            &["khouya", "khoya", "5oya", "khuya"],
            &["mouchkil", "mochkil", "mshkil", "moxkil"],
        ] {
            let keys: Vec<String> = group.iter().map(|word| canonical(word)).collect();
            assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{group:?} {keys:?}");
        }
    }

    #[test]
    fn endings_that_mean_something_stay_apart() {
        let keys = ["dyali", "dyalo", "dyala", "dyal"].map(canonical);
        assert_eq!(std::collections::BTreeSet::from(keys).len(), 4);
    }

    #[test]
    fn other_characters_stay() {
        assert_eq!(canonical("سلام"), "سلام");
        assert_eq!(canonical(""), "");
        assert_eq!(canonical("é3"), "é3");
    }
}
