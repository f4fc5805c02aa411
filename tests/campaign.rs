//! Campaigns among the reports of the corpus, which were written one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use ibaleg::campaign::{Options, Signature, Window};
use ibaleg::text::{View, prepare};
use jiff::Timestamp;
use serde_json::Value;

fn corpus() -> Vec<(String, String)> {
    let directory = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/models/corpus")).unwrap();
    let mut files: Vec<_> = directory.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut reports = Vec::new();
    for file in files {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let report: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| report[key].as_str().unwrap_or_default().to_owned();
            let said = format!("{} {}", text("description"), text("content"));
            reports.push((text("id"), prepare(&said, View::Normalised).text().to_owned()));
        }
    }
    reports
}

#[test]
fn reports_written_one_by_one_are_no_campaign_and_a_copied_one_is() {
    let reports = corpus();
    let mut window = Window::new(Options::default());
    let (mut joined, mut compared) = (0, 0);
    for (id, text) in &reports {
        let signature = Signature::of(text);
        compared += usize::from(signature.is_some());
        joined += usize::from(window.observe(id, Timestamp::UNIX_EPOCH, signature.as_ref()).members > 1);
    }
    assert!(joined * 200 < compared, "{joined} of {compared} joined another");
    let (mut copied, mut found) = (0, 0);
    for (id, text) in reports.iter().step_by(7) {
        // A copy with its first word lost and a call to pass it on added.
        let words: Vec<&str> = text.split(' ').skip(1).collect();
        let Some(signature) = Signature::of(text).and(Signature::of(&format!("{} svp", words.join(" ")))) else {
            continue;
        };
        copied += 1;
        found +=
            usize::from(window.observe(&format!("copy-{id}"), Timestamp::UNIX_EPOCH, Some(&signature)).members > 1);
    }
    assert!(found * 100 >= copied * 95, "{found} of {copied} copies found");
}
