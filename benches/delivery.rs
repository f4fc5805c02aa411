//! What exactly-once costs: the same inputs through the same lane on the same broker, under both
//! guarantees in turn.
//!
//! `tests/broker/with-kafka.sh cargo bench --bench delivery`. Each input leads to three outputs of
//! its own size. `bare` answers at once, so that only Kafka is measured; `working` takes 1 ms for an
//! input on each of two threads, as a small model does. The time counts from the first answer to the
//! last commit. Without a broker it says so and ends.

// Benchmarks have no callers to document for.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ibaleg::stream::topics::{self, Spec};
use ibaleg::stream::{
    Cluster, Disposition, Event, Feeder, Guarantee, Observer, Options, Outgoing, Record, Stop, Worker, WorkerError,
    Workers, run,
};

const ROUNDS: usize = 5;
const BYTES: usize = 600;

#[derive(Clone)]
struct Answers {
    topics: Vec<String>,
    pause: Duration,
}

impl Workers for Answers {
    fn worker(&self) -> Result<Box<dyn Worker>, WorkerError> {
        Ok(Box::new(self.clone()))
    }
}

impl Worker for Answers {
    fn process(&mut self, records: &[Record]) -> Vec<Disposition> {
        std::thread::sleep(self.pause * u32::try_from(records.len()).unwrap());
        let output = |topic: &String, record: &Record| Outgoing {
            topic: topic.clone(),
            key: record.key.clone(),
            headers: vec![],
            value: record.value.clone(),
        };
        let answer = |record| self.topics.iter().map(|topic| output(topic, record)).collect();
        records.iter().map(|record| Disposition { outgoing: answer(record), ..Disposition::default() }).collect()
    }
}

struct Clock {
    begun: Instant,
    /// Microseconds until the first answer.
    first: AtomicUsize,
    committed: AtomicUsize,
    total: usize,
    stop: Stop,
}

impl Observer for Clock {
    fn event(&self, _: usize, event: &Event<'_>) {
        match event {
            Event::Batch { .. } => {
                let now = usize::try_from(self.begun.elapsed().as_micros()).unwrap();
                let _ = self.first.compare_exchange(0, now, Ordering::SeqCst, Ordering::SeqCst);
            }
            Event::Committed { records }
                if self.committed.fetch_add(*records, Ordering::SeqCst) + records >= self.total =>
            {
                self.stop.request();
            }
            _ => {}
        }
    }
}

/// Inputs a second.
fn measure(cluster: &Cluster, prefix: &str, guarantee: Guarantee, pause: Duration, total: usize, round: usize) -> f64 {
    let topics = ["classified", "unit", "review"].map(|name| format!("{prefix}.{name}")).to_vec();
    let group = format!("{prefix}-{guarantee:?}-{}-{round}", pause.as_micros());
    let defaults = Options::new(cluster.clone(), group, vec![format!("{prefix}.in")], format!("{prefix}.dead"));
    let options = Options { guarantee, instance: "bench".into(), workers: 2, max_in_flight: 4096, ..defaults };
    let stop = Stop::new();
    let clock = Clock {
        begun: Instant::now(),
        first: AtomicUsize::new(0),
        committed: AtomicUsize::new(0),
        total,
        stop: stop.clone(),
    };
    let workers: Arc<dyn Workers> = Arc::new(Answers { topics, pause });
    let watch = std::thread::spawn({
        let stop = stop.clone();
        move || {
            let begun = Instant::now();
            while !stop.is_requested() {
                std::thread::sleep(Duration::from_millis(1));
            }
            begun.elapsed()
        }
    });
    run(&options, &workers, &stop, &clock).unwrap();
    let elapsed =
        watch.join().unwrap().saturating_sub(Duration::from_micros(clock.first.load(Ordering::SeqCst) as u64));
    f64::from(u32::try_from(total).unwrap()) / elapsed.as_secs_f64()
}

fn feed(cluster: &Cluster, topic: &str, total: usize) {
    let feeder = Feeder::open(cluster, 10_000).unwrap();
    for number in 0..total {
        let mut value = format!("{number:010}").into_bytes();
        value.extend((0..BYTES - 10).map(|at| b'a' + u8::try_from((at * 7 + number) % 26).unwrap()));
        let key = Some(format!("k{number}").into_bytes());
        feeder.send(&Outgoing { topic: topic.into(), key, headers: vec![], value: Some(value) }, None).unwrap();
    }
    feeder.flush(Duration::from_mins(1)).unwrap();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let Ok(brokers) = std::env::var("IBALEG_TEST_BROKERS") else {
        println!("no broker: run tests/broker/with-kafka.sh cargo bench --bench delivery");
        return;
    };
    let cluster = Cluster::new(brokers);
    for (name, pause, total) in [("bare", Duration::ZERO, 150_000), ("working", Duration::from_millis(1), 8000)] {
        let prefix = format!("bench-{name}-{}", std::process::id());
        let specs = ["in", "classified", "unit", "review", "dead"].map(|topic| Spec {
            name: format!("{prefix}.{topic}"),
            partitions: 6,
            replication: 1,
            config: [].into(),
        });
        topics::create(&cluster, &specs).unwrap();
        feed(&cluster, &format!("{prefix}.in"), total);
        let (mut once, mut least, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let both = [Guarantee::AtLeastOnce, Guarantee::ExactlyOnce]
                .map(|guarantee| measure(&cluster, &prefix, guarantee, pause, total, round));
            // The first round warms the broker up.
            if round > 0 {
                println!("{name} {round}: at_least_once {:.0}/s, exactly_once {:.0}/s", both[0], both[1]);
                least.push(both[0]);
                once.push(both[1]);
                ratios.push(both[1] / both[0]);
            }
        }
        let (least, once, ratio) = (median(least), median(once), median(ratios));
        println!(
            "{name}: at_least_once {least:.0}/s, exactly_once {once:.0}/s, ratio {ratio:.2} (medians of {ROUNDS})"
        );
    }
}
