use schemars::JsonSchema;
use serde::Serialize;

use super::Case;
use crate::triage::Urgency;

/// Grades that reports should have against those they were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UrgencyFigures {
    /// One row for each grade, most urgent first.
    pub rows: Vec<UrgencyRow>,
    /// Reports graded as they should be.
    pub same: usize,
    /// Reports graded more urgent than they should be.
    pub higher: usize,
    /// Reports graded less urgent than they should be.
    pub lower: usize,
    /// Ids of those graded less urgent, the widest distance first, then the most urgent.
    pub lower_ids: Vec<String>,
}

/// Reports that should have one grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UrgencyRow {
    /// The grade they should have.
    pub given: Urgency,
    /// Reports decided U0, U1, U2 and U3.
    pub decided: [usize; 4],
}

pub(super) fn urgency(cases: &[Case], listed: usize) -> UrgencyFigures {
    let graded: Vec<(Urgency, &Case)> = cases.iter().filter_map(|case| Some((case.given?, case))).collect();
    let row = |given: Urgency| UrgencyRow {
        given,
        decided: Urgency::ALL
            .map(|decided| graded.iter().filter(|(g, case)| *g == given && case.decided == decided).count()),
    };
    let mut lower: Vec<&(Urgency, &Case)> = graded.iter().filter(|(given, case)| case.decided < *given).collect();
    let rank = |grade: Urgency| Urgency::ALL.iter().position(|other| *other == grade).unwrap_or(0);
    lower.sort_by_key(|(given, case)| (std::cmp::Reverse(rank(case.decided) - rank(*given)), rank(*given)));
    UrgencyFigures {
        rows: Urgency::ALL.map(row).to_vec(),
        same: graded.iter().filter(|(given, case)| case.decided == *given).count(),
        higher: graded.iter().filter(|(given, case)| case.decided > *given).count(),
        lower: lower.len(),
        lower_ids: lower.into_iter().take(listed).map(|(_, case)| case.id.clone()).collect(),
    }
}
