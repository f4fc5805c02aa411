use std::collections::BTreeMap;

use serde::Deserialize;

use super::definitions::{Error, parse, unique};
use crate::triage::Names;

const FILE: &str = "communique";

/// The roll-up of labels into the lines of the platform's published figures.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollup {
    format: u32,
    version: String,
    #[serde(rename = "group")]
    groups: Vec<Group>,
}

/// One part of all reports.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Stable identifier.
    pub id: String,
    /// Names shown to people.
    pub names: Names,
    /// Labels counted here, when the group has no lines.
    #[serde(default)]
    pub labels: Vec<String>,
    /// A report with one of these labels flagged counts here, whatever else is flagged.
    #[serde(default)]
    pub precedence: bool,
    /// Not an offence: one of the parts that close the table.
    #[serde(default)]
    pub residue: bool,
    /// Organisations shown as parts of the group; a report that concerns several counts under the first.
    #[serde(default)]
    pub organisations: Vec<String>,
    /// Parts of the group.
    #[serde(default, rename = "line")]
    pub lines: Vec<Line>,
}

/// One part of a group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Stable identifier.
    pub id: String,
    /// Names shown to people.
    pub names: Names,
    /// Labels counted here.
    pub labels: Vec<String>,
}

/// Where a report is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place<'a> {
    /// Group.
    pub group: &'a str,
    /// Line of the group; `None` for a group without lines.
    pub line: Option<&'a str>,
}

impl Rollup {
    /// Reads a roll-up; every label may stand in one place only.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let rollup: Self = parse(FILE, text)?;
        rollup.check()?;
        Ok(rollup)
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |place: String, message: String| Err(Error::Meaning { file: FILE, place, message });
        if self.format != 1 {
            return wrong("format".into(), format!("this version reads format 1, not {}", self.format));
        }
        unique(FILE, "group", self.groups.iter().map(|group| group.id.as_str()))?;
        if let Some(group) = self.groups.iter().find(|group| group.id == super::tables::UNDECIDED) {
            return wrong(
                format!("group {:?}", group.id),
                "the name is that of reports without a flagged label".into(),
            );
        }
        for group in &self.groups {
            let place = || format!("group {:?}", group.id);
            unique(FILE, "line", group.lines.iter().map(|line| line.id.as_str()))?;
            if group.lines.is_empty() == group.labels.is_empty() {
                return wrong(place(), "it needs either `labels` or lines, and not both".into());
            }
            if group.precedence && group.labels.is_empty() {
                return wrong(place(), "`precedence` is for a group with `labels` and no lines".into());
            }
            if !group.organisations.is_empty() && !group.lines.is_empty() {
                return wrong(place(), "`organisations` are parts of a group without lines".into());
            }
        }
        let mut seen = BTreeMap::new();
        for (label, place) in self.labels() {
            if let Some(other) = seen.insert(label, place) {
                let message = format!("it stands under {:?} already; a report is counted once", other.group);
                return wrong(format!("label {label:?}"), message);
            }
        }
        Ok(())
    }

    /// Version of the file, as its owner numbers it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All groups, in the order of the file.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Every label with its place, in the order of the file.
    pub fn labels(&self) -> impl Iterator<Item = (&str, Place<'_>)> {
        self.groups.iter().flat_map(|group| {
            let own = group.labels.iter().map(|label| (label.as_str(), Place { group: &group.id, line: None }));
            let lines = group.lines.iter().flat_map(|line| {
                let place = Place { group: &group.id, line: Some(&line.id) };
                line.labels.iter().map(move |label| (label.as_str(), place))
            });
            own.chain(lines)
        })
    }

    /// Where a report with these flagged labels, highest score first, is counted. `None`: a person
    /// decides what it is.
    pub fn place<'a>(&'a self, flagged: &[String]) -> Option<Place<'a>> {
        let first = self.groups.iter().find(|group| {
            group.precedence && flagged.iter().any(|flagged| group.labels.iter().any(|label| label == flagged))
        });
        if let Some(group) = first {
            return Some(Place { group: &group.id, line: None });
        }
        let of = |flagged: &String| self.labels().find(|(label, _)| label == flagged).map(|(_, place)| place);
        flagged.iter().find_map(of)
    }

    /// The group of this id.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = r#"names = { fr = "f", ar = "a", en = "e", es = "s" }"#;

    fn file(rest: &str) -> String {
        format!("format = 1\nversion = \"1\"\n{}", rest.replace("NAMES", NAMES))
    }

    #[test]
    fn precedence_comes_before_the_score_and_the_score_before_the_order_of_the_file() {
        let text = file(
            "[[group]]\nid = \"t\"\nNAMES\n[[group.line]]\nid = \"a\"\nNAMES\nlabels = [\"x\"]\n\
             [[group.line]]\nid = \"b\"\nNAMES\nlabels = [\"y\"]\n\
             [[group]]\nid = \"p\"\nNAMES\nlabels = [\"z\"]\nprecedence = true\n",
        );
        let rollup = Rollup::parse(&text).unwrap();
        let place = |flagged: &[&str]| {
            let flagged: Vec<String> = flagged.iter().map(|label| (*label).to_owned()).collect();
            rollup.place(&flagged).map(|place| (place.group.to_owned(), place.line.map(str::to_owned)))
        };
        assert_eq!(place(&["y", "x"]), Some(("t".into(), Some("b".into()))));
        assert_eq!(place(&["x", "y", "z"]), Some(("p".into(), None)));
        assert_eq!(place(&["of another taxonomy", "x"]), Some(("t".into(), Some("a".into()))));
        assert_eq!(place(&[]), None);
    }

    #[test]
    fn what_would_count_a_report_twice_or_nowhere_is_refused_with_its_place() {
        for (rest, said) in [
            ("[[group]]\nid = \"a\"\nNAMES\nlabels = [\"x\", \"x\"]", "\"x\""),
            ("[[group]]\nid = \"a\"\nNAMES", "either"),
            ("[[group]]\nid = \"undecided\"\nNAMES\nlabels = [\"x\"]", "undecided"),
            ("[[group]]\nid = \"a\"\nNAMES\nlabels = [\"x\"]\n[[group]]\nid = \"a\"\nNAMES\nlabels = [\"y\"]", "twice"),
            ("[[group]]\nid = \"a\"\nNAMES\nlabels = [\"x\"]\nlabel = 1", "label"),
        ] {
            let message = Rollup::parse(&file(rest)).unwrap_err().to_string();
            assert!(message.starts_with("communique") && message.contains(said), "{rest}: {message}");
        }
    }
}
