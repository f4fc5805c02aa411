use sha2::{Digest, Sha256};

use super::RuleFiles;
use crate::event::Provenance;
use crate::model::Model;
use crate::text;

/// SHA-256 in lower-case hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Digests of everything that decides but the input.
pub(super) fn of(model: &Model, files: &RuleFiles) -> Provenance {
    let digests = model.digests();
    let lexicon: Vec<String> = files.lexicon.iter().map(|file| digest(file)).collect();
    Provenance {
        service: env!("CARGO_PKG_VERSION").to_owned(),
        model: name(model),
        model_digest: digests.package.clone(),
        tokenizer_digest: digests.tokenizer.clone(),
        text_digest: digest([text::digest(), text::language::digest(), text::mentions_digest()].join("\0").as_bytes()),
        taxonomy_digest: digest(&files.taxonomy),
        policy_digest: digest(&files.policy),
        lexicon_digest: digest(lexicon.join("\n").as_bytes()),
        input_digest: String::new(),
    }
}

/// Name and version of the package; a plain export has neither and is called by its digest.
fn name(model: &Model) -> String {
    let package = model.package();
    match (package.name.as_str(), package.version.as_str()) {
        ("", _) => model.digests().package.chars().take(12).collect(),
        (name, "") => name.to_owned(),
        (name, version) => format!("{name} {version}"),
    }
}

/// One digest over all of them.
pub(super) fn combined(provenance: &Provenance) -> String {
    let Provenance { service, model: _, model_digest, tokenizer_digest, text_digest, .. } = provenance;
    let Provenance { taxonomy_digest, policy_digest, lexicon_digest, .. } = provenance;
    let parts = [service, model_digest, tokenizer_digest, text_digest, taxonomy_digest, policy_digest, lexicon_digest];
    digest(parts.map(String::as_str).join("\0").as_bytes())
}
