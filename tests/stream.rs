//! Lanes on the embedded broker.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "the scenarios serve two test programs")]
mod lanes;

use std::sync::Arc;
use std::time::Duration;

use ibaleg::stream::{
    Cluster, Disposition, Embedded, Error, Guarantee, Outgoing, Stop, Worker, WorkerError, Workers, run,
};
use lanes::{Bench, count, each, echo};
use rdkafka::mocking::MockCluster;

fn bench(prefix: &str) -> (Embedded, Bench) {
    let topics = ["in", "out", "out.copy", "dead"].map(|name| format!("{prefix}.{name}"));
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let embedded = Embedded::start(8, &topics).unwrap();
    let drain_deadline = Duration::from_millis(1500);
    let guarantee = Guarantee::AtLeastOnce;
    let bench = Bench { cluster: embedded.cluster(), prefix: prefix.to_owned(), drain_deadline, guarantee };
    (embedded, bench)
}

#[test]
fn a_graceful_stop_and_a_restart_lose_and_double_nothing() {
    let (_broker, bench) = bench("restart");
    lanes::graceful_stop_and_restart(&bench);
}

#[test]
fn two_members_share_and_one_leaves() {
    let (_broker, bench) = bench("members");
    // The mock cluster refuses a commit while another member joins, where Apache Kafka takes it
    // (PreparingRebalance): doubles are possible here, and are counted on Apache Kafka.
    lanes::two_members_one_leaves(&bench, false);
}

#[test]
fn poison_ends_in_the_dead_letter_topic_with_exact_coordinates() {
    let (_broker, bench) = bench("poison");
    lanes::poison_ends_in_the_dead_letter_topic(&bench);
}

#[test]
fn a_panicking_worker_costs_one_input_only() {
    let (_broker, bench) = bench("panic");
    lanes::a_panic_costs_one_input_only(&bench);
}

#[test]
fn pressure_pauses_and_resumes_reading() {
    let (_broker, bench) = bench("pressure");
    lanes::pressure_pauses_and_resumes(&bench);
}

#[test]
fn order_per_key_is_kept_with_many_inference_threads() {
    let (_broker, bench) = bench("order");
    lanes::order_per_key_is_kept_with_many_threads(&bench);
}

#[test]
fn an_output_the_producer_finds_too_large_is_dead_lettered() {
    let (_broker, bench) = bench("large");
    let mut options = bench.options();
    options.cluster.raw.producer.insert("message.max.bytes".into(), "5000".into());
    lanes::an_output_too_large_is_dead_lettered(&bench, options, 5000);
}

#[test]
fn a_second_signal_ends_a_run_whose_worker_hangs() {
    let (_broker, bench) = bench("forced");
    lanes::a_forced_stop_ends_at_once(&bench);
}

#[test]
fn an_input_answered_with_nothing_is_finished() {
    let (_broker, bench) = bench("silent");
    lanes::an_input_answered_with_nothing_is_finished(&bench);
}

#[test]
fn a_worker_with_too_few_answers_loses_no_input() {
    struct Short;
    impl Workers for Short {
        fn worker(&self) -> Result<Box<dyn Worker>, WorkerError> {
            Ok(Box::new(Short))
        }
    }
    impl Worker for Short {
        fn process(&mut self, records: &[ibaleg::stream::Record]) -> Vec<Disposition> {
            vec![Disposition::default(); records.len() / 2]
        }
    }
    let (_broker, bench) = bench("short");
    bench.feed(0..10, 3);
    let running = bench.start(bench.options(), Arc::new(Short));
    running.wait_until("commits", |watch| count(&watch.committed) >= 10);
    assert_eq!(running.stop().dead_lettered, 10);
    let letter = bench.read("dead", 10).remove(0);
    assert_eq!(ibaleg::stream::dead_letter::open(&letter).unwrap().code, "EB-ST-0002");
}

#[test]
fn a_worker_that_cannot_be_made_ends_the_run_with_its_reason() {
    struct Broken;
    impl Workers for Broken {
        fn worker(&self) -> Result<Box<dyn Worker>, WorkerError> {
            Err(WorkerError("model.onnx is half a file".into()))
        }
    }
    let (_broker, bench) = bench("broken");
    let running = bench.start(bench.options(), Arc::new(Broken));
    let error = running.join().unwrap_err();
    assert!(matches!(error, Error::Worker { .. }), "{error}");
    assert!(error.to_string().contains("half a file"));
}

#[test]
fn a_panic_where_workers_are_made_ends_the_run() {
    struct Panicking;
    impl Workers for Panicking {
        fn worker(&self) -> Result<Box<dyn Worker>, WorkerError> {
            panic!("no worker");
        }
    }
    let (_broker, bench) = bench("obituary");
    let error = bench.start(bench.options(), Arc::new(Panicking)).join().unwrap_err();
    assert!(matches!(error, Error::Died { thread: "inference", .. }), "{error}");
}

#[test]
fn an_output_topic_that_cannot_exist_ends_the_run_without_a_commit() {
    let (_broker, bench) = bench("badtopic");
    bench.feed(0..5, 1);
    let workers = each(|record| Disposition {
        outgoing: vec![Outgoing { topic: "nul\0byte".into(), key: None, headers: vec![], value: record.value.clone() }],
        ..Disposition::default()
    });
    let error = bench.start(bench.options(), workers).join().unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    let running = bench.start(bench.options(), each(|_| Disposition::default()));
    running.wait_until("the same inputs again", |watch| count(&watch.committed) >= 5);
    assert_eq!(running.stop().consumed, 5);
}

#[test]
fn brokers_that_go_away_for_a_while_cost_nothing() {
    let broker = MockCluster::new(1).unwrap();
    for name in ["in", "out", "out.copy", "dead"] {
        broker.create_topic(&format!("away.{name}"), 4, 1).unwrap();
    }
    let mut cluster = Cluster::new(broker.bootstrap_servers());
    for (key, value) in [("fetch.wait.max.ms", "10"), ("session.timeout.ms", "6000")] {
        cluster.raw.consumer.insert(key.into(), value.into());
    }
    let drain_deadline = Duration::from_millis(1500);
    let bench = Bench { cluster, prefix: "away".into(), drain_deadline, guarantee: Guarantee::AtLeastOnce };
    bench.feed(0..600, 20);
    let out = bench.topic("out");
    let slow = each(move |record| {
        std::thread::sleep(Duration::from_millis(2));
        echo(&out, record)
    });
    let mut options = bench.options();
    options.cluster.raw.producer.insert("message.timeout.ms".into(), "1000".into());
    let running = bench.start(options, slow);
    running.wait_until("some answers", |watch| count(&watch.committed) >= 100);
    broker.broker_down(-1).unwrap();
    running.wait_until("a restart", |watch| count(&watch.restarts) >= 1);
    broker.broker_up(-1).unwrap();
    running.wait_until("the rest", |watch| count(&watch.committed) >= 600);
    let watch = Arc::clone(&running.watch);
    let summary = running.stop();
    assert!(summary.restarts >= 1 && summary.unfinished == 0, "{summary:?}");
    let troubles = watch.troubles.lock().unwrap().len();
    assert!((1..=20).contains(&troubles), "{troubles} lines about the same trouble");
    let seen = lanes::numbers(&bench.read("out", 600));
    assert_eq!(seen.len(), 600, "none missing; those in flight may come twice");
}

#[test]
fn options_that_cannot_work_are_refused_before_anything_connects() {
    let bench = Bench {
        cluster: Cluster::new("127.0.0.1:1"),
        prefix: "p".into(),
        drain_deadline: Duration::from_secs(1),
        guarantee: Guarantee::ExactlyOnce,
    };
    let mut options = bench.options();
    options.instance = "one".into();
    options.cluster.raw.common.insert("enable.auto.commit".into(), "true".into());
    let error = run(&options, &each(|_| Disposition::default()), &Stop::new(), &ibaleg::stream::Log);
    assert!(matches!(error, Err(Error::Forbidden { .. })), "{error:?}");
}

#[test]
fn exactly_once_is_refused_on_a_broker_without_transactions() {
    let (_broker, mut bench) = bench("unable");
    bench.guarantee = Guarantee::ExactlyOnce;
    bench.feed(0..5, 1);
    let error = bench.start(bench.options(), each(|_| Disposition::default())).join().unwrap_err();
    assert!(matches!(error, Error::NoTransactions { .. }), "{error}");
    assert!(error.to_string().contains("stream.delivery = \"at_least_once\""), "{error}");
}

#[test]
fn exactly_once_waits_for_brokers_that_cannot_be_reached() {
    let bench = Bench {
        cluster: Cluster::new("127.0.0.1:9"),
        prefix: "nobody".into(),
        drain_deadline: Duration::from_secs(1),
        guarantee: Guarantee::ExactlyOnce,
    };
    let running = bench.start(bench.options(), each(|_| Disposition::default()));
    running.wait_until("a line about it", |watch| !watch.troubles.lock().unwrap().is_empty());
    let started = std::time::Instant::now();
    assert_eq!(running.stop().consumed, 0);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}
