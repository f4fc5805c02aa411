//! What each character is to a word, and how letters are folded.
//!
//! `models/language/features.py` holds the same rules for training.

use unicode_normalization::UnicodeNormalization as _;
use unicode_script::{Script as Property, UnicodeScript as _};

/// Letters of a word that are kept: longer words add nothing, and hostile ones stay cheap.
pub(super) const MAX_LETTERS: usize = 32;

/// The script classes that the model tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Latin,
    Arabic,
    Tifinagh,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Letter(Class),
    /// Belongs to a word without being a letter of it: combining marks, tatweel, invisible controls.
    Mark,
    Digit,
    Apostrophe,
    SentenceEnd,
    Break,
}

/// What a character is to a word.
#[expect(clippy::match_same_arms, reason = "the order of the arms is the order of how common they are")]
pub(super) fn kind(c: char) -> Kind {
    match c {
        'a'..='z' | 'A'..='Z' => Kind::Letter(Class::Latin),
        '0'..='9' => Kind::Digit,
        '\'' | '\u{2019}' | '\u{02bc}' => Kind::Apostrophe,
        '.' | '!' | '?' | '\n' | '؟' | '؛' | '…' | '|' | '•' => Kind::SentenceEnd,
        '\0'..='\u{7f}' => Kind::Break,
        // The common letters first: a table look-up for each costs more than all else here.
        '\u{621}'..='\u{63f}' | '\u{641}'..='\u{64a}' => Kind::Letter(Class::Arabic),
        '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}' => Kind::Letter(Class::Latin),
        '\u{ad}'
        | '\u{610}'..='\u{61a}'
        | '\u{640}'
        | '\u{64b}'..='\u{655}'
        | '\u{6d6}'..='\u{6ed}'
        | '\u{8d3}'..='\u{8ff}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => Kind::Mark,
        _ => unicode_kind(c),
    }
}

fn unicode_kind(c: char) -> Kind {
    match c.script() {
        Property::Inherited => Kind::Mark,
        Property::Common | Property::Unknown => compatibility_kind(c),
        _ if !c.is_alphabetic() => foreign_mark(c),
        Property::Latin => Kind::Letter(Class::Latin),
        Property::Arabic => Kind::Letter(Class::Arabic),
        Property::Tifinagh => Kind::Letter(Class::Tifinagh),
        _ => Kind::Letter(Class::Other),
    }
}

/// Mathematical and circled alphabets carry no script of their own, but citizens are sent them.
fn compatibility_kind(c: char) -> Kind {
    if !c.is_alphabetic() {
        return Kind::Break;
    }
    match std::iter::once(c).nfkc().next() {
        Some(folded) if folded != c && folded.script() == Property::Latin => Kind::Letter(Class::Latin),
        _ => Kind::Break,
    }
}

/// Vowel signs and viramas of other scripts sit inside their words.
fn foreign_mark(c: char) -> Kind {
    match c.script() {
        Property::Latin | Property::Arabic | Property::Tifinagh => Kind::Break,
        _ if c.is_numeric() => Kind::Break,
        _ => Kind::Mark,
    }
}

/// Writes folded letters: lower case, alef and ya variants joined, runs of three or more cut to one.
pub(super) struct Fold<'a> {
    out: &'a mut Vec<char>,
    run: u32,
}

impl<'a> Fold<'a> {
    pub(super) fn new(out: &'a mut Vec<char>) -> Self {
        Self { out, run: 0 }
    }

    pub(super) fn last(&self) -> Option<char> {
        self.out.last().copied()
    }

    pub(super) fn push(&mut self, c: char) {
        match c {
            'أ' | 'إ' | 'آ' => return self.push_folded('ا'),
            'ى' => return self.push_folded('ي'),
            '\u{621}'..='\u{64a}' => return self.push_folded(c),
            _ if c.is_ascii() => return self.push_folded(c.to_ascii_lowercase()),
            _ => {}
        }
        // Presentation forms, full width and styled alphabets; everything else is stable already.
        if matches!(c, '\u{2100}'..='\u{24ff}' | '\u{fb50}'..='\u{feff}' | '\u{ff00}'..='\u{ffef}') || c >= '\u{1d400}'
        {
            std::iter::once(c).nfkc().for_each(|c| self.push_lower(c));
        } else {
            self.push_lower(c);
        }
    }

    fn push_lower(&mut self, c: char) {
        for c in c.to_lowercase() {
            match c {
                'أ' | 'إ' | 'آ' | 'ٱ' => self.push_folded('ا'),
                'ى' => self.push_folded('ي'),
                c if c.is_alphabetic() && !matches!(kind(c), Kind::Mark) => self.push_folded(c),
                _ => {}
            }
        }
    }

    fn push_folded(&mut self, c: char) {
        self.run = if self.last() == Some(c) { self.run + 1 } else { 1 };
        match self.run {
            3 => {
                self.out.pop();
            }
            1 | 2 if self.out.len() < MAX_LETTERS => self.out.push(c),
            _ => {}
        }
    }
}
