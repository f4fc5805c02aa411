use std::time::Duration;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::cli::run;
use crate::config::Settings;
use crate::stats::{Definitions, Published, Record, Scope};
use crate::stream::{Feeder, Outgoing, history};

/// Longest wait for the brokers to acknowledge.
const PATIENCE: Duration = Duration::from_mins(1);

/// Records unacknowledged at a time.
const IN_FLIGHT: u64 = 1000;

/// Publishes what is new or corrects what the topic of statistics holds, and returns it. What was
/// published is read back from the topic itself, so that a run that was killed is simply run again.
pub(super) fn publish(
    settings: &Settings,
    current: Vec<Record>,
    definitions: &Definitions,
    scope: &Scope,
) -> anyhow::Result<Vec<Record>> {
    let topic = &settings.topics.statistics;
    let cluster = run::cluster(settings);
    let mut published = Published::default();
    let mut foreign = 0_u64;
    history::read(&cluster, topic, |record| {
        let Some(value) = record.value.as_deref() else { return };
        match serde_json::from_slice::<Record>(value) {
            Ok(record) => published.add(record),
            Err(_) => foreign += 1,
        }
    })
    .with_context(|| format!("{topic}: cannot be read; `ibaleg topics create` makes it"))?;
    anyhow::ensure!(
        foreign == 0,
        "{topic}: {foreign} records are no statistics of format {}; publish with the version that wrote them, or to another topic (topics.statistics)",
        crate::stats::FORMAT
    );
    let outstanding = published.outstanding(current, definitions, scope);
    let feeder = Feeder::open(&cluster, IN_FLIGHT)?;
    for record in &outstanding {
        feeder.send(&message(settings, record)?, None)?;
    }
    feeder.flush(PATIENCE)?;
    Ok(outstanding)
}

/// A CloudEvent in binary mode. Its id follows from window and revision: a record sent twice is
/// recognised.
fn message(settings: &Settings, record: &Record) -> anyhow::Result<Outgoing> {
    let mut id = hex::encode(Sha256::digest(format!("{}\0{}", record.key, record.revision)));
    id.truncate(32);
    let header = |name: &str, value: &str| (name.to_owned(), Some(value.as_bytes().to_vec()));
    Ok(Outgoing {
        topic: settings.topics.statistics.clone(),
        key: Some(record.key.clone().into_bytes()),
        headers: vec![
            header("ce_specversion", "1.0"),
            header("ce_id", &id),
            header("ce_source", &settings.event.source),
            header("ce_type", &format!("{}.report.statistics.v1", settings.event.type_prefix)),
            header("ce_time", &record.as_of.to_string()),
            header("content-type", "application/json"),
        ],
        value: Some(serde_json::to_vec(record).context("a record cannot be written as JSON")?),
    })
}
