//! Lanes on Apache Kafka. Needs `IBALEG_TEST_BROKERS`; see `tests/broker/with-kafka.sh`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "the scenarios serve two test programs")]
mod lanes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ibaleg::stream::topics::{self, Outcome, Spec};
use ibaleg::stream::{Cluster, Disposition, Error, Guarantee, Outgoing, dead_letter};
use lanes::{Bench, count, each, echo};

fn cluster() -> Cluster {
    let brokers = std::env::var("IBALEG_TEST_BROKERS")
        .expect("IBALEG_TEST_BROKERS names the broker; use tests/broker/with-kafka.sh");
    let mut cluster = Cluster::new(brokers);
    cluster.raw.consumer.insert("session.timeout.ms".into(), "6000".into());
    cluster
}

fn spec(name: String, config: &[(&str, &str)]) -> Spec {
    let config = config.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    Spec { name, partitions: 6, replication: 1, config }
}

fn bench(test: &str, guarantee: Guarantee) -> Bench {
    bench_with(test, guarantee, &[])
}

/// Topics of its own for each run, so that runs on one broker do not meet.
fn bench_with(test: &str, guarantee: Guarantee, out: &[(&str, &str)]) -> Bench {
    let cluster = cluster();
    let prefix = format!("{test}-{guarantee:?}-{}", std::process::id());
    let specs = [
        spec(format!("{prefix}.in"), &[("retention.ms", "-1")]),
        spec(format!("{prefix}.out"), out),
        spec(format!("{prefix}.out.copy"), &[]),
        spec(format!("{prefix}.dead"), &[("retention.ms", "-1")]),
    ];
    topics::create(&cluster, &specs).unwrap();
    Bench { cluster, prefix, drain_deadline: Duration::from_secs(3), guarantee }
}

/// Each scenario under both guarantees.
macro_rules! both {
    ($($name:ident => $body:expr;)*) => {
        mod at_least_once {
            $(#[test] fn $name() { let body: fn(super::Guarantee) = $body; body(super::Guarantee::AtLeastOnce); })*
        }
        mod exactly_once {
            $(#[test] fn $name() { let body: fn(super::Guarantee) = $body; body(super::Guarantee::ExactlyOnce); })*
        }
    };
}

both! {
    a_graceful_stop_and_a_restart_lose_and_double_nothing => |mode| {
        super::lanes::graceful_stop_and_restart(&super::bench("restart", mode));
    };
    two_members_share_and_one_leaves => |mode| {
        super::lanes::two_members_one_leaves(&super::bench("members", mode), true);
    };
    poison_ends_in_the_dead_letter_topic_with_exact_coordinates => |mode| {
        super::lanes::poison_ends_in_the_dead_letter_topic(&super::bench("poison", mode));
    };
    a_panicking_worker_costs_one_input_only => |mode| {
        super::lanes::a_panic_costs_one_input_only(&super::bench("panic", mode));
    };
    pressure_pauses_and_resumes_reading => |mode| {
        super::lanes::pressure_pauses_and_resumes(&super::bench("pressure", mode));
    };
    order_per_key_is_kept_with_many_inference_threads => |mode| {
        super::lanes::order_per_key_is_kept_with_many_threads(&super::bench("order", mode));
    };
    an_output_the_broker_finds_too_large_is_dead_lettered => super::output_too_large;
    a_second_signal_ends_a_run_whose_worker_hangs => |mode| {
        super::lanes::a_forced_stop_ends_at_once(&super::bench("forced", mode));
    };
    an_input_answered_with_nothing_is_finished => |mode| {
        super::lanes::an_input_answered_with_nothing_is_finished(&super::bench("silent", mode));
    };
    a_dead_letter_whose_timestamp_the_broker_refuses_keeps_it_in_its_headers => super::refused_timestamp;
    a_missing_input_topic_ends_the_run_and_is_named => super::missing_input_topic;
    a_missing_output_topic_ends_the_run_without_a_commit => super::missing_output_topic;
    a_member_that_hangs_on_revocation_gives_up_after_its_deadline => super::hang_on_revocation;
}

fn output_too_large(mode: Guarantee) {
    let bench = bench_with("large", mode, &[("max.message.bytes", "5000")]);
    let mut options = bench.options();
    // What the broker weighs is the compressed batch.
    options.cluster.raw.producer.insert("compression.codec".into(), "none".into());
    lanes::an_output_too_large_is_dead_lettered(&bench, options, 5000);
}

fn refused_timestamp(mode: Guarantee) {
    let bench = bench("clock", mode);
    let far = 4_000_000_000_000;
    // The input topic takes any timestamp, the dead-letter topic only those near the broker's clock.
    let any = [("message.timestamp.after.max.ms", "9223372036854775807")];
    let spec = Spec { name: bench.topic("odd"), ..spec(String::new(), &any) };
    topics::create(&bench.cluster, &[spec]).unwrap();
    let feeder = ibaleg::stream::Feeder::open(&bench.cluster, 1).unwrap();
    let message =
        Outgoing { topic: bench.topic("odd"), key: None, headers: vec![], value: Some(b"from the future".to_vec()) };
    feeder.send(&message, Some(far)).unwrap();
    feeder.flush(lanes::PATIENCE).unwrap();
    let mut options = bench.options();
    options.topics = vec![bench.topic("odd")];
    let running = bench.start(options, each(|_| panic!("poison")));
    running.wait_until("the dead letter", |watch| count(&watch.committed) >= 1);
    assert_eq!(running.stop().dead_lettered, 1);
    let letter = bench.read("dead", 1).remove(0);
    assert_ne!(letter.timestamp, Some(far));
    assert_eq!(dead_letter::open(&letter).unwrap().original.timestamp, Some(far));
}

fn missing_input_topic(mode: Guarantee) {
    let bench = bench("missing", mode);
    let mut options = bench.options();
    options.topics.push(bench.topic("nowhere"));
    let error = bench.start(options, each(|_| Disposition::default())).join().unwrap_err();
    assert!(matches!(&error, Error::UnknownTopic { topic } if *topic == bench.topic("nowhere")), "{error}");
}

fn missing_output_topic(mode: Guarantee) {
    let bench = bench("nooutput", mode);
    bench.feed(0..10, 2);
    let nowhere = bench.topic("nowhere");
    let mut options = bench.options();
    options.cluster.raw.producer.insert("topic.metadata.propagation.max.ms".into(), "1000".into());
    let workers = each(move |record| echo(&nowhere, record));
    let error = bench.start(options, workers).join().unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(error.to_string().contains("topics create"), "{error}");
    let running = bench.start(bench.options(), each(|_| Disposition::default()));
    running.wait_until("the inputs again", |watch| count(&watch.committed) >= 10);
    assert_eq!(running.stop().consumed, 10);
}

fn hang_on_revocation(mode: Guarantee) {
    let bench = bench("drain", mode);
    bench.feed(0..60, 30);
    let out = bench.topic("out");
    let slow = each(move |record| {
        std::thread::sleep(Duration::from_millis(600));
        echo(&out, record)
    });
    let mut options = bench.options();
    options.drain_deadline = Duration::from_millis(500);
    options.workers = 1;
    let first = bench.start(options.clone(), slow);
    first.wait_until("an assignment", |watch| count(&watch.assigned) == 6);
    let out = bench.topic("out");
    let second = bench.start(options, each(move |record| echo(&out, record)));
    second.wait_until("a share for the second", |watch| count(&watch.assigned) > 0);
    assert!(count(&first.watch.revoked) > 0);
    first.stop.signal();
    first.stop.signal();
    first.join().unwrap();
    let started = Instant::now();
    second.wait_until("all partitions", |watch| count(&watch.assigned) == 6);
    second.wait_until("the rest", |watch| count(&watch.committed) >= 40);
    assert!(started.elapsed() < Duration::from_secs(20));
    let seen = lanes::numbers(&bench.read("out", 60));
    second.stop();
    assert_eq!(seen.len(), 60, "none missing; those given up may come twice");
    let once = seen.values().all(|times| *times == 1);
    assert!(once || mode == Guarantee::AtLeastOnce, "{seen:?}");
}

#[test]
fn topics_are_created_once_and_differences_are_said() {
    let cluster = cluster();
    let name = format!("topics-{}", std::process::id());
    let wanted = spec(name.clone(), &[("cleanup.policy", "compact")]);
    let create = |spec: &Spec| topics::create(&cluster, std::slice::from_ref(spec));
    assert_eq!(create(&wanted).unwrap(), [Outcome::Created]);
    assert_eq!(create(&wanted).unwrap(), [Outcome::Existing]);
    let other = Spec { partitions: 9, ..wanted.clone() };
    assert_eq!(create(&other).unwrap(), [Outcome::Mismatch { found: 6 }]);
    let listed = topics::list(&cluster, &[&name, "no-such-topic"]).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].partitions, listed[0].replication, listed[0].messages), (6, 1, 0));
    assert!(topics::list(&cluster, &[]).unwrap().iter().any(|topic| topic.name == name));
    let bad = Spec { name: format!("{name}.bad"), config: BTreeMap::from([("no.such".into(), "1".into())]), ..wanted };
    let error = create(&bad).unwrap_err().to_string();
    assert!(error.contains(&bad.name) && error.contains("setting"), "{error}");
    let error = create(&Spec { replication: 3, config: BTreeMap::new(), ..bad }).unwrap_err().to_string();
    assert!(error.contains("replication"), "{error}");
}

#[test]
fn unreachable_brokers_are_named_by_topics_and_waited_for_by_lanes() {
    let nobody = Cluster::new("127.0.0.1:9");
    let (drain_deadline, guarantee) = (Duration::from_secs(1), Guarantee::AtLeastOnce);
    let bench = Bench { cluster: nobody, prefix: "nobody".into(), drain_deadline, guarantee };
    let running = bench.start(bench.options(), each(|_| Disposition::default()));
    running.wait_until("a line about it", |watch| !watch.troubles.lock().unwrap().is_empty());
    std::thread::sleep(Duration::from_secs(2));
    let watch = Arc::clone(&running.watch);
    let started = Instant::now();
    let summary = running.stop();
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(summary.consumed, 0);
    let lines = watch.troubles.lock().unwrap().len();
    assert!(lines <= 10, "{lines} lines about the same trouble");
}
