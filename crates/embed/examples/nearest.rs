//! Which of a few passages is nearest to a question.
//!
//! ```sh
//! cargo run --release -p longmem-embed --example nearest -- "Where do I live?"
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::sync::Arc;

use longmem_core::{EmbedError, TextEmbedder};
use longmem_embed::{Device, FetchEvent, LazyEmbedder, Manifest, ModelSources};

const PASSAGES: [&str; 3] = [
    "I moved to Lisbon in March, to a flat near the river.",
    "My cat is called Miso and sleeps all day.",
    "The gateway listens on port 7443.",
];

fn main() -> Result<(), EmbedError> {
    let question = std::env::args().nth(1).unwrap_or_else(|| "Where do I live?".to_owned());

    // The first call finds the model in `models/`, or downloads it there: 91 MB, once.
    let sources = ModelSources::new("models");
    let report = |event: FetchEvent<'_>| {
        if let FetchEvent::Asking(source) = event {
            eprintln!("downloading the model from {source}");
        }
    };
    let manifest = Manifest::all_minilm_l6_v2();
    let embedder = LazyEmbedder::new(manifest, sources, Device::Cpu, Arc::new(report));

    let question = embedder.embed_query(&question)?;
    let vectors = embedder.embed_passages(&PASSAGES)?;
    let cosines = vectors.iter().map(|vector| question.cosine(vector));
    let mut ranked: Vec<_> = cosines.zip(PASSAGES).collect();
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    for (cosine, passage) in ranked {
        println!("{cosine:.2}  {passage}");
    }
    Ok(())
}
