//! The names of languages and scripts, as events and configuration spell them.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a name could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the name of a [`Language`].
    #[error("unknown language name: expected ar, ary, ary-Latn, zgh, fr, en, es, other or unknown")]
    Language,
    /// Not the name of a [`Script`].
    #[error("unknown script name: expected latin, arabic, tifinagh, mixed, other or none")]
    Script,
}

/// A language of the platform (BCP 47 tags), or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    /// Arabic: Modern Standard and dialects that are not Maghrebi.
    #[serde(rename = "ar")]
    Ar,
    /// Moroccan Arabic (Darija) in Arabic letters.
    #[serde(rename = "ary")]
    Ary,
    /// Moroccan Arabic in Latin letters and digits (Arabizi).
    #[serde(rename = "ary-Latn")]
    AryLatn,
    /// Tamazight in Tifinagh, Latin or Arabic letters.
    #[serde(rename = "zgh")]
    Zgh,
    /// French.
    #[serde(rename = "fr")]
    Fr,
    /// English.
    #[serde(rename = "en")]
    En,
    /// Spanish.
    #[serde(rename = "es")]
    Es,
    /// A language that is none of the above.
    #[serde(rename = "other")]
    Other,
    /// Too little text, or no language is likely enough.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Language {
    /// Every language, in the order of the declaration.
    pub const ALL: [Self; 9] =
        [Self::Ar, Self::Ary, Self::AryLatn, Self::Zgh, Self::Fr, Self::En, Self::Es, Self::Other, Self::Unknown];

    /// The name in events and configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ar => "ar",
            Self::Ary => "ary",
            Self::AryLatn => "ary-Latn",
            Self::Zgh => "zgh",
            Self::Fr => "fr",
            Self::En => "en",
            Self::Es => "es",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let named = Self::ALL.into_iter().find(|known| known.as_str() == name);
        named.ok_or(Error::Language)
    }
}

/// The script of a text's letters (Unicode property `Script`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Script {
    /// Latin.
    Latin,
    /// Arabic.
    Arabic,
    /// Tifinagh.
    Tifinagh,
    /// No script has four fifths of the letters.
    Mixed,
    /// A script that is none of the above.
    Other,
    /// No letters.
    None,
}

impl Script {
    /// Every script, in the order of the declaration.
    pub const ALL: [Self; 6] = [Self::Latin, Self::Arabic, Self::Tifinagh, Self::Mixed, Self::Other, Self::None];

    /// The name in events and configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Latin => "latin",
            Self::Arabic => "arabic",
            Self::Tifinagh => "tifinagh",
            Self::Mixed => "mixed",
            Self::Other => "other",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Script {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let named = Self::ALL.into_iter().find(|known| known.as_str() == name);
        named.ok_or(Error::Script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_display_and_from_str_agree() {
        for language in Language::ALL {
            let json = serde_json::to_string(&language).unwrap();
            assert_eq!(json, format!("\"{language}\""));
            assert_eq!(language.to_string().parse(), Ok(language));
        }
        for script in Script::ALL {
            let json = serde_json::to_string(&script).unwrap();
            assert_eq!(json, format!("\"{script}\""));
            assert_eq!(script.to_string().parse(), Ok(script));
        }
    }

    #[test]
    fn other_names_are_refused() {
        assert_eq!("mul".parse::<Language>(), Err(Error::Language));
        assert_eq!("ARY".parse::<Language>(), Err(Error::Language));
        assert_eq!("cyrillic".parse::<Script>(), Err(Error::Script));
    }
}
