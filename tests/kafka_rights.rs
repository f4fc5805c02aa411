//! The service under exactly the rights that `ibaleg topics acl` prints, on Apache Kafka with SASL/PLAIN
//! and its authorizer. See `tests/broker/with-kafka.sh --secured`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[allow(dead_code, clippy::print_stderr, reason = "it serves several test programs, and shows the log of a failure")]
mod platform;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use platform::{Platform, report};
use serde_json::{Value, json};

fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; use tests/broker/with-kafka.sh --secured"))
}

/// A platform whose brokers are reached as one of the users they know.
struct Secured {
    platform: Platform,
    directory: tempfile::TempDir,
    brokers: String,
}

impl Secured {
    fn new(test: &str) -> Self {
        let secured = Self {
            platform: Platform::with_topics(test),
            directory: tempfile::tempdir().unwrap(),
            brokers: required("IBALEG_TEST_SASL_BROKERS"),
        };
        let login = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"admin\" password=\"admin-password\";";
        let admin = format!("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config={login}\n");
        secured.write("admin.properties", &admin);
        let libs = required("IBALEG_TEST_KAFKA_LIBS");
        let tool = format!("#!/bin/sh\nexec java -Xmx64m -cp '{libs}/*' org.apache.kafka.tools.AclCommand \"$@\"\n");
        let tool = secured.write("kafka-acls.sh", &tool);
        std::fs::set_permissions(tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        secured
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Environment of a user: the address of the listener with rights, the password in a file.
    fn user(&self, user: &str) -> Vec<(&'static str, String)> {
        let file = self.write(user, &format!("{user}-password\n"));
        let settings = format!(
            "{{ \"session.timeout.ms\" = \"6000\", \"security.protocol\" = \"sasl_plaintext\", \"sasl.mechanism\" = \"PLAIN\", \"sasl.username\" = \"{user}\" }}"
        );
        vec![
            ("IBALEG__KAFKA__BROKERS", self.brokers.clone()),
            ("IBALEG__KAFKA__LIBRDKAFKA", settings),
            ("IBALEG__KAFKA__LIBRDKAFKA_FILES", format!("{{ \"sasl.password\" = \"{}\" }}", file.display())),
        ]
    }

    fn ibaleg(&self, user: &str, arguments: &[&str]) -> Output {
        let mut command = self.platform.ibaleg(arguments);
        command.envs(self.user(user)).stdin(Stdio::null()).output().unwrap()
    }

    fn start(&self, user: &str, name: &str) -> platform::Service {
        let environment = self.user(user);
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.platform.start_with(name, &environment)
    }

    fn printed(&self, user: &str, purpose: &str, output: &[&str]) -> String {
        let principal = format!("User:{user}");
        let admin = self.directory.path().join("admin.properties");
        let common =
            ["topics", "acl", "--principal", &principal, "--for", purpose, "--command-config", admin.to_str().unwrap()];
        let arguments: Vec<_> = common.iter().chain(output).copied().collect();
        let output = self.ibaleg(user, &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Carries out what was printed, as it was printed.
    fn grant(&self, user: &str, purpose: &str) {
        let commands = self.printed(user, purpose, &[]);
        let script = self.write("commands.sh", &commands);
        let path = format!("{}:{}", self.directory.path().display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh").arg("-eu").arg(script).env("PATH", path).output().unwrap();
        assert!(output.status.success(), "{commands}\n{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What the brokers let this user do, in Kafka's own words.
    fn acls(&self, user: &str) -> Vec<Value> {
        let output = self.platform.client(&["acls", &format!("User:{user}")]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Takes one right away (`--remove`), or gives it back (`--add`).
    fn change(&self, user: &str, change: &str, right: &[&str]) {
        let admin = self.directory.path().join("admin.properties");
        let mut command = Command::new(self.directory.path().join("kafka-acls.sh"));
        command.args(["--bootstrap-server", &self.brokers, "--command-config"]).arg(admin).arg(change);
        if change == "--remove" {
            command.arg("--force");
        }
        let output = command.args(["--allow-principal", &format!("User:{user}")]).args(right).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Bindings in one order, without what only our own list says.
fn sorted(bindings: &[Value]) -> Vec<String> {
    let line = |binding: &Value| {
        let fields = binding.as_object().unwrap().iter().filter(|(name, _)| *name != "for");
        serde_json::to_string(&fields.collect::<std::collections::BTreeMap<_, _>>()).unwrap()
    };
    let mut lines: Vec<_> = bindings.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn the_service_runs_under_the_printed_rights_and_names_the_one_that_is_missing() {
    let secured = Secured::new("rights");
    let platform = &secured.platform;
    let (code, log) = secured.start("ibaleg", "without").end();
    assert_eq!(code, Some(70), "{log}");
    assert!(log.contains("grant this user"), "{log}");

    secured.grant("ibaleg", "run");
    let printed: Value = serde_json::from_str(&secured.printed("ibaleg", "run", &["--output", "json"])).unwrap();
    assert_eq!(sorted(&secured.acls("ibaleg")), sorted(printed["bindings"].as_array().unwrap()));

    let messages: Vec<_> = (0..100).map(report).chain([json!({ "key": "bad", "value": "not JSON" })]).collect();
    platform.produce(&messages, 0);
    let mut service = secured.start("ibaleg", "with");
    platform.wait_for(&mut service, "classified", 100);
    platform.wait_for(&mut service, "deadletter", 1);
    assert!(!service.log().contains("ibaleg-password"));
    service.terminate();

    let ids = format!("{}.", platform.prefix);
    let [incoming, classified, deadletter] = ["incoming", "classified", "deadletter"].map(|name| platform.topic(name));
    for (right, named) in [
        (vec!["--operation", "Read", "--topic", &incoming], "READ on the input topics"),
        (vec!["--operation", "Read", "--group", &platform.prefix], "READ on the consumer group"),
        (vec!["--operation", "Write", "--topic", &classified], classified.as_str()),
        (vec!["--operation", "Write", "--topic", &deadletter], deadletter.as_str()),
        (
            vec!["--operation", "Write", "--transactional-id", &ids, "--resource-pattern-type", "prefixed"],
            "transactional ids",
        ),
    ] {
        secured.change("ibaleg", "--remove", &right);
        platform.produce(&messages, 0);
        let (code, log) = secured.start("ibaleg", "lacking").end();
        assert_eq!(code, Some(70), "{right:?}: {log}");
        let error = log.lines().find(|line| line.starts_with("error: ")).unwrap();
        assert!(error.contains("grant this user") && error.contains(named), "{right:?}: {error}");
        secured.change("ibaleg", "--add", &right);
    }
    let service = secured.start("ibaleg", "again");
    service.wait_for_log("partitions assigned");
    service.terminate();
}

#[test]
fn an_operator_looks_and_redrives_under_the_printed_rights() {
    let secured = Secured::new("operator");
    let platform = &secured.platform;
    let bad = [json!({ "key": "bad", "value": "not JSON" })];
    platform.produce(&bad, 0);
    let mut service = platform.start("service");
    platform.wait_for(&mut service, "deadletter", 1);
    service.terminate();
    let refused = |arguments: &[&str]| {
        let output = secured.ibaleg("operator", arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(70), "{said}");
        assert!(said.contains("`ibaleg topics acl` prints the rights"), "{said}");
    };
    let allowed = |arguments: &[&str]| {
        let output = secured.ibaleg("operator", arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let list = ["deadletters", "list", "--output", "json"];
    refused(&list);
    secured.grant("operator", "look");
    let letters = allowed(&list);
    let letter: Value = serde_json::from_str(&letters).unwrap();
    let [partition, offset] = ["partition", "offset"].map(|field| letter[field].to_string());
    assert!(allowed(&["deadletters", "show", &partition, &offset]).contains("EB-IN-0004"));
    assert!(allowed(&["topics", "list"]).contains("1 messages"));

    let redrive = ["deadletters", "redrive", "--first"];
    refused(&redrive);
    secured.grant("operator", "redrive");
    allowed(&redrive);
    assert_eq!(platform.read("incoming").len(), 2);

    platform.produce(&bad, 0);
    let service = platform.start("again");
    service.wait_for_log("input dead-lettered");
    service.terminate();
    secured.change("operator", "--remove", &["--operation", "Write", "--topic", &platform.topic("incoming")]);
    refused(&["deadletters", "redrive"]);
    assert_eq!(platform.read("incoming").len(), 3, "nothing was written");
    secured.change("operator", "--add", &["--operation", "Write", "--topic", &platform.topic("incoming")]);
    allowed(&["deadletters", "redrive"]);
    assert_eq!(platform.read("incoming").len(), 5, "and nothing was taken for written");
}
