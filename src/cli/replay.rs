use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{deployment, print_line};
use crate::audit::{Difference, differences};
use crate::config::{Settings, TextPolicy};
use crate::engine::{Engine, Input, Outcome};
use crate::event::{Classified, Provenance, Rejected, Source};
use crate::report::Envelope;

/// The event is not what this service decides now.
const DIFFERS: u8 = 1;

/// Fields whose values are the citizen's or a third person's; a difference is told without them.
const PRIVATE: [&str; 2] = ["/text", "/entities"];

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// File with the event: one line of `ibaleg classify`, or a structured CloudEvent.
    event: PathBuf,
    /// File with the report, byte for byte as it arrived; one line end after it is no part of it.
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    /// Key of the record, for an event that was read from a topic; default: the report's id.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Header of the record, as NAME=VALUE; may be given more than once.
    #[arg(long = "header", value_name = "NAME=VALUE")]
    headers: Vec<String>,
}

/// An event with what is needed to decide its report again.
struct Stored {
    id: String,
    data: Value,
    input_digest: String,
    provenance: Option<Provenance>,
    report_id: Option<String>,
    source: Option<Source>,
    received_at: jiff::Timestamp,
    decided_at: jiff::Timestamp,
    embedded: bool,
}

pub(super) fn replay(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let stored = stored(&arguments.event)?;
    let report = report(&arguments.report, &stored.input_digest)?;
    let mut settings = settings.clone();
    // Whether texts travel on is no part of a decision: as it was.
    settings.event.text = if stored.embedded { TextPolicy::Embed } else { TextPolicy::Reference };
    let engine = deployment::engine(&settings)?;
    let foreign = foreign(&stored, &engine)?;
    let (id, data) = decide(&engine, &stored, &report, arguments)?;
    let found = differences(&stored.data, &data);
    for difference in found.iter().filter(|difference| !difference.pointer.starts_with("/provenance")) {
        print_line(&told(difference))?;
    }
    if found.is_empty() && id == stored.id {
        print_line("same decision, byte for byte")?;
        return Ok(ExitCode::SUCCESS);
    }
    let decision = found.iter().filter(|difference| !difference.pointer.starts_with("/provenance")).count();
    let verdict = match (decision, foreign) {
        (0, 0) => "same decision under another event id: the report was read from another place".to_owned(),
        (0, _) => "same decision; only what decided differs".to_owned(),
        (count, 0) => format!(
            "{count} fields differ though everything that decides is the same: this is a defect, or the event was changed"
        ),
        (count, _) => format!("{count} fields differ; what decided differs too"),
    };
    print_line(&verdict)?;
    Ok(ExitCode::from(DIFFERS))
}

fn stored(path: &Path) -> anyhow::Result<Stored> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("{name}: cannot be read"))?;
    // The parser's own words could quote the event.
    let event: Value = serde_json::from_str(&text)
        .map_err(|error| anyhow::anyhow!("{name}, line {}: not one JSON event", error.line()))?;
    let field = |field: &str| event.get(field).and_then(Value::as_str).unwrap_or_default();
    let (id, kind, data) = (field("id"), field("type"), event.get("data").cloned().unwrap_or_default());
    let wrong = |what: &str| format!("{name}: its data are no {what} of this version");
    if kind.ends_with(".report.classified.v1") {
        let event: Classified =
            serde_json::from_value(data.clone()).map_err(|_| anyhow::anyhow!(wrong("classified event")))?;
        return Ok(Stored {
            id: id.to_owned(),
            data,
            input_digest: event.provenance.input_digest.clone(),
            report_id: Some(event.report.id),
            source: event.report.source,
            received_at: event.timings.received_at,
            decided_at: event.timings.decided_at,
            embedded: event.text.is_some(),
            provenance: Some(event.provenance),
        });
    }
    ensure!(kind.ends_with(".report.rejected.v1"), "{name}: no event of this service: its CloudEvents type is another");
    let event: Rejected = serde_json::from_value(data.clone()).map_err(|_| anyhow::anyhow!(wrong("rejection")))?;
    Ok(Stored {
        id: id.to_owned(),
        data,
        input_digest: event.input_digest,
        provenance: None,
        report_id: event.report_id,
        source: event.source,
        received_at: event.received_at,
        decided_at: event.received_at,
        embedded: false,
    })
}

/// The report's bytes: those with the digest that the event names.
fn report(path: &Path, digest: &str) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
    let bytes = fs::read(path).with_context(|| format!("{name}: cannot be read"))?;
    let shorter = bytes.strip_suffix(b"\n").map(|bytes| bytes.strip_suffix(b"\r").unwrap_or(bytes));
    for candidate in std::iter::once(bytes.as_slice()).chain(shorter) {
        if hex::encode(Sha256::digest(candidate)) == digest {
            return Ok(candidate.to_vec());
        }
    }
    bail!("{name}: not the report of this event: its SHA-256 is not the event's input_digest {digest}")
}

/// Says which of what decided is not in force now; how many.
fn foreign(stored: &Stored, engine: &Engine) -> anyhow::Result<usize> {
    let Some(then) = &stored.provenance else { return Ok(0) };
    let now = engine.provenance();
    let pairs = [
        ("service", &then.service, &now.service),
        ("model", &then.model_digest, &now.model_digest),
        ("tokenizer", &then.tokenizer_digest, &now.tokenizer_digest),
        ("text preparation", &then.text_digest, &now.text_digest),
        ("taxonomy", &then.taxonomy_digest, &now.taxonomy_digest),
        ("policy", &then.policy_digest, &now.policy_digest),
        ("lexicon", &then.lexicon_digest, &now.lexicon_digest),
    ];
    let differing = pairs.iter().filter(|(_, then, now)| then != now);
    for (what, then, now) in differing.clone() {
        print_line(&format!("not in force: {what} {then}; in force: {now}"))?;
    }
    Ok(differing.count())
}

/// Id and data of the event that is decided now, at the times of the stored one.
fn decide(
    engine: &std::sync::Arc<Engine>,
    stored: &Stored,
    report: &[u8],
    arguments: &Arguments,
) -> anyhow::Result<(String, Value)> {
    let mut headers: Vec<(String, Option<Vec<u8>>)> = Vec::new();
    for header in &arguments.headers {
        let (name, value) = header.split_once('=').context("--header: write NAME=VALUE")?;
        headers.push((name.to_owned(), Some(value.as_bytes().to_vec())));
    }
    let of_topic = stored.source.as_ref().and(stored.report_id.as_ref());
    let key = arguments.key.as_ref().or(of_topic);
    let source = stored.source.as_ref().map(|source| (source.topic.as_str(), source.partition, source.offset));
    let envelope = Envelope { key: key.map(String::as_bytes), value: Some(report), headers: &headers };
    let input = Input { envelope, source, received_at: stored.received_at };
    let outcome = engine.session()?.decide(&[input], stored.decided_at).into_iter().next();
    Ok(match outcome.context("the engine gave no outcome")? {
        Outcome::Classified { id, event } => (id, serde_json::to_value(event)?),
        Outcome::Rejected { id, event } => (id, serde_json::to_value(event)?),
    })
}

fn told(difference: &Difference) -> String {
    let Difference { pointer, before, now } = difference;
    if PRIVATE.iter().any(|private| pointer.starts_with(private)) {
        return format!("{pointer}: differs");
    }
    let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
    format!("{pointer}: {} then, {} now", shown(before), shown(now))
}
