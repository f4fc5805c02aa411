//! Knows every input that was fed and reads every output as a `read_committed` consumer does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ibaleg::stream::{Record, dead_letter};

use super::lanes::{Bench, assert_ordered, numbers};

/// Each input has exactly one trace: its two outputs once, or, if it is poison, one exact dead letter
/// and nothing else. The outputs of a key follow its inputs.
pub(crate) fn judge(bench: &Bench, total: usize, poison: &BTreeSet<usize>) {
    let inputs = bench.read("in", total);
    assert_eq!(inputs.len(), total, "the oracle knows what was sent");
    let expected: BTreeMap<usize, usize> = (0..total).filter(|n| !poison.contains(n)).map(|n| (n, 1)).collect();
    for name in ["out", "out.copy"] {
        let records = bench.read(name, expected.len());
        let found = numbers(&records);
        let missing: Vec<_> = expected.keys().filter(|n| !found.contains_key(n)).collect();
        let doubled: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
        let strangers: Vec<_> = found.keys().filter(|n| !expected.contains_key(n)).collect();
        let verdict = (missing.len(), doubled.len(), strangers.len());
        assert_eq!(verdict, (0, 0, 0), "{name}: {:?} {:?} {:?}", missing.first(), doubled.first(), strangers.first());
        assert_ordered(&records);
    }
    let letters = bench.read("dead", poison.len());
    assert_eq!(numbers(&letters), poison.iter().map(|n| (*n, 1)).collect());
    let place = |record: &Record| (record.partition, record.offset);
    let inputs: HashMap<_, _> = inputs.iter().map(|record| (place(record), record)).collect();
    for letter in &letters {
        let original = dead_letter::open(letter).unwrap().original;
        assert_eq!(Some(&&original), inputs.get(&place(&original)), "a dead letter is its input, untouched");
    }
}
