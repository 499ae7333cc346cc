//! What is recalled for a prompt.

use std::time::Duration;

use jiff::tz::TimeZone;
use longmem_chat::DatedText;
use longmem_core::{Scope, SessionName, UserName};
use longmem_memory::{
    Memory, MemoryError, PROMPT_THRESHOLD, RESULTS_WITH_NEIGHBOURS, Recall, RecallRequest,
    RelevanceWeights,
};

use crate::activity::Brought;

use super::block::{CHARACTERS_PER_TOKEN, Frame, tokens};

/// Characters of all that is recalled for a prompt; agents cut what is longer than 10,000.
pub(super) const MOST_CHARACTERS: usize = 4_000;

/// The part of them that known facts may take: one in so many.
const PART_OF_FACTS: usize = 4;

/// Number of the session's last turns that are not recalled: the agent's own prompt has them.
const LAST_TURNS: usize = 20;

/// Number of recalled turns that are considered.
const CONSIDERED_TURNS: usize = 30;

/// What is recalled must be this likely to be of use, as a part of how likely the best is. Nobody asked
/// for it, and every word of it costs the agent's model attention.
const LEAST_OF_BEST: f32 = 0.1;

/// How long recalling should take at most: a person waits for it.
const DEADLINE: Duration = Duration::from_millis(1_500);

/// Characters of a long prompt that are asked for: what is wanted mostly stands at its beginning.
const ASKED_CHARACTERS: usize = 2_000;

/// Recalls for a prompt, and says what; none if nothing in memory is likely to be of use.
///
/// # Errors
/// [`MemoryError::Store`]. Where the embedding model is not loaded, words alone decide.
pub(super) fn recalled(
    memory: &Memory,
    user: &UserName,
    session: Option<&SessionName>,
    prompt: &str,
    time_zone: &TimeZone,
) -> Result<Option<(String, Brought)>, MemoryError> {
    let question: String = prompt.chars().take(ASKED_CHARACTERS).collect();
    let last = match session {
        Some(session) => memory.recent(user, session, LAST_TURNS)?,
        None => Vec::new(),
    };
    let request = RecallRequest {
        limit: CONSIDERED_TURNS,
        with_neighbours: RESULTS_WITH_NEIGHBOURS,
        exclude: last.iter().map(|turn| turn.id).collect(),
        threshold: PROMPT_THRESHOLD,
        catch_up: true,
        deadline: Some(DEADLINE),
        time_zone: time_zone.clone(),
        ..RecallRequest::new(Scope::of(user.clone()), &*question)
    };
    let mut recall = found(memory, &request)?;
    let best = recall.results.iter().map(|found| found.score);
    let best = best.chain(recall.facts.iter().map(|found| found.score)).fold(0.0, f32::max);
    recall.results.retain(|found| found.score >= best * LEAST_OF_BEST);
    recall.facts.retain(|found| found.score >= best * LEAST_OF_BEST);
    // What was noted of a turn that the prompt has says nothing new.
    recall
        .facts
        .retain(|found| found.fact.turn.is_none_or(|turn| !request.exclude.contains(&turn)));

    let frame = Frame { now: memory.now(), time_zone };
    let most = MOST_CHARACTERS / CHARACTERS_PER_TOKEN;
    let facts: Vec<DatedText> =
        recall.facts.iter().map(|found| DatedText::from(&found.fact)).collect();
    let mut blocks = frame.notes(&[], &facts, &[], most / PART_OF_FACTS);
    // Blocks are joined by a line break.
    let left = most - blocks.iter().map(|block| tokens(block) + 1).sum::<usize>();
    let mut brought = Brought::default();
    if let Some((block, turns)) = frame.recalled(&recall.results, &question, left) {
        blocks.push(block);
        brought = turns;
    }
    let facts = recall.facts.iter().map(|found| found.fact.id);
    let brought = Brought::new(&question, brought.turns, facts);
    Ok((!blocks.is_empty()).then(|| (blocks.join("\n"), brought)))
}

/// Recalls by meaning and by words. Where time or the model allows words alone, the engine does not judge
/// what is found, so it is judged here.
fn found(memory: &Memory, request: &RecallRequest) -> Result<Recall, MemoryError> {
    let recall = memory.recall(request)?;
    Ok(if recall.degraded.is_empty() || is_of_use(memory, &recall) {
        recall
    } else {
        Recall::default()
    })
}

/// Whether the best of what was found by words is likely enough to be of use.
fn is_of_use(memory: &Memory, recall: &Recall) -> bool {
    let weights = RelevanceWeights::of(memory.embedder().model());
    let turns = recall
        .results
        .iter()
        .map(|found| weights.chance(None, found.explanation.coverage, found.turn.note));
    let facts =
        recall.facts.iter().map(|found| weights.chance(None, found.explanation.coverage, true));
    turns.chain(facts).any(|chance| chance >= PROMPT_THRESHOLD)
}
