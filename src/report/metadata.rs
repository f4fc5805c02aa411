//! Forms of single values that describe a report.

/// A number written as `2.0` or `2e0` is whole too (JSON Schema 2020-12, section 4.2.3).
pub(super) fn whole(value: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range")]
    (value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value)).then_some(value as u32)
}

pub(super) fn country(value: &str) -> Option<String> {
    let letters = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters.then(|| value.to_ascii_uppercase())
}

/// A well-formed language tag (RFC 5646, section 2.1) in the case of its section 2.1.1: `fr`,
/// `ary-Latn`, `es-MX`. The underscores of POSIX locales count as hyphens.
pub(super) fn language_tag(value: &str) -> Option<String> {
    let mut tag = String::with_capacity(value.len());
    for (index, subtag) in value.split(['-', '_']).enumerate() {
        let letters = subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
        let well_formed = match index {
            0 => letters && matches!(subtag.len(), 2..=3),
            _ => subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()) && matches!(subtag.len(), 1..=8),
        };
        if !well_formed {
            return None;
        }
        let mut subtag = subtag.to_ascii_lowercase();
        if index == 0 {
            tag.push_str(&subtag);
            continue;
        }
        match subtag.len() {
            2 => subtag.make_ascii_uppercase(),
            4 => subtag.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase),
            _ => {}
        }
        tag.push('-');
        tag.push_str(&subtag);
    }
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_two_letters() {
        assert_eq!(country("ma").as_deref(), Some("MA"));
        for value in ["MAR", "M", "1A", "é", "المغرب"] {
            assert_eq!(country(value), None);
        }
    }

    #[test]
    fn language_tags_take_their_conventional_case() {
        for (value, tag) in [("FR", "fr"), ("ary-latn", "ary-Latn"), ("es_mx", "es-MX"), ("zh-HANT-tw", "zh-Hant-TW")] {
            assert_eq!(language_tag(value).as_deref(), Some(tag));
        }
        for value in ["French", "f", "", "fr-", "-fr", "fr FR", "عربية", "fr-abcdefghi"] {
            assert_eq!(language_tag(value), None, "{value}");
        }
    }

    #[test]
    fn whole_numbers_are_told_from_others() {
        assert_eq!(whole(2.0), Some(2));
        assert_eq!(whole(4_294_967_295.0), Some(u32::MAX));
        for value in [2.5, -1.0, 4_294_967_296.0, f64::NAN, f64::INFINITY] {
            assert_eq!(whole(value), None);
        }
    }
}
