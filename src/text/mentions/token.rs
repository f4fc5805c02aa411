//! Cutting normalised text into words, numbers and marks.

use std::ops::Range;

use super::phrases::{Entry, Found, Phrases};
use super::words::Meaning;
use crate::text::runs::word_end;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// ASCII digits.
    Number,
    /// Letters, with the digits that stand for letters.
    Word,
    /// Anything else that is no blank.
    Mark(char),
}

/// One token with what its word may begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// First byte of the normalised text; an Arabic particle written on the word is left out.
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) shape: Shape,
    /// Whether it touches the token before it.
    pub(super) glued: bool,
    /// The particle written on the word.
    pub(super) particle: Option<char>,
    pub(super) entries: &'static [Entry],
}

impl Token {
    /// Its bytes in the normalised text.
    pub(super) fn bytes(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether a mention can start here.
    pub(super) fn may_start(&self) -> bool {
        match self.shape {
            Shape::Number => true,
            Shape::Word => self.entries.first().is_some_and(|entry| entry.meaning.may_start()),
            Shape::Mark(mark) => matches!(mark, '$' | '€' | '£'),
        }
    }
}

/// The tokens of `text`, which is normalised.
pub(super) fn tokens(text: &str, phrases: &'static Phrases) -> Vec<Token> {
    let mut cutter = Cutter { text, phrases, tokens: Vec::with_capacity(text.len() / 6), end: usize::MAX };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b' ' {
            at += 1;
            continue;
        }
        let end = word_end(text, at);
        if end > at {
            cutter.run(at, end);
            at = end;
            continue;
        }
        let Some(mark) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            break;
        };
        let end = at + mark.len_utf8();
        cutter.push(at, end, Shape::Mark(mark));
        at = end;
    }
    cutter.tokens
}

/// Fewest digits after a letter that make it a word of its own: `b200`, not `b9it`.
const MIN_AFTER_LETTER: usize = 2;

struct Cutter<'a> {
    text: &'a str,
    phrases: &'static Phrases,
    tokens: Vec<Token>,
    /// End of the last token.
    end: usize,
}

impl Cutter<'_> {
    fn push(&mut self, start: usize, end: usize, shape: Shape) {
        let word = self.text.get(start..end).unwrap_or_default();
        let Found { skipped, particle, entries } = match shape {
            Shape::Word => self.phrases.find(word),
            Shape::Number | Shape::Mark(_) => Found::default(),
        };
        let glued = self.end == start;
        self.end = end;
        let entries = if self.seeks_place(word, entries) { self.phrases.find_sound(word) } else { entries };
        // Longer texts than four gigabytes are read up to there.
        let (Ok(start), Ok(end)) = (u32::try_from(start + skipped), u32::try_from(end)) else {
            return;
        };
        self.tokens.push(Token { start, end, shape, glued, particle, entries });
    }

    /// Whether `word` is unknown and in Latin letters, after a Darija word that places follow: then
    /// the spelling of a name is forgiven.
    fn seeks_place(&self, word: &str, entries: &[Entry]) -> bool {
        const MIN_NAME: usize = 5;
        let near = |entry: &Entry| entry.rest.is_empty() && entry.meaning == Meaning::Near { strong: true };
        entries.is_empty()
            && word.len() >= MIN_NAME
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && self.tokens.last().is_some_and(|before| before.entries.iter().any(near))
    }

    /// A run of letters and digits: one word, or a number with what is written on it.
    fn run(&mut self, start: usize, end: usize) {
        let run = self.text.get(start..end).unwrap_or_default();
        let bytes = run.as_bytes();
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            return self.number(start, end, digits);
        }
        if !bytes.iter().any(u8::is_ascii_digit) {
            return self.push(start, end, Shape::Word);
        }
        let letters = run.find(|c: char| c.is_ascii_digit()).unwrap_or(run.len());
        let tail = bytes.get(letters..).unwrap_or_default();
        let digits = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let word = run.get(..letters).unwrap_or_default();
        let apart = match word {
            "f" | "b" | "l" | "d" => digits >= MIN_AFTER_LETTER,
            _ => !word.is_ascii() || (digits == tail.len() && self.phrases.is_currency(word)),
        };
        if apart {
            self.push(start, start + letters, Shape::Word);
            self.number(start + letters, end, digits);
        } else {
            self.push(start, end, Shape::Word);
        }
    }

    /// A run that starts with `digits` digits.
    fn number(&mut self, start: usize, end: usize, digits: usize) {
        let number = start + digits;
        let tail = self.text.get(number..end).unwrap_or_default();
        if tail.is_empty() {
            return self.push(start, number, Shape::Number);
        }
        let minutes = tail.strip_prefix('h').filter(|rest| rest.len() == 2);
        if minutes.is_some_and(|minutes| minutes.bytes().all(|byte| byte.is_ascii_digit())) {
            self.push(start, number, Shape::Number);
            self.push(number, number + 1, Shape::Word);
            return self.push(number + 1, end, Shape::Number);
        }
        // "3mad" is a name.
        let name = tail == "mad" && digits < MIN_AFTER_LETTER;
        if !tail.starts_with(|c: char| c.is_ascii()) || (self.phrases.is_unit(tail) && !name) {
            self.push(start, number, Shape::Number);
            self.push(number, end, Shape::Word);
        } else {
            self.push(start, end, Shape::Word);
        }
    }
}
