//! Passwords and keys of the configuration are used and never shown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;

use std::path::Path;

use program::ibaleg;

const SECRET: &str = "73501984hunter2";

/// What the program says, on both channels, and its exit code.
fn said(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = ibaleg(arguments, b"", environment);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn file(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn explain_hides_secrets_wherever_they_come_from() {
    let directory = tempfile::tempdir().unwrap();
    let password = file(directory.path(), "password", &format!("{SECRET}\n"));
    let keys = ["ssl.key.password", "ssl.key.pem", "ssl.keystore.password", "sasl.oauthbearer.client.secret"];
    let lines = keys.map(|key| format!("\"{key}\" = \"{SECRET}\"")).join("\n");
    let text = format!(
        "[kafka]\nlibrdkafka_files = {{ \"sasl.password\" = \"{password}\" }}\n[kafka.librdkafka]\n\"sasl.pasword\" = \"{SECRET}\"\n\"security.protocol\" = \"sasl_ssl\"\n{lines}\n"
    );
    let path = file(directory.path(), "ibaleg.toml", &text);
    let (code, text) = said(&["--config", &path, "config", "explain"], &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    for key in keys.iter().chain(&["sasl.password", "sasl.pasword"]) {
        assert!(text.contains(&format!("\"{key}\" = \"(hidden)\"")), "{key}: {text}");
    }
    assert!(text.contains("\"security.protocol\" = \"sasl_ssl\"") && text.contains(&password), "{text}");
    let inline = format!("{{ \"sasl.password\" = \"{SECRET}\" }}");
    let (code, text) = said(&["config", "explain"], &[("IBALEG__KAFKA__LIBRDKAFKA", &inline)]);
    assert!(code == Some(0) && text.contains("(hidden)") && !text.contains(SECRET), "{text}");
}

#[test]
fn no_error_quotes_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    // Each is wrong in its own way; the first is a number, for want of quotes.
    for wrong in [
        format!("{{ \"sasl.password\" = {} }}", &SECRET[..8]),
        format!("{{ \"sasl.password\" = \"{SECRET}\""),
        format!("{{ sasl.password = \"{SECRET}\" }}"),
        format!("{{ \"sasl.password\" = {SECRET} }}"),
        format!("sasl.password={SECRET}"),
        format!("[\"{SECRET}\"]"),
    ] {
        let path = file(directory.path(), "ibaleg.toml", &format!("[kafka]\nlibrdkafka = {wrong}\n"));
        for (arguments, environment) in [
            (vec!["--config", path.as_str(), "config", "explain"], vec![]),
            (vec!["config", "explain"], vec![("IBALEG__KAFKA__LIBRDKAFKA", wrong.as_str())]),
        ] {
            let (code, text) = said(&arguments, &environment);
            assert_eq!(code, Some(78), "{wrong}: {text}");
            assert!(!text.contains(&SECRET[..8]), "{wrong}: {text}");
        }
    }
}

#[test]
fn neither_clients_nor_logs_quote_a_secret() {
    // The second is refused by a client without TLS, and the last is no setting.
    for setting in ["sasl.password", "ssl.key.pem", "ssl.keystore.password", "sasl.pasword"] {
        let value = format!(
            "{{ \"security.protocol\" = \"sasl_plaintext\", \"sasl.mechanism\" = \"PLAIN\", \"sasl.username\" = \"u\", \"{setting}\" = \"{SECRET}\" }}"
        );
        let environment = [
            ("IBALEG__KAFKA__BROKERS", "127.0.0.1:1"),
            ("IBALEG__KAFKA__LIBRDKAFKA", value.as_str()),
            ("IBALEG__LOG__FILTER", "trace"),
        ];
        let (code, text) = said(&["topics", "list"], &environment);
        assert_eq!(code, Some(70), "{text}");
        assert!(!text.contains(SECRET), "{setting}: {text}");
    }
}

#[test]
fn files_of_secrets_that_do_not_serve_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let password = file(directory.path(), "password", SECRET);
    let empty = file(directory.path(), "empty", "\n");
    let large = file(directory.path(), "large", &SECRET.repeat(40_000));
    for (name, path, also, words) in [
        ("sasl.password", "no/such/file", "", "cannot be read"),
        ("sasl.password", &empty, "", "is empty"),
        ("sasl.password", &large, "", "larger than 256 KiB"),
        ("sasl.password", &password, "\"sasl.password\" = \"other\"", "leave one out"),
        ("group.id", &password, "", "kafka.group_id"),
    ] {
        let text = format!("[kafka]\nlibrdkafka = {{ {also} }}\nlibrdkafka_files = {{ \"{name}\" = \"{path}\" }}\n");
        let config = file(directory.path(), "ibaleg.toml", &text);
        let (code, said) = said(&["--config", &config, "config", "explain"], &[]);
        assert_eq!(code, Some(78), "{said}");
        assert!(said.contains(words) && said.contains(name) && !said.contains(SECRET), "{words}: {said}");
    }
}
