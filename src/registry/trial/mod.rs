//! The first load of a package, in a child process.
//!
//! [`try_out`] starts the program again as [`serve`] and writes the files to its standard input; `serve` puts itself
//! under limits before it reads the first byte of them, examines them, and writes what it finds to its standard output,
//! one JSON note a line. The limits are the kernel's (setrlimit(2)): address space, processor time, no files written,
//! no core. The child gets no environment, no network and no path of the package; it can still call what any
//! process of this user can, so the trial is a guard against what a file makes the runtime do, not a sandbox against
//! code that has taken the process over.

mod child;
mod wire;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::model::check::Note;
use crate::model::{Files, LoadLimits, Subject};

pub use child::serve;

/// What a trial may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialLimits {
    /// Address space in bytes. It must hold the files about five times over.
    pub memory_bytes: u64,
    /// Processor time; the clock on the wall may show four times as much, for a machine that is busy.
    pub time: Duration,
}

impl Default for TrialLimits {
    fn default() -> Self {
        Self { memory_bytes: 4 << 30, time: Duration::from_mins(1) }
    }
}

/// What is to be tried.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// The program to start again; it must call [`serve`] when its arguments are `arguments`.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: &'a [&'a str],
    /// Limits on the package.
    pub load: &'a LoadLimits,
    /// Limits on the process.
    pub limits: TrialLimits,
    /// Whether the speed is measured.
    pub measure: bool,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every check was made.
    Whole,
    /// The process ended before.
    Cut {
        /// The check under way.
        during: Option<Subject>,
        /// Why it ended.
        why: String,
        /// What to do.
        advice: String,
    },
}

/// Why a trial could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The process could not be started.
    #[error(
        "the process that tries a package cannot be started ({program}): {source}; check that the program may start itself"
    )]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The process could not be watched.
    #[error("the process that tries a package cannot be watched: {0}")]
    Watch(std::io::Error),
}

/// The wall clock may show this many times the processor time.
const WALL: u32 = 4;

/// Bytes of its standard error that are read.
const MOST_COMPLAINT: u64 = 4096;

/// Examines files in a process of their own; `tell` hears what it notes, in order, but for [`Note::End`].
pub fn try_out(trial: &Trial<'_>, files: &Files, tell: &mut dyn FnMut(Note)) -> Result<Ending, Error> {
    let started = Instant::now();
    let mut child = Command::new(trial.program)
        .args(trial.arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| Error::Start { program: trial.program.display().to_string(), source })?;
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let mut notes = Notes { during: None, ended: false };
    let deadline = started + trial.limits.time * WALL;
    let (status, complaint) = thread::scope(|scope| {
        // A child that ends early closes its input; why it ended is told by its status.
        scope.spawn(move || input.map(|input| wire::write(input, trial, files)));
        let complaint = scope.spawn(move || {
            let mut complaint = Vec::new();
            if let Some(mut errors) = errors {
                // The rest is read and forgotten, so that the child can go on. A broken pipe ends both.
                let _ = errors.by_ref().take(MOST_COMPLAINT).read_to_end(&mut complaint);
                let _ = std::io::copy(&mut errors, &mut std::io::sink());
            }
            String::from_utf8_lossy(&complaint).into_owned()
        });
        let (lines, received) = crossbeam_channel::unbounded();
        scope.spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines().map_while(Result::ok)) {
                if lines.send(line).is_err() {
                    break;
                }
            }
        });
        while let Ok(line) = received.recv_deadline(deadline) {
            notes.take(&line, tell);
        }
        let status = end(&mut child, deadline);
        (status, complaint.join().unwrap_or_default())
    });
    let status = status.map_err(Error::Watch)?;
    Ok(if notes.ended && status.is_some_and(|status| status.success()) {
        Ending::Whole
    } else {
        let (why, advice) = reason(status, &complaint, &trial.limits);
        Ending::Cut { during: notes.during, why, advice }
    })
}

struct Notes {
    during: Option<Subject>,
    ended: bool,
}

impl Notes {
    fn take(&mut self, line: &str, tell: &mut dyn FnMut(Note)) {
        match serde_json::from_str(line) {
            Ok(Note::End) => self.ended = true,
            Ok(note) => {
                if let Note::Begin(subject) = note {
                    self.during = Some(subject);
                }
                tell(note);
            }
            // Whatever a library writes to standard output is not ours.
            Err(_) => tracing::debug!("a line of the trial is no note"),
        }
    }
}

/// Waits until the deadline, then ends the child. `None` where it had to be ended.
fn end(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Why the process ended, and what to do.
fn reason(status: Option<ExitStatus>, complaint: &str, limits: &TrialLimits) -> (String, String) {
    use std::os::unix::process::ExitStatusExt as _;
    const XCPU: i32 = 24;
    const KILL: i32 = 9;
    let TrialLimits { memory_bytes, time } = limits;
    let slow = || {
        let why = format!("it took more than {} s of processor time", time.as_secs());
        (why, "raise model.trial_time only for a package you trust".to_owned())
    };
    let Some(status) = status else {
        let why = format!("it did not end within {} s", (*time * WALL).as_secs());
        return (why, "raise model.trial_time only for a package you trust".to_owned());
    };
    match status.signal() {
        Some(XCPU | KILL) => slow(),
        _ if complaint.contains("memory allocation of") => {
            let why = format!("it asked for more than {} MiB of memory", memory_bytes >> 20);
            (why, "raise model.trial_memory only for a package you trust".to_owned())
        }
        _ if complaint.contains("stack overflow") || complaint.contains("overflowed its stack") => {
            ("it nests deeper than the stack is".to_owned(), "export a plain classifier".to_owned())
        }
        Some(signal) => (format!("it ended with signal {signal}"), "export the model again".to_owned()),
        None => {
            let last: String = complaint.lines().last().unwrap_or_default().chars().take(200).collect();
            let why = format!("it ended early ({status}) {last}");
            (why.trim().to_owned(), "export the model again".to_owned())
        }
    }
}
