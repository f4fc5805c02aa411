//! Dead letters: the input untouched, and beside it where it was read and why it was refused.
//!
//! Key, value and timestamp are the original's. The original headers come first, in order; after
//! them the names Kafka Connect uses (`DeadLetterQueueReporter`: `__connect.errors.*`, values in
//! UTF-8, numbers in decimal), so that tools made for Connect understand them, then a group
//! of our own; where a tool copied a whole letter back into the input topic, the last group speaks.
//! [`open`] gives back the original exactly.
//!
//! A redriven input is the original with two headers behind its own, [`REDRIVEN`] and [`ATTEMPT`]:
//! see [`Letter::redriven`]. If it is refused again they belong to the input, so that the count goes
//! on, and the next redrive puts its own two in their place.

use super::{Record, Refusal};

/// Topic the input was read from.
pub const TOPIC: &str = "__connect.errors.topic";
/// Partition the input was read from.
pub const PARTITION: &str = "__connect.errors.partition";
/// Offset of the input.
pub const OFFSET: &str = "__connect.errors.offset";
/// Name of the service: the consumer group.
pub const CONNECTOR: &str = "__connect.errors.connector.name";
/// Number of the lane.
pub const TASK: &str = "__connect.errors.task.id";
/// Stage that refused.
pub const STAGE: &str = "__connect.errors.stage";
/// Who refused: always `ibaleg`.
pub const CLASS: &str = "__connect.errors.class.name";
/// Stable code of the refusal.
pub const EXCEPTION: &str = "__connect.errors.exception.class.name";
/// What was wrong.
pub const MESSAGE: &str = "__connect.errors.exception.message";
/// Stable code of the refusal, under our own name.
pub const CODE: &str = "ibaleg-code";
/// Stage that refused, under our own name.
pub const OUR_STAGE: &str = "ibaleg-stage";
/// How often this input has been dead-lettered, this time included.
pub const ATTEMPT: &str = "ibaleg-attempt";
/// Letter an input was redriven from, as `topic/partition/offset`.
pub const REDRIVEN: &str = "ibaleg-redriven";
/// Consumer group of the service.
pub const GROUP: &str = "ibaleg-group";
/// Version of the service.
pub const VERSION: &str = "ibaleg-version";
/// Timestamp of the original in milliseconds since the Unix epoch; absent if it had none. It
/// repeats the record's own timestamp for topics that overwrite it (`LogAppendTime`).
pub const TIMESTAMP: &str = "ibaleg-timestamp";
/// How many headers the original had: the first so many are its own.
pub const HEADERS: &str = "ibaleg-headers";

/// Who dead-letters.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Consumer group of the service.
    pub group: &'a str,
    /// Number of the lane.
    pub lane: usize,
    /// Version of the service.
    pub version: &'a str,
}

/// Headers of a message in order; names may repeat, values may be null.
pub type Headers = Vec<(String, Option<Vec<u8>>)>;

/// Headers of the dead letter of `record`; key, value and timestamp are the record's own.
pub fn headers(record: &Record, refusal: &Refusal, origin: &Origin<'_>) -> Headers {
    let attempt =
        last(&record.headers, ATTEMPT).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0).saturating_add(1);
    let mut added = vec![
        (TOPIC, record.topic.to_string()),
        (PARTITION, record.partition.to_string()),
        (OFFSET, record.offset.to_string()),
        (CONNECTOR, origin.group.to_owned()),
        (TASK, origin.lane.to_string()),
        (STAGE, refusal.stage.to_owned()),
        (CLASS, "ibaleg".to_owned()),
        (EXCEPTION, refusal.code.clone()),
        (MESSAGE, refusal.message.clone()),
        (CODE, refusal.code.clone()),
        (OUR_STAGE, refusal.stage.to_owned()),
        (ATTEMPT, attempt.to_string()),
        (GROUP, origin.group.to_owned()),
        (VERSION, origin.version.to_owned()),
        (HEADERS, record.headers.len().to_string()),
    ];
    if let Some(timestamp) = record.timestamp {
        added.push((TIMESTAMP, timestamp.to_string()));
    }
    let added = added.into_iter().map(|(name, value)| (name.to_owned(), Some(value.into_bytes())));
    record.headers.iter().cloned().chain(added).collect()
}

/// A dead letter taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The input as it was read, coordinates included.
    pub original: Record,
    /// Code of the refusal.
    pub code: String,
    /// Stage of the refusal.
    pub stage: String,
    /// What was wrong.
    pub message: String,
    /// How often the input has been dead-lettered.
    pub attempt: u32,
    /// Consumer group that refused it.
    pub group: String,
    /// Version of the service that refused it.
    pub version: String,
}

impl Letter {
    /// Headers of the original as its producer wrote them, without what earlier redrives added.
    pub fn own_headers(&self) -> &[(String, Option<Vec<u8>>)] {
        match self.original.headers.as_slice() {
            [own @ .., (redriven, _), (attempt, _)] if redriven == REDRIVEN && attempt == ATTEMPT => own,
            all => all,
        }
    }

    /// Headers of the input redriven from this letter, which was found at `place`: the original's
    /// own, then where it comes from and how often it has been dead-lettered. Key, value and
    /// timestamp are the original's.
    pub fn redriven(&self, place: (&str, i32, i64)) -> Headers {
        let (topic, partition, offset) = place;
        let added = [(REDRIVEN, format!("{topic}/{partition}/{offset}")), (ATTEMPT, self.attempt.to_string())];
        let added = added.into_iter().map(|(name, value)| (name.to_owned(), Some(value.into_bytes())));
        self.own_headers().iter().cloned().chain(added).collect()
    }
}

/// Why a record of the dead-letter topic cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a dead letter of this service: header `{0}` is missing or unreadable")]
pub struct NotALetter(pub &'static str);

/// Takes a dead letter apart; the inverse of [`headers`].
pub fn open(letter: &Record) -> Result<Letter, NotALetter> {
    let text = |name: &'static str| last(&letter.headers, name).ok_or(NotALetter(name));
    let own: usize = text(HEADERS)?.parse().map_err(|_| NotALetter(HEADERS))?;
    let headers = letter.headers.get(..own).ok_or(NotALetter(HEADERS))?.to_vec();
    let added = letter.headers.get(own..).unwrap_or_default();
    let timestamp =
        last(added, TIMESTAMP).map(|millis| millis.parse().map_err(|_| NotALetter(TIMESTAMP))).transpose()?;
    Ok(Letter {
        original: Record {
            topic: text(TOPIC)?.into(),
            partition: text(PARTITION)?.parse().map_err(|_| NotALetter(PARTITION))?,
            offset: text(OFFSET)?.parse().map_err(|_| NotALetter(OFFSET))?,
            timestamp,
            key: letter.key.clone(),
            value: letter.value.clone(),
            headers,
        },
        code: text(CODE)?.to_owned(),
        stage: text(OUR_STAGE)?.to_owned(),
        message: text(MESSAGE)?.to_owned(),
        attempt: text(ATTEMPT)?.parse().map_err(|_| NotALetter(ATTEMPT))?,
        group: text(GROUP)?.to_owned(),
        version: text(VERSION)?.to_owned(),
    })
}

fn last<'a>(headers: &'a [(String, Option<Vec<u8>>)], name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().rev().find(|(known, _)| known == name)?;
    std::str::from_utf8(value.as_deref()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORIGIN: Origin<'_> = Origin { group: "ibaleg", lane: 2, version: "0.1.0" };

    fn refusal() -> Refusal {
        Refusal { code: "EB-IN-0007".into(), stage: "decode", message: "not JSON".into() }
    }

    fn letter(record: &Record, refusal: &Refusal) -> Record {
        Record {
            topic: "reports.deadletter".into(),
            partition: 0,
            offset: 99,
            headers: headers(record, refusal, &ORIGIN),
            ..record.clone()
        }
    }

    fn bytes() -> impl Strategy<Value = Option<Vec<u8>>> {
        prop::option::of(prop::collection::vec(any::<u8>(), 0..20))
    }

    prop_compose! {
        fn record()(
            topic in "[a-z.]{1,12}", partition in 0..64_i32, offset in 0..i64::MAX,
            timestamp in prop::option::of(0..4_000_000_000_000_i64), key in bytes(), value in bytes(),
            headers in prop::collection::vec(("[a-zA-Z_.é-]{0,8}", bytes()), 0..6),
        ) -> Record {
            Record { topic: topic.into(), partition, offset, timestamp, key, value, headers }
        }
    }

    proptest! {
        #[test]
        fn what_was_put_in_comes_out(record in record()) {
            let opened = open(&letter(&record, &refusal())).unwrap();
            prop_assert_eq!(&opened.original, &record);
            prop_assert_eq!(opened.attempt, 1);
            prop_assert_eq!(opened.code, "EB-IN-0007");
            // Copied back as it was dead-lettered, and refused again elsewhere.
            let again = Record { topic: "redriven".into(), offset: 5, ..letter(&record, &refusal()) };
            let opened = open(&letter(&again, &refusal())).unwrap();
            prop_assert_eq!(opened.attempt, 2);
            prop_assert_eq!(&*opened.original.topic, "redriven");
            prop_assert_eq!(opened.original.headers, again.headers);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_redriven_keeps_its_own_headers_and_counts_on(record in record(), rounds in 1..6_u32) {
            let mut input = record.clone();
            for round in 1..=rounds {
                let opened = open(&letter(&input, &refusal())).unwrap();
                prop_assert_eq!(opened.attempt, round);
                prop_assert_eq!(opened.own_headers(), &record.headers[..]);
                let headers = opened.redriven(("reports.deadletter", 4, 99));
                let (own, added) = headers.split_at(record.headers.len());
                prop_assert_eq!(own, &record.headers[..]);
                prop_assert_eq!(last(added, REDRIVEN), Some("reports.deadletter/4/99"));
                prop_assert_eq!(last(added, ATTEMPT), Some(&*round.to_string()));
                prop_assert_eq!(added.len(), 2);
                input = Record { headers, offset: i64::from(round), ..opened.original };
                prop_assert_eq!((&input.key, &input.value), (&record.key, &record.value));
                prop_assert_eq!(input.timestamp, record.timestamp);
            }
        }
    }

    #[test]
    fn a_producers_own_attempt_header_stays_its_own() {
        let own = vec![(ATTEMPT.to_owned(), Some(b"7".to_vec()))];
        let record = Record {
            topic: "t".into(),
            partition: 0,
            offset: 0,
            timestamp: None,
            key: None,
            value: None,
            headers: own.clone(),
        };
        let opened = open(&letter(&record, &refusal())).unwrap();
        assert_eq!(opened.own_headers(), own);
        assert_eq!(opened.redriven(("d", 0, 1)).len(), 3);
    }

    #[test]
    fn offset_and_partition_are_not_confused() {
        let record = Record {
            topic: "reports.incoming".into(),
            partition: 3,
            offset: 41,
            timestamp: Some(1_700_000_000_000),
            key: None,
            value: None,
            headers: vec![],
        };
        let headers = headers(&record, &refusal(), &ORIGIN);
        assert_eq!(last(&headers, PARTITION), Some("3"));
        assert_eq!(last(&headers, OFFSET), Some("41"));
        assert_eq!(last(&headers, TIMESTAMP), Some("1700000000000"));
    }

    #[test]
    fn a_foreign_record_is_no_letter() {
        let record = Record {
            topic: "t".into(),
            partition: 0,
            offset: 0,
            timestamp: None,
            key: None,
            value: None,
            headers: vec![(HEADERS.into(), Some(b"7".to_vec()))],
        };
        assert_eq!(open(&record).unwrap_err(), NotALetter(HEADERS));
    }
}
