use std::sync::Arc;
use std::time::Instant;

use crate::config::Settings;
use crate::engine::Engine;
use crate::serve::{Board, Deployed, Limits, Live, Server};
use crate::stream::{Log, Options, Stop};
use crate::telemetry::{Filter, Lanes, Metrics, Vocabulary, Watch, Witness};

/// What a process that reads a topic shows over HTTP; both `None` where that is switched off.
pub(super) struct Observed {
    pub(super) server: Option<Server>,
    pub(super) board: Option<Arc<Board>>,
}

/// Takes the address before anything else starts.
pub(super) fn open(settings: &Settings, filter: Filter, stop: &Stop) -> anyhow::Result<Observed> {
    if !settings.serve.enabled {
        return Ok(Observed { server: None, board: None });
    }
    let board = Arc::new(Board::new(settings, filter, stop.clone(), Limits::default()));
    let server = Server::bind(&settings.serve, Arc::clone(&board))?;
    Ok(Observed { server: Some(server), board: Some(board) })
}

/// Who is told what the lanes and workers do: the log and, where there is a board, metrics and page.
pub(super) fn watch(settings: &Settings, options: &Options, engine: &Arc<Engine>, board: Option<&Board>) -> Arc<Watch> {
    let mut witnesses: Vec<Arc<dyn Witness>> = vec![Arc::new(Log)];
    if let Some(board) = board {
        let vocabulary = Vocabulary::from(engine.triage().taxonomy());
        let metrics = Arc::new(Metrics::new(&vocabulary, options.batch.records));
        let lanes = Arc::new(Lanes::new(options.lanes, Instant::now()));
        let live = Arc::new(Live::new(Arc::clone(engine), &settings.serve.country));
        witnesses.push(Arc::clone(&metrics) as _);
        witnesses.push(Arc::clone(&lanes) as _);
        witnesses.push(Arc::clone(&live) as _);
        board.deploy(Deployed { metrics, lanes, live, provenance: engine.provenance().clone() });
    }
    let in_flight = options.max_in_flight.saturating_mul(options.lanes);
    Arc::new(Watch::new(in_flight, witnesses))
}
