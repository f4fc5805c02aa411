//! Places of the shipped gazetteer.

use std::sync::OnceLock;

use serde::Deserialize;

use super::reader::Reader;
use super::token::Shape;
use super::words::Meaning;
use super::{EntityKind, Mention};

/// The shipped gazetteer.
pub(super) const FILE: &str = include_str!("../../../config/lexicon/places.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gazetteer {
    format: u32,
    #[expect(dead_code, reason = "read so that a file without a version is refused; the digest is what events carry")]
    version: String,
    places: Vec<Place>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    name: String,
    region: String,
    names: Vec<String>,
    #[serde(default)]
    weak: Vec<String>,
}

fn places() -> &'static [Place] {
    static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
    PLACES.get_or_init(|| {
        #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
        let gazetteer: Gazetteer = toml::from_str(FILE).expect("the shipped gazetteer is in order");
        assert_eq!(gazetteer.format, 1, "the shipped gazetteer is of the format that this version reads");
        gazetteer.places
    })
}

/// Every form of every place, with its meaning. A name with an apostrophe is also written without.
pub(super) fn forms() -> impl Iterator<Item = (&'static str, Meaning)> {
    places().iter().zip(0_u16..).flat_map(|(place, index)| {
        let name = Some(place.name.as_str()).filter(|name| !is_weak(place, name));
        let strong = name.into_iter().chain(place.names.iter().map(String::as_str));
        let strong = strong.map(move |form| (form, Meaning::Place { index, weak: false }));
        strong.chain(place.weak.iter().map(move |form| (form.as_str(), Meaning::Place { index, weak: true })))
    })
}

fn is_weak(place: &Place, name: &str) -> bool {
    let bare = |text: &str| crate::text::prepare(text, crate::text::View::Normalised).text().to_owned();
    place.weak.iter().any(|weak| bare(weak) == bare(name))
}

/// The place that starts at token `at`.
pub(super) fn place(reader: &Reader<'_>, at: usize) -> Option<Mention> {
    let token = reader.token(at).filter(|token| token.shape == Shape::Word)?;
    let ((index, weak), end) = reader.phrase(at, |meaning| match meaning {
        Meaning::Place { index, weak } => Some((index, weak)),
        _ => None,
    })?;
    if weak && !is_meant(reader, at, token.particle) {
        return None;
    }
    let place = places().get(usize::from(index))?;
    Some(Mention {
        kind: EntityKind::Place,
        tokens: at..end,
        value: place.name.clone(),
        region: Some(place.region.as_str()),
    })
}

/// Whether a form that is an ordinary word as well stands for the place here.
fn is_meant(reader: &Reader<'_>, at: usize, particle: Option<char>) -> bool {
    let near =
        |wanted: bool| reader.before(at, |meaning| matches!(meaning, Meaning::Near { strong } if strong == wanted));
    let latin = reader.text(at).is_ascii();
    match particle {
        Some('ف' | 'f') => return true,
        Some('ل' | 'ب') if !latin => return true,
        _ => {}
    }
    near(true) || (near(false) && (!latin || reader.is_marked_name(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_gazetteer_names_places_of_every_region_once() {
        let mut names: Vec<&str> = places().iter().map(|place| place.name.as_str()).collect();
        assert!(names.len() >= 250);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        for region in 1..=12 {
            let code = format!("MA-{region:02}");
            assert!(places().iter().any(|place| place.region == code), "{code}");
        }
        assert!(places().iter().all(|place| place.region.len() == 5));
    }

    #[test]
    fn no_form_belongs_to_two_places() {
        let bare =
            |text: &str| crate::text::prepare(text, crate::text::View::Normalised).text().replace(['-', '\''], " ");
        let mut seen = std::collections::HashMap::new();
        for (form, meaning) in forms() {
            let Meaning::Place { index, .. } = meaning else { panic!("a form of a place is no place") };
            let other = seen.insert(bare(form), index).unwrap_or(index);
            assert_eq!(other, index, "{form}");
        }
    }
}
