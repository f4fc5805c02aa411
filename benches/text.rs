//! Bytes a second of the text room on one core, over the texts of `models/corpus`.
//!
//! `cargo bench --bench text`. On a machine with other work only medians of runs in turn mean something.

// Benchmarks have no callers to document for.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use ibaleg::text::{View, language, mentions, prepare};

/// Every tenth text: descriptions and contents of all languages, short and long.
fn texts() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/corpus");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let lines = files.iter().flat_map(|path| {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<serde_json::Value>>()
    });
    let texts =
        lines.flat_map(|report| ["description", "content"].map(|field| report[field].as_str().map(str::to_owned)));
    texts.flatten().filter(|text| !text.is_empty()).step_by(10).collect()
}

fn text(criterion: &mut Criterion) {
    let texts = texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut group = criterion.benchmark_group("text");
    group.throughput(Throughput::Bytes(bytes as u64)).sampling_mode(SamplingMode::Flat);
    group.sample_size(30).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    let mut measure = |name: &str, run: &dyn Fn(&str) -> usize| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| texts.iter().map(|text| run(black_box(text))).sum::<usize>());
        });
    };
    measure("normalised", &|text| prepare(text, View::Normalised).text().len());
    measure("redacted", &|text| prepare(text, View::Redacted).text().len());
    measure("language", &|text| language::identify(text).spans.len());
    measure("room", &|text| {
        let normal = prepare(text, View::Normalised);
        mentions(text, &normal).len() + language::identify(text).spans.len() + normal.entities().len()
    });
    group.finish();
}

criterion_group!(benches, text);
criterion_main!(benches);
