// No field of a report but its id and coordinates is ever logged.

use std::io::IsTerminal as _;
use std::sync::Arc;

use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, reload};

use crate::config::{Log, LogFormat};

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Logging belongs to another program, or has ended.
    #[error("the filter of the logs cannot be changed: {0}")]
    Gone(String),
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

/// Changes what is logged while the process runs.
#[derive(Clone)]
pub struct Filter(Arc<dyn Fn(EnvFilter) -> Result<(), Error> + Send + Sync>);

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}

impl Filter {
    /// Logs by this filter from now on; it is written as `log.filter` is.
    pub fn set(&self, filter: &str) -> Result<(), Error> {
        (self.0)(parse(filter)?)
    }
}

fn parse(filter: &str) -> Result<EnvFilter, Error> {
    let wrong = |message: String| Error::Filter { filter: filter.to_owned(), message };
    EnvFilter::builder().parse(filter).map_err(|error| wrong(error.to_string()))
}

/// Starts logging for the whole process. A second call changes nothing.
pub fn start(log: &Log) -> Result<Filter, Error> {
    let (filter, handle) = reload::Layer::new(parse(&log.filter)?);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match log.format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // An error means that a subscriber is set already, by a test or an embedding program: it stays.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    Ok(Filter(Arc::new(move |filter| handle.reload(filter).map_err(|error| Error::Gone(error.to_string())))))
}
