use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

use super::facts::{FactFile, Group};
use super::{Error, Taxonomy};

/// What a term of the lexicon stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    /// The text names this organisation.
    Organisation(String),
    /// The text states a fact that the policy's raising rules ask for.
    Fact(String),
}

impl Meaning {
    /// The organisation named, if it is one.
    pub fn organisation(&self) -> Option<&str> {
        match self {
            Self::Organisation(id) => Some(id),
            Self::Fact(_) => None,
        }
    }

    /// The fact stated, if it is one.
    pub fn fact(&self) -> Option<&str> {
        match self {
            Self::Fact(id) => Some(id),
            Self::Organisation(_) => None,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    id: String,
    #[serde(default)]
    organisation: Option<String>,
    #[serde(default)]
    fact: Option<String>,
    #[serde(skip)]
    prefixes: Vec<String>,
    forms: Vec<String>,
}

/// One lexicon file: a list of terms, or one fact with its forms by language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconFile {
    format: u32,
    #[expect(dead_code, reason = "read so that a file without a version is refused; the digest is what events carry")]
    version: String,
    #[serde(default)]
    prefixes: Vec<String>,
    term: Vec<Term>,
}

impl LexiconFile {
    /// Reads one file; `name` is used in errors. A file with the key `fact` states one fact; each of
    /// its languages becomes the term `<fact>.<language>`.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let keys: toml::Table = super::policy::parse_toml(name, text)?;
        let file =
            if keys.contains_key("fact") { Self::of_fact(name, text)? } else { super::policy::parse_toml(name, text)? };
        if file.format != 1 {
            let message = format!("this version reads format 1, not {}", file.format);
            return Err(Error::Syntax { file: name.to_owned(), message });
        }
        Ok(file)
    }

    fn of_fact(name: &str, text: &str) -> Result<Self, Error> {
        let file: FactFile = super::policy::parse_toml(name, text)?;
        let (format, fact) = (file.format, file.fact.clone());
        let groups = file.groups(name)?.into_iter();
        let term = groups.map(|Group { language, prefixes, forms }| Term {
            id: format!("{fact}.{language}"),
            fact: Some(fact.clone()),
            prefixes,
            forms,
            ..Term::default()
        });
        Ok(Self { format, version: String::new(), prefixes: Vec::new(), term: term.collect() })
    }
}

/// A term found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Id of the lexicon's term.
    pub term: String,
    /// What it stands for.
    pub meaning: Meaning,
    /// Bytes of the normalised text.
    pub span: Range<usize>,
}

/// Names and words, compared with normalised text on word boundaries in one pass.
#[derive(Debug)]
pub struct Lexicon {
    automaton: AhoCorasick,
    /// For each pattern of the automaton, its entry.
    patterns: Vec<usize>,
    entries: Vec<(String, Meaning)>,
}

impl Lexicon {
    /// Builds one automaton from all files. Forms pass through `normalise`, the same function
    /// that prepares reports, so that a term is found however it is written.
    pub fn new(files: &[LexiconFile], normalise: impl Fn(&str) -> String) -> Result<Self, Error> {
        let wrong = |place: String, message: &str| Error::Meaning { file: "lexicon", place, message: message.into() };
        let (mut forms, mut patterns, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for file in files {
            for term in &file.term {
                let prefixes = file.prefixes.iter().chain(&term.prefixes);
                let prefixes: BTreeSet<String> = prefixes.map(|prefix| normalise(prefix)).collect();
                let meaning = match (&term.organisation, &term.fact) {
                    (Some(id), None) => Meaning::Organisation(id.clone()),
                    (None, Some(id)) => Meaning::Fact(id.clone()),
                    _ => return Err(wrong(term.id.clone(), "a term has either `organisation` or `fact`")),
                };
                let normal: BTreeSet<String> = term.forms.iter().map(|form| normalise(form)).collect();
                if normal.contains("") {
                    return Err(wrong(term.id.clone(), "a form is empty once normalised"));
                }
                for form in &normal {
                    forms.extend(prefixes.iter().map(|prefix| format!("{prefix}{form}")));
                    forms.push(form.clone());
                    patterns.resize(forms.len(), entries.len());
                }
                entries.push((term.id.clone(), meaning));
            }
        }
        let automaton = AhoCorasick::new(&forms);
        let automaton = automaton.map_err(|error| wrong("all files".into(), &error.to_string()))?;
        Ok(Self { automaton, patterns, entries })
    }

    /// Every organisation that a term stands for must be in the taxonomy.
    pub(super) fn check(&self, taxonomy: &Taxonomy) -> Result<(), Error> {
        for (term, meaning) in &self.entries {
            if let Some(id) = meaning.organisation()
                && !taxonomy.organisations().iter().any(|organisation| organisation.id == id)
            {
                let message = format!("organisation {id:?} is not defined in the taxonomy");
                return Err(Error::Meaning { file: "lexicon", place: term.clone(), message });
            }
        }
        Ok(())
    }

    /// Facts that any term states.
    pub fn facts(&self) -> BTreeSet<&str> {
        self.entries.iter().filter_map(|(_, meaning)| meaning.fact()).collect()
    }

    /// Terms in a normalised text, in its order: of those of one meaning inside one another the
    /// longest, and the first `limit` of each term, so that repeating one cannot hide another.
    /// Linear in the text.
    pub fn find(&self, text: &str, limit: usize) -> Vec<Hit> {
        let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let bounded = |span: &Range<usize>| {
            !letter(text[..span.start].chars().next_back()) && !letter(text[span.end..].chars().next())
        };
        let mut room = vec![limit; self.entries.len()];
        let mut found: Vec<(Range<usize>, usize)> = Vec::new();
        for hit in self.automaton.find_overlapping_iter(text) {
            let span = hit.start()..hit.end();
            let Some(&entry) = self.patterns.get(hit.pattern().as_usize()) else { continue };
            if let Some(left) = room.get_mut(entry).filter(|left| **left > 0 && bounded(&span)) {
                *left -= 1;
                found.push((span, entry));
            }
        }
        found.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let mut reached: BTreeMap<&Meaning, usize> = BTreeMap::new();
        let mut hits = Vec::new();
        for (span, entry) in found {
            let Some((term, meaning)) = self.entries.get(entry) else { continue };
            let end = reached.entry(meaning).or_default();
            if span.end > *end {
                *end = span.end;
                hits.push(Hit { term: term.clone(), meaning: meaning.clone(), span });
            }
        }
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::{Lexicon, LexiconFile};

    fn lexicon() -> Lexicon {
        let text = r#"
            format = 1
            version = "1"
            prefixes = ["ال", "l"]
            [[term]]
            id = "isis"
            organisation = "isis"
            forms = ["داعش", "isis", "ISIS-K"]
            [[term]]
            id = "now"
            fact = "imminent"
            forms = ["right now"]
        "#;
        Lexicon::new(&[LexiconFile::parse("test", text).unwrap()], str::to_lowercase).unwrap()
    }

    fn terms(text: &str) -> Vec<(String, String)> {
        lexicon().find(text, 10).into_iter().map(|hit| (hit.term, text[hit.span].to_owned())).collect()
    }

    #[test]
    fn a_term_is_found_on_word_boundaries_only() {
        assert_eq!(terms("crisis of isistas"), []);
        assert_eq!(terms("isis, right now!").len(), 2);
        assert_eq!(terms("(الداعش)"), [("isis".to_owned(), "الداعش".to_owned())]);
    }

    #[test]
    fn a_longer_form_that_fails_does_not_hide_a_shorter_one() {
        assert_eq!(terms("isis-khor"), [("isis".to_owned(), "isis".to_owned())]);
        assert_eq!(terms("lisis-k"), [("isis".to_owned(), "lisis-k".to_owned())]);
    }

    #[test]
    fn a_fact_is_read_from_its_own_file_and_found_beside_and_inside_other_facts() {
        let soon = r#"
            format = 1
            version = "1"
            fact = "soon"
            [prefixes]
            ar = ["ف"]
            [forms]
            ar = ["الليلة"]
            en = ["tonight", "in {1-3} hours"]
        "#;
        let suicide = "format = 1\nversion = \"1\"\nfact = \"sign\"\n[forms]\nen = [\"die tonight\"]";
        let files = [soon, suicide].map(|text| LexiconFile::parse("test", text).unwrap());
        let lexicon = Lexicon::new(&files, str::to_lowercase).unwrap();
        let text = "i die tonight, فالليلة, in 2 hours ftonight";
        let found: Vec<_> = lexicon.find(text, 4).into_iter().map(|hit| (hit.term, &text[hit.span])).collect();
        let expected =
            [("sign.en", "die tonight"), ("soon.en", "tonight"), ("soon.ar", "فالليلة"), ("soon.en", "in 2 hours")];
        assert_eq!(found, expected.map(|(term, words)| (term.to_owned(), words)));
    }

    #[test]
    fn repeating_one_term_hides_no_other() {
        let text = format!("{}right now", "isis ".repeat(100));
        let found = lexicon().find(&text, 8);
        assert_eq!(found.len(), 9);
        assert_eq!(found.last().unwrap().term, "now");
    }

    #[test]
    fn a_fact_file_in_a_language_nobody_reads_is_refused() {
        for (bad, said) in [
            ("format = 1\nversion = \"1\"\nfact = \"x\"\n[forms]\nxx = [\"a\"]", "xx"),
            ("format = 1\nversion = \"1\"\nfact = \"x\"\nterm = []\n[forms]", "term"),
            ("format = 2\nversion = \"1\"\nfact = \"x\"\n[forms]", "format 1"),
            ("format = 1\nfact = \"x\"\n[forms]", "version"),
        ] {
            let error = LexiconFile::parse("f.toml", bad).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("f.toml"), "{error}");
        }
    }

    #[test]
    fn hits_are_bounded() {
        assert_eq!(lexicon().find(&"isis ".repeat(10_000), 10).len(), 10);
    }
}
