//! How many texts the model embeds in a second, and how long one query takes: longmem's forward pass
//! in f32 and bf16 beside candle's, on the same texts in one run.
//!
//! Data: English text, the model's two special tokens included in each count. A query has 11
//! tokens; short turns have 8 to 56, 32 on average; long texts have 200 to 256. A call has 64 short
//! turns or 16 long texts.
//!
//! It isolates [`TextEmbedder::embed_passages`]: tokenizing, the forward pass, pooling. There is no
//! store, and the model's files are read beforehand. candle gets its texts sorted by length in
//! batches of at most 1,024 tokens, padding included, which is fastest for it. bf16 is left out where
//! the processor lacks it.
//!
//! The model is taken from the workspace's `models/`, and fetched into it if it is not there.
//!
//! Run: `cargo bench --bench embedding`, or a part: `cargo bench --bench embedding -- query`.

use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use longmem_core::TextEmbedder;
use longmem_embed::{Compute, Device, Manifest, MiniLm, ModelSources, Precision};

/// Tokens of a query.
const QUERY: usize = 11;

/// Common words, each of which is one token.
const WORDS: &str = "we moved to the old house near the river in march because my sister found new \
    work at the city hospital and her son wanted to learn the piano with a good teacher";

/// A text of exactly `tokens` tokens; `start` makes texts of one length differ.
fn text(tokens: usize, start: usize) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().cycle().skip(start).take(tokens - 2).collect();
    words.join(" ")
}

/// The model in each of its implementations, by name.
fn models() -> Vec<(&'static str, MiniLm)> {
    let manifest = Manifest::all_minilm_l6_v2();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let files = ModelSources::new(folder)
        .fetch(&manifest, &mut |_| {})
        .unwrap_or_else(|error| panic!("this bench needs the model: {error}"));
    let bf16 = Compute::new(Device::Cpu, Precision::Bf16);
    let mut models = vec![
        ("candle", MiniLm::load_reference(&manifest, &files).expect("the files were checked")),
        ("f32", MiniLm::load(&manifest, &files, Device::Cpu).expect("the files were checked")),
    ];
    models.extend(MiniLm::load(&manifest, &files, bf16).ok().map(|model| ("bf16", model)));
    models
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    let models = models();
    let short: Vec<String> = (0..64).map(|at| text(8 + 48 * at / 63, at)).collect();
    let long: Vec<String> = (0..16).map(|at| text(200 + 56 * at / 15, at)).collect();
    for (name, texts) in [("query", &[text(QUERY, 0)][..]), ("short", &short), ("long", &long)] {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut group = criterion.benchmark_group("embedding");
        group.throughput(Throughput::Elements(texts.len() as u64));
        for (model_name, model) in &models {
            group.bench_function(BenchmarkId::new(name, model_name), |bencher| {
                bencher.iter(|| {
                    model.embed_passages(&texts).unwrap_or_else(|error| panic!("{error}"))
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
