use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;

fn triage() -> Triage {
    let taxonomy = Taxonomy::parse(include_str!("../../config/taxonomy.toml")).unwrap();
    let policy = Policy::parse(include_str!("../../config/policy.toml")).unwrap();
    let files =
        [include_str!("../../config/lexicon/organisations.toml"), include_str!("../../config/lexicon/facts.toml")];
    let files = files.map(|text| LexiconFile::parse("lexicon", text).unwrap());
    Triage::new(taxonomy, policy, Lexicon::new(&files, str::to_lowercase).unwrap()).unwrap()
}

fn scores(given: &[(&str, f64)]) -> Vec<(String, Score)> {
    given.iter().map(|(name, p)| ((*name).to_owned(), Score::new(*p).unwrap())).collect()
}

fn hit(meaning: Meaning) -> Hit {
    Hit { term: "t".into(), meaning, span: 0..1 }
}

fn decide<'a>(scores: &'a [(String, Score)], change: impl FnOnce(&mut Findings<'a>)) -> Decision {
    static TRIAGE: OnceLock<Triage> = OnceLock::new();
    let mut findings = Findings { report_id: "r-1", scores: Some(scores), languages: &["fr"], ..Findings::default() };
    change(&mut findings);
    TRIAGE.get_or_init(triage).decide(&findings, &|_, _| None)
}

#[test]
fn each_label_goes_to_its_own_unit_with_its_own_grade() {
    let triage = triage();
    for label in triage.taxonomy().labels() {
        let decision = decide(&scores(&[(&label.id, 0.9)]), |_| {});
        assert_eq!(decision.route.unit, label.unit, "{}", label.id);
        assert_eq!(decision.urgency.grade, label.urgency, "{}", label.id);
        assert_ne!(decision.route.rule, "default", "{}", label.id);
    }
}

#[test]
fn nothing_found_still_has_a_unit_and_a_deadline() {
    let decision = decide(&scores(&[("fraud", 0.01)]), |_| {});
    assert_eq!(decision.route.unit, "intake_desk");
    assert_eq!(decision.urgency.grade, Urgency::U3);
    assert_eq!(decision.urgency.acknowledge_within_seconds, 7 * 24 * 3600);
    assert!(!decision.review.needed);
}

#[test]
fn units_of_all_flagged_labels_receive_a_copy() {
    let decision = decide(&scores(&[("minors", 0.9), ("sextortion", 0.8), ("threat", 0.7)]), |_| {});
    assert_eq!(decision.route.unit, "child_protection");
    let copies: Vec<&str> = decision.route.copies.iter().map(|copy| copy.unit.as_str()).collect();
    assert_eq!(copies, ["cybercrime", "judicial_police"]);
    assert_eq!(decision.urgency.grade, Urgency::U0);
}

#[test]
fn a_score_in_the_review_band_calls_a_person_and_counts_one_grade_less() {
    let decision = decide(&scores(&[("threat", 0.2)]), |_| {});
    assert_eq!(decision.urgency.grade, Urgency::U2);
    assert_eq!(decision.review.reasons, [ReviewReason::of("score_in_review_band", "threat")]);
    let doubtful_self_harm = decide(&scores(&[("self_harm", 0.1)]), |_| {});
    assert_eq!(doubtful_self_harm.urgency.grade, Urgency::U1);
}

#[test]
fn a_report_that_the_model_could_not_judge_is_at_least_u2_and_goes_to_a_person() {
    let failed = decide(&[], |findings| findings.scores = None);
    let without_text = decide(&[], |findings| (findings.without_text, findings.languages) = (true, &[]));
    let unreadable = decide(&[], |findings| findings.unreadable = true);
    for (decision, code) in [(failed, "model_failed"), (without_text, "no_text"), (unreadable, "unreadable")] {
        assert!(decision.urgency.grade >= Urgency::U2);
        assert!(decision.review.reasons.iter().any(|reason| reason.code == code), "{code}");
        assert_eq!(decision.route.unit, "intake_desk");
    }
}

#[test]
fn naming_an_organisation_is_a_mark_not_an_offence() {
    let hits = [hit(Meaning::Organisation("isis".into()))];
    let decision = decide(&scores(&[("terrorism", 0.01)]), |findings| findings.hits = &hits);
    assert_eq!(decision.organisations.len(), 1);
    assert_eq!(decision.flagged().count(), 0);
    assert_eq!(decision.review.reasons, [ReviewReason::of("organisation_without_label", "isis")]);
}

#[test]
fn a_context_mark_goes_to_a_person_and_clears_nothing() {
    let plain = decide(&scores(&[("terrorism", 0.9)]), |_| {});
    let quoted = decide(&scores(&[("terrorism", 0.9), ("reporting", 0.9)]), |_| {});
    assert_eq!(plain.urgency, quoted.urgency);
    assert_eq!(plain.labels, quoted.labels);
    assert!(quoted.review.reasons.contains(&ReviewReason::of("context_mark", "reporting")));
}

#[test]
fn a_grave_category_that_the_model_does_not_see_goes_to_a_person() {
    let decision = decide(&scores(&[("terrorism", 0.01)]), |findings| findings.category = Some("Terrorisme"));
    assert_eq!(decision.review.reasons, [ReviewReason::of("category_disagrees", "terrorism")]);
}

#[test]
fn the_blind_sample_is_near_its_share_and_the_same_on_replay() {
    let triage = triage();
    let scores = scores(&[]);
    let drawn = |id: &str| {
        let findings = Findings { report_id: id, scores: Some(&scores), languages: &["fr"], ..Findings::default() };
        triage.decide(&findings, &|_, _| None).review.needed
    };
    let ids: Vec<String> = (0..20_000).map(|n| format!("report-{n}")).collect();
    let sample: Vec<&String> = ids.iter().filter(|id| drawn(id)).collect();
    assert!((120..=280).contains(&sample.len()), "{} of 20,000", sample.len());
    assert!(sample.iter().all(|id| drawn(id)));
}

#[test]
fn thresholds_of_the_package_win_and_a_second_language_never_raises_them() {
    let triage = triage();
    let scores = scores(&[("fraud", 0.45)]);
    let strict = Band { flag: Score::new(0.9).unwrap(), review: Score::new(0.8).unwrap() };
    let mild = Band { flag: Score::new(0.4).unwrap(), review: Score::new(0.1).unwrap() };
    let state = |languages: &[&str]| {
        let findings = Findings { report_id: "r", scores: Some(&scores), languages, ..Findings::default() };
        let decision = triage.decide(&findings, &|_, language| Some(if language == "ary" { mild } else { strict }));
        decision.labels[0].state
    };
    assert_eq!(state(&["fr"]), State::Below);
    assert_eq!(state(&["fr", "ary"]), State::Flag);
}

#[test]
fn a_rule_can_name_a_kind_of_entity_as_a_fact() {
    let rule = "\n[[raise]]\nid = \"money-under-way\"\nlabels = [\"fraud\"]\nwith = [\"fact:amount\"]\nto = \"U1\"\n";
    let policy = format!("{}{rule}", include_str!("../../config/policy.toml"));
    let shipped = triage();
    let triage = Triage::new(shipped.taxonomy, Policy::parse(&policy).unwrap(), shipped.lexicon).unwrap();
    let scores = scores(&[("fraud", 0.9)]);
    let grade = |entities: &[&str]| {
        let findings = Findings { report_id: "r", scores: Some(&scores), entities, ..Findings::default() };
        triage.decide(&findings, &|_, _| None).urgency.grade
    };
    assert_eq!(grade(&["place", "url"]), Urgency::U2);
    assert_eq!(grade(&["amount", "place"]), Urgency::U1);
}

#[test]
fn a_policy_that_names_what_is_not_defined_is_refused() {
    let good = include_str!("../../config/policy.toml");
    let load = |text: &str| {
        let taxonomy = Taxonomy::parse(include_str!("../../config/taxonomy.toml")).unwrap();
        let lexicon = LexiconFile::parse("facts", include_str!("../../config/lexicon/facts.toml")).unwrap();
        Triage::new(taxonomy, Policy::parse(text)?, Lexicon::new(&[lexicon], str::to_lowercase)?)
    };
    assert!(load(good).is_ok());
    let cases = [
        ("unit = \"rescue\"", "unit = \"fire_brigade\"", "fire_brigade"),
        ("labels = [\"terrorism\"]\nunit", "labels = [\"terorism\"]\nunit", "terorism"),
        ("fact:suicide", "fact:suicid", "suicid"),
        ("labels = [\"self_harm\"]\nunit", "unit", "never reached"),
        ("default = \"intake_desk\"", "default = \"\"", "not defined"),
        ("U3 = \"168h\"", "", "no deadline"),
        ("unreadable = \"U2\"", "unreadable = \"U3\"", "at least U2"),
        ("copies = true", "copies = true\ncopy = true", "copy"),
    ];
    for (from, to, said) in cases {
        assert!(good.contains(from), "{from}");
        let error = load(&good.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// Names of everything a score can be given for.
const OUTPUTS: [&str; 8] = ["fraud", "sextortion", "threat", "minors", "terrorism", "self_harm", "isis", "reporting"];

prop_compose! {
    fn evidence()(values in prop::collection::vec(0.0..=1.0_f64, OUTPUTS.len()), facts in 0..8_usize, category in any::<bool>())
        -> (Vec<(String, Score)>, Vec<Hit>, bool) {
        let scores = OUTPUTS.iter().zip(values).map(|(name, p)| ((*name).to_owned(), Score::new(p).unwrap())).collect();
        let names = ["imminent", "weapon", "suicide"];
        let hits = (0..3).filter(|bit| facts & (1 << bit) != 0).map(|bit| hit(Meaning::Fact(names[bit].into()))).collect();
        (scores, hits, category)
    }
}

proptest! {
    /// Invariant 5 of the design: evidence, failures and missing fields never lower a grade or
    /// send a person away.
    #[test]
    fn more_evidence_never_lowers_the_grade_nor_spares_a_person(
        (scores, hits, category) in evidence(), raised in 0..OUTPUTS.len(), by in 0.0..=1.0_f64, fact in 0..3_usize,
    ) {
        let category = category.then_some("terrorism");
        let before = decide(&scores, |f| (f.hits, f.category) = (&hits, category));
        let mut stronger = scores.clone();
        stronger[raised].1 = stronger[raised].1.max(Score::new(by).unwrap());
        let mut more_hits = hits.clone();
        more_hits.push(hit(Meaning::Fact(["imminent", "weapon", "suicide"][fact].into())));
        more_hits.push(hit(Meaning::Organisation("isis".into())));
        let after = [
            decide(&stronger, |f| (f.hits, f.category) = (&hits, category)),
            decide(&scores, |f| (f.hits, f.category) = (&more_hits, category)),
            decide(&scores, |f| (f.hits, f.category, f.partly_read) = (&hits, category, true)),
            decide(&scores, |f| (f.hits, f.category, f.unreadable) = (&hits, category, true)),
        ];
        for after in &after {
            prop_assert!(after.urgency.grade >= before.urgency.grade);
            prop_assert!(after.urgency.acknowledge_within_seconds <= before.urgency.acknowledge_within_seconds);
        }
        for after in &after[2..] {
            prop_assert!(after.review.needed);
        }
    }

    /// Where the model fails a person looks, whatever else is known.
    #[test]
    fn a_failed_model_is_never_less_than_u2((_, hits, _) in evidence()) {
        let decision = decide(&[], |f| (f.scores, f.hits) = (None, &hits));
        prop_assert!(decision.urgency.grade >= Urgency::U2 && decision.review.needed);
    }
}
