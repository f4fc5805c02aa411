//! What holds of every decision, whatever is found: nothing lowers a grade.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::tests::{hit, scores, with_policy};
use super::*;

/// Names of everything a score can be given for.
const OUTPUTS: [&str; 14] = [
    "fraud",
    "sextortion",
    "extortion",
    "defamation",
    "threat",
    "incitement",
    "trafficking",
    "exploitation",
    "minors",
    "hate",
    "terrorism",
    "self_harm",
    "isis",
    "reporting",
];

pub(super) const FACTS: [&str; 14] = [
    "contact",
    "deadline",
    "killing",
    "means",
    "minor",
    "organ",
    "place",
    "preparation",
    "recent",
    "soon",
    "suicide_sign",
    "target",
    "transfer",
    "weapon",
];

#[derive(Debug, Clone)]
struct Drawn {
    scores: Vec<(String, Score)>,
    hits: Vec<Hit>,
    category: Option<&'static str>,
    role: Option<&'static str>,
    country: Option<&'static str>,
}

impl Drawn {
    fn findings(&self) -> Findings<'_> {
        Findings {
            report_id: "r",
            scores: Some(&self.scores),
            hits: &self.hits,
            languages: &["fr"],
            category: self.category,
            role: self.role,
            country: self.country,
            ..Findings::default()
        }
    }
}

fn fact(index: usize) -> Hit {
    hit(Meaning::Fact(FACTS[index].into()))
}

prop_compose! {
    /// Evidence in which labels lie in every band and facts are few, as in real reports.
    fn evidence()(
        values in prop::collection::vec(prop_oneof![3 => 0.0..=0.05_f64, 2 => 0.05..=1.0_f64], OUTPUTS.len()),
        facts in prop::collection::vec(0..FACTS.len(), 0..4),
        category in prop::option::of(prop::sample::select(vec!["terrorism", "fraud", "other"])),
        role in prop::option::of(prop::sample::select(vec!["victim", "witness"])),
        country in prop::option::of(prop::sample::select(vec!["MA", "FR"])),
    ) -> Drawn {
        let scores = OUTPUTS.iter().zip(values).map(|(name, p)| ((*name).to_owned(), Score::new(p).unwrap())).collect();
        Drawn { scores, hits: facts.into_iter().map(fact).collect(), category, role, country }
    }
}

/// The shipped rules, and one that looks at the fields of the report.
fn rules() -> &'static Triage {
    static RULES: OnceLock<Triage> = OnceLock::new();
    RULES.get_or_init(|| {
        let rule = "[[raise]]\nid = \"fields\"\nlabels = [\"fraud\", \"extortion\"]\nroles = [\"victim\"]\ncountries = [\"MA\"]\ncategories = [\"fraud\"]\nto = \"U0\"\n\n";
        with_policy(&shipped::POLICY.replacen("[[raise]]", &format!("{rule}[[raise]]"), 1)).unwrap()
    })
}

fn decided(findings: &Findings<'_>) -> Decision {
    rules().decide(findings, &|_, _| None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Evidence, failures and missing fields never lower a grade or lengthen a deadline.
    #[test]
    fn more_evidence_failure_or_an_emptied_field_never_lowers_the_grade(
        drawn in evidence(), raised in 0..OUTPUTS.len(), by in 0.0..=1.0_f64, added in 0..FACTS.len(),
    ) {
        let before = decided(&drawn.findings());
        let mut stronger = drawn.clone();
        stronger.scores[raised].1 = stronger.scores[raised].1.max(Score::new(by).unwrap());
        let mut more = drawn.clone();
        more.hits.push(fact(added));
        let mut named = drawn.clone();
        named.hits.push(hit(Meaning::Organisation("isis".into())));
        let entities = [EntityKind::Iban];
        let changed = [
            stronger.findings(),
            more.findings(),
            named.findings(),
            Findings { entities: &entities, ..drawn.findings() },
            Findings { partly_read: true, ..drawn.findings() },
            Findings { unreadable: true, ..drawn.findings() },
            Findings { without_text: true, ..drawn.findings() },
            Findings { languages: &["unknown"], ..drawn.findings() },
            Findings { languages: &["fr", "zgh"], ..drawn.findings() },
            Findings { category: None, ..drawn.findings() },
            Findings { role: None, ..drawn.findings() },
            Findings { country: None, ..drawn.findings() },
            Findings { category: None, role: None, country: None, ..drawn.findings() },
        ];
        for (index, findings) in changed.iter().enumerate() {
            let after = decided(findings);
            prop_assert!(after.urgency.grade >= before.urgency.grade, "{index}: {:?} then {:?}", before, after);
            prop_assert!(after.urgency.acknowledge_within_seconds <= before.urgency.acknowledge_within_seconds);
            if (4..8).contains(&index) {
                prop_assert!(after.review.needed);
            }
        }
    }

    /// A label that grows surer may leave its review band; a context mark and the labels that are
    /// always reviewed keep their person.
    #[test]
    fn a_surer_label_spares_no_person_that_a_context_or_a_grave_label_asked_for(drawn in evidence(), raised in 0..OUTPUTS.len()) {
        let mut stronger = drawn.clone();
        stronger.scores[raised].1 = Score::ONE;
        let reasons = |drawn: &Drawn| decided(&drawn.findings()).review.reasons;
        for reason in reasons(&drawn) {
            if matches!(reason.code.as_str(), "context_mark" | "label_always_reviewed") {
                prop_assert!(reasons(&stronger).contains(&reason));
            }
        }
    }

    /// Facts without any label raise nothing but what the policy lists under `alone`.
    #[test]
    fn words_without_a_label_accuse_nobody(facts in prop::collection::vec(0..FACTS.len(), 0..8)) {
        let drawn = Drawn {
            scores: scores(&[("fraud", 0.0)]),
            hits: facts.into_iter().map(fact).collect(),
            category: None,
            role: None,
            country: None,
        };
        let decision = decided(&drawn.findings());
        let stated = |fact: &str| drawn.hits.iter().any(|hit| hit.meaning.fact() == Some(fact));
        let expected = if stated("suicide_sign") || (stated("killing") && stated("soon")) {
            Urgency::U1
        } else if stated("killing") || (stated("minor") && stated("contact")) {
            Urgency::U2
        } else {
            Urgency::U3
        };
        prop_assert_eq!(decision.urgency.grade, expected);
        prop_assert_eq!(decision.flagged().count(), 0);
        prop_assert_eq!(decision.review.needed, expected > Urgency::U3);
    }

    /// Where the model fails a person looks, and words count for as much as with a doubtful model.
    #[test]
    fn a_failed_model_is_never_less_than_u2_nor_than_a_model_that_sees_nothing(drawn in evidence()) {
        let failed = decided(&Findings { scores: None, ..drawn.findings() });
        let blind = decided(&Findings { scores: Some(&[]), ..drawn.findings() });
        prop_assert!(failed.urgency.grade >= Urgency::U2 && failed.review.needed);
        prop_assert!(failed.urgency.grade >= blind.urgency.grade);
    }
}
