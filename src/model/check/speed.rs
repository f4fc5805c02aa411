use std::sync::Arc;
use std::time::Duration;

use super::super::{Error, Input, Model, Session, text_of_tokens};
use super::LengthSpeed;

/// Texts scored in one call.
pub const TOGETHER: usize = 16;

/// Lengths measured, in tokens, as far as they fit one window; a full window comes last.
const LENGTHS: [usize; 3] = [16, 64, 256];

/// Time spent on one figure, at least, unless one call takes longer.
const ENOUGH: Duration = Duration::from_millis(150);

/// Speed of one thread at several lengths.
pub(super) fn by_length(model: &Arc<Model>, clock: &dyn Fn() -> Duration) -> Result<Vec<LengthSpeed>, Error> {
    let longest = model.package().max_length;
    let mut lengths: Vec<usize> = LENGTHS.into_iter().filter(|&length| length < longest).collect();
    lengths.push(longest);
    let mut session = model.session()?;
    lengths.into_iter().map(|length| at_length(model, &mut session, length, clock)).collect()
}

fn at_length(
    model: &Model,
    session: &mut Session,
    length: usize,
    clock: &dyn Fn() -> Duration,
) -> Result<LengthSpeed, Error> {
    // Special tokens take their share of a window.
    let specials = model.tokenizer.single().specials();
    let room = length.saturating_sub(specials).max(1);
    let texts = (0..TOGETHER).map(|variant| text_of_tokens(model, room, variant)).collect::<Result<Vec<_>, _>>()?;
    let inputs: Vec<Input<'_>> = texts.iter().map(|(text, _)| Input { description: text, content: "" }).collect();
    session.score(&inputs)?;
    let together = times(clock, || session.score(&inputs).map(drop))?;
    let alone = times(clock, || session.score(inputs.get(..1).unwrap_or_default()).map(drop))?;
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    let per_second = TOGETHER as f64 / median(together).as_secs_f64().max(1e-9);
    Ok(LengthSpeed { tokens: length, texts_per_second: per_second, alone_ms: median(alone).as_secs_f64() * 1e3 })
}

fn times(clock: &dyn Fn() -> Duration, mut work: impl FnMut() -> Result<(), Error>) -> Result<Vec<Duration>, Error> {
    let (start, mut times) = (clock(), Vec::new());
    while times.is_empty() || clock().saturating_sub(start) < ENOUGH {
        let begun = clock();
        work()?;
        times.push(clock().saturating_sub(begun));
    }
    Ok(times)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
