//! The program while it answers HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::Deref;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ibaleg::stream::Embedded;
use serde_json::Value;

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Asks a server.
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    }

    /// One request, word for word.
    pub(crate) fn ask(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Asks again and again until the answer is as wanted.
    pub(crate) fn until(&self, path: &str, wait: Duration, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let deadline = Instant::now() + wait;
        loop {
            let answer = self.get(path);
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{path} stays at {answer:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The first `count` events of /events: name and data.
    pub(crate) fn events(&self, count: usize) -> Vec<(String, Value)> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut name = String::new();
        let mut events = Vec::new();
        for line in BufReader::new(stream).lines().map(Result::unwrap) {
            if let Some(event) = line.strip_prefix("event: ") {
                event.clone_into(&mut name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                events.push((name.clone(), serde_json::from_str(data).unwrap()));
                if events.len() == count {
                    break;
                }
            }
        }
        events
    }
}

/// A process of the program; ended when dropped.
pub(crate) struct Served {
    child: Child,
    client: Client,
}

impl Deref for Served {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Starts the program on a free port; reads the address of the page from what it says.
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_ibaleg"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("IBALEG_CONFIG")
            .env_remove("IBALEG_SERVE_TOKEN")
            .env("IBALEG__SERVE__LISTEN", "127.0.0.1:0")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let client = Client { address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut served = Self { child, client };
        let (sender, receiver) = std::sync::mpsc::channel();
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(served.child.stdout.take().unwrap()), Box::new(served.child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            // Reads to the end, so that the program never waits for a reader.
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        drop(sender);
        let mut said = String::new();
        loop {
            let line = receiver.recv_timeout(Duration::from_mins(1));
            let Ok(line) = line else { panic!("no address of the page:\n{said}") };
            said.push_str(&line);
            said.push('\n');
            if let Some((_, rest)) = line.split_once("http://") {
                let address = rest.split('/').next().unwrap();
                served.client.address = address.parse().unwrap();
                return served;
            }
        }
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let done = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// Waits for the end.
    pub(crate) fn ended(mut self, wait: Duration) -> Option<i32> {
        let deadline = Instant::now() + wait;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the program does not end");
    }
}

/// `ibaleg run` on an embedded broker.
pub(crate) fn running() -> (Embedded, Served) {
    let topics = ["reports.incoming", "reports.classified", "reports.urgent", "reports.review", "reports.rejected"];
    let units = ["rescue", "child_protection", "counter_terrorism", "trafficking_unit", "cybercrime", "narcotics"];
    let units = units.iter().chain(&["judicial_police", "intake_desk"]).map(|unit| format!("reports.unit.{unit}"));
    let mut names: Vec<String> = topics.iter().map(|topic| (*topic).to_owned()).chain(units).collect();
    names.push("reports.deadletter".to_owned());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let broker = Embedded::start(2, &names).unwrap();
    let served = Served::start(
        &["run"],
        &[
            ("IBALEG__KAFKA__BROKERS", &broker.brokers()),
            // The embedded broker knows no transactions.
            ("IBALEG__STREAM__DELIVERY", "at_least_once"),
            ("IBALEG__STREAM__SHUTDOWN_TIMEOUT", "4s"),
        ],
    );
    (broker, served)
}
