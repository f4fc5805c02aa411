//! Maps between a prepared text and the original it was made from.
//!
//! A map is a list of segments. Most text is copied or replaced character by character by
//! characters of the same encoded length, and a whole run of those is one *linear* segment; a
//! replacement of another length (an expansion, a placeholder, a character that absorbed removed
//! neighbours) is a *block*, which stands for its whole original range.

use std::ops::Range;

/// One stretch of prepared text; it ends where the next one starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    /// First byte in the prepared text.
    out: usize,
    /// First byte in the original.
    start: usize,
    /// One past the last byte in the original.
    end: usize,
    /// Whether characters correspond one to one with equal encoded lengths.
    linear: bool,
}

/// Where each byte of a text came from in the text before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OffsetMap {
    segments: Vec<Segment>,
    /// Length of the prepared text in bytes.
    len: usize,
}

impl OffsetMap {
    /// The range of the source that `span` of the result came from. `span` must not be empty and
    /// must lie on character boundaries of the result.
    pub(super) fn source(&self, span: Range<usize>) -> Range<usize> {
        let (Some((first, _)), Some((last, last_end))) =
            (self.segment_at(span.start), self.segment_at(span.end.saturating_sub(1)))
        else {
            return 0..0;
        };
        let start = if first.linear { first.start + (span.start - first.out) } else { first.start };
        let end = if last.linear { last.end - (last_end - span.end) } else { last.end };
        start..end
    }

    /// The segment that holds byte `at` of the result, and where that segment ends.
    fn segment_at(&self, at: usize) -> Option<(Segment, usize)> {
        let index = self.segments.partition_point(|segment| segment.out <= at).checked_sub(1)?;
        let end = self.segments.get(index + 1).map_or(self.len, |next| next.out);
        Some((*self.segments.get(index)?, end))
    }

    /// Whether the result is the source, byte for byte in place.
    fn is_identity(&self) -> bool {
        match self.segments.as_slice() {
            [] => true,
            [only] => only.linear && only.out == 0 && only.start == 0,
            _ => false,
        }
    }

    /// This map followed back through `earlier`, whose result is this map's source.
    pub(super) fn after(self, earlier: &OffsetMap) -> OffsetMap {
        if earlier.is_identity() {
            return self;
        }
        let mut composed =
            OffsetMap { segments: Vec::with_capacity(self.segments.len() + earlier.segments.len()), len: self.len };
        // Both lists ascend, so the first earlier segment of interest only moves forward.
        let mut index = 0;
        for segment in &self.segments {
            if !segment.linear {
                let source = earlier.source(segment.start..segment.end);
                composed.segments.push(Segment { start: source.start, end: source.end, ..*segment });
                continue;
            }
            while earlier.segments.get(index + 1).is_some_and(|next| next.out <= segment.start) {
                index += 1;
            }
            composed.split(*segment, earlier, index);
        }
        composed
    }

    /// Appends `segment`, which is linear, cut at the segments of `earlier` from `index` on.
    fn split(&mut self, segment: Segment, earlier: &OffsetMap, index: usize) {
        let mut position = segment.start;
        for (offset, piece) in earlier.segments.iter().enumerate().skip(index) {
            if position >= segment.end {
                break;
            }
            let piece_end = earlier.segments.get(offset + 1).map_or(earlier.len, |next| next.out);
            let stop = piece_end.min(segment.end);
            let out = segment.out + (position - segment.start);
            let (start, end) = if piece.linear {
                (piece.start + (position - piece.out), piece.start + (stop - piece.out))
            } else {
                (piece.start, piece.end)
            };
            self.segments.push(Segment { out, start, end, linear: piece.linear });
            position = stop;
        }
    }
}

/// A text under construction together with its map.
#[derive(Debug, Default)]
pub(super) struct Builder {
    text: String,
    segments: Vec<Segment>,
}

impl Builder {
    /// A builder with room for `bytes` of text.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), segments: Vec::new() }
    }

    /// Whether nothing has been written.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends `text`, whose characters correspond one to one, in equal encoded lengths, to the
    /// source from `start` on.
    pub(super) fn copy(&mut self, text: &str, start: usize) {
        if text.is_empty() {
            return;
        }
        self.linear(text.len(), start);
        self.text.push_str(text);
    }

    /// As [`Self::copy`], with ASCII letters in lower case.
    pub(super) fn copy_lowercase(&mut self, text: &str, start: usize) {
        let from = self.text.len();
        self.copy(text, start);
        if let Some(copied) = self.text.get_mut(from..) {
            copied.make_ascii_lowercase();
        }
    }

    /// Appends one character made from the source range `source`.
    pub(super) fn push(&mut self, character: char, source: Range<usize>) {
        if character.len_utf8() == source.len() {
            self.linear(source.len(), source.start);
        } else {
            self.block(source);
        }
        self.text.push(character);
    }

    /// Appends `text` as one indivisible piece made from the source range `source`.
    pub(super) fn push_block(&mut self, text: &str, source: Range<usize>) {
        self.block(source);
        self.text.push_str(text);
    }

    /// Lets the last character also stand for the source up to `end`: what follows it was removed.
    pub(super) fn absorb(&mut self, end: usize) {
        let Some(last) = self.segments.last().copied() else {
            return;
        };
        if last.end >= end {
            return;
        }
        let width = self.text.chars().next_back().map_or(0, char::len_utf8);
        let character = self.text.len() - width;
        if last.linear && last.out < character {
            let start = last.end - width;
            if let Some(last) = self.segments.last_mut() {
                last.end = start;
            }
            self.segments.push(Segment { out: character, start, end, linear: false });
        } else if let Some(last) = self.segments.last_mut() {
            last.linear = false;
            last.end = end;
        }
    }

    /// The finished text and map.
    pub(super) fn finish(self) -> (String, OffsetMap) {
        let len = self.text.len();
        (self.text, OffsetMap { segments: self.segments, len })
    }

    fn linear(&mut self, len: usize, start: usize) {
        match self.segments.last_mut() {
            Some(last) if last.linear && last.end == start => last.end += len,
            _ => {
                let out = self.text.len();
                self.segments.push(Segment { out, start, end: start + len, linear: true });
            }
        }
    }

    fn block(&mut self, source: Range<usize>) {
        let out = self.text.len();
        self.segments.push(Segment { out, start: source.start, end: source.end, linear: false });
    }
}

/// Byte offsets of one text to Unicode scalar values, for many spans of the same text.
///
/// Building is one pass; a look-up reads at most 64 bytes of the text.
#[derive(Debug, Clone)]
pub struct OffsetIndex<'a> {
    text: &'a str,
    /// Scalar values before each multiple of [`STRIDE`] bytes.
    before: Vec<usize>,
}

/// Bytes between two counted positions.
const STRIDE: usize = 64;

impl<'a> OffsetIndex<'a> {
    /// Counts the scalar values of `text`.
    pub fn new(text: &'a str) -> Self {
        let mut before = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut count = 0;
        for chunk in text.as_bytes().chunks(STRIDE) {
            before.push(count);
            count += starts(chunk);
        }
        before.push(count);
        Self { text, before }
    }

    /// The scalar values that `bytes` covers. Offsets inside a character widen to it, offsets
    /// beyond the text are taken as its end.
    pub fn char_span(&self, bytes: Range<usize>) -> Range<usize> {
        let start = self.chars_before(floor(self.text, bytes.start));
        let end = self.chars_before(ceil(self.text, bytes.end));
        start..end.max(start)
    }

    /// Scalar values before byte `at`, which is a character boundary.
    fn chars_before(&self, at: usize) -> usize {
        let block = at / STRIDE;
        let counted = self.before.get(block).copied().unwrap_or_default();
        counted + starts(self.text.as_bytes().get(block * STRIDE..at).unwrap_or_default())
    }
}

/// The Unicode scalar values that the byte range `bytes` of `original` covers; see
/// [`OffsetIndex`] for many ranges of one text. Offsets inside a character widen to it, offsets
/// beyond the text are taken as its end.
pub fn char_span(original: &str, bytes: Range<usize>) -> Range<usize> {
    let start = floor(original, bytes.start);
    let end = ceil(original, bytes.end).max(start);
    let count = |range: Range<usize>| starts(original.as_bytes().get(range).unwrap_or_default());
    let first = count(0..start);
    first..first + count(start..end)
}

/// Bytes of `bytes` that begin a character.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count()
}

/// The last character boundary of `text` at or before `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The first character boundary of `text` at or after `at`.
pub(super) fn ceil(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(pieces: &[(&str, Range<usize>)]) -> OffsetMap {
        let mut builder = Builder::default();
        for (text, source) in pieces {
            if text.len() == source.len() {
                builder.copy(text, source.start);
            } else {
                builder.push_block(text, source.clone());
            }
        }
        builder.finish().1
    }

    #[test]
    fn linear_text_maps_byte_for_byte_and_a_block_as_a_whole() {
        let map = built(&[("ab", 3..5), ("<url>", 5..17), ("cd", 17..19)]);
        assert_eq!(map.source(0..1), 3..4);
        assert_eq!(map.source(4..5), 5..17);
        assert_eq!(map.source(1..8), 4..18);
    }

    #[test]
    fn composition_goes_back_through_both_maps() {
        let earlier = built(&[("ab", 0..2), ("ff", 2..5), ("c", 5..6)]);
        let later = built(&[("ab", 0..2), ("f", 2..3), ("xyz", 3..5)]);
        let map = later.after(&earlier);
        assert_eq!(map.source(1..2), 1..2);
        assert_eq!(map.source(2..3), 2..5);
        assert_eq!(map.source(3..4), 2..6);
    }

    #[test]
    fn an_absorbed_tail_belongs_to_the_last_character_only() {
        let mut builder = Builder::default();
        builder.copy("baa", 0);
        builder.absorb(6);
        builder.copy("f", 6);
        let (_, map) = builder.finish();
        assert_eq!(map.source(0..2), 0..2);
        assert_eq!(map.source(2..3), 2..6);
        assert_eq!(map.source(3..4), 6..7);
    }

    #[test]
    fn scalar_values_are_counted_the_same_way_once_and_indexed() {
        let text = "aé🙂ش".repeat(60);
        let index = OffsetIndex::new(&text);
        for (start, end) in [(0, 1), (1, 3), (2, 4), (63, 130), (70, 9_999), (500, 540)] {
            assert_eq!(index.char_span(start..end), char_span(&text, start..end));
        }
        assert_eq!(char_span("aé🙂ش", 1..7), 1..3);
        assert_eq!(char_span("aé🙂ش", 4..5), 2..3);
    }
}
