use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::stream::Outgoing;
use crate::stream::tracker::Partition;

const LIMITS: TransactionLimits = TransactionLimits { records: 4, interval: Duration::from_millis(100) };

/// What an input leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Two outputs.
    Plain,
    Urgent,
    /// No output at all.
    Silent,
    /// Its second output will never be accepted.
    Poison,
    /// Refused by the worker: an event and a dead letter.
    Refused,
}

fn answered(tracker: &mut Tracker, partition: &Partition, offset: i64, kind: Kind) -> Option<Answered> {
    let ticket = tracker.start(partition, offset)?;
    let name = format!("{}/{offset}", partition.number);
    let output =
        |topic: &str| Outgoing { topic: topic.into(), key: None, headers: vec![], value: Some(name.clone().into()) };
    let outgoing = match kind {
        Kind::Plain | Kind::Urgent => vec![output("out"), output("copy")],
        Kind::Silent => vec![],
        Kind::Poison => vec![output("out"), output("bad")],
        Kind::Refused => vec![output("rejected")],
    };
    let refusal = (kind == Kind::Refused).then(|| Code::Panicked.refusal());
    let record = Record {
        topic: Arc::clone(&partition.topic),
        partition: partition.number,
        offset,
        timestamp: None,
        key: None,
        value: Some(name.clone().into()),
        headers: vec![],
    };
    Some(Answered { ticket, record, disposition: Disposition { outgoing, refusal, urgent: kind == Kind::Urgent } })
}

fn partition(number: i32) -> Partition {
    Partition { topic: Arc::from("in"), number }
}

/// One lane with a broker that does as the steps say.
struct World {
    now: Instant,
    transactions: Transactions,
    tracker: Tracker,
    kinds: Vec<Vec<Kind>>,
    /// Offset of the next input to read, by partition.
    position: Vec<usize>,
    /// Committed offsets, by partition.
    offsets: Vec<i64>,
    /// Messages sent and not answered: tag, topic, input.
    flying: Vec<(usize, String, String)>,
    /// Messages in the open transaction.
    pending: Vec<(String, String)>,
    /// Messages of committed transactions.
    log: Vec<(String, String)>,
    ending: Option<Vec<Position>>,
    aborting: bool,
    /// Inputs pushed and neither finished nor released.
    held: usize,
    /// Inputs of each committed transaction.
    sizes: Vec<usize>,
    aborts: usize,
}

impl World {
    fn new(kinds: Vec<Vec<Kind>>) -> Self {
        let mut tracker = Tracker::new();
        for number in 0..kinds.len() {
            tracker.assign(partition(i32::try_from(number).unwrap()));
        }
        Self {
            now: Instant::now(),
            transactions: Transactions::new(LIMITS),
            tracker,
            position: vec![0; kinds.len()],
            offsets: vec![0; kinds.len()],
            kinds,
            flying: Vec::new(),
            pending: Vec::new(),
            log: Vec::new(),
            ending: None,
            aborting: false,
            held: 0,
            sizes: Vec::new(),
            aborts: 0,
        }
    }

    fn read(&mut self, number: usize) {
        let at = self.position[number];
        let Some(kind) = self.kinds[number].get(at).copied() else {
            return;
        };
        // Offsets have gaps.
        let offset = i64::try_from(at).unwrap() * 2;
        let place = partition(i32::try_from(number).unwrap());
        if let Some(input) = answered(&mut self.tracker, &place, offset, kind) {
            self.position[number] += 1;
            self.held += 1;
            self.transactions.push(input);
        }
    }

    /// Does what the machine wants, as the driver does.
    fn act(&mut self) {
        while self.ending.is_none() && !self.aborting {
            match self.transactions.next(self.now) {
                None => return,
                Some(Action::Begin) => {
                    assert!(self.pending.is_empty());
                    self.transactions.begun();
                }
                Some(Action::Send) => {
                    let Upcoming { tag, message, record, .. } = self.transactions.upcoming().unwrap();
                    let topic = match message {
                        Message::Output(output) => output.topic.clone(),
                        Message::DeadLetter { .. } => "dead".to_owned(),
                    };
                    let name = String::from_utf8(record.value.clone().unwrap()).unwrap();
                    self.flying.push((tag, topic, name));
                    self.transactions.sent();
                }
                Some(Action::End) => {
                    assert!(self.flying.is_empty(), "a transaction ends with messages unanswered");
                    assert!(self.transactions.size() > 0, "an empty transaction ends");
                    self.ending = self.transactions.end(&self.tracker);
                }
                Some(Action::Abort) => {
                    self.transactions.aborting();
                    self.aborting = true;
                }
            }
        }
    }

    /// The broker answers the first `count` messages as one batch.
    fn answer(&mut self, count: usize) {
        let count = count.min(self.flying.len());
        let batch: Vec<_> = self.flying.drain(..count).collect();
        let refused = batch.iter().any(|(_, topic, _)| topic == "bad");
        for (tag, topic, name) in batch {
            let result = if refused { Err(RDKafkaErrorCode::MessageSizeTooLarge) } else { Ok(()) };
            if !refused {
                self.pending.push((topic, name));
            }
            self.transactions.answered(tag, result).unwrap();
        }
    }

    /// The call under way is answered.
    fn call(&mut self, accepted: bool) {
        if std::mem::take(&mut self.aborting) {
            let unanswered: Vec<_> = self.flying.drain(..).collect();
            for (tag, ..) in unanswered {
                self.transactions.answered(tag, Err(RDKafkaErrorCode::PurgeQueue)).unwrap();
            }
            self.pending.clear();
            self.aborts += 1;
            self.held -= self.transactions.aborted(self.now).len();
        } else if let Some(positions) = self.ending.take() {
            if !accepted {
                self.transactions.spoil("refused".to_owned());
                self.transactions.aborting();
                self.aborting = true;
                return;
            }
            self.sizes.push(self.transactions.size());
            self.log.append(&mut self.pending);
            for position in &positions {
                self.offsets[usize::try_from(position.partition.number).unwrap()] = position.next;
            }
            let finished = self.transactions.committed();
            self.held -= finished.len();
            for finished in finished {
                self.tracker.finish(&finished.ticket);
            }
            for position in &positions {
                self.tracker.confirm(position);
            }
            assert!(self.tracker.committable().is_empty(), "what was committed is what was finished");
        }
    }

    /// The partition goes and comes back: it is read again from its committed offset. A call under way
    /// is answered before, as a broker does that keeps pending offsets from the next reader.
    fn reassign(&mut self, number: usize) {
        if self.ending.is_some() {
            self.call(true);
        }
        let place = partition(i32::try_from(number).unwrap());
        self.tracker.revoke(&place);
        self.held -= self.transactions.abandon(&self.tracker).len();
        self.tracker.assign(place);
        self.position[number] = usize::try_from(self.offsets[number]).unwrap().div_ceil(2);
    }

    /// Everything goes well from here on.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            for number in 0..self.kinds.len() {
                self.read(number);
            }
            self.act();
            self.answer(3);
            self.call(true);
            self.now += Duration::from_millis(40);
            if self.held == 0 && (0..self.kinds.len()).all(|n| self.position[n] == self.kinds[n].len()) {
                return;
            }
        }
        panic!("inputs stay unfinished: {:?}", self.transactions);
    }

    /// Every input has exactly its own outputs, once, or a dead letter alone; in order.
    fn judge(&self) {
        let mut traces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (topic, name) in &self.log {
            traces.entry(name).or_default().push(topic);
        }
        for (number, kinds) in self.kinds.iter().enumerate() {
            for (at, kind) in kinds.iter().enumerate() {
                let expected: &[&str] = match kind {
                    Kind::Plain | Kind::Urgent => &["out", "copy"],
                    Kind::Silent => &[],
                    Kind::Poison => &["dead"],
                    Kind::Refused => &["rejected", "dead"],
                };
                let found = traces.remove(format!("{number}/{}", at * 2).as_str()).unwrap_or_default();
                assert_eq!(found, expected, "{number}/{at}: {kind:?}");
            }
            let expected = i64::try_from(kinds.len()).unwrap() * 2 - 1;
            assert_eq!(self.offsets[number], expected.max(0), "offset of partition {number}");
        }
        assert!(traces.is_empty(), "{traces:?}");
        let mut last: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (topic, name) in &self.log {
            let (number, offset) = name.split_once('/').unwrap();
            let offset: usize = offset.parse().unwrap();
            let before = last.insert((topic, number), offset);
            assert!(before.is_none_or(|before| before <= offset), "{topic}: {before:?} before {offset}");
        }
    }
}

#[test]
fn a_full_transaction_ends_at_once_and_a_part_of_one_after_its_interval() {
    let mut world = World::new(vec![vec![Kind::Plain; 6]]);
    for _ in 0..6 {
        world.read(0);
    }
    world.act();
    assert_eq!(world.flying.len(), 8, "four inputs, two messages each");
    world.answer(8);
    world.act();
    assert!(world.ending.is_some());
    world.call(true);
    world.act();
    world.answer(4);
    world.act();
    assert!(world.ending.is_none(), "two inputs wait for company");
    world.now += LIMITS.interval;
    world.act();
    assert!(world.ending.is_some());
    world.call(true);
    assert_eq!(world.sizes, [4, 2]);
    world.judge();
}

#[test]
fn an_urgent_input_takes_those_before_it_along_and_waits_for_nobody() {
    let mut world = World::new(vec![vec![Kind::Plain, Kind::Urgent]]);
    world.read(0);
    world.act();
    world.answer(2);
    world.act();
    assert!(world.ending.is_none());
    world.read(0);
    world.act();
    world.answer(2);
    world.act();
    assert!(world.ending.is_some(), "no time has passed");
    world.call(true);
    assert_eq!(world.sizes, [2]);
}

#[test]
fn nothing_begins_without_an_input() {
    let mut world = World::new(vec![vec![]]);
    world.transactions.hurry(true);
    world.now += Duration::from_secs(9);
    world.act();
    assert!(!world.transactions.is_open());
}

#[test]
fn a_transaction_whose_inputs_are_all_given_up_is_aborted() {
    let mut world = World::new(vec![vec![Kind::Plain; 2]]);
    world.read(0);
    world.read(0);
    world.act();
    world.reassign(0);
    world.act();
    assert!(world.aborting, "its messages are sent already");
    world.call(true);
    assert_eq!((world.held, world.transactions.outstanding()), (0, 0));
    world.act();
    assert!(!world.transactions.is_open());
    world.settle();
    world.judge();
}

#[test]
fn poison_is_found_at_any_place_of_a_batch_after_two_aborts() {
    for at in 0..4 {
        let mut kinds = vec![Kind::Plain; 4];
        kinds[at] = Kind::Poison;
        let mut world = World::new(vec![kinds]);
        for _ in 0..4 {
            world.read(0);
        }
        world.act();
        world.answer(8);
        world.settle();
        world.judge();
        assert_eq!(world.aborts, 2, "one for the batch, one for the message alone");
    }
}

#[test]
fn aborts_without_explanation_are_paced_and_counted() {
    let mut world = World::new(vec![vec![Kind::Plain]]);
    world.read(0);
    let mut pauses = Vec::new();
    for _ in 0..9 {
        world.act();
        world.answer(2);
        world.now += LIMITS.interval;
        world.act();
        world.call(false);
        world.call(true);
        let before = world.now;
        while world.transactions.next(world.now).is_none() {
            world.now += Duration::from_millis(1);
        }
        pauses.push(world.now.duration_since(before).as_millis());
    }
    assert_eq!(pauses, [20, 40, 80, 160, 320, 640, 1000, 1000, 1000]);
    assert_eq!(world.transactions.aborts(), 9);
    world.settle();
    assert_eq!(world.transactions.aborts(), 0);
    world.judge();
}

#[test]
fn a_dead_letter_loses_its_timestamp_before_it_is_given_up() {
    let mut world = World::new(vec![vec![Kind::Refused]]);
    world.read(0);
    world.act();
    let tags: Vec<_> = world.flying.drain(..).map(|(tag, ..)| tag).collect();
    let refuse = |world: &mut World, tag| world.transactions.answered(tag, Err(RDKafkaErrorCode::InvalidTimestamp));
    world.transactions.answered(tags[0], Ok(())).unwrap();
    refuse(&mut world, tags[1]).unwrap();
    for timestamp in [true, false] {
        world.act();
        world.call(true);
        world.act();
        // On trial, each of its messages alone: the event is accepted, the letter is not.
        world.answer(1);
        world.act();
        let tag = world.flying.pop().unwrap().0;
        let result = refuse(&mut world, tag);
        if timestamp {
            result.unwrap();
        } else {
            assert!(matches!(result, Err(Failure::DeadLetter { offset: 0, .. })), "{result:?}");
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Read(usize),
    Answer(usize),
    Call(bool),
    Wait(u64),
    Hurry(bool),
    Reassign(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..3_usize).prop_map(Step::Read),
        5 => (1..6_usize).prop_map(Step::Answer),
        3 => any::<bool>().prop_map(Step::Call),
        3 => (0..120_u64).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Hurry),
        1 => (0..3_usize).prop_map(Step::Reassign),
    ]
}

fn kinds() -> impl Strategy<Value = Vec<Vec<Kind>>> {
    let kind = prop_oneof![
        6 => Just(Kind::Plain),
        1 => Just(Kind::Urgent),
        1 => Just(Kind::Silent),
        1 => Just(Kind::Poison),
        1 => Just(Kind::Refused),
    ];
    prop::collection::vec(prop::collection::vec(kind, 0..12), 3)
}

proptest! {
    #[test]
    fn every_input_leaves_its_trace_once_whatever_happens(
        kinds in kinds(),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut world = World::new(kinds);
        for step in steps {
            match step {
                Step::Read(number) => world.read(number),
                Step::Answer(count) => world.answer(count),
                Step::Call(accepted) => world.call(accepted),
                Step::Wait(millis) => world.now += Duration::from_millis(millis),
                Step::Hurry(on) => world.transactions.hurry(on),
                Step::Reassign(number) => world.reassign(number),
            }
            world.act();
            prop_assert!(world.sizes.iter().all(|size| (1..=LIMITS.records).contains(size)));
            let names: BTreeSet<_> = world.log.iter().collect();
            prop_assert_eq!(names.len(), world.log.len(), "an output is committed twice");
        }
        world.settle();
        world.judge();
    }
}
