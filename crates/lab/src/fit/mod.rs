//! Finds the numbers of the ranking on a data set, and measures what they are worth on conversations
//! that took no part in finding them.

mod asked;
mod linear;
mod recalls;
mod relevance;
mod table;
#[cfg(test)]
mod tests;
mod weights;

use std::ops::ControlFlow;
use std::sync::Arc;

use indicatif::ProgressBar;
use longmem_core::TextEmbedder;
use longmem_eval::dataset::{self, Dataset};
use longmem_eval::{EmbedOnce, Haystack, OpenMemory};
use longmem_memory::{MemoryError, RankingParameters, RelevanceWeights, Signals};

use crate::arguments::{FitArguments, ModelArguments};
use crate::error::LabError;
use crate::model::model;
use crate::open::{SystemClock, open_or_make};

use asked::Asked;
use recalls::{Recalls, recalls};
use relevance::{BestTurns, ThresholdRow};
use table::fit_table;

/// Fits the ranking on a data set and returns what was found as tables.
pub(crate) fn run(
    arguments: &FitArguments,
    model_arguments: &ModelArguments,
) -> Result<String, LabError> {
    let dataset = arguments.data.read()?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    fs_err::create_dir_all(folder)?;
    // Questions of one conversation are asked in the others too.
    let embedder: Arc<dyn TextEmbedder> =
        Arc::new(EmbedOnce::new(Arc::new(model(model_arguments)?)));
    let bar = ProgressBar::new_spinner();
    let open = |name: &str| {
        let file = folder.join(format!("{name}.db"));
        open_or_make(&file, embedder.clone(), Arc::new(SystemClock))
    };
    let found = fit(&dataset, &open, &mut |step| {
        bar.set_message(step.to_owned());
        bar.tick();
    })?;
    bar.finish_and_clear();
    Ok(fit_table(&found))
}

/// What a fit found.
#[derive(Debug, Clone, PartialEq)]
struct Fit {
    /// One for each conversation that was left out.
    folds: Vec<Fold>,
    /// What was found on all conversations together, which is what to ship.
    ranking: RankingParameters,
    /// The recall of [`Fit::ranking`] on the conversations that it was found on: too good to be quoted.
    seen: Recalls,
    /// The weights of the chance that a turn is evidence, found on all conversations.
    relevance: RelevanceWeights,
    /// The greatest threshold that loses at most 1 in 200 answers.
    threshold: f32,
    /// What each threshold would lose and spare. Each conversation is judged by weights that were
    /// found on the others.
    thresholds: Vec<ThresholdRow>,
}

/// What was found without one conversation, measured on that one.
#[derive(Debug, Clone, PartialEq)]
struct Fold {
    /// The conversation that was left out.
    conversation: String,
    /// What was found on the others.
    ranking: RankingParameters,
    /// Its recall on this one.
    held_out: Recalls,
    /// The recall of the shipped parameters on this one.
    shipped: Recalls,
}

/// Finds ranking parameters, relevance weights and a threshold on a data set whose evidence names
/// turns, with leave-one-conversation-out cross-validation of all of them.
///
/// - The weights of the ranking are a conditional logistic regression on the engine's own
///   [`signals`](longmem_memory::Memory::signals). How each channel is scored stays as shipped.
/// - The relevance is a logistic regression on the best 20 turns of each question.
/// - Questions without an answer are made of those about other conversations, with the names of the
///   speakers exchanged. A few of them may have an answer by chance.
///
/// `progress` is told what is done next.
fn fit(
    dataset: &Dataset,
    open: OpenMemory<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Fit, LabError> {
    let haystacks = prepared(dataset, open, progress)?;
    let asked = Asked::with_evidence(dataset, &haystacks);
    let has_questions = |place: &usize| asked.iter().any(|asked| asked.conversation == *place);
    let taking_part: Vec<usize> = (0..haystacks.len()).filter(has_questions).collect();
    if taking_part.len() < 2 {
        return Err(LabError::TooFewConversations);
    }
    let unanswerable = Asked::of_others(dataset, &haystacks, &asked);
    progress("asking");
    let signals = |asked: &[Asked]| -> Result<Vec<Vec<Signals>>, MemoryError> {
        asked.iter().map(|a| haystacks[a.conversation].memory.signals(&a.request)).collect()
    };
    let (candidates, unanswerable_candidates) = (signals(&asked)?, signals(&unanswerable)?);
    let questions: Vec<(&Asked, &[Signals])> =
        asked.iter().zip(&candidates).map(|(asked, found)| (asked, found.as_slice())).collect();
    let unanswered = unanswerable.iter().zip(&unanswerable_candidates);
    let best_turns = |ranking: &RankingParameters| -> Vec<BestTurns> {
        let unanswered = unanswered.clone().map(|(asked, found)| (asked, found.as_slice()));
        let all = questions.iter().copied().chain(unanswered);
        all.map(|(asked, candidates)| BestTurns::of(asked, candidates, ranking)).collect()
    };

    let mut folds = Vec::with_capacity(taking_part.len());
    let mut thresholds = ThresholdRow::all();
    for &left_out in &taking_part {
        let conversation = &dataset.conversations[left_out].id;
        progress(&format!("fitting without {conversation}"));
        let (held_out, others): (Vec<_>, Vec<_>) =
            questions.iter().partition(|(asked, _)| asked.conversation == left_out);
        let ranking = weights::regression(&others);
        let best = best_turns(&ranking);
        let relevance = relevance::regression(best.iter().filter(|b| b.conversation != left_out));
        let judged = best.iter().filter(|best| best.conversation == left_out);
        ThresholdRow::count(&mut thresholds, &relevance, judged);
        folds.push(Fold {
            conversation: conversation.clone(),
            held_out: recalls(&held_out, &ranking),
            shipped: recalls(&held_out, &RankingParameters::default()),
            ranking,
        });
    }
    progress("fitting on all conversations");
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

/// Puts every conversation into a memory of its own, with all its vectors.
fn prepared<'a>(
    dataset: &'a Dataset,
    open: OpenMemory<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Haystack<'a>>, LabError> {
    let prepare = |conversation: &'a dataset::Conversation| {
        Ok(Haystack::prepare(conversation, open, &mut |indexed| {
            let (id, turns, all) = (&conversation.id, indexed.turns, indexed.total_turns);
            progress(&format!("{id}: {turns}/{all} indexed"));
            ControlFlow::Continue(())
        })?)
    };
    dataset.conversations.iter().map(prepare).collect()
}
