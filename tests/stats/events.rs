//! Classified events as `ibaleg classify` prints them.

use ibaleg::stats::{Definitions, Ledger, Source, Told};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// One event, with what is counted of it.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) revision: u32,
    pub(crate) labels: Vec<&'static str>,
    pub(crate) organisations: Vec<&'static str>,
    pub(crate) unit: &'static str,
    pub(crate) urgency: &'static str,
    pub(crate) language: Option<&'static str>,
    pub(crate) identity: Option<&'static str>,
    pub(crate) country: Option<&'static str>,
    pub(crate) submitted_at: Option<String>,
    pub(crate) received_at: String,
    /// Seconds after arrival.
    pub(crate) decided_after: i64,
}

impl Event {
    pub(crate) fn new(id: impl Into<String>, label: &'static str) -> Self {
        Self {
            id: id.into(),
            revision: 1,
            labels: vec![label],
            organisations: Vec::new(),
            unit: "cybercrime",
            urgency: "U2",
            language: Some("ary"),
            identity: Some("full"),
            country: Some("MA"),
            submitted_at: Some("2024-06-11T08:30:00Z".into()),
            received_at: "2024-06-11T08:31:00Z".into(),
            decided_after: 1,
        }
    }

    /// The structured CloudEvent. Its id is that of the report, revision and decision.
    pub(crate) fn value(&self) -> Value {
        let received: jiff::Timestamp = self.received_at.parse().unwrap();
        let decided = received + SignedDuration::from_secs(self.decided_after);
        let label = |(id, state, score): (&str, &str, f64)| json!({ "label": id, "score": score, "flag": 0.5, "review": 0.2, "state": state });
        let flagged = self
            .labels
            .iter()
            .enumerate()
            .map(|(place, id)| (*id, "flag", 0.9 - 0.01 * f64::from(u8::try_from(place).unwrap())));
        let labels: Vec<Value> = flagged.chain([("hate", "review", 0.3), ("other", "below", 0.1)]).map(label).collect();
        let mark = |id: &&str| json!({ "id": id, "state": "flag", "source": "lexicon" });
        let organisations: Vec<Value> = self.organisations.iter().map(mark).collect();
        let language = self.language.map(|tag| json!({ "language": tag, "script": "latin", "confidence": 0.9 }));
        let mut report = json!({ "id": self.id, "revision": self.revision, "attachments": 0 });
        for (name, value) in
            [("submitted_at", &self.submitted_at.as_deref()), ("identity", &self.identity), ("country", &self.country)]
        {
            if let Some(value) = value {
                report[name] = json!(value);
            }
        }
        let digest = "0".repeat(64);
        json!({
            "specversion": "1.0",
            "id": format!("{}/{}/{}/{}", self.id, self.revision, self.labels.join("+"), self.decided_after),
            "source": "urn:ibaleg",
            "type": "org.ibaleg.report.classified.v1",
            "subject": self.id,
            "time": self.received_at,
            "datacontenttype": "application/json",
            "data": {
                "report": report,
                "urgency": { "grade": self.urgency, "reasons": [{ "code": "label_flagged", "grade": self.urgency }],
                    "deadline": { "within_seconds": 60, "acknowledge_by": self.received_at } },
                "route": { "unit": self.unit, "rule": "r", "copies": [] },
                "review": { "needed": false, "reasons": [] },
                "labels": labels,
                "organisations": organisations,
                "contexts": [],
                "language": language.map_or(json!({}), |language| json!({ "description": language })),
                "evidence": [],
                "entities": [],
                "provenance": { "service": "0", "model": "m", "model_digest": digest, "tokenizer_digest": digest,
                    "text_digest": digest, "taxonomy_digest": digest, "policy_digest": digest,
                    "lexicon_digest": digest, "input_digest": digest },
                "timings": { "received_at": self.received_at, "decided_at": decided.to_string() },
            }
        })
    }

    pub(crate) fn line(&self) -> String {
        format!("{}\n", self.value())
    }
}

/// A ledger that was given these events in this order.
pub(crate) fn ledger<'a>(events: impl IntoIterator<Item = &'a Event>) -> Ledger {
    let mut ledger = Ledger::default();
    for event in events {
        match Told::structured(event.line().as_bytes()).unwrap() {
            Told::Classified(observation) => ledger.add(*observation),
            Told::Rejected => unreachable!(),
        }
    }
    ledger
}

pub(crate) fn definitions(floor: u64) -> Definitions {
    let source = Source {
        communique: include_str!("../../config/communique.toml"),
        regions: include_str!("../../config/regions.toml"),
        time_zone: "Africa/Casablanca",
        lateness: SignedDuration::from_hours(24),
        floor,
    };
    Definitions::new(source).unwrap()
}

/// 7,083 reports in the published mix of the platform's first three months.
pub(crate) fn published_mix() -> Vec<Event> {
    let mut lines = Vec::new();
    let others = ["incitement", "trafficking", "exploitation", "extortion", "minors", "hate"];
    for (label, count) in [("fraud", 4073), ("sextortion", 1358), ("defamation", 679), ("threat", 339)] {
        lines.extend(std::iter::repeat_n(label, count));
    }
    lines.extend(others.iter().copied().cycle().take(339));
    lines.extend(std::iter::repeat_n("terrorism", 295));
    let abroad = ["FR", "CN", "AE", "TN"];
    let start: jiff::Timestamp = "2024-06-03T06:00:00Z".parse().unwrap();
    let event = |(number, label): (usize, &'static str)| {
        // Numbers without a common factor, so that no two attributes go together.
        let shuffled = number * 5077 % 7083;
        let sent = start + SignedDuration::from_secs(i64::try_from(number * 3571 % 7083 * 1100).unwrap());
        let terrorism = label == "terrorism";
        Event {
            labels: if terrorism { vec!["threat", label] } else { vec![label] },
            organisations: if terrorism && number - 6788 < 85 { vec!["isis"] } else { vec![] },
            unit: if terrorism { "counter_terrorism" } else { "cybercrime" },
            urgency: ["U0", "U1", "U2", "U3"][shuffled % 4],
            language: ["ar", "ary", "ary-Latn", "fr", "en", "es"].get(shuffled % 7).copied(),
            identity: if shuffled < 4117 { Some("full") } else { ["partial", "anonymous"].get(shuffled % 3).copied() },
            country: if shuffled >= 7083 - 564 { Some(abroad[shuffled % 4]) } else { Some("MA") },
            submitted_at: Some(sent.to_string()),
            received_at: (sent + SignedDuration::from_secs(20)).to_string(),
            ..Event::new(format!("R-{number:05}"), label)
        }
    };
    lines.into_iter().enumerate().map(event).collect()
}
