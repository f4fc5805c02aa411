//! Laws that hold for any scores.

use ibaleg::evaluate::{Axes, Case, Comparison, Evaluation, Judgement, Options, average_precision, compare, evaluate};
use ibaleg::triage::State;
use proptest::prelude::*;

use crate::cases;

const LABELS: [&str; 3] = ["threat", "fraud", "terrorism"];
/// With the organisation and the context.
const NAMES: usize = 5;

fn options() -> Options {
    Options { rounds: 40, support: 1, ..Options::default() }
}

/// Few distinct scores, so that ties are frequent.
fn scores() -> impl Strategy<Value = f64> {
    prop_oneof![3 => (0_u8..=10).prop_map(|tenth| f64::from(tenth) / 10.0), 1 => 0.0..=1.0_f64]
}

fn judgements() -> impl Strategy<Value = Judgement> {
    (prop_oneof![1 => Just(None), 4 => any::<bool>().prop_map(Some)], proptest::option::weighted(0.9, scores()))
        .prop_map(|(truth, score)| Judgement {
            truth,
            score,
            state: score.map_or(State::Below, |s| cases::state(s, 0.5, 0.25)),
        })
}

fn labelled() -> impl Strategy<Value = Vec<Case>> {
    let one = (proptest::collection::vec(judgements(), NAMES), 0_usize..4);
    proptest::collection::vec(one, 1..25).prop_map(|all| {
        let cases = all.into_iter().enumerate();
        cases
            .map(|(number, (judgements, group))| Case {
                group: format!("g-{group}"),
                ..cases::case(number, judgements)
            })
            .collect()
    })
}

fn axes() -> Axes {
    cases::axes(&LABELS)
}

fn measured(cases: &[Case]) -> Evaluation {
    evaluate(cases, &axes(), &options()).unwrap()
}

fn compared(a: &[Case], b: &[Case]) -> Comparison {
    compare(a, b, &axes(), &options()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn average_precision_lies_between_its_bounds(pairs in proptest::collection::vec((any::<bool>(), scores()), 0..60)) {
        let (truth, scores): (Vec<bool>, Vec<f64>) = pairs.iter().copied().unzip();
        let positives = truth.iter().filter(|truth| **truth).count();
        match average_precision(&truth, &scores) {
            None => prop_assert_eq!(positives, 0),
            Some(found) => {
                // The worst order puts every positive last.
                let real = |count: usize| f64::from(u32::try_from(count).unwrap());
                let worst = |k: usize| real(k + 1) / real(truth.len() - positives + k + 1);
                let floor = (0..positives).map(worst).sum::<f64>() / real(positives);
                prop_assert!(found <= 1.0 + 1e-12 && found >= floor - 1e-12, "{} below {}", found, floor);
            }
        }
    }

    #[test]
    fn average_precision_sees_only_the_order_of_the_scores(pairs in proptest::collection::vec((any::<bool>(), scores()), 1..60)) {
        let (truth, scores): (Vec<bool>, Vec<f64>) = pairs.iter().copied().unzip();
        let squeezed: Vec<f64> = scores.iter().map(|score| score / 2.0).collect();
        prop_assert_eq!(average_precision(&truth, &scores), average_precision(&truth, &squeezed));
        let perfect: Vec<f64> = truth.iter().map(|truth| if *truth { 0.7 } else { 0.6 }).collect();
        let best = average_precision(&truth, &perfect);
        prop_assert!(best.is_none_or(|best| (best - 1.0).abs() < 1e-12));
    }

    #[test]
    fn intervals_hold_their_figure(cases in labelled()) {
        let evaluation = measured(&cases);
        let labels = evaluation.slices.iter().flat_map(|slice| &slice.names);
        let of_labels = labels.flat_map(|l| [l.average_precision, l.flag.precision, l.flag.recall, l.flag_or_review.f1]);
        let others = evaluation.slices.iter().map(|slice| slice.mean_average_precision);
        let load = evaluation.review_load.names.iter().map(|name| name.recall);
        for estimate in of_labels.chain(others).chain(load) {
            if let (Some(low), Some(high)) = (estimate.low, estimate.high) {
                let value = estimate.value.unwrap();
                prop_assert!(0.0 <= low && low <= value && value <= high && high <= 1.0, "{:?}", estimate);
            }
        }
    }

    #[test]
    fn the_order_of_reports_changes_no_figure(cases in labelled(), turn in 0_usize..25) {
        let mut turned = cases.clone();
        turned.rotate_left(turn % cases.len());
        let (one, other) = (measured(&cases), measured(&turned));
        for (one, other) in one.slices.iter().zip(&other.slices) {
            prop_assert_eq!(&one.language, &other.language);
            for (one, other) in one.names.iter().zip(&other.names) {
                prop_assert_eq!(one.average_precision, other.average_precision);
                prop_assert_eq!(&one.flag, &other.flag);
                let (a, b) = (one.calibration_error.unwrap_or(0.0), other.calibration_error.unwrap_or(0.0));
                prop_assert!((a - b).abs() < 1e-12);
            }
        }
        prop_assert_eq!(one.review_load.reports, other.review_load.reports);
        for (one, other) in one.review_load.names.iter().zip(&other.review_load.names) {
            prop_assert!((one.recall.value.unwrap_or(0.0) - other.recall.value.unwrap_or(0.0)).abs() < 1e-12);
        }
        prop_assert_eq!(one.neighbours, other.neighbours);
    }

    #[test]
    fn what_is_masked_counts_for_nothing_under_its_name(cases in labelled(), score in scores()) {
        let mut changed = cases.clone();
        for judgement in changed.iter_mut().flat_map(|case| &mut case.judgements).filter(|j| j.truth.is_none()) {
            *judgement = Judgement { truth: None, score: Some(score), state: cases::state(score, 0.5, 0.25) };
        }
        let (one, other) = (measured(&cases), measured(&changed));
        prop_assert_eq!(one.slices, other.slices);
        prop_assert_eq!(one.curves, other.curves);
        prop_assert_eq!(one.parity, other.parity);
    }

    #[test]
    fn a_slice_is_measured_as_if_it_stood_alone(cases in labelled()) {
        let evaluation = evaluate(&cases, &axes(), &Options { rounds: 0, ..options() }).unwrap();
        for slice in evaluation.slices.iter().filter(|slice| slice.language.is_some() && slice.script.is_some()) {
            let of = |case: &&Case| Some(&case.language) == slice.language.as_ref();
            let alone: Vec<Case> = cases.iter().filter(of).cloned().collect();
            let alone = evaluate(&alone, &axes(), &Options { rounds: 0, ..options() }).unwrap();
            prop_assert_eq!(&slice.names, &alone.slices[0].names);
        }
    }

    #[test]
    fn a_classifier_compared_with_itself_does_not_differ(cases in labelled()) {
        let comparison = compared(&cases, &cases);
        let names = comparison.names.iter().map(|name| name.average_precision);
        for paired in names.chain([comparison.mean_average_precision]) {
            prop_assert!(paired.difference.value.is_none_or(|difference| difference == 0.0));
            prop_assert!(paired.p.is_none_or(|p| p >= 1.0));
        }
        prop_assert!(comparison.names.iter().all(|name| name.flags.p >= 1.0));
        prop_assert!(comparison.disagreement.is_empty() && comparison.worst.is_empty());
    }

    #[test]
    fn a_comparison_turned_round_changes_its_sign(cases in labelled(), others in labelled()) {
        let count = cases.len().min(others.len());
        let mut other = cases[..count].to_vec();
        for (case, source) in other.iter_mut().zip(&others) {
            for (judgement, source) in case.judgements.iter_mut().zip(&source.judgements) {
                (judgement.score, judgement.state) = (source.score, source.state);
            }
        }
        let (there, back) = (compared(&cases[..count], &other), compared(&other, &cases[..count]));
        for (there, back) in there.names.iter().zip(&back.names) {
            let (x, y) = (there.average_precision.difference, back.average_precision.difference);
            prop_assert_eq!(x.value.map(|x| -x), y.value);
            prop_assert_eq!(there.average_precision.p, back.average_precision.p);
            prop_assert_eq!((there.flags.only_a_right, there.flags.p), (back.flags.only_b_right, back.flags.p));
        }
    }
}

#[test]
fn two_sets_that_are_not_about_the_same_reports_are_refused() {
    let case = |number| cases::case(number, vec![cases::judgement(Some(true), 0.5); NAMES]);
    let said = |a: &[Case], b: &[Case]| compare(a, b, &axes(), &options()).unwrap_err().to_string();
    assert!(said(&[case(1), case(2)], &[case(1), case(3)]).contains("report 2 of both sets differs (r-2)"));
    assert!(said(&[case(1)], &[case(1), case(2)]).contains("report 2 of both sets differs"));
    let mut relabelled = case(1);
    relabelled.judgements[0].truth = Some(false);
    assert!(said(&[case(1)], &[relabelled]).contains("report 1 of both sets differs (r-1)"));
}
