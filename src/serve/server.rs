use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::board::Board;
use super::routes;
use super::token::{self, Token};
use crate::config::Serve;

/// Time between two foldings of samples into buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why the process cannot answer HTTP.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error(
        "serve.listen = {listen}: {source}; stop what listens there, choose another address (port 0 takes a free port), or set serve.enabled = false"
    )]
    Bind {
        /// As configured.
        listen: SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
    /// The socket cannot be used.
    #[error("HTTP cannot be served: {0}")]
    Serve(#[from] std::io::Error),
    /// The token is not taken.
    #[error(transparent)]
    Token(#[from] token::Error),
}

/// An address that is taken, and what is shown there.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    board: Arc<Board>,
    token: Option<Token>,
}

impl Server {
    /// Takes the address. Connections wait until [`run`](Self::run).
    pub fn bind(settings: &Serve, board: Arc<Board>) -> Result<Self, Error> {
        let token = Token::find(&settings.token_file)?;
        let refused = |source| Error::Bind { listen: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "metrics, counts and report ids can be read from beyond this machine");
        }
        Ok(Self { listener, address, board, token })
    }

    /// The address taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `closing` turns true or its sender is gone.
    ///
    /// # Errors
    /// The socket cannot be used; must be called within a tokio runtime.
    pub async fn run(self, mut closing: watch::Receiver<bool>) -> Result<(), Error> {
        let Self { listener, address: _, board, token } = self;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let upkeep = tokio::spawn(upkeep(Arc::clone(&board)));
        let router = routes::router(board, token, closing.clone());
        let closed = async move {
            // An error means that the sender is gone: close too.
            let _ = closing.wait_for(|closing| *closing).await;
        };
        let served = axum::serve(listener, router).with_graceful_shutdown(closed).await;
        upkeep.abort();
        Ok(served?)
    }
}

async fn upkeep(board: Arc<Board>) {
    let mut beat = tokio::time::interval(UPKEEP);
    loop {
        beat.tick().await;
        if let Some(deployed) = board.deployed() {
            deployed.metrics.upkeep();
        }
    }
}
