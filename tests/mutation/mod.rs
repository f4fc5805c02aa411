//! A seeded mutation engine: an endless, repeatable stream of damaged records made from a corpus of
//! good and bad ones, by blind edits of bytes and by edits that know JSON and CloudEvents.

pub(crate) mod corpus;
pub(crate) mod memory;

use corpus::{Record, base64, header, structured};

/// The number in an environment variable.
pub(crate) fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().unwrap())
}

/// Makes records; the same seed makes the same ones.
pub(crate) struct Engine {
    random: Random,
    corpus: Vec<Record>,
}

impl Engine {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random(seed), corpus: records() }
    }

    /// The next record, one to four edits away from one of the corpus.
    pub(crate) fn record(&mut self) -> Record {
        let mut record = self.random.pick(&self.corpus).clone();
        let edits = 1 + self.random.below(4).min(self.random.below(4));
        for _ in 0..edits {
            if self.random.below(8) == 0 {
                self.edit_around(&mut record);
            } else if let Some(value) = &mut record.value {
                self.edit_value(value);
            }
        }
        record
    }

    fn edit_value(&mut self, value: &mut Vec<u8>) {
        let random = &mut self.random;
        match random.below(24) {
            0 => random.flip_bit(value),
            1 => value.truncate(random.below(value.len() + 1)),
            2 => drop(value.drain(random.range(value.len()))),
            3 => {
                let (range, at) = (random.range(value.len()), random.below(value.len() + 1));
                let copy = value[range].to_vec();
                value.splice(at..at, copy);
            }
            4 => {
                let other = random.pick(&self.corpus).value.clone().unwrap_or_default();
                let (range, from) = (random.range(value.len()), random.range(other.len()));
                value.splice(range, other[from].iter().copied());
            }
            5 => {
                let (at, length) = (random.below(value.len() + 1), random.below(12));
                let bytes: Vec<u8> = (0..length).map(|_| random.byte()).collect();
                value.splice(at..at, bytes);
            }
            6 => insert_field(random, value),
            7 => rename(random, value),
            8 => wrap(random, value),
            9 => {
                let at = random.below(value.len() + 1);
                value.splice(at..at, random.pick(TEXTS).bytes());
            }
            10..=13 => salt_string(random, value),
            _ => replace_literal(random, value),
        }
        value.truncate(MAX_VALUE);
    }

    fn edit_around(&mut self, record: &mut Record) {
        let random = &mut self.random;
        match random.below(6) {
            0 => record.key = None,
            1 => record.key = Some(random.pick(TEXTS).as_bytes().to_vec()),
            2 => record.value = record.value.take().filter(|_| random.below(8) > 0),
            3 => {
                let name = *random.pick(&["content-type", "Content-Type", "ce_id", "ce_specversion", "x"]);
                let value = *random.pick(CONTENT_TYPES);
                record.headers.push(header(name, value));
            }
            4 => {
                record.headers.pop();
            }
            _ => {
                if let Some((_, Some(value))) = record.headers.first_mut() {
                    random.flip_bit(value);
                }
            }
        }
    }
}

/// Every record of the corpus, in all forms of transport.
fn records() -> Vec<Record> {
    let all = corpus::GOOD.iter().chain(corpus::SLOPPY).chain(corpus::BAD);
    let mut records: Vec<Record> = all.map(|value| Record::bare(value.as_bytes())).collect();
    for report in corpus::GOOD {
        records.push(Record {
            key: Some(b"R-1".to_vec()),
            value: Some(structured(report).into_bytes()),
            headers: vec![header("content-type", "application/cloudevents+json; charset=UTF-8")],
        });
        records.push(Record {
            key: None,
            value: Some(report.as_bytes().to_vec()),
            headers: vec![
                header("ce_specversion", "1.0"),
                header("ce_id", "E-2"),
                header("ce_source", "/intake"),
                header("ce_type", "report.submitted.v1"),
                header("content-type", "application/json"),
            ],
        });
    }
    let framed = [b"\0\0\0\0\x2a".as_slice(), corpus::GOOD[3].as_bytes()].concat();
    let marked = [b"\xef\xbb\xbf".as_slice(), corpus::GOOD[5].as_bytes()].concat();
    records.push(Record::bare(&framed));
    records.push(Record::bare(&marked));
    let encoded = r#"{"specversion":"1.0","id":"E-3","data_base64":"eyJpZCI6IlItMTEiLCJkZXNjcmlwdGlvbiI6IngifQ=="}"#;
    records.push(Record::bare(encoded.as_bytes()));
    records.push(Record { key: Some(b"R-12".to_vec()), ..Record::default() });
    records
}

/// Longest value made, so that edits that double a value cannot run away.
pub(crate) const MAX_VALUE: usize = 32_768;

const NAMES: &[&str] = &[
    "id",
    "revision",
    "submitted_at",
    "description",
    "content",
    "text",
    "url",
    "platform",
    "category",
    "role",
    "identity",
    "country",
    "language",
    "attachments",
    "uri",
    "media_type",
    "specversion",
    "data",
    "data_base64",
    "x",
    "",
];

const VALUES: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1",
    "2.0",
    "1.5",
    "1e999",
    "-0",
    "4294967296",
    "18446744073709551615",
    "123456789012345678901234567890",
    "\"\"",
    "\" \"",
    "\"x\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\uD8\"",
    "[]",
    "{}",
    "[null]",
    "[[[[[[[[]]]]]]]]",
    "{\"a\":{\"a\":{\"a\":{}}}}",
    "\"2026-01-01T00:00:00Z\"",
    "\"+999999-12-31T23:59:59Z\"",
    "\"ANONYMOUS\"",
    "\"1.0\"",
    "\"eyJpZCI6MX0=\"",
    "{\"uri\":\"s3://x\"}",
    "[{\"uri\":\"x\"},{\"uri\":7}]",
];

const TEXTS: &[&str] = &[
    "\u{FDFA}\u{FDFA}",
    "\u{202E}gnp.exe",
    "e\u{301}\u{302}\u{303}\u{304}\u{305}",
    "\u{200B}\u{200D}\u{2060}",
    "\0",
    "\\u0000",
    "\\ud83d",
    "\\",
    "\"",
    "ⵣ",
    "داعش",
    "d a 3 e c h",
    "👨‍👩‍👧",
    "\u{FEFF}",
    "\r\n",
    "=cmd()",
    "${x}",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"id\":\"other\",",
];

const CONTENT_TYPES: &[&str] = &[
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents",
    "application/cloudevents-batch+json",
    "application/cloudevents+avro",
    "text/plain",
    "",
    "1.0",
    "0.3",
    "é",
];

/// Replaces one string, number or word of the JSON by another value.
fn replace_literal(random: &mut Random, value: &mut Vec<u8>) {
    let literals = literals(value);
    if literals.is_empty() {
        return;
    }
    let range = random.pick(&literals).clone();
    let replacement = match random.below(10) {
        0 => format!("\"{}\"", "ل".repeat(random.below(2_000))),
        1 => format!("{}{}", "[".repeat(random.below(60)), "]".repeat(random.below(60))),
        2 => format!("[{}]", vec!["\"s3://x\""; random.below(150)].join(",")),
        3 => format!("\"{}\"", random.pick(TEXTS)),
        _ => (*random.pick(VALUES)).to_owned(),
    };
    value.splice(range, replacement.into_bytes());
}

/// Puts hostile text at the beginning of a string of the JSON.
fn salt_string(random: &mut Random, value: &mut Vec<u8>) {
    let strings: Vec<_> = literals(value).into_iter().filter(|range| value[range.start] == b'"').collect();
    if !strings.is_empty() {
        let at = random.pick(&strings).start + 1;
        value.splice(at..at, random.pick(TEXTS).bytes());
    }
}

/// Adds a field to some object, known or not, maybe for the second time.
fn insert_field(random: &mut Random, value: &mut Vec<u8>) {
    let braces: Vec<usize> = (0..value.len()).filter(|&at| value[at] == b'{').collect();
    if braces.is_empty() {
        return;
    }
    let at = random.pick(&braces) + 1;
    let field = match random.below(8) {
        0 => format!("\"attachments\":[{}],", vec!["\"x\""; 1 + random.below(60)].join(",")),
        _ => format!("\"{}\":{},", random.pick(NAMES), random.pick(VALUES)),
    };
    value.splice(at..at, field.into_bytes());
}

fn rename(random: &mut Random, value: &mut Vec<u8>) {
    let names: Vec<_> = literals(value).into_iter().filter(|range| value.get(range.end) == Some(&b':')).collect();
    if names.is_empty() {
        return;
    }
    let name = format!("\"{}\"", random.pick(NAMES));
    value.splice(random.pick(&names).clone(), name.into_bytes());
}

/// Puts the value inside something.
fn wrap(random: &mut Random, value: &mut Vec<u8>) {
    match random.below(6) {
        0 => drop(value.splice(0..0, *b"\0\0\0\x01\xff")),
        1 => drop(value.splice(0..0, *b"\xef\xbb\xbf")),
        2 => {
            *value = String::from_utf8_lossy(value).encode_utf16().flat_map(u16::to_le_bytes).collect();
        }
        3 => *value = format!("[{}]", String::from_utf8_lossy(value)).into_bytes(),
        4 => *value = structured(&String::from_utf8_lossy(value)).into_bytes(),
        _ => {
            let encoded = base64(value);
            *value = format!(r#"{{"specversion":"1.0","id":"E-4","data_base64":"{encoded}"}}"#).into_bytes();
        }
    }
}

/// Where strings, numbers and words stand; right for valid JSON, harmless for other bytes.
fn literals(value: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let start = at;
        if value[at] == b'"' {
            at += 1;
            while at < value.len() && value[at] != b'"' {
                at += if value[at] == b'\\' { 2 } else { 1 };
            }
            at = (at + 1).min(value.len());
            found.push(start..at);
        } else if value[at].is_ascii_alphanumeric() || value[at] == b'-' {
            while at < value.len() && !b",:]} \n".contains(&value[at]) {
                at += 1;
            }
            found.push(start..at);
        } else {
            at += 1;
        }
    }
    found
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `bound`; 0 for 0.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length);
        start..start + self.below((length - start).min(64) + 1)
    }

    fn flip_bit(&mut self, bytes: &mut [u8]) {
        if !bytes.is_empty() {
            let at = self.below(bytes.len());
            bytes[at] ^= 1 << self.below(8);
        }
    }
}
