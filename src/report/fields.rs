//! The known fields of one JSON object, by name and type.

use super::node::Node;
use super::{Code, Rejection, Text};

/// The fields of one object and the pointer to it.
pub(super) struct Fields<'n, 'de> {
    pub(super) base: String,
    entries: &'n [(&'static str, Node<'de>)],
}

impl<'n, 'de> Fields<'n, 'de> {
    /// The fields of the object at `base`.
    pub(super) fn of(node: &'n Node<'de>, base: &str) -> Result<Self, Rejection> {
        match node {
            Node::Object(entries) => Ok(Self { base: base.to_owned(), entries }),
            other if base.is_empty() => Err(Rejection::new(
                Code::NotAnObject,
                "",
                format!("the value is {}; send each report as one JSON object", other.kind()),
            )),
            other => Err(wrong_type(base.to_owned(), "an object", other)),
        }
    }

    /// Whether the field stands there, be it `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(field, _)| *field == name)
    }

    /// Whether a field stands there from which a report could be classified.
    pub(super) fn has_content(&self) -> bool {
        ["description", "content", "attachments"].iter().any(|name| self.has(name))
    }

    /// The field's value; `null` is none. Two of the same name are refused, since readers disagree
    /// on which counts and a report must not say one thing here and another elsewhere (RFC 8259, section 4).
    pub(super) fn get(&self, name: &str) -> Result<Option<&'n Node<'de>>, Rejection> {
        let mut found = self.entries.iter().filter(|(field, _)| *field == name);
        let first = found.next();
        if found.next().is_some() {
            return Err(Rejection::new(
                Code::DuplicateField,
                self.pointer(name),
                format!("`{name}` stands there more than once; send it once"),
            ));
        }
        Ok(first.map(|(_, node)| node).filter(|node| !matches!(node, Node::Null)))
    }

    /// The field as a string; one of only white space is none.
    pub(super) fn string(&self, name: &str) -> Result<Option<&'n str>, Rejection> {
        match self.get(name)? {
            None => Ok(None),
            Some(Node::String(value)) if value.trim().is_empty() => Ok(None),
            Some(Node::String(value)) => Ok(Some(value)),
            Some(other) => Err(self.wrong_type(name, "a string", other)),
        }
    }

    /// The field as a string of at most `max` characters.
    pub(super) fn bounded(&self, name: &str, max: usize, code: Code) -> Result<Option<Text>, Rejection> {
        let Some(value) = self.string(name)? else {
            return Ok(None);
        };
        bounded(value, max, code, || self.pointer(name)).map(Some)
    }

    pub(super) fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    pub(super) fn wrong_type(&self, name: &str, expected: &str, found: &Node<'_>) -> Rejection {
        wrong_type(self.pointer(name), expected, found)
    }
}

pub(super) fn wrong_type(pointer: String, expected: &str, found: &Node<'_>) -> Rejection {
    let message =
        format!("the field must be {expected}, not {}; send it as in the schema, or leave it out", found.kind());
    Rejection::new(Code::WrongType, pointer, message)
}

pub(super) fn bounded(
    value: &str,
    max: usize,
    code: Code,
    pointer: impl FnOnce() -> String,
) -> Result<Text, Rejection> {
    let chars = value.chars().count();
    if chars > max {
        let message = format!(
            "the field has {chars} characters, the limit is {max}; shorten it or send the rest as an attachment"
        );
        return Err(Rejection::new(code, pointer(), message));
    }
    Ok(value.into())
}
