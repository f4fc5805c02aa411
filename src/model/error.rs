use std::path::PathBuf;

/// Why a model package did not load, or why a loaded model could not score.
///
/// Messages never quote a text that was being scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A required file is not in the package.
    #[error("{} has no {file}; {hint}", dir.display())]
    Missing {
        /// The package.
        dir: PathBuf,
        /// The file looked for.
        file: &'static str,
        /// Where it comes from.
        hint: &'static str,
    },
    /// Something in the package is not a plain file of its own.
    #[error("{} is {what}; copy the file itself into the package", path.display())]
    NotPlain {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// A file is larger than its limit.
    #[error("{} is larger than {limit} bytes; raise the limit only for a package you trust", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its limit in bytes.
        limit: u64,
    },
    /// A JSON or TOML file has the wrong syntax, a wrong type or an unknown key.
    #[error("{file}: {message}")]
    Syntax {
        /// The file.
        file: &'static str,
        /// Position and cause, with the keys that are allowed where a key is unknown.
        message: String,
    },
    /// A file says something that contradicts another file or cannot be carried out.
    #[error("{file}: {what}; {hint}")]
    Invalid {
        /// The file to change.
        file: &'static str,
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The graph computes something other than the contract when it is tried at load time.
    #[error("the model fails its self-test: {what}; {hint}")]
    SelfTest {
        /// What went wrong.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// A golden text does not get its score.
    #[error(
        "goldens.jsonl line {line}: {output} is {got}, expected {expected} within {tolerance}; \
         the files of the package do not belong together, or this runtime computes the model differently"
    )]
    Golden {
        /// Line in `goldens.jsonl`, from 1.
        line: usize,
        /// Output by its own name.
        output: String,
        /// Probability recorded in the package.
        expected: f32,
        /// Probability computed here.
        got: f32,
        /// Largest difference allowed.
        tolerance: f32,
    },
    /// The tokenizer refused a text.
    #[error("the tokenizer failed: {0}")]
    Tokenize(String),
    /// The graph failed while scoring; the session has recovered and can be used again.
    #[error("the model failed: {0}")]
    Run(String),
    /// An output was NaN or infinite.
    #[error("the model gave {value} for {output}; its weights or its input range are broken")]
    NotFinite {
        /// Output by its own name.
        output: String,
        /// `NaN`, `inf` or `-inf`.
        value: f32,
    },
}

impl Error {
    /// What is wrong, and what to do where the message says it.
    pub fn parts(&self) -> (String, String) {
        match self {
            Self::Missing { dir, file, hint } => (format!("{} has no {file}", dir.display()), (*hint).to_owned()),
            Self::Invalid { file, what, hint } => (format!("{file}: {what}"), hint.clone()),
            Self::SelfTest { what, hint } => (what.clone(), (*hint).to_owned()),
            Self::Syntax { .. } => (self.to_string(), "correct the file, or save it again".to_owned()),
            other => {
                let message = other.to_string();
                let parts = message.split_once("; ").map(|(what, hint)| (what.to_owned(), hint.to_owned()));
                parts.unwrap_or((message, String::new()))
            }
        }
    }

    pub(super) fn invalid(file: &'static str, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Invalid { file, what: what.into(), hint: hint.into() }
    }
}

/// Between 0 and 1; case counts for nothing, because labels are often exported in capitals.
fn likeness(left: &str, right: &str) -> f64 {
    strsim::jaro_winkler(&left.to_ascii_lowercase(), &right.to_ascii_lowercase())
}

/// The nearest of some allowed names, as the end of a hint.
pub(super) fn nearest<'a>(name: &str, allowed: impl Iterator<Item = &'a str>) -> String {
    let allowed: Vec<&str> = allowed.collect();
    let best = allowed
        .iter()
        .map(|candidate| (likeness(name, candidate), *candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0));
    match best {
        Some((_, candidate)) => format!("did you mean {candidate:?}?"),
        None => format!("known are {}", allowed.join(", ")),
    }
}
