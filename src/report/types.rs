use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;

use super::Warning;

/// Longest report id, in Unicode scalar values.
pub const MAX_ID_CHARS: usize = 128;

/// Why a value of this room's types cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The id is empty or only white space.
    #[error("the id is empty; give every report an id")]
    EmptyId,
    /// The id is longer than [`MAX_ID_CHARS`].
    #[error("the id has {0} characters; send at most {MAX_ID_CHARS}")]
    LongId(usize),
    /// The id would break lines or reorder what stands beside it in a log or a terminal.
    #[error("the id holds control, line-breaking or text-direction characters; send printable ones")]
    UnprintableId,
}

/// The reporter's platform's id of a report: 1 to [`MAX_ID_CHARS`] printable characters.
///
/// The only thing from a report that may stand in logs and messages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportId(String);

impl ReportId {
    /// Checks an id.
    pub fn new(id: &str) -> Result<Self, Error> {
        if id.trim().is_empty() {
            return Err(Error::EmptyId);
        }
        let chars = id.chars().count();
        if chars > MAX_ID_CHARS {
            return Err(Error::LongId(chars));
        }
        if id.chars().any(is_unprintable) {
            return Err(Error::UnprintableId);
        }
        Ok(Self(id.to_owned()))
    }

    /// The id as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Controls, line and paragraph separators, bidirectional controls (UAX #9), byte order mark.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

impl Deref for ReportId {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a citizen wrote or quoted. Has no `Display` and no `Serialize`, and its `Debug` shows only
/// the length, so that it cannot reach a log by accident; reading it is always written out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Text(String);

impl Text {
    /// The words, unchanged.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// Whether the reporter suffered the act or saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The reporter is the victim.
    Victim,
    /// The reporter saw the content.
    Witness,
}

impl Role {
    /// Both roles.
    pub const ALL: [Self; 2] = [Self::Victim, Self::Witness];

    /// The word in the schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Victim => "victim",
            Self::Witness => "witness",
        }
    }
}

/// How much of their identity the reporter gave; for counting only, never for deciding.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identity {
    /// All of it.
    Full,
    /// Part of it.
    Partial,
    /// None.
    Anonymous,
}

impl Identity {
    /// All levels.
    pub const ALL: [Self; 3] = [Self::Full, Self::Partial, Self::Anonymous];

    /// The word in the schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Anonymous => "anonymous",
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// The post, message or page that is reported.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// Its words, quoted.
    pub text: Option<Text>,
    /// Where it stands; never fetched.
    pub url: Option<Text>,
    /// The service it stands on, as the reporter or the form names it.
    pub platform: Option<String>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("text", &self.text).field("url", &self.url).finish_non_exhaustive()
    }
}

/// A reference to a file kept elsewhere; never fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Where it is kept: a URI or a storage key, not interpreted.
    pub uri: Text,
    /// Media type (RFC 6838) as the sender states it.
    pub media_type: Option<String>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").field("uri", &self.uri).finish_non_exhaustive()
    }
}

/// One citizen's report within the limits it was decoded under.
///
/// At least one of `description`, `content.text`, `content.url` and `attachments` is there. Strings
/// are as sent (never empty or only white space); `Debug` shows neither text nor person.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// The id the sender gave it.
    pub id: ReportId,
    /// Counts the versions of the same report, from 1.
    pub revision: u32,
    /// When the citizen sent it.
    pub submitted_at: Option<Timestamp>,
    /// The citizen's own words.
    pub description: Option<Text>,
    /// What is reported.
    pub content: Option<Content>,
    /// The category the reporter chose: evidence, not the answer.
    pub category: Option<String>,
    /// Victim or witness.
    pub role: Option<Role>,
    /// How much of their identity the reporter gave.
    pub identity: Option<Identity>,
    /// Where it was sent from: two upper-case letters, the shape of ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// A hint from the form: a language tag (RFC 5646) in its conventional case.
    pub language: Option<String>,
    /// Files that belong to it.
    pub attachments: Vec<Attachment>,
    /// What was wrong without costing the report its acceptance, in the order of the fields above.
    pub warnings: Vec<Warning>,
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("id", &self.id)
            .field("revision", &self.revision)
            .field("description", &self.description)
            .field("content", &self.content)
            .field("attachments", &self.attachments.len())
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_bounded_and_printable() {
        assert_eq!(ReportId::new("R-1").unwrap().as_str(), "R-1");
        assert_eq!(ReportId::new(&"ب".repeat(MAX_ID_CHARS)).unwrap().chars().count(), MAX_ID_CHARS);
        assert_eq!(ReportId::new(" \t"), Err(Error::EmptyId));
        assert_eq!(ReportId::new(&"a".repeat(129)), Err(Error::LongId(129)));
        for id in ["a\nb", "a\0", "a\u{202E}b", "a\u{2028}b", "\u{1b}[2J"] {
            assert_eq!(ReportId::new(id), Err(Error::UnprintableId));
        }
    }

    #[test]
    fn debug_shows_neither_words_nor_person() {
        let secret = "secret";
        let report = Report {
            id: ReportId::new("R-1").unwrap(),
            revision: 1,
            submitted_at: None,
            description: Some(secret.into()),
            content: Some(Content {
                text: Some(secret.into()),
                url: Some(secret.into()),
                platform: Some(secret.to_owned()),
            }),
            category: Some(secret.to_owned()),
            role: Some(Role::Victim),
            identity: Some(Identity::Full),
            country: Some("MA".to_owned()),
            language: Some("ary".to_owned()),
            attachments: vec![Attachment { uri: secret.into(), media_type: Some(secret.to_owned()) }],
            warnings: Vec::new(),
        };
        let shown = format!("{report:?} {:?} {:?}", report.attachments, report.identity);
        assert!(shown.contains("Text(6 bytes)"));
        for hidden in [secret, "Full", "full", "MA"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
