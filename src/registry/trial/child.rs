//! The side of a trial that runs under limits.

use std::io::{self, BufReader, Read, Write};
use std::time::Instant;

use rlimit::{Resource, setrlimit};

use super::TrialLimits;
use super::wire;
use crate::model::Package;
use crate::model::check::{Memory, Note, Tools, examine};

/// Reads limits and files from `input`, examines the files under the limits, and writes notes to `output`.
///
/// # Errors
///
/// Where input or output break off, or a limit cannot be set. Without its limits nothing is examined.
pub fn serve(input: impl Read, mut output: impl Write, prepare: &dyn Fn(&Package, &str) -> String) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let header = wire::read_header(&mut input)?;
    confine(&header.limits)?;
    let files = wire::read_files(&mut input, &header)?;
    let start = Instant::now();
    let clock = || start.elapsed();
    let tools = Tools { prepare, clock: &clock, measure: header.measure };
    let mut written = Ok(());
    let mut write = |note: Note| {
        if written.is_ok() {
            written = write_note(&mut output, &note);
        }
    };
    let model = examine(&files, &header.load, &tools, &mut write);
    if let Some(memory) = memory().filter(|_| model.is_some()) {
        write(Note::Memory(memory));
    }
    write(Note::End);
    written
}

/// At once, so that the last note before an end names the check that caused it.
fn write_note(output: &mut impl Write, note: &Note) -> io::Result<()> {
    serde_json::to_writer(&mut *output, note)?;
    output.write_all(b"\n")?;
    output.flush()
}

fn confine(limits: &TrialLimits) -> io::Result<()> {
    let seconds = limits.time.as_secs().max(1);
    setrlimit(Resource::AS, limits.memory_bytes, limits.memory_bytes)?;
    // Beyond the first limit the kernel sends SIGXCPU, beyond the second SIGKILL.
    setrlimit(Resource::CPU, seconds, seconds + 1)?;
    setrlimit(Resource::FSIZE, 0, 0)?;
    setrlimit(Resource::CORE, 0, 0)?;
    setrlimit(Resource::NOFILE, 16, 16)
}

/// What the kernel says of this process; `None` where it keeps no `/proc`.
fn memory() -> Option<Memory> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let bytes = |key: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1024))
    };
    Some(Memory { peak_bytes: bytes("VmHWM")?, loaded_bytes: bytes("VmRSS")? })
}
