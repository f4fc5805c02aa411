//! Looking at tokens and their neighbours.

use std::ops::Range;

use super::token::{Shape, Token};
use super::words::Meaning;
use crate::text::Prepared;

/// The tokens of one text with the text they are of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) original: &'a str,
    pub(super) normal: &'a Prepared,
    pub(super) tokens: &'a [Token],
}

impl<'a> Reader<'a> {
    pub(super) fn token(&self, at: usize) -> Option<&'a Token> {
        self.tokens.get(at)
    }

    /// Text of a token, a particle written on it left out.
    pub(super) fn text(&self, at: usize) -> &'a str {
        self.token(at).and_then(|token| self.normal.text().get(token.bytes())).unwrap_or_default()
    }

    /// The digits of token `at`, if it is a number.
    pub(super) fn digits(&self, at: usize) -> Option<&'a str> {
        self.token(at).filter(|token| token.shape == Shape::Number).map(|_| self.text(at))
    }

    /// The number at `at`, if it has one to `most` digits.
    pub(super) fn small(&self, at: usize, most: usize) -> Option<u32> {
        self.digits(at).filter(|digits| digits.len() <= most)?.parse().ok()
    }

    pub(super) fn is_mark(&self, at: usize, mark: char) -> bool {
        self.token(at).is_some_and(|token| token.shape == Shape::Mark(mark))
    }

    /// Whether token `at` touches the one before it.
    pub(super) fn glued(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| token.glued)
    }

    /// Whether the word at `at` is only a number (`a`, `one`, `un`) and neither neighbour has a
    /// meaning: most articles are spared the rest.
    pub(super) fn counts_nothing(&self, at: usize) -> bool {
        let Some(token) = self.token(at).filter(|token| token.shape == Shape::Word) else {
            return false;
        };
        let number = |meaning: Meaning| matches!(meaning, Meaning::Numeral(_)) || !meaning.may_start();
        let silent = |at: Option<usize>| {
            let token = at.and_then(|at| self.token(at));
            token.is_none_or(|token| token.shape == Shape::Word && token.entries.is_empty())
        };
        token.entries.iter().all(|entry| entry.rest.is_empty() && number(entry.meaning))
            && silent(at.checked_sub(1))
            && silent(Some(at + 1))
    }

    /// The longest phrase from `at` on that `pick` wants, and the token after it.
    pub(super) fn phrase<T>(&self, at: usize, pick: impl Fn(Meaning) -> Option<T>) -> Option<(T, usize)> {
        let entries = self.token(at)?.entries.iter();
        entries
            .filter_map(|entry| Some((pick(entry.meaning)?, self.follow(at + 1, &entry.rest)?)))
            .max_by_key(|(_, end)| *end)
    }

    /// Whether a phrase of this meaning starts at `at`; the token after it.
    pub(super) fn skip(&self, at: usize, test: impl Fn(Meaning) -> bool) -> Option<usize> {
        self.phrase(at, |meaning| test(meaning).then_some(())).map(|((), end)| end)
    }

    /// Whether one word with this meaning ends right before `at`.
    pub(super) fn before(&self, at: usize, test: impl Fn(Meaning) -> bool) -> bool {
        // "de la", "dans les": the meaning may begin two words back.
        let starts = [at.checked_sub(1), at.checked_sub(2), at.checked_sub(3)];
        starts.into_iter().flatten().any(|start| {
            let entries = self.token(start).map_or(&[][..], |token| token.entries);
            entries.iter().any(|entry| test(entry.meaning) && self.follow(start + 1, &entry.rest) == Some(at))
        })
    }

    /// The token after the words `rest` from `at` on; hyphens, apostrophes and the points of abbreviations between them are passed over.
    fn follow(&self, mut at: usize, rest: &[Box<str>]) -> Option<usize> {
        for word in rest {
            let dotted = |at: usize| self.is_mark(at, '.') && self.glued(at) && self.glued(at + 1);
            while self.is_mark(at, '-') || self.is_mark(at, '\'') || dotted(at) {
                at += 1;
            }
            let token = self.token(at)?;
            let Range { start, end } = token.bytes();
            let start = start - token.particle.map_or(0, char::len_utf8);
            let same = self.normal.text().get(start..end).is_some_and(|written| written == &**word);
            if !same {
                return None;
            }
            at += 1;
        }
        Some(at)
    }

    /// Bytes of the original that `tokens` (not empty) came from.
    pub(super) fn original_span(&self, tokens: Range<usize>) -> Range<usize> {
        let start = self.token(tokens.start).map_or(0, |token| token.bytes().start);
        let end = self.token(tokens.end.saturating_sub(1)).map_or(start, |token| token.bytes().end);
        self.normal.original_span(start..end)
    }

    /// Whether the token is written with a capital or an accent in the original.
    pub(super) fn is_marked_name(&self, at: usize) -> bool {
        let span = self.original_span(at..at + 1);
        let written = self.original.get(span).unwrap_or_default();
        written.starts_with(char::is_uppercase) || (self.text(at).is_ascii() && !written.is_ascii())
    }

    /// Whether a sentence or clause can end here: nothing follows, or a mark, or a word that goes
    /// on with something else.
    pub(super) fn closes(&self, at: usize) -> bool {
        let Some(token) = self.token(at) else {
            return true;
        };
        match token.shape {
            Shape::Mark(mark) => !matches!(mark, '%' | '/' | '\'' | '-' | '.' | ',') || !self.glued(at + 1),
            Shape::Number => false,
            Shape::Word => {
                let goes_on = |meaning| {
                    let follows = matches!(meaning, Meaning::Follows | Meaning::And | Meaning::Near { .. });
                    follows || matches!(meaning, Meaning::Day(_) | Meaning::Part(_) | Meaning::At)
                };
                // "two millions of ...": people, views.
                let counts = self.skip(at, |meaning| meaning == Meaning::Of).is_some();
                token.particle.is_some_and(|particle| matches!(particle, 'و' | 'ف' | 'ب'))
                    || (!counts && self.skip(at, goes_on).is_some())
            }
        }
    }
}
