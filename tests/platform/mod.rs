//! The real binary on the real broker, fed and read by a client that shares no code with it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; use tests/broker/with-kafka.sh"))
}

/// One set of topics, one group, one configuration file: nothing is shared between tests.
pub(crate) struct Platform {
    pub(crate) prefix: String,
    /// `stream.delivery` of the services started.
    pub(crate) delivery: &'static str,
    directory: tempfile::TempDir,
    brokers: String,
    python: String,
}

impl Platform {
    pub(crate) fn new(test: &str) -> Self {
        let platform = Self {
            prefix: format!("{test}-{}", std::process::id()),
            delivery: "exactly_once",
            directory: tempfile::tempdir().unwrap(),
            brokers: required("IBALEG_TEST_BROKERS"),
            python: required("IBALEG_TEST_PYTHON"),
        };
        std::fs::write(platform.file("ibaleg.toml"), platform.configuration()).unwrap();
        platform.copy_model();
        platform
    }

    /// With every topic of the configuration created by the binary.
    pub(crate) fn with_topics(test: &str) -> Self {
        let platform = Self::new(test);
        let output = platform.ibaleg(&["topics", "create"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        platform
    }

    fn configuration(&self) -> String {
        let Self { brokers, prefix, .. } = self;
        let model = self.file("model");
        let model = model.display();
        format!(
            r#"
[kafka]
brokers = "{brokers}"
group_id = "{prefix}"

[kafka.librdkafka]
"session.timeout.ms" = "6000"

[topics]
incoming = "{prefix}.incoming"
classified = "{prefix}.classified"
unit_prefix = "{prefix}.unit."
urgent = "{prefix}.urgent"
review = "{prefix}.review"
rejected = "{prefix}.rejected"
deadletter = "{prefix}.deadletter"
statistics = "{prefix}.statistics"
partitions = 4
replication = 1

[stream]
drain_timeout = "2500ms"

[model]
path = "{model}"

[report]
max_bytes = "64KiB"
"#
        )
    }

    /// A small model; without its goldens, which hold for texts it is given as they are.
    fn copy_model(&self) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/bag");
        std::fs::create_dir(self.file("model")).unwrap();
        for name in ["config.json", "model.onnx", "package.toml", "tokenizer.json"] {
            std::fs::copy(source.join(name), self.file("model").join(name)).unwrap();
        }
    }

    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn ibaleg(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ibaleg"));
        command.arg("--config").arg(self.file("ibaleg.toml")).args(arguments);
        command
    }

    pub(crate) fn start(&self, name: &str) -> Service {
        self.start_with(name, &[])
    }

    /// With these environment variables.
    pub(crate) fn start_with(&self, name: &str, environment: &[(&str, &str)]) -> Service {
        let log = self.file(&format!("{name}.log"));
        let child = self
            .ibaleg(&["run"])
            .env("RUST_BACKTRACE", "1")
            // Several run side by side.
            .env("IBALEG__SERVE__LISTEN", "127.0.0.1:0")
            .env("IBALEG__STREAM__DELIVERY", self.delivery)
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Service { child, log }
    }

    /// The foreign client.
    pub(crate) fn client(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broker/client.py");
        command.arg(script).args(["--brokers", &self.brokers]).args(arguments);
        command
    }

    pub(crate) fn produce(&self, messages: &[Value], rate: usize) {
        self.produce_to("incoming", messages, rate);
    }

    /// Sends messages to a topic of the platform by the foreign client, `rate` a second (0: at once), and waits for it.
    pub(crate) fn produce_to(&self, name: &str, messages: &[Value], rate: usize) {
        let mut client = self
            .client(&["produce", &self.topic(name), "--rate", &rate.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = client.stdin.take().unwrap();
        for message in messages {
            writeln!(input, "{message}").unwrap();
        }
        drop(input);
        assert!(client.wait().unwrap().success(), "the foreign client could not produce");
    }

    /// Reads topics by the foreign client, from their beginning to their present end.
    pub(crate) fn consume(&self, topics: &[String]) -> Vec<Value> {
        let mut arguments = vec!["consume", "--until-end"];
        arguments.extend(topics.iter().map(String::as_str));
        let output = self.client(&arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The messages of one topic.
    pub(crate) fn read(&self, name: &str) -> Vec<Value> {
        self.consume(&[self.topic(name)])
    }

    /// Waits until messages with at least `count` different keys are in a topic.
    pub(crate) fn wait_for(&self, service: &mut Service, name: &str, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = by_key(&self.read(name)).len();
            if found >= count {
                return;
            }
            let log = service.log();
            assert!(service.child.try_wait().unwrap().is_none(), "the service ended:\n{log}");
            assert!(Instant::now() < deadline, "{found} of {count} keys in {name}:\n{log}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn unit_topics(&self) -> Vec<String> {
        let output = self.ibaleg(&["topics", "list"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let names = text.split_whitespace().filter(|word| word.starts_with(&self.topic("unit.")));
        names.map(str::to_owned).collect()
    }
}

/// A running `ibaleg run`.
pub(crate) struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// SIGTERM; the exit must follow in time and be clean.
    pub(crate) fn terminate(mut self) {
        self.signal("-TERM");
        let deadline = Instant::now() + Duration::from_secs(25);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "no end after SIGTERM:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status} after SIGTERM:\n{}", self.log());
    }

    /// Waits for a line of the log.
    pub(crate) fn wait_for_log(&self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.log().contains(words) {
            assert!(Instant::now() < deadline, "no `{words}` in:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for it to end by itself; its exit code and log.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it runs on:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        (self.child.wait().unwrap().code(), self.log())
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Drop for Service {
    #[expect(clippy::print_stderr, reason = "the log of a failed test is for people")]
    fn drop(&mut self) {
        // A failed test must not leave its service behind.
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
            eprintln!("log of the service:\n{}", self.log());
        }
    }
}

/// Messages by key, as the text it is.
pub(crate) fn by_key(messages: &[Value]) -> BTreeMap<String, Vec<&Value>> {
    let mut keys: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for message in messages {
        keys.entry(text(&message["key"]).unwrap_or_default()).or_default().push(message);
    }
    keys
}

/// The text of a `{"base64": …}`.
pub(crate) fn text(value: &Value) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(value["base64"].as_str()?).unwrap();
    String::from_utf8(bytes).ok()
}

pub(crate) fn base64(bytes: &[u8]) -> Value {
    use base64::Engine as _;
    json!({ "base64": base64::engine::general_purpose::STANDARD.encode(bytes) })
}

/// The last value of a header.
pub(crate) fn header(message: &Value, name: &str) -> Option<String> {
    let headers = message["headers"].as_array()?;
    let found = headers.iter().rev().find(|header| header[0] == name)?;
    text(&found[1])
}

/// Report number `n`: plain JSON or a CloudEvent, in one of several languages, with much or little.
pub(crate) fn report(n: usize) -> Value {
    const TEXTS: [&str; 6] = [
        "wa7ed sayed kayhdedni b tsawri f instagram o bgha lflous",
        "واحد السيد كيهددني بتصاوري وبغا الفلوس",
        "On me menace de publier mes photos si je ne paie pas",
        "They sold me a phone on a fake shop and disappeared",
        "Me pidieron un adelanto por un trabajo que no existe",
        "ⴰⵣⵓⵍ, ⵉⵙⵙⵓⵜⵔ ⵢⴰⵏ ⵓⵔⴳⴰⵣ ⵉⴷⵔⵉⵎⵏ",
    ];
    let id = format!("r{n:05}");
    let words = TEXTS[n % TEXTS.len()];
    let content = json!({ "text": words, "url": "https://example.net/p/1", "platform": "instagram" });
    let body = match n % 7 {
        0 => json!({ "id": id, "description": words }),
        1 => json!({ "id": id, "content": content }),
        2 => json!({ "id": id, "attachments": [{ "uri": "urn:example:proof", "media_type": "image/png" }] }),
        3 => json!({ "id": id, "description": words, "content": content, "category": "fraud", "role": "victim",
            "identity": "anonymous", "country": "MA", "revision": 2, "submitted_at": "2025-03-01T12:00:00Z" }),
        _ => json!({ "id": id, "description": format!("{words} {n}"), "unknown": { "field": [1, 2] } }),
    };
    match n % 5 {
        0 => {
            let event = json!({ "specversion": "1.0", "id": format!("e{n}"), "source": "urn:test", "type": "report",
                "datacontenttype": "application/json", "data": body });
            let kind = json!(["content-type", "application/cloudevents+json"]);
            json!({ "key": id, "value": event.to_string(), "headers": [kind] })
        }
        1 => {
            let headers = json!([
                ["ce_specversion", "1.0"],
                ["ce_id", format!("e{n}")],
                ["ce_source", "urn:test"],
                ["ce_type", "report"],
                ["content-type", "application/json"]
            ]);
            json!({ "key": id, "value": body.to_string(), "headers": headers })
        }
        _ => json!({ "key": id, "value": body.to_string() }),
    }
}

/// Every id of the range has a classified event; `most` is how many it may have.
pub(crate) fn assert_accounted(messages: &[Value], range: std::ops::Range<usize>, most: usize) {
    let keys = by_key(messages);
    let missing: Vec<_> = range.clone().map(|n| format!("r{n:05}")).filter(|id| !keys.contains_key(id)).collect();
    assert!(missing.is_empty(), "{} missing, such as {:?}", missing.len(), missing.first());
    assert_eq!(keys.len(), range.len(), "no event without a report");
    let doubled: Vec<_> = keys.iter().filter(|(_, events)| events.len() > most).collect();
    assert!(doubled.is_empty(), "{} doubled, such as {:?}", doubled.len(), doubled.first().map(|(id, _)| id));
    for (id, events) in keys {
        let ids: std::collections::BTreeSet<_> = events.iter().map(|event| header(event, "ce_id").unwrap()).collect();
        assert_eq!(ids.len(), 1, "the events of {id} differ in their id");
    }
}
