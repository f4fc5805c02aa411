//! Health as the lanes of a real stream make it, with limits short enough for a test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod assembled;
#[allow(dead_code, reason = "serves several test programs")]
mod served;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ibaleg::config::{self, Settings};
use ibaleg::serve::{Board, Deployed, Limits, Live, Server};
use ibaleg::stream::{self, Disposition, Embedded, Event, Record, Stop, Worker, WorkerError, Workers};
use ibaleg::telemetry::{self, Lanes, Metrics, Vocabulary, Watch, Witness};
use served::Client;

const SOON: Duration = Duration::from_secs(20);

struct Idle;

impl Worker for Idle {
    fn process(&mut self, records: &[Record]) -> Vec<Disposition> {
        records.iter().map(|_| Disposition::default()).collect()
    }
}

impl Workers for Idle {
    fn worker(&self) -> Result<Box<dyn Worker>, WorkerError> {
        Ok(Box::new(Self))
    }
}

/// Holds the thread of lane 1 for as long as it is true.
struct Hold(AtomicBool);

impl Witness for Hold {
    fn event(&self, lane: usize, _event: &Event<'_>) {
        while lane == 1 && self.0.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn one_lane_that_hangs_takes_readiness_and_then_the_life_and_brings_both_back() {
    let stop = Stop::new();
    let log = config::Log { filter: "warn".to_owned(), ..config::Log::default() };
    let limits = Limits { ready: Duration::from_millis(1500), live: Duration::from_secs(4) };
    let mut settings = Settings::default();
    settings.serve.listen.set_port(0);
    let board = Arc::new(Board::new(&settings, telemetry::start(&log).unwrap(), stop.clone(), limits));
    let server = Server::bind(&settings.serve, Arc::clone(&board)).unwrap();
    let client = Client { address: server.address() };
    let (close, closing) = tokio::sync::watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let serving = std::thread::spawn(move || runtime.block_on(server.run(closing)));

    assert_eq!(client.get("/livez").status, 200, "a process that loads its model lives");
    for path in ["/startupz", "/readyz", "/metrics"] {
        assert_eq!(client.get(path).status, 503, "{path}");
    }

    let broker = Embedded::start(4, &["in", "dead"]).unwrap();
    let options = stream::Options { lanes: 2, ..broker.options("lanes", &["in"], "dead") };
    let engine = assembled::engine("models/default", ibaleg::engine::Options::default());
    let metrics = Arc::new(Metrics::new(&Vocabulary::from(engine.triage().taxonomy()), 64));
    let lanes = Arc::new(Lanes::new(options.lanes, Instant::now()));
    let live = Arc::new(Live::new(Arc::clone(&engine), "MA"));
    let hold = Arc::new(Hold(AtomicBool::new(false)));
    let witnesses: Vec<Arc<dyn Witness>> = vec![Arc::clone(&lanes) as _, Arc::clone(&hold) as _];
    let watch = Watch::new(100, witnesses);
    board.deploy(Deployed { metrics, lanes, live, provenance: engine.provenance().clone() });

    let workers: Arc<dyn Workers> = Arc::new(Idle);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| stream::run(&options, &workers, &stop, &watch));
        client.until("/readyz", SOON, |answer| answer.status == 200);
        assert_eq!(client.get("/startupz").status, 200);

        hold.0.store(true, Ordering::SeqCst);
        let answer = client.until("/readyz", SOON, |answer| answer.status == 503);
        assert!(answer.body.contains("lane 1 does not poll"), "{}", answer.body);
        assert_eq!((client.get("/livez").status, client.get("/startupz").status), (200, 200));
        let answer = client.until("/livez", SOON, |answer| answer.status == 503);
        assert!(answer.body.contains("lane 1 is stuck"), "{}", answer.body);
        assert_eq!(client.get("/startupz").status, 200, "what has started stays so");

        hold.0.store(false, Ordering::SeqCst);
        client.until("/readyz", SOON, |answer| answer.status == 200);
        assert_eq!(client.get("/livez").status, 200);

        stop.request();
        let answer = client.until("/readyz", SOON, |answer| answer.status == 503);
        assert!(answer.body.contains("stopping"), "{}", answer.body);
        running.join().unwrap().unwrap();
    });
    close.send_replace(true);
    serving.join().unwrap().unwrap();
}
