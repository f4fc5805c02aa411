//! Language identification through the public surface: everyday texts, abstention, spans, and
//! what must hold for any text at all.

use ibaleg::text::language::{Identification, Language, Script, digest, identify};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use unicode_script::UnicodeScript as _;

fn has_script(c: char) -> bool {
    use unicode_script::Script as Property;
    !matches!(c.script(), Property::Common | Property::Inherited | Property::Unknown)
}

/// Unicode counts these signs as alphabetic; without a letter before them they belong to no word.
fn is_quranic_mark(c: char) -> bool {
    matches!(c, '\u{610}'..='\u{61a}' | '\u{6d6}'..='\u{6ed}' | '\u{8d3}'..='\u{8ff}')
}

fn assert_well_formed(text: &str, found: &Identification) {
    assert!((0.0..=1.0).contains(&found.confidence), "{}", found.confidence);
    let mut end = 0;
    for span in &found.spans {
        assert!(span.span.start >= end && span.span.end > span.span.start);
        assert!(text.is_char_boundary(span.span.start) && text.is_char_boundary(span.span.end));
        assert!(!matches!(span.script, Script::Mixed | Script::None));
        end = span.span.end;
    }
    for (at, c) in text.char_indices() {
        let letter = c.is_alphabetic() && !is_quranic_mark(c) && has_script(c);
        let covered = found.spans.iter().any(|s| s.span.contains(&at));
        assert!(!letter || covered, "{c:?} at {at} is in no span");
    }
    assert_eq!(found.spans.is_empty(), found.script == Script::None);
}

#[test]
fn everyday_sentences() {
    for (language, script, text) in [
        (Language::Ar, Script::Arabic, "أريد أن أبلغ عن شخص يهددني بنشر صوري"),
        (Language::Ary, Script::Arabic, "واش كاين شي حد يعاوني راه نصبو عليا"),
        (Language::AryLatn, Script::Latin, "3afakom had siyed nsab 3liya w hreb b flousi"),
        (Language::Fr, Script::Latin, "jé acheté un telephone et le vendeur ma bloké"),
        (Language::En, Script::Latin, "someone stole my account and asks my friends for money"),
        (Language::Es, Script::Latin, "me han robado la cuenta y piden dinero a mis amigos"),
        (Language::Zgh, Script::Tifinagh, "ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ"),
        (Language::Zgh, Script::Latin, "azul fellawen ur ssingh mad skergh"),
        (Language::Other, Script::Latin, "ich weiß nicht, was ich machen soll"),
        (Language::Other, Script::Other, "помогите пожалуйста"),
    ] {
        let found = identify(text);
        assert_eq!((found.language, found.script), (language, script), "{text}");
        assert_eq!(found.spans.len(), 1, "{text}");
    }
}

#[test]
fn too_little_text_is_unknown() {
    for text in ["", "  ", "a", "ok", "12:30", "😡😡", "<url>", "@user_1", "https://exemple.test/fr"] {
        let found = identify(text);
        assert_eq!(found.language, Language::Unknown, "{text}");
        assert_well_formed(text, &found);
    }
    assert_eq!(identify("😡 123 <").script, Script::None);
}

#[test]
fn placeholders_and_digits_change_nothing() {
    let plain = identify("le vendeur ne répond plus depuis hier");
    let marked = identify("le vendeur @user_1 ne répond plus <phone> depuis hier 12 345 <url>");
    assert_eq!((marked.language, marked.spans.len()), (plain.language, 1));
    assert!((marked.confidence - plain.confidence).abs() < 1e-6);
}

#[test]
fn a_switched_sentence_is_split_where_the_language_changes() {
    let text = "Le patron m'a écrit hier soir : غادي نخرج عليك إلا هضرتي. Que dois-je faire ?";
    let found = identify(text);
    let spans: Vec<_> = found.spans.iter().map(|s| (s.language, &text[s.span.clone()])).collect();
    assert_eq!(
        spans,
        [
            (Language::Fr, "Le patron m'a écrit hier soir"),
            (Language::Ary, "غادي نخرج عليك إلا هضرتي"),
            (Language::Fr, "Que dois-je faire"),
        ]
    );
    assert_eq!((found.language, found.script), (Language::Fr, Script::Mixed));
}

#[test]
fn the_digest_is_the_model_files() {
    let file = include_bytes!("../models/language/language.bin");
    let bytes = Sha256::digest(file);
    let hex = digest();
    assert_eq!(hex.len(), 64);
    for (at, byte) in bytes.iter().enumerate() {
        assert_eq!(u8::from_str_radix(&hex[2 * at..2 * at + 2], 16), Ok(*byte));
    }
}

#[test]
fn a_megabyte_of_anything_is_read() {
    for unit in [
        "a",
        "3",
        "3a",
        "ا",
        "<",
        "@",
        "a.",
        "://",
        "أa",
        "aа",
        "\u{300}",
        "\u{fdfa}",
        "ⴰ ",
        "<a",
        "a@",
        "a\u{200d}",
        "'a",
        "www.",
        "a ا ",
    ] {
        let text = unit.repeat(1_000_000 / unit.len());
        let found = identify(&text);
        let end = found.spans.last().map_or(0, |span| span.span.end);
        assert!(end <= text.len(), "{unit}");
    }
}

proptest! {
    #[test]
    fn any_text_is_well_formed(text in any::<String>()) {
        assert_well_formed(&text, &identify(&text));
    }

    #[test]
    fn any_mixture_of_what_citizens_write_is_well_formed(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "salam", "3afak", "bzaaaf", "واش", "الســلام", "ⴰⵣⵓⵍ", "c'est", "the", "niño", "<url>", "@user",
            "<", "@", " ", "\n", ".", "9", "12", "а", "привет", "\u{200f}", "\u{301}", "x@y.com", "'", "😡",
        ]), 0..40)
    ) {
        let text = pieces.concat();
        let found = identify(&text);
        assert_well_formed(&text, &found);
        prop_assert_eq!(&found, &identify(&text));
    }
}
