//! Asks every question in every way.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use longmem_chat::RECALLED_TURNS;
use longmem_core::{EmbeddingModel, Recalled, TokenCounter, TurnId};
use longmem_memory::{
    Memory, MemoryError, RESULTS_WITH_NEIGHBOURS, RankingParameters, RecallTimings,
};
use serde::Serialize;

use crate::context::turns_in_context;
use crate::dataset::{Dataset, Question};
use crate::haystack::Haystack;
use crate::outcome::{Outcome, StageTime, StrategyOutcome};
use crate::ranking::{Query, rank};
use crate::report::DatasetSummary;
use crate::scoring::score;
use crate::{EvalError, Strategy};

/// What is measured, and with what.
#[derive(Clone)]
pub struct RunOptions<'a> {
    /// Where the stores are, one file a conversation. What is there from an earlier run over the
    /// same conversations is used again, so that nothing is embedded twice.
    pub folder: &'a Path,
    /// What counts a prompt's tokens.
    pub counter: &'a dyn TokenCounter,
    /// The ways of finding.
    pub strategies: Vec<Strategy>,
    /// The most results of a recall; 100 by default.
    pub depth: usize,
    /// How [`Strategy::Default`] orders what it finds; as shipped by default.
    pub ranking: RankingParameters,
    /// How likely its best result must be to be of use for it to bring anything, 0 to 1; none, the
    /// default, is as shipped.
    pub threshold: Option<f32>,
    /// Of its best results, how many bring the turns next to them into the prompt; 3 by default,
    /// as in a conversation.
    pub with_neighbours: usize,
    /// The sizes of prompts, in tokens: 500, 1,000, 2,000 and 4,000 by default.
    pub budgets: Vec<usize>,
    /// The most results that a prompt is made of; as in a conversation by default.
    pub context_results: usize,
}

impl<'a> RunOptions<'a> {
    /// All strategies with the default sizes.
    pub fn new(folder: &'a Path, counter: &'a dyn TokenCounter) -> Self {
        Self {
            folder,
            counter,
            strategies: Strategy::ALL.to_vec(),
            depth: 100,
            ranking: RankingParameters::default(),
            threshold: None,
            with_neighbours: RESULTS_WITH_NEIGHBOURS,
            context_results: RECALLED_TURNS,
            budgets: vec![500, 1_000, 2_000, 4_000],
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunProgress<'a> {
    /// The id of the conversation that it is at.
    pub conversation: &'a str,
    /// What it does there.
    pub phase: Phase,
    /// Questions asked since it began.
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

/// Everything that a run measured.
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
    /// What came of each question, in the order of the data set. Those without evidence whose
    /// answer should be there are not asked.
    pub outcomes: Vec<Outcome>,
}

/// Remembers each conversation in a store of its own, indexes it, and asks its questions in each
/// way.
///
/// `open` opens or makes the store at a path and joins it with the model. A question is asked as of
/// its own time, else of the conversation's last turn. `progress` is called now and then; `Break`
/// ends the run.
///
/// # Errors
/// [`EvalError::NoConversation`] if there is none; [`EvalError::OtherTurns`] if a store that was
/// kept holds something else; [`EvalError::Stopped`] if `progress` broke off;
/// [`EvalError::Memory`] from the engine, and [`EvalError::Io`] if the folder cannot be made.
pub fn run(
    dataset: &Dataset,
    options: &RunOptions<'_>,
    open: &dyn Fn(&Path) -> Result<Memory, MemoryError>,
    progress: &mut dyn FnMut(&RunProgress<'_>) -> ControlFlow<()>,
) -> Result<Run, EvalError> {
    let asked = |question: &&Question| question.unanswerable || !question.evidence.is_empty();
    let all = dataset.conversations.iter().flat_map(|conversation| &conversation.questions);
    let total_questions = all.filter(asked).count();
    let mut model = None;
    let mut outcomes = Vec::with_capacity(total_questions);
    for conversation in &dataset.conversations {
        let at = |phase, questions| RunProgress {
            conversation: &conversation.id,
            phase,
            questions,
            total_questions,
        };
        let haystack = Haystack::prepare(conversation, options.folder, open, &mut |indexed| {
            let (turns, total_turns) = (indexed.turns, indexed.total_turns);
            progress(&at(Phase::Indexing { turns, total_turns }, outcomes.len()))
        })?;
        model.get_or_insert_with(|| haystack.memory.embedder().model().clone());
        let mut is_warm = false;
        for question in conversation.questions.iter().filter(asked) {
            if progress(&at(Phase::Asking, outcomes.len())).is_break() {
                return Err(EvalError::Stopped);
            }
            if !is_warm {
                // The first recall loads the model and the conversation's vectors.
                rank(Strategy::Default, &haystack, query_of(question, &haystack, options))?;
                is_warm = true;
            }
            outcomes.push(ask(&conversation.id, &haystack, question, options)?);
        }
    }
    Ok(Run {
        dataset: DatasetSummary::new(dataset),
        model: model.ok_or(EvalError::NoConversation)?,
        token_counter: options.counter.describe(),
        depth: options.depth,
        outcomes,
    })
}

fn ask(
    conversation: &str,
    haystack: &Haystack<'_>,
    question: &Question,
    options: &RunOptions<'_>,
) -> Result<Outcome, EvalError> {
    let query = query_of(question, haystack, options);
    let evidence = haystack.evidence(question);
    let strategies = options
        .strategies
        .iter()
        .map(|&strategy| {
            let begin = Instant::now();
            let (recalled, timings) = rank(strategy, haystack, query)?;
            let recall = StageTime::since(begin, "recall");
            let (contexts, context) = contexts(query, &recalled, options);
            let scored = score(haystack, &recalled, &contexts, &evidence);
            Ok(StrategyOutcome {
                strategy,
                results: recalled.len(),
                turn: scored.turn.filter(|_| !question.unanswerable),
                session: scored.session.filter(|_| !question.unanswerable),
                best: recalled
                    .iter()
                    .take(10)
                    .map(|r| haystack.turn_name(r.turn.id).to_owned())
                    .collect(),
                evidence: scored.places,
                stages: parts(timings).chain([recall]).chain(context).collect(),
            })
        })
        .collect::<Result<Vec<_>, EvalError>>()?;
    Ok(Outcome {
        conversation: conversation.to_owned(),
        question: question.id.clone(),
        text: question.text.clone(),
        category: question.category.clone(),
        asked_at: query.asked_at,
        unanswerable: question.unanswerable,
        strategies,
    })
}

/// The parts of a recall as stages.
fn parts(timings: Option<RecallTimings>) -> impl Iterator<Item = StageTime> {
    timings.into_iter().flat_map(|timings| {
        [
            StageTime::new("embedding", timings.embedding),
            StageTime::new("channels", timings.channels),
            StageTime::new("ranking", timings.ranking),
        ]
    })
}

fn query_of<'a>(
    question: &'a Question,
    haystack: &Haystack<'_>,
    options: &RunOptions<'_>,
) -> Query<'a> {
    let end = haystack.turns.iter().map(|turn| turn.time).max();
    let asked_at = question.asked_at.or(end).unwrap_or_else(|| haystack.memory.now());
    Query {
        text: &question.text,
        asked_at,
        depth: options.depth,
        with_neighbours: options.with_neighbours,
        threshold: options.threshold,
        ranking: options.ranking,
    }
}

/// The turns in prompts of each size.
type Contexts = Vec<(usize, BTreeSet<TurnId>)>;

/// Makes a prompt of each size; also how long the largest took.
fn contexts(
    query: Query<'_>,
    recalled: &[Recalled],
    options: &RunOptions<'_>,
) -> (Contexts, Option<StageTime>) {
    let recalled = &recalled[..recalled.len().min(options.context_results)];
    let largest = options.budgets.iter().max();
    let mut time = None;
    let contexts = options
        .budgets
        .iter()
        .map(|budget| {
            let begin = Instant::now();
            let turns =
                turns_in_context(query.text, query.asked_at, recalled, *budget, options.counter);
            if Some(budget) == largest {
                time = Some(StageTime::since(begin, "context"));
            }
            (*budget, turns)
        })
        .collect();
    (contexts, time)
}
