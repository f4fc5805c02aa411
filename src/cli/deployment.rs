use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use crate::config::{Settings, TextPolicy};
use crate::engine::{Engine, Options, RuleFiles};
use crate::event::Encoder;
use crate::model::check::{Check, Memory, Note, Status};
use crate::model::{Files, LoadLimits, Model, Subject};
use crate::registry::{self, Ending, Trial, TrialLimits};
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
    let files = Files::read(&settings.model.path, &limits(settings)).with_context(|| place(settings))?;
    assemble(settings, &files)
}

/// As [`engine`], of a package that passed in a process of its own before this one takes it.
pub(super) fn tried_engine(settings: &Settings) -> anyhow::Result<Arc<Engine>> {
    let (files, _) = tried_files(settings)?;
    assemble(settings, &files)
}

/// The files of a package that passed its trial, and the memory that it took there.
pub(super) fn tried_files(settings: &Settings) -> anyhow::Result<(Files, Option<Memory>)> {
    let files = Files::read(&settings.model.path, &limits(settings)).with_context(|| place(settings))?;
    let (mut failed, mut memory) = (None, None);
    let ending = try_out(settings, &files, false, &mut |note| match note {
        Note::Check(check) if check.status == Status::Failed => drop(failed.get_or_insert(check)),
        Note::Memory(found) => memory = Some(found),
        _ => {}
    });
    let cut = match ending.with_context(|| place(settings))? {
        Ending::Whole => None,
        Ending::Cut { during, why, advice } => Some((during.map_or_else(String::new, Subject::name), why, advice)),
    };
    let refused = failed.map(|check: Check| (check.name.name(), check.found, check.advice)).or(cut);
    match refused {
        Some((check, found, advice)) => {
            let refusal = anyhow!("the package is refused in its trial ({check}): {found}; {advice}");
            Err(refusal.context(place(settings)))
        }
        None => Ok((files, memory)),
    }
}

/// Tries files in a process of their own.
pub(super) fn try_out(
    settings: &Settings,
    files: &Files,
    measure: bool,
    tell: &mut dyn FnMut(Note),
) -> anyhow::Result<Ending> {
    let program = std::env::current_exe().context("the program does not find itself")?;
    let load = limits(settings);
    let limits = TrialLimits {
        memory_bytes: settings.model.trial_memory.0 as u64,
        time: settings.model.trial_time.unsigned_abs(),
    };
    let trial = Trial { program: &program, arguments: &["model", "trial"], load: &load, limits, measure };
    Ok(registry::try_out(&trial, files, tell)?)
}

/// What a package may cost.
pub(super) fn limits(settings: &Settings) -> LoadLimits {
    LoadLimits {
        max_model_bytes: settings.model.max_file_bytes.0 as u64,
        max_file_bytes: settings.model.max_file_bytes.0 as u64,
        max_windows: settings.model.max_windows,
        ..LoadLimits::default()
    }
}

fn place(settings: &Settings) -> String {
    let path = settings.model.path.display();
    format!("model.path = {path} (set it in the configuration or as IBALEG__MODEL__PATH)")
}

fn assemble(settings: &Settings, files: &Files) -> anyhow::Result<Arc<Engine>> {
    let model = Arc::new(Model::from_files(files, &limits(settings)).with_context(|| place(settings))?);
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
    let engine = Engine::new(model, triage, &files, options).with_context(|| place(settings))?;
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
