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
use tract_onnx::prelude::{Framework as _, InferenceModelExt as _, IntoRunnable, IntoTValue as _, Tensor, TypedModel};

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

/// Batches as (rows, width): sorted by length in widths of 8 as a session runs them, and in the order of arrival
/// with every 32 padded to the longest of them.
fn batches(lengths: &[usize]) -> [(&'static str, Vec<(usize, usize)>); 2] {
    let mut sorted: Vec<usize> = lengths.iter().map(|length| length.next_multiple_of(8)).collect();
    sorted.sort_unstable();
    let by_length = sorted.chunk_by(|left, right| left == right).flat_map(|run| {
        let width = run[0];
        run.chunks((1024 / width).max(1)).map(move |batch| (batch.len(), width))
    });
    let padded = lengths.chunks(32).map(|batch| (batch.len(), batch.iter().copied().max().unwrap_or(1)));
    [("by_length", by_length.collect()), ("padded_to_longest_of_32", padded.collect())]
}

/// The graph alone on the token counts of the same 256 texts, so that the tokenizer does not hide the difference.
fn padding(c: &mut Criterion) {
    let model = load(&LoadLimits::default());
    let texts: Vec<String> = lengths().into_iter().map(|words| text(words, 0)).collect();
    let inputs: Vec<Input<'_>> = texts.iter().map(|text| Input { description: text, content: "" }).collect();
    let longest = model.package().max_length;
    let scores = model.session().unwrap().score(&inputs).unwrap();
    let lengths: Vec<usize> = scores.iter().map(|scores| scores.tokens.min(longest - 2)).collect();

    let path = [package().join("model.onnx"), package().join("onnx/model.onnx")].into_iter().find(|path| path.exists());
    let graph = tract_onnx::onnx().with_ignore_value_info(true).model_for_path(path.unwrap()).unwrap();
    let names: Vec<String> = graph.inputs.iter().map(|input| graph.node(input.node).name.clone()).collect();
    let plan = graph.into_typed().and_then(TypedModel::into_optimized).and_then(IntoRunnable::into_runnable);
    let mut state = plan.unwrap().spawn().unwrap();
    let mut run = |rows: usize, width: usize| {
        let filled = |value: i64| Tensor::from_shape(&[rows, width], &vec![value; rows * width]).unwrap().into_tvalue();
        let inputs = names.iter().map(|name| filled(i64::from(name != "token_type_ids"))).collect();
        black_box(state.run(inputs).unwrap());
    };
    let mut group = c.benchmark_group("graph_256_mixed");
    group.throughput(Throughput::Elements(256));
    for (name, batches) in batches(&lengths) {
        group.bench_function(name, |b| b.iter(|| batches.iter().for_each(|&(rows, width)| run(rows, width))));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3)).sample_size(20);
    targets = by_length, mixed_lengths, padding
}
criterion_main!(benches);
