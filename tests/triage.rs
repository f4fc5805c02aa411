//! The rules as their owner works with them: `rules test`, `rules backtest`, and what a report may
//! look like without being ranked lower.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod program;

use program::ibaleg;
use serde_json::{Value, json};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/samples/reports.jsonl");
const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/policy.toml");

fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = ibaleg(arguments, input.as_bytes(), &[]);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The shipped policy with one part replaced, in a file of its own.
fn changed(from: &str, to: &str) -> (tempfile::TempDir, String) {
    let policy = std::fs::read_to_string(POLICY).unwrap();
    assert!(policy.contains(from), "{from}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("policy.toml");
    std::fs::write(&path, policy.replacen(from, to, 1)).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (directory, path)
}

fn classified(reports: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = reports.iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    let (code, events, said) = run(&["classify"], &lines);
    assert_eq!(code, 0, "{said}");
    events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["data"].take()).collect()
}

#[test]
fn the_shipped_rules_pass_their_tests_and_each_rule_has_one() {
    let (code, said, _) = run(&["rules", "test"], "");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(" 0 failed") && !said.contains("untested"), "{said}");
}

#[test]
fn a_test_that_fails_says_what_was_expected_and_what_was_decided() {
    let (_directory, policy) =
        changed("labels = [\"minors\"]\nunit = \"child_protection\"", "labels = [\"minors\"]\nunit = \"rescue\"");
    let (code, said, _) = run(&["rules", "test", "--policy", &policy], "");
    assert!(said.contains("failed  an offence against a child"), "{said}");
    assert!(said.contains("unit: \"child_protection\" expected, \"rescue\" decided"), "{said}");
    let failed = said.lines().filter(|line| line.starts_with("failed")).count();
    assert_eq!(usize::try_from(code).unwrap(), failed);
}

#[test]
fn a_rule_that_no_test_reaches_is_named() {
    let rule = "[[route]]\nid = \"night\"\nlabels = [\"fraud\"]\nsubmitted_hours = \"22:00-06:00\"\nunit = \"intake_desk\"\n\n[[route]]\nid = \"life-at-risk\"";
    let (_directory, policy) = changed("[[route]]\nid = \"life-at-risk\"", rule);
    let (code, said, _) = run(&["rules", "test", "--policy", &policy], "");
    assert!(code == 0 && said.contains("untested  rule night"), "{said}");
}

#[test]
fn rules_that_hide_one_another_are_refused_before_anything_is_decided() {
    let rule = "[[route]]\nid = \"early\"\nsuspected = [\"minors\"]\nunit = \"rescue\"\n\n[[route]]\nid = \"child\"";
    let (_directory, policy) = changed("[[route]]\nid = \"child\"", rule);
    let (code, _, said) = run(&["rules", "test", "--policy", &policy], "");
    assert_eq!(code, 70);
    assert!(said.contains("\"child\"") && said.contains("\"early\" stands before it"), "{said}");
}

#[test]
fn a_backtest_under_the_same_rules_decides_every_sample_alike() {
    let events = tempfile::NamedTempFile::new().unwrap();
    let (_, lines, _) = run(&["classify", SAMPLES], "");
    std::fs::write(events.path(), &lines).unwrap();
    let from = events.path().to_str().unwrap();
    let (code, said, _) = run(&["rules", "backtest", "--from", from, "--output", "json"], "");
    assert_eq!(code, 0, "{said}");
    let result: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((result["events"].as_u64(), result["alike"].as_u64()), (Some(240), Some(240)));
    assert_eq!(result["changes"], json!([]));
}

#[test]
fn a_backtest_counts_what_a_change_would_move_and_lists_those_worse_off_first() {
    let (_, lines, _) = run(&["classify", SAMPLES], "");
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let was = |unit: &str| events.iter().filter(|event| event["data"]["route"]["unit"] == unit).count();
    let (_directory, policy) = changed(
        "labels = [\"threat\"]\nfacts = [\"soon\"]\nto = \"U0\"",
        "labels = [\"threat\"]\nfacts = [\"soon\"]\nto = \"U1\"\nin_review = \"U1\"",
    );
    let policy_text = std::fs::read_to_string(&policy).unwrap();
    let moved = policy_text.replacen(
        "labels = [\"trafficking\"]\nunit = \"narcotics\"",
        "labels = [\"trafficking\"]\nunit = \"cybercrime\"",
        1,
    );
    std::fs::write(&policy, moved).unwrap();
    let arguments = ["rules", "backtest", "--policy", &policy, "--from", "-"];
    let (code, said, _) = run(&[&arguments[..], &["--output", "json"]].concat(), &lines);
    assert_eq!(code, 0);
    let result: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(result["units"]["narcotics"]["before"], was("narcotics"));
    assert_eq!(result["units"]["narcotics"]["after"], 0);
    assert_eq!(result["units"]["cybercrime"]["gained"], was("narcotics"));
    assert!(result["grades"][0][1].as_u64() > Some(0), "a threat for tonight would be U1: {said}");
    let changes = result["changes"].as_array().unwrap();
    let lost = |change: &Value| change["before"]["grade"] == "U0" && change["after"]["grade"] == "U1";
    assert!(lost(&changes[0]) && !lost(changes.last().unwrap()));
    let total: u64 = result["grades"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(total, 240);
    let (_, table, _) = run(&[&arguments[..], &["--list", "1"]].concat(), &lines);
    let id = changes[0]["id"].as_str().unwrap();
    assert!(table.contains("240 events") && table.contains(&format!("{id}  U0 ")), "{table}");
}

#[test]
fn a_backtest_leaves_out_rejections_and_counts_bad_lines_without_quoting_them() {
    let (_, events, _) = run(&["classify"], "{\"id\":\"a\",\"description\":\"bonjour\"}\n{\"id\":\"b\"}\n");
    let bare: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    let input = format!("{events}secret words\n{{\"report\":{{\"id\":\"secret\"}}}}\n{}\n", bare["data"]);
    let (code, said, told) = run(&["rules", "backtest", "--from", "-"], &input);
    assert_eq!(code, 2);
    assert!(said.contains("2 events: 2 decided alike") && said.contains("1 rejections"), "{said}");
    assert!(told.contains("line 3") && told.contains("line 4") && !told.contains("secret"), "{told}");
}

/// Reports in six languages with a grade to lose, each with every optional field filled in.
fn full_reports() -> Vec<Value> {
    let texts = [
        ("On menace de publier mes photos intimes si je ne paie pas avant demain, j'ai 15 ans", "fr"),
        ("They threaten to kill my brother tonight, they have a gun and know our address", "en"),
        ("Amenazan con publicar mis fotos íntimas si no pago esta noche", "es"),
        ("يهددني بنشر صوري إذا لم أدفع هذه الليلة", "ar"),
        ("واحد السيد كيهددني بتصاوري إلا ما خلصتوش غدا", "ary"),
        ("wa7ed sayed kayhdedni b tsawri ila makhelestouch ghedda", "ary-Latn"),
    ];
    let report = |(index, (text, language)): (usize, &(&str, &str))| {
        json!({
            "id": format!("m-{index}"), "submitted_at": "2026-03-01T08:30:00Z", "description": text,
            "content": { "text": "Daesh, tonight at the station", "url": "https://example.org/1", "platform": "Telegram" },
            "category": "sextortion", "role": "victim", "identity": "full", "country": "MA", "language": language,
            "attachments": [{ "uri": "s3://bucket/1", "media_type": "image/png" }],
        })
    };
    texts.iter().enumerate().map(report).collect()
}

fn grade(event: &Value) -> i64 {
    -event["urgency"]["grade"].as_str().unwrap().trim_start_matches('U').parse::<i64>().unwrap()
}

#[track_caller]
fn assert_not_lower(what: &str, before: &[Value], after: &[Value]) {
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        assert!(grade(after) >= grade(before), "{what}: {} then {}", before["urgency"], after["urgency"]);
    }
}

#[test]
fn an_emptied_optional_field_lowers_no_grade() {
    let reports = full_reports();
    let before = classified(&reports);
    for field in ["submitted_at", "category", "role", "identity", "country", "language", "attachments"] {
        let without: Vec<Value> = reports
            .iter()
            .map(|report| {
                let mut report = report.clone();
                report.as_object_mut().unwrap().remove(field);
                report
            })
            .collect();
        assert_not_lower(field, &before, &classified(&without));
    }
    for field in ["url", "platform"] {
        let without: Vec<Value> = reports
            .iter()
            .map(|report| {
                let mut report = report.clone();
                report["content"].as_object_mut().unwrap().remove(field);
                report
            })
            .collect();
        assert_not_lower(field, &before, &classified(&without));
    }
}

#[test]
fn the_order_of_fields_decides_nothing() {
    let reports = full_reports();
    let turned: Vec<Value> = reports
        .iter()
        .map(|report| {
            let fields: Vec<_> = report.as_object().unwrap().clone().into_iter().rev().collect();
            Value::Object(fields.into_iter().collect())
        })
        .collect();
    for (before, after) in classified(&reports).iter().zip(&classified(&turned)) {
        for part in ["urgency", "route", "review", "labels", "evidence"] {
            let mut parts = [before[part].clone(), after[part].clone()];
            for part in &mut parts {
                part.as_object_mut().map(|part| part.remove("deadline"));
            }
            assert_eq!(parts[0], parts[1], "{part}");
        }
    }
}

type Noise = fn(&str) -> String;

/// Disguises and accidents of writing that say the same: what the text room undoes.
#[test]
fn spelling_noise_lowers_no_grade() {
    let noises: [(&str, Noise); 6] = [
        ("capitals", |text| text.to_uppercase()),
        ("zero-width characters", |text| text.chars().flat_map(|c| [c, '\u{200B}']).collect()),
        ("tatweel", |text| text.replace('د', "دـــ").replace('ب', "بــ")),
        ("full-width letters", |text| {
            text.chars()
                .map(|c| if c.is_ascii_alphabetic() { char::from_u32(c as u32 + 0xFEE0).unwrap() } else { c })
                .collect()
        }),
        ("harakat", |text| {
            text.chars()
                .flat_map(|c| if ('\u{0621}'..'\u{064A}').contains(&c) { vec![c, '\u{064E}'] } else { vec![c] })
                .collect()
        }),
        ("white space", |text| text.replace(' ', " \n\t ")),
    ];
    let reports = full_reports();
    let before = classified(&reports);
    for (name, noise) in noises {
        let noisy: Vec<Value> = reports
            .iter()
            .map(|report| {
                let mut report = report.clone();
                report["description"] = noise(report["description"].as_str().unwrap()).into();
                report
            })
            .collect();
        assert_not_lower(name, &before, &classified(&noisy));
    }
}

#[test]
fn words_of_the_lexicon_are_evidence_with_their_place_in_the_original() {
    let report = json!({ "id": "1", "description": "Ils vont le tuer CE  SOÏR devant l'école" });
    let event = classified(std::slice::from_ref(&report)).remove(0);
    let found: Vec<(&str, &str, String)> = event["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|evidence| evidence["label"].as_str().unwrap().starts_with("fact:"))
        .map(|evidence| {
            let place = |end: &str| usize::try_from(evidence[end].as_u64().unwrap()).unwrap();
            let characters = report["description"].as_str().unwrap().chars();
            let words: String = characters.skip(place("start")).take(place("end") - place("start")).collect();
            (evidence["label"].as_str().unwrap(), evidence["source"].as_str().unwrap(), words)
        })
        .collect();
    assert!(found.contains(&("fact:soon", "lexicon:soon.fr", "CE  SOÏR".to_owned())), "{found:?}");
    assert!(found.contains(&("fact:place", "lexicon:place.fr", "l'école".to_owned())), "{found:?}");
}

#[test]
fn the_documentation_names_every_fact() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let documentation = std::fs::read_to_string(root.join("docs/rules.md")).unwrap();
    for (name, _) in ibaleg::triage::shipped::LEXICON.iter().filter(|(name, _)| *name != "organisations.toml") {
        let fact = name.trim_end_matches(".toml");
        assert!(documentation.contains(&format!("| `{fact}` |")), "{fact}");
    }
    // The gazetteer of places belongs to the text room.
    let files = std::fs::read_dir(root.join("config/lexicon")).unwrap().map(|file| file.unwrap().file_name());
    let files = files.filter(|name| name != "places.toml").count();
    assert_eq!(files, ibaleg::triage::shipped::LEXICON.len(), "every file of config/lexicon is shipped");
}
