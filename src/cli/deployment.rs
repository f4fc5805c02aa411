use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use crate::config::{Settings, TextPolicy};
use crate::engine::{Engine, Options, RuleFiles};
use crate::event::Encoder;
use crate::model::{LoadLimits, Model};
use crate::report::Limits;
use crate::text::{View, prepare};
use crate::triage::{Lexicon, LexiconFile, Policy, Taxonomy, Triage, shipped};

/// The rules that the configuration names, or those that come with this version.
pub(super) fn rules(settings: &Settings) -> anyhow::Result<(Triage, RuleFiles)> {
    let taxonomy = read(&settings.triage.taxonomy, shipped::TAXONOMY)?;
    let policy = read(&settings.triage.policy, shipped::POLICY)?;
    let mut lexicon: Vec<(String, String)> = Vec::new();
    for path in &settings.triage.lexicon {
        lexicon.push((path.display().to_string(), read(path, "")?));
    }
    if lexicon.is_empty() {
        lexicon.extend(shipped::LEXICON.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }
    let files: Result<Vec<LexiconFile>, _> =
        lexicon.iter().map(|(name, text)| LexiconFile::parse(name, text)).collect();
    let normalise = |form: &str| prepare(form, View::Normalised).text().to_owned();
    let triage = Triage::new(Taxonomy::parse(&taxonomy)?, Policy::parse(&policy)?, Lexicon::new(&files?, normalise)?)?;
    let bytes = RuleFiles {
        taxonomy: taxonomy.into_bytes(),
        policy: policy.into_bytes(),
        lexicon: lexicon.into_iter().map(|(_, text)| text.into_bytes()).collect(),
    };
    Ok((triage, bytes))
}

/// The model and the rules of the configuration, ready to decide. The package's goldens must pass
/// on this machine first.
pub(super) fn engine(settings: &Settings) -> anyhow::Result<Arc<Engine>> {
    let limits = LoadLimits {
        max_file_bytes: settings.model.max_file_bytes.0 as u64,
        max_windows: settings.model.max_windows,
        ..LoadLimits::default()
    };
    let path = &settings.model.path;
    let hint = || format!("model.path = {} (set it in the configuration or as IBALEG__MODEL__PATH)", path.display());
    let model = Arc::new(Model::load(path, &limits).with_context(hint)?);
    let (triage, files) = rules(settings)?;
    let options = Options {
        limits: Limits {
            max_bytes: settings.report.max_bytes.0,
            max_depth: settings.report.max_depth,
            max_text_chars: settings.report.max_text_chars,
            ..Limits::default()
        },
        embed_text: settings.event.text == TextPolicy::Embed,
    };
    let engine = Engine::new(model, triage, &files, options).with_context(hint)?;
    for output in engine.unknown_outputs() {
        tracing::warn!(output, "the taxonomy does not know this output of the model; it is left out");
    }
    Ok(Arc::new(engine))
}

/// How events are written.
pub(super) fn encoder(settings: &Settings) -> Encoder {
    Encoder::new(settings.event.mode, &settings.event.source, &settings.event.type_prefix)
}

/// Inference threads of each lane: as configured, or the cores shared among the lanes.
pub(super) fn workers(settings: &Settings) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match settings.stream.workers {
        0 => cores.div_ceil(settings.stream.lanes),
        workers => workers,
    }
}

fn read(path: &Path, built_in: &str) -> anyhow::Result<String> {
    if path.as_os_str().is_empty() {
        return Ok(built_in.to_owned());
    }
    std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))
}
