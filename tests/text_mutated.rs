//! Texts of the corpus and what a seeded generator makes of them, through the whole text room.
//!
//! `TEXT_INPUTS=10000000 TEXT_SEED=1 cargo test --release --test text_mutated -- --nocapture` runs that many.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use ibaleg::text;

#[expect(unreachable_pub, reason = "a module of a test and of a fuzz target")]
#[path = "text/invariants.rs"]
mod invariants;

/// Inputs where the environment asks for no other number.
const INPUTS: u64 = 4_000;

/// What is put into a text: pieces of entities, disguises, hostile characters.
const PIECES: &[&str] = &[
    "https://",
    "://",
    "www.",
    ".com",
    "@",
    "@bob",
    "x@y.com",
    "06 12 34 56 78",
    "+212",
    "4111 1111 1111 1111",
    "MA64 0115 1900 0001 2050 0053 4921",
    "011519000001205000534921",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "3000 dh",
    "٥ آلاف درهم",
    "€",
    "$",
    "million",
    "ghedda m3a 8",
    "18h30",
    "15/03/2026",
    "3 mars",
    "غدا على",
    "الدار البيضاء",
    "f khribga",
    "sale",
    "d a 3 e c h",
    "د ا ع ش",
    "dаеsh",
    "жиpный",
    "bzaaaaaf",
    "اااا",
    "ـــ",
    "\u{200B}",
    "\u{202E}",
    "\u{AD}",
    "\u{FEFF}",
    "\u{301}",
    "\u{336}",
    "\u{3099}",
    "\u{338}",
    "か",
    "ﷲ",
    "ﻻ",
    "ﷺ",
    "½",
    "⅐",
    "ⅷ",
    "㏂",
    "℀",
    "⑴",
    "1️⃣",
    "👨‍👩‍👧",
    "İ",
    "ß",
    "œ",
    "’",
    "<url>",
    "@user",
    "<",
    ">",
    "\0",
    "\n",
    "\t",
    " ",
    ".",
    ",",
    "/",
    ":",
    "-",
    "_",
    "'",
    "ⵜⵉⵣⵏⵉⵜ",
    "\u{E0041}",
    "\u{10FFFF}",
];

/// Xorshift (Marsaglia 2003): the same inputs for the same seed everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % (bound.max(1) as u64)).unwrap()
    }

    fn boundary(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap()
    }
}

fn corpus() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models/corpus");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut texts = Vec::new();
    for path in files {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let report: serde_json::Value = serde_json::from_str(line).unwrap();
            texts.extend(
                ["description", "content"].iter().filter_map(|field| report[*field].as_str().map(str::to_owned)),
            );
        }
    }
    texts
}

fn mutated(texts: &[String], random: &mut Random) -> String {
    let whole = &texts[random.below(texts.len())];
    let (one, other) = (random.boundary(whole), random.boundary(whole));
    let mut text = whole[one.min(other)..one.max(other)].to_owned();
    for _ in 0..=random.below(5) {
        let at = random.boundary(&text);
        match random.below(6) {
            0 => text.truncate(at),
            1 => {
                let end = random.boundary(&text);
                text.replace_range(at.min(end)..at.max(end), "");
            }
            2 => {
                let code = random.below(0x11_0000);
                text.extend(u32::try_from(code).ok().and_then(char::from_u32));
            }
            3 => {
                let end = random.boundary(&text);
                let copy = text[at.min(end)..at.max(end)].to_owned();
                text.insert_str(at, &copy);
            }
            _ => text.insert_str(at, PIECES[random.below(PIECES.len())]),
        }
        let limit = (0..=400.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        text.truncate(limit);
    }
    text
}

fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

#[test]
fn whatever_becomes_of_a_text_the_room_keeps_its_guarantees() {
    let texts = corpus();
    let (inputs, seed) = (asked("TEXT_INPUTS", INPUTS), asked("TEXT_SEED", 1));
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for done in 1..=inputs {
        invariants::check(&mutated(&texts, &mut random));
        if done % 1_000_000 == 0 {
            eprintln!("{done} inputs of seed {seed}");
        }
    }
}
