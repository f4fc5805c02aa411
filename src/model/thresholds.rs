//! `thresholds.json`: from which probability an output is a finding, and from which a person looks.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::{Error, nearest};
use super::files::THRESHOLDS;
use super::package::Output;

/// Two probabilities with 0 ≤ `review` ≤ `flag` ≤ 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// From here on the output is a finding.
    pub flag: f32,
    /// From here up to `flag` a person looks.
    pub review: f32,
}

/// The thresholds a package brings, by output name and language.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// For every language that has none of its own.
    #[serde(default)]
    pub default: BTreeMap<String, Threshold>,
    /// By language code, then by output name.
    #[serde(default)]
    pub languages: BTreeMap<String, BTreeMap<String, Threshold>>,
}

impl Thresholds {
    pub(super) fn parse(bytes: &[u8], outputs: &[Output]) -> Result<Self, Error> {
        let file: Self = serde_json::from_slice(bytes)
            .map_err(|error| Error::Syntax { file: THRESHOLDS, message: error.to_string() })?;
        let names = || outputs.iter().map(|output| output.name.as_str());
        for (name, threshold) in std::iter::once(&file.default).chain(file.languages.values()).flatten() {
            if !names().any(|known| known == name) {
                let what = format!("there is no output {name:?}");
                return Err(Error::invalid(THRESHOLDS, what, nearest(name, names())));
            }
            let Threshold { flag, review } = threshold;
            if !(0.0 <= *review && review <= flag && *flag <= 1.0) {
                let what = format!("{name:?} has flag {flag}, review {review}");
                return Err(Error::invalid(THRESHOLDS, what, "write 0 ≤ review ≤ flag ≤ 1"));
            }
        }
        Ok(file)
    }

    /// The threshold of an output: the language's own, else the default, else none.
    pub fn get(&self, output: &str, language: &str) -> Option<Threshold> {
        let own = self.languages.get(language).and_then(|language| language.get(output));
        own.or_else(|| self.default.get(output)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(file: &str) -> Result<Thresholds, Error> {
        let output = Output { name: "threat".into(), label: "threat".into(), column: 0 };
        Thresholds::parse(file.as_bytes(), &[output])
    }

    #[test]
    fn a_language_overrides_the_default() {
        let file = r#"{"default":{"threat":{"flag":0.5,"review":0.2}},
                       "languages":{"ary":{"threat":{"flag":0.3,"review":0.1}}}}"#;
        let thresholds = parse(file).unwrap();
        assert_eq!(thresholds.get("threat", "ary"), Some(Threshold { flag: 0.3, review: 0.1 }));
        assert_eq!(thresholds.get("threat", "fr"), Some(Threshold { flag: 0.5, review: 0.2 }));
        assert_eq!(thresholds.get("fraud", "fr"), None);
    }

    #[test]
    fn refuses_a_band_upside_down_and_unknown_names() {
        for (file, says) in [
            (r#"{"default":{"threat":{"flag":0.2,"review":0.5}}}"#, "0 ≤ review ≤ flag ≤ 1"),
            (r#"{"languages":{"fr":{"threat":{"flag":1.5,"review":0.5}}}}"#, "0 ≤ review ≤ flag ≤ 1"),
            (r#"{"default":{"threats":{"flag":0.5,"review":0.2}}}"#, "did you mean \"threat\"?"),
            (r#"{"defaults":{}}"#, "expected `default` or `languages`"),
        ] {
            let error = parse(file).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
