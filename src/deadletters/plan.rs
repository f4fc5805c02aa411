use std::collections::BTreeMap;

use super::{Found, Progress, Selection};
use crate::stream::dead_letter::Letter;

/// What keeps a redrive from going round in circles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// Topic that redriven inputs go to: the one that `run` reads.
    pub incoming: String,
    /// Redrives of one report, at most; one that was redriven so often and refused again is left.
    pub max_attempts: u32,
}

/// Why a letter stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// It was redriven as often as allowed, and refused each time.
    TooOften,
    /// Its original was read from another topic than the one that redriven inputs go to.
    Elsewhere,
    /// The brokers refuse the original for good, as for its size.
    Refused,
    /// Letters redriven so far lie too scattered for the memory of its partition: see [`Progress`].
    Unremembered,
}

impl Kept {
    /// Every reason, in the order of a summary.
    pub const ALL: [Self; 4] = [Self::TooOften, Self::Elsewhere, Self::Refused, Self::Unremembered];

    /// A word for lists and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooOften => "too_often",
            Self::Elsewhere => "elsewhere",
            Self::Refused => "refused",
            Self::Unremembered => "unremembered",
        }
    }

    /// What it means, and what to do.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::TooOften => {
                "redriven as often as --max-attempts allows and refused each time; look at one with `show`"
            }
            Self::Elsewhere => {
                "read from another topic than topics.incoming; redrive with the configuration of its service"
            }
            Self::Refused => {
                "the brokers refuse the original; compare its size with max.message.bytes of topics.incoming"
            }
            Self::Unremembered => {
                "redriven letters lie too scattered to remember more; redrive the older letters of the partition first"
            }
        }
    }
}

/// What is to be done with a record of the dead-letter topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes back to the input topic.
    Redrive,
    /// It is meant, and stays.
    Keep(Kept),
    /// It was redriven before.
    Done,
    /// It is not meant.
    Other,
    /// It is no letter of this service.
    Foreign,
}

/// Judges one record of the dead-letter topic; `progress` is that of its partition.
pub fn judge(found: &Found, selection: &Selection, guard: &Guard, progress: &Progress) -> Verdict {
    let Ok(letter) = &found.letter else {
        return Verdict::Foreign;
    };
    if progress.is_done(found.offset) {
        Verdict::Done
    } else if !selection.takes(letter) {
        Verdict::Other
    } else if *letter.original.topic != *guard.incoming {
        Verdict::Keep(Kept::Elsewhere)
    } else if redrives(letter) >= guard.max_attempts {
        Verdict::Keep(Kept::TooOften)
    } else if !progress.has_room(found.offset) {
        Verdict::Keep(Kept::Unremembered)
    } else {
        Verdict::Redrive
    }
}

/// How often the original was redriven: every time it was dead-lettered but the first.
fn redrives(letter: &Letter) -> u32 {
    letter.attempt.saturating_sub(1)
}

/// What a redrive did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Letters that went back.
    pub redriven: u64,
    /// Letters that are meant and stay, by reason.
    pub kept: BTreeMap<Kept, u64>,
    /// Letters that did not go back before, and are not meant.
    pub other: u64,
    /// Records that are no letters of this service.
    pub foreign: u64,
}

impl Tally {
    /// Counts one record.
    pub fn count(&mut self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Redrive => &mut self.redriven,
            Verdict::Keep(reason) => self.kept.entry(reason).or_default(),
            Verdict::Done => return,
            Verdict::Other => &mut self.other,
            Verdict::Foreign => &mut self.foreign,
        };
        *counter = counter.saturating_add(1);
    }

    /// Letters that are meant and stay.
    pub fn all_kept(&self) -> u64 {
        self.kept.values().sum()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::stream::Record;
    use crate::stream::dead_letter::NotALetter;

    /// A letter of `reports.incoming[3]` at offset 41, with the key `r1`.
    pub(in crate::deadletters) fn letter() -> Letter {
        Letter {
            original: Record {
                topic: "reports.incoming".into(),
                partition: 3,
                offset: 41,
                timestamp: Some(1_700_000_000_000),
                key: Some(b"r1".to_vec()),
                value: Some(b"{".to_vec()),
                headers: Vec::new(),
            },
            code: "EB-IN-0004".into(),
            stage: "decode".into(),
            message: "not JSON".into(),
            attempt: 1,
            group: "ibaleg".into(),
            version: "0.1.0".into(),
        }
    }

    fn verdict(letter: Letter, selection: &Selection, progress: &Progress) -> Verdict {
        let found = Found { topic: "reports.deadletter".into(), partition: 0, offset: 7, letter: Ok(letter), bytes: 1 };
        let guard = Guard { incoming: "reports.incoming".into(), max_attempts: 3 };
        judge(&found, selection, &guard, progress)
    }

    #[test]
    fn a_report_goes_back_three_times_and_no_more() {
        let everything = Selection::default();
        for attempt in 1..=3 {
            let letter = Letter { attempt, ..letter() };
            assert_eq!(verdict(letter, &everything, &Progress::new(0)), Verdict::Redrive, "{attempt}");
        }
        for attempt in [4, u32::MAX] {
            let letter = Letter { attempt, ..letter() };
            assert_eq!(verdict(letter, &everything, &Progress::new(0)), Verdict::Keep(Kept::TooOften), "{attempt}");
        }
    }

    #[test]
    fn what_is_not_meant_or_done_or_from_elsewhere_stays() {
        let everything = Selection::default();
        let other = Selection { codes: vec!["EB-ST-0001".into()], ..Selection::default() };
        assert_eq!(verdict(letter(), &other, &Progress::new(0)), Verdict::Other);
        assert_eq!(verdict(letter(), &everything, &Progress::new(8)), Verdict::Done);
        let mut foreign = letter();
        foreign.original.topic = "elsewhere".into();
        assert_eq!(verdict(foreign, &everything, &Progress::new(0)), Verdict::Keep(Kept::Elsewhere));
        let found = Found {
            topic: "reports.deadletter".into(),
            partition: 0,
            offset: 7,
            letter: Err(NotALetter("ibaleg-code")),
            bytes: 1,
        };
        let guard = Guard { incoming: "reports.incoming".into(), max_attempts: 3 };
        assert_eq!(judge(&found, &everything, &guard, &Progress::new(0)), Verdict::Foreign);
    }

    #[test]
    fn a_tally_adds_up() {
        let mut tally = Tally::default();
        let verdicts =
            [Verdict::Redrive, Verdict::Keep(Kept::TooOften), Verdict::Keep(Kept::Elsewhere), Verdict::Foreign];
        for verdict in verdicts.into_iter().chain([Verdict::Done, Verdict::Other, Verdict::Keep(Kept::TooOften)]) {
            tally.count(verdict);
        }
        assert_eq!((tally.redriven, tally.other, tally.foreign), (1, 1, 1));
        assert_eq!((tally.all_kept(), tally.kept[&Kept::TooOften]), (3, 2));
    }
}
