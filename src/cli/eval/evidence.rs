//! Words shown as evidence: which they are, and the report without them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::labelled::Labelled;
use crate::evaluate::{Axes, Random, Rationale, Words, other_span};
use crate::event::{Classified, Evidence, Field};

/// The same report without the words shown for a label, and without other words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Removal {
    pub(super) label: String,
    pub(super) without_shown: [String; 2],
    pub(super) without_random: [String; 2],
}

/// Words marked by a person against words shown, for each name that applies and has marked words.
pub(super) fn rationales(report: &Labelled, event: &Classified, axes: &Axes) -> Vec<Rationale> {
    let texts = [&report.description, &report.content].map(|text| text.as_deref().unwrap_or_default());
    let words = texts.map(Words::new);
    let index = |field: usize, bytes: &Range<usize>| {
        let before = if field == 0 { 0 } else { words[0].len() };
        words[field].touched(bytes).map(move |word| before + word)
    };
    let applies = |name: &str| axes.place(name).and_then(|place| report.truth.get(place)) == Some(&Some(true));
    let marked = report.evidence.iter().filter(|(label, spans)| !spans.is_empty() && applies(label));
    marked
        .map(|(label, spans)| {
            let mut of_person = BTreeSet::new();
            for (field, text) in texts.iter().enumerate() {
                for span in spans {
                    let places = text.match_indices(span.as_str());
                    of_person.extend(places.flat_map(|(start, found)| index(field, &(start..start + found.len()))));
                }
            }
            let shown = event.evidence.iter().filter(|evidence| evidence.label == *label);
            let shown: BTreeSet<usize> = shown
                .flat_map(|evidence| {
                    let field = field(evidence);
                    index(field, &bytes(texts[field], evidence))
                })
                .collect();
            Rationale { label: label.clone(), marked: of_person, found: (!shown.is_empty()).then_some(shown) }
        })
        .collect()
}

/// For each name that the model shows words for: the report without its heaviest span, and without
/// as many other words of the same text. Names whose text has no room for a second span are left out.
pub(super) fn removals(texts: &[String; 2], event: &Classified, random: &mut Random) -> Vec<Removal> {
    let mut heaviest: BTreeMap<&str, &Evidence> = BTreeMap::new();
    for evidence in event.evidence.iter().filter(|evidence| evidence.source == "model") {
        let best = heaviest.entry(&evidence.label).or_insert(evidence);
        if evidence.weight > best.weight {
            *best = evidence;
        }
    }
    let mut removals = Vec::new();
    for (label, evidence) in heaviest {
        let place = field(evidence);
        let text = &texts[place];
        let words = Words::new(text);
        let shown = words.touched(&bytes(text, evidence));
        let Some(other) = other_span(words.len(), &shown, random) else { continue };
        let without = |span: &Range<usize>| {
            let mut shorter = texts.clone();
            if let Some(bytes) = words.bytes(span) {
                shorter[place].replace_range(bytes, "");
            }
            shorter
        };
        let (without_shown, without_random) = (without(&shown), without(&other));
        removals.push(Removal { label: label.to_owned(), without_shown, without_random });
    }
    removals
}

fn field(evidence: &Evidence) -> usize {
    match evidence.field {
        Field::Description => 0,
        Field::Content => 1,
    }
}

/// Characters of an event as bytes of the text.
fn bytes(text: &str, evidence: &Evidence) -> Range<usize> {
    let byte = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte);
    byte(evidence.start)..byte(evidence.end)
}
