//! The rules that come with this version, as they stand in `config/`.

/// `config/taxonomy.toml`.
pub const TAXONOMY: &str = include_str!("../../config/taxonomy.toml");

/// `config/policy.toml`.
pub const POLICY: &str = include_str!("../../config/policy.toml");

macro_rules! lexicon {
    ($($name:literal),+ $(,)?) => { [$(($name, include_str!(concat!("../../config/lexicon/", $name)))),+] };
}

/// Name and text of each file in `config/lexicon`.
pub const LEXICON: [(&str, &str); 15] = lexicon![
    "organisations.toml",
    "contact.toml",
    "deadline.toml",
    "killing.toml",
    "means.toml",
    "minor.toml",
    "organ.toml",
    "place.toml",
    "preparation.toml",
    "recent.toml",
    "soon.toml",
    "suicide_sign.toml",
    "target.toml",
    "transfer.toml",
    "weapon.toml",
];
