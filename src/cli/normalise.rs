use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::text::{View, prepare};

/// The bridge by which training sees texts exactly as serving does.
pub(super) fn normalise() -> anyhow::Result<ExitCode> {
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.context("standard input cannot be read as UTF-8")?;
        let text: String = serde_json::from_str(&line)
            .with_context(|| format!("line {}: not a JSON string; write one text per line, quoted", index + 1))?;
        let text = prepare(&text, View::Normalised);
        serde_json::to_writer(&mut output, text.text()).context("standard output cannot be written")?;
        output.write_all(b"\n").context("standard output cannot be written")?;
    }
    output.flush().context("standard output cannot be written")?;
    Ok(ExitCode::SUCCESS)
}
