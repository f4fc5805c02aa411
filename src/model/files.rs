//! The files of a package, read once into private memory.
//!
//! What is checked, digested and loaded is the same bytes: a file that is swapped or rewritten while the
//! package loads cannot slip in. Links are refused because their target can change without the
//! package changing.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Error;

/// What a package may cost: bytes when it is loaded, windows and tokens when it scores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadLimits {
    /// Largest ONNX file in bytes. Default 512 MiB.
    pub max_model_bytes: u64,
    /// Largest of the other files in bytes. Default 64 MiB.
    pub max_file_bytes: u64,
    /// Most windows scored of one text; further ones are counted in [`Scores::windows_skipped`].
    /// Default 64.
    ///
    /// [`Scores::windows_skipped`]: super::Scores::windows_skipped
    pub max_windows: usize,
    /// Most tokens, padding included, in one run of the graph, unless a single window is longer.
    /// Default 1,024.
    pub batch_tokens: usize,
    /// Most nodes of a graph, inner graphs included. Default 20,000, ten times those of a deep transformer.
    pub max_nodes: usize,
    /// Most dimensions of any weights. Default 8.
    pub max_rank: usize,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self {
            max_model_bytes: 512 << 20,
            max_file_bytes: 64 << 20,
            max_windows: 64,
            batch_tokens: 1024,
            max_nodes: 20_000,
            max_rank: 8,
        }
    }
}

/// SHA-256 digests in lower-case hexadecimal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Digests {
    /// Of the ONNX file.
    pub model: String,
    /// Of `tokenizer.json`.
    pub tokenizer: String,
    /// Of the package: over the lines `<digest>  <name>\n` of every file read, sorted by name, which is
    /// the text that `sha256sum` prints.
    pub package: String,
}

pub(super) const CONFIG: &str = "config.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const MODEL: &str = "model.onnx";
const MODEL_IN_FOLDER: &str = "onnx/model.onnx";
pub(super) const PACKAGE: &str = "package.toml";
pub(super) const CALIBRATION: &str = "calibration.json";
pub(super) const THRESHOLDS: &str = "thresholds.json";
pub(super) const GOLDENS: &str = "goldens.jsonl";
pub(super) const CARD: &str = "card.md";
/// The card of a plain Hugging Face export.
pub(super) const README: &str = "README.md";

/// Files of at most `max_file_bytes` that a package may have.
const SMALL: [&str; 8] = [CONFIG, TOKENIZER, PACKAGE, CALIBRATION, THRESHOLDS, GOLDENS, CARD, README];

/// Where the graph may be.
const GRAPHS: [&str; 2] = [MODEL, MODEL_IN_FOLDER];

/// Every file of a package that has a meaning here, by name, in private memory.
#[derive(Clone, Default)]
pub struct Files {
    contents: BTreeMap<&'static str, Vec<u8>>,
    model: &'static str,
}

impl Files {
    /// Reads a package directory; the first problem refuses it.
    pub fn read(dir: &Path, limits: &LoadLimits) -> Result<Self, Error> {
        let (files, problems) = Self::gather(dir, limits);
        problems.into_iter().next().map_or(Ok(files), Err)
    }

    /// Reads what can be read of a package directory, and tells of everything that is wrong with its files.
    pub fn gather(dir: &Path, limits: &LoadLimits) -> (Self, Vec<Error>) {
        let (mut files, mut problems) = (Self::default(), Vec::new());
        // The directory itself may be a link: that is how a new version is published in one step.
        let dir = match dir.canonicalize() {
            Ok(dir) => dir,
            Err(source) => return (files, vec![Error::Read { path: dir.to_owned(), source }]),
        };
        let small = SMALL.map(|name| (name, limits.max_file_bytes));
        for (name, limit) in small.into_iter().chain(GRAPHS.map(|name| (name, limits.max_model_bytes))) {
            match read_plain(&dir, name, limit) {
                Ok(Some(bytes)) => drop(files.contents.insert(name, bytes)),
                Ok(None) => {}
                Err(error) => problems.push(error),
            }
        }
        files.model = if files.contents.contains_key(MODEL) { MODEL } else { MODEL_IN_FOLDER };
        let refused = problems.len();
        if GRAPHS.iter().all(|name| files.contents.contains_key(name)) {
            let what = "both model.onnx and onnx/model.onnx are present";
            problems.push(Error::invalid(MODEL, what, "keep the one that is meant"));
        }
        // A file that is there and refused is not missing.
        if refused == 0 {
            problems.extend(files.missing(&dir));
        }
        (files, problems)
    }

    fn missing(&self, dir: &Path) -> Vec<Error> {
        let missing = |file, hint| Error::Missing { dir: dir.to_owned(), file, hint };
        let mut problems = Vec::new();
        if !self.contents.contains_key(self.model) {
            let hint = "export the classifier to ONNX (`optimum-cli export onnx --task text-classification`)";
            problems.push(missing("model.onnx or onnx/model.onnx", hint));
        }
        for (file, hint) in [
            (CONFIG, "it comes with a Hugging Face export and holds id2label and problem_type"),
            (TOKENIZER, "save the fast tokenizer beside the model (`tokenizer.save_pretrained`)"),
        ] {
            if !self.contents.contains_key(file) {
                problems.push(missing(file, hint));
            }
        }
        problems
    }

    /// Files under the names that [`iter`](Self::iter) gave; others have no meaning and are left out.
    pub fn from_parts(parts: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let known = |name: &str| SMALL.into_iter().chain(GRAPHS).find(|known| *known == name);
        let contents: BTreeMap<_, _> =
            parts.into_iter().filter_map(|(name, bytes)| Some((known(&name)?, bytes))).collect();
        let model = if contents.contains_key(MODEL) { MODEL } else { MODEL_IN_FOLDER };
        Self { contents, model }
    }

    /// Names and bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.contents.iter().map(|(name, bytes)| (*name, bytes.as_slice()))
    }

    /// Bytes of all files together.
    pub fn total_bytes(&self) -> u64 {
        self.contents.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// The bytes of a file, or `None` where the package does not have it.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.contents.get(name).map(Vec::as_slice)
    }

    pub(super) fn model(&self) -> &[u8] {
        self.get(self.model).unwrap_or_default()
    }

    pub(super) fn has_model(&self) -> bool {
        self.contents.contains_key(self.model)
    }

    /// SHA-256 digests of what was read.
    pub fn digests(&self) -> Digests {
        let mut listing = String::new();
        let (mut model, mut tokenizer) = (String::new(), String::new());
        for (name, bytes) in &self.contents {
            let digest = hex::encode(Sha256::digest(bytes));
            // Writing to a String cannot fail.
            let _ = writeln!(listing, "{digest}  {name}");
            if *name == self.model {
                model = digest;
            } else if *name == TOKENIZER {
                tokenizer = digest;
            }
        }
        Digests { model, tokenizer, package: hex::encode(Sha256::digest(listing.as_bytes())) }
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, bytes)| (name, bytes.len()))).finish()
    }
}

/// Reads `dir/name` if it exists, refusing links and anything else that is not a plain file, on every
/// component of `name`.
fn read_plain(dir: &Path, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let mut path = dir.to_owned();
    let mut before = None;
    for part in name.split('/') {
        path.push(part);
        match path.symlink_metadata() {
            Ok(found) if found.is_symlink() => {
                return Err(Error::NotPlain { path, what: "a symbolic link" });
            }
            Ok(found) => before = Some(found),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::Read { path, source }),
        }
    }
    let Some(before) = before else {
        return Ok(None);
    };
    if !before.is_file() {
        return Err(Error::NotPlain { path, what: "not a regular file" });
    }
    let file = File::open(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let opened = file.metadata().map_err(|source| Error::Read { path: path.clone(), source })?;
    check_identity(&path, &before, &opened)?;
    if opened.len() > limit {
        return Err(Error::TooLarge { path, limit });
    }
    read_within(file, path, limit).map(Some)
}

fn read_within(file: File, path: PathBuf, limit: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    match file.take(limit.saturating_add(1)).read_to_end(&mut bytes) {
        Ok(read) if read as u64 > limit => Err(Error::TooLarge { path, limit }),
        Ok(_) => Ok(bytes),
        Err(source) => Err(Error::Read { path, source }),
    }
}

/// The opened file must be the one that was looked at (not a link put in its place since), under one name.
#[cfg(unix)]
fn check_identity(path: &Path, before: &Metadata, opened: &Metadata) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;
    let what = if (before.dev(), before.ino()) != (opened.dev(), opened.ino()) {
        "being replaced while it is read"
    } else if opened.nlink() != 1 {
        "a hard link to a file that has another name"
    } else {
        return Ok(());
    };
    Err(Error::NotPlain { path: path.to_owned(), what })
}

#[cfg(not(unix))]
fn check_identity(path: &Path, _before: &Metadata, opened: &Metadata) -> Result<(), Error> {
    if opened.is_file() {
        return Ok(());
    }
    Err(Error::NotPlain { path: path.to_owned(), what: "not a regular file" })
}
