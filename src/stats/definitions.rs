use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Regions, Rollup};

/// Smallest floor but 1 (which hides nothing): with 2, a hidden cell could only be a 1.
pub const LEAST_FLOOR: u64 = 3;

/// Why a file of definitions was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not TOML of the expected form.
    #[error("{file}: {message}")]
    Syntax {
        /// Which file.
        file: &'static str,
        /// What the parser found, with line and column.
        message: String,
    },
    /// The file says something that does not fit the rest.
    #[error("{file}: {place}: {message}")]
    Meaning {
        /// Which file.
        file: &'static str,
        /// Where in the file.
        place: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The time zone is not known.
    #[error("time zone {name:?}: {message}; name one of the IANA database, such as \"Africa/Casablanca\"")]
    TimeZone {
        /// Name as given.
        name: String,
        /// What the database said.
        message: String,
    },
    /// A floor that would protect nothing.
    #[error("floor {0}: must be 1, which hides nothing, or at least {LEAST_FLOOR}")]
    Floor(u64),
}

/// A file of definitions, as every record names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edition {
    /// Version, as the file's owner numbers it.
    pub version: String,
    /// SHA-256 of the file.
    pub digest: String,
}

impl Edition {
    fn of(version: &str, text: &str) -> Self {
        Self { version: version.to_owned(), digest: hex::encode(Sha256::digest(text.as_bytes())) }
    }
}

/// What a count means, as every record states it: two records with the same definitions can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stated {
    /// Roll-up of labels into the communiqué's lines.
    pub communique: Edition,
    /// Countries by region.
    pub regions: Edition,
    /// IANA name of the time zone in which days begin.
    pub time_zone: String,
    /// Seconds after the end of a window in which it is still open.
    pub lateness_seconds: i64,
    /// Counts from 1 to below this are hidden; 1 hides none.
    pub floor: u64,
}

/// Everything that says what is counted and how it is shown.
#[derive(Debug, Clone)]
pub struct Definitions {
    /// Roll-up of labels into lines.
    pub rollup: Rollup,
    /// Countries by region.
    pub regions: Regions,
    /// Time zone in which days begin.
    pub time_zone: TimeZone,
    /// Time after the end of a window in which it is still open.
    pub lateness: SignedDuration,
    /// Counts from 1 to below this are hidden; 1 hides none.
    pub floor: u64,
    stated: Stated,
}

/// The definitions as they are typed in.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Text of the roll-up.
    pub communique: &'a str,
    /// Text of the regions.
    pub regions: &'a str,
    /// IANA name of a time zone.
    pub time_zone: &'a str,
    /// Time after the end of a window in which it is still open.
    pub lateness: SignedDuration,
    /// Counts from 1 to below this are hidden.
    pub floor: u64,
}

impl Definitions {
    /// Reads and checks the definitions.
    pub fn new(source: Source<'_>) -> Result<Self, Error> {
        let rollup = Rollup::parse(source.communique)?;
        let regions = Regions::parse(source.regions)?;
        let zone = |error: jiff::Error| Error::TimeZone { name: source.time_zone.into(), message: error.to_string() };
        let time_zone = TimeZone::get(source.time_zone).map_err(zone)?;
        if source.floor != 1 && source.floor < LEAST_FLOOR {
            return Err(Error::Floor(source.floor));
        }
        let stated = Stated {
            communique: Edition::of(rollup.version(), source.communique),
            regions: Edition::of(regions.version(), source.regions),
            time_zone: source.time_zone.to_owned(),
            lateness_seconds: source.lateness.as_secs(),
            floor: source.floor,
        };
        let Source { lateness, floor, .. } = source;
        Ok(Self { rollup, regions, time_zone, lateness, floor, stated })
    }

    /// As every record states them.
    pub fn stated(&self) -> &Stated {
        &self.stated
    }

    /// When a window that ends then closes.
    pub(super) fn closes(&self, end: Timestamp) -> Timestamp {
        end.saturating_add(self.lateness).unwrap_or(Timestamp::MAX)
    }
}

pub(super) fn parse<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| Error::Syntax { file, message: error.to_string() })
}

/// Refuses an id that stands twice, or is no identifier.
pub(super) fn unique<'a>(file: &'static str, kind: &str, ids: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(Error::Meaning {
                file,
                place: format!("{kind} {id:?}"),
                message: "it stands there twice".into(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Origin::{Abroad, Home, NotStated};
    use super::*;

    const COMMUNIQUE: &str = include_str!("../../config/communique.toml");
    const REGIONS: &str = include_str!("../../config/regions.toml");

    fn source() -> Source<'static> {
        Source {
            communique: COMMUNIQUE,
            regions: REGIONS,
            time_zone: "Africa/Casablanca",
            lateness: SignedDuration::from_hours(24),
            floor: 5,
        }
    }

    #[test]
    fn the_committed_regions_hold_every_country_once() {
        let definitions = Definitions::new(source()).unwrap();
        assert_eq!(definitions.regions.countries().count(), 249);
        let origin = |country| definitions.regions.origin(Some(country));
        assert_eq!((origin("MA"), origin("ma")), (Home, Home));
        assert_eq!((origin("FR"), origin("AE")), (Abroad(Some("europe")), Abroad(Some("middle_east"))));
        assert_eq!((origin("TN"), origin("JP")), (Abroad(Some("north_africa")), Abroad(Some("asia"))));
        assert_eq!((origin("XK"), definitions.regions.origin(None)), (Abroad(None), NotStated));
    }

    #[test]
    fn a_country_in_two_regions_and_one_in_small_letters_are_refused() {
        for (from, to) in [("\"AD\"", "\"CN\""), ("\"AD\"", "\"ad\""), ("[\"MA\"]", "[\"Maroc\"]")] {
            let message = Regions::parse(&REGIONS.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(message.starts_with("regions: country"), "{message}");
        }
    }

    #[test]
    fn zones_and_floors_that_mean_nothing_are_refused() {
        let zone = Definitions::new(Source { time_zone: "Africa/Rabat", ..source() }).unwrap_err().to_string();
        assert!(zone.contains("Africa/Rabat") && zone.contains("IANA"), "{zone}");
        for floor in [0, 2] {
            assert!(Definitions::new(Source { floor, ..source() }).is_err(), "{floor}");
        }
    }
}
