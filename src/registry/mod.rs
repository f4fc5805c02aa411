//! Room `registry`: whether a package may take traffic.
//!
//! A package comes from outside and may be broken or hostile. So its first load happens in a [`trial`]: a process of
//! its own under limits, which is given the bytes of the files and nothing else. What passes there is then loaded from
//! the very same bytes.

pub mod trial;

pub use trial::{Ending, Error, Trial, TrialLimits, try_out};
