//! The questions that a fit asks.

use std::collections::BTreeSet;

use longmem_core::{EstimatedTokens, TokenCounter, TurnId};
use longmem_eval::Haystack;
use longmem_eval::dataset::{ADVERSARIAL, Dataset, Question};
use longmem_memory::{MemoryError, RecallRequest, Signals};

/// Tokens of the prompt in which evidence is looked for.
const PROMPT_TOKENS: usize = 1_000;

/// Tokens of a prompt around its message and the quotes: about so many.
const FRAME_TOKENS: usize = 60;

/// Tokens of a recalled turn in a prompt at most: a longer one is shortened.
const TURN_TOKENS: usize = 400;

/// Tokens of a quote besides the text of its turn: who speaks, and the marks around it.
const QUOTE_TOKENS: usize = 5;

/// One conversation of the fit, ready to be asked about.
pub(super) struct Prepared<'a> {
    /// The place of its family among all families.
    pub(super) family: usize,
    /// Its place in its data set.
    pub(super) place: usize,
    pub(super) dataset: &'a Dataset,
    pub(super) haystack: Haystack<'a>,
}

/// A question with its candidates.
pub(super) struct Asked {
    /// The place of the conversation among all of them.
    pub(super) conversation: usize,
    /// The place of its family.
    pub(super) family: usize,
    /// Whether some turn answers it.
    pub(super) answerable: bool,
    /// Number of turns that answer it.
    pub(super) evidence: usize,
    /// Whether it is one of LoCoMo's that name the wrong speaker.
    pub(super) adversarial: bool,
    /// Tokens that a prompt of 1,000 has left for turns.
    pub(super) room: usize,
    /// What speaks for and against each candidate, in order of turn numbers.
    pub(super) signals: Vec<Signals>,
    /// The rest about each candidate, in the same order.
    pub(super) turns: Vec<CandidateTurn>,
}

/// What a fit knows of a candidate besides its signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CandidateTurn {
    /// Whether it answers the question.
    pub(super) is_evidence: bool,
    /// About what it costs in a prompt, in tokens.
    pub(super) tokens: usize,
}

impl Asked {
    /// Every question of a conversation whose evidence names turns.
    pub(super) fn with_evidence(
        conversation: usize,
        prepared: &Prepared<'_>,
    ) -> Result<Vec<Self>, MemoryError> {
        let questions = &prepared.dataset.conversations[prepared.place].questions;
        let answerable = questions.iter().filter(|question| !question.unanswerable);
        let mut all = Vec::new();
        for question in answerable {
            let evidence = evidence(&prepared.haystack, question);
            if !evidence.is_empty() {
                all.push(Self::ask(conversation, prepared, question, &evidence)?);
            }
        }
        Ok(all)
    }

    /// Questions without an answer: up to `count` of those about the other conversations of its data
    /// set.
    pub(super) fn of_others(
        conversation: usize,
        prepared: &Prepared<'_>,
        count: usize,
    ) -> Result<Vec<Self>, MemoryError> {
        let foreign = prepared.dataset.foreign_questions(prepared.place, count);
        let ask = |question| Self::ask(conversation, prepared, question, &BTreeSet::new());
        foreign.iter().map(ask).collect()
    }

    fn ask(
        conversation: usize,
        prepared: &Prepared<'_>,
        question: &Question,
        evidence: &BTreeSet<TurnId>,
    ) -> Result<Self, MemoryError> {
        let haystack = &prepared.haystack;
        let mut request = RecallRequest::new(haystack.scope.clone(), question.sent());
        let end = haystack.turns.iter().map(|turn| turn.time).max();
        request.asked_at = question.asked_at.or(end);
        let signals = haystack.memory.signals(&request)?;
        let turns = signals.iter().map(|signals| CandidateTurn {
            is_evidence: evidence.contains(&signals.turn),
            tokens: QUOTE_TOKENS
                + EstimatedTokens.count(haystack.text(signals.turn)).min(TURN_TOKENS),
        });
        Ok(Self {
            conversation,
            family: prepared.family,
            answerable: !evidence.is_empty(),
            evidence: evidence.len(),
            adversarial: question.category.as_deref() == Some(ADVERSARIAL),
            room: room_for_turns(question.sent()),
            turns: turns.collect(),
            signals,
        })
    }
}

/// The turns that answer a question.
fn evidence(haystack: &Haystack<'_>, question: &Question) -> BTreeSet<TurnId> {
    let named = haystack.evidence(question).turns;
    let ids = haystack.turns.iter().map(|turn| turn.id);
    ids.filter(|id| named.contains(haystack.turn_name(*id))).collect()
}

/// Tokens that a prompt leaves for turns beside its message and the frame around them.
fn room_for_turns(message: &str) -> usize {
    PROMPT_TOKENS.saturating_sub(FRAME_TOKENS + EstimatedTokens.count(message))
}
