//! Exactly-once on Apache Kafka under faults. Needs `IBALEG_TEST_BROKERS`; see
//! `tests/broker/with-kafka.sh`.
//!
//! Workers that die or freeze are processes of their own: this program runs itself with one test,
//! [`worker`], and the environment says what happens to it. `IBALEG_TEST_SEED` repeats a run.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the seed and the log of a failed run are for people")]

#[allow(dead_code, reason = "the scenarios serve several test programs")]
mod lanes;
mod oracle;

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ibaleg::stream::topics::{self, Spec};
use ibaleg::stream::{Cluster, Disposition, Event, Guarantee, Log, Observer, Options, Stop, Workers, run};
use lanes::{Bench, PATIENCE, count, each, echo};

const SESSION: Duration = Duration::from_secs(3);

fn brokers() -> String {
    std::env::var("IBALEG_TEST_BROKERS").expect("IBALEG_TEST_BROKERS names the broker; use tests/broker/with-kafka.sh")
}

fn bench_on(brokers: &str, prefix: &str) -> Bench {
    let mut cluster = Cluster::new(brokers);
    let session = SESSION.as_millis().to_string();
    for (key, value) in [("session.timeout.ms", session.as_str()), ("heartbeat.interval.ms", "500")] {
        cluster.raw.consumer.insert(key.into(), value.into());
    }
    // What the broker weighs is the compressed batch.
    cluster.raw.producer.insert("compression.codec".into(), "none".into());
    let (prefix, drain_deadline) = (prefix.to_owned(), Duration::from_secs(1));
    Bench { cluster, prefix, drain_deadline, guarantee: Guarantee::ExactlyOnce }
}

/// Topics of its own for each test and run; `out` takes messages up to 50 KB.
fn bench(test: &str) -> Bench {
    let bench = bench_on(&brokers(), &format!("{test}-{}", std::process::id()));
    create_topics(&bench);
    bench
}

fn create_topics(bench: &Bench) {
    let specs = ["in", "out", "out.copy", "dead"].map(|name| Spec {
        name: bench.topic(name),
        partitions: 6,
        replication: 1,
        config: if name == "out" { [("max.message.bytes".into(), "50000".into())].into() } else { [].into() },
    });
    topics::create(&bench.cluster, &specs).unwrap();
}

fn options(bench: &Bench) -> Options {
    let mut options = bench.options();
    options.transaction.records = 100;
    options
}

/// Echoes, slowly enough that a fault finds work in flight.
fn slow(bench: &Bench) -> Arc<dyn Workers> {
    let out = bench.topic("out");
    each(move |record| {
        std::thread::sleep(Duration::from_micros(300));
        echo(&out, record)
    })
}

/// A sequence that `IBALEG_TEST_SEED` repeats.
struct Chance(u64);

impl Chance {
    fn new(test: &str) -> Self {
        let seed = std::env::var("IBALEG_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let clock = || u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap();
        let seed = seed.unwrap_or_else(clock);
        println!("{test}: IBALEG_TEST_SEED={seed}");
        Self(seed | 1)
    }

    /// Below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Does to this process what the environment asks, at the exact phase of a transaction: the lane's
/// thread waits in the observer until the signal has come.
struct Fate {
    phase: String,
    left: AtomicUsize,
    signal: String,
}

impl Observer for Fate {
    fn event(&self, lane: usize, event: &Event<'_>) {
        Log.event(lane, event);
        let phase = match event {
            Event::TransactionBegun => "begun",
            Event::TransactionSealed { .. } => "sealed",
            Event::TransactionOffsets { .. } => "offsets",
            Event::TransactionCommitted { .. } => "committed",
            _ => return,
        };
        // The commit is handed over after this event: the signal meets it somewhere on its way.
        let during = self.phase == "commit" && phase == "offsets";
        if (during || self.phase == phase) && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let signal = self.signal.clone();
            let strike = move || {
                let pid = std::process::id().to_string();
                assert!(Command::new("kill").args([&signal, &pid]).status().unwrap().success());
            };
            if during {
                std::thread::spawn(strike);
            } else {
                strike();
            }
        }
    }
}

#[test]
#[ignore = "a process of the other tests, not a test"]
fn worker() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("info,ibaleg::stream=debug").init();
    let setting = |name: &str| std::env::var(format!("IBALEG_TEST_{name}")).unwrap();
    let bench = bench_on(&brokers(), &setting("PREFIX"));
    let fate = Fate {
        phase: setting("PHASE"),
        left: setting("COUNT").parse::<usize>().unwrap().into(),
        signal: setting("SIGNAL"),
    };
    let options = Options { instance: setting("INSTANCE"), ..options(&bench) };
    run(&options, &slow(&bench), &Stop::new(), &fate).unwrap();
}

/// A worker process; killed when dropped, and if the test has failed, its log is shown.
struct Process {
    child: Child,
    log: tempfile::NamedTempFile,
}

impl Process {
    /// `phase`: where it is struck by `signal`, the `count`-th time; an unknown one never comes.
    fn start(bench: &Bench, instance: &str, phase: &str, count: u64, signal: &str) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "worker", "--ignored", "--nocapture"])
            .env("IBALEG_TEST_PREFIX", &bench.prefix)
            .env("IBALEG_TEST_INSTANCE", instance)
            .env("IBALEG_TEST_PHASE", phase)
            .env("IBALEG_TEST_COUNT", count.to_string())
            .env("IBALEG_TEST_SIGNAL", signal)
            .stdout(Stdio::null())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the worker was not struck");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn wait_until_frozen(&self) {
        let deadline = Instant::now() + PATIENCE;
        let stat = format!("/proc/{}/stat", self.child.id());
        while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
            assert!(Instant::now() < deadline, "the worker was not frozen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn thaw(&self) {
        assert!(Command::new("kill").args(["-CONT", &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("log of a worker:\n{}", std::fs::read_to_string(self.log.path()).unwrap_or_default());
        }
    }
}

/// Finishes what is left under each of these names, which ends what a dead bearer left open, and asks
/// the oracle.
fn conclude(bench: &Bench, instances: &[&str], total: usize, poison: &BTreeSet<usize>) {
    let workers = slow(bench);
    let running: Vec<_> =
        instances.iter().map(|instance| bench.start_as(instance, options(bench), Arc::clone(&workers))).collect();
    bench.read("out", total - poison.len());
    for running in running {
        assert_eq!(running.stop().unfinished, 0);
    }
    oracle::judge(bench, total, poison);
}

#[test]
fn a_worker_killed_in_any_phase_of_a_transaction_loses_and_doubles_nothing() {
    let mut chance = Chance::new("phases");
    let bench = bench("phases");
    let total = 8000;
    bench.feed(0..total, 60);
    for round in 0..3 {
        for phase in ["begun", "sealed", "offsets", "commit", "committed"] {
            let mut process = Process::start(&bench, "one", phase, 1 + chance.below(4), "-KILL");
            process.wait();
            println!("round {round}: killed at {phase}");
        }
    }
    conclude(&bench, &["one"], total, &BTreeSet::new());
}

#[test]
fn workers_killed_at_random_while_others_join_lose_and_double_nothing() {
    let mut chance = Chance::new("random");
    let bench = bench("random");
    let (end, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let names = ["one", "two", "three"];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !end.load(Ordering::SeqCst) {
                let from = sent.fetch_add(300, Ordering::SeqCst);
                bench.feed(from..from + 300, 60);
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        let mut processes: Vec<_> =
            names.iter().map(|name| Process::start(&bench, name, "never", 1, "-KILL")).collect();
        for _ in 0..12 {
            std::thread::sleep(Duration::from_millis(300 + chance.below(1500)));
            let index = usize::try_from(chance.below(3)).unwrap();
            // Dropping is killing; the new one joins while the others work.
            processes[index] = Process::start(&bench, names[index], "never", 1, "-KILL");
        }
        end.store(true, Ordering::SeqCst);
    });
    let total = sent.load(Ordering::SeqCst);
    println!("12 kills under {total} inputs");
    conclude(&bench, &names, total, &BTreeSet::new());
}

#[test]
fn a_worker_frozen_past_its_session_doubles_nothing_when_it_comes_back() {
    for phase in ["begun", "sealed", "offsets"] {
        let bench = bench(&format!("frozen-{phase}"));
        let total = 3000;
        bench.feed(0..total, 60);
        let frozen = Process::start(&bench, "frozen", phase, 3, "-STOP");
        frozen.wait_until_frozen();
        let heir = bench.start_as("heir", options(&bench), slow(&bench));
        heir.wait_until("all partitions", |watch| count(&watch.assigned) == 6);
        heir.wait_until("some of the rest", |watch| count(&watch.committed) >= 300);
        frozen.thaw();
        heir.wait_until("a share for the one that came back", |watch| count(&watch.revoked) > 0);
        assert_eq!(heir.stop().unfinished, 0);
        drop(frozen);
        conclude(&bench, &["frozen"], total, &BTreeSet::new());
    }
}

#[test]
fn two_processes_with_one_name_are_told_so_and_double_nothing() {
    let bench = bench("namesakes");
    let mut total = 1000;
    bench.feed(0..total, 60);
    let first = bench.start_as("same", options(&bench), slow(&bench));
    first.wait_until("some answers", |watch| count(&watch.committed) >= 200);
    let second = bench.start_as("same", options(&bench), slow(&bench));
    // The first learns of the second when it has something to send.
    let deadline = Instant::now() + PATIENCE;
    while count(&first.watch.restarts) == 0 {
        assert!(Instant::now() < deadline, "no fence: {:?}", first.watch);
        bench.feed(total..total + 100, 60);
        total += 100;
    }
    let told = first.watch.reasons.lock().unwrap().join("\n");
    assert!(told.contains("kafka.instance"), "{told}");
    first.stop();
    second.stop();
    conclude(&bench, &["same"], total, &BTreeSet::new());
}

/// Poison at the first, a middle and the last place of batches of 16, all of one partition.
fn poison_at_every_place(test: &str, strike: impl Fn(Disposition) -> Disposition + Send + Sync + 'static) {
    let bench = bench(test);
    let total = 160;
    bench.feed(0..total, 1);
    let poison: BTreeSet<usize> = [0, 23, 47, 64, 79, 159].into();
    let (out, bad) = (bench.topic("out"), poison.clone());
    let workers = each(move |record| {
        let number = std::str::from_utf8(record.value.as_deref().unwrap()).unwrap().parse().unwrap();
        let answer = echo(&out, record);
        if bad.contains(&number) { strike(answer) } else { answer }
    });
    let running = bench.start(options(&bench), workers);
    running.wait_until("all", |watch| count(&watch.committed) >= total);
    let watch = Arc::clone(&running.watch);
    let summary = running.stop();
    assert_eq!((summary.dead_lettered, summary.restarts, summary.unfinished), (6, 0, 0), "{watch:?}");
    oracle::judge(&bench, total, &poison);
}

#[test]
fn an_input_that_panics_is_dead_lettered_at_every_place_of_a_batch() {
    poison_at_every_place("panics", |_| panic!("poison"));
}

#[test]
fn an_input_whose_output_is_too_large_is_dead_lettered_at_every_place_of_a_batch() {
    poison_at_every_place("oversized", |mut answer| {
        answer.outgoing[0].value = Some(vec![b'x'; 60_000]);
        answer
    });
}

#[test]
fn an_urgent_input_waits_for_no_transaction_to_fill() {
    let bench = bench("urgent");
    let out = bench.topic("out");
    let workers =
        each(move |record| Disposition { urgent: record.value.as_deref() == Some(b"1"), ..echo(&out, record) });
    let mut options = options(&bench);
    options.transaction.interval = Duration::from_secs(1);
    let running = bench.start(options, workers);
    running.wait_until("an assignment", |watch| count(&watch.assigned) == 6);
    let time = |number: usize| {
        let begun = Instant::now();
        bench.feed(number..number + 1, 1);
        running.wait_until("its commit", |watch| count(&watch.committed) > number);
        begun.elapsed()
    };
    let (ordinary, urgent) = (time(0), time(1));
    running.stop();
    assert!(ordinary >= Duration::from_secs(1), "{ordinary:?}");
    assert!(urgent < Duration::from_millis(900), "{urgent:?}");
}

#[test]
fn transactions_keep_to_their_size() {
    let bench = bench("size");
    bench.feed(0..1000, 60);
    let out = bench.topic("out");
    let mut options = options(&bench);
    options.transaction.records = 30;
    let running = bench.start(options, each(move |record| echo(&out, record)));
    running.wait_until("all", |watch| count(&watch.committed) >= 1000);
    let watch = Arc::clone(&running.watch);
    running.stop();
    assert!(count(&watch.largest) <= 30 && count(&watch.transactions) >= 34, "{watch:?}");
}

/// A broker of its own, which the other tests do not need.
struct Node(&'static str);

impl Node {
    fn call(&self, what: &str) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broker/kafka.sh");
        let output = Command::new(script).arg(what).env("IBALEG_KAFKA_NODE", self.0).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.call("stop");
    }
}

#[test]
fn a_broker_that_restarts_under_load_costs_nothing() {
    let node = Node("restarting");
    let bench = bench_on(&node.call("start"), "restart");
    create_topics(&bench);
    let total = 6000;
    bench.feed(0..total, 60);
    let running = bench.start_as("one", options(&bench), slow(&bench));
    for at in [300, 2000] {
        running.wait_until("some answers", |watch| count(&watch.committed) >= at);
        node.call("restart");
    }
    bench.read("out", total);
    let watch = Arc::clone(&running.watch);
    assert_eq!(running.stop().unfinished, 0, "{watch:?}");
    oracle::judge(&bench, total, &BTreeSet::new());
}
