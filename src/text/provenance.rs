//! What identifies this room in an event: a version and a digest of every table.

use sha2::{Digest, Sha256};

use super::{character, clean, disguise, entities, fold, tables};

/// Version of the preparation; it rises with every change of its output.
pub const VERSION: &str = "1";

/// SHA-256, in lower-case hexadecimal, of [`VERSION`], every table and limit of this room and the
/// Unicode versions of the crates it leans on. Equal digests mean equal preparation.
pub fn digest() -> String {
    digest_of(&parts())
}

fn parts() -> Vec<(&'static str, String)> {
    let mut parts = vec![
        ("version", VERSION.to_owned()),
        ("unicode", format!("{:?} {:?}", char::UNICODE_VERSION, unicode_normalization::UNICODE_VERSION)),
        ("invisible", format!("{:?}", tables::INVISIBLE)),
        ("diacritics", format!("{:?}", tables::DIACRITICS)),
        ("substitutes", format!("{:?}", tables::SUBSTITUTES)),
        ("twins_to_latin", format!("{:?}", tables::TWINS_TO_LATIN)),
        ("twins_to_cyrillic", format!("{:?}", tables::TWINS_TO_CYRILLIC)),
        ("spacers", format!("{:?}", tables::SPACERS)),
        (
            "limits",
            format!(
                "{} {} {} {} {}",
                character::MAX_EXPANSION,
                clean::MAX_MARKS,
                disguise::MIN_SPACED,
                disguise::MIN_SPACED_LETTERS,
                fold::MAX_REPEAT
            ),
        ),
    ];
    parts.extend(entities::tables());
    parts
}

/// Each part is preceded by its lengths, so that no two lists of parts read alike.
fn digest_of(parts: &[(&str, String)]) -> String {
    let mut hasher = Sha256::new();
    for (name, value) in parts {
        hasher.update(format!("{}:{name}{}:{value}", name.len(), value.len()));
    }
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_table_changes_the_digest() {
        let whole = digest();
        for index in 0..parts().len() {
            let mut changed = parts();
            changed[index].1.push('x');
            assert_ne!(digest_of(&changed), whole, "{}", changed[index].0);
        }
        assert_eq!(whole.len(), 64);
    }
}
