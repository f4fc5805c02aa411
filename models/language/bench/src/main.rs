//! One JSON string a line in, one JSON object a line out: what each identifier says of it.

#[path = "../../../../src/text"]
mod text {
    #![allow(dead_code, unused_imports)]
    pub(crate) mod language;
}

use std::io::{BufRead as _, BufWriter, Write as _};

use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let compared = compared();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        let found = text::language::identify(&text);
        let spans: Vec<_> = found
            .spans
            .iter()
            .map(|s| json!([s.span.start, s.span.end, s.language]))
            .collect();
        let mut row = json!({"ibaleg": found.language, "script": found.script,
            "confidence": found.confidence, "spans": spans});
        for (name, identify) in &compared {
            row[name] = json!(identify(&text));
        }
        writeln!(out, "{row}")?;
    }
    Ok(())
}

type Identify = Box<dyn Fn(&str) -> String>;

#[cfg(not(feature = "compare"))]
fn compared() -> Vec<(&'static str, Identify)> {
    Vec::new()
}

#[cfg(feature = "compare")]
fn compared() -> Vec<(&'static str, Identify)> {
    let lingua = lingua::LanguageDetectorBuilder::from_all_languages().build();
    let none = || "unknown".to_owned();
    vec![
        (
            "lingua",
            Box::new(move |t: &str| {
                lingua
                    .detect_language_of(t)
                    .map_or_else(none, |l| l.iso_code_639_1().to_string())
            }),
        ),
        (
            "whatlang",
            Box::new(move |t: &str| {
                whatlang::detect_lang(t).map_or_else(none, |l| l.code().to_owned())
            }),
        ),
        (
            "whichlang",
            Box::new(|t: &str| whichlang::detect_language(t).three_letter_code().to_owned()),
        ),
    ]
}
