//! Which language and script a citizen wrote in, for a whole text and for each stretch of it.
//!
//! Words are scored by a linear model over hashed character n-grams (`models/language`), one table
//! for Latin and one for Arabic letters, and smoothed into spans by a hidden Markov model. Tifinagh
//! is Tamazight and any other script is [`Language::Other`] without a model. URLs, e-mail
//! addresses, handles, placeholders, digits and emoji are no evidence; an Arabizi digit inside a
//! Latin word ("3afak") is a letter of it.
//!
//! A span is [`Language::Unknown`] when the mean probability of its language, weighted by letters,
//! is below 0.6. A text is unknown when most of its letters are in unknown spans, and, with all its
//! spans, when it has fewer than three letters that are evidence.
//!
//! Time is linear in the text; beside the spans, memory does not depend on it.

mod chain;
mod letters;
mod names;
mod weights;
mod words;

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use chain::{Chain, Observation};
use letters::{Class, MAX_LETTERS};
pub use names::{Error, Language, Script};
use weights::{ARABIC_CLASSES, LATIN_CLASSES};
use words::{Word, Words};

/// Letters that must be evidence before a text gets a language.
const MIN_LETTERS: u32 = 3;
/// Mean probability below which a span is [`Language::Unknown`].
const MIN_CONFIDENCE: f32 = 0.6;
/// Share of the letters from which one script names the text's script.
const MAIN_SCRIPT: f32 = 0.8;
/// Words smoothed at once.
const BLOCK: usize = 512;

const LATIN: [(Language, f32); LATIN_CLASSES] = [
    (Language::AryLatn, 0.23),
    (Language::Zgh, 0.04),
    (Language::Fr, 0.23),
    (Language::En, 0.19),
    (Language::Es, 0.19),
    (Language::Other, 0.04),
    (Language::Other, 0.04),
    (Language::Other, 0.04),
];
const ARABIC: [(Language, f32); ARABIC_CLASSES] =
    [(Language::Ar, 0.47), (Language::Ary, 0.47), (Language::Zgh, 0.03), (Language::Other, 0.03)];

impl From<Class> for Script {
    fn from(class: Class) -> Self {
        match class {
            Class::Latin => Self::Latin,
            Class::Arabic => Self::Arabic,
            Class::Tifinagh => Self::Tifinagh,
            Class::Other => Self::Other,
        }
    }
}

/// What [`identify`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Identification {
    /// The language with most letters.
    pub language: Language,
    /// The script of the letters that are evidence.
    pub script: Script,
    /// Mean probability of the language over its words, weighted by letters; 0 without evidence.
    /// For [`Language::Unknown`], that of the best guess.
    pub confidence: f32,
    /// In text order, without overlap; every letter of the text lies in one.
    pub spans: Vec<LanguageSpan>,
}

/// A stretch of words in one language and script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageSpan {
    /// Bytes of the text, from the first letter to the last.
    pub span: Range<usize>,
    /// Its language.
    pub language: Language,
    /// Its script; never [`Script::Mixed`] or [`Script::None`].
    pub script: Script,
}

/// SHA-256 of the model file, in lower-case hexadecimal.
pub fn digest() -> String {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(weights::FILE) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Finds the language and script of a text as its writer left it.
///
/// A single foreign word inside a sentence is a loan, not a span; a URL or handle joins the span
/// before it.
pub fn identify(text: &str) -> Identification {
    let mut words = Words::new(text);
    let mut reader = Reader::new();
    let mut folded = Vec::with_capacity(MAX_LETTERS);
    while let Some(word) = words.next_word(&mut folded) {
        reader.read(word, &folded);
    }
    reader.finish()
}

/// Probabilities of one word's language.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Latin(usize),
    Arabic(usize),
    Certain(Language),
    Neutral,
}

struct Reader {
    latin: Chain<LATIN_CLASSES>,
    arabic: Chain<ARABIC_CLASSES>,
    block: Vec<(Word, Slot)>,
    latin_words: Vec<Observation<LATIN_CLASSES>>,
    arabic_words: Vec<Observation<ARABIC_CLASSES>>,
    spans: Vec<Stretch>,
}

/// A span while it grows.
#[derive(Debug)]
struct Stretch {
    span: LanguageSpan,
    letters: u32,
    /// Letters times the probability of the language.
    mass: f32,
}

impl Reader {
    fn new() -> Self {
        Self {
            latin: Chain::new(LATIN.map(|(_, prior)| prior)),
            arabic: Chain::new(ARABIC.map(|(_, prior)| prior)),
            block: Vec::new(),
            latin_words: Vec::new(),
            arabic_words: Vec::new(),
            spans: Vec::new(),
        }
    }

    fn read(&mut self, word: Word, folded: &[char]) {
        let starts_sentence = word.starts_sentence;
        let slot = match word.class {
            _ if !word.evidence => Slot::Neutral,
            Class::Latin => {
                self.latin_words.push(Observation { scores: weights::latin(folded), starts_sentence });
                Slot::Latin(self.latin_words.len() - 1)
            }
            Class::Arabic => {
                self.arabic_words.push(Observation { scores: weights::arabic(folded), starts_sentence });
                Slot::Arabic(self.arabic_words.len() - 1)
            }
            Class::Tifinagh => Slot::Certain(Language::Zgh),
            Class::Other => Slot::Certain(Language::Other),
        };
        self.block.push((word, slot));
        if self.block.len() == BLOCK {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.latin.smooth(&mut self.latin_words);
        self.arabic.smooth(&mut self.arabic_words);
        for (word, slot) in self.block.drain(..) {
            let decision = match slot {
                Slot::Latin(at) => Some(likeliest(&LATIN, &self.latin_words[at].scores)),
                Slot::Arabic(at) => Some(likeliest(&ARABIC, &self.arabic_words[at].scores)),
                Slot::Certain(language) => Some((language, 1.0)),
                Slot::Neutral => None,
            };
            append(&mut self.spans, &word, decision);
        }
        self.latin_words.clear();
        self.arabic_words.clear();
    }

    fn finish(mut self) -> Identification {
        self.flush();
        let evidence: u32 = self.spans.iter().map(|stretch| stretch.letters).sum();
        let script = main_script(&self.spans, evidence);
        for stretch in &mut self.spans {
            if evidence < MIN_LETTERS || stretch.confidence() < MIN_CONFIDENCE {
                stretch.span.language = Language::Unknown;
            }
        }
        let (language, confidence) = main_language(&self.spans);
        Identification { language, script, confidence, spans: joined(self.spans) }
    }
}

impl Stretch {
    fn confidence(&self) -> f32 {
        ratio(self.mass, self.letters)
    }
}

fn ratio(part: f32, letters: u32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a share needs no exact count")]
    let whole = letters.max(1) as f32;
    (part / whole).min(1.0)
}

/// The language with the highest summed probability: `Other` has several states.
fn likeliest<const N: usize>(states: &[(Language, f32); N], probabilities: &[f32; N]) -> (Language, f32) {
    let mut best = (Language::Unknown, 0.0);
    let (mut language, mut sum) = best;
    // States of one language stand together.
    for (&(of, _), probability) in states.iter().zip(probabilities) {
        sum = if of == language { sum + probability } else { *probability };
        language = of;
        if sum > best.1 {
            best = (language, sum);
        }
    }
    best
}

/// Extends the last span by a word or opens a new one; without a decision the last span goes on.
fn append(spans: &mut Vec<Stretch>, word: &Word, decision: Option<(Language, f32)>) {
    let script = Script::from(word.class);
    let letters = if decision.is_some() { word.letters } else { 0 };
    #[expect(clippy::cast_precision_loss, reason = "a share needs no exact count")]
    let mass = decision.map_or(0.0, |(_, probability)| letters as f32 * probability);
    if let Some(last) = spans.last_mut() {
        let undecided = last.letters == 0;
        let same = decision.is_none_or(|(language, _)| last.span.language == language && last.span.script == script);
        if undecided || same {
            last.span.span.end = word.range.end;
            last.letters += letters;
            last.mass += mass;
            if let (true, Some((language, _))) = (undecided, decision) {
                last.span.language = language;
                last.span.script = script;
            }
            return;
        }
    }
    spans.push(Stretch {
        span: LanguageSpan {
            span: word.range.clone(),
            language: decision.map_or(Language::Unknown, |(language, _)| language),
            script,
        },
        letters,
        mass,
    });
}

fn main_script(spans: &[Stretch], evidence: u32) -> Script {
    if spans.is_empty() {
        return Script::None;
    }
    let mut best = (Script::None, 0);
    for script in Script::ALL {
        let of_script = spans.iter().filter(|s| s.span.script == script);
        let letters = of_script.map(|s| s.letters).sum();
        if letters > best.1 {
            best = (script, letters);
        }
    }
    match best {
        (Script::None, _) => Script::Latin,
        #[expect(clippy::cast_precision_loss, reason = "a share needs no exact count")]
        (script, letters) if ratio(letters as f32, evidence) >= MAIN_SCRIPT => script,
        _ => Script::Mixed,
    }
}

fn main_language(spans: &[Stretch]) -> (Language, f32) {
    let mut best = (Language::Unknown, 0.0);
    let mut most = 0;
    for language in Language::ALL {
        let of_language = || spans.iter().filter(|s| s.span.language == language);
        let letters = of_language().map(|s| s.letters).sum();
        if letters > most {
            most = letters;
            best = (language, ratio(of_language().map(|s| s.mass).sum(), letters));
        }
    }
    best
}

/// Joins neighbours that became alike when their languages turned out unknown.
fn joined(stretches: Vec<Stretch>) -> Vec<LanguageSpan> {
    let mut spans: Vec<LanguageSpan> = Vec::with_capacity(stretches.len());
    for Stretch { span: next, .. } in stretches {
        match spans.last_mut() {
            Some(last) if last.language == next.language && last.script == next.script => {
                last.span.end = next.span.end;
            }
            _ => spans.push(next),
        }
    }
    spans
}
