//! Under which identity the offsets of a transaction are sent.
//!
//! The brokers fence a member that lost its partitions by its generation (KIP-447). Two things would
//! defeat that: offsets sent without a generation, which brokers accept from anybody, and a
//! generation looked up after partitions were given up, which vouches for offsets of another
//! member. So the identity is taken on the lane's thread, when every input of the transaction is
//! known to be assigned, and only while this consumer is a member.

use rdkafka::bindings;
use rdkafka::consumer::{Consumer as _, ConsumerGroupMetadata};

use crate::stream::context::Consumer;

/// The consumer's present membership, or `None` while it has none.
pub(super) fn membership(consumer: &Consumer) -> Option<ConsumerGroupMetadata> {
    // The metadata cannot be looked into, so it is taken between two looks that must agree.
    let before = generation(consumer)?;
    let metadata = consumer.group_metadata()?;
    let after = generation(consumer)?;
    (before == after && !consumer.assignment_lost()).then_some(metadata)
}

#[expect(unsafe_code, reason = "rdkafka wraps no call that tells the generation")]
fn generation(consumer: &Consumer) -> Option<i32> {
    let client = consumer.client().native_ptr();
    // SAFETY: the client is alive as long as `consumer`; the metadata is ours until it is destroyed,
    // and the member id, a string that ends in a zero byte, lives as long as it.
    let (generation, named) = unsafe {
        let metadata = bindings::rd_kafka_consumer_group_metadata(client);
        if metadata.is_null() {
            return None;
        }
        let generation = bindings::rd_kafka_consumer_group_metadata_generation_id(metadata);
        let member = bindings::rd_kafka_consumer_group_metadata_member_id(metadata);
        let named = !member.is_null() && *member != 0;
        bindings::rd_kafka_consumer_group_metadata_destroy(metadata);
        (generation, named)
    };
    (named && generation >= 0).then_some(generation)
}
