//! Texts per second of a model package on one core: by length, and what batching by length is worth.
//!
//! `IBALEG_BENCH_PACKAGE=DIR cargo bench --bench model` measures a package of your own; the default is the small test
//! package. `tests/model/make_fixtures.py --large DIR` makes larger ones.

// Benchmarks have no callers to document for.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ibaleg::model::{Input, LoadLimits, Model};

const WORDS: [&str; 16] = [
    "هذا",
    "الرجل",
    "يهددني",
    "بنشر",
    "صوري",
    "il",
    "me",
    "menace",
    "depuis",
    "hier",
    "soir",
    "wa7ed",
    "sayed",
    "baghi",
    "lflouss",
    "<url>",
];

fn package() -> PathBuf {
    std::env::var_os("IBALEG_BENCH_PACKAGE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/bag")), PathBuf::from)
}

fn load(limits: &LoadLimits) -> Arc<Model> {
    Arc::new(Model::load(&package(), limits).unwrap())
}

fn text(words: usize, start: usize) -> String {
    let words: Vec<&str> = WORDS.iter().cycle().skip(start % 16).step_by(3).take(words).copied().collect();
    words.join(" ")
}

/// Words of 256 texts: lognormal with the median and 95th percentile of reports (about 40 and 140 words).
fn lengths() -> Vec<usize> {
    let quantile = |index: u32| {
        // Inverse of the normal distribution by the logistic approximation, good enough for a mix of lengths.
        let p = f64::from(index * 97 % 256) / 256.0 + 1.0 / 512.0;
        let z = (p / (1.0 - p)).ln() / 1.702;
        (40.0_f64.ln() + 0.76 * z).exp().clamp(1.0, 400.0)
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 400")]
    (0..256).map(|index| quantile(index) as usize).collect()
}

fn by_length(c: &mut Criterion) {
    let model = load(&LoadLimits::default());
    let mut session = model.session().unwrap();
    let mut group = c.benchmark_group("texts_by_words");
    for words in [10, 40, 160] {
        let texts: Vec<String> = (0..64).map(|index| text(words, index)).collect();
        let inputs: Vec<Input<'_>> = texts.iter().map(|text| Input { description: text, content: "" }).collect();
        group.throughput(Throughput::Elements(64));
        group.bench_function(words.to_string(), |b| {
            b.iter(|| black_box(session.score(black_box(&inputs)).unwrap()));
        });
    }
    group.finish();
}

/// The same 256 texts in one call (batched by length), in calls of 32 in the order of arrival, and one by one.
fn mixed_lengths(c: &mut Criterion) {
    let model = load(&LoadLimits::default());
    let mut session = model.session().unwrap();
    let texts: Vec<String> = lengths().into_iter().enumerate().map(|(index, words)| text(words, index)).collect();
    let inputs: Vec<Input<'_>> = texts.iter().map(|text| Input { description: text, content: "" }).collect();
    let mut group = c.benchmark_group("256_mixed_texts");
    group.throughput(Throughput::Elements(256));
    for calls_of in [256, 32, 1] {
        group.bench_function(format!("calls_of_{calls_of}"), |b| {
            b.iter(|| {
                for inputs in inputs.chunks(calls_of) {
                    black_box(session.score(black_box(inputs)).unwrap());
                }
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3)).sample_size(20);
    targets = by_length, mixed_lengths
}
criterion_main!(benches);
