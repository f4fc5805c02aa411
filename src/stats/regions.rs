use serde::Deserialize;

use super::definitions::{Error, parse, unique};
use crate::triage::Names;

const FILE: &str = "regions";

/// Regions of the world, by country.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regions {
    format: u32,
    version: String,
    home: Vec<String>,
    #[serde(rename = "region")]
    list: Vec<Region>,
}

/// One region.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Stable identifier.
    pub id: String,
    /// Names shown to people.
    pub names: Names,
    /// Its countries, ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
}

/// From where a report was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The platform's own country.
    Home,
    /// Another country, with its region; `None` for a code that is in none.
    Abroad(Option<&'a str>),
    /// Not stated.
    NotStated,
}

impl Regions {
    /// Reads the regions; every country may stand in one of them only.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let regions: Self = parse(FILE, text)?;
        let wrong = |place: String, message: String| Err(Error::Meaning { file: FILE, place, message });
        if regions.format != 1 {
            return wrong("format".into(), format!("this version reads format 1, not {}", regions.format));
        }
        unique(FILE, "region", regions.list.iter().map(|region| region.id.as_str()))?;
        if let Some(region) = regions.list.iter().find(|region| region.id == super::tables::UNLISTED) {
            return wrong(format!("region {:?}", region.id), "the name is that of codes in no region".into());
        }
        unique(FILE, "country", regions.countries())?;
        for country in regions.countries().chain(regions.home.iter().map(String::as_str)) {
            if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                let message = "a country is two capital letters (ISO 3166-1 alpha-2)".into();
                return wrong(format!("country {country:?}"), message);
            }
        }
        Ok(regions)
    }

    /// Version of the file, as its owner numbers it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All regions, in the order of the file.
    pub fn regions(&self) -> &[Region] {
        &self.list
    }

    /// Every country that stands in a region.
    pub fn countries(&self) -> impl Iterator<Item = &str> {
        self.list.iter().flat_map(|region| region.countries.iter().map(String::as_str))
    }

    /// From where a report with this country was sent; case does not count.
    pub fn origin(&self, country: Option<&str>) -> Origin<'_> {
        let Some(country) = country else { return Origin::NotStated };
        let is = |other: &String| other.eq_ignore_ascii_case(country);
        if self.home.iter().any(is) {
            return Origin::Home;
        }
        let region = self.list.iter().find(|region| region.countries.iter().any(is));
        Origin::Abroad(region.map(|region| region.id.as_str()))
    }
}
