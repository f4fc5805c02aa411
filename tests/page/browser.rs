//! A headless Chromium, spoken to over its debugging pipe (Chrome DevTools Protocol: JSON messages that
//! end with a zero byte).

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Chromium as the environment variable CHROMIUM names it, or as it is called on the path.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Some(path.into());
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).flat_map(|path| names.map(|name| path.join(name))).find(|path| path.is_file())
}

/// One browser with one page; ended when dropped.
pub(crate) struct Browser {
    child: Child,
    requests: File,
    answers: Receiver<Value>,
    /// What the page said by itself: exceptions, messages of the console, violations of its policy.
    events: VecDeque<Value>,
    number: u64,
    session: String,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    pub(crate) fn open(chromium: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let [requests, answers] = ["requests", "answers"].map(|name| profile.path().join(name));
        assert!(Command::new("mkfifo").args([&requests, &answers]).status().unwrap().success());
        // The browser reads file descriptor 3 and writes 4. Each end of a pipe waits for its other end.
        let child = Command::new("sh")
            .args(["-c", r#"requests=$1; answers=$2; shift 2; exec "$@" 3<"$requests" 4>"$answers""#, "sh"])
            .args([&requests, &answers])
            .arg(chromium)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.path().join("profile").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let requests = OpenOptions::new().write(true).open(requests).unwrap();
        let mut output = BufReader::new(File::open(answers).unwrap());
        let (sender, answers) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { break };
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let (events, session) = (VecDeque::new(), String::new());
        let mut browser = Self { child, requests, answers, events, number: 0, session, _profile: profile };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", &attach)["sessionId"].as_str().unwrap().to_owned();
        browser.session = session;
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let mut request = json!({ "id": self.number, "method": method, "params": parameters });
        if !self.session.is_empty() {
            request["sessionId"] = json!(self.session);
        }
        self.requests.write_all(format!("{request}\0").as_bytes()).unwrap();
        loop {
            let answer = self.answers.recv_timeout(PATIENCE);
            let answer = answer.unwrap_or_else(|_| panic!("no answer of the browser to {method}"));
            if answer["id"] == self.number {
                assert_eq!(answer.get("error"), None, "{method}");
                return answer["result"].clone();
            }
            self.events.push_back(answer);
        }
    }

    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    pub(crate) fn visit(&mut self, address: &str) {
        self.call("Page.navigate", &json!({ "url": address }));
        self.until("document.readyState === 'complete'", PATIENCE);
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let answer = self.call("Runtime.evaluate", &json!({ "expression": expression, "returnByValue": true }));
        assert_eq!(answer.get("exceptionDetails"), None, "{expression}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) fn until(&mut self, expression: &str, wait: Duration) {
        let deadline = Instant::now() + wait;
        while self.value(&format!("Boolean({expression})")) != json!(true) {
            let shown = || self.value("document.body?.innerText.slice(0, 600)");
            assert!(Instant::now() < deadline, "not so: {expression}\n{}", { shown }());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Presses a key and lets it go.
    pub(crate) fn press(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// The whole page as PNG.
    pub(crate) fn picture(&mut self, file: &Path) {
        let answer = self.call("Page.captureScreenshot", &json!({ "format": "png", "captureBeyondViewport": true }));
        let picture = base64::engine::general_purpose::STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        std::fs::write(file, picture).unwrap();
    }

    /// Exceptions and errors since the last call; a policy that is broken is one.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        self.value("0");
        let wrong = |event: &Value| {
            event["method"] == "Runtime.exceptionThrown"
                || (event["method"] == "Log.entryAdded" && event["params"]["entry"]["level"] == "error")
                || (event["method"] == "Runtime.consoleAPICalled" && event["params"]["type"] == "error")
        };
        self.events.drain(..).filter(wrong).map(|event| event.to_string()).collect()
    }
}
