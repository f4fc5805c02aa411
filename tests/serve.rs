//! HTTP as operators, Prometheus and browsers use it: through the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;
#[allow(dead_code, reason = "serves two test programs")]
mod served;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use ibaleg::stream::{Embedded, Feeder, Outgoing, Reader};
use ibaleg::telemetry::{reference, table};
use program::ibaleg;
use serde_json::Value;
use served::{Served, running};

const SOON: Duration = Duration::from_secs(30);

fn demo() -> Served {
    Served::start(&["demo", "--rate", "200"], &[])
}

/// Sum of the series of a metric, those with `label` in them.
fn sum(text: &str, metric: &str, label: &str) -> f64 {
    let lines = text.lines().filter(|line| {
        line.strip_prefix(metric).is_some_and(|rest| rest.starts_with(['{', ' '])) && line.contains(label)
    });
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

#[test]
fn the_reference_of_the_metrics_is_committed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let (committed, generated) = (std::fs::read_to_string(&path).unwrap_or_default(), reference::markdown());
    if std::env::var_os("IBALEG_BLESS").is_some() && committed != generated {
        std::fs::write(&path, generated).unwrap();
    } else {
        assert_eq!(committed, generated, "docs/metrics.md differs; IBALEG_BLESS=1 cargo test --release writes it");
    }
}

#[test]
fn metrics_add_up_and_are_those_of_the_table() {
    let served = demo();
    let enough = |text: &str| sum(text, "ibaleg_finished_total", "") >= 300.0 && sum(text, "ibaleg_lag", "") >= 0.0;
    let answer = served.until("/metrics", SOON, |answer| {
        answer.status == 200 && enough(&answer.body) && answer.body.contains("ibaleg_lag{")
    });
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = &answer.body;
    let mut shown: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let mut declared: Vec<String> =
        table::ALL.iter().map(|metric| format!("{} {}", metric.name, metric.kind.as_str())).collect();
    shown.sort_unstable();
    declared.sort_unstable();
    assert_eq!(shown, declared);

    let classified = sum(text, "ibaleg_classified_total", "");
    assert!(classified >= 300.0);
    for metric in ["ibaleg_languages_total", "ibaleg_routed_total"] {
        assert!((sum(text, metric, "") - classified).abs() <= 64.0, "{metric}");
        assert!(sum(text, metric, "=\"other\"").abs() < 0.5, "{metric}");
    }
    assert!(sum(text, "ibaleg_review_reasons_total", "\"other\"").abs() < 0.5);
    assert!(sum(text, "ibaleg_labels_total", "label=\"fraud\",state=\"flag\"") > 0.0);
    assert!(sum(text, "ibaleg_published_total", "") > classified, "each report goes to two topics at least");
    for count in ["ibaleg_age_seconds_count", "ibaleg_batch_reports_count", "ibaleg_stage_seconds_count"] {
        assert!(sum(text, count, "") > 0.0, "{count}");
    }
    assert!(sum(text, "ibaleg_brokers_up", "") >= 1.0);
    assert!(sum(text, "process_resident_memory_bytes", "") > 1e6);
}

#[test]
fn a_running_process_is_alive_started_and_ready_and_says_what_it_is() {
    let served = demo();
    for path in ["/startupz", "/readyz"] {
        let answer = served.until(path, SOON, |answer| answer.status == 200);
        assert_eq!(answer.json()["ok"], true, "{path}");
    }
    assert_eq!(served.get("/livez").status, 200);
    let info = served.get("/info").json();
    assert_eq!(info["service"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(info["provenance"]["model_digest"].as_str().unwrap().len(), 64);
    assert_eq!(info["provenance"].get("input_digest"), None);
    assert_eq!(info["configuration"]["stream"]["batch_reports"], 64);
    assert_eq!(served.get("/nothing").status, 404);
    assert_eq!(served.ask("DELETE /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").status, 405);
}

#[test]
fn a_port_in_use_is_an_error_at_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in [vec!["run"], vec!["demo", "--reports", "1", "--listen", &address]] {
        let output = ibaleg(&arguments, b"", &[("IBALEG__SERVE__LISTEN", &address)]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(70), "{told}");
        assert!(told.contains(&address) && told.contains("in use") && told.contains("serve.enabled"), "{told}");
    }
}

#[test]
fn the_demo_ends_by_itself_while_a_page_is_open() {
    let served = Served::start(&["demo", "--reports", "400", "--rate", "200"], &[]);
    let events = served.events(2);
    assert_eq!(events[0].0, "all");
    assert_eq!(served.ended(SOON), Some(0));
}

#[test]
fn switched_off_nothing_is_answered() {
    let output = ibaleg(&["demo", "--reports", "20"], b"", &[("IBALEG__SERVE__ENABLED", "false")]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !shown.contains("http://"), "{shown}");
}

#[test]
fn the_page_is_whole_and_loads_nothing_from_elsewhere() {
    let served = demo();
    let page = served.get("/");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let parts = page.body.split(['"', '\'']).filter(|part| part.starts_with('/')).collect::<Vec<_>>();
    assert!(parts.contains(&"/page.css") && parts.contains(&"/page.js"), "{parts:?}");
    for part in parts.into_iter().chain(["/words.js", "/charts.js"]) {
        assert_ne!(served.get(part).status, 404, "{part}");
    }
    for part in ["/", "/page.css", "/page.js", "/words.js", "/charts.js"] {
        let body = served.get(part).body.replace("http://www.w3.org/2000/svg", "");
        assert!(!body.contains("http:") && !body.contains("https:"), "{part} names another place");
        assert!(!body.contains(" style=") && !body.contains(" onclick="), "{part}: the policy forbids it");
    }
}

#[test]
fn the_page_knows_every_word_in_every_language() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src/serve/page/");
    let words = std::fs::read_to_string(format!("{root}words.js")).unwrap();
    let mut keys: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for language in ["en", "fr", "ar"] {
        let (_, rest) = words.split_once(&format!("\n  {language}: {{")).unwrap();
        let (table, _) = rest.split_once("\n  },").unwrap();
        let table = table.replace(": ", ":");
        // Keys stand before a string: outside the strings, at each second quote.
        let outside: String = table.split('"').step_by(2).collect::<Vec<_>>().join("\"");
        let names =
            outside.split([',', '\n']).filter_map(|part| part.split_once(':').or_else(|| part.split_once("\":")));
        let mut names: Vec<String> = names.map(|(name, _)| name.trim().replace('"', "")).collect();
        names.sort_unstable();
        assert!(names.len() > 60, "{language}: {}", names.len());
        keys.insert(language, names);
    }
    assert_eq!(keys["en"], keys["fr"]);
    assert_eq!(keys["en"], keys["ar"]);
    let page = std::fs::read_to_string(format!("{root}index.html")).unwrap();
    for word in page.split("data-word=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(keys["en"].iter().any(|key| key == word), "{word}");
    }
}

#[test]
fn events_tell_counts_and_ids_and_never_a_text() {
    let served = demo();
    served.until("/metrics", SOON, |answer| sum(&answer.body, "ibaleg_finished_total", "") >= 600.0);
    let events = served.events(3);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["all", "new", "new"]);
    let all = &events[0].1;
    assert_eq!(all["names"]["labels"][0]["names"]["ar"].as_str().map(str::is_empty), Some(false));
    let slots = all["slots"].as_array().unwrap();
    let labels = all["names"]["labels"].as_array().unwrap().len();
    assert!(slots.iter().all(|slot| slot["labels"].as_array().unwrap().len() == labels));
    let urgency: u64 = all["totals"]["urgency"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(urgency, all["totals"]["classified"].as_u64().unwrap());
    assert_eq!(all["communique"][0]["count"], all["totals"]["classified"]);
    assert!(all["rate"].as_f64().unwrap() > 1.0 && all["age"]["p99"].as_f64().unwrap() > 0.0);
    assert_eq!(all["brokers_gone_since"], Value::Null);
    let urgent = all["urgent"].as_array().unwrap();
    assert!(!urgent.is_empty() && urgent.len() <= 20);
    assert!(urgent[0]["id"].as_str().unwrap().starts_with("sample-"), "{urgent:?}");
    assert_eq!(events[2].1["slots"].as_array().map(Vec::len), Some(1), "one second passed");

    let samples =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/models/samples/reports.jsonl")).unwrap();
    let told: Vec<String> = events.iter().map(|(_, data)| data.to_string()).collect();
    let told = told.join("\n") + &served.get("/metrics").body + &served.get("/info").body;
    for sample in samples.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        for text in ["/description", "/content/text", "/content/url"] {
            let text = sample.pointer(text).and_then(Value::as_str).unwrap_or_default();
            let head: String = text.chars().take(24).collect();
            assert!(head.chars().count() < 12 || !told.contains(&head), "{head}");
        }
    }
}

#[test]
fn what_changes_something_needs_the_token() {
    let put = |authorization: &str, body: &str| {
        let length = body.len();
        format!(
            "PUT /log/filter HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{authorization}Content-Length: {length}\r\n\r\n{body}"
        )
    };
    let without = demo();
    let refused = without.ask(&put("", "debug"));
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("serve.token_file"), "{}", refused.body);

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "a-token-of-some-length\n").unwrap();
    let served = Served::start(&["demo"], &[("IBALEG__SERVE__TOKEN_FILE", file.to_str().unwrap())]);
    for authorization in ["", "Authorization: Bearer another-token-of-length\r\n", "Authorization: Basic YTpi\r\n"] {
        let answer = served.ask(&put(authorization, "debug"));
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{authorization}");
    }
    let token = "Authorization: Bearer a-token-of-some-length\r\n";
    assert_eq!(served.ask(&put(token, "warn,ibaleg::stream=error")).status, 204);
    let wrong = served.ask(&put(token, "ibaleg=loudly"));
    assert!(wrong.status == 400 && wrong.body.contains("log.filter"), "{wrong:?}");
    assert_eq!(served.ask(&put(token, &"x".repeat(5000))).status, 413);
    assert!(!served.get("/info").body.contains("a-token"));

    let output = ibaleg(&["demo", "--reports", "1"], b"", &[("IBALEG_SERVE_TOKEN", "short")]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(70) && told.contains("IBALEG_SERVE_TOKEN"), "{told}");
}

fn send(broker: &Embedded, messages: &[(&str, &[(&str, &str)])]) {
    let feeder = Feeder::open(&broker.cluster(), 5000).unwrap();
    for (number, (value, headers)) in messages.iter().enumerate() {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), Some(value.as_bytes().to_vec())));
        let key = Some(format!("key-{number}").into_bytes());
        let value = Some(value.as_bytes().to_vec());
        let message = Outgoing { topic: "reports.incoming".into(), key, headers: headers.collect(), value };
        feeder.send(&message, None).unwrap();
    }
    feeder.flush(Duration::from_secs(10)).unwrap();
}

const REPORT: &str = r#"{"id":"a","description":"on me menace de publier mes photos si je ne paie pas"}"#;

#[test]
fn the_trace_of_a_report_goes_on_with_every_message_about_it() {
    let (broker, _served) = running();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let reader = Reader::open(&broker.cluster(), &["reports.classified", "reports.rejected"]).unwrap();
    send(
        &broker,
        &[(REPORT, &[("traceparent", parent), ("tracestate", "a=1")]), ("not JSON", &[("traceparent", parent)])],
    );
    let mut topics = Vec::new();
    while topics.len() < 2 {
        let Some(record) = reader.next(SOON).unwrap() else { panic!("only {topics:?} came") };
        let header =
            |name: &str| record.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.clone());
        assert_eq!(header("traceparent"), Some(Some(parent.as_bytes().to_vec())));
        assert_eq!(header("tracestate").is_some(), &*record.topic == "reports.classified");
        assert!(header("ce_id").is_some());
        topics.push(record.topic);
    }
    assert_ne!(topics[0], topics[1]);
}

/// The whole life of a process: ready with its brokers, not without them, alive until it ends.
#[test]
fn readiness_goes_with_the_brokers_and_with_the_wish_to_stop() {
    let (broker, served) = running();
    send(&broker, &[(REPORT, &[]), ("not JSON", &[])]);
    served.until("/readyz", SOON, |answer| answer.status == 200);
    let text = served.until("/metrics", SOON, |answer| sum(&answer.body, "ibaleg_committed_total", "") >= 2.0).body;
    assert!((sum(&text, "ibaleg_rejected_total", "EB-IN-0004") - 1.0).abs() < 0.1, "{text}");
    assert!((sum(&text, "ibaleg_dead_lettered_total", "EB-IN-0004") - 1.0).abs() < 0.1);
    assert!((sum(&text, "ibaleg_finished_total", "") - 2.0).abs() < 0.1);

    // Long texts, seconds of work: some of it is in flight when the brokers go.
    let long = format!(r#"{{"id":"long","description":"{}"}}"#, "on me menace de publier mes photos ".repeat(100));
    send(&broker, &vec![(long.as_str(), &[] as &[(&str, &str)]); 1500]);
    served.until("/metrics", SOON, |answer| sum(&answer.body, "ibaleg_consumed_total", "") > 2.0);
    drop(broker);
    let gone = served.until("/readyz", SOON, |answer| answer.status == 503).json();
    let brokers = gone["checks"].as_array().unwrap().iter().find(|check| check["name"] == "brokers").unwrap();
    assert!(brokers["found"].as_str().unwrap().contains("no broker can be reached"), "{gone}");
    assert_eq!((served.get("/livez").status, served.get("/startupz").status), (200, 200));
    assert_ne!(served.events(1)[0].1["brokers_gone_since"], Value::Null);

    assert!(sum(&served.get("/metrics").body, "ibaleg_in_flight", "") > 0.0);
    served.terminate();
    let stopping = served.until("/readyz", SOON, |answer| answer.body.contains("the process is stopping"));
    assert_eq!(stopping.status, 503);
    assert_eq!(served.ended(SOON), Some(0));
}
