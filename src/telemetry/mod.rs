//! Logs on standard error. No field of a report but its id and coordinates is ever logged.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter is not understood.
    #[error(
        "`log.filter` = {filter:?}: {message}; write a level (error, warn, info, debug, trace) or directives such as \"info,ibaleg::stream=debug\""
    )]
    Filter {
        /// As configured.
        filter: String,
        /// What the parser said.
        message: String,
    },
}

/// Replaces the default panic message, which may quote a report, by the place of the panic.
///
/// What the panic leads to is told by whoever catches it: an inference thread is replaced and its
/// report dead-lettered, any other thread ends the process with an error.
pub fn keep_panics_private() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a thread panicked");
    }));
}

/// Starts logging for the whole process. A second call changes nothing.
pub fn start(log: &Log) -> Result<(), Error> {
    let filter = EnvFilter::builder().parse(&log.filter);
    let filter = filter.map_err(|error| Error::Filter { filter: log.filter.clone(), message: error.to_string() })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // An error means that a subscriber is set already, by a test or an embedding program: it stays.
    let _ = match log.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}
