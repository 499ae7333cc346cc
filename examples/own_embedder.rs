//! An embedder of one's own in place of all-MiniLM-L6-v2: here one that compares spellings and needs
//! no model; a real one would ask a server, or another model.
//!
//! ```sh
//! cargo run --example own_embedder
//! ```

#![expect(clippy::print_stdout, reason = "it prints what it found")]

use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};

use longmem::core::{EmbedError, EmbeddingModel, PassageSpan};
use longmem::memory::Channels;
use longmem::{Embedding, Longmem, Options, RecallRequest, Scope, TextEmbedder};

/// Numbers in each vector.
const WIDTH: usize = 256;

/// Bytes of a passage at most.
const PASSAGE: usize = 1_000;

/// Counts runs of three letters, so that "Lissabon" is near "Lisbon".
struct Trigrams(EmbeddingModel);

impl Trigrams {
    fn new() -> Self {
        // A store never compares vectors of two identities: give each change of the vectors another
        // revision, and `index` with `reembed` makes them anew.
        Self(EmbeddingModel {
            name: "trigrams".to_owned(),
            revision: "1".to_owned(),
            dimensions: WIDTH,
            pooling: "mean".to_owned(),
            normalized: true,
            window: PASSAGE,
        })
    }

    fn vector(text: &str) -> Embedding {
        let mut counts = vec![0.0; WIDTH];
        let letters: Vec<char> = format!("  {}  ", text.to_lowercase()).chars().collect();
        for run in letters.windows(3) {
            let mut hasher = DefaultHasher::new();
            run.hash(&mut hasher);
            counts[(hasher.finish() % WIDTH as u64) as usize] += 1.0;
        }
        Embedding::normalized(counts).expect("there is at least one run")
    }
}

impl TextEmbedder for Trigrams {
    fn model(&self) -> &EmbeddingModel {
        &self.0
    }

    fn embed_query(&self, text: &str) -> Result<Embedding, EmbedError> {
        Ok(Self::vector(text))
    }

    fn embed_passages(&self, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        Ok(texts.iter().map(|text| Self::vector(text)).collect())
    }

    /// Pieces of the text that are embedded one by one: at least one, covering all of it.
    fn passages(&self, text: &str) -> Result<Vec<PassageSpan>, EmbedError> {
        let mut passages = Vec::new();
        let mut start = 0;
        while start < text.len() || passages.is_empty() {
            let end = text.floor_char_boundary(start + PASSAGE);
            passages.push(PassageSpan { start, end, tokens: end - start });
            start = end;
        }
        Ok(passages)
    }

    fn truncated_tokens(&self) -> u64 {
        0
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let longmem = Longmem::open(Options::new(folder.path()).with_embedder(Trigrams::new()))?;
    longmem.remember("ana", "The flat in Lisbon has seventy-eight steps.")?;
    longmem.remember("ana", "Priya takes over the budget on Monday.")?;
    longmem.index()?;

    let mut request = RecallRequest::new(Scope::of("ana".parse()?), "Wohnung in Lissabon");
    // Only by meaning, to show the embedder; the usual way joins it with words.
    request.channels = Channels::Meaning;
    // The threshold was found with another model.
    request.threshold = 0.0;
    for found in longmem.memory().recall(&request)?.results {
        println!("{:.2} {}", found.explanation.cosine.unwrap_or_default(), found.turn.text);
    }
    Ok(())
}
