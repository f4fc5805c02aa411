use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::stream::secret::{HIDDEN, may_be_shown};

/// Settings of the Kafka client by their names there. Passwords and keys among them are used and
/// never shown: `Debug`, `Serialize` and the errors of `Deserialize` leave their values out.
#[derive(Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(inline)]
pub struct ClientSettings(BTreeMap<String, String>);

impl Deref for ClientSettings {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for ClientSettings {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl std::fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(key, value)| (key, shown(key, value)))).finish()
    }
}

impl Serialize for ClientSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, shown(key, value))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ClientSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own errors quote the value they complain of.
        let toml::Value::Table(table) = toml::Value::deserialize(deserializer)? else {
            return Err(D::Error::custom("must be a table of settings, such as { \"security.protocol\" = \"ssl\" }"));
        };
        let entry = |(key, value)| match value {
            toml::Value::String(value) => Ok((key, value)),
            _ => Err(D::Error::custom(format!("the value of `{key}` must be a string, in quotes"))),
        };
        table.into_iter().map(entry).collect::<Result<_, _>>().map(Self)
    }
}

fn shown<'a>(key: &str, value: &'a str) -> &'a str {
    if may_be_shown(key) { value } else { HIDDEN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_used_and_not_shown() {
        let text = "\"sasl.password\" = \"hunter2\"\n\"security.protocol\" = \"sasl_ssl\"\n";
        let settings: ClientSettings = toml::from_str(text).unwrap();
        assert_eq!(settings["sasl.password"], "hunter2");
        for shown in [format!("{settings:?}"), toml::to_string(&settings).unwrap()] {
            assert!(shown.contains("sasl_ssl") && shown.contains(HIDDEN) && !shown.contains("hunter2"), "{shown}");
        }
    }
}
