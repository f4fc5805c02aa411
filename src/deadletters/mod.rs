//! Dead letters after they were written: which ones are meant, and which of those go back.
//!
//! [`Selection`] says which letters an operator means, [`judge`] whether one of them may be redriven
//! (loop guard), [`Progress`] which have been, whatever the selections of earlier redrives were, and
//! [`Pace`] when the next is due. Pure: records come in, decisions go out; the time is passed in.
//! What a letter's headers mean is known to [`crate::stream::dead_letter`] alone.

mod found;
mod pace;
mod plan;
mod progress;
mod selection;

pub use found::Found;
pub use pace::Pace;
pub use plan::{Guard, Kept, Tally, Verdict, judge};
pub use progress::{BadProgress, Full, MEMORY, Progress};
pub use selection::{BadRange, Range, Selection};
