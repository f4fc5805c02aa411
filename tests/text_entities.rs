//! Entities of the text room, by a set of sentences marked by hand and by properties of any text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod held;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ibaleg::text::{Entity, EntityKind, OffsetIndex, View, mentions, prepare};
use proptest::prelude::*;

#[derive(serde::Deserialize)]
struct Sentence {
    language: String,
    text: String,
    entities: Vec<Marked>,
}

/// An entity as marked: its kind, its characters, what they are, and its value where one is held.
#[derive(serde::Deserialize)]
struct Marked {
    kind: EntityKind,
    start: usize,
    end: usize,
    written: String,
    value: Option<String>,
}

/// The set that the rules were mended on, and one written afterwards.
const MARKED: &str = include_str!("text/entities.jsonl");
const UNSEEN: &str = include_str!("text/entities-unseen.jsonl");

fn sentences(set: &str) -> Vec<Sentence> {
    set.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Identifiers and mentions together, by place.
fn entities(text: &str) -> Vec<Entity> {
    let normal = prepare(text, View::Normalised);
    let mut found = normal.entities().to_vec();
    found.extend(mentions(text, &normal));
    found.sort_by_key(|entity| entity.span.start);
    found
}

#[derive(Default, Clone, Copy)]
struct Tally {
    marked: u32,
    found: u32,
    right: u32,
    /// Of the right ones, those with the value that is held.
    valued: u32,
}

impl Tally {
    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from(self.found.max(1))
    }

    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from(self.marked.max(1))
    }
}

/// By kind; an entity is right when its kind and both its ends are.
fn measure(set: &str) -> BTreeMap<EntityKind, Tally> {
    let mut tallies: BTreeMap<EntityKind, Tally> = BTreeMap::new();
    for sentence in sentences(set) {
        let index = OffsetIndex::new(&sentence.text);
        let found = entities(&sentence.text);
        for entity in &found {
            tallies.entry(entity.kind).or_default().found += 1;
        }
        for marked in &sentence.entities {
            let tally = tallies.entry(marked.kind).or_default();
            tally.marked += 1;
            let same = |entity: &&Entity| {
                entity.kind == marked.kind && index.char_span(entity.span.clone()) == (marked.start..marked.end)
            };
            if let Some(entity) = found.iter().find(same) {
                tally.right += 1;
                tally.valued += u32::from(marked.value.as_ref().is_none_or(|value| *value == entity.defanged));
            }
        }
    }
    tallies
}

fn table(tallies: &BTreeMap<EntityKind, Tally>) -> String {
    let mut table =
        String::from("| kind | marked | found | precision | recall | value right |\n|---|---|---|---|---|---|\n");
    for (kind, tally) in tallies {
        let Tally { marked, found, right, valued } = *tally;
        let value = f64::from(valued) / f64::from(right.max(1));
        let (kind, precision, recall) = (kind.as_str(), tally.precision(), tally.recall());
        writeln!(table, "| `{kind}` | {marked} | {found} | {precision:.3} | {recall:.3} | {value:.3} |").unwrap();
    }
    table
}

#[test]
fn the_marked_set_is_in_order() {
    let mut languages: BTreeMap<String, usize> = BTreeMap::new();
    for sentence in sentences(MARKED).into_iter().chain(sentences(UNSEEN)) {
        for marked in &sentence.entities {
            let written: String = sentence.text.chars().skip(marked.start).take(marked.end - marked.start).collect();
            assert_eq!(written, marked.written, "{}", sentence.text);
        }
        *languages.entry(sentence.language).or_default() += 1;
    }
    assert!(languages.values().sum::<usize>() >= 250);
    assert!(["ar", "ary", "ary-Latn", "fr", "en", "es"].iter().all(|language| languages[*language] >= 40));
}

#[test]
fn every_kind_is_found_as_marked() {
    let tallies = measure(MARKED);
    for kind in EntityKind::ALL {
        let tally = tallies[&kind];
        assert!(tally.precision() >= 0.97, "{kind:?}: precision {:.3}", tally.precision());
        assert!(tally.recall() >= 0.97, "{kind:?}: recall {:.3}", tally.recall());
        assert!(f64::from(tally.valued) >= 0.98 * f64::from(tally.right), "{kind:?}: {} values", tally.valued);
    }
    held::section("entities", &table(&tallies), "text_entities");
}

#[test]
fn sentences_that_the_rules_were_not_made_with_are_read_nearly_as_well() {
    let tallies = measure(UNSEEN);
    for (kind, tally) in tallies.iter().filter(|(_, tally)| tally.marked >= 10) {
        assert!(tally.precision() >= 0.85 && tally.recall() >= 0.85, "{kind:?}");
        assert!(tally.valued == tally.right, "{kind:?}");
    }
    held::section("entities-unseen", &table(&tallies), "text_entities");
}

#[test]
fn a_place_carries_its_region_and_nothing_else_does() {
    let found = entities("من طنجة إلى Salé، 300 dh");
    let regions: Vec<(&str, Option<&str>)> =
        found.iter().map(|entity| (entity.defanged.as_str(), entity.region.as_deref())).collect();
    assert_eq!(regions, [("Tanger", Some("MA-01")), ("Salé", Some("MA-04")), ("300 MAD", None)]);
}

#[test]
fn what_is_no_mention_is_not_taken_for_one() {
    for text in [
        "sale histoire, en casa, safi baraka, tata Zineb, العيون لا تكذب",
        "2 millions de vues, 20 alf wa7ed, مليون شخص",
        "version 2.0.1, note 18/20, 192.168.1.1, 4-1, a1b2c3",
        "3mad weld 13 3am, 11 jem3a, l'après-midi, lendemain, cada mañana",
        "31/02/2026 99:99 25h61",
        "<url> <phone> @user",
    ] {
        let found = entities(text);
        let written: Vec<&str> = found.iter().map(|entity| &text[entity.span.clone()]).collect();
        assert_eq!(written, Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn a_text_that_starts_with_a_hyphen_and_noon_does_not_panic() {
    let found = entities("-midi");
    assert_eq!((found[0].kind, found[0].defanged.as_str()), (EntityKind::Time, "12:00"));
    assert_eq!(entities("après-midi"), []);
}

/// Pieces of mentions and what surrounds them, glued at random.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "3000",
        "3 000",
        "1.500,50",
        "٣٠٠٠",
        "dh",
        "درهم",
        "€",
        "$",
        " ",
        " ",
        " ",
        "-",
        "/",
        ":",
        ".",
        ",",
        "15",
        "03",
        "2026",
        "le",
        "mars",
        "3",
        "غدا",
        "ghedda",
        "m3a",
        "8",
        "h",
        "30",
        "pm",
        "الساعة",
        "الثامنة",
        "مساء",
        "fes",
        "ف",
        "الدار",
        "البيضاء",
        "casa",
        "sidi",
        "kacem",
        "khamsin",
        "alf",
        "millions",
        "et demi",
        "½",
        "ⅷ",
        "㏂",
        "\u{301}",
        "\u{200B}",
        "<",
        ">",
        "@bob",
        "x@y.com",
        "0612345678",
        "k",
        "de",
        "'",
        "b",
        "99999999999999999999",
        "0",
        "un",
        "cent",
        "vingt",
    ]);
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

fn check(text: &str) {
    let found = entities(text);
    let mut end = 0;
    for entity in &found {
        assert!(text.get(entity.span.clone()).is_some_and(|part| !part.is_empty()), "{text:?} {entity:?}");
        assert!(entity.span.start >= end, "{text:?} {found:?}");
        assert!(!entity.defanged.is_empty() && entity.defanged.len() <= 4 * text.len() + 64, "{text:?} {entity:?}");
        end = entity.span.end;
    }
    // Reading the prepared text again finds the same; only the capital that tells Salé from "sale" is gone.
    let normal = prepare(text, View::Normalised);
    if text == normal.text() {
        return;
    }
    let again = prepare(normal.text(), View::Normalised);
    let values = |found: Vec<Entity>| -> Vec<(EntityKind, String)> {
        let certain = found.into_iter().filter(|entity| entity.kind != EntityKind::Place);
        certain.map(|entity| (entity.kind, entity.defanged)).collect()
    };
    if text.is_ascii() {
        assert_eq!(values(mentions(text, &normal)), values(mentions(normal.text(), &again)), "{text:?}");
    }
    assert!(found.len() <= text.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("TEXT_CASES").map_or(2_000, |cases| cases.parse().unwrap()), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mentions_of_any_string_lie_on_its_characters(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn mentions_of_any_mixture_of_pieces_lie_on_its_characters(text in pieces()) {
        check(&text);
    }
}
