//! The ten rules of triage, each held by a test of its own through what the program puts out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod assembled;
mod program;

use ibaleg::engine::{Input, Options, Outcome, Session};
use ibaleg::event::{Classified, Destination, Encoder, Field, Mode};
use ibaleg::report::Envelope;
use ibaleg::text::{View, prepare};
use ibaleg::triage::Urgency;
use jiff::{SignedDuration, Timestamp};
use program::ibaleg;
use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Highest share of hard negatives (press, prayer, counter-speech, mentions of an organisation) and
/// of all reports without offence that may be flagged as terrorism on the test side of the corpus.
const TERRORISM_CEILINGS: [(&str, f64); 2] = [("hard_flagged", 0.20), ("unlabelled_flagged", 0.04)];

fn session() -> Session {
    assembled::engine("models/default", Options::default()).session().unwrap()
}

fn now() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn outcomes(session: &mut Session, reports: &[Value]) -> Vec<Outcome> {
    let bytes: Vec<String> = reports.iter().map(Value::to_string).collect();
    let input = |bytes| Input { envelope: Envelope::bare(bytes), source: None, received_at: now() };
    let inputs: Vec<Input<'_>> = bytes.iter().map(|text| input(text.as_bytes())).collect();
    session.decide(&inputs, now())
}

fn events(session: &mut Session, reports: &[Value]) -> Vec<Classified> {
    let event = |outcome| match outcome {
        Outcome::Classified { event, .. } => *event,
        Outcome::Rejected { event, .. } => panic!("rejected: {}", event.message),
    };
    outcomes(session, reports).into_iter().map(event).collect()
}

fn event(session: &mut Session, report: Value) -> Classified {
    events(session, &[report]).remove(0)
}

fn samples() -> Vec<Value> {
    let text = std::fs::read_to_string(format!("{ROOT}/models/samples/reports.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Reports about which hardly anything is known.
fn poor_reports() -> Vec<Value> {
    vec![
        json!({ "id": "p-1", "attachments": [{ "uri": "s3://bucket/1" }] }),
        json!({ "id": "p-2", "content": { "url": "https://example.org/x" } }),
        json!({ "id": "p-3", "description": "!!! ??? ..." }),
        json!({ "id": "p-4", "description": "他们骗了我的钱" }),
        json!({ "id": "p-5", "description": "x" }),
        json!({ "id": "p-6", "description": "لا شيء ".repeat(9_000) }),
        json!({ "id": "p-7", "description": "hlp", "country": "nowhere", "role": "?", "submitted_at": "yesterday" }),
    ]
}

fn codes(event: &Classified) -> Vec<&str> {
    event.review.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

/// It orders and informs: every report leaves for the classified topic and a unit, in words that
/// neither close nor accuse, and nothing in an event names a person.
#[test]
fn rule_01_it_orders_and_informs_and_never_closes_discards_accuses_or_identifies() {
    let reports: Vec<Value> = samples().into_iter().chain(poor_reports()).collect();
    let encoder = Encoder::new(Mode::Binary, "urn:test", "org.test");
    for outcome in outcomes(&mut session(), &reports) {
        let messages = outcome.messages(&encoder, None);
        assert!(messages.iter().any(|message| message.destination == Destination::Classified));
        assert!(messages.iter().any(|message| matches!(message.destination, Destination::Unit(_))));
    }
    let schema = ibaleg::event::schema::classified();
    let mut keys = Vec::new();
    property_names(&schema, &mut keys);
    assert!(keys.contains(&"urgency".to_owned()));
    for verdict in ["close", "discard", "drop", "dismiss", "guilt", "verdict", "suspect", "author", "name", "person"] {
        assert!(!keys.iter().any(|key| key.contains(verdict)), "{verdict} in {keys:?}");
    }
}

fn property_names(schema: &Value, names: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        names.extend(properties.keys().cloned());
    }
    match schema {
        Value::Object(parts) => parts.values().for_each(|part| property_names(part, names)),
        Value::Array(parts) => parts.iter().for_each(|part| property_names(part, names)),
        _ => {}
    }
}

#[test]
fn rule_02_every_report_reaches_a_unit_or_a_person_within_a_deadline_its_event_carries() {
    let reports: Vec<Value> = samples().into_iter().chain(poor_reports()).collect();
    for event in events(&mut session(), &reports) {
        let within = match event.urgency.grade {
            Urgency::U0 => SignedDuration::from_mins(15),
            Urgency::U1 => SignedDuration::from_hours(2),
            Urgency::U2 => SignedDuration::from_hours(48),
            Urgency::U3 => SignedDuration::from_hours(7 * 24),
        };
        assert_eq!(event.urgency.deadline.acknowledge_by, now() + within, "{}", event.report.id);
        assert!(!event.route.unit.is_empty() && !event.route.rule.is_empty());
        assert!(!event.urgency.reasons.is_empty());
    }
}

/// A victim in distress leaves fields empty and writes as it comes. `tests/triage.rs` has each field
/// and each kind of noise by itself.
#[test]
fn rule_03_missing_fields_spelling_dialect_and_distress_never_lower_a_grade() {
    let mut session = session();
    let pairs = [
        ("Il menace de me tuer ce soir", "IL  MENACE DE ME TUER  CE SOIR"),
        ("يهددني بالقتل هذه الليلة", "يُهَدِّدُنِي بِالقَتْلِ هـــذه الليـــلة"),
        ("quiere matarme esta noche", "QUIERE MATARME ESTA NOCHE"),
    ];
    for (calm, distressed) in pairs {
        let full = json!({ "id": "r", "description": calm, "category": "threat", "role": "victim",
            "country": "MA", "language": "fr", "identity": "full", "submitted_at": "2026-03-01T08:30:00Z" });
        let bare = json!({ "id": "r", "description": distressed });
        let (full, bare) = (event(&mut session, full), event(&mut session, bare));
        assert!(bare.urgency.grade >= full.urgency.grade, "{distressed}");
        assert!(full.urgency.grade >= Urgency::U1, "{calm}: {:?}", full.urgency);
    }
    for poor in events(&mut session, &poor_reports()).iter().filter(|event| event.report.id != "p-5") {
        assert!(poor.urgency.grade >= Urgency::U2 || poor.report.id == "p-7", "{}", poor.report.id);
    }
}

#[test]
fn rule_04_a_stated_share_of_the_lowest_grade_goes_to_blind_review_the_same_on_replay() {
    let mut session = session();
    let report = |n: usize| json!({ "id": format!("quiet-{n}"), "description": "hola gracias por su trabajo" });
    let reports: Vec<Value> = (0..5_000).map(report).collect();
    let drawn = |session: &mut Session| -> Vec<String> {
        let events = events(session, &reports);
        assert!(events.iter().all(|event| event.urgency.grade == Urgency::U3));
        let sampled = events.into_iter().filter(|event| codes(event) == ["blind_sample"] && event.review.needed);
        sampled.map(|event| event.report.id).collect()
    };
    let first = drawn(&mut session);
    assert!((25..=80).contains(&first.len()), "{} of 5,000 at a share of 1 %", first.len());
    assert_eq!(drawn(&mut session), first);
}

/// Of the three disagreements, that between an active and a shadow model has no model to disagree yet.
#[test]
fn rule_05_disagreement_goes_up() {
    let mut session = session();
    let quiet = "hola gracias por su trabajo";
    let plain = event(&mut session, json!({ "id": "r", "description": quiet }));
    assert_eq!(plain.urgency.grade, Urgency::U3);
    assert!(!plain.review.needed);
    let category = event(&mut session, json!({ "id": "r", "description": quiet, "category": "Terrorismo" }));
    assert!(category.review.needed && codes(&category).contains(&"category_disagrees"));
    let words = event(&mut session, json!({ "id": "r", "description": "she wants to kill herself" }));
    assert!(!words.flagged().any(|label| label == "self_harm"), "the model does not see it; another example is needed");
    assert!(words.review.needed && codes(&words).contains(&"model_and_lexicon_disagree"));
    assert!(words.urgency.grade >= Urgency::U1);
    let named = event(&mut session, json!({ "id": "r", "description": "داعش" }));
    assert!(named.review.needed && named.urgency.grade >= Urgency::U2);
}

#[test]
fn rule_06_evidence_is_spans_of_the_original_words() {
    let mut session = session();
    let engine = assembled::engine("models/default", Options::default());
    let reports = samples();
    let mut seen = (0, 0);
    for (report, event) in reports.iter().zip(events(&mut session, &reports)) {
        for evidence in &event.evidence {
            let pointer = match evidence.field {
                Field::Description => "/description",
                Field::Content => "/content/text",
            };
            let original = report.pointer(pointer).unwrap().as_str().unwrap();
            let words: String = original.chars().skip(evidence.start).take(evidence.end - evidence.start).collect();
            assert_eq!(words.chars().count(), evidence.end - evidence.start, "inside the text");
            assert_eq!(words.trim(), words, "on word boundaries");
            let Some(term) = evidence.source.strip_prefix("lexicon:") else {
                seen.0 += 1;
                continue;
            };
            let normal = prepare(&words, View::Normalised);
            let found = engine.triage().lexicon().find(normal.text(), 8);
            assert!(found.iter().any(|hit| hit.term == term), "{term}: {words}");
            seen.1 += 1;
        }
        for label in event.flagged() {
            assert!(event.evidence.iter().any(|evidence| evidence.label == label), "{} {label}", event.report.id);
        }
    }
    assert!(seen.0 > 100 && seen.1 > 100, "{seen:?}");
}

#[test]
fn rule_07_religious_speech_press_and_counter_speech_have_a_measured_ceiling() {
    let corpus = std::fs::read_dir(format!("{ROOT}/models/corpus")).unwrap();
    let corpus = corpus.map(|entry| entry.unwrap().path().display().to_string());
    let mut files: Vec<String> = corpus.filter(|path| path.split('.').next_back() == Some("jsonl")).collect();
    files.sort();
    let options = ["--split", "models/corpus/split.tsv", "--side", "test", "--rounds", "10", "--output", "json"];
    let arguments: Vec<&str> = ["eval"].into_iter().chain(files.iter().map(String::as_str)).chain(options).collect();
    let output = ibaleg(&arguments, b"", &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let alarms = &document["classifiers"][0]["figures"]["false_alarms"][0];
    assert_eq!(alarms["label"], "terrorism");
    for (set, ceiling) in TERRORISM_CEILINGS {
        let share = alarms[set]["share"].as_f64().unwrap_or_else(|| panic!("{set}: {alarms}"));
        assert!(share <= ceiling, "terrorism on {set}: {share} is above {ceiling}");
    }
    let mut session = session();
    let news = json!({ "id": "n", "description": "مقال صحفي عن تفكيك خلية تابعة لداعش" });
    let news = event(&mut session, news);
    assert!(news.review.needed, "a mark goes to a person and is never cleared: {:?}", news.review);
}

#[test]
fn rule_08_a_language_below_target_is_declared_review_only_in_the_event() {
    let mut session = session();
    let text = "ⵢⴰⵏ ⵓⵔⴳⴰⵣ ⴰⵔ ⵉⵙⵙⴰⵡⴰⵍ ⴷ ⵜⵔⴱⴰⵜ ⵉⵏⵓ ⵖ ⵓⵏⵜⵔⵏⵉⵜ";
    let tamazight = event(&mut session, json!({ "id": "r", "description": text }));
    assert_eq!(tamazight.language.description.as_ref().unwrap().language, "zgh");
    let reason = tamazight.review.reasons.iter().find(|reason| reason.code == "language_review_only").unwrap();
    assert_eq!(reason.label.as_deref(), Some("zgh"));
    let french = event(&mut session, json!({ "id": "r", "description": "Il m'a vendu un téléphone qui n'existe pas" }));
    assert!(!codes(&french).contains(&"language_review_only"));
    let unknown = event(&mut session, json!({ "id": "r", "description": "他们骗了我的钱" }));
    assert!(codes(&unknown).contains(&"language_unknown"));
}

#[test]
fn rule_09_an_anonymous_report_is_decided_byte_for_byte_like_an_identified_one() {
    let mut session = session();
    let encoder = Encoder::new(Mode::Binary, "urn:test", "org.test");
    for sample in samples().into_iter().take(60) {
        let levels = [Some("full"), Some("partial"), Some("anonymous"), None];
        let mut decided = levels.map(|level| {
            let mut report = sample.clone();
            report.as_object_mut().unwrap().remove("identity");
            if let Some(level) = level {
                report["identity"] = level.into();
            }
            let mut outcome = outcomes(&mut session, &[report]).remove(0);
            if let Outcome::Classified { event, .. } = &mut outcome {
                assert_eq!(event.report.identity.as_deref(), level);
                // The two places where an event says what came in.
                event.report.identity = None;
                event.provenance.input_digest.clear();
            }
            outcome.messages(&encoder, None).into_iter().map(|message| message.value).collect::<Vec<_>>()
        });
        decided[..].sort();
        assert!(decided.iter().all(|bytes| *bytes == decided[0]), "{}", sample["id"]);
    }
}

#[test]
fn rule_10_a_change_of_threshold_rule_lexicon_or_model_is_visible_in_every_event_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let altered = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(format!("{ROOT}/config/{file}")).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        let path = directory.path().join(file.replace('/', "-"));
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let decided = |environment: &[(&str, &str)]| -> Value {
        let output = ibaleg(&["classify"], br#"{"id":"r","description":"hola gracias por su trabajo"}"#, environment);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let before = decided(&[]);
    assert_eq!(decided(&[])["id"], before["id"]);
    let policy = altered("policy.toml", "default = { flag = 0.50,", "default = { flag = 0.51,");
    let rule = altered("policy.toml", "to = \"U1\"", "to = \"U0\"");
    let taxonomy = altered("taxonomy.toml", "urgency = \"U3\"", "urgency = \"U2\"");
    let lexicon = format!("[\"{ROOT}/config/lexicon/organisations.toml\"]");
    let cases = [
        ("IBALEG__TRIAGE__POLICY", policy.as_str(), "policy_digest"),
        ("IBALEG__TRIAGE__POLICY", rule.as_str(), "policy_digest"),
        ("IBALEG__TRIAGE__TAXONOMY", taxonomy.as_str(), "taxonomy_digest"),
        ("IBALEG__MODEL__PATH", "tests/model/bert", "model_digest"),
    ];
    for (key, value, digest) in cases {
        let after = decided(&[(key, value)]);
        assert_ne!(after["data"]["provenance"][digest], before["data"]["provenance"][digest], "{key}");
        assert_ne!(after["id"], before["id"], "{key}");
    }
    let rules_without_facts = altered_without_facts(&directory);
    let after = decided(&[("IBALEG__TRIAGE__LEXICON", &lexicon), ("IBALEG__TRIAGE__POLICY", &rules_without_facts)]);
    assert_ne!(after["data"]["provenance"]["lexicon_digest"], before["data"]["provenance"]["lexicon_digest"]);
}

/// The shipped policy without what asks for facts: raising rules, tests, and what the lexicon says.
fn altered_without_facts(directory: &tempfile::TempDir) -> String {
    let text = std::fs::read_to_string(format!("{ROOT}/config/policy.toml")).unwrap();
    let mut policy: toml::Table = text.parse().unwrap();
    policy.remove("raise");
    policy.remove("test");
    policy["urgency"].as_table_mut().unwrap().remove("alone");
    policy["review"].as_table_mut().unwrap().remove("lexicon");
    let path = directory.path().join("without-facts.toml");
    std::fs::write(&path, policy.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}
