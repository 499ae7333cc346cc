//! How long a cold start takes: the model is found, loaded, and embeds one question.
//!
//! The model is taken from `models/` and must be there; its files should be in the file cache. One
//! process measures one start, so run it some times and compare the least values:
//!
//! ```sh
//! cargo build --release -p longmem-embed --example start
//! for i in $(seq 20); do target/release/examples/start; done | sort -k 4n | head -3
//! ```

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::time::Instant;

use longmem_core::TextEmbedder;
use longmem_embed::{Device, Manifest, MiniLm, ModelSources};

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = Manifest::all_minilm_l6_v2();
    let sources = ModelSources::new("models");
    let (files, finding) = timed(|| sources.locate(&manifest, &mut |_event| {}));
    let files = files?;
    let (model, loading) = timed(|| MiniLm::load(&manifest, &files, Device::Cpu));
    let model = model?;
    let (vector, embedding) = timed(|| model.embed_query("Where do I live now?"));
    vector.map_err(|error| error.to_string())?;
    println!("finding {finding:.2} loading {loading:.2} embedding {embedding:.2} ms");
    Ok(())
}

/// The result, with the milliseconds that it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64() * 1e3)
}
