//! The page docs/metrics.md, from the [table](super::table).

use std::fmt::Write as _;

use super::table::{ALL, Kind};

const HEAD: &str = "\
# Metrics

`GET /metrics` ([how to reach it](operations.md)) gives these in Prometheus' text format. The page is generated from
`src/telemetry/table.rs`; a test holds it to the program, and the program's answer to it.

- Labels take values from closed sets: grades, codes, ids of the taxonomy. `other` stands for a value outside its set.
  Nothing a report says becomes a label. Every series is there from the start, at 0.
- Counters of decisions count decisions: a report that is read again after a rebalance or a restart counts again.
  `ibaleg_age_seconds` counts a report when it is done with; rejected reports are not in it.
- The state of a lane is that of the moment of the scrape; lag and brokers are up to five seconds old, the work in
  flight half a second.

| metric | kind | unit | meaning | labels |
|---|---|---|---|---|
";

/// The page.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for metric in ALL {
        let labels: Vec<String> =
            metric.labels.iter().map(|label| format!("`{}`: {}", label.name, label.values)).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join("; ") };
        let kind = metric.kind.as_str();
        let _ = writeln!(page, "| `{}` | {kind} | {} | {} | {labels} |", metric.name, metric.unit, metric.help);
    }
    page.push_str("\nUpper bounds of the buckets:\n\n");
    for metric in ALL.iter().filter(|metric| metric.kind == Kind::Histogram) {
        let bounds: Vec<String> = metric.buckets.iter().map(ToString::to_string).collect();
        let _ = writeln!(page, "- `{}`: {}", metric.name, bounds.join(", "));
    }
    page
}
