//! Damaged records through the whole core: decoder, text, model, rules, event.
//!
//! `IBALEG_CORE_MUTATIONS` sets the number of records, `IBALEG_SEED` another stream of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod assembled;
mod mutation;

use ibaleg::engine::{Input, Options, Outcome};
use ibaleg::event::{Classified, Encoder, Field, Mode};
use jiff::Timestamp;
use mutation::corpus::Record;
use mutation::memory::measured;
use mutation::{Engine, number};

/// Records decided together.
const BATCH: usize = 64;

/// Bytes that one batch may hold at once: the texts of its reports in two views, their tokens and
/// the model's activations, all bounded by `report.max_bytes` and the model's windows.
const BATCH_BYTES: usize = 8 << 20;

fn check(event: &Classified) {
    assert!(!event.route.unit.is_empty() && event.urgency.deadline.within_seconds > 0);
    assert!(!event.urgency.reasons.is_empty());
    assert_eq!(event.review.needed, !event.review.reasons.is_empty());
    let text = event.text.as_ref().unwrap();
    let length = |field: Field| {
        let text = match field {
            Field::Description => &text.description,
            Field::Content => &text.content,
        };
        text.as_ref().map_or(0, |text| text.chars().count())
    };
    for evidence in &event.evidence {
        assert!(evidence.start < evidence.end && evidence.end <= length(evidence.field), "{evidence:?}");
    }
    for entity in &event.entities {
        assert!(entity.start < entity.end && entity.end <= length(entity.field), "{entity:?}");
    }
}

#[test]
fn damaged_records_are_all_answered_and_memory_stays_bounded() {
    let options = Options { embed_text: true, ..Options::default() };
    let mut session = assembled::engine("models/default", options).session().unwrap();
    let encoder = Encoder::new(Mode::Binary, "urn:test", "org.test");
    let mut mutations = Engine::new(number("IBALEG_SEED", 1));
    let records = number("IBALEG_CORE_MUTATIONS", 100_000);
    let (mut classified, mut rejected, mut peak) = (0_u64, 0_u64, 0);
    while classified + rejected < records {
        let batch: Vec<Record> = (0..BATCH).map(|_| mutations.record()).collect();
        let input = |record| Input { envelope: record, source: None, received_at: Timestamp::UNIX_EPOCH };
        let inputs: Vec<Input<'_>> = batch.iter().map(|record| input(record.envelope())).collect();
        let (outcomes, held) = measured(|| session.decide(&inputs, Timestamp::UNIX_EPOCH));
        peak = peak.max(held);
        assert_eq!(outcomes.len(), batch.len());
        for outcome in &outcomes {
            assert!(!outcome.messages(&encoder, None).is_empty());
            match outcome {
                Outcome::Classified { event, .. } => {
                    classified += 1;
                    check(event);
                }
                Outcome::Rejected { event, .. } => {
                    rejected += 1;
                    assert!(event.code.starts_with("EB-IN-"));
                }
            }
        }
    }
    println!("{classified} classified, {rejected} rejected, a batch held {peak} bytes at most");
    assert!(classified > records / 10, "the stream must not be all rubbish");
    assert!(peak <= BATCH_BYTES, "a batch held {peak} bytes");
}
