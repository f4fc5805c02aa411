use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Format of an entry; a change that could break a reader raises it.
pub const FORMAT: u32 = 1;

/// What was decided of one report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// Id of the event.
    pub event_id: String,
    /// `classified` or `rejected`.
    pub outcome: String,
    /// SHA-256 of the report's bytes as they arrived.
    pub input_digest: String,
    /// SHA-256 of the decision, times and texts excepted.
    pub decision_digest: String,
    /// Version of the service.
    pub service: String,
    /// SHA-256 of the model package.
    pub model_digest: String,
    /// SHA-256 of its tokenizer.
    pub tokenizer_digest: String,
    /// SHA-256 of the text preparation.
    pub text_digest: String,
    /// SHA-256 of the taxonomy.
    pub taxonomy_digest: String,
    /// SHA-256 of the policy.
    pub policy_digest: String,
    /// SHA-256 of the lexicon.
    pub lexicon_digest: String,
}

/// One line of the log. Its bytes follow from its fields: one entry has one way to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Format of this entry: 1.
    pub format: u32,
    /// Name of the chain.
    pub chain: String,
    /// Place in the chain, from 0.
    pub sequence: u64,
    /// Hash of the entry before; for the first, a hash of the chain's name.
    pub previous: String,
    /// What was decided.
    pub decided: Decided,
    /// SHA-256 of the entry as it is written, without this field.
    pub hash: String,
}

#[derive(Serialize)]
struct Hashed<'a> {
    format: u32,
    chain: &'a str,
    sequence: u64,
    previous: &'a str,
    decided: &'a Decided,
}

impl Entry {
    /// The hash that the other fields demand.
    pub(super) fn demanded_hash(&self) -> String {
        let Self { format, chain, sequence, previous, decided, hash: _ } = self;
        let hashed = Hashed { format: *format, chain, sequence: *sequence, previous, decided };
        // Strings and numbers only: these always serialise.
        hex::encode(Sha256::digest(serde_json::to_vec(&hashed).unwrap_or_default()))
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Where the chain stands after this entry.
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash.clone() }
    }
}

/// Where a chain stands: its last entry. Kept elsewhere, it proves that no entry was cut off the end
/// and that the chain was not written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the last entry.
    pub sequence: u64,
    /// Its hash.
    pub hash: String,
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.sequence, self.hash)
    }
}

impl std::str::FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "a head is the last sequence, a colon and 64 hexadecimal digits".to_owned();
        let (sequence, hash) = text.split_once(':').ok_or_else(wrong)?;
        let sequence = sequence.parse().map_err(|_| wrong())?;
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        Ok(Self { sequence, hash: hash.to_ascii_lowercase() })
    }
}

/// What the first entry of a chain names as its previous: a chain cannot be passed off as another.
pub(super) fn genesis(chain: &str) -> String {
    hex::encode(Sha256::digest(format!("ibaleg decision log {FORMAT}\0{chain}")))
}

/// Makes the entries of one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    name: String,
    sequence: u64,
    previous: String,
}

impl Chain {
    /// A new chain.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), sequence: 0, previous: genesis(name) }
    }

    /// The chain whose last entry this is.
    pub fn after(last: &Entry) -> Self {
        Self { name: last.chain.clone(), sequence: last.sequence.saturating_add(1), previous: last.hash.clone() }
    }

    /// The next entry.
    pub fn next(&mut self, decided: Decided) -> Entry {
        let mut entry = Entry {
            format: FORMAT,
            chain: self.name.clone(),
            sequence: self.sequence,
            previous: self.previous.clone(),
            decided,
            hash: String::new(),
        };
        entry.hash = entry.demanded_hash();
        *self = Self::after(&entry);
        entry
    }
}
