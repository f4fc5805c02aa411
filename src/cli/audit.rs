use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use super::decision_log::read_lines;
use super::{exit, print_line};
use crate::audit::{Finding, Head, Verifier};

/// Findings told one by one; the others are counted.
const MOST_TOLD: u64 = 100;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Audit {
    /// Find what was changed, taken out, reordered or doubled in a decision log.
    Verify {
        /// The log, as `classify --decision-log` writes it; `-` for standard input.
        file: PathBuf,
        /// Head of the log that was kept elsewhere, as an earlier verification printed it: finds a log
        /// that was cut off before it or written anew.
        #[arg(long, value_name = "SEQUENCE:HASH")]
        head: Option<Head>,
    },
}

pub(super) fn audit(command: &Audit) -> anyhow::Result<ExitCode> {
    let Audit::Verify { file, head } = command;
    let name = file.display().to_string();
    let mut verifier = Verifier::new(head.clone());
    let mut findings = 0;
    let reader: Box<dyn BufRead> = if name == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).with_context(|| format!("{name}: cannot be read"))?))
    };
    read_lines(reader, &name, |line, _| {
        verifier.line(line).iter().try_for_each(|finding| {
            findings += 1;
            tell(&name, finding, findings)
        })
    })?;
    for finding in verifier.end() {
        findings += 1;
        tell(&name, &finding, findings)?;
    }
    let entries = verifier.lines();
    match verifier.last().filter(|_| findings == 0) {
        Some(last) => print_line(&format!("{name}: {entries} entries, in order; head {}", last.head()))?,
        None => print_line(&format!("{name}: {entries} entries, {findings} findings"))?,
    }
    Ok(ExitCode::from(u8::try_from(findings).unwrap_or(u8::MAX).min(exit::MOST_REJECTED)))
}

fn tell(name: &str, finding: &Finding, number: u64) -> anyhow::Result<()> {
    let place = if finding.line == 0 { "end".to_owned() } else { format!("line {}", finding.line) };
    if number > MOST_TOLD {
        return Ok(());
    }
    print_line(&format!("{name}, {place}: {}", finding.fault))
}
