use crate::stream::dead_letter::Letter;

/// Which letters are meant. Each list is a choice, an empty one leaves all; the fields together
/// narrow down. Texts are compared exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Codes of the refusal.
    pub codes: Vec<String>,
    /// Stages of the refusal.
    pub stages: Vec<String>,
    /// Earliest timestamp of the original, in milliseconds since the Unix epoch.
    pub since: Option<i64>,
    /// Timestamp from which originals are left out, in milliseconds since the Unix epoch.
    pub until: Option<i64>,
    /// Partitions the originals were read from.
    pub partitions: Vec<i32>,
    /// Offsets the originals were read from.
    pub offsets: Option<Range>,
    /// Keys, which are the ids of the reports.
    pub keys: Vec<Vec<u8>>,
}

impl Selection {
    /// Whether nothing is left out, not even what is no letter.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this letter is meant. One without a timestamp lies in no span of time.
    pub fn takes(&self, letter: &Letter) -> bool {
        let original = &letter.original;
        let in_time = |bound: Option<i64>, within: fn(i64, i64) -> bool| {
            bound.is_none_or(|bound| original.timestamp.is_some_and(|time| within(time, bound)))
        };
        one_of(&self.codes, &letter.code)
            && one_of(&self.stages, &letter.stage)
            && in_time(self.since, |time, since| time >= since)
            && in_time(self.until, |time, until| time < until)
            && one_of(&self.partitions, &original.partition)
            && self.offsets.is_none_or(|offsets| offsets.holds(original.offset))
            && (self.keys.is_empty() || original.key.as_ref().is_some_and(|key| self.keys.contains(key)))
    }
}

fn one_of<T: PartialEq>(choice: &[T], value: &T) -> bool {
    choice.is_empty() || choice.contains(value)
}

/// Offsets from the first to the last, both within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    first: i64,
    last: i64,
}

/// Why a text is no range of offsets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no range of offsets; write `41`, `41-99`, `41-` or `-99`")]
pub struct BadRange(pub String);

impl Range {
    /// Whether the offset is within.
    pub fn holds(self, offset: i64) -> bool {
        (self.first..=self.last).contains(&offset)
    }
}

impl std::str::FromStr for Range {
    type Err = BadRange;

    fn from_str(text: &str) -> Result<Self, BadRange> {
        let bad = || BadRange(text.to_owned());
        let digits = |part: &str| part.parse::<i64>().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()));
        let range = match text.split_once('-') {
            None => digits(text).map(|offset| (offset, offset)),
            Some(("", "")) => None,
            Some(("", last)) => digits(last).map(|last| (0, last)),
            Some((first, "")) => digits(first).map(|first| (first, i64::MAX)),
            Some((first, last)) => digits(first).zip(digits(last)),
        };
        let (first, last) = range.filter(|(first, last)| first <= last).ok_or_else(bad)?;
        Ok(Self { first, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deadletters::plan::tests::letter;

    #[test]
    fn an_empty_selection_takes_every_letter() {
        let selection = Selection::default();
        assert!(selection.is_everything() && selection.takes(&letter()));
    }

    #[test]
    fn each_field_narrows_down() {
        let letter = letter();
        let time = letter.original.timestamp.unwrap();
        let takes = |change: &dyn Fn(&mut Selection)| {
            let mut selection = Selection::default();
            change(&mut selection);
            assert!(!selection.is_everything());
            selection.takes(&letter)
        };
        assert!(takes(&|s| s.codes = vec!["EB-ST-0001".into(), letter.code.clone()]));
        assert!(!takes(&|s| s.codes = vec!["EB-IN-000".into()]), "a part of a code is no code");
        assert!(takes(&|s| s.stages = vec![letter.stage.clone()]));
        assert!(!takes(&|s| s.stages = vec!["publish".into()]));
        assert!(takes(&|s| s.since = Some(time)) && !takes(&|s| s.since = Some(time + 1)));
        assert!(takes(&|s| s.until = Some(time + 1)) && !takes(&|s| s.until = Some(time)));
        assert!(takes(&|s| s.partitions = vec![letter.original.partition]));
        assert!(!takes(&|s| s.partitions = vec![letter.original.partition + 1]));
        assert!(takes(&|s| s.offsets = Some("41".parse().unwrap())));
        assert!(!takes(&|s| s.offsets = Some("42-".parse().unwrap())));
        assert!(takes(&|s| s.keys = vec![b"other".to_vec(), b"r1".to_vec()]));
        assert!(!takes(&|s| s.keys = vec![b"r".to_vec()]));
        assert!(!takes(&|s| (s.codes, s.partitions) = (vec![letter.code.clone()], vec![63])), "both must fit");
    }

    #[test]
    fn what_is_missing_is_in_no_choice() {
        let mut letter = letter();
        letter.original.timestamp = None;
        letter.original.key = None;
        let selection = Selection { since: Some(0), ..Selection::default() };
        assert!(!selection.takes(&letter));
        let selection = Selection { keys: vec![Vec::new()], ..Selection::default() };
        assert!(!selection.takes(&letter), "no key is not an empty key");
    }

    #[test]
    fn ranges_of_offsets() {
        let holds = |text: &str, offset| text.parse::<Range>().unwrap().holds(offset);
        assert!(holds("41", 41) && !holds("41", 40) && !holds("41", 42));
        assert!(holds("3-5", 3) && holds("3-5", 5) && !holds("3-5", 6));
        assert!(holds("3-", i64::MAX) && !holds("3-", 2));
        assert!(holds("-5", 0) && !holds("-5", 6));
        for bad in ["", "-", "a", "5-3", "1-2-3", "+1", "1,2", " 1"] {
            assert_eq!(bad.parse::<Range>(), Err(BadRange(bad.into())), "{bad}");
        }
    }
}
