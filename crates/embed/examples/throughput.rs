//! How many texts a second a device embeds, and how long one question takes.
//!
//! ```sh
//! cargo run --release -p longmem-embed --features cuda --example throughput -- cuda TEXTS [TEXTS…]
//! ```
//!
//! The device is `cpu`, `cuda` or `metal`. A file of texts has one in each line, and is embedded five
//! times, in calls of at most 4,096 texts; the median counts. The model is taken from `models/`, and
//! fetched into it if it is not there.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::time::Instant;

use longmem_core::TextEmbedder;
use longmem_embed::{Device, Manifest, MiniLm, ModelSources};

/// Texts of a call, at most.
const TEXTS_PER_CALL: usize = 4096;

/// How often a file is embedded.
const ROUNDS: usize = 5;

/// How often a question is asked.
const QUESTIONS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let device: Device = arguments.next().ok_or("name a device: cpu, cuda or metal")?.parse()?;
    let manifest = Manifest::all_minilm_l6_v2();
    let files = ModelSources::new("models").fetch(&manifest, &mut |_event| {})?;
    let (model, loading) = timed(|| MiniLm::load(&manifest, &files, device));
    let model = model?;
    let (first, waiting) = timed(|| model.embed_query("Where do I live now?"));
    first.map_err(|error| error.to_string())?;
    println!("{device}: loaded in {loading:.0} ms, first question {waiting:.1} ms");

    let mut questions = Vec::with_capacity(QUESTIONS);
    for number in 0..QUESTIONS {
        let question = format!("Where did we go on day {number} of the trip to Lisbon?");
        questions.push(timed(|| model.embed_query(&question)).1);
    }
    println!("{device}: one question {:.2} ms", median(questions));

    for path in arguments {
        let text = fs_err::read_to_string(&path)?;
        let texts: Vec<&str> = text.lines().collect();
        let mut rates = Vec::with_capacity(ROUNDS);
        for _round in 0..ROUNDS {
            let (embedded, milliseconds) = timed(|| {
                texts.chunks(TEXTS_PER_CALL).try_for_each(|call| {
                    model.embed_passages(call).map(|_vectors| ()).map_err(|error| error.to_string())
                })
            });
            embedded?;
            rates.push(texts.len() as f64 / milliseconds * 1e3);
        }
        println!("{device}: {:.0} texts/s of the {} in {path}", median(rates), texts.len());
    }
    Ok(())
}

/// The result, with the milliseconds that it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64() * 1e3)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
