//! Scenarios every lane must pass, whatever the broker: the embedded one (`tests/stream.rs`) and
//! Apache Kafka (`tests/kafka_lane.rs`).

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ibaleg::stream::{
    Cluster, Disposition, Error, Event, Feeder, Guarantee, Observer, Options, Outgoing, Reader, Record, Refusal, Stop,
    Summary, Worker, WorkerError, Workers, dead_letter, run,
};

pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A broker with three topics of its own for one test.
pub(crate) struct Bench {
    pub(crate) cluster: Cluster,
    pub(crate) prefix: String,
    pub(crate) drain_deadline: Duration,
    pub(crate) guarantee: Guarantee,
}

/// Makes the name of each process unique, though all are threads of this one.
static INSTANCES: AtomicUsize = AtomicUsize::new(0);

impl Bench {
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    pub(crate) fn options(&self) -> Options {
        let mut options =
            Options::new(self.cluster.clone(), self.prefix.clone(), vec![self.topic("in")], self.topic("dead"));
        options.drain_deadline = self.drain_deadline;
        options.guarantee = self.guarantee;
        options.batch.records = 16;
        options.workers = 2;
        options
    }

    /// Writes `count` messages; the key is `k<n % keys>`, the value the number.
    pub(crate) fn feed(&self, range: std::ops::Range<usize>, keys: usize) {
        let feeder = Feeder::open(&self.cluster, 1000).unwrap();
        for number in range {
            let message = Outgoing {
                topic: self.topic("in"),
                key: Some(format!("k{}", number % keys).into_bytes()),
                headers: vec![("number".into(), Some(number.to_string().into_bytes()))],
                value: Some(number.to_string().into_bytes()),
            };
            feeder.send(&message, None).unwrap();
        }
        feeder.flush(PATIENCE).unwrap();
    }

    /// Reads a topic until `count` messages came and then nothing for a while.
    pub(crate) fn read(&self, name: &str, count: usize) -> Vec<Record> {
        let reader = Reader::open(&self.cluster, &[&self.topic(name)]).unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut records = Vec::new();
        while records.len() < count && Instant::now() < deadline {
            records.extend(reader.next(Duration::from_millis(200)).unwrap());
        }
        records.extend(reader.rest(Duration::from_millis(500)).unwrap());
        records
    }

    /// Starts lanes under a name of their own.
    pub(crate) fn start(&self, options: Options, workers: Arc<dyn Workers>) -> Running {
        let instance = format!("{}-{}", std::process::id(), INSTANCES.fetch_add(1, Ordering::SeqCst));
        self.start_as(&instance, options, workers)
    }

    pub(crate) fn start_as(&self, instance: &str, mut options: Options, workers: Arc<dyn Workers>) -> Running {
        instance.clone_into(&mut options.instance);
        assert_eq!(options.cluster.brokers, self.cluster.brokers);
        let stop = Stop::new();
        let watch = Arc::new(Watch::default());
        let (token, observer) = (stop.clone(), Arc::clone(&watch));
        let thread = std::thread::spawn(move || run(&options, &workers, &token, &*observer));
        Running { stop, watch, thread }
    }
}

pub(crate) struct Running {
    pub(crate) stop: Stop,
    pub(crate) watch: Arc<Watch>,
    thread: JoinHandle<Result<Summary, Error>>,
}

impl Running {
    pub(crate) fn wait_until(&self, what: &str, ready: impl Fn(&Watch) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !ready(&self.watch) {
            assert!(Instant::now() < deadline, "timed out waiting for {what}: {:?}", self.watch);
            assert!(!self.thread.is_finished(), "the run ended while waiting for {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn stop(self) -> Summary {
        self.stop.request();
        self.join().unwrap()
    }

    pub(crate) fn join(self) -> Result<Summary, Error> {
        self.thread.join().unwrap()
    }
}

/// Counts what the lanes tell.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) answered: AtomicUsize,
    pub(crate) committed: AtomicUsize,
    pub(crate) assigned: AtomicUsize,
    pub(crate) revoked: AtomicUsize,
    pub(crate) paused: AtomicUsize,
    pub(crate) resumed: AtomicUsize,
    pub(crate) failed: AtomicUsize,
    pub(crate) restarts: AtomicUsize,
    pub(crate) lags: AtomicUsize,
    pub(crate) transactions: AtomicUsize,
    pub(crate) aborts: AtomicUsize,
    pub(crate) largest: AtomicUsize,
    pub(crate) most_in_flight: AtomicUsize,
    pub(crate) troubles: Mutex<Vec<String>>,
    /// Why lanes restarted and transactions were aborted.
    pub(crate) reasons: Mutex<Vec<String>>,
}

impl Observer for Watch {
    fn event(&self, _lane: usize, event: &Event<'_>) {
        let add = |counter: &AtomicUsize, count| counter.fetch_add(count, Ordering::SeqCst);
        match event {
            Event::Batch { records, .. } => add(&self.answered, *records),
            Event::Committed { records } => add(&self.committed, *records),
            Event::Assigned { partitions } => add(&self.assigned, partitions.len()),
            Event::Revoked { partitions, .. } => add(&self.revoked, partitions.len()),
            Event::Paused { in_flight } => {
                self.most_in_flight.fetch_max(*in_flight, Ordering::SeqCst);
                add(&self.paused, 1)
            }
            Event::Resumed { .. } => add(&self.resumed, 1),
            Event::WorkerFailed { .. } => add(&self.failed, 1),
            Event::Restarting { reason, .. } => {
                self.reasons.lock().unwrap().push((*reason).to_owned());
                add(&self.restarts, 1)
            }
            Event::Trouble { message, .. } => {
                self.troubles.lock().unwrap().push((*message).to_owned());
                0
            }
            Event::TransactionCommitted { records, .. } => {
                self.largest.fetch_max(*records, Ordering::SeqCst);
                add(&self.transactions, 1)
            }
            Event::TransactionAborted { reason, .. } => {
                self.reasons.lock().unwrap().push((*reason).to_owned());
                add(&self.aborts, 1)
            }
            Event::Lag { .. } => add(&self.lags, 1),
            _ => 0,
        };
    }
}

pub(crate) fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}

type Answer = dyn Fn(&Record) -> Disposition + Send + Sync;

/// Workers made of a function.
pub(crate) struct Each(Arc<Answer>);

struct EachWorker(Arc<Answer>);

impl Workers for Each {
    fn worker(&self) -> Result<Box<dyn Worker>, WorkerError> {
        Ok(Box::new(EachWorker(Arc::clone(&self.0))))
    }
}

impl Worker for EachWorker {
    fn process(&mut self, records: &[Record]) -> Vec<Disposition> {
        records.iter().map(|record| (self.0)(record)).collect()
    }
}

pub(crate) fn each(answer: impl Fn(&Record) -> Disposition + Send + Sync + 'static) -> Arc<dyn Workers> {
    Arc::new(Each(Arc::new(answer)))
}

/// Publishes an input as it is, to two topics.
pub(crate) fn echo(topic: &str, record: &Record) -> Disposition {
    let outgoing = [topic.to_owned(), format!("{topic}.copy")].map(|topic| Outgoing {
        topic,
        key: record.key.clone(),
        headers: record.headers.clone(),
        value: record.value.clone(),
    });
    Disposition { outgoing: outgoing.into(), ..Disposition::default() }
}

pub(crate) fn numbers(records: &[Record]) -> BTreeMap<usize, usize> {
    let mut numbers = BTreeMap::new();
    for record in records {
        let text = std::str::from_utf8(record.value.as_deref().unwrap()).unwrap();
        *numbers.entry(text.parse().unwrap()).or_insert(0) += 1;
    }
    numbers
}

/// Every number of the range once, and for each key in the order it was fed.
pub(crate) fn assert_exactly_once(records: &[Record], range: std::ops::Range<usize>) {
    let numbers = numbers(records);
    let missing: Vec<_> = range.clone().filter(|n| !numbers.contains_key(n)).collect();
    let doubled: Vec<_> = numbers.iter().filter(|(_, count)| **count > 1).collect();
    assert!(missing.is_empty(), "{} missing, such as {:?}", missing.len(), missing.first());
    assert!(doubled.is_empty(), "{} doubled, such as {:?}", doubled.len(), doubled.first());
    assert_eq!(numbers.len(), range.len());
    assert_ordered(records);
}

pub(crate) fn assert_ordered(records: &[Record]) {
    let mut last: HashMap<&[u8], usize> = HashMap::new();
    for record in records {
        let number = std::str::from_utf8(record.value.as_deref().unwrap()).unwrap();
        let number: usize = number.parse().unwrap();
        let before = last.insert(record.key.as_deref().unwrap(), number);
        assert!(before.is_none_or(|before| before <= number), "{before:?} before {number}");
    }
}

pub(crate) fn graceful_stop_and_restart(bench: &Bench) {
    let total = 2000;
    bench.feed(0..total, 50);
    let out = bench.topic("out");
    let slow = each(move |record| {
        std::thread::sleep(Duration::from_micros(300));
        echo(&out, record)
    });
    let mut options = bench.options();
    options.lanes = 2;
    let mut committed = 0;
    for at in [total / 5, total / 5] {
        let running = bench.start(options.clone(), Arc::clone(&slow));
        running.wait_until("some answers", |watch| count(&watch.answered) >= at);
        let summary = running.stop();
        assert_eq!(summary.unfinished, 0, "{summary:?}");
        committed += summary.committed;
        assert!(committed < total as u64, "the stop was meant to be mid-stream");
    }
    let running = bench.start(options, slow);
    let left = total - usize::try_from(committed).unwrap();
    running.wait_until("the rest", |watch| count(&watch.committed) >= left);
    let summary = running.stop();
    assert_eq!(committed + summary.committed, total as u64);
    assert_eq!(summary.published, summary.committed * 2);
    assert_exactly_once(&bench.read("out", total), 0..total);
    assert_exactly_once(&bench.read("out.copy", total), 0..total);
    assert!(bench.read("dead", 0).is_empty());
}

/// `exact`: the broker takes commits while a group rebalances, so that no report is doubled.
pub(crate) fn two_members_one_leaves(bench: &Bench, exact: bool) {
    let total = 3000;
    let out = bench.topic("out");
    let slow = each(move |record| {
        std::thread::sleep(Duration::from_micros(300));
        echo(&out, record)
    });
    let options = bench.options();
    std::thread::scope(|scope| {
        let feeding = scope.spawn(|| {
            for start in (0..total).step_by(100) {
                bench.feed(start..start + 100, 40);
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let first = bench.start(options.clone(), Arc::clone(&slow));
        first.wait_until("an assignment", |watch| count(&watch.answered) > 0);
        let second = bench.start(options, slow);
        second.wait_until("a share for the second", |watch| count(&watch.answered) > 50);
        assert!(count(&first.watch.revoked) > 0, "the first gave partitions up: {:?}", first.watch);
        let left = second.stop();
        assert_eq!(left.unfinished, 0);
        feeding.join().unwrap();
        let rest = total - usize::try_from(left.committed).unwrap();
        first.wait_until("the rest", |watch| count(&watch.committed) >= rest);
        let stayed = first.stop();
        assert_eq!(left.committed + stayed.committed, total as u64);
    });
    let out = bench.read("out", total);
    if exact {
        assert_exactly_once(&out, 0..total);
    } else {
        assert!(numbers(&out).into_keys().eq(0..total), "each report has its output");
    }
}

pub(crate) fn poison_ends_in_the_dead_letter_topic(bench: &Bench) {
    let odd: Vec<(Outgoing, i64)> = vec![
        (message(bench, Some(b"k"), Some(b"\xff\xfe not text")), 1_600_000_000_001),
        (message(bench, None, Some(b"no key")), 1_600_000_000_002),
        (message(bench, Some(b"tombstone"), None), 1_600_000_000_003),
        (message(bench, Some(b""), Some(b"")), 1_600_000_000_004),
        (message(bench, None, None), 1_600_000_000_005),
    ];
    let feeder = Feeder::open(&bench.cluster, 10).unwrap();
    for (message, timestamp) in &odd {
        feeder.send(message, Some(*timestamp)).unwrap();
    }
    feeder.flush(PATIENCE).unwrap();
    let sent = bench.read("in", odd.len());
    assert_eq!(sent.len(), odd.len());
    let refuse = each(|_| Disposition {
        outgoing: vec![],
        refusal: Some(Refusal { code: "EB-IN-0042".into(), stage: "decode", message: "not a report".into() }),
        ..Disposition::default()
    });
    let running = bench.start(bench.options(), refuse);
    running.wait_until("dead letters", |watch| count(&watch.committed) >= odd.len());
    let summary = running.stop();
    assert_eq!((summary.dead_lettered, summary.published), (5, 0));
    let letters = bench.read("dead", odd.len());
    assert_eq!(letters.len(), odd.len());
    for record in sent {
        let letter = letters.iter().find(|letter| letter.timestamp == record.timestamp).unwrap();
        let opened = dead_letter::open(letter).unwrap();
        assert_eq!(opened.original, record, "key, value, headers, timestamp and coordinates");
        assert_eq!((opened.code.as_str(), opened.stage.as_str()), ("EB-IN-0042", "decode"));
        assert_eq!((opened.group.as_str(), opened.attempt), (bench.prefix.as_str(), 1));
        let connect = |name: &str| {
            let value = letter.headers.iter().find(|(known, _)| known == name).unwrap();
            String::from_utf8(value.1.clone().unwrap()).unwrap()
        };
        assert_eq!(connect("__connect.errors.topic"), bench.topic("in"));
        assert_eq!(connect("__connect.errors.partition"), record.partition.to_string());
        assert_eq!(connect("__connect.errors.offset"), record.offset.to_string());
        assert_eq!(connect("__connect.errors.exception.class.name"), "EB-IN-0042");
    }
}

fn message(bench: &Bench, key: Option<&[u8]>, value: Option<&[u8]>) -> Outgoing {
    Outgoing {
        topic: bench.topic("in"),
        key: key.map(<[u8]>::to_vec),
        value: value.map(<[u8]>::to_vec),
        headers: vec![
            ("twice".into(), Some(b"a".to_vec())),
            ("twice".into(), Some(b"b".to_vec())),
            ("null".into(), None),
            ("empty".into(), Some(vec![])),
            ("bytes".into(), Some(vec![0, 255, 10])),
        ],
    }
}

pub(crate) fn a_panic_costs_one_input_only(bench: &Bench) {
    let total = 200;
    bench.feed(0..total, 7);
    let out = bench.topic("out");
    let fragile = each(move |record| {
        assert_ne!(record.value.as_deref(), Some(b"77".as_slice()), "this input is poison");
        echo(&out, record)
    });
    let running = bench.start(bench.options(), fragile);
    running.wait_until("all", |watch| count(&watch.committed) >= total);
    assert!(count(&running.watch.failed) >= 1);
    let summary = running.stop();
    assert_eq!((summary.dead_lettered, summary.published), (1, 2 * (total as u64 - 1)));
    let letter = bench.read("dead", 1).remove(0);
    let opened = dead_letter::open(&letter).unwrap();
    assert_eq!((opened.code.as_str(), opened.stage.as_str()), ("EB-ST-0001", "process"));
    assert_eq!(opened.original.value.as_deref(), Some(b"77".as_slice()));
    let seen = numbers(&bench.read("out", total - 1));
    assert!(seen.len() == total - 1 && !seen.contains_key(&77) && seen.values().all(|n| *n == 1));
}

pub(crate) fn pressure_pauses_and_resumes(bench: &Bench) {
    let total = 400;
    bench.feed(0..total, 50);
    let out = bench.topic("out");
    let slow = each(move |record| {
        std::thread::sleep(Duration::from_millis(5));
        echo(&out, record)
    });
    let mut options = bench.options();
    options.max_in_flight = 80;
    options.pressure_patience = Duration::from_millis(50);
    options.lag_interval = Duration::from_millis(100);
    let running = bench.start(options, slow);
    running.wait_until("all", |watch| count(&watch.committed) >= total);
    let watch = Arc::clone(&running.watch);
    running.stop();
    assert!(count(&watch.paused) >= 1 && count(&watch.resumed) >= 1, "{watch:?}");
    assert!(count(&watch.lags) > 0, "the lag is told");
    let most = count(&watch.most_in_flight);
    assert!((80..=96).contains(&most), "{most} in flight with a limit of 80");
    assert_exactly_once(&bench.read("out", total), 0..total);
}

pub(crate) fn order_per_key_is_kept_with_many_threads(bench: &Bench) {
    let total = 1500;
    bench.feed(0..total, 5);
    let out = bench.topic("out");
    let uneven = each(move |record| {
        let number: u64 = std::str::from_utf8(record.value.as_deref().unwrap()).unwrap().parse().unwrap();
        std::thread::sleep(Duration::from_micros(number * 7919 % 2000));
        echo(&out, record)
    });
    let mut options = bench.options();
    options.workers = 4;
    options.batch.records = 5;
    let running = bench.start(options, uneven);
    running.wait_until("all", |watch| count(&watch.committed) >= total);
    running.stop();
    assert_exactly_once(&bench.read("out", total), 0..total);
}

pub(crate) fn an_output_too_large_is_dead_lettered(bench: &Bench, options: Options, limit: usize) {
    bench.feed(0..20, 3);
    let out = bench.topic("out");
    let inflating = each(move |record| {
        let mut disposition = echo(&out, record);
        if record.value.as_deref() == Some(b"7") {
            disposition.outgoing[0].value = Some(vec![b'x'; limit + 1]);
        }
        disposition
    });
    let running = bench.start(options, inflating);
    running.wait_until("all", |watch| count(&watch.committed) >= 20);
    let summary = running.stop();
    // In a transaction an input is published as a whole or not at all.
    let published = if bench.guarantee == Guarantee::ExactlyOnce { 38 } else { 39 };
    assert_eq!((summary.dead_lettered, summary.published), (1, published));
    let letter = bench.read("dead", 1).remove(0);
    let opened = dead_letter::open(&letter).unwrap();
    assert_eq!((opened.code.as_str(), opened.stage.as_str()), ("EB-ST-0003", "publish"));
    assert_eq!(opened.original.value.as_deref(), Some(b"7".as_slice()));
}

pub(crate) fn a_forced_stop_ends_at_once(bench: &Bench) {
    bench.feed(0..10, 1);
    let hung = each(|_| {
        std::thread::sleep(Duration::from_hours(1));
        Disposition::default()
    });
    let running = bench.start(bench.options(), hung);
    running.wait_until("an assignment", |watch| count(&watch.assigned) > 0);
    std::thread::sleep(Duration::from_millis(300));
    running.stop.signal();
    std::thread::sleep(Duration::from_millis(300));
    assert!(!running.thread.is_finished(), "a graceful stop waits for work in flight");
    let started = Instant::now();
    running.stop.signal();
    let summary = running.join().unwrap();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(summary.forced && summary.committed == 0 && summary.unfinished > 0, "{summary:?}");
}

pub(crate) fn an_input_answered_with_nothing_is_finished(bench: &Bench) {
    bench.feed(0..30, 3);
    let running = bench.start(bench.options(), each(|_| Disposition::default()));
    running.wait_until("commits", |watch| count(&watch.committed) >= 30);
    let summary = running.stop();
    assert_eq!((summary.committed, summary.published, summary.dead_lettered), (30, 0, 0));
    let running = bench.start(bench.options(), each(|_| Disposition::default()));
    running.wait_until("an assignment", |watch| count(&watch.assigned) > 0);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(running.stop().consumed, 0, "their offsets are committed");
}
