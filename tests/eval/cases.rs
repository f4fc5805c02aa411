//! Cases made from plain lists.

use ibaleg::evaluate::{Axes, Case, Judgement};
use ibaleg::triage::{State, Urgency};

/// The state of a score under the thresholds.
pub(crate) fn state(score: f64, flag: f64, review: f64) -> State {
    match score {
        score if score >= flag => State::Flag,
        score if score >= review => State::Review,
        _ => State::Below,
    }
}

/// A judgement at the thresholds 0.5 and 0.25.
pub(crate) fn judgement(truth: Option<bool>, score: f64) -> Judgement {
    Judgement { truth, score: Some(score), state: state(score, 0.5, 0.25) }
}

pub(crate) fn case(number: usize, judgements: Vec<Judgement>) -> Case {
    Case {
        id: format!("r-{number}"),
        group: format!("g-{number}"),
        language: ["ar", "fr", "ary-Latn"][number % 3].to_owned(),
        script: ["arabic", "latin", "latin"][number % 3].to_owned(),
        judgements,
        given: Some(Urgency::ALL[number % 4]),
        decided: Urgency::ALL[number / 4 % 4],
        rationales: Vec::new(),
        deletions: Vec::new(),
    }
}

/// Axes with these labels, the organisation `isis` and the context `reporting`.
pub(crate) fn axes(labels: &[&str]) -> Axes {
    Axes {
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        organisations: vec!["isis".to_owned()],
        contexts: vec!["reporting".to_owned()],
    }
}
