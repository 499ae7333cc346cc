//! What is recalled for a prompt.

use std::time::Duration;

use jiff::tz::TimeZone;
use longmem_chat::DatedText;
use longmem_core::{Scope, SessionName, UserName};
use longmem_memory::{
    Degraded, Memory, MemoryError, PROMPT_THRESHOLD, RESULTS_WITH_NEIGHBOURS, RecallRequest,
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

/// A prompt for which something is recalled.
#[derive(Debug, Clone)]
pub(crate) struct PromptRequest<'a> {
    /// What a person asked.
    pub(crate) prompt: &'a str,
    /// Its session.
    pub(crate) session: Option<&'a SessionName>,
    /// Number of the session's last turns that are not recalled: the prompt has them.
    pub(crate) last_turns: usize,
    /// Turns and facts that stand in the prompt already because they were recalled before.
    pub(crate) standing: Brought,
    /// How long recalling should take at most: a person waits for it.
    pub(crate) deadline: Duration,
    /// Characters of all that is recalled, at most.
    pub(crate) most_characters: usize,
    /// Where days begin and end.
    pub(crate) time_zone: &'a TimeZone,
}

/// What was recalled for a prompt.
#[derive(Debug, Default)]
pub(crate) struct PromptRecall {
    /// What goes into the prompt, and what of memory stands in it; none if nothing is likely to be of use.
    pub(crate) block: Option<(String, Brought)>,
    /// Why it was searched by words only; none if it was not.
    pub(crate) degraded: Option<Degraded>,
}

impl<'a> PromptRequest<'a> {
    /// What a hook asks.
    pub(super) fn of_hook(
        prompt: &'a str,
        session: Option<&'a SessionName>,
        time_zone: &'a TimeZone,
    ) -> Self {
        Self {
            prompt,
            session,
            last_turns: LAST_TURNS,
            standing: Brought::default(),
            deadline: DEADLINE,
            most_characters: MOST_CHARACTERS,
            time_zone,
        }
    }
}

/// Recalls for a prompt, and says what.
///
/// # Errors
/// [`MemoryError::Store`]. Where the embedding model is not loaded, words alone decide.
pub(crate) fn recalled(
    memory: &Memory,
    user: &UserName,
    asked: &PromptRequest<'_>,
) -> Result<PromptRecall, MemoryError> {
    let PromptRequest { prompt, session, time_zone, .. } = *asked;
    let question: String = prompt.chars().take(ASKED_CHARACTERS).collect();
    let last = match session {
        Some(session) => memory.recent(user, session, asked.last_turns)?,
        None => Vec::new(),
    };
    let request = RecallRequest {
        limit: CONSIDERED_TURNS,
        with_neighbours: RESULTS_WITH_NEIGHBOURS,
        exclude: last.iter().map(|turn| turn.id).chain(asked.standing.turns.clone()).collect(),
        threshold: PROMPT_THRESHOLD,
        catch_up: true,
        deadline: Some(asked.deadline),
        time_zone: time_zone.clone(),
        ..RecallRequest::new(Scope::of(user.clone()), &*question)
    };
    let mut recall = memory.recall(&request)?;
    let best = recall.results.iter().map(|found| found.score);
    let best = best.chain(recall.facts.iter().map(|found| found.score)).fold(0.0, f32::max);
    recall.results.retain(|found| found.score >= best * LEAST_OF_BEST);
    recall.facts.retain(|found| found.score >= best * LEAST_OF_BEST);
    // What was noted of a turn that the prompt has says nothing new.
    recall
        .facts
        .retain(|found| found.fact.turn.is_none_or(|turn| !request.exclude.contains(&turn)));
    recall.facts.retain(|found| !asked.standing.facts.contains(&found.fact.id));

    let frame = Frame { now: memory.now(), time_zone };
    let most = asked.most_characters / CHARACTERS_PER_TOKEN;
    let facts: Vec<DatedText> =
        recall.facts.iter().map(|found| DatedText::from(&found.fact)).collect();
    let mut blocks = frame.notes(&[], &facts, &[], most / PART_OF_FACTS);
    // Blocks are joined by a line break.
    let left = most.saturating_sub(blocks.iter().map(|block| tokens(block) + 1).sum());
    let mut brought = Brought::default();
    if let Some((block, turns)) = frame.recalled(&recall.results, &question, left) {
        blocks.push(block);
        brought = turns;
    }
    let facts = recall.facts.iter().map(|found| found.fact.id);
    let brought = Brought::new(&question, brought.turns, facts);
    let block = (!blocks.is_empty()).then(|| (blocks.join("\n"), brought));
    Ok(PromptRecall { block, degraded: recall.degraded.first().copied() })
}
