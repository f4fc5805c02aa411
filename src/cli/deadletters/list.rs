use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Filters, Output, open, redrive_group, remembered, row};
use crate::cli::print_line;
use crate::config::Settings;
use crate::deadletters::{Found, Progress, Selection};
use crate::stream::Letters;
use crate::stream::letters::Step;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// Only letters that were not redriven yet.
    #[arg(long, help_heading = "Filters")]
    waiting: bool,
    /// Form of the list.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
}

pub(super) fn list(settings: &Settings, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let selection = arguments.filters.selection();
    let mut letters = open(settings)?;
    let progress = remembered(&letters, &redrive_group(settings))?;
    let start = letters.extents().iter().map(|extent| (extent.partition, extent.first)).collect();
    letters.read_from(&start)?;
    if arguments.output == Output::Table {
        print_line(&row::head("state"))?;
    }
    let mut counts = Counts::default();
    while let Some(found) = next(&mut letters)? {
        let redriven = progress.get(&found.partition).is_some_and(|progress: &Progress| progress.is_done(found.offset));
        if !(takes(&found, &selection) && !(arguments.waiting && redriven)) {
            continue;
        }
        counts.count(&found);
        match arguments.output {
            Output::Table => print_line(&row::line(&found, if redriven { "redriven" } else { "waiting" }))?,
            Output::Json => {
                let mut object = row::object(&found);
                object.insert("redriven".into(), json!(redriven));
                print_line(&Value::Object(object).to_string())?;
            }
        }
    }
    counts.tell();
    Ok(ExitCode::SUCCESS)
}

/// What is no letter belongs to the list of everything only.
fn takes(found: &Found, selection: &Selection) -> bool {
    found.letter.as_ref().map_or_else(|_| selection.is_everything(), |letter| selection.takes(letter))
}

fn next(letters: &mut Letters) -> anyhow::Result<Option<Found>> {
    loop {
        match letters.step()? {
            Step::Record(record) => return Ok(Some(Found::new(&record))),
            Step::Idle => {}
            Step::End => return Ok(None),
        }
    }
}

/// Letters by code and stage.
#[derive(Debug, Default)]
struct Counts {
    kinds: BTreeMap<(String, String), u64>,
    foreign: u64,
}

impl Counts {
    /// Kinds told apart, at most: headers are written by others.
    const KINDS: usize = 1000;

    fn count(&mut self, found: &Found) {
        let Ok(letter) = &found.letter else {
            self.foreign += 1;
            return;
        };
        let kind = (letter.code.clone(), letter.stage.clone());
        if self.kinds.len() < Self::KINDS || self.kinds.contains_key(&kind) {
            *self.kinds.entry(kind).or_default() += 1;
        } else {
            *self.kinds.entry(("other".into(), "codes".into())).or_default() += 1;
        }
    }

    #[expect(clippy::print_stderr, reason = "a message for people beside the list")]
    fn tell(&self) {
        eprintln!("{} dead letters", self.kinds.values().sum::<u64>());
        for ((code, stage), count) in &self.kinds {
            eprintln!("  {count:>8}  {} {}", row::plain(code), row::plain(stage));
        }
        if self.foreign > 0 {
            eprintln!("  {:>8}  records that are no dead letters of this service", self.foreign);
        }
    }
}
