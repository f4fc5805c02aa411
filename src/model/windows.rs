//! Overlapping windows over the tokens of a description followed by its content.
//!
//! Windows start at fixed multiples of the step, counted from the first token. A window that is full
//! therefore stays as it is however much text follows, and since the largest logit counts, text appended
//! after a full window cannot lower a score.

use std::ops::Range;

use super::package::TokenTypes;
use super::tokenizer::{Piece, Template, Tokenizer, Tokens};

/// Which of the two texts of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Segment {
    /// The citizen's own words.
    Description,
    /// The post or message that is reported.
    Content,
}

/// How windows are cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct WindowRule {
    /// Tokens in a window, special tokens included.
    pub(super) max_length: usize,
    pub(super) overlap: usize,
    pub(super) max_windows: usize,
    pub(super) token_types: TokenTypes,
}

/// One row for the graph.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) ids: Vec<u32>,
    pub(super) types: Vec<u32>,
    /// Index of each token in the joined stream; `None` for special tokens.
    pub(super) sources: Vec<Option<u32>>,
}

/// The tokens of a description followed by those of its content.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) description: Tokens,
    pub(super) content: Tokens,
}

impl Stream {
    pub(super) fn len(&self) -> usize {
        self.description.ids.len() + self.content.ids.len()
    }

    /// Segment and byte range of a token, where spans were asked for.
    pub(super) fn place(&self, index: usize) -> Option<(Segment, (u32, u32))> {
        match index.checked_sub(self.description.ids.len()) {
            None => self.description.spans.get(index).map(|&span| (Segment::Description, span)),
            Some(index) => self.content.spans.get(index).map(|&span| (Segment::Content, span)),
        }
    }

    /// The rows of this text, and how many windows went beyond `max_windows`. A text without tokens has
    /// one row of special tokens, or none where the template has no special tokens.
    pub(super) fn rows(&self, rule: &WindowRule, tokenizer: &dyn Tokenizer) -> (Vec<Row>, usize) {
        let both = !self.description.ids.is_empty() && !self.content.ids.is_empty();
        let specials = if both { tokenizer.pair() } else { tokenizer.single() }.specials();
        let capacity = rule.max_length.saturating_sub(specials).max(1);
        let (windows, skipped) = windows(self.len(), capacity, rule);
        let rows = windows.into_iter().map(|window| self.row(window, rule, tokenizer));
        (rows.filter(|row| !row.ids.is_empty()).collect(), skipped)
    }

    fn row(&self, window: Range<usize>, rule: &WindowRule, tokenizer: &dyn Tokenizer) -> Row {
        let border = self.description.ids.len();
        let description = window.start.min(border)..window.end.min(border);
        let content = window.start.max(border) - border..window.end.max(border) - border;
        let mut row = RowBuilder { rule, row: Row { ids: vec![], types: vec![], sources: vec![] } };
        let (first, second) = (
            (description.start, self.description.ids.get(description).unwrap_or_default()),
            (border + content.start, self.content.ids.get(content).unwrap_or_default()),
        );
        match (first.1.is_empty(), second.1.is_empty()) {
            (false, false) => row.fill(tokenizer.pair(), (first, 0), (second, 1)),
            (true, false) => row.fill(tokenizer.single(), (second, 1), (second, 1)),
            (_, true) => row.fill(tokenizer.single(), (first, 0), (first, 0)),
        }
        row.row
    }
}

/// A run of tokens: index of the first in the stream, and the ids.
type Run<'a> = (usize, &'a [u32]);

struct RowBuilder<'a> {
    rule: &'a WindowRule,
    row: Row,
}

impl RowBuilder<'_> {
    /// Follows a template, each text with the token type of its segment.
    fn fill(&mut self, template: &Template, first: (Run<'_>, u32), second: (Run<'_>, u32)) {
        for piece in &template.pieces {
            match *piece {
                Piece::Special { id, token_type } => {
                    self.row.ids.push(id);
                    self.row.types.push(token_type);
                    self.row.sources.push(None);
                }
                Piece::First { token_type } => self.run(first, token_type),
                Piece::Second { token_type } => self.run(second, token_type),
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a report has far fewer than 2^32 tokens")]
    fn run(&mut self, ((start, ids), segment): (Run<'_>, u32), template_type: u32) {
        let token_type = match self.rule.token_types {
            TokenTypes::Segment => segment,
            TokenTypes::Template => template_type,
        };
        self.row.ids.extend_from_slice(ids);
        self.row.types.extend(ids.iter().map(|_| token_type));
        self.row.sources.extend((start..start + ids.len()).map(|index| Some(index as u32)));
    }
}

/// Windows of `capacity` tokens over `length` tokens, and how many were left out.
fn windows(length: usize, capacity: usize, rule: &WindowRule) -> (Vec<Range<usize>>, usize) {
    if length <= capacity {
        return (std::iter::once(0..length).collect(), 0);
    }
    let step = capacity.saturating_sub(rule.overlap).max(1);
    let needed = (length - capacity).div_ceil(step) + 1;
    let kept = needed.min(rule.max_windows.max(1));
    let windows = (0..kept).map(|index| index * step..(index * step + capacity).min(length));
    (windows.collect(), needed - kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(overlap: usize, max_windows: usize) -> WindowRule {
        WindowRule { max_length: 0, overlap, max_windows, token_types: TokenTypes::Template }
    }

    #[test]
    fn short_text_is_one_window_and_long_text_ends_in_a_shorter_one() {
        let cut = |length, max_windows| {
            let (windows, skipped) = windows(length, 4, &rule(1, max_windows));
            let windows: Vec<_> = windows.iter().map(|window| (window.start, window.end)).collect();
            (windows, skipped)
        };
        assert_eq!(cut(0, 9), (vec![(0, 0)], 0));
        assert_eq!(cut(4, 9), (vec![(0, 4)], 0));
        assert_eq!(cut(5, 9), (vec![(0, 4), (3, 5)], 0));
        assert_eq!(cut(12, 2), (vec![(0, 4), (3, 7)], 2));
    }

    proptest! {
        #[test]
        fn windows_cover_every_token_and_share_the_overlap(length in 0_usize..500, capacity in 1_usize..60, share in 0_usize..59) {
            let overlap = share % capacity;
            let (windows, skipped) = windows(length, capacity, &rule(overlap, usize::MAX));
            prop_assert_eq!(skipped, 0);
            prop_assert_eq!(windows.first().map(|window| window.start), Some(0));
            prop_assert_eq!(windows.last().map(|window| window.end), Some(length));
            for pair in windows.windows(2) {
                prop_assert_eq!(pair[0].len(), capacity);
                prop_assert_eq!(pair[0].end - pair[1].start, overlap);
                prop_assert!(pair[1].end > pair[0].end);
            }
        }

        #[test]
        fn a_full_window_stays_whatever_follows(length in 1_usize..300, more in 1_usize..300, capacity in 2_usize..40, share in 0_usize..39) {
            let rule = rule(share % capacity, usize::MAX);
            let (before, _) = windows(length, capacity, &rule);
            let (after, _) = windows(length + more, capacity, &rule);
            for window in before.iter().filter(|window| window.len() == capacity) {
                prop_assert!(after.contains(window));
            }
        }
    }
}
