use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Characters that the note of a [`Progress`] may have: a little below the brokers' default limit
/// (`offset.metadata.max.bytes`, 4096).
pub const MEMORY: usize = 4000;

/// Head of a note; another form would have another.
const FORM: &str = "r1:";

/// Which letters of one partition have been redriven: all below `low`, and some above.
///
/// A redrive with a selection leaves letters between others that went back, which one committed
/// offset cannot tell. So the offset committed is that of the first letter which has not been
/// redriven, and beside it, in the commit's metadata, stands a note of the runs that have been
/// above it: `r1:2+3,1+1` at offset 10 says that 12, 13, 14 and 16 are done. The note is bounded, so
/// a letter may be refused with [`Full`]; redriving the letters before it merges runs and frees
/// room, as does their expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    low: i64,
    /// Runs above `low` that do not touch it or each other: first offset, offset behind the last.
    runs: BTreeMap<i64, i64>,
}

/// Why a note beside a committed offset is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no note of a redrive; another program commits for this group")]
pub struct BadProgress(pub String);

/// The note would become longer than [`MEMORY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the redriven letters of this partition lie too scattered to remember another")]
pub struct Full;

impl Progress {
    /// All below `low` are done, none above.
    pub fn new(low: i64) -> Self {
        Self { low, runs: BTreeMap::new() }
    }

    /// Reads back a committed offset and its note. An empty note says nothing of what is above.
    pub fn from_note(low: i64, note: &str) -> Result<Self, BadProgress> {
        let mut progress = Self::new(low);
        if note.is_empty() {
            return Ok(progress);
        }
        let bad = || BadProgress(note.to_owned());
        let mut end = low;
        for run in note.strip_prefix(FORM).ok_or_else(bad)?.split(',') {
            let (gap, length) = run.split_once('+').ok_or_else(bad)?;
            let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0).ok_or_else(bad);
            let first = end.checked_add(number(gap)?).ok_or_else(bad)?;
            end = first.checked_add(number(length)?).ok_or_else(bad)?;
            progress.runs.insert(first, end);
        }
        Ok(progress)
    }

    /// The offset to commit: the first that is not done.
    pub fn low(&self) -> i64 {
        self.low
    }

    /// The note to commit beside it; empty if nothing above is done.
    pub fn note(&self) -> String {
        let mut note = String::new();
        let mut before = self.low;
        for (&first, &end) in &self.runs {
            let head = if note.is_empty() { FORM } else { "," };
            let _ = write!(note, "{head}{}+{}", first.saturating_sub(before), end.saturating_sub(first));
            before = end;
        }
        note
    }

    /// Whether the letter at this offset has been redriven.
    pub fn is_done(&self, offset: i64) -> bool {
        offset < self.low || self.runs.range(..=offset).next_back().is_some_and(|(_, end)| offset < *end)
    }

    /// Takes note of one letter; refuses and changes nothing if the note would become too long.
    pub fn finish(&mut self, offset: i64) -> Result<(), Full> {
        if !self.has_room(offset) {
            return Err(Full);
        }
        self.mark(offset, offset.saturating_add(1));
        Ok(())
    }

    /// Takes note that no letter lies from `first` to below `end`: offsets of a partition have
    /// holes, left by transactions and by expiry. A hole that touches nothing done is forgotten, as
    /// is one that would make the note too long.
    pub fn pass_over(&mut self, first: i64, end: i64) {
        let touches = first <= self.low || self.is_done(first.saturating_sub(1)) || self.runs.contains_key(&end);
        if first < end && touches && self.fits(first, end) {
            self.mark(first, end);
        }
    }

    /// Whether [`finish`](Self::finish) would take this letter.
    pub fn has_room(&self, offset: i64) -> bool {
        self.fits(offset, offset.saturating_add(1))
    }

    fn fits(&self, first: i64, end: i64) -> bool {
        // A further run of two numbers, a comma and a sign, and a digit more in the numbers beside it.
        const MOST: usize = 2 * 19 + 2 + 2;
        let note = self.note().len();
        if note.saturating_add(MOST) <= MEMORY {
            return true;
        }
        let mut after = self.clone();
        after.mark(first, end);
        after.note().len() <= MEMORY.max(note)
    }

    fn mark(&mut self, first: i64, end: i64) {
        let (mut first, mut end) = (first, end);
        // Runs that overlap the new one or touch it.
        while let Some((&near, &near_end)) =
            self.runs.range(..=end).next_back().filter(|(_, near_end)| **near_end >= first)
        {
            self.runs.remove(&near);
            first = first.min(near);
            end = end.max(near_end);
        }
        if first <= self.low {
            self.low = self.low.max(end);
        } else {
            self.runs.insert(first, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn done(progress: &Progress, range: std::ops::Range<i64>) -> Vec<i64> {
        range.filter(|offset| progress.is_done(*offset)).collect()
    }

    #[test]
    fn the_note_is_as_documented() {
        let progress = Progress::from_note(10, "r1:2+3,1+1").unwrap();
        assert_eq!(done(&progress, 8..20), [8, 9, 12, 13, 14, 16]);
        assert_eq!((progress.low(), progress.note().as_str()), (10, "r1:2+3,1+1"));
        assert_eq!(Progress::from_note(10, "").unwrap(), Progress::new(10));
    }

    #[test]
    fn finishing_the_first_takes_the_runs_that_follow() {
        let mut progress = Progress::from_note(10, "r1:2+3,1+1").unwrap();
        progress.finish(11).unwrap();
        assert_eq!(progress.note(), "r1:1+4,1+1");
        progress.finish(10).unwrap();
        assert_eq!((progress.low(), progress.note().as_str()), (15, "r1:1+1"));
        progress.finish(15).unwrap();
        assert_eq!((progress.low(), progress.note().as_str()), (17, ""));
    }

    #[test]
    fn notes_of_others_are_refused() {
        for bad in ["x", "r1:", "r1:1", "r1:0+1", "r1:1+0", "r1:1+1,", "r2:1+1", "r1:-1+2", "r1:9223372036854775807+1"]
        {
            assert_eq!(Progress::from_note(5, bad), Err(BadProgress(bad.into())), "{bad}");
        }
    }

    #[test]
    fn holes_are_passed_over_only_beside_what_is_done() {
        let mut progress = Progress::new(3);
        progress.pass_over(3, 6);
        assert_eq!(progress.low(), 6);
        progress.finish(8).unwrap();
        progress.pass_over(9, 12);
        assert_eq!(progress.note(), "r1:2+4");
        progress.pass_over(7, 8);
        assert_eq!(progress.note(), "r1:1+5");
        progress.pass_over(20, 25);
        assert_eq!(progress.note(), "r1:1+5", "forgotten");
        progress.pass_over(6, 6);
        assert_eq!(progress.low(), 6, "nothing between");
    }

    #[test]
    fn a_full_memory_refuses_what_would_lengthen_it_and_takes_what_does_not() {
        let mut progress = Progress::new(0);
        let mut offset = 1;
        while progress.finish(offset).is_ok() {
            offset += 2;
        }
        assert!((900..1100).contains(&progress.runs.len()), "{} runs", progress.runs.len());
        let note = progress.note();
        assert!((MEMORY - 4..=MEMORY).contains(&note.len()), "{}", note.len());
        assert_eq!(progress.finish(offset), Err(Full));
        assert_eq!(progress.note(), note, "a refusal changes nothing");
        progress.finish(2).unwrap();
        progress.finish(0).unwrap();
        assert_eq!(progress.low(), 4);
        progress.finish(offset).unwrap();
    }

    proptest! {
        #[test]
        fn it_remembers_exactly_what_was_finished(
            low in 0..1000_i64, offsets in prop::collection::vec(0..60_i64, 0..80),
        ) {
            let mut progress = Progress::new(low);
            let mut finished = BTreeSet::new();
            for offset in offsets {
                progress.finish(low + offset).unwrap();
                finished.insert(low + offset);
                let read = Progress::from_note(progress.low(), &progress.note()).unwrap();
                prop_assert_eq!(&read, &progress);
                for offset in low..low + 70 {
                    prop_assert_eq!(progress.is_done(offset), finished.contains(&offset), "{}", offset);
                }
                prop_assert!(!finished.contains(&progress.low()) && progress.is_done(progress.low() - 1));
            }
        }

        #[test]
        fn no_note_is_ever_longer_than_the_memory(
            steps in prop::collection::vec((0..i64::MAX - 99, 0..99_i64), 1..400),
        ) {
            let mut progress = Progress::new(0);
            for (offset, hole) in steps {
                let before = progress.is_done(offset);
                let taken = progress.finish(offset).is_ok();
                prop_assert_eq!(progress.is_done(offset), taken || before);
                progress.pass_over(offset + 1, offset + 1 + hole);
                prop_assert!(progress.note().len() <= MEMORY);
            }
        }
    }
}
