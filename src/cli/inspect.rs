use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context as _;

use super::{deployment, print_line, rights, run};
use crate::config::{self, Loaded, Settings};
use crate::event::schema;
use crate::report;
use crate::stream::topics;

/// Kafka's default `max.message.bytes`.
const DEFAULT_MESSAGE_BYTES: usize = 1_048_588;

/// Room for the headers that a dead letter adds.
const DEAD_LETTER_HEADERS: usize = 64 << 10;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Topics {
    /// Print the topics of the configuration and what the brokers have of them.
    List,
    /// Create those that are missing; existing ones are left as they are.
    Create,
    /// Print the least rights that a user of the brokers needs, for kafka-acls.sh.
    Acl(rights::Arguments),
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Schema {
    /// A report as intake systems send it.
    Report,
    /// Data of a classified event.
    Classified,
    /// Data of a rejection.
    Rejected,
    /// Statistics of one window.
    Statistics,
    /// What a unit found out about a report.
    Feedback,
    /// How predictions stood the judgement of units.
    Quality,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Config {
    /// Check the configuration, the rules and the model package; say what is wrong.
    Check,
    /// Print every key with its value, where that comes from and what it means.
    Explain,
    /// Print the complete, commented configuration file with every key at its default.
    Default,
}

pub(super) fn topics(settings: &Settings, command: &Topics) -> anyhow::Result<ExitCode> {
    if let Topics::Acl(arguments) = command {
        return rights::acl(settings, arguments);
    }
    let cluster = run::cluster(settings);
    let wanted = specs(settings)?;
    let width = wanted.iter().map(|spec| spec.name.len()).max().unwrap_or(0);
    let line = |name: &str, state: &str| print_line(&format!("{name:<width$}  {state}"));
    match command {
        Topics::Acl(_) => {}
        Topics::List => {
            let names: Vec<&str> = wanted.iter().map(|spec| spec.name.as_str()).collect();
            let found = topics::list(&cluster, &names)?;
            for name in names {
                match found.iter().find(|topic| topic.name == name) {
                    Some(topic) => line(
                        name,
                        &format!(
                            "{} partitions, {} replicas, {} messages",
                            topic.partitions, topic.replication, topic.messages
                        ),
                    )?,
                    None => line(name, "missing; `ibaleg topics create` makes it")?,
                }
            }
        }
        Topics::Create => {
            for (spec, outcome) in wanted.iter().zip(topics::create(&cluster, &wanted)?) {
                match outcome {
                    topics::Outcome::Created => line(&spec.name, &format!("created, {} partitions", spec.partitions))?,
                    topics::Outcome::Existing => line(&spec.name, "exists")?,
                    topics::Outcome::Mismatch { found } => {
                        let wanted = spec.partitions;
                        line(
                            &spec.name,
                            &format!("exists with {found} partitions, {wanted} were asked for; left as it is"),
                        )?;
                    }
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every topic that this configuration reads or writes.
pub(super) fn specs(settings: &Settings) -> anyhow::Result<Vec<topics::Spec>> {
    let (triage, _) = deployment::rules(settings)?;
    let names = &settings.topics;
    let units = triage.taxonomy().units().iter().map(|unit| format!("{}{}", names.unit_prefix, unit.id));
    let fixed = [&names.incoming, &names.classified, &names.urgent, &names.review, &names.rejected, &names.deadletter];
    let all = fixed.into_iter().cloned().chain(units);
    let retention = names.retention.as_millis().to_string();
    // A dead letter is the record itself and about 1 KiB of headers: its topic must take more than
    // the incoming one does.
    let incoming_bytes = settings.report.max_bytes.0.max(DEFAULT_MESSAGE_BYTES);
    let dead_letter_bytes = incoming_bytes.saturating_add(DEAD_LETTER_HEADERS);
    let spec = |name: String| {
        let mut config = BTreeMap::from([("retention.ms".to_owned(), retention.clone())]);
        let bytes = if name == names.deadletter { dead_letter_bytes } else { incoming_bytes };
        config.insert("max.message.bytes".to_owned(), bytes.to_string());
        topics::Spec { name, partitions: names.partitions, replication: names.replication, config }
    };
    let statistics = topics::Spec {
        config: BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]),
        ..spec(names.statistics.clone())
    };
    Ok(all.map(spec).chain([statistics]).collect())
}

pub(super) fn schema(which: Schema) -> anyhow::Result<ExitCode> {
    let schema = match which {
        Schema::Report => report::json_schema().to_value(),
        Schema::Classified => schema::classified(),
        Schema::Rejected => schema::rejected(),
        Schema::Statistics => crate::stats::schema(),
        Schema::Feedback => crate::feedback::schema(),
        Schema::Quality => crate::feedback::quality_schema(),
    };
    print_line(&serde_json::to_string_pretty(&schema).context("the schema cannot be written")?)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn config(loaded: &Loaded, command: &Config) -> anyhow::Result<ExitCode> {
    match command {
        Config::Check => {
            run::options(&loaded.settings)?.check()?;
            let engine = deployment::tried_engine(&loaded.settings)?;
            let provenance = engine.provenance();
            print_line(&format!(
                "configuration, rules and model are in order: model {} ({}), {} labels, {} units",
                provenance.model,
                provenance.model_digest,
                engine.triage().taxonomy().labels().len(),
                engine.triage().taxonomy().units().len(),
            ))?;
        }
        Config::Explain => {
            for entry in config::explain(&loaded.settings) {
                let origin = loaded.origin(&entry.name());
                print_line(&format!("{} = {}  [{origin}]", entry.name(), entry.value))?;
                for line in entry.documentation.lines() {
                    print_line(&format!("    {line}"))?;
                }
            }
        }
        Config::Default => print_line(config::default_file().trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}
