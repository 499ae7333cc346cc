//! Finds the numbers of the ranking on a data set, and what they are worth on conversations that
//! took no part in finding them.

mod asked;
mod linear;
mod recalls;
mod relevance;
mod table;
mod weights;

use std::ops::ControlFlow;
use std::path::Path;

use longmem_memory::{Memory, MemoryError, RankingParameters, RelevanceWeights, Signals};

use crate::dataset::Dataset;
use crate::haystack::Haystack;
use crate::{EvalError, Phase, RunProgress};

use asked::Asked;
use recalls::recalls;
use relevance::BestTurns;

pub use recalls::Recalls;
pub use relevance::ThresholdRow;
pub use table::fit_table;

/// What a fit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// One for each conversation, found on all the others.
    pub folds: Vec<Fold>,
    /// What was found on all conversations together: what to ship.
    pub ranking: RankingParameters,
    /// The recall of that on the same conversations, which is not to be quoted.
    pub seen: Recalls,
    /// The chance that a turn is evidence, found on all conversations.
    pub relevance: RelevanceWeights,
    /// The greatest threshold that loses at most 1 in 200 answers.
    pub threshold: f32,
    /// What each threshold would lose and spare, each conversation judged by weights that were found
    /// on the others.
    pub thresholds: Vec<ThresholdRow>,
}

/// What was found without one conversation, measured on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    /// The conversation that took no part.
    pub conversation: String,
    /// What was found on the others.
    pub ranking: RankingParameters,
    /// Its recall on this one.
    pub held_out: Recalls,
    /// The recall of the engine as it is shipped, on this one.
    pub shipped: Recalls,
}

/// Finds ranking parameters, relevance weights and a threshold on a data set whose evidence names
/// turns, with leave-one-conversation-out cross-validation of all of them.
///
/// - The weights of the ranking are a conditional logistic regression on the engine's own
///   [`Memory::signals`]; how each channel is scored stays as shipped.
/// - The relevance is a logistic regression on the best 20 turns of each question.
/// - Questions without an answer are those about the other conversations, with the speakers' names
///   exchanged; now and then one may have an answer by chance.
///
/// `open` is as for [`run`](fn@crate::run).
///
/// # Errors
/// [`EvalError::TooFewConversations`] for fewer than two with evidence by turn; those of
/// [`run`](fn@crate::run).
pub fn fit(
    dataset: &Dataset,
    folder: &Path,
    open: &dyn Fn(&Path) -> Result<Memory, MemoryError>,
    progress: &mut dyn FnMut(&RunProgress<'_>) -> ControlFlow<()>,
) -> Result<Fit, EvalError> {
    let conversations = &dataset.conversations;
    let haystacks = prepared(dataset, folder, open, progress)?;
    let asked = Asked::with_evidence(dataset, &haystacks);
    let taking_part = |place: usize| asked.iter().any(|asked| asked.conversation == place);
    let everyone: Vec<usize> = (0..haystacks.len()).filter(|place| taking_part(*place)).collect();
    if everyone.len() < 2 {
        return Err(EvalError::TooFewConversations);
    }
    let unanswerable = Asked::of_others(dataset, &haystacks, &asked);
    let signals = |asked: &[Asked]| -> Result<Vec<Vec<Signals>>, MemoryError> {
        asked.iter().map(|a| haystacks[a.conversation].memory.signals(&a.request)).collect()
    };
    let (candidates, others_candidates) = (signals(&asked)?, signals(&unanswerable)?);
    let questions: Vec<(&Asked, &[Signals])> =
        asked.iter().zip(&candidates).map(|(asked, found)| (asked, found.as_slice())).collect();
    let unanswered = unanswerable.iter().zip(&others_candidates);
    let best_turns = |ranking: &RankingParameters| -> Vec<BestTurns> {
        let unanswered = unanswered.clone().map(|(asked, found)| (asked, found.as_slice()));
        let all = questions.iter().copied().chain(unanswered);
        all.map(|(asked, candidates)| BestTurns::of(asked, candidates, ranking)).collect()
    };

    let mut folds = Vec::with_capacity(everyone.len());
    let mut thresholds = ThresholdRow::none();
    for &out in &everyone {
        let conversation = &conversations[out].id;
        let at = RunProgress {
            conversation,
            phase: Phase::Asking,
            questions: folds.len(),
            total_questions: everyone.len(),
        };
        if progress(&at).is_break() {
            return Err(EvalError::Stopped);
        }
        let (held_out, others): (Vec<_>, Vec<_>) =
            questions.iter().partition(|(asked, _)| asked.conversation == out);
        let ranking = weights::regression(&others);
        let best = best_turns(&ranking);
        let relevance = relevance::regression(best.iter().filter(|b| b.conversation != out));
        let judged = best.iter().filter(|best| best.conversation == out);
        ThresholdRow::count(&mut thresholds, &relevance, judged);
        folds.push(Fold {
            conversation: conversation.clone(),
            held_out: recalls(&held_out, &ranking),
            shipped: recalls(&held_out, &RankingParameters::default()),
            ranking,
        });
    }
    let ranking = weights::regression(&questions);
    Ok(Fit {
        folds,
        seen: recalls(&questions, &ranking),
        ranking,
        relevance: relevance::regression(best_turns(&ranking).iter()),
        threshold: ThresholdRow::greatest_harmless(&thresholds),
        thresholds,
    })
}

/// Puts every conversation into a store of its own, with all its vectors.
fn prepared<'a>(
    dataset: &'a Dataset,
    folder: &Path,
    open: &dyn Fn(&Path) -> Result<Memory, MemoryError>,
    progress: &mut dyn FnMut(&RunProgress<'_>) -> ControlFlow<()>,
) -> Result<Vec<Haystack<'a>>, EvalError> {
    let conversations = dataset.conversations.iter();
    conversations
        .map(|conversation| {
            Haystack::prepare(conversation, folder, open, &mut |indexed| {
                let (turns, total_turns) = (indexed.turns, indexed.total_turns);
                progress(&RunProgress {
                    conversation: &conversation.id,
                    phase: Phase::Indexing { turns, total_turns },
                    questions: 0,
                    total_questions: dataset.conversations.len(),
                })
            })
        })
        .collect()
}
