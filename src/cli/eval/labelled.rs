//! One labelled line: what it says, or what is wrong with it. Messages name fields, never their text.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::evaluate::Axes;
use crate::triage::Urgency;

/// Characters of a wrong name that a message repeats.
const SHOWN_CHARS: usize = 40;

/// A report with what a person said of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Labelled {
    pub(super) id: String,
    /// As labelled; `None` leaves it to the language identifier.
    pub(super) language: Option<String>,
    pub(super) description: Option<String>,
    pub(super) content: Option<String>,
    /// One for each name of the axes; `None` where nobody decided it.
    pub(super) truth: Vec<Option<bool>>,
    pub(super) urgency: Option<Urgency>,
    /// Decisive words by label, each a substring of one of the texts.
    pub(super) evidence: BTreeMap<String, Vec<String>>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("longer than {limit} bytes; shorten it or raise report.max_bytes")]
    TooLong { limit: usize },
    #[error("not UTF-8 at byte {byte}; write the file in UTF-8")]
    Encoding { byte: usize },
    #[error("not a JSON object: {what} at column {column}; write one report a line")]
    Syntax { what: String, column: usize },
    #[error("{field} is {found}; write {expected}")]
    Field { field: &'static str, found: &'static str, expected: &'static str },
    #[error("{field} names {name:?}, which the taxonomy does not know; known are {known}")]
    Unknown { field: &'static str, name: String, known: String },
    #[error("evidence {number} for {label} is in neither text; copy it from the text letter by letter")]
    Evidence { label: String, number: usize },
    #[error("the id {id} is that of {file}, line {line} too; give each report its own")]
    Duplicate { id: String, file: String, line: u64 },
    #[error("the split has no row for the id {id}; add one or leave --split out")]
    NotInSplit { id: String },
    #[error("the service would refuse it ({code}{place}): {message}")]
    Refused { code: String, place: String, message: String },
}

impl Problem {
    /// Stable code; `docs/evaluation.md` lists them.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "EB-EV-0001",
            Self::Encoding { .. } => "EB-EV-0002",
            Self::Syntax { .. } => "EB-EV-0003",
            Self::Field { .. } => "EB-EV-0004",
            Self::Unknown { .. } => "EB-EV-0005",
            Self::Evidence { .. } => "EB-EV-0006",
            Self::Duplicate { .. } => "EB-EV-0007",
            Self::NotInSplit { .. } => "EB-EV-0008",
            Self::Refused { .. } => "EB-EV-0009",
        }
    }
}

/// Reads one line; the second part is what is wrong with its evidence, which the report does without.
pub(super) fn parse(line: &[u8], axes: &Axes) -> Result<(Labelled, Vec<Problem>), Problem> {
    let text = std::str::from_utf8(line).map_err(|error| Problem::Encoding { byte: error.valid_up_to() })?;
    let fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        let what = if error.is_data() { "another type".to_owned() } else { error.to_string() };
        let what = what.split(" at line ").next().unwrap_or_default().to_owned();
        Problem::Syntax { what, column: error.column() }
    })?;
    let fields = Fields(&fields);
    let labelled = Labelled {
        id: fields.text("id")?.filter(|id| !id.is_empty()).ok_or_else(|| absent("id", "a string that is not empty"))?,
        language: fields.text("lang")?,
        description: fields.text("description")?,
        content: fields.text("content")?,
        truth: fields.truth(axes)?,
        urgency: fields.urgency()?,
        evidence: fields.evidence(axes)?,
    };
    Ok(keep_found(labelled))
}

/// Leaves out evidence that is in neither text.
fn keep_found(mut labelled: Labelled) -> (Labelled, Vec<Problem>) {
    let mut problems = Vec::new();
    let texts = [labelled.description.clone(), labelled.content.clone()];
    for (label, spans) in &mut labelled.evidence {
        let mut number = 0;
        spans.retain(|span| {
            number += 1;
            let found = !span.is_empty() && texts.iter().flatten().any(|text| text.contains(span.as_str()));
            if !found {
                problems.push(Problem::Evidence { label: label.clone(), number });
            }
            found
        });
    }
    (labelled, problems)
}

fn absent(field: &'static str, expected: &'static str) -> Problem {
    Problem::Field { field, found: "missing or empty", expected }
}

struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn get(&self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    fn text(&self, field: &'static str) -> Result<Option<String>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(Problem::Field { field, found: kind(other), expected: "a string or null" }),
        }
    }

    fn names(&self, field: &'static str, known: &[&'a str]) -> Result<Option<Vec<&'a str>>, Problem> {
        let expected = "a list of names";
        let names = match self.get(field) {
            None => return Ok(None),
            Some(Value::Array(names)) => names,
            Some(other) => return Err(Problem::Field { field, found: kind(other), expected }),
        };
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let Value::String(name) = name else {
                return Err(Problem::Field { field, found: "a list with something else in it", expected });
            };
            if !known.contains(&name.as_str()) {
                return Err(unknown(field, name, known));
            }
            found.push(name.as_str());
        }
        Ok(Some(found))
    }

    /// What is listed applies. What is not listed does not, unless its list is missing or `known` leaves it out.
    fn truth(&self, axes: &'a Axes) -> Result<Vec<Option<bool>>, Problem> {
        let all: Vec<&str> = axes.names().collect();
        let known = self.names("known", &all)?;
        let mut truth = Vec::with_capacity(all.len());
        for (field, axis) in
            [("labels", &axes.labels), ("organisations", &axes.organisations), ("context", &axes.contexts)]
        {
            let names: Vec<&str> = axis.iter().map(String::as_str).collect();
            let marked = self.names(field, &names)?;
            if field == "labels" && marked.is_none() {
                return Err(absent(field, "the list of labels that apply, [] for none"));
            }
            truth.extend(names.iter().map(|name| {
                let marked = marked.as_ref()?;
                let decided = known.as_ref().is_none_or(|known| known.contains(name));
                (marked.contains(name) || decided).then(|| marked.contains(name))
            }));
        }
        Ok(truth)
    }

    fn urgency(&self) -> Result<Option<Urgency>, Problem> {
        let Some(grade) = self.text("urgency")? else { return Ok(None) };
        let found = Urgency::ALL.into_iter().find(|known| known.to_string() == grade);
        let wrong = Problem::Field { field: "urgency", found: "no grade", expected: "U0, U1, U2 or U3" };
        found.map(Some).ok_or(wrong)
    }

    fn evidence(&self, axes: &Axes) -> Result<BTreeMap<String, Vec<String>>, Problem> {
        let field = "evidence";
        let wrong = |found| Problem::Field { field, found, expected: "an object of label to list of strings" };
        let known: Vec<&str> = axes.names().collect();
        let labels = match self.get(field) {
            None => return Ok(BTreeMap::new()),
            Some(Value::Object(labels)) => labels,
            Some(other) => return Err(wrong(kind(other))),
        };
        let mut evidence = BTreeMap::new();
        for (label, spans) in labels {
            if !known.contains(&label.as_str()) {
                return Err(unknown(field, label, &known));
            }
            let spans = spans.as_array().ok_or_else(|| wrong(kind(spans)))?.iter();
            let spans: Option<Vec<String>> = spans.map(|span| span.as_str().map(str::to_owned)).collect();
            evidence.insert(label.clone(), spans.ok_or_else(|| wrong("a list with something else in it"))?);
        }
        Ok(evidence)
    }
}

fn unknown(field: &'static str, name: &str, known: &[&str]) -> Problem {
    Problem::Unknown { field, name: name.chars().take(SHOWN_CHARS).collect(), known: known.join(", ") }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Axes {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Axes { labels: list(&["fraud", "threat"]), organisations: list(&["isis"]), contexts: list(&["reporting"]) }
    }

    fn truth(line: &str) -> Vec<Option<bool>> {
        parse(line.as_bytes(), &axes()).unwrap().0.truth
    }

    #[test]
    fn what_nobody_decided_is_neither_true_nor_false() {
        let full = r#"{"id":"1","labels":["threat"],"organisations":[],"context":["reporting"]}"#;
        assert_eq!(truth(full), [Some(false), Some(true), Some(false), Some(true)]);
        assert_eq!(truth(r#"{"id":"1","labels":[]}"#), [Some(false), Some(false), None, None]);
        let partly = r#"{"id":"1","labels":["threat"],"organisations":[],"context":[],"known":["fraud","isis"]}"#;
        assert_eq!(truth(partly), [Some(false), Some(true), Some(false), None]);
    }

    #[test]
    fn evidence_that_is_in_neither_text_is_told_and_left_out() {
        let line = r#"{"id":"1","description":"je paie","content":"pay or die","labels":["threat"],
            "evidence":{"threat":["or die","OR DIE",""]}}"#;
        let (labelled, problems) = parse(line.as_bytes(), &axes()).unwrap();
        assert_eq!(labelled.evidence["threat"], ["or die"]);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(told.len() == 2 && told[0].starts_with("evidence 2 for threat"), "{told:?}");
        assert!(!told[0].contains("DIE"));
    }

    #[test]
    fn each_problem_names_its_field_and_never_the_text() {
        for (line, code, says) in [
            ("{\"id\":\"1\",", "EB-EV-0003", "at column 10"),
            ("\"secret\"", "EB-EV-0003", "another type"),
            (r#"{"labels":[]}"#, "EB-EV-0004", "id is missing or empty"),
            (r#"{"id":"1"}"#, "EB-EV-0004", "labels is missing"),
            (r#"{"id":"1","labels":"fraud"}"#, "EB-EV-0004", "labels is a string"),
            (r#"{"id":"1","labels":["fraude"]}"#, "EB-EV-0005", "known are fraud, threat"),
            (r#"{"id":"1","labels":[],"content":{"text":"secret"}}"#, "EB-EV-0004", "content is an object"),
            (r#"{"id":"1","labels":[],"urgency":"U4"}"#, "EB-EV-0004", "U0, U1, U2 or U3"),
            (r#"{"id":"1","labels":[],"evidence":{"threat":"secret"}}"#, "EB-EV-0004", "evidence is a string"),
            (r#"{"id":"1","labels":[],"evidence":{"menace":[]}}"#, "EB-EV-0005", "evidence names \"menace\""),
        ] {
            let problem = parse(line.as_bytes(), &axes()).unwrap_err();
            assert_eq!(problem.code(), code, "{problem}");
            assert!(problem.to_string().contains(says) && !problem.to_string().contains("secret"), "{problem}");
        }
        assert_eq!(parse(b"{\"\xff", &axes()).unwrap_err(), Problem::Encoding { byte: 2 });
    }
}
