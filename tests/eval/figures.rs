//! The same numbers as scikit-learn, SciPy and NumPy on the same scores. `expected.json` is written by
//! `models/evaluation/expected.py`, which a Python test holds to the libraries.

use ibaleg::evaluate::{Axes, Case, Evaluation, Judgement, Options, Ranked, Samples, evaluate, sign_test};
use ibaleg::triage::{State, Urgency};
use serde_json::Value;

use crate::cases;

fn expected() -> Value {
    serde_json::from_str(include_str!("expected.json")).unwrap()
}

fn near(found: Option<f64>, expected: &Value, what: &str) {
    match (found, expected.as_f64()) {
        (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-9, "{what}: {found}, not {expected}"),
        (found, expected) => assert_eq!(found, expected, "{what}"),
    }
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn measured(column: &Value, thresholds: &Value) -> Evaluation {
    let level = |name: &str| thresholds[name].as_f64().unwrap();
    let pairs = numbers(&column["truth"]).into_iter().zip(numbers(&column["scores"]));
    let cases = pairs.enumerate().map(|(number, (truth, score))| {
        let state = cases::state(score, level("flag"), level("review"));
        cases::case(number, vec![Judgement { truth: Some(truth > 0.5), score: Some(score), state }])
    });
    let axes = Axes { labels: vec!["isis".to_owned()], ..Axes::default() };
    evaluate(&cases.collect::<Vec<Case>>(), &axes, &Options { rounds: 0, ..Options::default() }).unwrap()
}

#[test]
fn figures_are_those_of_scikit_learn() {
    let expected = expected();
    for column in expected["columns"].as_array().unwrap() {
        let name = column["name"].as_str().unwrap();
        let evaluation = measured(column, &expected["thresholds"]);
        let figures = &evaluation.slices[0].names[0];
        near(figures.average_precision.value, &column["average_precision"], name);
        near(evaluation.slices[0].mean_average_precision.value, &column["average_precision"], name);
        near(figures.brier_score, &column["brier_score"], name);
        near(figures.calibration_error, &column["calibration_error"], name);
        near(evaluation.at_precision[0].recall.value, &column["recall_at_precision"], name);
        for (key, decisions) in [("flag", &figures.flag), ("flag_or_review", &figures.flag_or_review)] {
            near(decisions.precision.value, &column[key]["precision"], name);
            near(decisions.recall.value, &column[key]["recall"], name);
            near(decisions.f1.value, &column[key]["f1"], name);
        }
    }
}

#[test]
fn weighted_average_precision_and_curves_are_those_of_scikit_learn() {
    let expected = expected();
    for column in expected["columns"].as_array().unwrap() {
        let name = column["name"].as_str().unwrap();
        let pairs = numbers(&column["truth"]).into_iter().zip(numbers(&column["scores"])).enumerate();
        let ranked = Ranked::new(pairs.map(|(case, (truth, score))| (case, truth > 0.5, score)));
        let weights: Vec<u32> =
            column["weights"].as_array().unwrap().iter().map(|w| u32::try_from(w.as_u64().unwrap()).unwrap()).collect();
        near(ranked.average_precision(&weights), &column["weighted_average_precision"], name);
        let Some(points) = column["curve"].as_array() else { continue };
        let curve = ranked.curve(&vec![1; weights.len()]);
        assert_eq!(curve.len(), points.len(), "{name}");
        for (found, point) in curve.iter().zip(points) {
            near(Some(found.threshold), &point[0], name);
            near(Some(found.recall), &point[1], name);
            near(Some(found.precision), &point[2], name);
        }
    }
}

#[test]
fn the_sign_test_is_that_of_scipy_and_percentiles_are_those_of_numpy() {
    let expected = expected();
    for test in expected["sign_tests"].as_array().unwrap() {
        let p = sign_test(test["left"].as_u64().unwrap(), test["right"].as_u64().unwrap());
        near(Some(p), &test["p"], "sign test");
    }
    let mut samples = Samples::default();
    for value in numbers(&expected["percentiles"]["values"]) {
        samples.push(Some(value));
    }
    let estimate = samples.estimate(Some(0.0));
    near(estimate.low, &expected["percentiles"]["low"], "low");
    near(estimate.high, &expected["percentiles"]["high"], "high");
}

#[test]
fn missed_labels_name_what_was_flagged_instead() {
    let axes = cases::axes(&["threat", "extortion"]);
    let none = cases::judgement(Some(false), 0.0);
    let judgements = |threat: (bool, f64), extortion: (bool, f64)| {
        let of = |(truth, score)| cases::judgement(Some(truth), score);
        vec![of(threat), of(extortion), none, none]
    };
    let cases = [
        cases::case(0, judgements((true, 0.3), (false, 0.8))),
        cases::case(1, judgements((true, 0.3), (true, 0.8))),
        cases::case(2, judgements((true, 0.1), (false, 0.4))),
        cases::case(3, judgements((true, 0.9), (false, 0.9))),
    ];
    let evaluation = evaluate(&cases, &axes, &Options { rounds: 0, ..Options::default() }).unwrap();
    let threat = &evaluation.neighbours[0];
    assert_eq!((threat.missed, threat.nothing_flagged), (3, 1));
    let instead: Vec<(&str, usize)> = threat.instead.iter().map(|i| (i.label.as_str(), i.reports)).collect();
    assert_eq!(instead, [("extortion", 1)]);
    assert_eq!(evaluation.neighbours[1].missed, 0);
}

#[test]
fn hard_negatives_are_reports_without_label_that_carry_a_mark() {
    let axes = cases::axes(&["terrorism"]);
    let judged = |label: Option<bool>, score: f64, isis: bool| {
        let mark = |truth: bool| cases::judgement(Some(truth), f64::from(u8::from(truth)));
        vec![cases::judgement(label, score), mark(isis), mark(false)]
    };
    let cases = [
        cases::case(0, judged(Some(false), 0.9, true)),
        cases::case(1, judged(Some(false), 0.3, true)),
        cases::case(2, judged(Some(false), 0.1, false)),
        cases::case(3, judged(Some(true), 0.9, true)),
        cases::case(4, judged(None, 0.9, true)),
    ];
    let alarms = evaluate(&cases, &axes, &Options::default()).unwrap().false_alarms;
    let count = |share: ibaleg::evaluate::Share| (share.count, share.of);
    assert_eq!(count(alarms[0].hard_flagged), (1, 2));
    assert_eq!(count(alarms[0].hard_reached), (2, 2));
    assert_eq!(count(alarms[0].unlabelled_flagged), (1, 3));
    assert_eq!(alarms[0].ids, ["r-0"]);
}

#[test]
fn parity_compares_only_languages_with_support() {
    let axes = cases::axes(&["fraud"]);
    let none = cases::judgement(Some(false), 0.0);
    let of = |number: usize, truth: bool, score: f64| {
        cases::case(number, vec![cases::judgement(Some(truth), score), none, none])
    };
    // Numbers divisible by 3 are Arabic, those with remainder 1 French, with remainder 2 Darija.
    let cases = [of(0, true, 0.9), of(3, true, 0.9), of(1, true, 0.9), of(4, true, 0.1), of(2, true, 0.1)];
    let options = Options { rounds: 0, support: 2, ..Options::default() };
    let parity = &evaluate(&cases, &axes, &options).unwrap().parity[0];
    let gap = parity.recall_gap.as_ref().unwrap();
    assert_eq!((gap.gap, gap.highest.as_str(), gap.lowest.as_str()), (0.5, "ar", "fr"));
    assert_eq!(parity.false_positive_gap, None);
    let darija = parity.languages.iter().find(|rates| rates.language == "ary-Latn").unwrap();
    assert_eq!((darija.positives, darija.recall, darija.negatives), (1, Some(0.0), 0));
}

#[test]
fn urgency_that_is_too_low_is_listed_with_the_gravest_first() {
    let graded = |id: &str, given: Urgency, decided: Urgency| Case {
        id: id.to_owned(),
        given: Some(given),
        decided,
        ..cases::case(0, vec![cases::judgement(Some(false), 0.0); 3])
    };
    let cases = [
        graded("near", Urgency::U1, Urgency::U2),
        graded("buried", Urgency::U0, Urgency::U3),
        graded("raised", Urgency::U3, Urgency::U1),
        graded("grave", Urgency::U0, Urgency::U1),
        graded("right", Urgency::U2, Urgency::U2),
    ];
    let urgency = evaluate(&cases, &cases::axes(&["fraud"]), &Options::default()).unwrap().urgency;
    assert_eq!((urgency.lower, urgency.higher, urgency.same), (3, 1, 1));
    assert_eq!(urgency.lower_ids, ["buried", "grave", "near"]);
    assert_eq!(urgency.rows[0].decided, [0, 1, 0, 1]);
}

#[test]
fn what_cannot_be_measured_is_refused_with_its_reason() {
    let axes = cases::axes(&["fraud"]);
    let refused = |cases: &[Case], options: &Options| evaluate(cases, &axes, options).unwrap_err().to_string();
    assert!(refused(&[], &Options::default()).contains("no labelled report"));
    let short = cases::case(0, vec![cases::judgement(None, 0.5)]);
    assert!(refused(&[short], &Options::default()).contains("report r-0: 1 judgements for 3 names"));
    let wild = Judgement { truth: None, score: Some(f64::NAN), state: State::Below };
    assert!(refused(&[cases::case(7, vec![wild; 3])], &Options::default()).contains("report r-7: the score of fraud"));
    let fine = cases::case(0, vec![cases::judgement(None, 0.5); 3]);
    let options = Options { review_load: 0.0, ..Options::default() };
    assert!(refused(&[fine], &options).contains("the review load is 0"));
}
