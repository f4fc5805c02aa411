//! Configuration: one documented TOML file, environment overrides, unknown keys refused.
//!
//! [`Settings`] is what is typed in; each key has a default, so that an empty file is a valid one.
//! The documentation of a key is its Rust doc comment: `config/ibaleg.toml` and `ibaleg config
//! explain` are generated from it.

mod bytes;
mod client_settings;
mod document;
mod file;
mod settings;

pub use bytes::ByteSize;
pub use client_settings::ClientSettings;
pub use document::{Entry, Origin, default_file, explain};
pub use file::{Loaded, load};
pub use settings::{
    Delivery, Duration, Event, Kafka, Log, LogFormat, Model, Report, Serve, Settings, Stats, Stream, TextPolicy,
    Topics, Triage,
};

/// Prefix of environment variables that override a key: `IBALEG__KAFKA__BROKERS` sets `kafka.brokers`.
pub const ENVIRONMENT_PREFIX: &str = "IBALEG__";

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("{path}: cannot be read: {source}; name another file with --config")]
    Read {
        /// Path as given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{place}: not valid TOML: {message}")]
    Syntax {
        /// File and line.
        place: String,
        /// What the parser said.
        message: String,
    },
    /// A key that does not exist.
    #[error("{place}: unknown key `{key}`{}", nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// File and line, or the environment variable.
        place: String,
        /// Full name of the key.
        key: String,
        /// The existing key that is spelt most alike.
        nearest: Option<String>,
    },
    /// A value of the wrong type or outside its range.
    #[error("{place}: `{key}`: {message}")]
    Value {
        /// File and line, or the environment variable.
        place: String,
        /// Full name of the key.
        key: String,
        /// What is wrong and what is allowed.
        message: String,
    },
}
