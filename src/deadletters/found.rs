use crate::stream::Record;
use crate::stream::dead_letter::{self, Letter, NotALetter};

/// A record of the dead-letter topic with what its headers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Topic it lies in.
    pub topic: String,
    /// Partition it lies in.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// The letter; or why this record is none, as one that something else wrote there.
    pub letter: Result<Letter, NotALetter>,
    /// Bytes of the record in memory: key, value and headers.
    pub bytes: usize,
}

impl Found {
    /// Reads the headers of a record of the dead-letter topic.
    pub fn new(record: &Record) -> Self {
        Self {
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            letter: dead_letter::open(record),
            bytes: record.bytes(),
        }
    }
}
