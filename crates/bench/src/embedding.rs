//! How fast a model embeds.

use longmem_core::{EmbedError, TextEmbedder};

use crate::{BenchError, Figure, Stopwatch, timed};

/// Tokens of a short text, at most.
const SHORT_TEXT_TOKENS: usize = 60;

/// Tokens of a long text, at most: just below the 256 that the model sees.
const LONG_TEXT_TOKENS: usize = 250;

/// Tokens of all texts of a set, at least: about half a second's work.
const TOKENS_PER_SET: usize = 4_000;

/// Number of texts that are embedded before the first round is timed, at most.
const WARM_UP_TEXTS: usize = 32;

/// Times the embedding of single texts, as questions are embedded.
///
/// # Errors
/// [`BenchError::Memory`] if the model cannot be used; [`BenchError::Stopped`].
pub fn one_at_a_time(
    embedder: &dyn TextEmbedder,
    texts: &[String],
    stopwatch: &Stopwatch,
) -> Result<Figure, BenchError> {
    stopwatch.latency(texts, |text| timed(|| Ok(embedder.embed_query(text)?)))
}

/// How fast many texts are embedded together.
#[derive(Debug, Clone, PartialEq)]
pub struct AtOnce {
    /// Texts a second.
    pub figure: Figure,
    /// Tokens of a text on average.
    pub mean_tokens: f64,
}

/// Times the embedding of all texts in one call, `rounds` times.
///
/// # Errors
/// [`BenchError::Memory`] if the model cannot be used; [`BenchError::Stopped`].
pub fn all_at_once(
    embedder: &dyn TextEmbedder,
    texts: &[String],
    rounds: usize,
    stopwatch: &Stopwatch,
) -> Result<AtOnce, BenchError> {
    let tokens: usize =
        texts.iter().map(|text| tokens(embedder, text)).sum::<Result<usize, _>>()?;
    let mean_tokens = tokens as f64 / texts.len() as f64;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    embedder.embed_passages(&texts[..texts.len().min(WARM_UP_TEXTS)])?;
    let per_second = stopwatch.rate(rounds, texts.len(), || {
        embedder.embed_passages(&texts)?;
        Ok(())
    })?;
    let tokens_per_second = Some(per_second * mean_tokens);
    let figure = Figure::Rate { per_second, of: "texts", tokens_per_second };
    Ok(AtOnce { figure, mean_tokens })
}

/// A set of the short turns among some turns, repeated until there is enough work.
///
/// # Errors
/// When the model cannot be used.
pub fn short_texts(
    embedder: &dyn TextEmbedder,
    turns: &[String],
) -> Result<Vec<String>, EmbedError> {
    let mut short = Vec::new();
    for turn in turns {
        if tokens(embedder, turn)? <= SHORT_TEXT_TOKENS {
            short.push(turn.clone());
        }
    }
    repeated(embedder, &short)
}

/// A set of long texts, each made of consecutive turns, repeated until there is enough work.
///
/// # Errors
/// When the model cannot be used.
pub fn long_texts(
    embedder: &dyn TextEmbedder,
    turns: &[String],
) -> Result<Vec<String>, EmbedError> {
    let mut joined: Vec<(String, usize)> = Vec::new();
    for turn in turns {
        let turn_tokens = tokens(embedder, turn)?;
        match joined.last_mut() {
            Some((text, tokens)) if *tokens + turn_tokens <= LONG_TEXT_TOKENS => {
                text.push('\n');
                text.push_str(turn);
                *tokens += turn_tokens;
            }
            _ if turn_tokens <= LONG_TEXT_TOKENS => joined.push((turn.clone(), turn_tokens)),
            _ => {}
        }
    }
    let long: Vec<String> = joined.into_iter().map(|(text, _)| text).collect();
    repeated(embedder, &long)
}

/// Tokens of a text, counted as the model does.
fn tokens(embedder: &dyn TextEmbedder, text: &str) -> Result<usize, EmbedError> {
    let passages = embedder.passages(text)?;
    Ok(passages.iter().map(|passage| passage.tokens).sum())
}

/// The texts over and over, until they have [`TOKENS_PER_SET`] tokens.
fn repeated(embedder: &dyn TextEmbedder, texts: &[String]) -> Result<Vec<String>, EmbedError> {
    let mut set = Vec::new();
    let mut set_tokens = 0;
    for text in texts.iter().cycle() {
        set.push(text.clone());
        set_tokens += tokens(embedder, text)?;
        if set_tokens >= TOKENS_PER_SET {
            break;
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use longmem_test_support::WordHashEmbedder;

    use super::*;

    #[test]
    fn short_texts_are_turns_and_long_texts_are_several_that_fit_together() {
        let embedder = WordHashEmbedder::default();
        let turns: Vec<String> =
            [40, 70, 110, 50, 260].map(|words| vec!["word"; words].join(" ")).to_vec();
        let tokens_of = |texts: Vec<String>| -> Vec<usize> {
            texts.iter().take(4).map(|text| tokens(&embedder, text).unwrap()).collect()
        };
        let short = short_texts(&embedder, &turns).unwrap();
        let long = long_texts(&embedder, &turns).unwrap();
        assert_eq!(tokens_of(short), [40, 50, 40, 50]);
        assert_eq!(tokens_of(long), [220, 50, 220, 50]);
    }
}
