use super::{Deletion, Error, Rationale};
use crate::triage::{State, Urgency};

/// Everything that a report is judged for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Axes {
    /// Labels; the mean average precision is over these.
    pub labels: Vec<String>,
    /// Organisations.
    pub organisations: Vec<String>,
    /// Context marks.
    pub contexts: Vec<String>,
}

impl Axes {
    /// Labels, organisations and contexts, in the order of [`Case::judgements`].
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().chain(&self.organisations).chain(&self.contexts).map(String::as_str)
    }

    /// Place of a name among [`Self::names`].
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }
}

/// What is true, scored and decided of one report for one name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// Whether the name applies; `None` where the source of the labels did not decide it, and then
    /// the report counts for nothing under this name.
    pub truth: Option<bool>,
    /// Calibrated probability; `None` where the model has no such output or could not judge.
    pub score: Option<f64>,
    /// What the rules made of the report.
    pub state: State,
}

/// One labelled report and what a classifier said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Report id.
    pub id: String,
    /// Reports of one group (a scenario and its variants) are drawn together by the bootstrap.
    pub group: String,
    /// Language tag, as labelled.
    pub language: String,
    /// Script of the texts.
    pub script: String,
    /// One for each name of the [`Axes`], in their order.
    pub judgements: Vec<Judgement>,
    /// The grade of urgency it should have; `None` where nobody said.
    pub given: Option<Urgency>,
    /// The grade it was given.
    pub decided: Urgency,
    /// Evidence found against evidence marked, for each label where both exist.
    pub rationales: Vec<Rationale>,
    /// What the score lost with the evidence.
    pub deletions: Vec<Deletion>,
}

impl Case {
    pub(super) fn judgement(&self, place: usize) -> Judgement {
        let unknown = Judgement { truth: None, score: None, state: State::Below };
        self.judgements.get(place).copied().unwrap_or(unknown)
    }

    /// None of the labels applies, and all of them were decided.
    pub(super) fn without_label(&self, axes: &Axes) -> bool {
        self.judgements.iter().take(axes.labels.len()).all(|judgement| judgement.truth == Some(false))
    }

    /// Without label, but with an organisation or a context: what a careless classifier takes for an offence.
    pub(super) fn hard_negative(&self, axes: &Axes) -> bool {
        let mut marks = self.judgements.iter().skip(axes.labels.len());
        self.without_label(axes) && marks.any(|mark| mark.truth == Some(true))
    }
}

/// Every case answers every name, with probabilities.
pub(super) fn check(cases: &[Case], axes: &Axes) -> Result<(), Error> {
    let names: Vec<&str> = axes.names().collect();
    if cases.is_empty() {
        return Err(Error::Empty);
    }
    for case in cases {
        if case.judgements.len() != names.len() {
            let (expected, found) = (names.len(), case.judgements.len());
            return Err(Error::Shape { id: case.id.clone(), expected, found });
        }
        for (name, judgement) in names.iter().zip(&case.judgements) {
            if let Some(value) = judgement.score.filter(|score| !(0.0..=1.0).contains(score)) {
                return Err(Error::Score { id: case.id.clone(), name: (*name).to_owned(), value });
            }
        }
    }
    Ok(())
}
