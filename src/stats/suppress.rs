//! Which cells of a table are hidden, so that no count below the floor can be told or derived.
//!
//! A table is a list of counts whose sum is known. Hiding only the small ones would be in vain: a
//! single hidden cell is the sum less the others. So further cells are hidden until those hidden hold
//! at least two different counts and add up to at least the floor; if nothing is left to show, the
//! table is withheld. The choice follows from the counts alone, never from their places: exchanging
//! the counts of two hidden cells gives the same published table, so that a reader who knows the sum,
//! the floor and this very rule still has at least two counts for each hidden cell
//! (`tests/stats/attacker.rs` enumerates what such a reader can believe). Complementary suppression:
//! Cox, "Suppression methodology and statistical disclosure control", JASA 75 (1980).

/// What of a table is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Everything.
    All,
    /// The cells marked `true` are hidden.
    Without(Vec<bool>),
    /// Nothing but the sum.
    Nothing,
}

/// Decides what is shown of counts whose sum is known. A count from 1 to below `floor` is small; a
/// floor of 1 hides nothing. The sum must be 0 or at least the floor, else it is itself a small count.
pub fn shown(counts: &[u64], floor: u64) -> Shown {
    let mut hidden: Vec<bool> = counts.iter().map(|&count| (1..floor).contains(&count)).collect();
    if !hidden.contains(&true) {
        return Shown::All;
    }
    loop {
        let cells = counts.iter().zip(&hidden);
        let open = cells.clone().filter(|&(&count, &hidden)| count > 0 && !hidden).map(|(&count, _)| count);
        let Some(smallest) = open.min() else { return Shown::Nothing };
        let covered = cells.filter(|&(_, &hidden)| hidden).map(|(&count, _)| count);
        let sum: u64 = covered.clone().sum();
        if sum >= floor && covered.clone().min() != covered.max() {
            return Shown::Without(hidden);
        }
        for (count, hidden) in counts.iter().zip(&mut hidden) {
            *hidden |= *count == smallest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(counts: &[u64]) -> Shown {
        shown(counts, 5)
    }

    #[test]
    fn a_small_count_takes_the_next_larger_one_with_it() {
        assert_eq!(hidden(&[2, 9, 30, 0]), Shown::Without(vec![true, true, false, false]));
        assert_eq!(hidden(&[5, 0, 12]), Shown::All);
        assert_eq!(shown(&[1, 2, 3], 1), Shown::All);
    }

    #[test]
    fn equal_counts_and_sums_below_the_floor_need_another() {
        assert_eq!(hidden(&[3, 3, 9, 9, 30]), Shown::Without(vec![true, true, true, true, false]));
        assert_eq!(hidden(&[1, 2, 9, 30]), Shown::Without(vec![true, true, true, false]));
        assert_eq!(hidden(&[1, 4, 9, 30]), Shown::Without(vec![true, true, false, false]));
    }

    #[test]
    fn a_table_of_which_nothing_could_be_shown_is_withheld() {
        assert_eq!(hidden(&[3, 97]), Shown::Nothing);
        assert_eq!(hidden(&[1, 1, 1, 1, 1]), Shown::Nothing);
        assert_eq!(hidden(&[4, 0, 2, 0]), Shown::Nothing);
    }
}
