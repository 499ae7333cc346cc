//! Finds the numbers of the ranking on a data set, and what they are worth on conversations that
//! took no part in finding them.

mod asked;
mod relevance;
mod search;
mod table;

use std::ops::ControlFlow;
use std::path::Path;

use longmem_memory::{Memory, MemoryError, RankingParameters, RelevanceWeights};

use crate::dataset::Dataset;
use crate::haystack::Haystack;
use crate::{EvalError, Phase, RunProgress};

use asked::Asked;
use search::Bench;

pub use relevance::ThresholdRow;
pub use search::Recalls;
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
/// - The ranking is searched number by number over a grid (coordinate ascent) from
///   [`RankingParameters::PLAIN`], for the mean of the recall among the first 5, 10 and 20 over all
///   questions, through the engine's own [`Memory::signals`] and [`RankingParameters::scores`].
/// - The relevance is a logistic regression on the best 20 turns of each question.
/// - Questions without an answer are those about the other conversations, with the speakers' names
///   exchanged; now and then one may have an answer by chance.
///
/// `open` is as for [`run`](fn@crate::run), with an embedder that remembers
/// ([`EmbedOnce`](crate::EmbedOnce)): each question is asked many times.
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
    let mut haystacks = Vec::with_capacity(conversations.len());
    for conversation in conversations {
        haystacks.push(Haystack::prepare(conversation, folder, open, &mut |indexed| {
            let (turns, total_turns) = (indexed.turns, indexed.total_turns);
            let phase = Phase::Indexing { turns, total_turns };
            let (questions, total_questions) = (0, conversations.len());
            progress(&RunProgress {
                conversation: &conversation.id,
                phase,
                questions,
                total_questions,
            })
        })?);
    }
    let asked = Asked::with_evidence(dataset, &haystacks);
    let taking_part = |place: usize| asked.iter().any(|asked| asked.conversation == place);
    let everyone: Vec<usize> = (0..haystacks.len()).filter(|place| taking_part(*place)).collect();
    if everyone.len() < 2 {
        return Err(EvalError::TooFewConversations);
    }
    let mut bench = Bench::new(&haystacks, &asked);
    let unanswerable = Asked::of_others(dataset, &haystacks, &asked);
    let mut folds = Vec::with_capacity(everyone.len());
    let mut thresholds = ThresholdRow::none();
    for &out in &everyone {
        let conversation = &conversations[out].id;
        let (questions, total_questions) = (folds.len(), everyone.len());
        let at = RunProgress { conversation, phase: Phase::Asking, questions, total_questions };
        if progress(&at).is_break() {
            return Err(EvalError::Stopped);
        }
        let others: Vec<usize> = everyone.iter().copied().filter(|other| *other != out).collect();
        let ranking = bench.search(&others)?;
        folds.push(Fold {
            conversation: conversation.clone(),
            held_out: bench.recalls(&ranking, &[out])?,
            shipped: bench.recalls(&RankingParameters::default(), &[out])?,
            ranking,
        });
        let found = relevance::best_turns(&haystacks, &asked, &unanswerable, &ranking)?;
        let weights = relevance::regression(found.iter().filter(|best| best.conversation != out));
        let judged = found.iter().filter(|best| best.conversation == out);
        ThresholdRow::count(&mut thresholds, &weights, judged);
    }
    let ranking = bench.search(&everyone)?;
    let found = relevance::best_turns(&haystacks, &asked, &unanswerable, &ranking)?;
    Ok(Fit {
        folds,
        seen: bench.recalls(&ranking, &everyone)?,
        ranking,
        relevance: relevance::regression(found.iter()),
        threshold: ThresholdRow::greatest_harmless(&thresholds),
        thresholds,
    })
}
