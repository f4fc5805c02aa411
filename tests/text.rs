//! Behaviour of the text room through its public surface.

use std::ops::Range;

use ibaleg::text::{EntityKind, OffsetIndex, Prepared, View, char_span, digest, prepare};
use proptest::prelude::*;

#[expect(unreachable_pub, reason = "a module of a test")]
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

fn check_both(original: &str) {
    for view in VIEWS {
        check(original, view);
    }
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
        "еvil.com",
        "bоb@mail.com",
        "@bоb",
        "evil.coм",
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

/// Texts as they come in, in every language, and what a model reads.
const SAMPLES: &[(&str, &str)] = &[
    (
        "واحد صيفط ليا التصاور ديالي فالواتساب 0612-345678 و قالّي خلّصني 5000 درهـــم",
        "واحد صيفط ليا التصاور ديالي فالواتساب <phone> و قالي خلصني 5000 درهم",
    ),
    (
        "wa7ed sayed kayhdedni b tsawri, 3afakom 3awnoooooni @wa7ed_99",
        "wa7ed sayed kayhdedni b tsawri, 3afakom 3awnooni @user",
    ),
    (
        "J’ai payé 3 200 DH sur « https://arnaque.example/p?id=9 » — c’est une ARNAQUE…",
        "j'ai paye 3 200 dh sur \" <url> \" - c'est une arnaque...",
    ),
    ("¿Me envió su IBAN: ES91 2100 0418 4502 0005 1332 y mañana?", "¿me envio su iban: <iban> y manana?"),
    (
        "send 0.2 BTC to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa or mail Bob@Evil.com!",
        "send 0.2 btc to <wallet> or mail <email>!",
    ),
    ("ⵜⴰⵎⴰⵣⵉⵖⵜ d.a.e.s.h د ا ع ش dаеsh 🔥🔥", "ⵜⴰⵎⴰⵣⵉⵖⵜ daesh داعش daesh 🔥🔥"),
    ("أختي الآن إلى مكتبةٍ على ٱلله، رقم ٠٦١٢٣٤٥٦٧٨؟", "اختي الان الي مكتبه علي الله, رقم <phone>?"),
];

#[test]
fn samples_of_every_language_read_as_written_down_here() {
    for (original, expected) in SAMPLES {
        assert_eq!(normalised(original), *expected);
        assert_eq!(reference::normalised(original), *expected);
        check_both(original);
    }
}

/// The shipped model was trained on these very bytes. `text/prepared.jsonl` was written when it was.
#[test]
fn what_the_model_reads_is_what_it_was_trained_on() {
    let mut read = 0;
    for line in include_str!("text/prepared.jsonl").lines() {
        let held: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = held["text"].as_str().unwrap();
        assert_eq!(normalised(text), held["normalised"].as_str().unwrap(), "{text:?}");
        assert_eq!(redacted(text), held["redacted"].as_str().unwrap_or(text), "{text:?}");
        read += 1;
    }
    assert_eq!(read, 360);
}

#[test]
fn the_redacted_view_keeps_letters_and_case() {
    assert_eq!(redacted("J’AI payé  à\u{200B} Bob@Evil.com\u{301} ; أهـلا 😀"), "J’AI payé  à <email> ; أهـلا 😀");
    assert_eq!(redacted("cafe\u{301} ٠٦١٢٣٤٥٦٧٨ d.a.e.s.h"), "café <phone> d.a.e.s.h");
    assert_eq!(redacted("h t t p dаеsh htttps://еvil.com/x"), "h t t p dаеsh <url>");
}

#[test]
fn evidence_goes_back_to_the_words_as_written() {
    let original = "قال ليا خَلّــصْ دابا ولا ننشر bzaaaaaf";
    let prepared = prepare(original, View::Normalised);
    let at = prepared.text().find("خلص").unwrap();
    assert_eq!(&original[prepared.original_span(at..at + "خلص".len())], "خَلّــصْ");
    let at = prepared.text().find("bzaaf").unwrap();
    assert_eq!(&original[prepared.original_span(at..at + 5)], "bzaaaaaf");
    assert_eq!(prepared.original_span(at..at), original.len() - 8..original.len() - 8);
    assert_eq!(prepared.original_span(900..999), original.len()..original.len());
}

#[test]
fn kinds_and_entities_have_stable_names() {
    let entity = prepare("@bob", View::Redacted).entities()[0].clone();
    let json = serde_json::to_value(&entity).unwrap();
    assert_eq!(json, serde_json::json!({"kind": "handle", "span": {"start": 0, "end": 4}, "defanged": "[at]bob"}));
    let kinds = [
        EntityKind::Url,
        EntityKind::Email,
        EntityKind::Phone,
        EntityKind::Iban,
        EntityKind::Rib,
        EntityKind::Card,
        EntityKind::Wallet,
    ];
    let names = serde_json::to_value(kinds).unwrap();
    assert_eq!(names, serde_json::json!(["url", "email", "phone", "iban", "rib", "card", "wallet"]));
    let all = EntityKind::ALL.map(EntityKind::as_str);
    assert_eq!(serde_json::to_value(EntityKind::ALL).unwrap(), serde_json::to_value(all).unwrap());
}

#[test]
fn a_card_number_never_leaves_whole() {
    let prepared = prepare("carte 4111-1111-1111-1111 cvv", View::Redacted);
    assert_eq!(prepared.text(), "carte <card> cvv");
    assert_eq!(prepared.entities()[0].defanged, "**** 1111");
}

#[test]
fn the_digest_is_the_same_each_time() {
    assert_eq!(digest(), digest());
    assert!(digest().bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn long_hostile_texts_take_time_in_proportion() {
    for piece in [
        "a@",
        "0.",
        "06 ",
        "http://-",
        "https://x.com/)",
        "a b ",
        "a.b-c d.",
        "ma64 0115 ",
        "@a⅐",
        "htttp://x@a",
        "жаb",
        "\u{301}",
        "0x52908400098527886E0F7030069857D2E4169EE7-",
        "x.com.il.",
    ] {
        for view in VIEWS {
            // The fastest of three, since other work on the machine only ever adds time.
            let time = |repeats: usize| {
                let text = piece.repeat(repeats);
                let once = || {
                    let start = std::time::Instant::now();
                    let length = prepare(&text, view).text().len();
                    assert!(length > 0 || piece == "\u{301}");
                    start.elapsed().as_secs_f64()
                };
                once().min(once()).min(once())
            };
            let (short, long) = (time(250), time(16_000));
            // 64 times the text; 4096 times would be quadratic.
            assert!(long < 800.0 * short.max(0.000_1), "{piece:?} {view:?}: {short} s, then {long} s");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("TEXT_CASES").map_or(2_000, |cases| cases.parse().unwrap()), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_string_keeps_every_guarantee(original in any::<String>()) {
        check_both(&original);
    }

    #[test]
    fn any_mixture_of_real_pieces_keeps_every_guarantee(original in realistic()) {
        check_both(&original);
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
