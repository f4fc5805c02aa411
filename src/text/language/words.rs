//! Cutting raw text into words.
//!
//! `models/language/features.py` holds the same rules for training; `models/language/goldens.jsonl`
//! keeps the two together.

use std::ops::Range;

use super::letters::{Class, Fold, Kind, kind};
use crate::text::runs::{arabic_index, leads_arabic};

/// One word: a run of letters of one script, or something that has letters but no language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    pub(super) class: Class,
    pub(super) letters: u32,
    /// False for URLs, addresses, handles and placeholders.
    pub(super) evidence: bool,
    /// True when a sentence or line ended between this word and the one before it.
    pub(super) starts_sentence: bool,
}

/// Reads a text word by word, in one pass.
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
    /// End of the last run of visible ASCII that was looked at for URLs and addresses.
    inspected: usize,
    sentence_end: bool,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, inspected: 0, sentence_end: false }
    }

    /// The next word; `folded` receives its letters (Latin and Arabic words with evidence only).
    pub(super) fn next_word(&mut self, folded: &mut Vec<char>) -> Option<Word> {
        folded.clear();
        while let Some(c) = self.rest().chars().next() {
            if let Some(end) = self.neutral_end(c) {
                let letters = letter_count(&self.text[self.at..end]);
                let range = self.at..end;
                self.at = end;
                if letters > 0 {
                    return Some(self.finish(range, Class::Latin, letters, false));
                }
                continue;
            }
            match kind(c) {
                Kind::Letter(class) => return Some(self.read(class, folded)),
                Kind::Digit if self.digit_opens_word() => {
                    return Some(self.read(Class::Latin, folded));
                }
                Kind::Digit => self.skip_digits(),
                Kind::SentenceEnd => {
                    self.sentence_end = true;
                    self.at += c.len_utf8();
                }
                _ => self.at += c.len_utf8(),
            }
        }
        None
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn finish(&mut self, range: Range<usize>, class: Class, letters: u32, evidence: bool) -> Word {
        Word { range, class, letters, evidence, starts_sentence: std::mem::take(&mut self.sentence_end) }
    }

    /// End of the URL, address, handle or placeholder that begins here.
    fn neutral_end(&mut self, c: char) -> Option<usize> {
        if !c.is_ascii_graphic() {
            return None;
        }
        let rest = self.rest();
        let marked = match c {
            '<' => placeholder_length(rest),
            '@' => handle_length(rest),
            _ => None,
        };
        if let Some(length) = marked {
            return Some(self.at + length);
        }
        if self.at < self.inspected {
            return None;
        }
        let mut marked = false;
        let run = rest.bytes().take_while(|byte| {
            // Every address has one of these, and most words none.
            marked |= matches!(byte, b'.' | b'@' | b':');
            byte.is_ascii_graphic()
        });
        let length = run.count();
        self.inspected = self.at + length;
        (marked && is_address(&rest[..length])).then_some(self.inspected)
    }

    /// In Arabizi `3`, `7`, `9` … are letters: a single digit before a Latin letter opens a word.
    fn digit_opens_word(&self) -> bool {
        let mut chars = self.rest().chars();
        let digit = chars.next().is_some_and(is_arabizi_digit);
        digit && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
    }

    fn skip_digits(&mut self) {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        self.at += length;
    }

    /// Reads the letters from `at` on that need no decision: ASCII in a Latin word, the basic
    /// Arabic letters in an Arabic one; where they end.
    fn plain_letters(&self, class: Class, at: usize, fold: &mut Fold<'_>) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = at;
        match class {
            Class::Latin | Class::Other => {
                while let Some(byte) = bytes.get(end).filter(|byte| byte.is_ascii_alphabetic()) {
                    fold.push(char::from(*byte));
                    end += 1;
                }
            }
            Class::Arabic => {
                while let Some(&[lead, next]) = bytes.get(end..end + 2).and_then(<[u8]>::first_chunk) {
                    let letter = arabic_letter(lead, next);
                    let Some(letter) = letter else {
                        break;
                    };
                    fold.push(letter);
                    end += 2;
                }
            }
            Class::Tifinagh => {}
        }
        end
    }

    fn read(&mut self, first: Class, folded: &mut Vec<char>) -> Word {
        let start = self.at;
        let mut counts = [0_u32; 2];
        let mut class = first;
        let mut digits = false;
        let mut end = self.at;
        let mut fold = Fold::new(folded);
        loop {
            let plain = self.plain_letters(class, end, &mut fold);
            if plain > end {
                // A look-alike before them was of no script that counts.
                class = first_plain(class);
                let letters = if class == Class::Latin { plain - end } else { (plain - end) / 2 };
                counts[0] += u32::try_from(letters).unwrap_or(u32::MAX);
                end = plain;
            }
            let mut chars = self.text[end..].chars();
            let Some(c) = chars.next() else {
                break;
            };
            let next = chars.next();
            match kind(c) {
                Kind::Letter(letter) => {
                    if !joins(class, letter) {
                        break;
                    }
                    counts[usize::from(letter == Class::Other)] += 1;
                    if letter != Class::Other {
                        class = letter;
                        fold.push(c);
                    }
                }
                Kind::Mark => {}
                Kind::Apostrophe if next.is_some_and(|n| matches!(kind(n), Kind::Letter(_))) => {
                    fold.push('\'');
                }
                Kind::Digit if class == Class::Latin && lone_digit(c, next, fold.last()) => {
                    digits = true;
                    fold.push(c);
                }
                _ => break,
            }
            end += c.len_utf8();
        }
        self.at = end;
        let [own, other] = counts;
        if other > own {
            class = Class::Other;
        }
        if digits && own < 2 {
            folded.retain(|c| !c.is_ascii_digit());
        }
        self.finish(start..end, class, own + other, true)
    }
}

/// The basic Arabic letter that the two bytes are.
fn arabic_letter(lead: u8, next: u8) -> Option<char> {
    if !leads_arabic(lead) {
        return None;
    }
    let index = arabic_index(lead, next);
    let letter = matches!(index, 0x21..=0x3F | 0x41..=0x4A);
    letter.then(|| char::from_u32(0x600 + u32::from(index))).flatten()
}

/// The script that the plain letters of a word of `class` are of.
fn first_plain(class: Class) -> Class {
    if class == Class::Other { Class::Latin } else { class }
}

/// Letters of the main scripts part words ("لfacebook"); a stray Greek or Cyrillic letter in a
/// Latin word is a disguise and does not.
fn joins(word: Class, letter: Class) -> bool {
    word == letter || matches!((word, letter), (Class::Latin, Class::Other) | (Class::Other, Class::Latin))
}

fn is_arabizi_digit(c: char) -> bool {
    matches!(c, '2' | '3' | '5'..='9')
}

fn lone_digit(c: char, next: Option<char>, last: Option<char>) -> bool {
    let touches = |other: char| other.is_ascii_digit() && other != c;
    is_arabizi_digit(c) && !next.is_some_and(touches) && !last.is_some_and(touches)
}

fn letter_count(text: &str) -> u32 {
    let letters = text.chars().filter(|&c| matches!(kind(c), Kind::Letter(_))).count();
    u32::try_from(letters).unwrap_or(u32::MAX)
}

/// Length of `<url>`, `<phone>` and their like.
fn placeholder_length(rest: &str) -> Option<usize> {
    let name = rest.strip_prefix('<')?;
    let length = name.bytes().take(13).position(|b| b == b'>')?;
    let valid = length > 0 && name.bytes().take(length).all(|b| b.is_ascii_lowercase() || b == b'_');
    valid.then_some(length + 2)
}

fn handle_length(rest: &str) -> Option<usize> {
    let name = rest.strip_prefix('@')?;
    let length = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(name.len());
    (length > 0).then_some(length + 1)
}

/// Whether a run of visible ASCII is a URL, a domain or an e-mail address.
///
/// Endings that are also words after a forgotten space ("fini.ma fille") need a path.
fn is_address(run: &str) -> bool {
    const ENDINGS: [&str; 14] =
        ["com", "net", "org", "info", "xyz", "io", "gov", "edu", "app", "site", "online", "shop", "top", "link"];
    const WITH_PATH: [&str; 7] = ["ma", "fr", "es", "co", "me", "uk", "tk"];
    if run.contains("://") || starts_with_www(run) {
        return true;
    }
    if let Some((user, domain)) = run.split_once('@') {
        let user = user.bytes().next_back();
        let domain = domain.bytes().next();
        return user.is_some_and(|b| b.is_ascii_alphanumeric()) && domain.is_some_and(|b| b.is_ascii_alphanumeric());
    }
    let (host, path) = match run.split_once('/') {
        Some((host, _)) => (host, true),
        None => (run.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()), false),
    };
    let Some((name, ending)) = host.rsplit_once('.') else {
        return false;
    };
    let is = |list: &[&str]| list.iter().any(|known| ending.eq_ignore_ascii_case(known));
    !name.is_empty() && (is(&ENDINGS) || path && is(&WITH_PATH))
}

fn starts_with_www(run: &str) -> bool {
    run.as_bytes().first_chunk::<4>().is_some_and(|start| start.eq_ignore_ascii_case(b"www."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(Class, String, bool)> {
        let mut reader = Words::new(text);
        let mut folded = Vec::new();
        let mut found = Vec::new();
        while let Some(word) = reader.next_word(&mut folded) {
            found.push((word.class, folded.iter().collect(), word.evidence));
        }
        found
    }

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().filter(|w| w.2).map(|w| w.1).collect()
    }

    #[test]
    fn arabizi_digits_are_letters_and_other_digits_are_not() {
        assert_eq!(folded("3afak l9it m3a 7it"), ["3afak", "l9it", "m3a", "7it"]);
        assert_eq!(folded("1500dh 2015kan 3 5g"), ["dh", "kan", "g"]);
    }

    #[test]
    fn elongation_marks_and_variants_are_folded() {
        assert_eq!(folded("bzaaaaaf BZAF"), ["bzaf", "bzaf"]);
        assert_eq!(folded("الســـلام أُمِّي ﺍﻟﺴﻼﻡ"), ["السلام", "امي", "السلام"]);
        assert_eq!(folded("𝐡𝐞𝐥𝐥𝐨 ｆｕｌｌ L’AMI"), ["hello", "full", "l'ami"]);
    }

    #[test]
    fn addresses_handles_and_placeholders_are_no_evidence() {
        for text in [
            "<url>",
            "@user_1",
            "https://exemple.test/chemin",
            "www.exemple.test",
            "ana@exemple.test",
            "exemple.com",
            "exemple.ma/page",
        ] {
            assert_eq!(words(text).iter().filter(|w| w.2).count(), 0, "{text}");
        }
        assert_eq!(folded("fini.ma fille"), ["fini", "ma", "fille"]);
        assert_eq!(folded("a<b et c>d"), ["a", "b", "et", "c", "d"]);
    }

    #[test]
    fn main_scripts_part_words_and_homoglyphs_do_not() {
        let glued = words("لfacebook");
        assert_eq!(glued[0].0, Class::Arabic);
        assert_eq!(glued[1], (Class::Latin, "facebook".into(), true));
        assert_eq!(words("pаypal")[0], (Class::Latin, "pypal".into(), true));
        assert_eq!(words("привет")[0].0, Class::Other);
        assert_eq!(words("ⴰⵣⵓⵍ")[0].0, Class::Tifinagh);
    }

    #[test]
    fn words_reproduce_the_training_side() {
        let goldens = include_str!("../../../models/language/goldens.jsonl");
        let mut compared = 0;
        for line in goldens.lines() {
            let golden: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = golden["text"].as_str().unwrap();
            let mut reader = Words::new(text);
            let mut folded = Vec::new();
            for expected in golden["words"].as_array().unwrap() {
                let word = loop {
                    let word = reader.next_word(&mut folded).expect(text);
                    if word.evidence {
                        break word;
                    }
                };
                assert_eq!(serde_json::json!(word.range.start), expected["start"], "{text}");
                assert_eq!(serde_json::json!(word.range.end), expected["end"], "{text}");
                let class = format!("{:?}", word.class).to_lowercase();
                assert_eq!(expected["script"], class, "{text}");
                let scores = match word.class {
                    Class::Latin => super::super::weights::latin(&folded).to_vec(),
                    Class::Arabic => super::super::weights::arabic(&folded).to_vec(),
                    _ => continue,
                };
                assert_eq!(expected["word"], folded.iter().collect::<String>(), "{text}");
                for (found, expected) in scores.iter().zip(expected["scores"].as_array().unwrap()) {
                    let expected = expected.as_f64().unwrap();
                    assert!((f64::from(*found) - expected).abs() < 1e-3, "{text}: {scores:?}");
                    compared += 1;
                }
            }
            let rest = std::iter::from_fn(|| reader.next_word(&mut folded));
            assert_eq!(rest.filter(|word| word.evidence).count(), 0, "{text}");
        }
        assert!(compared > 1000);
    }
}
