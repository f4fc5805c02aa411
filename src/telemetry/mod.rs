//! What a process tells of itself: logs on standard error, and metrics in Prometheus' text format.
//!
//! [`table`] declares every metric once; `docs/metrics.md` is generated from it. [`Watch`] takes in
//! what the lanes do ([`stream::Observer`](crate::stream::Observer)) and what their workers decide,
//! joins the two where they concern one report, and hands both to [`Witness`]es: [`Metrics`] is one,
//! the live page another. No text, identity or entity of a report reaches any of them but in the
//! event itself, of which they keep counts and ids.

mod lanes;
mod ledger;
mod logs;
mod metrics;
pub mod reference;
pub mod table;
mod watch;

pub use lanes::{Lane, Lanes};
pub use logs::{Error, Filter, keep_panics_private, start};
pub use metrics::{Metrics, Vocabulary};
pub use watch::{Decided, Finished, Stages, Watch, Witness};
