//! The files of a package, read once into private memory.
//!
//! What is checked, digested and loaded is the same bytes: a file that is swapped or rewritten while the
//! package loads cannot slip in. Links are refused because their target can change without the
//! package changing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::Error;

/// What a package may cost: bytes when it is loaded, windows and tokens when it scores.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self { max_model_bytes: 512 << 20, max_file_bytes: 64 << 20, max_windows: 64, batch_tokens: 1024 }
    }
}

/// SHA-256 digests in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
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
const CARD: &str = "card.md";

/// Every file of a package that has a meaning here, by name.
pub(super) struct Files {
    contents: BTreeMap<&'static str, Vec<u8>>,
    model: &'static str,
}

impl Files {
    pub(super) fn read(dir: &Path, limits: &LoadLimits) -> Result<Self, Error> {
        // The directory itself may be a link: that is how a new version is published in one step.
        let dir = dir.canonicalize().map_err(|source| Error::Read { path: dir.to_owned(), source })?;
        let mut contents = BTreeMap::new();
        for name in [CONFIG, TOKENIZER, PACKAGE, CALIBRATION, THRESHOLDS, GOLDENS, CARD] {
            if let Some(bytes) = read_plain(&dir, name, limits.max_file_bytes)? {
                contents.insert(name, bytes);
            }
        }
        for name in [MODEL, MODEL_IN_FOLDER] {
            if let Some(bytes) = read_plain(&dir, name, limits.max_model_bytes)? {
                contents.insert(name, bytes);
            }
        }
        let model = match (contents.contains_key(MODEL), contents.contains_key(MODEL_IN_FOLDER)) {
            (true, false) => MODEL,
            (false, true) => MODEL_IN_FOLDER,
            (true, true) => {
                let what = "both model.onnx and onnx/model.onnx are present";
                return Err(Error::invalid(MODEL, what, "keep the one that is meant"));
            }
            (false, false) => {
                let hint = "export the classifier to ONNX (`optimum-cli export onnx --task text-classification`)";
                return Err(Error::Missing { dir, file: "model.onnx or onnx/model.onnx", hint });
            }
        };
        for (file, hint) in [
            (CONFIG, "it comes with a Hugging Face export and holds id2label and problem_type"),
            (TOKENIZER, "save the fast tokenizer beside the model (`tokenizer.save_pretrained`)"),
        ] {
            if !contents.contains_key(file) {
                return Err(Error::Missing { dir, file, hint });
            }
        }
        Ok(Self { contents, model })
    }

    /// The bytes of a file, or `None` where the package does not have it.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.contents.get(name).map(Vec::as_slice)
    }

    pub(super) fn model(&self) -> &[u8] {
        self.get(self.model).unwrap_or_default()
    }

    pub(super) fn digests(&self) -> Digests {
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
