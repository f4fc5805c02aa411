//! A lane whose inputs suddenly all fail stops, on the embedded broker.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "the scenarios serve several test programs")]
mod lanes;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ibaleg::stream::breaker::Trip;
use ibaleg::stream::{BreakerLimits, Disposition, Embedded, Error, Guarantee, Refusal, Workers};
use lanes::{Bench, count, each, echo, numbers};

fn bench(broker: &Embedded, test: &str) -> Bench {
    Bench {
        cluster: broker.cluster(),
        prefix: test.to_owned(),
        drain_deadline: Duration::from_millis(1500),
        guarantee: Guarantee::AtLeastOnce,
    }
}

fn broker(test: &str) -> Embedded {
    let topics = ["in", "out", "out.copy", "dead"].map(|name| format!("{test}.{name}"));
    Embedded::start(4, &topics.each_ref().map(String::as_str)).unwrap()
}

/// Refuses the inputs from this number on.
fn refusing(topic: String, from: usize) -> Arc<dyn Workers> {
    each(move |record| {
        let number: usize = std::str::from_utf8(record.value.as_deref().unwrap()).unwrap().parse().unwrap();
        if number < from {
            return echo(&topic, record);
        }
        let refusal = Refusal { code: "EB-XX-0001".into(), stage: "decode", message: "no longer understood".into() };
        Disposition { outgoing: vec![], refusal: Some(refusal), urgent: false }
    })
}

#[test]
fn a_run_of_dead_letters_stops_the_lane_and_nothing_is_lost_or_doubled() {
    let broker = broker("run");
    let bench = bench(&broker, "run");
    let mut options = bench.options();
    options.breaker = BreakerLimits { run: 20, ratio: 0.0, window: 1 };
    bench.feed(0..100, 1);
    let first = bench.start(options.clone(), refusing(bench.topic("out"), 100));
    first.wait_until("the good ones", |watch| count(&watch.committed) >= 100);
    assert_eq!(first.stop().dead_lettered, 0);

    bench.feed(100..400, 1);
    let error = bench.start(options.clone(), refusing(bench.topic("out"), 100)).join().unwrap_err();
    let said = error.to_string();
    let Error::Tripped { trip, code, offset, .. } = error else { panic!("{said}") };
    assert_eq!((trip, code.as_str(), offset), (Trip::Run { letters: 20 }, "EB-XX-0001", 119));
    assert!(said.contains("deadletters redrive") && said.contains("offset 119"), "{said}");
    assert_eq!(numbers(&bench.read("dead", 19)).into_keys().collect::<Vec<_>>(), (100..119).collect::<Vec<_>>());

    let again = bench.start(options, refusing(bench.topic("out"), 1000));
    again.wait_until("the rest", |watch| count(&watch.committed) >= 281);
    assert_eq!(again.stop().consumed, 281, "it goes on where it stopped");
    let out = numbers(&bench.read("out", 381));
    let dead = numbers(&bench.read("dead", 19));
    assert!(out.values().chain(dead.values()).all(|times| *times == 1));
    let all: BTreeSet<_> = out.into_keys().chain(dead.into_keys()).collect();
    assert_eq!(all, (0..400).collect());
}

#[test]
fn outputs_that_the_brokers_refuse_stop_it_too() {
    let broker = broker("outputs");
    let bench = bench(&broker, "outputs");
    let mut options = bench.options();
    options.breaker = BreakerLimits { run: 0, ratio: 0.5, window: 8 };
    options.cluster.raw.producer.insert("message.max.bytes".into(), "5000".into());
    bench.feed(0..200, 1);
    let topic = bench.topic("out");
    let inflating = each(move |record| {
        let mut disposition = echo(&topic, record);
        disposition.outgoing[0].value = Some(vec![b'x'; 6000]);
        disposition
    });
    let error = bench.start(options, inflating).join().unwrap_err();
    assert!(matches!(&error, Error::Tripped { trip: Trip::Ratio { .. }, code, .. } if code == "EB-ST-0003"), "{error}");
}
