use std::sync::OnceLock;

use super::*;

pub(super) fn with_policy(policy: &str) -> Result<Triage, Error> {
    let files = shipped::LEXICON.map(|(name, text)| LexiconFile::parse(name, text).unwrap());
    let lexicon = Lexicon::new(&files, str::to_lowercase)?;
    Triage::new(Taxonomy::parse(shipped::TAXONOMY)?, Policy::parse(policy)?, lexicon)
}

fn triage() -> Triage {
    with_policy(shipped::POLICY).unwrap()
}

pub(super) fn scores(given: &[(&str, f64)]) -> Vec<(String, Score)> {
    given.iter().map(|(name, p)| ((*name).to_owned(), Score::new(*p).unwrap())).collect()
}

pub(super) fn hit(meaning: Meaning) -> Hit {
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
fn every_test_beside_the_rules_passes_and_every_rule_has_one() {
    let triage = triage();
    let outcomes = triage.run_cases();
    for outcome in &outcomes {
        assert_eq!(outcome.failures, Vec::<String>::new(), "{}", outcome.name);
    }
    let reached: BTreeSet<&String> = outcomes.iter().flat_map(|outcome| &outcome.rules).collect();
    let untested: Vec<&str> = triage.rules().filter(|rule| !reached.contains(&(*rule).to_owned())).collect();
    assert_eq!(untested, Vec::<&str>::new());
}

#[test]
fn a_policy_that_cannot_be_meant_is_refused_with_its_place() {
    let good = shipped::POLICY;
    let (taxonomy, facts) = (Taxonomy::parse(shipped::TAXONOMY).unwrap(), BTreeSet::from(super::properties::FACTS));
    let check = |text: &str| checks::check(&Policy::parse(text)?, &taxonomy, &facts);
    check(good).unwrap();
    let cases = [
        ("unit = \"rescue\"", "unit = \"fire_brigade\"", "fire_brigade"),
        ("labels = [\"terrorism\"]\nunit", "labels = [\"terorism\"]\nunit", "terorism"),
        ("facts = [\"suicide_sign\"]", "facts = [\"suicid\"]", "suicid"),
        ("labels = [\"self_harm\"]\nunit", "unit", "no condition"),
        ("labels = [\"sextortion\"]\nunit", "labels = [\"minors\"]\nunit", "\"child\" stands before"),
        ("labels = [\"minors\"]\nunit", "labels = [\"minors\"]\nscore = \"high\"\nunit", "score"),
        ("labels = [\"minors\"]\nunit", "categories = [\"chidl\"]\nunit", "chidl"),
        ("labels = [\"minors\"]\nunit", "roles = [\"parent\"]\nunit", "parent"),
        ("labels = [\"minors\"]\nunit", "countries = [\"Morocco\"]\nunit", "ISO 3166-1"),
        ("labels = [\"minors\"]\nunit", "languages = [\"darija\"]\nunit", "darija"),
        ("labels = [\"minors\"]\nunit", "score = 0.9\nunit", "needs `labels`"),
        ("default = \"intake_desk\"", "default = \"\"", "not defined"),
        ("default = \"intake_desk\"", "", "default"),
        ("U3 = \"168h\"", "", "no deadline"),
        ("U3 = \"168h\"", "U3 = \"1h\"", "more time"),
        ("unreadable = \"U2\"", "unreadable = \"U3\"", "at least U2"),
        ("copies = true", "copies = true\ncopy = true", "copy"),
        ("utc_offset_minutes = 60", "utc_offset_minutes = 9999", "UTC"),
        ("labels = [\"threat\"]\nfacts = [\"soon\"]", "facts = [\"soon\"]", "words alone"),
        ("labels = [\"threat\"]\nfacts = [\"soon\"]", "roles = [\"victim\"]", "no label, mark or fact"),
        ("facts = [\"soon\"]\nto = \"U0\"", "facts = [\"soon\"]\nto = \"U1\"", "raises nothing"),
        ("facts = [\"soon\"]\nto = \"U0\"", "facts = [\"soon\"]\nto = \"U1\"\nin_review = \"U0\"", "in_review"),
        ("id = \"threat-soon\"", "id = \"child\"", "taken"),
        ("name = \"sextortion\"", "name = \"violence\"", "taken"),
        ("expect = { urgency = \"U1\" }", "expect = {}", "expects nothing"),
        ("raised_by = \"threat-soon\"", "raised_by = \"threat-son\"", "threat-son"),
        ("given = { flagged = [\"fraud\"] }", "given = { flagged = [\"fraude\"] }", "fraude"),
        ("given = { flagged = [\"fraud\"] }", "given = { submitted_at = \"now\" }", "submitted_at"),
    ];
    for (from, to, said) in cases {
        assert!(good.contains(from), "{from}");
        let error = check(&good.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(said), "{to}: {error}");
    }
}

#[test]
fn a_route_may_ask_for_every_part_of_the_context() {
    let rule = r#"
        [[route]]
        id = "night-desk"
        unit = "judicial_police"
        labels = ["fraud"]
        score = 0.8
        suspected = ["threat"]
        organisations = ["isis"]
        facts = ["soon"]
        entities = ["phone"]
        urgency = "U1"
        languages = ["fr"]
        countries = ["FR"]
        categories = ["fraud"]
        roles = ["victim"]
        platforms = ["Telegram"]
        sources = ["reports.incoming"]
        submitted_hours = "22:00-06:00"
        submitted_days = ["sunday"]
        review = true
    "#;
    let policy = shipped::POLICY.replacen("[[route]]", &format!("{rule}\n[[route]]"), 1);
    let triage = with_policy(&policy).unwrap();
    let given = scores(&[("fraud", 0.9), ("threat", 0.2)]);
    let hits = [hit(Meaning::Organisation("isis".into())), hit(Meaning::Fact("soon".into()))];
    let met = Findings {
        report_id: "r",
        scores: Some(&given),
        hits: &hits,
        languages: &["ar", "fr"],
        entities: &[EntityKind::Phone],
        category: Some("Fraud"),
        role: Some("victim"),
        country: Some("FR"),
        platform: Some("telegram"),
        source: Some("reports.incoming"),
        // Saturday, half past ten in the evening by UTC; Sunday where clocks are two hours ahead.
        submitted_at: "2026-03-07T22:30:00Z".parse().ok(),
        ..Findings::default()
    };
    let applies =
        |triage: &Triage, findings: &Findings<'_>| triage.decide(findings, &|_, _| None).route.rule == "night-desk";
    assert!(!applies(&triage, &met), "a Saturday");
    let triage = with_policy(&policy.replace("utc_offset_minutes = 60", "utc_offset_minutes = 120")).unwrap();
    assert!(applies(&triage, &met));
    let weaker = scores(&[("fraud", 0.7), ("threat", 0.2)]);
    let unsuspected = scores(&[("fraud", 0.9)]);
    let unmet = [
        Findings { scores: Some(&weaker), ..met.clone() },
        Findings { scores: Some(&unsuspected), ..met.clone() },
        Findings { hits: &hits[..1], ..met.clone() },
        Findings { hits: &hits[1..], ..met.clone() },
        Findings { entities: &[EntityKind::Url], ..met.clone() },
        Findings { languages: &["ar"], ..met.clone() },
        Findings { category: None, ..met.clone() },
        Findings { role: Some("witness"), ..met.clone() },
        Findings { country: Some("MA"), ..met.clone() },
        Findings { platform: None, ..met.clone() },
        Findings { source: Some("history"), ..met.clone() },
        Findings { submitted_at: None, ..met.clone() },
        Findings { submitted_at: "2026-03-07T12:00:00Z".parse().ok(), ..met.clone() },
    ];
    for (index, findings) in unmet.iter().enumerate() {
        assert!(!applies(&triage, findings), "{index}");
    }
}

#[test]
fn a_field_that_is_missing_meets_the_condition_of_a_raising_rule() {
    let rule = "[[raise]]\nid = \"asked\"\nlabels = [\"fraud\"]\nroles = [\"victim\"]\ncountries = [\"MA\"]\ncategories = [\"fraud\"]\nentities = [\"iban\"]\nto = \"U1\"\n\n";
    let triage = with_policy(&shipped::POLICY.replacen("[[raise]]", &format!("{rule}[[raise]]"), 1)).unwrap();
    let given = scores(&[("fraud", 0.9)]);
    let said = Findings {
        report_id: "r",
        scores: Some(&given),
        languages: &["fr"],
        entities: &[EntityKind::Iban],
        role: Some("victim"),
        country: Some("MA"),
        category: Some("fraud"),
        ..Findings::default()
    };
    let grade = |findings: &Findings<'_>| triage.decide(findings, &|_, _| None).urgency.grade;
    assert_eq!(grade(&said), Urgency::U1);
    assert_eq!(grade(&Findings { role: None, country: None, category: None, ..said.clone() }), Urgency::U1);
    assert_eq!(grade(&Findings { role: Some("witness"), ..said.clone() }), Urgency::U2);
    assert_eq!(grade(&Findings { entities: &[], ..said.clone() }), Urgency::U2);
}

#[test]
fn a_report_that_the_model_could_not_judge_is_raised_by_its_words() {
    let hits = [hit(Meaning::Fact("soon".into()))];
    let failed = decide(&[], |findings| (findings.scores, findings.hits) = (None, &hits));
    assert_eq!(failed.urgency.grade, Urgency::U1);
    assert_eq!(decide(&[], |findings| findings.scores = None).urgency.grade, Urgency::U2);
}

#[test]
fn a_flagged_label_keeps_its_full_grade_in_a_report_that_cannot_be_read() {
    let hits = [hit(Meaning::Fact("preparation".into()))];
    let given = scores(&[("threat", 0.9)]);
    let decision = decide(&given, |findings| (findings.hits, findings.unreadable) = (&hits, true));
    assert_eq!(decision.urgency.grade, Urgency::U0);
}
