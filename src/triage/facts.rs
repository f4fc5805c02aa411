//! Files that state one fact in several languages, read into terms of the lexicon.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Deserialize;

use super::Error;
use crate::text::language::Language;

/// Numbers that one form may stand for, at most.
const MOST_NUMBERS: u32 = 100;

/// `config/lexicon/<fact>.toml`: a fact with the words that state it, by language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactFile {
    pub(super) format: u32,
    #[expect(dead_code, reason = "read so that a file without a version is refused; the digest is what events carry")]
    version: String,
    pub(super) fact: String,
    #[serde(default)]
    prefixes: BTreeMap<Language, Vec<String>>,
    /// Darija in Latin letters, found however it is spelt (docs/text.md).
    #[serde(default)]
    arabizi: Vec<String>,
    forms: BTreeMap<Language, Vec<String>>,
}

/// The forms of one fact in one language, with the particles that may stand before them.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) language: Language,
    pub(super) prefixes: Vec<String>,
    pub(super) forms: Vec<String>,
    pub(super) arabizi: Vec<String>,
}

impl FactFile {
    /// One group for each language, each `{a-b}` written out.
    pub(super) fn groups(mut self, file: &str) -> Result<Vec<Group>, Error> {
        let wrong = |message: String| Error::Syntax { file: file.to_owned(), message };
        if let Some(language) = self.prefixes.keys().find(|language| !self.forms.contains_key(language)) {
            return Err(wrong(format!("prefixes of {language}, a language without forms")));
        }
        if !self.arabizi.is_empty() && !self.forms.contains_key(&Language::AryLatn) {
            return Err(wrong("`arabizi` without forms in ary-Latn".into()));
        }
        let mut groups = Vec::new();
        for (language, forms) in self.forms {
            let mut written = Vec::new();
            for form in forms {
                written.extend(write_out(&form).map_err(&wrong)?);
            }
            groups.push(Group {
                language,
                prefixes: self.prefixes.remove(&language).unwrap_or_default(),
                forms: written,
                arabizi: if language == Language::AryLatn { std::mem::take(&mut self.arabizi) } else { Vec::new() },
            });
        }
        Ok(groups)
    }
}

/// `"{3-5} ans"` stands for `3 ans`, `4 ans` and `5 ans`; a form without braces for itself.
fn write_out(form: &str) -> Result<Vec<String>, String> {
    let Some((before, rest)) = form.split_once('{') else {
        return if form.contains('}') { Err(misused(form)) } else { Ok(vec![form.to_owned()]) };
    };
    let (range, after) = rest.split_once('}').ok_or_else(|| misused(form))?;
    if after.contains(['{', '}']) {
        return Err(misused(form));
    }
    let numbers = numbers(range).ok_or_else(|| misused(form))?;
    Ok(numbers.map(|number| format!("{before}{number}{after}")).collect())
}

fn numbers(range: &str) -> Option<RangeInclusive<u32>> {
    let (first, last) = range.split_once('-')?;
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last - first < MOST_NUMBERS).then_some(first..=last)
}

fn misused(form: &str) -> String {
    format!(
        "form {form:?}: braces hold two numbers, as in \"{{3-17}} ans\", once in a form, at most {MOST_NUMBERS} numbers"
    )
}

#[cfg(test)]
mod tests {
    use super::write_out;

    #[test]
    fn a_form_with_braces_stands_for_each_number() {
        assert_eq!(write_out("{9-11} ans").unwrap(), ["9 ans", "10 ans", "11 ans"]);
        assert_eq!(write_out("enfant").unwrap(), ["enfant"]);
        for bad in ["{3} ans", "{5-3} ans", "{1-9000} h", "{a-b}", "3} ans", "{1-2", "{1-2} et {3-4}"] {
            assert!(write_out(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
