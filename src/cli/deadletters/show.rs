use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::{Output, open, redrive_group, remembered, row};
use crate::cli::print_line;
use crate::config::Settings;
use crate::deadletters::Found;
use crate::stream::dead_letter::Letter;
use crate::stream::letters::Step;
use crate::stream::{Letters, Record};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Partition of the dead-letter topic.
    partition: i32,
    /// Offset of the letter there.
    offset: i64,
    /// Form of the answer.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    /// Write the value of the original, and nothing else, to standard output. It may be the text of a report.
    #[arg(long, conflicts_with_all = ["output", "out"])]
    bytes: bool,
    /// Write the value of the original to a new file that only its owner may read.
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    out: Option<PathBuf>,
}

pub(super) fn show(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut letters = open(settings)?;
    let record = fetch(&mut letters, arguments.partition, arguments.offset)?;
    let found = Found::new(&record);
    if arguments.bytes || arguments.out.is_some() {
        return bytes(&record, arguments.out.as_deref());
    }
    let progress = remembered(&letters, &redrive_group(settings))?;
    let redriven = progress.get(&found.partition).is_some_and(|progress| progress.is_done(found.offset));
    match arguments.output {
        Output::Table => table(&record, &found, redriven)?,
        Output::Json => {
            let mut object = row::object(&found);
            object.insert("redriven".into(), json!(redriven));
            object.insert("headers".into(), headers(&record, &found));
            print_line(&Value::Object(object).to_string())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The one record at this place.
fn fetch(letters: &mut Letters, partition: i32, offset: i64) -> anyhow::Result<Record> {
    let topic = letters.topic().to_owned();
    let Some(extent) = letters.extents().iter().find(|extent| extent.partition == partition).copied() else {
        bail!("{topic} has no partition {partition}; its partitions are 0 to {}", letters.extents().len() - 1);
    };
    let held = format!("partition {partition} of {topic} holds offsets {} to {}", extent.first, extent.end - 1);
    if !(extent.first..extent.end).contains(&offset) {
        bail!("no letter at offset {offset}: {held}");
    }
    letters.read_from(&BTreeMap::from([(partition, offset)]))?;
    loop {
        match letters.step()? {
            Step::Record(record) if record.offset == offset => return Ok(record),
            Step::Record(record) => {
                bail!("no letter at offset {offset}, the next one is at {}: {held}", record.offset)
            }
            Step::Idle => {}
            Step::End => bail!("no letter at offset {offset}: {held}"),
        }
    }
}

fn bytes(record: &Record, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    let Some(value) = &record.value else {
        bail!("the original has no value: it is a tombstone");
    };
    match out {
        None => std::io::stdout().lock().write_all(value).context("standard output cannot be written")?,
        Some(path) => {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            file.and_then(|mut file| file.write_all(value))
                .with_context(|| format!("{}: cannot be written", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(record: &Record, found: &Found, redriven: bool) -> anyhow::Result<()> {
    let line = |name: &str, value: &str| print_line(&format!("{name:<11}{}", row::plain(value)));
    let place = |topic: &str, partition: i32, offset: i64| format!("{topic} partition {partition} offset {offset}");
    line("letter", &place(&found.topic, found.partition, found.offset))?;
    match &found.letter {
        Ok(letter) => {
            let Letter { original, code, stage, message, attempt, group, version } = letter;
            line("read from", &place(&original.topic, original.partition, original.offset))?;
            line("arrived", &row::time(original.timestamp).unwrap_or_else(|| "–".into()))?;
            line("key", &original.key.as_deref().map_or_else(|| "–".into(), row::key))?;
            line("refused", &format!("{code} at stage {stage}: {message}"))?;
            line("refusals", &format!("{attempt}, the last by {group} {version}"))?;
            line("state", if redriven { "redriven" } else { "waiting" })?;
        }
        Err(error) => line("reason", &error.to_string())?,
    }
    let size = record.value.as_ref().map_or_else(|| "null".into(), |value| format!("{} bytes", value.len()));
    line("value", &size)?;
    let own = own_headers(found);
    for (index, (name, value)) in record.headers.iter().enumerate() {
        let size = value.as_ref().map_or_else(|| "null".into(), |value| format!("{} bytes", value.len()));
        let shown = if index < own { size } else { text(value.as_deref()).unwrap_or(size) };
        let label = if index == 0 { "headers" } else { "" };
        line(label, &format!("{name}: {shown}"))?;
    }
    Ok(())
}

fn headers(record: &Record, found: &Found) -> Value {
    let own = own_headers(found);
    let header = |(index, (name, value)): (usize, &(String, Option<Vec<u8>>))| {
        let mut object = json!({ "name": name, "bytes": value.as_ref().map(Vec::len) });
        if let Some(text) = text(value.as_deref()).filter(|_| index >= own) {
            object["value"] = json!(text);
        }
        object
    };
    record.headers.iter().enumerate().map(header).collect()
}

/// How many headers are the producer's, whose values may say anything and are not shown: all of
/// them in a record that is no letter.
fn own_headers(found: &Found) -> usize {
    found.letter.as_ref().map_or(usize::MAX, |letter| letter.own_headers().len())
}

fn text(value: Option<&[u8]>) -> Option<String> {
    std::str::from_utf8(value?).ok().map(str::to_owned)
}
