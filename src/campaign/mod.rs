//! Reports that say nearly the same within a span of time: repeats and campaigns.
//!
//! A viral post brings thousands of reports of one text in an hour, a few letters changed. They are
//! told from unrelated ones by the share of letter sequences that two normalised texts have in
//! common ([`Signature`]), among the reports of a bounded [`Window`]. Membership is information: it
//! scores no person, and each member keeps its own decision.
//!
//! Pure: the time is that of the reports, nothing is drawn at random, memory is bounded by
//! [`Options`]. The same reports in the same order give the same campaigns.

mod signature;
#[cfg(test)]
mod tests;
mod window;

pub use signature::Signature;
pub use window::{Membership, Options, Window};
