use sha2::{Digest, Sha256};

use super::urgency::Evidence;
use super::{Policy, ReviewDecision, ReviewReason, State, Taxonomy, Urgency};

/// Whether a person must look, and every reason for it.
pub(super) fn review(taxonomy: &Taxonomy, policy: &Policy, evidence: &Evidence<'_>, grade: Urgency) -> ReviewDecision {
    let findings = evidence.findings;
    let mut reasons = Vec::new();
    for label in evidence.labels {
        if label.state == State::Review {
            reasons.push(ReviewReason::of("score_in_review_band", &label.label));
        }
        if label.state > State::Below && policy.always_reviewed(&label.label) {
            reasons.push(ReviewReason::of("label_always_reviewed", &label.label));
        }
    }
    let anything_flagged = evidence.labels.iter().any(|label| label.state == State::Flag);
    for mark in evidence.organisations {
        if mark.state == State::Review {
            reasons.push(ReviewReason::of("organisation_in_review_band", &mark.id));
        } else if !anything_flagged {
            reasons.push(ReviewReason::of("organisation_without_label", &mark.id));
        }
    }
    reasons.extend(evidence.contexts.iter().map(|mark| ReviewReason::of("context_mark", &mark.id)));
    for speaks in policy.lexicon_speaks() {
        let stated = speaks.facts.iter().all(|fact| evidence.facts.contains(fact.as_str()));
        if stated && evidence.state(&speaks.label) == State::Below {
            reasons.push(ReviewReason::of("model_and_lexicon_disagree", &speaks.label));
        }
    }
    for label in policy.labels_of_category(findings.category) {
        let serious = taxonomy.label(label).is_some_and(|label| label.urgency >= Urgency::U1);
        if serious && evidence.state(label) == State::Below {
            reasons.push(ReviewReason::of("category_disagrees", label));
        }
    }
    for language in findings.languages.iter().filter(|language| policy.review_only(language)) {
        reasons.push(ReviewReason::of("language_review_only", language));
    }
    let mut when = |holds: bool, code: &str| {
        if holds {
            reasons.push(ReviewReason { code: code.to_owned(), label: None });
        }
    };
    when(findings.scores.is_none(), "model_failed");
    when(findings.without_text, "no_text");
    when(findings.unreadable, "unreadable");
    when(findings.partly_read, "partly_read");
    let foreign = |language: &&str| matches!(*language, "unknown" | "other");
    when(!findings.languages.is_empty() && findings.languages.iter().all(foreign), "language_unknown");
    let sampled = grade == policy.floor() && drawn(policy, findings.report_id);
    when(sampled, "blind_sample");
    ReviewDecision { needed: !reasons.is_empty(), reasons }
}

/// A keyed hash of the id, so that nobody outside can tell which reports are drawn and a replay
/// draws the same ones.
pub(super) fn drawn(policy: &Policy, report_id: &str) -> bool {
    let mut hash = Sha256::new();
    hash.update(policy.sample_key().as_bytes());
    hash.update([0]);
    hash.update(report_id.as_bytes());
    let digest = hash.finalize();
    let mut head = [0_u8; 4];
    head.copy_from_slice(&digest[..4]);
    f64::from(u32::from_be_bytes(head)) < policy.sample_share() * (f64::from(u32::MAX) + 1.0)
}
