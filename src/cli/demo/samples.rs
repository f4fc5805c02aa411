use anyhow::Context as _;
use serde_json::Value;

/// Reports of the corpus's test split, which no model was trained on.
const SAMPLES: &str = include_str!("../../../models/samples/reports.jsonl");

/// The sample reports.
pub(super) fn load() -> anyhow::Result<Vec<Value>> {
    let parse =
        |(index, line)| serde_json::from_str(line).with_context(|| format!("sample report {} is not JSON", index + 1));
    SAMPLES.lines().filter(|line| !line.trim().is_empty()).enumerate().map(parse).collect()
}

/// Id and bytes of the report number `n`; the samples are repeated, each time under new ids.
pub(super) fn nth(samples: &[Value], n: u64) -> (String, Vec<u8>) {
    let count = samples.len().max(1) as u64;
    let index = usize::try_from(n % count).unwrap_or(0);
    let mut report = samples.get(index).cloned().unwrap_or_default();
    let round = n / count;
    let id = report.get("id").and_then(Value::as_str).unwrap_or_default();
    let id = if round == 0 { id.to_owned() } else { format!("{id}-{}", round + 1) };
    report["id"] = Value::from(id.clone());
    (id, report.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_samples_have_new_ids() {
        let samples = load().unwrap();
        let count = samples.len() as u64;
        assert_eq!(nth(&samples, 0).0, "sample-0001");
        assert_eq!(nth(&samples, count).0, "sample-0001-2");
    }
}
