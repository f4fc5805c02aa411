use std::collections::BTreeSet;

use crate::model::{self, Package, TextView};
use crate::report::{Report, Text};
use crate::text::{self, EntityKind, View, language};
use crate::triage::{Hit, Lexicon};

/// Hits of one term of the lexicon kept for one text.
const MOST_HITS: usize = 8;

/// The view of a text that a model package asks for.
pub fn view(package: &Package) -> View {
    match package.text {
        TextView::Normalised => View::Normalised,
        TextView::Original => View::Redacted,
    }
}

/// One of the two texts, in the views that the lexicon and the model read.
#[derive(Debug)]
pub(super) struct PreparedText {
    /// Normalised, for the lexicon.
    pub(super) normal: text::Prepared,
    /// As the model package asks for it; `None` when that is the normalised view too.
    pub(super) other: Option<text::Prepared>,
    pub(super) language: language::Identification,
    pub(super) hits: Vec<Hit>,
    /// What the text says of how much, when and where.
    pub(super) mentions: Vec<text::Entity>,
}

impl PreparedText {
    fn new(original: &str, view: View, lexicon: &Lexicon) -> Self {
        let normal = text::prepare(original, View::Normalised);
        let other = (view != View::Normalised).then(|| text::prepare(original, view));
        let hits = lexicon.find(normal.text(), MOST_HITS);
        let mentions = text::mentions(original, &normal);
        Self { normal, other, language: language::identify(original), hits, mentions }
    }

    /// What the model reads.
    pub(super) fn for_model(&self) -> &text::Prepared {
        self.other.as_ref().unwrap_or(&self.normal)
    }
}

/// A decoded report with its texts prepared.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) report: Report,
    pub(super) input_digest: String,
    pub(super) description: Option<PreparedText>,
    pub(super) content: Option<PreparedText>,
}

impl Prepared {
    pub(super) fn new(report: Report, input_digest: String, package: &Package, lexicon: &Lexicon) -> Self {
        let view = view(package);
        let prepare = |text: &Text| PreparedText::new(text.as_str(), view, lexicon);
        let description = report.description.as_ref().map(prepare);
        let content = report.content.as_ref().and_then(|content| content.text.as_ref()).map(prepare);
        Self { report, input_digest, description, content }
    }

    /// Description and content, those that are there.
    pub(super) fn texts(&self) -> impl Iterator<Item = &PreparedText> {
        self.description.iter().chain(&self.content)
    }

    pub(super) fn has_text(&self) -> bool {
        self.texts().next().is_some()
    }

    pub(super) fn model_input(&self) -> model::Input<'_> {
        model::Input { description: shown(self.description.as_ref()), content: shown(self.content.as_ref()) }
    }

    pub(super) fn hits(&self) -> Vec<Hit> {
        self.texts().flat_map(|text| text.hits.iter().cloned()).collect()
    }

    /// Kinds of entities in the texts, each once.
    pub(super) fn entity_kinds(&self) -> Vec<EntityKind> {
        let found = self.texts().flat_map(|text| text.normal.entities().iter().chain(&text.mentions));
        found.map(|entity| entity.kind).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Languages of the texts and of their spans.
    pub(super) fn languages(&self) -> Vec<&'static str> {
        let mut seen = BTreeSet::new();
        let whole = self.texts().map(|text| text.language.language);
        let spans = self.texts().flat_map(|text| text.language.spans.iter().map(|span| span.language));
        whole.chain(spans).map(language::Language::as_str).filter(|tag| seen.insert(*tag)).collect()
    }

    /// There is text, and none of it is in letters that the model has learnt.
    pub(super) fn unreadable(&self) -> bool {
        let strange =
            |text: &PreparedText| matches!(text.language.script, language::Script::None | language::Script::Other);
        self.has_text() && self.texts().all(strange)
    }
}

fn shown(text: Option<&PreparedText>) -> &str {
    text.map_or("", |text| text.for_model().text())
}
