use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::audit::{Chain, Decided, Finding, Verifier, decision_digest};
use crate::engine::Outcome;
use crate::event::Provenance;

/// Name of the chain in a file.
const CHAIN: &str = "file";

/// Bytes read of a line, at most; an entry has about 1,000.
const LONGEST_LINE: u64 = 64 << 10;

/// A decision log in a file, held by this process alone.
#[derive(Debug)]
pub(super) struct DecisionLog {
    file: File,
    name: String,
    chain: Chain,
    provenance: Provenance,
}

impl DecisionLog {
    /// Opens a log, or begins one. What is there is verified first: nothing is built upon a broken chain.
    /// An entry cut off while it was written, by a kill or a full disk, is dropped: its event never left.
    pub(super) fn open(path: &Path, provenance: &Provenance) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let cannot = || format!("{name}: cannot be opened as a decision log");
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.with_context(cannot)?;
        file.try_lock().with_context(|| format!("{name}: another process writes this decision log"))?;
        let (chain, whole) = verified(&file, &name)?;
        file.set_len(whole).with_context(cannot)?;
        file.seek(SeekFrom::End(0)).with_context(cannot)?;
        Ok(Self { file, name, chain, provenance: provenance.clone() })
    }

    /// Appends an entry for each outcome. They are on the disk when this returns.
    pub(super) fn append(&mut self, outcomes: &[Outcome]) -> anyhow::Result<()> {
        let mut lines = String::new();
        for outcome in outcomes {
            lines.push_str(&self.chain.next(decided(outcome, &self.provenance)).line());
            lines.push('\n');
        }
        let cannot = || format!("{}: the decision log cannot be written", self.name);
        self.file.write_all(lines.as_bytes()).with_context(cannot)?;
        self.file.sync_data().with_context(cannot)
    }
}

/// The chain to go on with, and the bytes of whole entries.
fn verified(file: &File, name: &str) -> anyhow::Result<(Chain, u64)> {
    let mut verifier = Verifier::new(None);
    let mut whole = 0_u64;
    read_lines(BufReader::new(file), name, |line, cut_off| {
        if cut_off {
            return Ok(());
        }
        if let Some(finding) = verifier.line(line).first() {
            let Finding { line, fault } = finding;
            bail!("{name}, line {line}: {fault}; `ibaleg audit verify` says more, and another file begins a new log");
        }
        whole += line.len() as u64 + 1;
        Ok(())
    })?;
    Ok((verifier.last().map_or_else(|| Chain::new(CHAIN), Chain::after), whole))
}

/// Gives every line to `take`, blank ones too, and whether its end is missing. A line that is longer than
/// any entry comes in pieces.
pub(super) fn read_lines(
    mut reader: impl BufRead,
    name: &str,
    mut take: impl FnMut(&[u8], bool) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    loop {
        let mut line = Vec::new();
        let limited = &mut (&mut reader).take(LONGEST_LINE);
        if limited.read_until(b'\n', &mut line).with_context(|| format!("{name}: cannot be read"))? == 0 {
            return Ok(());
        }
        let ended = line.last() == Some(&b'\n');
        if ended {
            line.pop();
        }
        take(&line, !ended)?;
    }
}

fn decided(outcome: &Outcome, provenance: &Provenance) -> Decided {
    let (event_id, outcome, input_digest, decision_digest) = match outcome {
        Outcome::Classified { id, event } => (id, "classified", &event.provenance.input_digest, decision_digest(event)),
        Outcome::Rejected { id, event } => (id, "rejected", &event.input_digest, decision_digest(event)),
    };
    Decided {
        event_id: event_id.clone(),
        outcome: outcome.to_owned(),
        input_digest: input_digest.clone(),
        decision_digest,
        service: provenance.service.clone(),
        model_digest: provenance.model_digest.clone(),
        tokenizer_digest: provenance.tokenizer_digest.clone(),
        text_digest: provenance.text_digest.clone(),
        taxonomy_digest: provenance.taxonomy_digest.clone(),
        policy_digest: provenance.policy_digest.clone(),
        lexicon_digest: provenance.lexicon_digest.clone(),
    }
}
