//! How long the model takes for one text, and how many texts it embeds in a second.

use longmem_core::{Embedding, TextEmbedder};
use longmem_memory::MemoryError;

use crate::failure::Failure;

use super::report::{Figure, Group, Row};
use super::stopwatch::{Stopwatch, timed};
use super::texts;

/// Tokens of a short turn of the sample history at most; their mean is about 32.
const SHORT: usize = 60;

/// Tokens of a long text at most: just below the model's window of 256.
const LONG: usize = 250;

/// Tokens that are embedded for one figure, about: half a second's work.
const TOKENS_PER_ROUND: usize = 4_000;

/// What a person asks.
const QUESTIONS: [&str; 4] = [
    "Where do I live now?",
    "What food is my partner allergic to?",
    "How did we fix the connection error in the deployment?",
    "When is the next appointment with the vet?",
];

/// Rounds of which the median is taken.
const ROUNDS: usize = 3;

/// Measures one question alone, and batches of short and of long texts from the sample history.
///
/// # Errors
/// [`Failure::Memory`] if the model cannot be used.
pub(super) fn of_sample(
    embedder: &dyn TextEmbedder,
    stopwatch: &Stopwatch,
) -> Result<Vec<Group>, Failure> {
    let turns = texts::sample();
    let batches =
        [("short turns", short(embedder, &turns)?), ("long texts", joined(embedder, &turns)?)];
    let questions = QUESTIONS.map(str::to_owned);
    let mut groups = vec![one_at_a_time(embedder, stopwatch, "a question", &questions)?];
    let mut rows = Vec::new();
    for (name, texts) in &batches {
        rows.push(all_at_once(embedder, stopwatch, name, &filled(embedder, texts)?, ROUNDS)?);
    }
    groups.push(Group { title: AT_ONCE.to_owned(), rows });
    Ok(groups)
}

/// Measures given texts: each alone, as far as patience goes, and all together.
///
/// # Errors
/// [`Failure::Memory`] if the model cannot be used.
pub(super) fn of_texts(
    embedder: &dyn TextEmbedder,
    stopwatch: &Stopwatch,
    texts: &[String],
    rounds: usize,
) -> Result<Vec<Group>, Failure> {
    let alone = one_at_a_time(embedder, stopwatch, "a text", texts)?;
    let together = all_at_once(embedder, stopwatch, "texts", texts, rounds)?;
    Ok(vec![alone, Group { title: AT_ONCE.to_owned(), rows: vec![together] }])
}

const AT_ONCE: &str = "Embedding, all texts at once";

fn one_at_a_time(
    embedder: &dyn TextEmbedder,
    stopwatch: &Stopwatch,
    name: &str,
    texts: &[String],
) -> Result<Group, Failure> {
    let figure =
        stopwatch.latency(texts, |text| timed(|| embed(embedder, std::slice::from_ref(text))))?;
    let title = "Embedding, one text at a time".to_owned();
    Ok(Group { title, rows: vec![Row::new(name, figure)] })
}

fn all_at_once(
    embedder: &dyn TextEmbedder,
    stopwatch: &Stopwatch,
    name: &str,
    texts: &[String],
    rounds: usize,
) -> Result<Row, Failure> {
    let tokens = texts.iter().map(|text| tokens(embedder, text)).sum::<Result<usize, _>>()?;
    embed(embedder, &texts[..texts.len().min(32)])?;
    let per_second = stopwatch.rate(rounds, texts.len(), || embed(embedder, texts).map(drop))?;
    let mean = tokens as f64 / texts.len() as f64;
    let figure =
        Figure::Rate { per_second, of: "texts", tokens_per_second: Some(per_second * mean) };
    Ok(Row::new(format!("{name}, {mean:.0} tokens each"), figure))
}

/// Embeds texts as one call.
///
/// # Errors
/// [`Failure::Memory`] if the model cannot be used.
pub(super) fn embed(
    embedder: &dyn TextEmbedder,
    texts: &[String],
) -> Result<Vec<Embedding>, Failure> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok(embedder.embed_passages(&texts).map_err(MemoryError::Embed)?)
}

/// Tokens of a text, counted as the model does.
fn tokens(embedder: &dyn TextEmbedder, text: &str) -> Result<usize, Failure> {
    let passages = embedder.passages(text).map_err(MemoryError::Embed)?;
    Ok(passages.iter().map(|passage| passage.tokens).sum())
}

fn short(embedder: &dyn TextEmbedder, turns: &[String]) -> Result<Vec<String>, Failure> {
    let mut short = Vec::new();
    for turn in turns {
        if tokens(embedder, turn)? <= SHORT {
            short.push(turn.clone());
        }
    }
    Ok(short)
}

/// Turns put together to texts that come near the limit.
fn joined(embedder: &dyn TextEmbedder, turns: &[String]) -> Result<Vec<String>, Failure> {
    let mut joined: Vec<(String, usize)> = Vec::new();
    for turn in turns {
        let more = tokens(embedder, turn)?;
        match joined.last_mut() {
            Some((text, tokens)) if *tokens + more <= LONG => {
                text.push('\n');
                text.push_str(turn);
                *tokens += more;
            }
            _ if more <= LONG => joined.push((turn.clone(), more)),
            _ => {}
        }
    }
    Ok(joined.into_iter().map(|(text, _)| text).collect())
}

/// The texts over and over, until there is work for a round.
fn filled(embedder: &dyn TextEmbedder, texts: &[String]) -> Result<Vec<String>, Failure> {
    let mut filled = Vec::new();
    let mut so_far = 0;
    for text in texts.iter().cycle() {
        filled.push(text.clone());
        so_far += tokens(embedder, text)?;
        if so_far >= TOKENS_PER_ROUND {
            break;
        }
    }
    Ok(filled)
}
