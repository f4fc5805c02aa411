//! Words in disguise: letters spaced or dotted out, and letters of another script that look alike.

use std::ops::Range;

use unicode_script::{Script, UnicodeScript};

use super::character::lowercase;
use super::offsets::{Builder, OffsetMap};
use super::runs::{is_word, word_end, word_start};
use super::tables::{SPACERS, TWINS_TO_CYRILLIC, TWINS_TO_LATIN};

/// Single characters in a row from which on they are one word.
pub(super) const MIN_SPACED: usize = 4;
/// Letters there must be among them: "1 2 3 4" is a list.
pub(super) const MIN_SPACED_LETTERS: usize = 2;

/// `text` with spaced-out words joined, or `None` if there are none.
pub(super) fn join_spaced(text: &str) -> Option<(String, OffsetMap)> {
    let separators = if has_singles(text) { spaced_separators(text) } else { Vec::new() };
    if separators.is_empty() {
        return None;
    }
    let mut out = Builder::with_capacity(text.len());
    let mut at = 0;
    for separator in separators {
        out.copy(text.get(at..separator.start).unwrap_or_default(), at);
        at = separator.end;
    }
    out.copy(text.get(at..).unwrap_or_default(), at);
    Some(out.finish())
}

/// Whether [`MIN_SPACED`] single characters stand one character apart somewhere, whatever is
/// between them: a quick look that most texts don't pass.
fn has_singles(text: &str) -> bool {
    let mut singles = 0;
    let mut end = 0;
    loop {
        let start = word_start(text, end);
        let gap = text.get(end..start).unwrap_or_default();
        // What stands between is mostly one byte, which needs no counting.
        if singles > 0 && gap.len() != 1 && gap.chars().nth(1).is_some() {
            singles = 0;
        }
        end = word_end(text, start);
        if end == start {
            return false;
        }
        let single = text.get(start..end).is_some_and(is_one);
        singles = if single { singles + 1 } else { 0 };
        if singles >= MIN_SPACED {
            return true;
        }
    }
}

/// Whether `word`, which is not empty, is one character.
fn is_one(word: &str) -> bool {
    word.len() == 1 || (word.len() <= 4 && word.chars().nth(1).is_none())
}

/// One character between two that are not alphanumeric.
#[derive(Debug, Clone, Copy)]
struct Single {
    start: usize,
    end: usize,
    letter: bool,
    /// Whether the text before touches it with a word behind only punctuation, as `l'a`.
    tied_before: bool,
    tied_after: bool,
}

/// A run of singles with the same separator between them.
#[derive(Debug, Default)]
struct Run {
    separator: Option<char>,
    singles: Vec<Single>,
}

impl Run {
    /// Takes `single` into the run, or ends the run and starts the next one.
    fn add(&mut self, separator: Option<char>, single: Single, joined: &mut Vec<Range<usize>>) {
        let fits = separator.is_some() && (self.separator == separator || self.singles.len() == 1);
        if fits {
            self.separator = separator;
            self.singles.push(single);
            return;
        }
        let last = self.singles.last().copied();
        self.end(joined);
        let free = last.filter(|last| joined.last().is_none_or(|separator| separator.end != last.start));
        if let (Some(last), Some(_)) = (free, separator) {
            self.singles.push(last);
            self.separator = separator;
        }
        self.singles.push(single);
    }

    /// Ends the run; if it is a word, its separators are added to `joined`.
    fn end(&mut self, joined: &mut Vec<Range<usize>>) {
        let mut singles = self.singles.as_slice();
        let spaced = self.separator == Some(' ');
        if singles.first().is_some_and(|single| single.tied_before) {
            singles = if spaced { singles.get(1..).unwrap_or_default() } else { &[] };
        }
        if singles.last().is_some_and(|single| single.tied_after) {
            singles = if spaced { singles.split_last().map_or(&[], |(_, rest)| rest) } else { &[] };
        }
        let letters = singles.iter().filter(|single| single.letter).count();
        if singles.len() >= MIN_SPACED && letters >= MIN_SPACED_LETTERS {
            joined.extend(singles.windows(2).filter_map(|pair| match pair {
                [left, right] => Some(left.end..right.start),
                _ => None,
            }));
        }
        self.singles.clear();
        self.separator = None;
    }
}

/// The separators inside spaced-out words, ascending.
fn spaced_separators(text: &str) -> Vec<Range<usize>> {
    let mut joined = Vec::new();
    let mut run = Run::default();
    let mut at = 0;
    while let Some(word) = next_word(text, at) {
        at = word.end;
        let single = single(text, &word);
        let Some(single) = single else {
            if !run.singles.is_empty() {
                run.end(&mut joined);
            }
            continue;
        };
        let separator = run.singles.last().and_then(|last| {
            let mut between = text.get(last.end..single.start)?.chars();
            let separator = between.next().filter(|c| SPACERS.contains(c))?;
            between.next().is_none().then_some(separator)
        });
        run.add(separator, single, &mut joined);
    }
    run.end(&mut joined);
    joined
}

/// The next alphanumeric run of `text` from `at` on.
fn next_word(text: &str, at: usize) -> Option<Range<usize>> {
    let start = word_start(text, at);
    let end = word_end(text, start);
    (end > start).then_some(start..end)
}

/// `word` as a single character with what touches it, if it is one.
fn single(text: &str, word: &Range<usize>) -> Option<Single> {
    if word.len() > 4 {
        return None;
    }
    let mut characters = text.get(word.clone())?.chars();
    let only = characters.next()?;
    if characters.next().is_some() {
        return None;
    }
    let mut before = text.get(..word.start)?.chars().rev();
    let mut after = text.get(word.end..)?.chars();
    let tied = |near: Option<char>, far: Option<char>, own: &mut bool| {
        *own = near.is_some_and(|c| !c.is_whitespace()) && far.is_some_and(is_word);
    };
    let (mut tied_before, mut tied_after) = (false, false);
    tied(before.next(), before.next(), &mut tied_before);
    tied(after.next(), after.next(), &mut tied_after);
    Some(Single { start: word.start, end: word.end, letter: only.is_alphabetic(), tied_before, tied_after })
}

/// Which way the look-alikes of a word go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twins {
    /// To Latin letters.
    Latin,
    /// To Cyrillic letters.
    Cyrillic,
}

impl Twins {
    /// The direction for `word` (one alphanumeric run), or `None` if it is written in one script
    /// or some letter has no twin: then the mixture is no disguise of one word.
    pub(super) fn of(word: &str) -> Option<Twins> {
        let is = |script: Script| move |c: &char| c.script() == script;
        let latin = || word.chars().filter(is(Script::Latin));
        let cyrillic = || word.chars().filter(is(Script::Cyrillic));
        let greek = || word.chars().filter(is(Script::Greek));
        latin().next()?;
        cyrillic().chain(greek()).next()?;
        if cyrillic().chain(greek()).all(|c| twin(TWINS_TO_LATIN, c).is_some()) {
            return Some(Twins::Latin);
        }
        let whole = greek().next().is_none() && latin().all(|c| twin(TWINS_TO_CYRILLIC, c).is_some());
        whole.then_some(Twins::Cyrillic)
    }

    /// The twin of `character`, or itself.
    pub(super) fn apply(self, character: char) -> char {
        let table = match self {
            Twins::Latin => TWINS_TO_LATIN,
            Twins::Cyrillic => TWINS_TO_CYRILLIC,
        };
        twin(table, character).unwrap_or(character)
    }
}

/// A letter has the twin of its lower case if none of its own, so that lower-casing a word never
/// makes it a disguise.
fn twin(table: &[(char, char)], character: char) -> Option<char> {
    let find = |wanted: char| table.iter().find(|(from, _)| *from == wanted).map(|(_, to)| *to);
    find(character).or_else(|| {
        let mut lower = lowercase(character);
        let first = lower.next()?;
        lower.next().is_none().then(|| find(first)).flatten()
    })
}

/// Whether a look-alike may be in `text`: only such texts are searched word by word.
pub(super) fn is_suspicious(text: &str) -> bool {
    // First bytes of Latin, Hebrew and Arabic letters in UTF-8 are told apart without decoding.
    let suspect = |byte: u8| byte.wrapping_sub(0xCD) < 8 || byte > 0xE0;
    // A block at a time without a branch for each byte: a few wide instructions.
    let any = |block: &[u8]| block.iter().fold(false, |any, byte| any | suspect(*byte));
    text.as_bytes().chunks(64).any(any) && text.chars().any(is_suspect)
}

/// Whether `character` may be a look-alike: Greek or Cyrillic.
pub(super) fn is_suspect(character: char) -> bool {
    // Nothing below is Greek or Cyrillic, nor is the Arabic that most texts are written in.
    let ruled_out = matches!(character, '\0'..'\u{370}' | '\u{590}'..='\u{6FF}');
    !ruled_out && matches!(character.script(), Script::Greek | Script::Cyrillic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> String {
        join_spaced(text).map_or_else(|| text.to_owned(), |(joined, _)| joined)
    }

    #[test]
    fn words_spaced_or_dotted_out_are_joined() {
        assert_eq!(joined("hna d a 3 e c h wslat"), "hna da3ech wslat");
        assert_eq!(joined("d.a.e.s.h!"), "daesh!");
        assert_eq!(joined("د ا ع ش"), "داعش");
        assert_eq!(joined("d-a-e-s-h a_b_c_d"), "daesh abcd");
    }

    #[test]
    fn lists_elisions_and_short_runs_stay() {
        for text in ["1 2 3 4 5", "a b c", "y a d l'eau", "l'a b c d", "a.b-c d", "a b c x.com", "2.5.0.1"] {
            assert_eq!(joined(text), text);
        }
    }

    #[test]
    fn joining_twice_changes_nothing_more() {
        for text in [
            "a.b.c.d e f g h",
            "a-b-c-d.e.f.g.h",
            "a b c d.e.f.g",
            "a b c d e.f g h i j",
            "x a b c d y",
            "d a e s h d.a.e.s.h",
            "a.b.c.d e.f.g.h",
        ] {
            assert_eq!(joined(&joined(text)), joined(text), "{text}");
        }
    }

    #[test]
    fn look_alikes_fold_only_where_the_whole_word_can() {
        let folded = |word: &str| -> String {
            Twins::of(word).map_or_else(|| word.to_owned(), |twins| word.chars().map(|c| twins.apply(c)).collect())
        };
        assert_eq!(folded("dаеsh"), "daesh");
        assert_eq!(folded("Вitcoin"), "Bitcoin");
        assert_eq!(folded("aεrab"), "aɛrab");
        assert_eq!(folded("жиpный"), "жирный");
        assert_eq!(folded("abdж"), "abdж");
        assert_eq!(folded("москва"), "москва");
    }
}
