//! What must hold for the text room whatever comes in; for the fuzz target and the mutated texts.

use std::ops::Range;

use super::text::{Entity, OffsetIndex, View, language, mentions, prepare};

/// Panics where a guarantee is broken.
pub fn check(original: &str) {
    let normal = check_view(original, View::Normalised);
    let redacted = check_view(original, View::Redacted);
    assert_eq!(normal, redacted, "both views find the same identifiers");
    let prepared = prepare(original, View::Normalised);
    let found = mentions(original, &prepared);
    check_spans(original, found.iter().map(|mention| mention.span.clone()));
    let mut all: Vec<Range<usize>> = found.iter().chain(&normal).map(|entity| entity.span.clone()).collect();
    all.sort_by_key(|span| span.start);
    let apart = |pair: &[Range<usize>]| pair[0].end <= pair[1].start;
    assert!(all.windows(2).all(apart) || shares_characters(&normal), "{original:?} {all:?}");
    for entity in found.iter().chain(&normal) {
        assert!(!entity.defanged.is_empty() && entity.defanged.len() <= 4 * original.len() + 64, "{original:?}");
    }
    let identified = language::identify(original);
    check_spans(original, identified.spans.iter().map(|span| span.span.clone()));
    assert!((0.0..=1.0).contains(&identified.confidence), "{original:?}");
    let index = OffsetIndex::new(original);
    assert_eq!(index.char_span(0..original.len()), 0..original.chars().count());
}

/// Two identifiers can come from one character that stands for several.
fn shares_characters(identifiers: &[Entity]) -> bool {
    identifiers.windows(2).any(|pair| pair[0].span.end > pair[1].span.start)
}

fn check_view(original: &str, view: View) -> Vec<Entity> {
    let prepared = prepare(original, view);
    let text = prepared.text();
    assert!(text.len() <= 4 * original.len(), "{view:?} {original:?} grew");
    assert_eq!(prepare(text, view).text(), text, "{view:?} {original:?} changed when prepared again");
    let mut before = 0..0;
    for (at, character) in text.char_indices() {
        let span = prepared.original_span(at..at + character.len_utf8());
        let whole = original.get(span.clone()).is_some_and(|part| !part.is_empty());
        assert!(whole && before.start <= span.start && before.end <= span.end, "{view:?} {original:?} at {at}");
        before = span;
    }
    for entity in prepared.entities() {
        assert!(original.get(entity.span.clone()).is_some_and(|part| !part.is_empty()), "{original:?} {entity:?}");
    }
    prepared.entities().to_vec()
}

/// Non-empty, on character boundaries, ascending and apart.
fn check_spans(original: &str, spans: impl Iterator<Item = Range<usize>>) {
    let mut end = 0;
    for span in spans {
        assert!(original.get(span.clone()).is_some_and(|part| !part.is_empty()), "{original:?} {span:?}");
        assert!(span.start >= end, "{original:?} {span:?}");
        end = span.end;
    }
}
