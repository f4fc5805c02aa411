use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

use super::facts::{FactFile, Group};
use super::{Error, Taxonomy};
use crate::text::arabizi::{canonical, canonical_into};

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
    #[serde(default)]
    name: String,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for the people who keep the file; the digest is what events carry")]
    checked: bool,
    #[serde(skip)]
    prefixes: Vec<String>,
    forms: Vec<String>,
    /// Darija in Latin letters, found however it is spelt.
    #[serde(default)]
    arabizi: Vec<String>,
}

impl Term {
    /// What is wrong with the term, if anything is. Who marks a report with an organisation must be
    /// able to say whom they mean and by whose list.
    fn fault(&self) -> Option<&'static str> {
        match (&self.organisation, &self.fact) {
            (Some(_), None) if self.name.is_empty() || self.reference.is_empty() => {
                Some("a term of an organisation needs `name`, and `reference`: the list entry or source it rests on")
            }
            (Some(_), None) | (None, Some(_)) => None,
            _ => Some("a term has either `organisation` or `fact`"),
        }
    }
}

/// One lexicon file: a list of terms, or one fact with its forms by language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconFile {
    format: u32,
    #[expect(dead_code, reason = "read so that a file without a version is refused; the digest is what events carry")]
    version: String,
    #[serde(default)]
    #[expect(dead_code, reason = "read so that a date which is none is refused")]
    compiled: Option<jiff::civil::Date>,
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
        let term = groups.map(|Group { language, prefixes, forms, arabizi }| Term {
            id: format!("{fact}.{language}"),
            fact: Some(fact.clone()),
            prefixes,
            forms,
            arabizi,
            ..Term::default()
        });
        Ok(Self { format, version: String::new(), compiled: None, prefixes: Vec::new(), term: term.collect() })
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
    /// Phrases by the sound of their words.
    sounds: Sounds,
    entries: Vec<(String, Meaning)>,
}

/// Phrases of Darija in Latin letters: by the key of the first word, the keys of the others and the entry.
#[derive(Debug, Default)]
struct Sounds(HashMap<String, Vec<(Vec<String>, usize)>>);

impl Sounds {
    /// Letters of a phrase's keys together, at least: shorter ones are those of too many words.
    const MIN_LETTERS: usize = 5;

    /// Adds a normalised phrase; `false` if its keys are too short.
    fn add(&mut self, phrase: &str, entry: usize) -> bool {
        let mut keys: Vec<String> = words(phrase).map(|(_, word)| canonical(word)).collect();
        if keys.iter().map(|key| key.chars().count()).sum::<usize>() < Self::MIN_LETTERS {
            return false;
        }
        let first = keys.remove(0);
        self.0.entry(first).or_default().push((keys, entry));
        true
    }

    /// The phrases in a normalised text, each with its entry.
    fn find(&self, text: &str) -> Vec<(Range<usize>, usize)> {
        let mut found = Vec::new();
        if self.0.is_empty() {
            return found;
        }
        let mut key = String::new();
        let mut following = words(text);
        while let Some((span, word)) = following.next() {
            if !word.is_ascii() {
                continue;
            }
            canonical_into(word, &mut key);
            for (rest, entry) in self.0.get(&key).into_iter().flatten() {
                let mut end = span.end;
                let mut next = following.clone();
                let follows = rest.iter().all(|wanted| {
                    next.next().is_some_and(|(span, word)| {
                        end = span.end;
                        canonical(word) == *wanted
                    })
                });
                if follows {
                    found.push((span.start..end, *entry));
                }
            }
        }
        found
    }
}

/// Runs of letters and digits with their bytes.
fn words(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> + Clone {
    let cut = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    cut.map(|word| {
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        (start..start + word.len(), word)
    })
}

impl Lexicon {
    /// Builds one automaton from all files. Forms pass through `normalise`, the same function
    /// that prepares reports, so that a term is found however it is written.
    pub fn new(files: &[LexiconFile], normalise: impl Fn(&str) -> String) -> Result<Self, Error> {
        let wrong = |place: String, message: &str| Error::Meaning { file: "lexicon", place, message: message.into() };
        let (mut forms, mut patterns, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        let mut sounds = Sounds::default();
        for file in files {
            for term in &file.term {
                let prefixes = file.prefixes.iter().chain(&term.prefixes);
                let prefixes: BTreeSet<String> = prefixes.map(|prefix| normalise(prefix)).collect();
                if let Some(fault) = term.fault() {
                    return Err(wrong(term.id.clone(), fault));
                }
                let organisation = term.organisation.clone().map(Meaning::Organisation);
                let Some(meaning) = organisation.or_else(|| term.fact.clone().map(Meaning::Fact)) else { continue };
                let normal: BTreeSet<String> = term.forms.iter().map(|form| normalise(form)).collect();
                for phrase in &term.arabizi {
                    if !sounds.add(&normalise(phrase), entries.len()) {
                        let message = format!("{phrase:?} sounds like too many words; list its spellings in `forms`");
                        return Err(Error::Meaning { file: "lexicon", place: term.id.clone(), message });
                    }
                }
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
        Ok(Self { automaton, patterns, sounds, entries })
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
        let listed = self.automaton.find_overlapping_iter(text).filter_map(|hit| {
            let entry = self.patterns.get(hit.pattern().as_usize())?;
            Some((hit.start()..hit.end(), *entry))
        });
        for (span, entry) in listed.chain(self.sounds.find(text)) {
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
            name = "Islamic State"
            reference = "QDe.115"
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
    fn an_organisation_without_its_source_is_refused() {
        let text = "format = 1\nversion = \"1\"\n[[term]]\nid = \"x\"\norganisation = \"isis\"\nforms = [\"x\"]";
        let refused = Lexicon::new(&[LexiconFile::parse("test", text).unwrap()], str::to_lowercase).unwrap_err();
        assert!(refused.to_string().contains("reference"), "{refused}");
    }

    #[test]
    fn darija_in_latin_letters_is_found_however_it_is_spelt() {
        let file = |phrase: &str| {
            format!(
                "format = 1\nversion = '1'\n[[term]]\nid = 'suicide'\nfact = 'suicide'\nforms = []\narabizi = ['{phrase}']"
            )
        };
        let build = |phrase: &str| {
            let file = LexiconFile::parse("test", &file(phrase)).unwrap();
            Lexicon::new(&[file], str::to_lowercase)
        };
        let lexicon = build("n9tel rassi").unwrap();
        for text in ["ghadi n9tel rassi", "nqtl rasi", "ne9tel raassi!", "bghit (n9tal rassi)"] {
            assert_eq!(lexicon.find(text, 10).len(), 1, "{text}");
        }
        let hit = lexicon.find("rani Nqtel rasi".to_lowercase().as_str(), 10).remove(0);
        assert_eq!(hit.span, 5..15);
        for text in ["n9tel", "n9tel lik rassi", "rassi n9tel", "نقتل راسي"] {
            assert_eq!(lexicon.find(text, 10), [], "{text}");
        }
        assert!(build("mous").unwrap_err().to_string().contains("forms"));
    }

    #[test]
    fn hits_are_bounded() {
        assert_eq!(lexicon().find(&"isis ".repeat(10_000), 10).len(), 10);
    }
}
