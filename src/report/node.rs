//! The known part of a JSON document. Unknown fields are skipped without being interpreted, so
//! neither their type nor a number no machine can hold matters, and nothing of them is kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Which fields a place in the document knows.
#[derive(Debug)]
pub(super) enum Shape {
    /// A scalar; what an object or array here holds is skipped.
    Leaf,
    /// An object's known fields.
    Object(&'static [(&'static str, Shape)]),
    /// An array whose elements have this shape.
    List(&'static Shape),
}

/// A value. Objects keep their known fields in the order and number in which they came.
#[derive(PartialEq)]
pub(super) enum Node<'de> {
    Null,
    Bool,
    Integer(i128),
    Float(f64),
    String(Cow<'de, str>),
    Array(Vec<Node<'de>>),
    Object(Vec<(&'static str, Node<'de>)>),
}

impl Node<'_> {
    /// The JSON type in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Parses one JSON document.
pub(super) fn parse<'de>(text: &'de str, shape: &'static Shape) -> Result<Node<'de>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let node = Seed(shape).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(node)
}

struct Seed(&'static Shape);

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node<'de>, A::Error> {
        let mut nodes = Vec::new();
        if let Shape::List(shape) = self.0 {
            while let Some(node) = elements.next_element_seed(Seed(shape))? {
                nodes.push(node);
            }
        } else {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(Node::Array(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node<'de>, A::Error> {
        let known: &[(&str, Shape)] = match self.0 {
            Shape::Object(known) => known,
            Shape::Leaf | Shape::List(_) => &[],
        };
        let mut fields = Vec::new();
        while let Some(place) = entries.next_key_seed(Name(known))? {
            match place {
                Some((name, shape)) => fields.push((name, entries.next_value_seed(Seed(shape))?)),
                None => {
                    entries.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Node::Object(fields))
    }
}

/// Looks a field name up without keeping it.
struct Name(&'static [(&'static str, Shape)]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<(&'static str, &'static Shape)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<(&'static str, &'static Shape)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(known, _)| *known == name).map(|(known, shape)| (*known, shape)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape::Object(&[("a", Shape::Leaf), ("list", Shape::List(&Shape::Leaf))]);

    fn parse_fields(text: &str) -> Vec<(&'static str, Node<'_>)> {
        match parse(text, &SHAPE).unwrap() {
            Node::Object(fields) => fields,
            _ => Vec::new(),
        }
    }

    #[test]
    fn unknown_fields_are_not_interpreted() {
        assert!(parse_fields(r#"{"x":1e999,"y":"\ud800","z":{"a":1},"x":[[]]}"#).is_empty());
    }

    #[test]
    fn repeated_and_escaped_names_are_kept_apart_from_others() {
        let fields = parse_fields(r#"{"a":1,"\u0061":2,"A":3,"list":[null]}"#);
        assert!(fields == [("a", Node::Integer(1)), ("a", Node::Integer(2)), ("list", Node::Array(vec![Node::Null]))]);
    }

    #[test]
    fn a_leaf_keeps_nothing_of_what_it_should_not_hold() {
        assert!(parse_fields(r#"{"a":{"a":1}}"#) == [("a", Node::Object(Vec::new()))]);
        assert!(parse_fields(r#"{"a":[1,1e999]}"#) == [("a", Node::Array(Vec::new()))]);
    }

    #[test]
    fn whatever_follows_the_document_is_an_error() {
        assert!(parse("{} {}", &SHAPE).is_err());
        assert!(parse("{", &SHAPE).is_err());
    }
}
