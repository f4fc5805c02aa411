//! What went wrong with one input, and what a broker's error code means for a lane.

use rdkafka::types::RDKafkaErrorCode as Kafka;

use super::Refusal;

/// Codes of the refusals this room gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The worker panicked on this input alone.
    Panicked,
    /// The worker gave no answer, or several, to this input alone.
    Unanswered,
    /// The brokers refused one of the outputs for good: too large, or invalid.
    Unpublishable,
}

impl Code {
    /// Every code, for the reference table.
    pub const ALL: [Self; 3] = [Self::Panicked, Self::Unanswered, Self::Unpublishable];

    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Panicked => "EB-ST-0001",
            Self::Unanswered => "EB-ST-0002",
            Self::Unpublishable => "EB-ST-0003",
        }
    }

    /// The stage at which it occurs.
    pub fn stage(self) -> &'static str {
        match self {
            Self::Panicked | Self::Unanswered => "process",
            Self::Unpublishable => "publish",
        }
    }

    /// What it means, for a reader of the dead-letter topic.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Panicked => {
                "processing this input alone panicked; keep it for a defect report and redrive it after a fix"
            }
            Self::Unanswered => {
                "processing this input alone gave no answer or several; keep it for a defect report and redrive it after a fix"
            }
            Self::Unpublishable => {
                "the brokers refused an output of this input for good; compare message.max.bytes of the topic with the size of the output"
            }
        }
    }

    pub(super) fn refusal(self) -> Refusal {
        Refusal { code: self.as_str().to_owned(), stage: self.stage(), message: self.meaning().to_owned() }
    }
}

/// What a failed delivery means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This message, or one sent in the same batch, will never be accepted; others will.
    Record,
    /// The outcome is unknown or the time ran out; begin again at the committed offsets.
    Restart,
    /// Nothing will be accepted until someone changes something.
    Fatal,
}

/// Sorts the error code of a delivery. Unknown codes are fatal: stopping without a commit loses
/// nothing.
pub(super) fn delivery_verdict(code: Kafka) -> Verdict {
    match code {
        Kafka::MessageSizeTooLarge
        | Kafka::InvalidMessage
        | Kafka::InvalidMessageSize
        | Kafka::InvalidRecord
        | Kafka::InvalidDifferentRecord
        | Kafka::InvalidTimestamp
        | Kafka::MessageBatchTooLarge => Verdict::Record,
        Kafka::MessageTimedOut
        | Kafka::TimedOutQueue
        | Kafka::OperationTimedOut
        | Kafka::RequestTimedOut
        | Kafka::BrokerTransportFailure
        | Kafka::AllBrokersDown
        | Kafka::NetworkException
        | Kafka::PurgeQueue
        | Kafka::PurgeInflight
        | Kafka::NotEnoughReplicas
        | Kafka::NotEnoughReplicasAfterAppend
        | Kafka::LeaderNotAvailable
        | Kafka::NotLeaderForPartition
        | Kafka::BrokerNotAvailable
        | Kafka::KafkaStorageError
        | Kafka::ThrottlingQuotaExceeded
        // A broken idempotent sequence makes the producer unusable; a new one begins a new sequence.
        | Kafka::GaplessGuarantee
        | Kafka::Fatal
        | Kafka::OutOfOrderSequenceNumber
        | Kafka::UnknownProducerId
        | Kafka::InvalidProducerEpoch
        | Kafka::ProducerFenced
        | Kafka::Fenced
        // The transaction has failed already; the client takes no more messages into it.
        | Kafka::State
        | Kafka::InvalidTransactionalState
        | Kafka::InvalidProducerIdMapping
        | Kafka::ConcurrentTransactions
        | Kafka::TransactionCoordinatorFenced
        | Kafka::CoordinatorLoadInProgress
        | Kafka::CoordinatorNotAvailable
        | Kafka::NotCoordinator => Verdict::Restart,
        _ => Verdict::Fatal,
    }
}

/// What a call of a transaction that failed for good demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// Abort the transaction and try the same inputs in another one.
    Abort,
    /// The outcome is unknown, or the transactional id belongs to somebody else by now: drop the
    /// producer, initialise anew, and begin again at the committed offsets.
    Restart,
    /// The brokers know no transactions.
    Unable,
    /// Nothing will be accepted until someone changes something.
    Fatal,
}

/// Sorts the error code of a call. Only a refusal by the group is certain to have left nothing behind;
/// whatever else it was may still take effect, which the new epoch of an initialised producer prevents.
pub(super) fn transaction_demand(code: Kafka) -> Demand {
    match code {
        Kafka::IllegalGeneration | Kafka::UnknownMemberId | Kafka::RebalanceInProgress => Demand::Abort,
        Kafka::UnsupportedFeature | Kafka::UnsupportedVersion | Kafka::UnsupportedForMessageFormat => Demand::Unable,
        Kafka::TransactionalIdAuthorizationFailed
        | Kafka::ClusterAuthorizationFailed
        | Kafka::GroupAuthorizationFailed
        | Kafka::TopicAuthorizationFailed
        | Kafka::Authentication
        | Kafka::SaslAuthenticationFailed
        | Kafka::InvalidTransactionTimeout
        | Kafka::FencedInstanceId
        | Kafka::OffsetMetadataTooLarge => Demand::Fatal,
        _ => Demand::Restart,
    }
}

/// Whether a code says that another producer has taken over the transactional id.
pub(super) fn is_fenced(code: Kafka) -> bool {
    matches!(code, Kafka::Fenced | Kafka::ProducerFenced | Kafka::InvalidProducerEpoch)
}

/// What to do about an error code that ends a lane.
pub(super) fn advice(code: Kafka) -> &'static str {
    match code {
        Kafka::TopicAuthorizationFailed => "grant this user READ on the input topics and WRITE on the output topics",
        Kafka::GroupAuthorizationFailed => "grant this user READ on the consumer group",
        Kafka::ClusterAuthorizationFailed => {
            "grant this user IDEMPOTENT_WRITE on the cluster, or WRITE on the output topics on Kafka 3.0 or later"
        }
        Kafka::TransactionalIdAuthorizationFailed => {
            "grant this user WRITE and DESCRIBE on the transactional ids that begin with the group id"
        }
        Kafka::InvalidTransactionTimeout => {
            "raise transaction.max.timeout.ms of the brokers, or lower session.timeout.ms in kafka.librdkafka"
        }
        Kafka::Authentication
        | Kafka::SaslAuthenticationFailed
        | Kafka::UnsupportedSASLMechanism
        | Kafka::IllegalSASLState => "check sasl.mechanism, sasl.username and sasl.password against the brokers",
        Kafka::UnknownTopicOrPartition | Kafka::UnknownTopic | Kafka::UnknownPartition => {
            "create the topics with `ibaleg topics create`"
        }
        Kafka::InvalidTopic => "correct the topic name; Kafka allows letters, digits, `.`, `_` and `-`",
        Kafka::InvalidSessionTimeout => {
            "set session.timeout.ms between the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms"
        }
        Kafka::InconsistentGroupProtocol => {
            "another member of this group uses another assignment strategy; stop it or choose another group_id"
        }
        Kafka::Fenced | Kafka::FencedInstanceId => {
            "another process runs with the same group.instance.id; give each its own"
        }
        Kafka::InvalidRequiredAcks => "leave acks alone; this service needs acks=all",
        Kafka::PolicyViolation => "a policy of the cluster refuses it; ask who runs the brokers",
        _ => "look the code up in the Kafka protocol errors; nothing was committed past it",
    }
}

/// Whether an error of a client, not of one message, ends the lane.
pub(super) fn is_fatal_to_client(code: Kafka) -> bool {
    matches!(
        code,
        Kafka::TopicAuthorizationFailed
            | Kafka::GroupAuthorizationFailed
            | Kafka::ClusterAuthorizationFailed
            | Kafka::TransactionalIdAuthorizationFailed
            | Kafka::Authentication
            | Kafka::SaslAuthenticationFailed
            | Kafka::UnsupportedSASLMechanism
            | Kafka::IllegalSASLState
            | Kafka::InvalidTopic
            | Kafka::InvalidGroupId
            | Kafka::InvalidSessionTimeout
            | Kafka::InconsistentGroupProtocol
            | Kafka::Fenced
            | Kafka::FencedInstanceId
            | Kafka::Fatal
    )
}

/// Whether a failed commit will be made good by a later one or by the next owner.
pub(super) fn is_soft_commit(code: Kafka) -> bool {
    !matches!(
        code,
        Kafka::TopicAuthorizationFailed
            | Kafka::GroupAuthorizationFailed
            | Kafka::FencedInstanceId
            | Kafka::Fatal
            | Kafka::OffsetMetadataTooLarge
            | Kafka::InvalidCommitOffsetSize
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_explained() {
        let codes: std::collections::BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.meaning().contains(';')));
    }

    #[test]
    fn delivery_errors_are_sorted_by_what_helps() {
        assert_eq!(delivery_verdict(Kafka::MessageSizeTooLarge), Verdict::Record);
        assert_eq!(delivery_verdict(Kafka::MessageTimedOut), Verdict::Restart);
        assert_eq!(delivery_verdict(Kafka::TopicAuthorizationFailed), Verdict::Fatal);
        assert_eq!(delivery_verdict(Kafka::UnknownTopicOrPartition), Verdict::Fatal);
        assert_eq!(delivery_verdict(Kafka::Unknown), Verdict::Fatal);
    }

    #[test]
    fn only_what_the_group_refused_is_tried_again_without_a_new_producer() {
        assert_eq!(transaction_demand(Kafka::IllegalGeneration), Demand::Abort);
        assert_eq!(transaction_demand(Kafka::UnknownMemberId), Demand::Abort);
        for code in [
            Kafka::OperationTimedOut,
            Kafka::BrokerTransportFailure,
            Kafka::Fenced,
            Kafka::ProducerFenced,
            Kafka::InvalidTransactionalState,
            Kafka::Fatal,
            Kafka::Unknown,
        ] {
            assert_eq!(transaction_demand(code), Demand::Restart, "{code}");
            assert_ne!(delivery_verdict(code), Verdict::Record, "{code}");
        }
        assert_eq!(transaction_demand(Kafka::UnsupportedFeature), Demand::Unable);
        assert_eq!(transaction_demand(Kafka::TransactionalIdAuthorizationFailed), Demand::Fatal);
        assert!(is_fenced(Kafka::Fenced) && !is_fenced(Kafka::Fatal));
    }

    #[test]
    fn unreachable_brokers_never_end_a_lane() {
        for code in [Kafka::AllBrokersDown, Kafka::BrokerTransportFailure, Kafka::Resolve] {
            assert!(!is_fatal_to_client(code));
        }
        assert!(is_soft_commit(Kafka::RebalanceInProgress));
        assert!(is_soft_commit(Kafka::IllegalGeneration));
        assert!(!is_soft_commit(Kafka::GroupAuthorizationFailed));
    }
}
