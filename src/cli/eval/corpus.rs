//! Labelled files and their split.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use schemars::JsonSchema;
use serde::Serialize;

use super::labelled::{Labelled, Problem, parse};
use crate::cli::lines::{Line, read_files};
use crate::evaluate::Axes;

/// A line that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct BadLine {
    /// File; `-` for standard input.
    pub(super) file: String,
    /// Number of the line, from 1.
    pub(super) line: u64,
    /// Stable code.
    pub(super) code: String,
    /// What is wrong and what to do.
    pub(super) message: String,
    /// The report was measured all the same, without the part that is wrong.
    pub(super) used: bool,
}

/// A report and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) report: Labelled,
    /// Group of the split; the id itself without one.
    pub(super) group: String,
    pub(super) file: String,
    pub(super) line: u64,
}

impl Entry {
    /// The line of this report as a bad one.
    pub(super) fn bad(&self, problem: &Problem) -> BadLine {
        bad(&self.file, self.line, problem, false)
    }
}

fn bad(file: &str, line: u64, problem: &Problem, used: bool) -> BadLine {
    let (code, message) = (problem.code().to_owned(), problem.to_string());
    BadLine { file: file.to_owned(), line, code, message, used }
}

/// Everything read.
#[derive(Debug, Default)]
pub(super) struct Corpus {
    pub(super) entries: Vec<Entry>,
    pub(super) bad: Vec<BadLine>,
    /// Reports of another side of the split.
    pub(super) other_side: usize,
    /// Where each id was read first.
    seen: HashMap<String, (String, u64)>,
}

/// Side and group of each report id.
#[derive(Debug)]
pub(super) struct Split(HashMap<String, (String, String)>);

impl Split {
    /// Reads a table of `id`, `side` and `group`, separated by tabs, under a line with these names.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("{name}: the split cannot be read"))?;
        let mut rows = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let columns: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
            match (number, columns.as_slice()) {
                (0, ["id", "side", "group"]) | (_, [""]) => {}
                (0, _) => bail!("{name}, line 1: not the names id, side and group, separated by tabs"),
                (_, [id, side, group]) => {
                    if rows.insert((*id).to_owned(), ((*side).to_owned(), (*group).to_owned())).is_some() {
                        bail!("{name}, line {}: the id {id} has a row before; leave one", number + 1);
                    }
                }
                _ => bail!("{name}, line {}: {} columns; write id, side and group", number + 1, columns.len()),
            }
        }
        Ok(Self(rows))
    }

    /// The side must occur, or a typing error would measure nothing.
    pub(super) fn check_side(&self, side: &str) -> anyhow::Result<()> {
        if self.0.values().any(|(known, _)| known == side) {
            return Ok(());
        }
        let mut known: Vec<&str> = self.0.values().map(|(side, _)| side.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        bail!("the split has no side {side:?}; it has {}", known.join(", "))
    }
}

/// What is read and how.
pub(super) struct Reading<'a> {
    pub(super) axes: &'a Axes,
    pub(super) split: Option<&'a Split>,
    pub(super) side: Option<&'a str>,
    /// Bytes of a line, at most.
    pub(super) limit: usize,
}

impl Reading<'_> {
    /// Reads all files; a bad line is listed and the rest goes on.
    pub(super) fn read(&self, files: &[PathBuf]) -> anyhow::Result<Corpus> {
        let mut corpus = Corpus::default();
        read_files(files, self.limit, |line| {
            if let Err(problem) = self.take(&line, &mut corpus) {
                corpus.bad.push(bad(&line.file, line.number, &problem, false));
            }
            ControlFlow::Continue(())
        })?;
        Ok(corpus)
    }

    fn take(&self, line: &Line, corpus: &mut Corpus) -> Result<(), Problem> {
        let Line { file, number, bytes } = line;
        if bytes.len() > self.limit {
            return Err(Problem::TooLong { limit: self.limit });
        }
        let (report, problems) = parse(bytes, self.axes)?;
        let id = report.id.clone();
        if let Some((file, line)) = corpus.seen.get(&id) {
            return Err(Problem::Duplicate { id, file: file.clone(), line: *line });
        }
        corpus.seen.insert(id.clone(), (file.clone(), *number));
        let group = match self.split.map(|split| split.0.get(&id)) {
            None => id,
            Some(None) => return Err(Problem::NotInSplit { id }),
            Some(Some((side, _))) if self.side.is_some_and(|wanted| wanted != side) => {
                corpus.other_side += 1;
                return Ok(());
            }
            Some(Some((_, group))) => group.clone(),
        };
        corpus.bad.extend(problems.iter().map(|problem| bad(file, *number, problem, true)));
        corpus.entries.push(Entry { report, group, file: file.clone(), line: *number });
        Ok(())
    }
}

/// Lines with a problem, each counted once.
pub(super) fn bad_lines(bad: &[BadLine]) -> usize {
    bad.iter().map(|bad| (bad.file.as_str(), bad.line)).collect::<HashSet<_>>().len()
}
