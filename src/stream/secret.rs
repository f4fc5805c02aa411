//! Which librdkafka settings are secrets: their values appear in no output, log or error.

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "(hidden)";

/// Parts of the names of secrets: passwords, private keys and tokens.
const SECRETS: [&str; 7] =
    ["password", "passphrase", "secret", "key.pem", "oauthbearer.config", "ssl_key", "credential"];

/// Whether the value of this setting may be shown. One that librdkafka does not know may be a secret
/// whose name is misspelt.
pub fn may_be_shown(key: &str) -> bool {
    !is_secret(key) && is_known(key)
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRETS.iter().any(|part| key.contains(part))
}

fn is_known(key: &str) -> bool {
    let mut config = ClientConfig::new();
    config.set_log_level(RDKafkaLogLevel::Emerg).set(key, "");
    // Whatever else librdkafka may say against an empty value, it says it of a setting it knows.
    !matches!(
        config.create_native_config(),
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..) | KafkaError::Nul(_))
    )
}

/// What librdkafka says against a setting, without the value unless it may be shown.
pub(super) fn said(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, words, key, value) if may_be_shown(key) || !words.contains(value.as_str()) => {
            format!("{words} (`{key}`)")
        }
        KafkaError::ClientConfig(_, _, key, _) => format!("its value of `{key}` is refused"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_what_may_be_one_are_not_shown() {
        for secret in [
            "sasl.password",
            "SASL.Password",
            "ssl.key.password",
            "ssl.key.pem",
            "ssl.keystore.password",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.config",
            "sasl.oauthbearer.assertion.private.key.passphrase",
            "sasl.oauthbearer.assertion.private.key.pem",
            "sasl.pasword",
            "no\0name",
        ] {
            assert!(!may_be_shown(secret), "{secret}");
        }
        for known in ["security.protocol", "sasl.mechanism", "ssl.ca.location", "session.timeout.ms", "acks", "debug"] {
            assert!(may_be_shown(known), "{known}");
        }
    }

    #[test]
    fn errors_name_the_setting_and_not_its_value() {
        let said = |key: &str, value: &str| {
            let mut config = ClientConfig::new();
            config.set(key, value);
            said(&config.create_native_config().err().unwrap())
        };
        let unknown = said("sasl.pasword", "hunter2");
        assert!(unknown.contains("sasl.pasword") && !unknown.contains("hunter2"), "{unknown}");
        let invalid = said("security.protocol", "carrier_pigeon");
        assert!(invalid.contains("security.protocol") && invalid.contains("carrier_pigeon"), "{invalid}");
    }
}
