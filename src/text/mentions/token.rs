//! Cutting normalised text into words, numbers and marks.

use super::phrases::{Entry, Found, Phrases};

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
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) shape: Shape,
    /// Whether it touches the token before it.
    pub(super) glued: bool,
    /// The particle written on the word.
    pub(super) particle: Option<char>,
    pub(super) entries: &'static [Entry],
}

impl Token {
    /// Whether a mention can start here.
    pub(super) fn may_start(&self) -> bool {
        match self.shape {
            Shape::Number => true,
            Shape::Word => !self.entries.is_empty(),
            Shape::Mark(mark) => matches!(mark, '$' | '€' | '£'),
        }
    }
}

/// The tokens of `text`, which is normalised.
pub(super) fn tokens(text: &str, phrases: &'static Phrases) -> Vec<Token> {
    let mut cutter = Cutter { text, phrases, tokens: Vec::with_capacity(text.len() / 4), end: usize::MAX };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b' ' {
            at += 1;
            continue;
        }
        let end = run_end(text, at);
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

/// End of the letters and digits from `at` on.
fn run_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = at;
    while let Some(&byte) = bytes.get(end) {
        if byte.is_ascii_alphanumeric() {
            end += 1;
            continue;
        }
        // Two bytes in UTF-8 begin so in Latin and in Arabic; nearly all of them are letters.
        if byte.is_ascii() {
            break;
        }
        match text.get(end..).and_then(|rest| rest.chars().next()) {
            Some(character) if character.is_alphanumeric() => end += character.len_utf8(),
            _ => break,
        }
    }
    end
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
        self.tokens.push(Token { start: start + skipped, end, shape, glued, particle, entries });
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
