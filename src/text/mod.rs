//! From one string as a citizen wrote it to the text a model reads, with a map back.
//!
//! The same code prepares training texts and reports, so that the two can't differ; [`VERSION`]
//! and [`digest`] identify it. The steps, the reasons and the guarantees are in `docs/text.md`.

pub mod arabizi;
mod character;
mod clean;
mod disguise;
mod entities;
mod fold;
pub mod language;
mod mentions;
mod offsets;
mod provenance;
mod redact;
mod runs;
mod tables;

use std::ops::Range;

pub use self::entities::{Entity, EntityKind};
pub use self::mentions::{digest as mentions_digest, mentions};
pub use self::offsets::{OffsetIndex, char_span};
pub use self::provenance::{VERSION, digest};

use self::entities::Reading;
use self::offsets::{Builder, OffsetMap};

/// Which text to prepare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// Spellings of one word brought together: for models trained on text prepared the same way.
    Normalised,
    /// The citizen's letters and case; only entities become placeholders and invisible characters
    /// go: for models trained elsewhere.
    Redacted,
}

/// A prepared text, its map back to the original and the entities of the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    text: String,
    map: OffsetMap,
    original_len: usize,
    entities: Vec<Entity>,
}

impl Prepared {
    /// The text for the tokenizer.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original that the bytes `span` of [`Self::text`] came from.
    ///
    /// Offsets inside a character widen to it, offsets beyond the text are taken as its end. A
    /// non-empty span gives a non-empty one on character boundaries; an empty span gives an empty
    /// one. Spans in order give spans in order.
    pub fn original_span(&self, span: Range<usize>) -> Range<usize> {
        let start = offsets::floor(&self.text, span.start);
        let end = offsets::ceil(&self.text, span.end);
        if span.start < span.end && start < end {
            return self.map.source(start..end);
        }
        let next = offsets::ceil(&self.text, start + 1);
        let at = if start < next { self.map.source(start..next).start } else { self.original_len };
        at..at
    }

    /// The entities of the original, ascending and apart. Both views find the same ones.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }
}

/// Prepares `original` for a model.
///
/// Time and memory are linear in its length; the result is at most four times as long. Preparing
/// a prepared text for the same view changes nothing.
pub fn prepare(original: &str, view: View) -> Prepared {
    let mut work = Work::new(original);
    let mut folded = work.fold();
    for _ in 0..MAX_ROUNDS {
        let uncovered = entities::scan(&folded.0, Reading::Folded);
        if uncovered.is_empty() {
            break;
        }
        work.replace_uncovered(uncovered, &folded.1);
        folded = work.fold();
    }
    let (text, map) = match view {
        View::Normalised => (folded.0, folded.1.after(&work.map)),
        View::Redacted => redact::redact(original, &work.replaced),
    };
    let entities = work.replaced.into_iter().map(|replaced| replaced.entity).collect();
    Prepared { text, map, original_len: original.len(), entities }
}

/// Most rounds of one search; two do for all that people write, the bound is for hostile texts.
const MAX_ROUNDS: usize = 8;

/// An entity of the original whose placeholder was put in.
#[derive(Debug)]
struct Replaced {
    entity: Entity,
    /// What the first and last character of the entity stand for besides it: `⅐` is read as `1/7`.
    before: String,
    after: String,
}

/// The text on its way, cleaned but with its case: the check sums of wallets depend on it.
struct Work {
    text: String,
    /// From `text` to the original.
    map: OffsetMap,
    /// Ascending and apart.
    replaced: Vec<Replaced>,
}

impl Work {
    fn new(original: &str) -> Self {
        let (text, map) = clean::clean(original);
        let mut work = Self { text, map, replaced: Vec::new() };
        work.settle();
        work
    }

    /// The text with words in disguise and case folded, and the map from there to here.
    fn fold(&self) -> (String, OffsetMap) {
        match disguise::join_spaced(&self.text) {
            None => fold::fold(&self.text),
            Some((joined, to_text)) => {
                let (folded, to_joined) = fold::fold(&joined);
                (folded, to_joined.after(&to_text))
            }
        }
    }

    /// Replaces entities that folding uncovered, and what their going uncovers in turn: a wallet
    /// that was glued to one.
    fn replace_uncovered(&mut self, mut uncovered: Vec<Entity>, map: &OffsetMap) {
        for entity in &mut uncovered {
            entity.span = map.source(entity.span.clone());
        }
        self.replace(uncovered);
        self.settle();
    }

    /// Replaces entities until there is none: one may hide in what was glued to another.
    fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let found = entities::scan(&self.text, Reading::Cleaned);
            if found.is_empty() {
                return;
            }
            self.replace(found);
        }
    }

    /// Puts the placeholders of `found`, whose spans are of the text, in their places.
    fn replace(&mut self, found: Vec<Entity>) {
        let mut out = Builder::with_capacity(self.text.len());
        let mut at = 0;
        let mut replaced = Vec::with_capacity(found.len());
        for entity in found {
            let Range { start, end } = entity.span;
            out.copy(self.text.get(at..start).unwrap_or_default(), at);
            out.push_block(entity.kind.placeholder(), start..end);
            at = end;
            replaced.push(self.in_original(entity));
        }
        out.copy(self.text.get(at..).unwrap_or_default(), at);
        self.merge(replaced);
        let (text, map) = out.finish();
        self.map = map.after(&self.map);
        self.text = text;
    }

    /// `entity` with its span in the original.
    fn in_original(&self, mut entity: Entity) -> Replaced {
        let span = entity.span.clone();
        entity.span = self.map.source(span.clone());
        let (head, tail) = (self.text.get(..span.start), self.text.get(span.end..));
        let mut start = span.start;
        for (at, _) in head.unwrap_or_default().char_indices().rev() {
            if self.map.source(at..start).end <= entity.span.start {
                break;
            }
            start = at;
        }
        let mut end = span.end;
        for character in tail.unwrap_or_default().chars() {
            let next = end + character.len_utf8();
            if self.map.source(end..next).start >= entity.span.end {
                break;
            }
            end = next;
        }
        let part = |range: Range<usize>| self.text.get(range).unwrap_or_default().to_owned();
        Replaced { entity, before: part(start..span.start), after: part(span.end..end) }
    }

    /// Adds `later` to what was replaced before; where it covers an earlier entity, as an address
    /// that was disguised covers the handle in it, the earlier one goes.
    fn merge(&mut self, later: Vec<Replaced>) {
        if !self.replaced.is_empty() {
            let mut covers = later.iter().map(|replaced| replaced.entity.span.clone()).peekable();
            self.replaced.retain(|earlier| {
                let span = &earlier.entity.span;
                while covers.next_if(|cover| cover.end <= span.start).is_some() {}
                covers.peek().is_none_or(|cover| span.end > cover.end || span.start < cover.start)
            });
        }
        self.replaced.extend(later);
        self.replaced.sort_by_key(|replaced| replaced.entity.span.start);
    }
}
