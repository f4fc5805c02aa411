use std::ops::Range;

/// Spans shown for one label, at most.
const MOST: usize = 3;

/// A span is shown when it brings at least this share of what speaks for the label.
const LEAST_SHARE: f64 = 0.1;

/// Words of one text with what they contribute to one label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// Which of the texts given.
    pub(super) text: usize,
    /// Bytes of that text, on word boundaries.
    pub(super) span: Range<usize>,
    /// Share of all positive contributions, in [0, 1].
    pub(super) share: f64,
}

/// The runs of words that speak most for a label.
///
/// Tokens are summed into words, since a reader judges words; then the runs with the largest sum
/// above the average word are taken, largest first (Kadane's algorithm on the word sums less a
/// level), so that a run ends where words stop carrying weight.
pub(super) fn spans(texts: &[&str], contributions: &[(usize, Range<usize>, f32)]) -> Vec<Found> {
    let mut words: Vec<Vec<(Range<usize>, f64)>> = texts.iter().map(|text| words_of(text)).collect();
    for (text, span, weight) in contributions {
        let Some(words) = words.get_mut(*text) else { continue };
        let last = span.end.saturating_sub(1);
        let index = words.partition_point(|(word, _)| word.end <= last);
        if let Some((_, sum)) = words.get_mut(index).filter(|(word, _)| word.start <= last) {
            *sum += f64::from(*weight);
        }
    }
    let all = || words.iter().flatten().map(|(_, sum)| sum.max(0.0));
    let total: f64 = all().sum();
    if total <= 0.0 {
        return Vec::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "a text has far fewer than 2^52 words")]
    let mean = total / all().count() as f64;
    // In a short text whose words all weigh the same, none is above the mean.
    let level = mean.min(all().fold(0.0, f64::max) / 2.0);
    let mut found = Vec::new();
    for (text, words) in words.iter().enumerate() {
        collect_runs(words, level, &mut |first, last, sum| {
            let span = words[first].0.start..words[last].0.end;
            found.push(Found { text, span, share: (sum / total).clamp(0.0, 1.0) });
        });
    }
    found.retain(|run| run.share >= LEAST_SHARE);
    found.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.text.cmp(&b.text)).then(a.span.start.cmp(&b.span.start)));
    found.truncate(MOST);
    found
}

/// Reports the maximal runs of a list of words, left to right, each with the sum of its words.
fn collect_runs(words: &[(Range<usize>, f64)], level: f64, report: &mut dyn FnMut(usize, usize, f64)) {
    let mut rest: Vec<Range<usize>> = std::iter::once(0..words.len()).collect();
    for _ in 0..MOST {
        let best =
            rest.iter().enumerate().filter_map(|(piece, range)| Some((piece, best_run(words, range.clone(), level)?)));
        let Some((piece, (first, last, _))) = best.max_by(|a, b| a.1.2.total_cmp(&b.1.2)) else { break };
        let range = rest.swap_remove(piece);
        rest.push(range.start..first);
        rest.push(last + 1..range.end);
        report(first, last, words[first..=last].iter().map(|(_, sum)| sum).sum());
    }
}

/// First and last word of the run with the largest sum above `level`, and that sum.
fn best_run(words: &[(Range<usize>, f64)], range: Range<usize>, level: f64) -> Option<(usize, usize, f64)> {
    let (mut start, mut sum) = (range.start, 0.0);
    let mut best: Option<(usize, usize, f64)> = None;
    for index in range {
        if sum <= 0.0 {
            (start, sum) = (index, 0.0);
        }
        sum += words[index].1 - level;
        if sum > best.map_or(0.0, |(_, _, best)| best) {
            best = Some((start, index, sum));
        }
    }
    best
}

fn words_of(text: &str) -> Vec<(Range<usize>, f64)> {
    let mut words = Vec::new();
    let mut start = None;
    for (position, c) in text.char_indices() {
        match (c.is_whitespace(), start) {
            (false, None) => start = Some(position),
            (true, Some(from)) => {
                words.push((from..position, 0.0));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        words.push((from..text.len(), 0.0));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_carry_the_weight_are_found_across_tokens_and_texts() {
        let texts = ["he said hello then", "pay or your photos go out"];
        let tokens = [
            (0, 0..2, 0.1),
            (0, 2..7, -0.3),
            (1, 0..3, 1.0),
            (1, 3..6, 0.6),
            (1, 6..11, 0.5),
            (1, 11..15, 0.9),
            (1, 15..18, 0.8),
        ];
        let found = spans(&texts, &tokens);
        assert_eq!(found[0].text, 1);
        assert_eq!(&texts[1][found[0].span.clone()], "pay or your photos");
        assert!(found[0].share > 0.9);
    }

    #[test]
    fn nothing_positive_gives_no_evidence() {
        assert_eq!(spans(&["a b"], &[(0, 0..1, -1.0)]), []);
        assert_eq!(spans(&["", ""], &[(0, 0..0, 1.0), (7, 0..1, 1.0)]), []);
    }

    #[test]
    fn separate_runs_are_reported_largest_first() {
        let text = "bomb one two three four five six tonight";
        let tokens: Vec<_> = words_of(text)
            .into_iter()
            .map(|(span, _)| {
                let weight = if &text[span.clone()] == "tonight" {
                    3.0
                } else if &text[span.clone()] == "bomb" {
                    2.0
                } else {
                    0.0
                };
                (0, span, weight)
            })
            .collect();
        let found: Vec<&str> = spans(&[text], &tokens).into_iter().map(|run| &text[run.span]).collect();
        assert_eq!(found, ["tonight", "bomb"]);
    }

    #[test]
    fn a_single_word_text_is_its_own_evidence() {
        let found = spans(&["da3ch"], &[(0, 0..5, 2.0)]);
        assert_eq!(found.len(), 1);
    }
}
