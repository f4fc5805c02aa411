//! The page for officers shows what the program really says, and explains every code it can say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod assembled;

use std::fmt::Write as _;
use std::path::Path;

use ibaleg::engine::{Input, Options, Outcome};
use ibaleg::event::{Classified, Evidence};
use ibaleg::report::Envelope;
use ibaleg::triage::{Names, State, Taxonomy, Urgency};
use serde_json::{Value, json};

const FRENCH: &str = "Un homme menace ma sœur depuis hier soir. Il écrit qu'il l'attendra demain à la sortie du lycée avec un couteau, elle a 16 ans.";
const ARABIC: &str =
    "رجل تعرفت عليه في تطبيق يهددني بنشر صوري إذا لم أدفع 3000 درهم قبل الغد، عمري 16 سنة ولا أستطيع إخبار أمي";

/// The words around the facts, in one language.
struct Wording {
    mark: &'static str,
    name: fn(&Names) -> &str,
    report: &'static str,
    grade: &'static str,
    acknowledge: &'static str,
    unit: &'static str,
    copy: &'static str,
    reasons: &'static str,
    flagged: &'static str,
    in_review: &'static str,
    words: &'static str,
    person: &'static str,
}

const WORDINGS: [(&str, Wording); 2] = [
    (
        FRENCH,
        Wording {
            mark: "fr",
            name: |names| &names.fr,
            report: "signalement, reçu à 10:00 UTC",
            grade: "grade",
            acknowledge: "accusé de réception avant",
            unit: "unité (règle)",
            copy: "copie",
            reasons: "raisons du grade",
            flagged: "signalé",
            in_review: "à vérifier",
            words: "mots relevés",
            person: "une personne regarde, car",
        },
    ),
    (
        ARABIC,
        Wording {
            mark: "ar",
            name: |names| &names.ar,
            report: "التبليغ، ورد على الساعة 10:00 UTC",
            grade: "الدرجة",
            acknowledge: "الإشعار بالتوصل قبل",
            unit: "الوحدة (القاعدة)",
            copy: "نسخة إلى",
            reasons: "أسباب الدرجة",
            flagged: "مُشار إليه",
            in_review: "للتحقق",
            words: "كلمات لافتة",
            person: "يطّلع عليه إنسان بسبب",
        },
    ),
];

fn decided(text: &str) -> Classified {
    let mut session = assembled::engine("models/default", Options::default()).session().unwrap();
    let report = json!({ "id": "example", "description": text }).to_string();
    let now = "2026-03-01T10:00:00Z".parse().unwrap();
    let input = Input { envelope: Envelope::bare(report.as_bytes()), source: None, received_at: now };
    match session.decide(&[input], now).remove(0) {
        Outcome::Classified { event, .. } => *event,
        Outcome::Rejected { event, .. } => panic!("rejected: {}", event.message),
    }
}

fn quoted(text: &str, evidence: &Evidence) -> String {
    let words: String = text.chars().skip(evidence.start).take(evidence.end - evidence.start).collect();
    format!("« {words} » ({}, `{}`)", evidence.label, evidence.source)
}

fn shown(text: &str, event: &Classified, taxonomy: &Taxonomy, wording: &Wording) -> String {
    let unit = |id: &str| {
        let unit = taxonomy.units().iter().find(|unit| unit.id == id).unwrap();
        (wording.name)(&unit.names).to_owned()
    };
    let labels = |state: State| {
        let labels = event.labels.iter().filter(|label| label.state == state);
        let line = labels.map(|label| {
            let names = &taxonomy.label(&label.label).unwrap().names;
            format!("{} (`{}` {:.2})", (wording.name)(names), label.label, label.score.value())
        });
        line.collect::<Vec<_>>().join("<br>")
    };
    let reasons = event.urgency.reasons.iter().map(|reason| {
        let label = reason.label.as_ref().map(|label| format!(" {label}")).unwrap_or_default();
        format!("{} `{}`{label}", reason.grade, reason.code)
    });
    let review = event.review.reasons.iter().map(|reason| {
        let label = reason.label.as_ref().map(|label| format!(" {label}")).unwrap_or_default();
        format!("`{}`{label}", reason.code)
    });
    let copies: Vec<String> = event.route.copies.iter().map(|copy| unit(&copy.unit)).collect();
    let rows = [
        (wording.report, text.to_owned()),
        (wording.grade, format!("**{}**", event.urgency.grade)),
        (wording.acknowledge, event.urgency.deadline.acknowledge_by.strftime("%H:%M UTC").to_string()),
        (wording.unit, format!("{} (`{}`)", unit(&event.route.unit), event.route.rule)),
        (wording.copy, copies.join("<br>")),
        (wording.reasons, reasons.collect::<Vec<_>>().join("<br>")),
        (wording.flagged, labels(State::Flag)),
        (wording.in_review, labels(State::Review)),
        (wording.words, event.evidence.iter().map(|e| quoted(text, e)).collect::<Vec<_>>().join("<br>")),
        (wording.person, review.collect::<Vec<_>>().join("<br>")),
    ];
    let mut table = String::from("\n| | |\n|---|---|\n");
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(table, "| {name} | {value} |").unwrap();
    }
    table.push('\n');
    table
}

#[test]
fn the_page_for_officers_shows_what_the_program_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let taxonomy = Taxonomy::parse(&std::fs::read_to_string(root.join("config/taxonomy.toml")).unwrap()).unwrap();
    let path = root.join("docs/officers.md");
    let committed = std::fs::read_to_string(&path).unwrap();
    let mut page = committed.clone();
    for (text, wording) in &WORDINGS {
        let event = decided(text);
        assert_eq!(event.urgency.grade, Urgency::U0, "the text around the example says so");
        let (begin, end) = (format!("<!-- {} -->\n", wording.mark), format!("<!-- /{} -->\n", wording.mark));
        let (head, rest) = page.split_once(&begin).unwrap();
        let (_, tail) = rest.split_once(&end).unwrap();
        page = format!("{head}{begin}{}{end}{tail}", shown(text, &event, &taxonomy, wording));
    }
    if std::env::var_os("IBALEG_BLESS").is_some() {
        std::fs::write(&path, page).unwrap();
    } else {
        assert_eq!(committed, page, "IBALEG_BLESS=1 cargo test --release --test triage_officers writes it");
    }
}

#[test]
fn every_reason_for_which_a_person_looks_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/officers.md")).unwrap();
    let schema = ibaleg::event::schema::classified();
    let described = schema.pointer("/$defs/ReviewReason/properties/code/description").and_then(Value::as_str).unwrap();
    let codes: Vec<&str> = described.split('`').skip(1).step_by(2).collect();
    assert!(codes.len() >= 14, "{codes:?}");
    for code in codes {
        assert!(page.contains(&format!("| `{code}` |")), "{code}");
    }
}
