//! Room `triage`.
