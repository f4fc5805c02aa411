#![expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the tests know three partitions"
)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn partition(number: i32) -> Partition {
    Partition { topic: Arc::from("reports"), number }
}

fn committable_of(tracker: &Tracker, partition: &Partition) -> Vec<Position> {
    tracker.committable().into_iter().filter(|position| position.partition == *partition).collect()
}

#[test]
fn the_finished_run_is_committed_as_last_plus_one() {
    let mut tracker = Tracker::new();
    let p = partition(0);
    tracker.assign(p.clone());
    let tickets: Vec<_> = [3, 4, 9].into_iter().map(|offset| tracker.start(&p, offset).unwrap()).collect();
    assert!(tracker.committable().is_empty());
    assert!(tracker.finish(&tickets[1]));
    assert!(tracker.committable().is_empty(), "3 is unfinished");
    assert_eq!(tracker.lowest_unfinished(&p), Some(3));
    assert!(tracker.finish(&tickets[0]));
    assert_eq!(tracker.committable()[0].next, 5);
    assert!(tracker.finish(&tickets[2]));
    let position = tracker.committable().remove(0);
    assert_eq!(position.next, 10);
    assert_eq!(tracker.confirm(&position), 3);
    assert!(tracker.committable().is_empty(), "confirmed positions are not offered again");
    assert_eq!(tracker.unfinished(), 0);
}

#[test]
fn finishing_twice_counts_once() {
    let mut tracker = Tracker::new();
    let p = partition(0);
    tracker.assign(p.clone());
    let first = tracker.start(&p, 0).unwrap();
    let second = tracker.start(&p, 1).unwrap();
    assert!(tracker.finish(&second));
    assert!(!tracker.finish(&second));
    assert_eq!(tracker.unfinished(), 1);
    assert!(tracker.finish(&first));
    assert!(!tracker.finish(&first));
}

#[test]
fn a_late_completion_of_a_revoked_partition_changes_nothing() {
    let mut tracker = Tracker::new();
    let p = partition(0);
    tracker.assign(p.clone());
    let late = tracker.start(&p, 7).unwrap();
    assert_eq!(tracker.revoke(&p), 1);
    assert!(!tracker.finish(&late));
    assert_eq!(tracker.start(&p, 8), None, "nothing starts in a revoked partition");
    tracker.assign(p.clone());
    let again = tracker.start(&p, 7).unwrap();
    assert!(!tracker.finish(&late), "the ticket of the earlier generation stays void");
    assert!(tracker.committable().is_empty());
    assert!(tracker.finish(&again));
    assert_eq!(tracker.committable()[0].next, 8);
}

#[test]
fn a_late_confirmation_of_a_revoked_partition_changes_nothing() {
    let mut tracker = Tracker::new();
    let p = partition(0);
    tracker.assign(p.clone());
    let ticket = tracker.start(&p, 7).unwrap();
    tracker.finish(&ticket);
    let position = tracker.committable().remove(0);
    tracker.assign(p.clone());
    assert_eq!(tracker.confirm(&position), 0);
    let ticket = tracker.start(&p, 7).unwrap();
    tracker.finish(&ticket);
    assert_eq!(tracker.committable().len(), 1);
}

#[test]
fn a_rewound_log_begins_a_new_generation() {
    let mut tracker = Tracker::new();
    let p = partition(0);
    tracker.assign(p.clone());
    let before = tracker.start(&p, 50).unwrap();
    let after = tracker.start(&p, 10).unwrap();
    assert!(!tracker.finish(&before));
    assert!(tracker.finish(&after));
    assert_eq!(tracker.committable()[0].next, 11);
    assert_eq!(tracker.unfinished(), 0);
}

#[derive(Debug, Clone)]
enum Step {
    Start { partition: i32, gap: i64 },
    Finish { pick: prop::sample::Index },
    Commit,
    Reassign { partition: i32 },
    Revoke { partition: i32 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_i32, 1..4_i64).prop_map(|(partition, gap)| Step::Start { partition, gap }),
        6 => any::<prop::sample::Index>().prop_map(|pick| Step::Finish { pick }),
        2 => Just(Step::Commit),
        1 => (0..3_i32).prop_map(|partition| Step::Reassign { partition }),
        1 => (0..3_i32).prop_map(|partition| Step::Revoke { partition }),
    ]
}

/// The slow, obvious statement of the same rule.
#[derive(Default)]
struct Oracle {
    assigned: bool,
    generation: u64,
    started: Vec<i64>,
    done: BTreeSet<i64>,
    committed: Option<i64>,
    head: i64,
}

impl Oracle {
    fn reset(&mut self, assigned: bool) {
        self.assigned = assigned;
        self.generation += 1;
        self.started.clear();
        self.done.clear();
        self.committed = None;
    }

    fn lowest_unfinished(&self) -> Option<i64> {
        self.started.iter().copied().find(|offset| !self.done.contains(offset))
    }

    fn next(&self) -> Option<i64> {
        let run = self.started.iter().take_while(|offset| self.done.contains(offset));
        run.last().map(|last| last + 1)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_interleaving_agrees_with_the_oracle(steps in prop::collection::vec(step(), 1..200)) {
        let mut tracker = Tracker::new();
        let mut oracles: Vec<Oracle> = (0..3).map(|_| Oracle::default()).collect();
        let mut tickets: Vec<(usize, u64, Ticket)> = Vec::new();
        for step in steps {
            match step {
                Step::Start { partition: number, gap } => {
                    let oracle = &mut oracles[number as usize];
                    oracle.head += gap;
                    let ticket = tracker.start(&partition(number), oracle.head);
                    prop_assert_eq!(ticket.is_some(), oracle.assigned);
                    if let Some(ticket) = ticket {
                        oracle.started.push(oracle.head);
                        tickets.push((number as usize, oracle.generation, ticket));
                    }
                }
                Step::Finish { pick } => {
                    if tickets.is_empty() { continue; }
                    let (number, generation, ticket) = &tickets[pick.index(tickets.len())];
                    let oracle = &mut oracles[*number];
                    let current = oracle.assigned && oracle.generation == *generation;
                    let expected = current && oracle.done.insert(ticket.offset);
                    prop_assert_eq!(tracker.finish(ticket), expected);
                }
                Step::Commit => {
                    for position in tracker.committable() {
                        let oracle = &mut oracles[position.partition.number as usize];
                        if let Some(lowest) = oracle.lowest_unfinished() {
                            prop_assert!(position.next <= lowest);
                        }
                        let newly = oracle.started.iter()
                            .filter(|offset| **offset < position.next && oracle.committed.is_none_or(|c| **offset >= c))
                            .count();
                        prop_assert_eq!(tracker.confirm(&position), newly);
                        oracle.committed = Some(position.next);
                    }
                }
                Step::Reassign { partition: number } => {
                    tracker.assign(partition(number));
                    oracles[number as usize].reset(true);
                }
                Step::Revoke { partition: number } => {
                    tracker.revoke(&partition(number));
                    oracles[number as usize].reset(false);
                }
            }
            let mut unfinished = 0;
            for (number, oracle) in oracles.iter().enumerate() {
                let p = partition(number as i32);
                let offered = committable_of(&tracker, &p);
                let expected = oracle.next().filter(|next| oracle.committed.is_none_or(|c| c < *next));
                prop_assert_eq!(offered.first().map(|position| position.next), expected);
                prop_assert_eq!(tracker.lowest_unfinished(&p), oracle.lowest_unfinished());
                unfinished += oracle.started.len() - oracle.done.len();
            }
            prop_assert_eq!(tracker.unfinished(), unfinished);
        }
        // Liveness: once everything started is finished, everything started is committable.
        for (_, _, ticket) in &tickets {
            tracker.finish(ticket);
        }
        for (number, oracle) in oracles.iter().enumerate() {
            let p = partition(number as i32);
            for position in committable_of(&tracker, &p) {
                tracker.confirm(&position);
                prop_assert_eq!(Some(position.next), oracle.started.last().map(|last| last + 1));
            }
            prop_assert_eq!(tracker.lowest_unfinished(&p), None);
        }
        prop_assert_eq!(tracker.unfinished(), 0);
        prop_assert!(tracker.committable().is_empty());
    }
}

#[test]
fn only_the_lowest_unfinished_inputs_may_end_a_transaction() {
    let mut tracker = Tracker::new();
    let (p, q) = (partition(0), partition(1));
    tracker.assign(p.clone());
    tracker.assign(q.clone());
    let tickets: Vec<_> = [3, 4, 9].into_iter().map(|offset| tracker.start(&p, offset).unwrap()).collect();
    let other = tracker.start(&q, 7).unwrap();
    assert!(tracker.are_lowest([&tickets[0], &tickets[1]].into_iter()));
    assert!(tracker.are_lowest([&other, &tickets[1], &tickets[0], &tickets[2]].into_iter()));
    assert!(!tracker.are_lowest([&tickets[0], &tickets[2]].into_iter()), "4 is left out");
    assert!(!tracker.are_lowest([&other, &tickets[1]].into_iter()), "3 is left out");
    let positions = tracker.positions_after([&other, &tickets[0], &tickets[1]].into_iter());
    let next: Vec<_> = positions.iter().map(|position| (position.partition.number, position.next)).collect();
    assert_eq!(next, [(0, 5), (1, 8)]);
    for ticket in [&tickets[0], &tickets[1], &other] {
        tracker.finish(ticket);
    }
    assert_eq!(tracker.committable(), positions, "the offsets sent are those of the finished run");
    tracker.revoke(&p);
    assert!(!tracker.are_lowest([&tickets[2]].into_iter()));
}
