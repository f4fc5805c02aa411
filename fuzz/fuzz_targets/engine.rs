//! Any bytes as a record's value through the whole core, with the small model of the tests.

#![no_main]

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use ibaleg::engine::{Engine, Input, Options, RuleFiles, Session};
use ibaleg::model::{LoadLimits, Model};
use ibaleg::report::Envelope;
use ibaleg::text::{View, prepare};
use ibaleg::triage::{Lexicon, LexiconFile, Policy, Taxonomy, Triage, shipped};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fn session() -> Session {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let model = Model::load(&root.join("tests/model/bert"), &LoadLimits::default()).expect("the model loads");
    let read = |name: &str| std::fs::read_to_string(root.join("config").join(name)).expect("the rules are there");
    let files = shipped::LEXICON.map(|(name, text)| LexiconFile::parse(name, text).expect("the lexicon is in order"));
    let normalise = |form: &str| prepare(form, View::Normalised).text().to_owned();
    let lexicon = Lexicon::new(&files, normalise).expect("the lexicon is in order");
    let taxonomy = Taxonomy::parse(&read("taxonomy.toml")).expect("the taxonomy is in order");
    let policy = Policy::parse(&read("policy.toml")).expect("the policy is in order");
    let triage = Triage::new(taxonomy, policy, lexicon).expect("the rules fit together");
    let engine = Engine::new(Arc::new(model), triage, &RuleFiles::default(), Options::default());
    Arc::new(engine.expect("the engine starts")).session().expect("a session starts")
}

thread_local! {
    static SESSION: RefCell<Session> = RefCell::new(session());
}

fuzz_target!(|value: &[u8]| {
    let input = Input { envelope: Envelope::bare(value), source: None, received_at: Timestamp::UNIX_EPOCH };
    let outcomes = SESSION.with_borrow_mut(|session| session.decide(&[input], Timestamp::UNIX_EPOCH));
    assert_eq!(outcomes.len(), 1);
});
