//! Everything that can be known of a package before it meets a report, as named checks.
//!
//! The parts are those that [`Model::load`](super::Model::load) is made of; here one that fails does not
//! hide the next. [`examine`] tells of each check when it begins and when it is done, so that a reader in another
//! process knows which one was under way when the process ended.

mod note;
mod speed;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use note::{Check, Facts, LengthSpeed, Memory, Note, Status};
pub use speed::TOGETHER;

use super::files::{CALIBRATION, CARD, CONFIG, GOLDENS, PACKAGE, README, THRESHOLDS, TOKENIZER};
use super::graph::Graph;
use super::onnx::{self, Checked, Inspection, Problems};
use super::package::{Manifest, Problem};
use super::probe::{self, Findings};
use super::tokenizer::{HuggingFace, Tokenizer};
use super::{Error, Files, LoadLimits, Model, Notes, Package, Parts, Subject};

/// What an examination needs from outside.
pub struct Tools<'a> {
    /// Prepares a text as the service does before a model reads it.
    pub prepare: &'a dyn Fn(&Package, &str) -> String,
    /// Time since some start.
    pub clock: &'a dyn Fn() -> Duration,
    /// Whether the speed is measured, which takes a few seconds.
    pub measure: bool,
}

impl std::fmt::Debug for Tools<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tools").field("measure", &self.measure).finish_non_exhaustive()
    }
}

/// Odd texts must not take longer than this; ordinary tokenizers take a thousandth of it.
const SLOW_TEXT: Duration = Duration::from_millis(500);

/// Characters of an odd text: the most that a report has by default.
const ODD_TEXT: usize = 20_000;

/// What odd texts repeat.
const ODD: [&str; 9] = ["a", "1", " ", "ا", "!", "aA", "a ", "'s", "\u{301}"];

/// Examines files that were read; the model, if nothing failed. `tell` hears everything, in order.
pub fn examine(
    files: &Files,
    limits: &LoadLimits,
    tools: &Tools<'_>,
    tell: &mut dyn FnMut(Note),
) -> Option<Arc<Model>> {
    let facts = Facts { digests: files.digests(), bytes: files.total_bytes(), ..Facts::default() };
    let mut examination = Examination { files, limits, tools, tell, facts, told: BTreeSet::new(), failed: false };
    let model = examination.run();
    (examination.tell)(Note::Facts(Box::new(examination.facts)));
    model
}

struct Examination<'a> {
    files: &'a Files,
    limits: &'a LoadLimits,
    tools: &'a Tools<'a>,
    tell: &'a mut dyn FnMut(Note),
    facts: Facts,
    told: BTreeSet<Subject>,
    failed: bool,
}

impl Examination<'_> {
    fn run(&mut self) -> Option<Arc<Model>> {
        let manifest = self.config();
        let notes = manifest.as_ref().and_then(|manifest| self.notes(manifest));
        let checked = self.onnx();
        (self.tell)(Note::Facts(Box::new(self.facts.clone())));
        let tokenizer = self.tokenizer(manifest.as_ref().and_then(|manifest| manifest.pad_token_id));
        self.fits(manifest.as_ref(), checked.as_ref(), tokenizer.as_ref());
        let graph = self.compile(checked);
        let found = self.self_test(manifest.as_ref(), tokenizer.as_ref(), graph.as_ref());
        self.card();
        let parts = self.parts(manifest, notes, tokenizer, graph.zip(found));
        let model = parts.map(|parts| Arc::new(Model::assemble(parts, self.facts.digests.clone(), self.limits)));
        let model = self.goldens(model);
        self.abilities(model.as_ref());
        self.speed(model.as_ref());
        model
    }

    /// Nothing may have failed on the way.
    fn parts(
        &self,
        manifest: Option<Manifest>,
        notes: Option<Notes>,
        tokenizer: Option<HuggingFace>,
        graph: Option<(Arc<Graph>, Findings)>,
    ) -> Option<Parts> {
        let (graph, found) = graph.filter(|_| !self.failed)?;
        Some(Parts { manifest: manifest?, notes: notes?, tokenizer: tokenizer?, graph, found })
    }

    fn begin(&mut self, name: Subject) {
        (self.tell)(Note::Begin(name));
    }

    fn say(&mut self, name: Subject, status: Status, found: impl Into<String>, advice: impl Into<String>) {
        self.failed |= status == Status::Failed;
        self.told.insert(name);
        (self.tell)(Note::Check(Check { name, status, found: found.into(), advice: advice.into() }));
    }

    fn pass(&mut self, name: Subject, found: impl Into<String>) {
        self.say(name, Status::Passed, found, "");
    }

    fn fail(&mut self, name: Subject, error: &Error) {
        let (found, advice) = error.parts();
        self.say(name, Status::Failed, found, advice);
    }

    /// What failed before is not skipped.
    fn skip(&mut self, name: Subject, because: &str) {
        if self.told.contains(&name) {
            return;
        }
        self.say(name, Status::Skipped, because, "");
    }

    /// A check each for `subjects`: failed with its problems, or passed with what `found` says.
    fn each(&mut self, subjects: &[Subject], problems: &Problems, found: impl Fn(Subject) -> String) {
        for &subject in subjects {
            let mut bad = problems.iter().filter(|(about, _)| *about == subject).map(|(_, error)| error).peekable();
            if bad.peek().is_none() {
                self.pass(subject, found(subject));
            }
            bad.for_each(|error| self.fail(subject, error));
        }
    }

    fn config(&mut self) -> Option<Manifest> {
        self.begin(Subject::Config);
        let Some(config) = self.files.get(CONFIG) else {
            self.skip(Subject::Config, "there is no config.json");
            return None;
        };
        let (manifest, problems) = match Manifest::inspect(config, self.files.get(PACKAGE)) {
            Ok(found) => found,
            Err(error) => {
                self.fail(Subject::Config, &error);
                return None;
            }
        };
        let package = &manifest.package;
        let kind = match package.problem {
            Problem::MultiLabel => "multi_label",
            Problem::SingleLabel => "single_label",
        };
        let bad = |subject| problems.iter().any(|(about, _)| *about == subject);
        self.facts = Facts {
            name: package.name.clone(),
            version: package.version.clone(),
            family: manifest.family.clone(),
            labels: manifest.outputs.iter().map(|output| output.name.clone()).collect(),
            problem: (!bad(Subject::Problem)).then(|| kind.to_owned()),
            max_length: Some(package.max_length),
            window_overlap: Some(package.window_overlap),
            ..std::mem::take(&mut self.facts)
        };
        let family = if manifest.family.is_empty() { "no model_type" } else { &manifest.family };
        self.pass(Subject::Config, family);
        let labels = self.facts.labels.join(", ");
        let plain = self.files.get(PACKAGE).is_none();
        self.each(&[Subject::Package, Subject::Problem], &problems, |subject| match subject {
            Subject::Package if plain => "no package.toml: defaults for a plain Hugging Face export".to_owned(),
            Subject::Package => format!("{} {}", package.name, package.version).trim().to_owned(),
            _ => kind.replace('_', "-"),
        });
        // What Hugging Face writes where nobody gave names.
        let unnamed = |name: &str| name.strip_prefix("LABEL_").is_some_and(|rest| rest.parse::<usize>().is_ok());
        if self.facts.labels.iter().any(|name| unnamed(name)) {
            let advice = "write the labels' own names into id2label, or map them in package.toml under [outputs]";
            self.say(Subject::Labels, Status::Warned, labels, advice);
        } else {
            self.each(&[Subject::Labels], &problems, |_| labels.clone());
        }
        Some(manifest)
    }

    fn notes(&mut self, manifest: &Manifest) -> Option<Notes> {
        self.begin(Subject::Calibration);
        match Notes::parse(self.files, &manifest.outputs) {
            Ok(notes) => {
                let have = |name| if self.files.get(name).is_some() { "yes" } else { "none" };
                let found = format!("calibration: {}, thresholds: {}", have(CALIBRATION), have(THRESHOLDS));
                self.pass(Subject::Calibration, found);
                Some(notes)
            }
            Err(error) => {
                let goldens =
                    matches!(&error, Error::Invalid { file, .. } | Error::Syntax { file, .. } if *file == GOLDENS);
                self.fail(if goldens { Subject::Goldens } else { Subject::Calibration }, &error);
                None
            }
        }
    }

    fn onnx(&mut self) -> Option<Checked> {
        const SUBJECTS: [Subject; 6] =
            [Subject::Graph, Subject::Opset, Subject::Operators, Subject::Inputs, Subject::Outputs, Subject::Weights];
        self.begin(Subject::Graph);
        if !self.files.has_model() {
            self.skip(Subject::Graph, "there is no model.onnx");
            return None;
        }
        let Inspection { description, problems, checked } = match onnx::inspect(self.files.model(), self.limits) {
            Ok(inspection) => inspection,
            Err(error) => {
                self.fail(Subject::Graph, &error);
                return None;
            }
        };
        let facts = &mut self.facts;
        (facts.opset, facts.nodes, facts.parameters) = (description.opset, description.nodes, description.parameters);
        (facts.producer, facts.operators) = (description.producer, description.operators);
        (facts.inputs, facts.outputs) = (description.inputs, description.outputs);
        let facts = self.facts.clone();
        self.each(&SUBJECTS, &problems, |subject| match subject {
            Subject::Graph if facts.producer.is_empty() => format!("{} nodes", facts.nodes),
            Subject::Graph => format!("{} nodes, by {}", facts.nodes, facts.producer),
            Subject::Opset => facts.opset.map_or_else(|| "not said".to_owned(), |opset| opset.to_string()),
            Subject::Operators => format!("{} kinds", facts.operators.len()),
            Subject::Inputs => facts.inputs.join(", "),
            Subject::Outputs => facts.outputs.join(", "),
            _ => format!("{} parameters, float32", facts.parameters),
        });
        problems.is_empty().then_some(checked)
    }

    fn tokenizer(&mut self, padding: Option<u32>) -> Option<HuggingFace> {
        self.begin(Subject::Tokenizer);
        let Some(bytes) = self.files.get(TOKENIZER) else {
            self.skip(Subject::Tokenizer, "there is no tokenizer.json");
            return None;
        };
        let tokenizer = match HuggingFace::parse(bytes, padding) {
            Ok(tokenizer) => tokenizer,
            Err(error) => {
                self.fail(Subject::Tokenizer, &error);
                return None;
            }
        };
        self.facts.vocabulary = Some(tokenizer.vocabulary());
        let advice = "a rule of the tokenizer (often a regular expression) runs wild on such texts; use the tokenizer \
                      as its authors published it";
        for part in ODD {
            let text = part.repeat(ODD_TEXT / part.chars().count());
            let started = (self.tools.clock)();
            let encoded = tokenizer.encode(&text, false);
            let took = (self.tools.clock)().saturating_sub(started);
            let found = match encoded {
                Err(error) => format!("{error} on {ODD_TEXT} characters of {part:?}"),
                Ok(_) if took > SLOW_TEXT => {
                    format!("it takes {} ms for {ODD_TEXT} characters of {part:?}", took.as_millis())
                }
                Ok(_) => continue,
            };
            self.say(Subject::Tokenizer, Status::Failed, found, advice);
            return None;
        }
        self.pass(Subject::Tokenizer, format!("{} ids", tokenizer.vocabulary()));
        Some(tokenizer)
    }

    /// What the files must agree about.
    fn fits(&mut self, manifest: Option<&Manifest>, checked: Option<&Checked>, tokenizer: Option<&HuggingFace>) {
        match manifest.filter(|manifest| manifest.labels > 0).zip(checked) {
            Some((manifest, checked)) => match super::check_labels(checked.labels, manifest.labels) {
                Ok(()) => self.pass(Subject::LabelCount, format!("{} labels", manifest.labels)),
                Err(error) => self.fail(Subject::LabelCount, &error),
            },
            None => self.skip(Subject::LabelCount, "labels or graph cannot be read"),
        }
        match checked.zip(tokenizer) {
            Some((checked, tokenizer)) => match super::check_vocabulary(tokenizer, checked.embeddings) {
                Ok(()) => {
                    let rows =
                        checked.embeddings.map_or_else(|| "an unknown number of".to_owned(), |rows| rows.to_string());
                    let found = format!("{} ids, {rows} embedding rows", tokenizer.vocabulary());
                    self.pass(Subject::Vocabulary, found);
                }
                Err(error) => self.fail(Subject::Vocabulary, &error),
            },
            None => self.skip(Subject::Vocabulary, "graph or tokenizer cannot be read"),
        }
        match manifest.zip(tokenizer) {
            Some((Manifest { package, .. }, tokenizer)) => {
                match probe::check_lengths(package.max_length, package.window_overlap, tokenizer) {
                    Ok(()) => {
                        let Package { max_length, window_overlap, .. } = package;
                        let found = format!("windows of {max_length} tokens that share {window_overlap}");
                        self.pass(Subject::Lengths, found);
                    }
                    Err(error) => self.fail(Subject::Lengths, &error),
                }
            }
            None => self.skip(Subject::Lengths, "config.json or tokenizer cannot be read"),
        }
    }

    fn compile(&mut self, checked: Option<Checked>) -> Option<Arc<Graph>> {
        self.begin(Subject::Compile);
        let Some(checked) = checked else {
            self.skip(Subject::Compile, "the graph is refused");
            return None;
        };
        let started = (self.tools.clock)();
        match Graph::compile(checked) {
            Ok(graph) => {
                let took = (self.tools.clock)().saturating_sub(started);
                self.pass(Subject::Compile, format!("for every batch size and length, in {} ms", took.as_millis()));
                Some(Arc::new(graph))
            }
            Err(error) => {
                self.fail(Subject::Compile, &error);
                None
            }
        }
    }

    fn self_test(
        &mut self,
        manifest: Option<&Manifest>,
        tokenizer: Option<&HuggingFace>,
        graph: Option<&Arc<Graph>>,
    ) -> Option<Findings> {
        self.begin(Subject::SelfTest);
        let ready =
            manifest.filter(|manifest| manifest.labels > 0).zip(tokenizer).zip(graph).filter(|_| !self.failed_fit());
        let Some(((manifest, tokenizer), graph)) = ready else {
            self.skip(Subject::SelfTest, "something it needs is refused");
            return None;
        };
        match probe::probe(graph, tokenizer, &super::expected(manifest, tokenizer)) {
            Ok(found) => {
                let longest = manifest.package.max_length;
                self.pass(Subject::SelfTest, format!("1 to {longest} tokens, largest id, masked padding, batches"));
                Some(found)
            }
            Err(error) => {
                self.fail(Subject::SelfTest, &error);
                None
            }
        }
    }

    /// A wrong problem type hinders no run; anything else that failed may.
    fn failed_fit(&self) -> bool {
        self.failed && self.facts.problem.is_some()
    }

    fn card(&mut self) {
        let card = [CARD, README].into_iter().find_map(|name| Some((name, self.files.get(name)?)));
        let Some((name, card)) = card else {
            let advice = "write card.md: purpose, data, figures by language (ibaleg eval), known failures, licence";
            self.say(Subject::Card, Status::Warned, "there is no card.md or README.md", advice);
            self.say(Subject::Licence, Status::Warned, "no licence is named", "name it in card.md");
            return;
        };
        let card = String::from_utf8_lossy(card);
        self.pass(Subject::Card, format!("{name}, {} lines", card.lines().count()));
        let licence = card.lines().find(|line| line.to_lowercase().contains("licen"));
        match licence {
            Some(line) => self.pass(Subject::Licence, line.trim().chars().take(100).collect::<String>()),
            None => self.say(Subject::Licence, Status::Warned, "the card names no licence", "name it there"),
        }
    }

    fn goldens(&mut self, model: Option<Arc<Model>>) -> Option<Arc<Model>> {
        self.begin(Subject::Goldens);
        let Some(model) = model else {
            self.skip(Subject::Goldens, "the model did not load");
            return None;
        };
        match model.check_goldens(&|text| (self.tools.prepare)(model.package(), text)) {
            Ok(report) if report.texts == 0 => {
                let advice = "record some in goldens.jsonl (ibaleg model goldens), so that another runtime or a \
                              damaged file is noticed";
                self.say(Subject::Goldens, Status::Warned, "there are none", advice);
            }
            Ok(report) => {
                let found = format!("{} texts, largest difference {:.1e}", report.texts, report.worst);
                self.pass(Subject::Goldens, found);
            }
            Err(error) => {
                self.fail(Subject::Goldens, &error);
                return None;
            }
        }
        Some(model)
    }

    fn abilities(&mut self, model: Option<&Arc<Model>>) {
        let Some(model) = model else {
            self.skip(Subject::Evidence, "the model did not load");
            self.skip(Subject::Batching, "the model did not load");
            return;
        };
        if model.explains() {
            self.pass(Subject::Evidence, "token_scores add up to the logits");
        } else {
            let advice = "events will show no words from the model, only terms of the lexicon; export the output \
                          token_scores if the model can give it";
            self.say(Subject::Evidence, Status::Warned, "the model gives no token_scores", advice);
        }
        if model.batches_exactly() {
            self.pass(Subject::Batching, "a text gets the same bits alone and in company");
        } else {
            let advice = "texts run one by one, so that scores do not depend on their neighbours; slower, not wrong";
            self.say(Subject::Batching, Status::Warned, "last bits differ between a text alone and in company", advice);
        }
    }

    fn speed(&mut self, model: Option<&Arc<Model>>) {
        if !self.tools.measure {
            return;
        }
        self.begin(Subject::Speed);
        let Some(model) = model else {
            self.skip(Subject::Speed, "the model did not load");
            return;
        };
        match speed::by_length(model, self.tools.clock) {
            Ok(rows) => {
                let shown = rows.iter().map(|row| format!("{} tokens: {:.0}/s", row.tokens, row.texts_per_second));
                let shown = shown.collect::<Vec<_>>().join(", ");
                self.pass(Subject::Speed, shown);
                (self.tell)(Note::Speed(rows));
            }
            Err(error) => self.fail(Subject::Speed, &error),
        }
    }
}
