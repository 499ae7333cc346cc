//! How many texts the model embeds in a second, and how long one query takes.
//!
//! Data: English text of exactly 8, 32, 128 and 250 tokens, the model's two special ones included:
//! a question, a chat turn, a long turn, nearly the model's window. Every text of a call has the
//! same length, and none is padded.
//!
//! It isolates [`TextEmbedder::embed`]: tokenizing, the forward pass, pooling. No store, no reading
//! of the model's files. `single` is a call with one text, as a recall makes it, timed closely;
//! `batch` is throughput by the texts' length and how many are in a call. The model cuts a call
//! into batches of about a thousand tokens, so calls of more than 8,192 would only take longer:
//! they are left out.
//!
//! Needs the model: from the workspace's `models/`, fetched into it if absent.
//!
//! Run: `cargo bench --bench embedding`, or a part: `cargo bench --bench embedding -- single`.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use longmem_core::TextEmbedder;
use longmem_embed::{Device, Manifest, MiniLm, ModelSources};

/// Tokens of a text.
const LENGTHS: [usize; 4] = [8, 32, 128, 250];

/// Texts in a call.
const BATCHES: [usize; 4] = [1, 8, 32, 128];

/// Tokens of a call at most.
const MOST_TOKENS: usize = 8_192;

/// Common words, each of which is one token.
const WORDS: &str = "we moved to the old house near the river in march because my sister found new \
    work at the city hospital and her son wanted to learn the piano with a good teacher";

static MODEL: LazyLock<MiniLm> = LazyLock::new(|| {
    let manifest = Manifest::all_minilm_l6_v2();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let files = ModelSources::new(folder)
        .fetch(&manifest, &mut |_| {})
        .unwrap_or_else(|error| panic!("this bench needs the model: {error}"));
    MiniLm::load(&manifest, &files, Device::Cpu).expect("the files were checked")
});

/// A text of exactly so many tokens; `start` tells texts of one length apart.
fn text(tokens: usize, start: usize) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().cycle().skip(start).take(tokens - 2).collect();
    words.join(" ")
}

fn embed(texts: &[&str]) -> usize {
    MODEL.embed(texts).unwrap_or_else(|error| panic!("the model runs: {error}")).len()
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();

    let mut group = criterion.benchmark_group("embedding/single");
    for tokens in LENGTHS {
        group.sample_size(30).bench_function(BenchmarkId::from_parameter(tokens), |bencher| {
            let text = text(tokens, 0);
            let spans = MODEL.passages(&text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(spans.iter().map(|span| span.tokens).collect::<Vec<_>>(), [tokens]);
            bencher.iter(|| embed(&[&text]));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("embedding/batch");
    for tokens in LENGTHS {
        for batch in BATCHES.into_iter().filter(|batch| batch * tokens <= MOST_TOKENS) {
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(BenchmarkId::new(format!("{tokens}_tokens"), batch), |bencher| {
                let texts: Vec<String> = (0..batch).map(|start| text(tokens, start)).collect();
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                bencher.iter(|| embed(&texts));
            });
        }
    }
    group.finish();
    criterion.final_summary();
}
