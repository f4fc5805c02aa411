//! The core with the rules of `config/` and a model of the repository.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;

use ibaleg::engine::{Engine, Options, RuleFiles};
use ibaleg::model::{LoadLimits, Model};
use ibaleg::text::{View, prepare};
use ibaleg::triage::{Lexicon, LexiconFile, Policy, Taxonomy, Triage, shipped};

/// An engine with the model package at this path from the repository's root.
pub(crate) fn engine(model: &str, options: Options) -> Arc<Engine> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let model = Model::load(&root.join(model), &LoadLimits::default()).unwrap();
    let read = |name: &str| std::fs::read_to_string(root.join("config").join(name)).unwrap();
    let files = shipped::LEXICON.map(|(name, text)| LexiconFile::parse(name, text).unwrap());
    let lexicon = Lexicon::new(&files, |form| prepare(form, View::Normalised).text().to_owned()).unwrap();
    let taxonomy = Taxonomy::parse(&read("taxonomy.toml")).unwrap();
    let triage = Triage::new(taxonomy, Policy::parse(&read("policy.toml")).unwrap(), lexicon).unwrap();
    Arc::new(Engine::new(Arc::new(model), triage, &RuleFiles::default(), options).unwrap())
}
