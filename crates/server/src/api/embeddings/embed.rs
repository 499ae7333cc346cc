//! Texts to vectors, whichever client asks.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Embedding, EmbeddingModel};
use longmem_memory::{Memory, MemoryError};
use serde::Deserialize;

use crate::problem::Problem;
use crate::shared::Shared;

/// Texts of a request at most.
const MAX_TEXTS: usize = 256;
/// Texts that are embedded in one piece of work.
const AT_ONCE: usize = 32;

/// One text, or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Texts {
    /// One.
    One(#[schemars(length(min = 1), regex(pattern = r"\S"))] String),
    /// Several.
    Several(
        #[schemars(length(min = 1, max = 256), inner(length(min = 1), regex(pattern = r"\S")))]
        Vec<String>,
    ),
}

impl Texts {
    /// The texts as a list.
    ///
    /// # Errors
    /// 422 for too many, none, or one without words.
    pub(super) fn list(self) -> Result<Vec<String>, Problem> {
        let texts = match self {
            Self::One(text) => vec![text],
            Self::Several(texts) => texts,
        };
        if texts.is_empty() || texts.len() > MAX_TEXTS {
            let detail = format!("there are {} texts; expected 1 to {MAX_TEXTS}", texts.len());
            return Err(Problem::out_of_range(detail));
        }
        match texts.iter().position(|text| text.trim().is_empty()) {
            Some(place) => Err(Problem::out_of_range(format!("text {place} is empty"))),
            None => Ok(texts),
        }
    }
}

/// What becomes of a text that is longer than the model's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooLong {
    /// The request is refused.
    Refuse,
    /// Its beginning is embedded.
    Cut,
}

/// The vectors of texts, in their order.
pub(super) struct Embedded {
    pub(super) vectors: Vec<Embedding>,
    /// Tokens of what was embedded, together.
    pub(super) tokens: usize,
}

/// What a text is embedded as.
enum Cut {
    /// The beginning of so many bytes, which has so many tokens.
    To { bytes: usize, tokens: usize },
    /// It is too long, with its tokens as far as they are known.
    Refused { tokens: usize },
}

/// Embeds texts.
///
/// # Errors
/// 400 for a text that is longer than the model's window, where that is refused; 503 if there is no
/// model.
pub(super) async fn embed(
    shared: &Shared,
    texts: Vec<String>,
    too_long: TooLong,
) -> Result<Embedded, Problem> {
    let mut all = Embedded { vectors: Vec::with_capacity(texts.len()), tokens: 0 };
    let mut done = 0;
    let mut waiting = texts.into_iter();
    loop {
        // Between two of these calls it ends if nobody waits for it any more.
        let texts: Vec<String> = waiting.by_ref().take(AT_ONCE).collect();
        if texts.is_empty() {
            return Ok(all);
        }
        let embedded =
            shared.memory.read(move |memory| embed_some(memory, &texts, too_long)).await?;
        match embedded {
            Ok(some) => {
                done += some.vectors.len();
                all.tokens += some.tokens;
                all.vectors.extend(some.vectors);
            }
            Err(TooManyTokens { place, tokens, window }) => {
                let place = done + place;
                let detail = format!(
                    "text {place} has some {tokens} tokens; the model sees {window} at once"
                );
                let hint = "Cut the text up, and embed its parts.";
                return Err(Problem::invalid(detail).with_hint(hint));
            }
        }
    }
}

/// A text is longer than the model's window.
struct TooManyTokens {
    place: usize,
    tokens: usize,
    window: usize,
}

fn embed_some(
    memory: &Memory,
    texts: &[String],
    too_long: TooLong,
) -> Result<Result<Embedded, TooManyTokens>, MemoryError> {
    let embedder = memory.embedder();
    let window = embedder.model().window;
    let (mut cut, mut all_tokens) = (Vec::new(), 0);
    for (place, text) in texts.iter().enumerate() {
        match cut_of(&embedder.passages(text).map_err(MemoryError::Embed)?, too_long) {
            Cut::To { bytes, tokens } => {
                cut.push(&text[..bytes]);
                all_tokens += tokens;
            }
            Cut::Refused { tokens } => return Ok(Err(TooManyTokens { place, tokens, window })),
        }
    }
    let vectors = embedder.embed_passages(&cut).map_err(MemoryError::Embed)?;
    Ok(Ok(Embedded { vectors, tokens: all_tokens }))
}

fn cut_of(passages: &[longmem_core::PassageSpan], too_long: TooLong) -> Cut {
    match (passages, too_long) {
        ([], _) => Cut::To { bytes: 0, tokens: 0 },
        ([first], _) | ([first, ..], TooLong::Cut) => {
            Cut::To { bytes: first.end, tokens: first.tokens }
        }
        (several, TooLong::Refuse) => {
            Cut::Refused { tokens: several.iter().map(|passage| passage.tokens).sum() }
        }
    }
}

/// Fails for the name of another model.
///
/// # Errors
/// 404.
pub(super) fn check_model(asked: &str, known: &EmbeddingModel) -> Result<(), Problem> {
    if is_named(asked, &known.name) {
        return Ok(());
    }
    let problem = Problem::not_found(format!("there is no model {asked:?} here"));
    let problem = Problem { kind: "/errors/model-not-found".into(), ..problem };
    Err(problem.with_hint(format!("The model is {}.", known.name)))
}

/// Whether a client means a model: it says its published name, the part of it behind the publisher, or
/// what Ollama calls it, with or without a tag.
fn is_named(asked: &str, name: &str) -> bool {
    /// The names of Ollama that are not a part of the published ones.
    const OF_OLLAMA: [(&str, &str); 1] = [("all-minilm", "sentence-transformers/all-MiniLM-L6-v2")];
    let asked = asked.split_once(':').map_or(asked, |(asked, _)| asked);
    let last = name.rsplit('/').next().unwrap_or(name);
    asked.eq_ignore_ascii_case(name)
        || asked.eq_ignore_ascii_case(last)
        || OF_OLLAMA.iter().any(|known| known.1 == name && asked.eq_ignore_ascii_case(known.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_each_of_its_names() {
        let name = "sentence-transformers/all-MiniLM-L6-v2";
        for asked in
            [name, "all-MiniLM-L6-v2", "ALL-minilm-l6-v2", "all-minilm", "all-minilm:latest"]
        {
            assert!(is_named(asked, name), "{asked}");
        }
        for other in ["", "all", "minilm", "text-embedding-3-small", "all-MiniLM-L12-v2"] {
            assert!(!is_named(other, name), "{other}");
        }
    }
}
