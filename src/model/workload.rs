//! Texts to measure speed with.

use super::{Error, Model};

/// Words of the languages that reports are written in.
const WORDS: [&str; 16] = [
    "هذا",
    "الرجل",
    "يهددني",
    "بنشر",
    "صوري",
    "il",
    "me",
    "menace",
    "depuis",
    "hier",
    "soir",
    "wa7ed",
    "sayed",
    "baghi",
    "lflouss",
    "amenaza",
];

/// A made-up text of about `tokens` tokens for this model, and how many it has; another one for each `variant`.
/// At least one word.
pub fn text_of_tokens(model: &Model, tokens: usize, variant: usize) -> Result<(String, usize), Error> {
    let mut text = String::new();
    let mut count = 0;
    // Words are cut the same way alone as in a text, near enough.
    for index in 0.. {
        let word = WORDS.get((variant + 3 * index) % WORDS.len()).copied().unwrap_or_default();
        let more = model.tokenizer.encode(word, false)?.ids.len().max(1);
        if index > 0 && count + more > tokens {
            break;
        }
        if index > 0 {
            text.push(' ');
        }
        text.push_str(word);
        count += more;
    }
    let exact = model.tokenizer.encode(&text, false)?.ids.len();
    Ok((text, exact))
}
