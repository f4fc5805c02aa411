use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use toml::Table;

use super::document::{self, Origin};
use super::{ENVIRONMENT_PREFIX, Error, Kafka, Settings};
use crate::stats::LEAST_FLOOR;

/// A configuration with the origin of each key that is not at its default.
#[derive(Debug)]
pub struct Loaded {
    /// The values.
    pub settings: Settings,
    origins: BTreeMap<String, Origin>,
}

impl Loaded {
    /// Where the value of `section.key` comes from.
    pub fn origin(&self, name: &str) -> Origin {
        self.origins.get(name).cloned().unwrap_or(Origin::Default)
    }
}

/// Reads `file`, if one is given, and lays the environment over it.
///
/// `environment` is passed in; variables that do not begin with [`ENVIRONMENT_PREFIX`] are ignored.
pub fn load(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> Result<Loaded, Error> {
    let mut table = Table::new();
    let mut origins = BTreeMap::new();
    if let Some(path) = file {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: name.clone(), source })?;
        table = parse(&name, &text, &mut origins)?;
    }
    for (variable, value) in environment {
        if let Some(rest) = variable.strip_prefix(ENVIRONMENT_PREFIX) {
            overlay(&mut table, &mut origins, &variable, rest, &value)?;
        }
    }
    let mut settings = Settings::deserialize_from(table, &origins)?;
    read_secrets(&mut settings.kafka, &origins)?;
    check(&settings, &origins)?;
    Ok(Loaded { settings, origins })
}

/// Parses the file and refuses unknown keys, with the line of each.
fn parse(file: &str, text: &str, origins: &mut BTreeMap<String, Origin>) -> Result<Table, Error> {
    let syntax = |error: &toml::de::Error| Error::Syntax {
        place: place(file, text, error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    };
    let document = toml::de::DeTable::parse(text).map_err(|error| syntax(&error))?;
    for (section, value) in document.get_ref() {
        let at = place(file, text, section.span().start);
        known(&at, "", section.get_ref(), &document::section_names())?;
        let Some(table) = value.get_ref().as_table() else {
            let message =
                format!("is a section; write [{}] on a line of its own and its keys below", section.get_ref());
            return Err(Error::Value { place: at, key: section.get_ref().to_string(), message });
        };
        for (key, _) in table {
            let at = place(file, text, key.span().start);
            known(&at, section.get_ref(), key.get_ref(), &document::key_names(section.get_ref()))?;
            origins.insert(format!("{}.{}", section.get_ref(), key.get_ref()), Origin::File(at));
        }
    }
    toml::from_str(text).map_err(|error| syntax(&error))
}

/// Sets one key from the environment: `KAFKA__BROKERS` is `kafka.brokers`.
fn overlay(
    table: &mut Table,
    origins: &mut BTreeMap<String, Origin>,
    variable: &str,
    rest: &str,
    value: &str,
) -> Result<(), Error> {
    let name = rest.to_lowercase();
    let (section, key) = name.split_once("__").unwrap_or((&name, ""));
    known(variable, "", section, &document::section_names())?;
    known(variable, section, key, &document::key_names(section))?;
    // `12`, `true`, `["a"]` and `{…}` are TOML values; anything else is a string.
    let parsed = format!("value = {value}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    let value = parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let section_table = table.entry(section).or_insert_with(|| toml::Value::Table(Table::new()));
    if let Some(section_table) = section_table.as_table_mut() {
        section_table.insert(key.to_owned(), value);
    }
    origins.insert(format!("{section}.{key}"), Origin::Environment(variable.to_owned()));
    Ok(())
}

fn known(place: &str, section: &str, key: &str, names: &[String]) -> Result<(), Error> {
    if names.iter().any(|name| name == key) {
        return Ok(());
    }
    let full = |name: &str| if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
    let near = names.iter().map(|name| (strsim::damerau_levenshtein(name, key), name));
    let near =
        near.min_by_key(|(distance, _)| *distance).filter(|(distance, name)| *distance <= name.len().div_ceil(2));
    Err(Error::UnknownKey { place: place.to_owned(), key: full(key), nearest: near.map(|(_, name)| full(name)) })
}

fn place(file: &str, text: &str, offset: usize) -> String {
    let line = text.get(..offset).unwrap_or_default().matches('\n').count() + 1;
    format!("{file}, line {line}")
}

impl Settings {
    /// Section by section and key by key, so that an error names the key and where it was set.
    fn deserialize_from(table: Table, origins: &BTreeMap<String, Origin>) -> Result<Self, Error> {
        for (section, value) in &table {
            for (key, value) in value.as_table().into_iter().flatten() {
                let alone =
                    Table::from_iter([(section.clone(), Table::from_iter([(key.clone(), value.clone())]).into())]);
                if let Err(error) = Self::try_from_table(alone) {
                    let name = format!("{section}.{key}");
                    let place = origins.get(&name).map(ToString::to_string).unwrap_or_default();
                    return Err(Error::Value { place, key: name, message: error.message().to_owned() });
                }
            }
        }
        Self::try_from_table(table)
            .map_err(|error| Error::Syntax { place: "configuration".into(), message: error.message().to_owned() })
    }

    fn try_from_table(table: Table) -> Result<Self, toml::de::Error> {
        toml::Value::Table(table).try_into()
    }
}

/// Bytes of a file of `kafka.librdkafka_files`, at most: room for a chain of certificates.
const SECRET_BYTES: u64 = 256 << 10;

/// Takes over the settings whose values stand in files.
fn read_secrets(kafka: &mut Kafka, origins: &BTreeMap<String, Origin>) -> Result<(), Error> {
    const KEY: &str = "kafka.librdkafka_files";
    for (setting, path) in &kafka.librdkafka_files {
        let wrong = |message: &str| Error::Value {
            place: origins.get(KEY).map(ToString::to_string).unwrap_or_default(),
            key: KEY.to_owned(),
            message: format!("`{setting}` from {}: {message}", path.display()),
        };
        let mut text = String::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(SECRET_BYTES + 1).read_to_string(&mut text));
        let read = read.map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        if read as u64 > SECRET_BYTES {
            return Err(wrong("is larger than 256 KiB"));
        }
        let value = text.strip_suffix('\n').unwrap_or(&text);
        let value = value.strip_suffix('\r').unwrap_or(value);
        if value.is_empty() {
            return Err(wrong("is empty"));
        }
        if kafka.librdkafka.insert(setting.clone(), value.to_owned()).is_some() {
            return Err(wrong("is in kafka.librdkafka too; leave one out"));
        }
    }
    Ok(())
}

/// Ranges that the types do not express.
fn check(settings: &Settings, origins: &BTreeMap<String, Origin>) -> Result<(), Error> {
    let wrong = |key: &str, message: &str| {
        let place = origins.get(key).map_or_else(|| "configuration".to_owned(), ToString::to_string);
        Err(Error::Value { place, key: key.to_owned(), message: message.to_owned() })
    };
    let stream = &settings.stream;
    for (key, value) in [
        ("stream.lanes", stream.lanes),
        ("stream.batch_reports", stream.batch_reports),
        ("stream.in_flight", stream.in_flight),
        ("stream.transaction_reports", stream.transaction_reports),
        ("stream.batch_bytes", stream.batch_bytes.0),
        ("stream.breaker_window", stream.breaker_window),
        ("model.max_windows", settings.model.max_windows),
        ("model.max_file_bytes", settings.model.max_file_bytes.0),
        ("report.max_bytes", settings.report.max_bytes.0),
        ("report.max_depth", settings.report.max_depth),
        ("report.max_text_chars", settings.report.max_text_chars),
    ] {
        if value == 0 {
            return wrong(key, "must be at least 1");
        }
    }
    if !(0.0..=1.0).contains(&stream.breaker_ratio) {
        return wrong("stream.breaker_ratio", "must be a share from 0 to 1, such as 0.5");
    }
    if stream.in_flight < stream.batch_reports {
        return wrong("stream.in_flight", "must be at least stream.batch_reports, else no batch ever fills");
    }
    for (key, value) in [
        ("stream.batch_wait", stream.batch_wait),
        ("stream.transaction_interval", stream.transaction_interval),
        ("stream.commit_interval", stream.commit_interval),
        ("stream.drain_timeout", stream.drain_timeout),
        ("stream.shutdown_timeout", stream.shutdown_timeout),
        ("topics.retention", settings.topics.retention),
    ] {
        if !value.is_positive() {
            return wrong(key, "must be a positive time, such as \"200ms\"");
        }
    }
    if settings.topics.partitions < 1 || settings.topics.replication < 1 {
        return wrong("topics.partitions", "partitions and replication must be at least 1");
    }
    for (key, value) in [("kafka.brokers", &settings.kafka.brokers), ("kafka.group_id", &settings.kafka.group_id)] {
        if value.trim().is_empty() {
            return wrong(key, "must not be empty");
        }
    }
    if let Some((key, message)) = wrong_stats(&settings.stats) {
        return wrong(key, &message);
    }
    let country = &settings.serve.country;
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return wrong("serve.country", "must be two capital letters (ISO 3166-1 alpha-2), such as \"MA\"");
    }
    for key in settings.kafka.librdkafka.keys() {
        if let Some(reason) = crate::stream::forbidden(key) {
            return wrong("kafka.librdkafka", &format!("`{key}` cannot be set here: {reason}"));
        }
    }
    Ok(())
}

fn wrong_stats(stats: &super::Stats) -> Option<(&'static str, String)> {
    if stats.floor != 1 && stats.floor < LEAST_FLOOR {
        return Some(("stats.floor", format!("must be 1, which hides nothing, or at least {LEAST_FLOOR}")));
    }
    if stats.lateness.is_negative() {
        return Some(("stats.lateness", "must not be negative; write a time such as \"24h\"".to_owned()));
    }
    let zone = jiff::tz::TimeZone::get(&stats.time_zone);
    let error = zone.err()?;
    Some(("stats.time_zone", format!("{error}; name one of the IANA database, such as \"Africa/Casablanca\"")))
}
