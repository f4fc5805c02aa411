//! How well one key brings spellings of a Darija word together, by groups written by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod held;

use std::collections::{BTreeSet, HashMap};

use ibaleg::text::arabizi::canonical;
use ibaleg::text::{View, prepare};
use proptest::prelude::*;

/// One group a line: spellings of one word.
fn groups() -> Vec<Vec<&'static str>> {
    include_str!("text/arabizi.txt").lines().map(|line| line.split(' ').collect()).collect()
}

fn normalised(word: &str) -> String {
    prepare(word, View::Normalised).text().to_owned()
}

/// Pairs within groups, those that meet, words of different groups, and those that collide.
fn measure(key: impl Fn(&str) -> String) -> (usize, usize, usize, usize) {
    let (mut pairs, mut met) = (0, 0);
    let mut groups_of: HashMap<String, BTreeSet<usize>> = HashMap::new();
    let groups = groups();
    for (index, group) in groups.iter().enumerate() {
        let keys: Vec<String> = group.iter().map(|word| key(word)).collect();
        for (at, one) in keys.iter().enumerate() {
            pairs += keys.len() - at - 1;
            met += keys[at + 1..].iter().filter(|other| *other == one).count();
            groups_of.entry(one.clone()).or_default().insert(index);
        }
    }
    let collide = groups_of.values().map(|groups| groups.len() * (groups.len() - 1) / 2).sum();
    (pairs, met, groups.len() * (groups.len() - 1) / 2, collide)
}

#[test]
fn spellings_of_one_word_meet_and_other_words_seldom_do() {
    let groups = groups();
    assert!(groups.len() >= 150);
    let (pairs, met, others, collide) = measure(canonical);
    let (_, as_written, _, written_collide) = measure(normalised);
    let share = |part: usize, whole: usize| {
        100.0 * f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
    };
    let table = format!(
        "| | pairs of one word that meet | pairs of words that collide |\n|---|---|---|\n\
         | normalised text | {as_written} of {pairs} ({:.1} %) | {written_collide} of {others} ({:.2} %) |\n\
         | `arabizi::canonical` | {met} of {pairs} ({:.1} %) | {collide} of {others} ({:.2} %) |\n",
        share(as_written, pairs),
        share(written_collide, others),
        share(met, pairs),
        share(collide, others),
    );
    assert!(share(met, pairs) >= 80.0, "{table}");
    assert!(share(collide, others) <= 0.5, "{table}");
    held::section("arabizi", &table, "text_arabizi");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_key_is_no_longer_than_twice_its_word(word in any::<String>()) {
        prop_assert!(canonical(&word).len() <= 2 * word.len() + 1);
    }

    #[test]
    fn doubled_letters_and_inner_vowels_do_not_matter(head in "[bdfjk]", tail in "[lnrz]", vowel in "[aeiou]") {
        let plain = canonical(&format!("{head}{tail}m"));
        prop_assert_eq!(canonical(&format!("{head}{vowel}{tail}m")), plain.clone());
        prop_assert_eq!(canonical(&format!("{head}{tail}{tail}m")), plain);
    }
}
