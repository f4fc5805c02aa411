use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use super::{deadletters, inspect, print_line};
use crate::config::{Delivery, Settings};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Who receives the rights, as the brokers name the user: User:ibaleg.
    #[arg(long, value_name = "TYPE:NAME", value_parser = principal)]
    principal: String,
    /// What the user does; without it, everything, each part under a heading of its own.
    #[arg(long = "for", value_enum, value_name = "USE")]
    uses: Vec<Use>,
    /// Properties file with which kafka-acls.sh connects as an administrator; written into the commands.
    #[arg(long, value_name = "FILE")]
    command_config: Option<PathBuf>,
    /// Commands for a shell, or JSON.
    #[arg(long, value_enum, default_value = "commands")]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// kafka-acls.sh commands.
    Commands,
    /// One JSON object: the bindings, in Kafka's own words.
    Json,
}

/// What a user does with the brokers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Use {
    /// `ibaleg run`.
    Run,
    /// `ibaleg deadletters list` and `show`, `ibaleg topics list`.
    Look,
    /// `ibaleg deadletters redrive`.
    Redrive,
}

impl Use {
    const ALL: [Self; 3] = [Self::Run, Self::Look, Self::Redrive];

    fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Look => "look",
            Self::Redrive => "redrive",
        }
    }

    fn commands(self) -> &'static str {
        match self {
            Self::Run => "ibaleg run",
            Self::Look => "ibaleg deadletters list and show, ibaleg topics list",
            Self::Redrive => "ibaleg deadletters redrive",
        }
    }
}

/// One right on one thing. WRITE and READ contain DESCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Right {
    operation: Operation,
    resource: Resource,
    name: String,
    /// Whether `name` is the head of all names meant.
    prefix: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Read,
    Write,
    Describe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    Topic,
    Group,
    TransactionalId,
}

impl Right {
    fn new(operation: Operation, resource: Resource, name: impl Into<String>) -> Self {
        Self { operation, resource, name: name.into(), prefix: false }
    }

    fn on_all_that_begin_with(operation: Operation, resource: Resource, head: String) -> Self {
        Self { operation, resource, name: head, prefix: true }
    }
}

pub(super) fn acl(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let uses = if arguments.uses.is_empty() { Use::ALL.to_vec() } else { arguments.uses.clone() };
    let mut bindings = Vec::new();
    for (index, &purpose) in uses.iter().enumerate() {
        let rights = rights(settings, purpose)?;
        match arguments.output {
            Output::Json => bindings.extend(rights.iter().map(|right| binding(right, purpose, &arguments.principal))),
            Output::Commands => {
                if index > 0 {
                    print_line("")?;
                }
                print_line(&format!("# {}", purpose.commands()))?;
                let config = arguments.command_config.as_deref();
                print_line(commands(&rights, &settings.kafka.brokers, &arguments.principal, config)?.trim_end())?;
            }
        }
    }
    if arguments.output == Output::Json {
        print_line(&serde_json::to_string_pretty(&json!({ "bindings": bindings }))?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn rights(settings: &Settings, purpose: Use) -> anyhow::Result<Vec<Right>> {
    use Operation::{Describe, Read, Write};
    use Resource::{Group, Topic, TransactionalId};
    let topics = &settings.topics;
    let redrive = deadletters::redrive_group(settings);
    Ok(match purpose {
        Use::Run => {
            let outputs = inspect::specs(settings)?.into_iter().map(|spec| spec.name);
            let outputs = outputs.filter(|name| *name != topics.incoming);
            let mut rights = vec![Right::new(Read, Topic, &topics.incoming)];
            rights.extend(outputs.map(|name| Right::new(Write, Topic, name)));
            rights.push(Right::new(Read, Group, &settings.kafka.group_id));
            if settings.stream.delivery == Delivery::ExactlyOnce {
                let head = format!("{}.", settings.kafka.group_id);
                rights.push(Right::on_all_that_begin_with(Write, TransactionalId, head));
            }
            rights
        }
        Use::Look => {
            let others = inspect::specs(settings)?.into_iter().map(|spec| spec.name);
            let others = others.filter(|name| *name != topics.deadletter);
            let mut rights = vec![Right::new(Read, Topic, &topics.deadletter)];
            rights.extend(others.map(|name| Right::new(Describe, Topic, name)));
            rights.push(Right::new(Describe, Group, redrive));
            rights
        }
        Use::Redrive => vec![
            Right::new(Read, Topic, &topics.deadletter),
            Right::new(Write, Topic, &topics.incoming),
            Right::new(Read, Group, redrive.clone()),
            Right::new(Write, TransactionalId, redrive),
        ],
    })
}

/// One command for each operation on each kind of thing.
fn commands(rights: &[Right], brokers: &str, principal: &str, command_config: Option<&Path>) -> anyhow::Result<String> {
    let mut groups: Vec<Vec<&Right>> = Vec::new();
    for right in rights {
        let alike = |group: &&mut Vec<&Right>| {
            group.first().is_some_and(|first| {
                (first.operation, first.resource, first.prefix) == (right.operation, right.resource, right.prefix)
            })
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(right),
            None => groups.push(vec![right]),
        }
    }
    let mut text = String::new();
    for group in groups {
        let Some(first) = group.first() else {
            continue;
        };
        write!(text, "kafka-acls.sh --bootstrap-server {}", quoted(brokers))?;
        if let Some(path) = command_config {
            let Some(path) = path.to_str() else {
                bail!("--command-config: the path is not UTF-8");
            };
            write!(text, " --command-config {}", quoted(path))?;
        }
        write!(text, " --add --allow-principal {}", quoted(principal))?;
        write!(text, " \\\n  --operation {:?}", first.operation)?;
        if first.prefix {
            write!(text, " --resource-pattern-type prefixed")?;
        }
        for right in group {
            let option = match right.resource {
                Resource::Topic => "--topic",
                Resource::Group => "--group",
                Resource::TransactionalId => "--transactional-id",
            };
            write!(text, " \\\n  {option} {}", quoted(&right.name))?;
        }
        text.push('\n');
    }
    Ok(text)
}

fn binding(right: &Right, purpose: Use, principal: &str) -> Value {
    let resource = match right.resource {
        Resource::Topic => "TOPIC",
        Resource::Group => "GROUP",
        Resource::TransactionalId => "TRANSACTIONAL_ID",
    };
    json!({
        "for": purpose.name(),
        "principal": principal,
        "host": "*",
        "operation": format!("{:?}", right.operation).to_ascii_uppercase(),
        "permission_type": "ALLOW",
        "resource_type": resource,
        "resource_name": right.name,
        "pattern_type": if right.prefix { "PREFIXED" } else { "LITERAL" },
    })
}

fn principal(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(text.to_owned()),
        _ => Err("write the type and the name, such as User:ibaleg".to_owned()),
    }
}

/// A word of a POSIX shell.
fn quoted(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:,@=".contains(c);
    if !word.is_empty() && word.chars().all(harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("reports.unit.x-1_2"), "reports.unit.x-1_2");
        assert_eq!(quoted("User:CN=ibaleg, O=it's"), "'User:CN=ibaleg, O=it'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("$(x)"), "'$(x)'");
    }

    #[test]
    fn each_use_has_the_rights_it_needs_and_no_cluster_right() {
        let settings = Settings::default();
        let run = rights(&settings, Use::Run).unwrap();
        assert_eq!(run[0], Right::new(Operation::Read, Resource::Topic, "reports.incoming"));
        assert!(run.contains(&Right::new(Operation::Write, Resource::Topic, "reports.deadletter")));
        assert!(run.contains(&Right::new(Operation::Read, Resource::Group, "ibaleg")));
        let writable = |rights: &[Right]| {
            rights.iter().any(|right| right.name == "reports.incoming" && right.operation == Operation::Write)
        };
        assert!(!writable(&run) && writable(&rights(&settings, Use::Redrive).unwrap()));
        let looking = rights(&settings, Use::Look).unwrap();
        assert!(looking.iter().all(|right| right.operation != Operation::Write));
    }

    #[test]
    fn a_principal_has_a_type_and_a_name() {
        assert_eq!(principal("User:CN=a").unwrap(), "User:CN=a");
        assert!(principal("ibaleg").is_err() && principal("User:").is_err() && principal(":a").is_err());
    }
}
