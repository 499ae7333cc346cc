//! What came of one question.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use crate::Strategy;
use crate::metrics::Scores;

/// What came of one question, strategy by strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The conversation's id.
    pub conversation: String,
    /// The question's id.
    pub question: String,
    /// The question itself.
    pub text: String,
    /// Its kind.
    pub category: Option<String>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Whether its answer was never said; then nothing is scored.
    pub unanswerable: bool,
    /// One for each strategy, in the order asked for.
    pub strategies: Vec<StrategyOutcome>,
}

/// What one strategy found for a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrategyOutcome {
    /// The strategy.
    pub strategy: Strategy,
    /// How many turns it found.
    pub results: usize,
    /// Scores by turn; none if the evidence names no turns.
    pub turn: Option<Scores>,
    /// Scores by session; a ranking of turns is one of sessions, each where its first turn is.
    pub session: Option<Scores>,
    /// The ids of the ten best turns, best first.
    pub best: Vec<String>,
    /// Where each piece of evidence was found: turns, or sessions if no turns are named.
    pub evidence: Vec<EvidencePlace>,
    /// How long each stage took.
    #[serde(skip)]
    pub stages: Vec<StageTime>,
}

/// Where a piece of evidence was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidencePlace {
    /// The turn's or session's id.
    pub id: String,
    /// Its place in the ranking, from 1; none if it was not found.
    pub rank: Option<usize>,
}

/// How long one stage of answering a question took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageTime {
    /// The stage: `embedding`, `channels` and `ranking` are parts of `recall`; `context` makes the
    /// largest prompt.
    pub stage: &'static str,
    /// Milliseconds.
    pub milliseconds: f64,
}

impl StageTime {
    pub(crate) fn since(begin: Instant, stage: &'static str) -> Self {
        Self::new(stage, begin.elapsed())
    }

    pub(crate) fn new(stage: &'static str, time: Duration) -> Self {
        Self { stage, milliseconds: time.as_secs_f64() * 1e3 }
    }
}
