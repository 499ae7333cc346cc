//! What each strategy found for one question.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use crate::Strategy;
use crate::metrics::Scores;

/// One question with what each strategy found for it.
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
    /// Whether the conversation holds no answer. If so, nothing is scored.
    pub unanswerable: bool,
    /// One for each strategy, in the order asked for.
    pub strategies: Vec<StrategyOutcome>,
}

impl Outcome {
    /// What a strategy found, if it was asked.
    pub fn by(&self, strategy: Strategy) -> Option<&StrategyOutcome> {
        self.strategies.iter().find(|found| found.strategy == strategy)
    }
}

longmem_core::closed_words! {
    /// What a piece of evidence is.
    pub enum Level: "a level" {
        /// One turn.
        Turn = "turn",
        /// A session.
        Session = "session",
    }
}

impl StrategyOutcome {
    /// The scores at one level; none if the evidence names nothing there.
    pub fn at(&self, level: Level) -> Option<&Scores> {
        match level {
            Level::Turn => self.turn.as_ref(),
            Level::Session => self.session.as_ref(),
        }
    }
}

/// What one strategy found for a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrategyOutcome {
    /// The strategy.
    pub strategy: Strategy,
    /// Number of turns that it found.
    pub results: usize,
    /// The score that is shown for the best of them.
    pub first_score: Option<f32>,
    /// Scores by turn; none if the evidence names no turns.
    pub turn: Option<Scores>,
    /// Scores by session, each session at the place of its first turn.
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

longmem_core::closed_words! {
    /// A stage of answering a question.
    pub enum Stage: "a stage" {
        /// Embedding the question; a part of the recall.
        Embedding = "embedding",
        /// Scoring turns by meaning and by words; a part of the recall.
        Channels = "channels",
        /// Ordering what was found; a part of the recall.
        Ranking = "ranking",
        /// The whole recall.
        Recall = "recall",
        /// Making the largest prompt.
        Context = "context",
    }
}

/// How long one stage of answering a question took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageTime {
    /// The stage.
    pub stage: Stage,
    /// Its time in milliseconds.
    pub milliseconds: f64,
}

impl StageTime {
    pub(crate) fn since(begin: Instant, stage: Stage) -> Self {
        Self::new(stage, begin.elapsed())
    }

    pub(crate) fn new(stage: Stage, time: Duration) -> Self {
        Self { stage, milliseconds: time.as_secs_f64() * 1e3 }
    }
}
