//! Mentions: what a text says of how much, when and where. They stay in the text, unlike the
//! identifiers of [`super::entities`].
//!
//! The normalised text is cut into words, numbers and marks; words are looked up in one table of
//! phrases; then, left to right, the longest amount, date, time or place that starts at each word
//! is taken. Everything is decided by a bounded number of neighbours, so that time is linear.

mod amount;
mod clock;
mod date;
mod number;
mod phrases;
mod place;
mod reader;
mod token;
mod words;

use std::ops::Range;

use sha2::{Digest, Sha256};

use self::phrases::Phrases;
use self::reader::Reader;
use super::{Entity, EntityKind, Prepared, VERSION};

/// A mention in the normalised text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mention {
    kind: EntityKind,
    /// The tokens it is made of.
    tokens: Range<usize>,
    value: String,
    region: Option<&'static str>,
}

/// The amounts, dates, times and places of `original`, ascending and apart from each other and
/// from the identifiers of `normal`; spans are bytes of `original`.
///
/// `normal` is `original` prepared as [`super::View::Normalised`]. The value of an entity is, by
/// kind: number and unit (`3000 MAD`; the number alone where no currency is named); an ISO 8601
/// date, `--MM-DD` without a year, or a day seen from the writer (`tomorrow`, `monday`); a time
/// of day (`18:00`, or `08:00|20:00` where only the context would tell); the French name.
pub fn mentions(original: &str, normal: &Prepared) -> Vec<Entity> {
    let tokens = token::tokens(normal.text(), Phrases::shipped());
    let reader = Reader { original, normal, tokens: &tokens };
    let mut found: Vec<Entity> = Vec::new();
    let mut identifiers = normal.entities().iter().map(|entity| entity.span.clone()).peekable();
    let mut at = 0;
    while at < tokens.len() {
        let Some(mention) = longest(&reader, at) else {
            at += 1;
            continue;
        };
        at = mention.tokens.end;
        let span = reader.original_span(mention.tokens);
        while identifiers.next_if(|identifier| identifier.end <= span.start).is_some() {}
        // One character of the original can stand for several of the normalised text.
        let free = identifiers.peek().is_none_or(|identifier| span.end <= identifier.start)
            && found.last().is_none_or(|last| last.span.end <= span.start);
        if free {
            let region = mention.region.map(str::to_owned);
            found.push(Entity { kind: mention.kind, span, defanged: mention.value, region });
        }
    }
    found
}

/// SHA-256, in lower-case hexadecimal, of the tables that mentions are found by.
pub fn digest() -> String {
    let mut hasher = Sha256::new();
    for part in [VERSION, &words::text(), place::FILE] {
        hasher.update(format!("{}:{part}", part.len()));
    }
    hex::encode(hasher.finalize())
}

/// The longest mention that starts at token `at`; of equally long ones the first of these kinds.
fn longest(reader: &Reader<'_>, at: usize) -> Option<Mention> {
    let token = reader.tokens.get(at)?;
    if !token.may_start() || reader.counts_nothing(at) {
        return None;
    }
    let found = [date::date(reader, at), amount::amount(reader, at), clock::time(reader, at), place::place(reader, at)];
    found.into_iter().flatten().rev().max_by_key(|mention| mention.tokens.end)
}
