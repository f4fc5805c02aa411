//! What goes into the child: one line of JSON with limits, names and sizes, then the bytes of the files.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use super::{Trial, TrialLimits};
use crate::model::{Files, LoadLimits};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) load: LoadLimits,
    pub(super) limits: TrialLimits,
    pub(super) measure: bool,
    /// Name and bytes of each file.
    pub(super) files: Vec<(String, u64)>,
}

pub(super) fn write(mut output: impl Write, trial: &Trial<'_>, files: &Files) -> io::Result<()> {
    let header = Header {
        load: trial.load.clone(),
        limits: trial.limits,
        measure: trial.measure,
        files: files.iter().map(|(name, bytes)| (name.to_owned(), bytes.len() as u64)).collect(),
    };
    serde_json::to_writer(&mut output, &header)?;
    output.write_all(b"\n")?;
    files.iter().try_for_each(|(_, bytes)| output.write_all(bytes))
}

pub(super) fn read_header(input: &mut impl BufRead) -> io::Result<Header> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

pub(super) fn read_files(input: &mut impl BufRead, header: &Header) -> io::Result<Files> {
    let mut parts = Vec::with_capacity(header.files.len());
    for (name, size) in &header.files {
        let size = usize::try_from(*size).map_err(io::Error::other)?;
        let mut bytes = vec![0; size];
        input.read_exact(&mut bytes)?;
        parts.push((name.clone(), bytes));
    }
    Ok(Files::from_parts(parts))
}
