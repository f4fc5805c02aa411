//! The configuration through its public surface: defaults, errors that name the place, overrides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fs;

use ibaleg::config::{Error, Loaded, Origin, default_file, explain, load};

fn file(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, Error> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ibaleg.toml");
    fs::write(&path, text).unwrap();
    load(Some(&path), environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn refusal(text: &str, environment: &[(&str, &str)]) -> String {
    file(text, environment).unwrap_err().to_string()
}

#[test]
fn the_committed_file_is_complete_and_at_its_defaults() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/ibaleg.toml");
    let committed = fs::read_to_string(path).unwrap_or_default();
    let generated = format!("{}\n", default_file().trim_end());
    if std::env::var_os("IBALEG_BLESS").is_some() && committed != generated {
        fs::write(path, &generated).unwrap();
    } else {
        assert_eq!(committed, generated, "config/ibaleg.toml differs; IBALEG_BLESS=1 cargo test --release writes it");
    }
    let defaults = load(None, []).unwrap().settings;
    assert_eq!(file(&generated, &[]).unwrap().settings, defaults);
    assert_eq!(file("", &[]).unwrap().settings, defaults);
}

#[test]
fn every_key_is_documented() {
    let entries = explain(&load(None, []).unwrap().settings);
    assert!(entries.len() > 30, "{}", entries.len());
    for entry in entries {
        assert!(entry.documentation.len() > 10, "{}", entry.name());
        assert!(!entry.value.is_empty(), "{}", entry.name());
    }
}

#[test]
fn an_unknown_key_is_refused_with_file_line_and_nearest_name() {
    let message = refusal("# comment\n[kafka]\ngrup_id = \"a\"\n", &[]);
    assert!(message.contains("ibaleg.toml, line 3"), "{message}");
    assert!(message.contains("`kafka.grup_id`") && message.contains("`kafka.group_id`"), "{message}");
    let message = refusal("[kafkaa]\n", &[]);
    assert!(message.contains("line 1") && message.contains("`kafka`"), "{message}");
    let message = refusal("", &[("IBALEG__KAFKA__BROKER", "a:1")]);
    assert!(message.contains("IBALEG__KAFKA__BROKER") && message.contains("`kafka.brokers`"), "{message}");
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_its_place() {
    for (text, said) in [
        ("[stream]\nlanes = \"two\"", "stream.lanes"),
        ("[stream]\nlanes = 0", "at least 1"),
        ("[stream]\nlanes = -1", "stream.lanes"),
        ("[stream]\nbatch_bytes = \"12 apples\"", "KiB"),
        ("[stream]\nbatch_wait = \"0s\"", "positive"),
        ("[stream]\nin_flight = 1", "stream.batch_reports"),
        ("[stream]\nbreaker_ratio = 1.5", "from 0 to 1"),
        ("[stream]\nbreaker_ratio = nan", "from 0 to 1"),
        ("[stream]\nbreaker_window = 0", "at least 1"),
        ("[event]\nmode = \"bin\"", "event.mode"),
        ("[stats]\nfloor = 2", "at least 3"),
        ("[stats]\ntime_zone = \"Africa/Rabat\"", "stats.time_zone"),
        ("[stats]\nlateness = \"-1h\"", "negative"),
        ("[kafka]\nbrokers = \"\"", "empty"),
        ("kafka = 3", "is a section"),
        ("[serve]\nlisten = \"here\"", "serve.listen"),
        ("[serve]\ncountry = \"Maroc\"", "two capital letters"),
        ("[kafka\n", "line 1"),
    ] {
        let message = refusal(text, &[]);
        assert!(message.contains(said), "{text}: {message}");
        assert!(message.contains("ibaleg.toml, line"), "{text}: {message}");
    }
}

#[test]
fn librdkafka_settings_that_break_the_guarantee_are_refused_by_name() {
    for key in ["enable.auto.commit", "isolation.level", "acks", "group.id"] {
        let message = refusal(&format!("[kafka]\nlibrdkafka = {{ \"{key}\" = \"x\" }}"), &[]);
        assert!(message.contains(key), "{message}");
    }
    let message = refusal("", &[("IBALEG__KAFKA__LIBRDKAFKA", "{ \"enable.auto.commit\" = \"true\" }")]);
    assert!(message.contains("enable.auto.commit"), "{message}");
    assert!(file("[kafka.librdkafka]\n\"security.protocol\" = \"ssl\"", &[]).is_ok());
}

#[test]
fn the_environment_wins_over_the_file_and_is_named_as_the_origin() {
    let environment =
        [("IBALEG__KAFKA__BROKERS", "broker-1:9092,broker-2:9092"), ("IBALEG__STREAM__LANES", "3"), ("HOME", "/")];
    let loaded = file("[kafka]\nbrokers = \"a:1\"\ngroup_id = \"g\"\n", &environment).unwrap();
    assert_eq!(loaded.settings.kafka.brokers, "broker-1:9092,broker-2:9092");
    assert_eq!(loaded.settings.stream.lanes, 3);
    assert_eq!(loaded.origin("kafka.brokers"), Origin::Environment("IBALEG__KAFKA__BROKERS".into()));
    assert!(matches!(loaded.origin("kafka.group_id"), Origin::File(place) if place.ends_with("line 3")));
    assert_eq!(loaded.origin("kafka.client_id"), Origin::Default);
    let message = refusal("", &[("IBALEG__STREAM__LANES", "many")]);
    assert!(message.contains("IBALEG__STREAM__LANES"), "{message}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = load(Some("no/such/file.toml".as_ref()), []).unwrap_err().to_string();
    assert!(error.contains("no/such/file.toml") && error.contains("--config"), "{error}");
}
