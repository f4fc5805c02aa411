//! Behaviour of the text room through its public surface.

use std::ops::Range;

use ibaleg::text::{Entity, EntityKind, OffsetIndex, Prepared, View, char_span, digest, prepare};
use proptest::prelude::*;

#[path = "text/reference.rs"]
mod reference;

const VIEWS: [View; 2] = [View::Normalised, View::Redacted];

fn normalised(original: &str) -> String {
    prepare(original, View::Normalised).text().to_owned()
}

fn redacted(original: &str) -> String {
    prepare(original, View::Redacted).text().to_owned()
}

/// Every guarantee that holds for any string.
fn check(original: &str, view: View) {
    let prepared = prepare(original, view);
    let text = prepared.text();
    assert!(text.len() <= 4 * original.len(), "{view:?} {original:?} grew to {text:?}");
    let again = prepare(text, view);
    assert_eq!(again.text(), text, "{view:?} {original:?}");
    let mut before = 0..0;
    for (at, character) in text.char_indices() {
        let span = prepared.original_span(at..at + character.len_utf8());
        check_span(original, &span);
        assert!(before.start <= span.start && before.end <= span.end, "{view:?} {original:?} at {at}");
        before = span;
    }
    if !text.is_empty() {
        check_span(original, &prepared.original_span(0..text.len()));
    }
    check_entities(original, &prepared);
}

fn check_span(original: &str, span: &Range<usize>) {
    let part = original.get(span.clone());
    assert!(part.is_some_and(|part| !part.is_empty()), "{original:?} {span:?}");
}

fn check_entities(original: &str, prepared: &Prepared) {
    let mut before = 0..0;
    for entity in prepared.entities() {
        check_span(original, &entity.span);
        assert!(before.start <= entity.span.start && before.end <= entity.span.end, "{original:?}");
        before = entity.span.clone();
    }
}

/// Pieces people write, glued at random.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "https://evil.example/a?b=c",
        "http://",
        "hxxps://x.y",
        "www.",
        "evil.com",
        "avito.ma",
        "t.me/x",
        "bob@mail.com",
        "@bob",
        "@محمد",
        "@",
        "@user",
        "<url>",
        "<phone>",
        "0612345678",
        "+212 6 12 34 56 78",
        "00212",
        "06.12.34.56.78",
        "4111 1111 1111 1111",
        "MA64 0115 1900 0001 2050 0053 4921",
        "FR14 2004 1010 0505 0001 3M02 606",
        "011519000001205000534921",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "d a 3 e c h",
        "d.a.e.s.h",
        "د ا ع ش",
        "a-b-c-d",
        "bzaaaaaf",
        "بزاااااف",
        "مُحَمَّدـــ",
        "أإآٱىةؤئکیگ",
        "ﷲ",
        "ﻻ",
        "ﷺ",
        "٠٦١٢٣٤٥٦٧٨",
        "dаеsh",
        "жиpный",
        "Straße",
        "İSTANBUL",
        "œuvre",
        "l'été",
        "mañana",
        "ⴰⵣⵓⵍ",
        "🙂",
        "👨‍👩‍👧",
        "1️⃣",
        "\u{200B}",
        "\u{202E}",
        "\u{AD}",
        "\u{FEFF}",
        "e\u{301}",
        "\u{336}",
        "\u{3099}",
        "\u{338}",
        "か",
        " ",
        "  ",
        "\n",
        "\0",
        "\t",
        ".",
        ",",
        ":",
        "/",
        "-",
        "+",
        "(",
        ")",
        "_",
        "'",
        "’",
        "«",
        "…",
        "a",
        "b",
        "0",
        "6",
        "12",
        "htttp://",
        "exxxample.commm",
        "℀",
        "㏂",
        "⑴",
        "wa7ed sayed kayhdedni",
        "صيفط ليا",
        "ERIC",
        "http",
        "https",
    ])
    .prop_map(str::to_owned);
    prop_oneof![8 => fixed, 1 => any::<char>().prop_map(String::from), 1 => "[a-zA-Z0-9@.:/ +_-]{1,12}", 1 => "[\u{600}-\u{6FF}]{1,6}"]
}

fn realistic() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_string_keeps_every_guarantee(original in any::<String>()) {
        VIEWS.iter().for_each(|view| check(&original, *view));
    }

    #[test]
    fn any_mixture_of_real_pieces_keeps_every_guarantee(original in realistic()) {
        VIEWS.iter().for_each(|view| check(&original, *view));
    }

    #[test]
    fn the_normalised_text_is_that_of_the_plain_reference(original in realistic()) {
        prop_assert_eq!(normalised(&original), reference::normalised(&original));
    }

    #[test]
    fn the_normalised_text_of_any_string_is_that_of_the_plain_reference(original in any::<String>()) {
        prop_assert_eq!(normalised(&original), reference::normalised(&original));
    }

    #[test]
    fn both_views_find_the_same_entities(original in realistic()) {
        let (one, other) = (prepare(&original, View::Normalised), prepare(&original, View::Redacted));
        prop_assert_eq!(one.entities(), other.entities());
    }

    #[test]
    fn scalar_spans_agree_with_counting(original in any::<String>(), cuts in any::<(prop::sample::Index, prop::sample::Index)>()) {
        let boundaries: Vec<usize> = (0..=original.len()).filter(|at| original.is_char_boundary(*at)).collect();
        let (a, b) = (*cuts.0.get(&boundaries), *cuts.1.get(&boundaries));
        let span = a.min(b)..a.max(b);
        let expected = original[..span.start].chars().count()..original[..span.end].chars().count();
        prop_assert_eq!(char_span(&original, span.clone()), expected.clone());
        prop_assert_eq!(OffsetIndex::new(&original).char_span(span), expected);
    }
}
