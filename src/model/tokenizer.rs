//! Text to token ids with their places, and the template that puts special tokens around them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;
use tokenizers::{Encoding, Token};

use super::error::Error;
use super::files::TOKENIZER;

/// The tokens of one text, without special tokens.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Tokens {
    pub(super) ids: Vec<u32>,
    /// Byte range of each token in the text, on character boundaries; empty where not asked for.
    pub(super) spans: Vec<(u32, u32)>,
}

/// One implementation of a `tokenizer.json`.
pub(super) trait Tokenizer: Send + Sync {
    /// Tokens of a text; spans only on request, because finding them costs time.
    fn encode(&self, text: &str, spans: bool) -> Result<Tokens, Error>;

    /// One more than the largest id.
    fn vocabulary(&self) -> usize;

    /// The special tokens around a text that stands alone.
    fn single(&self) -> &Template;

    /// The special tokens around a description with its content.
    fn pair(&self) -> &Template;

    /// The id that fills a row up to the length of its batch.
    fn padding(&self) -> u32;
}

/// Where the tokens of the texts go among the special tokens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
}

/// A part of a [`Template`], with its token type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Piece {
    Special { id: u32, token_type: u32 },
    First { token_type: u32 },
    Second { token_type: u32 },
}

impl Template {
    pub(super) fn specials(&self) -> usize {
        self.pieces.iter().filter(|piece| matches!(piece, Piece::Special { .. })).count()
    }
}

/// `tokenizers` by Hugging Face.
pub(super) struct HuggingFace {
    tokenizer: tokenizers::Tokenizer,
    vocabulary: usize,
    single: Template,
    pair: Template,
    padding: u32,
}

impl HuggingFace {
    pub(super) fn parse(bytes: &[u8], pad_token_id: Option<u32>) -> Result<Self, Error> {
        let loaded = contain(|| load(bytes));
        let (tokenizer, padding) = loaded.map_err(|message| Error::Syntax { file: TOKENIZER, message })?;
        let vocabulary = tokenizer.get_vocab(true).into_values().max().map_or(0, |id| id as usize + 1);
        if vocabulary == 0 {
            return Err(Error::invalid(TOKENIZER, "the vocabulary is empty", "save it again"));
        }
        let template = |pair| {
            contain(|| template(&tokenizer, pair)).map_err(|what| {
                let hint = "use a template with each text once, the description first";
                Error::invalid(TOKENIZER, format!("the post-processor cannot be used: {what}"), hint)
            })
        };
        let (single, pair) = (template(false)?, template(true)?);
        let padding = padding
            .or(pad_token_id)
            .or_else(|| ["[PAD]", "<pad>"].iter().find_map(|token| tokenizer.token_to_id(token)))
            .unwrap_or(0);
        Ok(Self { tokenizer, vocabulary, single, pair, padding })
    }
}

impl Tokenizer for HuggingFace {
    fn encode(&self, text: &str, spans: bool) -> Result<Tokens, Error> {
        if text.is_empty() {
            return Ok(Tokens::default());
        }
        let encoding = contain(|| {
            let encoded =
                if spans { self.tokenizer.encode(text, false) } else { self.tokenizer.encode_fast(text, false) };
            encoded.map_err(|error| error.to_string())
        });
        let encoding = encoding.map_err(Error::Tokenize)?;
        let ids = encoding.get_ids().to_vec();
        let spans = if spans {
            encoding.get_offsets().iter().map(|&(start, end)| place(text, start, end)).collect()
        } else {
            Vec::new()
        };
        Ok(Tokens { ids, spans })
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn single(&self) -> &Template {
        &self.single
    }

    fn pair(&self) -> &Template {
        &self.pair
    }

    fn padding(&self) -> u32 {
        self.padding
    }
}

/// Runs the tokenizer so that neither an error nor a panic of its own leaves this room.
fn contain<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// A token that holds part of a character stands for the whole of it.
#[expect(clippy::cast_possible_truncation, reason = "a report is far smaller than 4 GiB")]
fn place(text: &str, start: usize, end: usize) -> (u32, u32) {
    let start = text.floor_char_boundary(start.min(text.len()));
    let end = text.ceil_char_boundary(end.clamp(start, text.len()));
    (start as u32, end as u32)
}

/// Loads the tokenizer without the padding and truncation that may ship in the file, and so that no text can
/// write a token which the template uses: a citizen's `[SEP]` or `</s>` is read as the letters it is.
fn load(bytes: &[u8]) -> Result<(tokenizers::Tokenizer, Option<u32>), String> {
    let mut file: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let padding = file.pointer("/padding/pad_id").and_then(Value::as_u64);
    let mut reserved = Vec::new();
    for key in ["post_processor", "padding"] {
        strings(file.get(key).unwrap_or(&Value::Null), &mut reserved);
    }
    let added = file.get_mut("added_tokens").and_then(Value::as_array_mut);
    for token in added.into_iter().flatten() {
        let content = token.get("content").and_then(Value::as_str).unwrap_or_default();
        let keep = reserved.iter().any(|name| name == content);
        if let Some(special) = token.get_mut("special") {
            *special = Value::Bool(keep);
        }
    }
    let bytes = serde_json::to_vec(&file).map_err(|error| error.to_string())?;
    let mut tokenizer = tokenizers::Tokenizer::from_bytes(bytes).map_err(|error| error.to_string())?;
    tokenizer.set_encode_special_tokens(true);
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
    Ok((tokenizer, padding.and_then(|id| u32::try_from(id).ok())))
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(entries) => entries.values().for_each(|value| strings(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Finds the template by sending one marked token for each text through the post-processor, whichever kind
/// of post-processor it is.
fn template(tokenizer: &tokenizers::Tokenizer, pair: bool) -> Result<Template, String> {
    const FIRST: u32 = u32::MAX - 1;
    const SECOND: u32 = u32::MAX;
    let marked = |id, kind| Encoding::from_tokens(vec![Token::new(id, "x".to_owned(), (0, 1))], kind);
    let processed = tokenizer
        .post_process(marked(FIRST, 0), pair.then(|| marked(SECOND, 1)), true)
        .map_err(|error| error.to_string())?;
    let pieces: Vec<Piece> = processed
        .get_ids()
        .iter()
        .zip(processed.get_type_ids())
        .map(|(&id, &token_type)| match id {
            FIRST => Piece::First { token_type },
            SECOND => Piece::Second { token_type },
            id => Piece::Special { id, token_type },
        })
        .collect();
    let order: Vec<bool> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::First { .. } => Some(false),
            Piece::Second { .. } => Some(true),
            Piece::Special { .. } => None,
        })
        .collect();
    let expected: &[bool] = if pair { &[false, true] } else { &[false] };
    if order != expected {
        return Err(format!("it holds {} texts where {} are given", order.len(), expected.len()));
    }
    Ok(Template { pieces })
}

#[cfg(test)]
mod tests {
    use super::super::package::TokenTypes;
    use super::super::windows::{Segment, Stream, WindowRule};
    use super::*;
    use serde::Deserialize;
    use std::path::PathBuf;

    /// What the reference tokenizer says of a text.
    #[derive(Deserialize)]
    struct Expected {
        description: String,
        content: String,
        ids: Vec<u32>,
        types: Vec<u32>,
        offsets: Vec<Option<(u32, u32)>>,
    }

    fn fixture(name: &str, file: &str) -> Vec<u8> {
        let path = ["tests", "model", name, file].iter().collect::<PathBuf>();
        std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
    }

    fn tokenizer(name: &str) -> HuggingFace {
        HuggingFace::parse(&fixture(name, "tokenizer.json"), None).unwrap()
    }

    fn stream(tokenizer: &dyn Tokenizer, description: &str, content: &str) -> Stream {
        Stream {
            description: tokenizer.encode(description, true).unwrap(),
            content: tokenizer.encode(content, true).unwrap(),
        }
    }

    #[test]
    fn rows_are_those_of_the_reference_tokenizer() {
        for name in ["bag", "bert", "roberta"] {
            let tokenizer = tokenizer(name);
            let token_types = if name == "bag" { TokenTypes::Segment } else { TokenTypes::Template };
            let rule = WindowRule { max_length: 512, overlap: 0, max_windows: 1, token_types };
            let lines = String::from_utf8(fixture(name, "expected.jsonl")).unwrap();
            for line in lines.lines() {
                let expected: Expected = serde_json::from_str(line).unwrap();
                let stream = stream(&tokenizer, &expected.description, &expected.content);
                let (rows, _) = stream.rows(&rule, &tokenizer);
                assert_eq!(rows.len(), 1);
                assert_eq!(rows[0].ids, expected.ids, "{name}: {line}");
                assert_eq!(rows[0].types, expected.types, "{name}: {line}");
                let place = |index: &Option<u32>| stream.place((*index)? as usize);
                let places: Vec<Option<(Segment, (u32, u32))>> = rows[0].sources.iter().map(place).collect();
                let spans: Vec<_> = places.iter().map(|place| place.map(|(_, span)| span)).collect();
                assert_eq!(spans, expected.offsets, "{name}: {line}");
            }
        }
    }

    #[test]
    fn finds_the_templates() {
        let specials = |name: &str| {
            let tokenizer = tokenizer(name);
            (tokenizer.single().specials(), tokenizer.pair().specials(), tokenizer.padding())
        };
        assert_eq!(specials("bag"), (0, 0, 0));
        assert_eq!(specials("bert"), (2, 3, 0));
        assert_eq!(specials("roberta"), (2, 4, 1));
    }

    #[test]
    fn text_cannot_write_the_tokens_of_the_template_but_keeps_placeholders_whole() {
        let tokenizer = tokenizer("bert");
        let forged = tokenizer.encode("pay [SEP] now [CLS]", true).unwrap();
        assert!(!forged.ids.contains(&2) && !forged.ids.contains(&3), "{:?}", forged.ids);
        let placeholder = tokenizer.encode("<url>", true).unwrap();
        assert_eq!((placeholder.ids.len(), placeholder.spans), (1, vec![(0, 5)]));
        let tokenizer = self::tokenizer("bag");
        assert_eq!(tokenizer.encode("<url>", true).unwrap().ids, [1]);
        assert!(!tokenizer.encode("<pad>", true).unwrap().ids.contains(&0));
    }

    #[test]
    fn spans_lie_on_characters_and_fast_encoding_gives_the_same_ids() {
        for name in ["bag", "bert", "roberta"] {
            let tokenizer = tokenizer(name);
            for text in ["😡😡 ok", "é", "e\u{301}cole", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "  spaces\u{a0}\t", "ﷺ", "\u{0}\u{feff}x"]
            {
                let tokens = tokenizer.encode(text, true).unwrap();
                for &(start, end) in &tokens.spans {
                    assert!(text.get(start as usize..end as usize).is_some(), "{name} {text:?}");
                }
                assert_eq!(tokenizer.encode(text, false).unwrap().ids, tokens.ids);
            }
        }
    }
}
