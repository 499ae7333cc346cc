//! Asks every question by every strategy.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Instant;

use jiff::Timestamp;
use longmem_chat::RECALLED_TURNS;
use longmem_core::{EmbeddingModel, Recalled, TokenCounter, TurnId};
use longmem_memory::{IndexProgress, MemoryError, RecallTimings};
use serde::Serialize;

use crate::Carrier;
use crate::context::PromptContents;
use crate::dataset::{Conversation, Dataset, Question};
use crate::haystack::{Evidence, Haystack, OpenMemory};
use crate::outcome::{Outcome, Stage, StageTime, StrategyOutcome};
use crate::ranking::{DEPTH, Query, Ranking, rank};
use crate::report::DatasetSummary;
use crate::scoring::{HeldEvidence, score};
use crate::{EvalError, Strategy};

/// Sizes of the prompts that are made of what was recalled, in tokens, ascending.
const PROMPT_SIZES: [usize; 4] = [500, 1_000, 2_000, 4_000];

/// Number of best turns that are named for a question.
const NAMED_RESULTS: usize = 10;

/// What is measured, and with what.
#[derive(Clone)]
#[non_exhaustive]
pub struct RunOptions<'a> {
    /// What counts a prompt's tokens.
    pub counter: &'a dyn TokenCounter,
    /// The ways of finding; all by default.
    pub strategies: Vec<Strategy>,
}

impl<'a> RunOptions<'a> {
    /// All strategies.
    pub fn new(counter: &'a dyn TokenCounter) -> Self {
        Self { counter, strategies: Strategy::ALL.to_vec() }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunProgress<'a> {
    /// The id of the current conversation.
    pub conversation: &'a str,
    /// What is done with it.
    pub phase: Phase,
    /// Questions asked since the run began.
    pub questions: usize,
    /// All questions that will be asked.
    pub total_questions: usize,
}

/// What a run does with a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Turns get their vectors.
    Indexing {
        /// Turns that have got them.
        turns: u64,
        /// Turns that had none.
        total_turns: u64,
    },
    /// Questions are asked.
    Asking,
}

/// All that a run measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// What it was measured on.
    pub dataset: DatasetSummary,
    /// The model that embedded.
    pub model: EmbeddingModel,
    /// How tokens were counted.
    pub token_counter: String,
    /// The most results of a recall.
    pub depth: usize,
    /// One for each question that was asked, in the order of the data set. A question that should
    /// have an answer but names no evidence is not asked.
    pub outcomes: Vec<Outcome>,
}

/// Remembers each conversation in a memory of its own, indexes it, and asks its questions by each
/// strategy.
///
/// A memory that holds the conversation already, from an earlier run, is used as it is. A question is
/// asked as of its own time, or else as of the conversation's last turn. `progress` is called after
/// each batch of turns and before each question; `Break` ends the run.
///
/// # Errors
/// [`EvalError::NoConversation`] if there is none; [`EvalError::OtherTurns`] if a kept memory holds
/// something else; [`EvalError::Stopped`] if `progress` ended the run; [`EvalError::Memory`] from the
/// engine.
pub fn run(
    dataset: &Dataset,
    options: &RunOptions<'_>,
    open: OpenMemory<'_>,
    progress: &mut dyn FnMut(&RunProgress<'_>) -> ControlFlow<()>,
) -> Result<Run, EvalError> {
    let total_questions = dataset.conversations.iter().flat_map(asked).count();
    let mut model = None;
    let mut outcomes = Vec::with_capacity(total_questions);
    for conversation in &dataset.conversations {
        let haystack = Haystack::prepare(conversation, open, &mut |indexed| {
            progress(&progress_in(conversation, indexed, outcomes.len(), total_questions))
        })?;
        model.get_or_insert_with(|| haystack.memory.embedder().model().clone());
        for (number, question) in asked(conversation).enumerate() {
            let at = RunProgress {
                conversation: &conversation.id,
                phase: Phase::Asking,
                questions: outcomes.len(),
                total_questions,
            };
            if progress(&at).is_break() {
                return Err(EvalError::Stopped);
            }
            let asking = Asking::new(conversation, &haystack, question, options);
            if number == 0 {
                // The first recall loads the model and the conversation's vectors, which would
                // count as its latency.
                rank(Strategy::Default, &haystack, asking.query)?;
            }
            outcomes.push(asking.outcome()?);
        }
    }
    Ok(Run {
        dataset: DatasetSummary::new(dataset),
        model: model.ok_or(EvalError::NoConversation)?,
        token_counter: options.counter.describe(),
        depth: DEPTH,
        outcomes,
    })
}

/// How far a run is while a conversation is indexed.
pub(crate) fn progress_in<'a>(
    conversation: &'a Conversation,
    indexed: &IndexProgress,
    questions: usize,
    total_questions: usize,
) -> RunProgress<'a> {
    let phase = Phase::Indexing { turns: indexed.turns, total_turns: indexed.total_turns };
    RunProgress { conversation: &conversation.id, phase, questions, total_questions }
}

/// The questions that can be judged: those with evidence, and those that have no answer.
fn asked(conversation: &Conversation) -> impl Iterator<Item = &Question> {
    let can_be_judged = |q: &&Question| q.unanswerable || !q.evidence.is_empty();
    conversation.questions.iter().filter(can_be_judged)
}

/// One question, put to one conversation.
struct Asking<'a> {
    conversation: &'a Conversation,
    haystack: &'a Haystack<'a>,
    question: &'a Question,
    options: &'a RunOptions<'a>,
    query: Query<'a>,
}

impl<'a> Asking<'a> {
    fn new(
        conversation: &'a Conversation,
        haystack: &'a Haystack<'a>,
        question: &'a Question,
        options: &'a RunOptions<'a>,
    ) -> Self {
        let query = Query { text: question.sent(), asked_at: asked_at(question, haystack) };
        Self { conversation, haystack, question, options, query }
    }

    fn outcome(&self) -> Result<Outcome, EvalError> {
        let strategies = self.options.strategies.iter();
        Ok(Outcome {
            conversation: self.conversation.id.clone(),
            question: self.question.id.clone(),
            text: self.question.text.clone(),
            category: self.question.category.clone(),
            asked_at: self.query.asked_at,
            unanswerable: self.question.unanswerable,
            strategies: strategies.map(|strategy| self.by(*strategy)).collect::<Result<_, _>>()?,
        })
    }

    /// Asks by one strategy.
    fn by(&self, strategy: Strategy) -> Result<StrategyOutcome, EvalError> {
        let begin = Instant::now();
        let Ranking { results, timings } = rank(strategy, self.haystack, self.query)?;
        let recall = StageTime::since(begin, Stage::Recall);
        let evidence = self.haystack.evidence(self.question);
        let (contexts, context) = self.contexts(&results, &evidence)?;
        let scored = score(self.haystack, &results, &contexts, &evidence);
        let best = results.iter().take(NAMED_RESULTS);
        Ok(StrategyOutcome {
            strategy,
            results: results.len(),
            first_score: results.first().map(|found| found.score),
            turn: scored.turn.filter(|_| !self.question.unanswerable),
            session: scored.session.filter(|_| !self.question.unanswerable),
            best: best.map(|found| self.haystack.turn_name(found.turn.id).to_owned()).collect(),
            evidence: scored.places,
            stages: parts(timings).chain([recall, context]).collect(),
        })
    }

    /// Makes a prompt of each size, with as many results as a conversation recalls, and times the
    /// largest.
    fn contexts(
        &self,
        results: &[Recalled],
        evidence: &Evidence<'_>,
    ) -> Result<(Vec<HeldEvidence>, StageTime), EvalError> {
        let recalled = &results[..results.len().min(RECALLED_TURNS)];
        let Query { text, asked_at } = self.query;
        let counter = self.options.counter;
        let mut prompts = Vec::with_capacity(PROMPT_SIZES.len());
        let mut begin = Instant::now();
        for size in PROMPT_SIZES {
            begin = Instant::now();
            prompts.push(PromptContents::of(text, asked_at, recalled, size, counter));
        }
        let time = StageTime::since(begin, Stage::Context);
        let held = prompts.into_iter().map(|prompt| self.held_evidence(prompt, evidence));
        Ok((held.collect::<Result<_, _>>()?, time))
    }

    /// Looks for the words that carry the answer in what a prompt holds of the evidence.
    fn held_evidence(
        &self,
        prompt: PromptContents,
        evidence: &Evidence<'_>,
    ) -> Result<HeldEvidence, EvalError> {
        let mut without_answer = BTreeSet::new();
        for &id in &prompt.shortened {
            let name = self.haystack.turn_name(id);
            if evidence.turns.contains(name) && !self.carrier(id)?.is_in(&prompt.quotes) {
                without_answer.insert(id);
            }
        }
        Ok(HeldEvidence { tokens: prompt.tokens, turns: prompt.turns, without_answer })
    }

    /// The words of a turn that carry the answer.
    fn carrier(&self, turn: TurnId) -> Result<Carrier, EvalError> {
        let text = self.haystack.text(turn);
        let spans = self.haystack.memory.embedder().passages(text).map_err(MemoryError::Embed)?;
        let passages: Vec<&str> = spans.iter().map(|span| &text[span.start..span.end]).collect();
        Ok(Carrier::of(self.question, self.haystack.turn_name(turn), text, &passages))
    }
}

/// When a question is asked: at its own time, or else at the end of the conversation.
pub(crate) fn asked_at(question: &Question, haystack: &Haystack<'_>) -> Timestamp {
    let end = haystack.turns.iter().map(|turn| turn.time).max();
    question.asked_at.or(end).unwrap_or_else(|| haystack.memory.now())
}

/// The parts of a recall as stages.
fn parts(timings: Option<RecallTimings>) -> impl Iterator<Item = StageTime> {
    timings.into_iter().flat_map(|timings| {
        [
            StageTime::new(Stage::Embedding, timings.embedding),
            StageTime::new(Stage::Channels, timings.channels),
            StageTime::new(Stage::Ranking, timings.ranking),
        ]
    })
}
