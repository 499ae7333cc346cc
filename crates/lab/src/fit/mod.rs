//! Finds the numbers of the ranking on several data sets, and measures what they are worth on families
//! of data sets and on conversations that took no part in finding them.

mod asked;
mod linear;
mod quality;
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
use longmem_eval::{EmbedOnce, Haystack};
use longmem_memory::{Memory, MemoryError, RankingParameters, RelevanceWeights};

use crate::arguments::{FitArguments, ModelArguments};
use crate::error::LabError;
use crate::model::model;
use crate::open::{SystemClock, open_or_make};

use asked::{Asked, Prepared};
use quality::Quality;
use relevance::{BestTurns, ThresholdRow};
use table::fit_table;

/// Number of parts into which the conversations are dealt; each part is left out once.
const PARTS: usize = 5;

/// Opens the memory of a conversation of a data set, by its name.
type OpenMemory<'a> = &'a dyn Fn(&Dataset, &str) -> Result<Memory, MemoryError>;

/// Fits the ranking on data sets and returns what was found as tables.
pub(crate) fn run(
    arguments: &FitArguments,
    model_arguments: &ModelArguments,
) -> Result<String, LabError> {
    let mut sets = dataset::read_all(&arguments.data)?;
    if !arguments.conversation.is_empty() {
        dataset::select_in(&mut sets, &arguments.conversation)?;
    }
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    // Questions of one conversation are asked in the others too.
    let embedder: Arc<dyn TextEmbedder> =
        Arc::new(EmbedOnce::new(Arc::new(model(model_arguments)?)));
    let bar = ProgressBar::new_spinner();
    let folder_of = |set: &Dataset| {
        // As `longmem eval --keep` does, so that both can use the same memories.
        if arguments.data.len() > 1 { folder.join(&set.name) } else { folder.to_owned() }
    };
    for set in &sets {
        fs_err::create_dir_all(folder_of(set))?;
    }
    let open = |set: &Dataset, name: &str| {
        let file = folder_of(set).join(format!("{name}.db"));
        open_or_make(&file, embedder.clone(), Arc::new(SystemClock))
    };
    let found = fit(&sets, &open, &mut |step| {
        bar.set_message(step.to_owned());
        bar.tick();
    })?;
    bar.finish_and_clear();
    Ok(fit_table(&found))
}

/// What a fit found.
#[derive(Debug, Clone, PartialEq)]
struct Fit {
    /// What was found of each family of data sets.
    families: Vec<FamilyFit>,
    /// What was found without each part of the conversations.
    parts: Vec<RankingParameters>,
    /// What was found on everything together, which is what to ship.
    ranking: RankingParameters,
    /// The weights of the chance that a turn is evidence, found on everything.
    relevance: RelevanceWeights,
    /// The greatest threshold that loses at most 1 in 200 answers.
    threshold: f32,
    /// What each threshold would lose and spare. Each conversation is judged by weights that were
    /// found on others.
    thresholds: Vec<ThresholdRow>,
}

/// One family of data sets, judged in several ways.
#[derive(Debug, Clone, PartialEq)]
struct FamilyFit {
    family: String,
    /// By the shipped parameters.
    shipped: Quality,
    /// What was found on the other families, and what it is worth here; none if there are no others.
    without_family: Option<(RankingParameters, Quality)>,
    /// Each conversation by what was found without its part of the conversations.
    without_part: Quality,
    /// By [`Fit::ranking`], which was found here too: too good to be quoted.
    seen: Quality,
}

/// Finds ranking parameters, relevance weights and a threshold on data sets whose evidence names turns.
///
/// - The weights of the ranking are found step by step from the shipped ones, on the engine's own
///   [`signals`](longmem_memory::Memory::signals): see [`weights::fitted`]. How each channel is scored
///   stays as shipped.
/// - The relevance is a logistic regression on the best 20 turns of each question.
/// - Questions without an answer are made of those about other conversations, with the names of the
///   speakers exchanged. A few of them may have an answer by chance.
///
/// `progress` is told what is done next.
fn fit(
    sets: &[Dataset],
    open: OpenMemory<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Fit, LabError> {
    let names = family_names(sets);
    let prepared = prepared(sets, &names, open, progress)?;
    progress("asking");
    let mut asked = Vec::new();
    for (place, conversation) in prepared.iter().enumerate() {
        asked.extend(Asked::with_evidence(place, conversation)?);
    }
    let takes_part = |place: &usize| asked.iter().any(|asked| asked.conversation == *place);
    let taking_part: Vec<usize> = (0..prepared.len()).filter(takes_part).collect();
    if taking_part.len() < 2 {
        return Err(LabError::TooFewConversations);
    }
    let mut unanswerable = Vec::new();
    for (place, conversation) in prepared.iter().enumerate() {
        let own = asked.iter().filter(|asked| asked.conversation == place).count();
        unanswerable.extend(Asked::of_others(place, conversation, own)?);
    }
    let best_turns = |ranking: &RankingParameters| -> Vec<BestTurns> {
        asked.iter().chain(&unanswerable).map(|asked| BestTurns::of(asked, ranking)).collect()
    };

    // Conversations are dealt out in turn, so that each part has some of each family.
    let parts = PARTS.min(taking_part.len());
    let part_of = |conversation: usize| {
        taking_part.iter().position(|place| *place == conversation).map(|place| place % parts)
    };
    let mut rankings = Vec::with_capacity(parts);
    let mut thresholds = ThresholdRow::all();
    for part in 0..parts {
        progress(&format!("fitting without part {} of {parts}", part + 1));
        let is_left_out = |conversation: usize| part_of(conversation) == Some(part);
        let ranking = weights::fitted(&chosen(&asked, |a| !is_left_out(a.conversation)));
        let best = best_turns(&ranking);
        let others = best.iter().filter(|best| !is_left_out(best.conversation));
        let relevance = relevance::regression(others);
        let judged = best.iter().filter(|best| is_left_out(best.conversation));
        ThresholdRow::count(&mut thresholds, &relevance, judged);
        rankings.push(ranking);
    }
    progress("fitting on everything");
    let ranking = weights::fitted(&chosen(&asked, |_| true));

    let mut families = Vec::with_capacity(names.len());
    for (family, name) in names.iter().enumerate() {
        let own = chosen(&asked, |asked| asked.family == family);
        if own.is_empty() {
            continue;
        }
        progress(&format!("fitting without {name}"));
        let others = chosen(&asked, |asked| asked.family != family);
        let without_family = (!others.is_empty()).then(|| {
            let found = weights::fitted(&others);
            (found, Quality::of(&found, own.clone()))
        });
        let in_part = |part| {
            let judged = own.iter().copied().filter(|a| part_of(a.conversation) == Some(part));
            Quality::of(&rankings[part], judged.collect::<Vec<_>>())
        };
        families.push(FamilyFit {
            family: name.clone(),
            shipped: Quality::of(&RankingParameters::default(), own.clone()),
            without_family,
            without_part: Quality::joined((0..parts).map(in_part)),
            seen: Quality::of(&ranking, own),
        });
    }
    Ok(Fit {
        families,
        parts: rankings,
        relevance: relevance::regression(best_turns(&ranking).iter()),
        ranking,
        threshold: ThresholdRow::greatest_harmless(&thresholds),
        thresholds,
    })
}

/// The questions for which something holds.
fn chosen(asked: &[Asked], holds: impl Fn(&Asked) -> bool) -> Vec<&Asked> {
    asked.iter().filter(|asked| holds(asked)).collect()
}

/// The families of the data sets, each once.
fn family_names(sets: &[Dataset]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for set in sets {
        let family = set.family();
        if !names.contains(&family) {
            names.push(family);
        }
    }
    names
}

/// Puts every conversation into a memory of its own, with all its vectors.
fn prepared<'a>(
    sets: &'a [Dataset],
    families: &[String],
    open: OpenMemory<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Prepared<'a>>, LabError> {
    let mut all = Vec::new();
    for dataset in sets {
        let own_family = dataset.family();
        let family = families.iter().position(|name| *name == own_family).unwrap_or_default();
        for (place, conversation) in dataset.conversations.iter().enumerate() {
            let open = |name: &str| open(dataset, name);
            let haystack = Haystack::prepare(conversation, &open, &mut |indexed| {
                let (id, turns, all) = (&conversation.id, indexed.turns, indexed.total_turns);
                progress(&format!("{id}: {turns}/{all} indexed"));
                ControlFlow::Continue(())
            })?;
            all.push(Prepared { family, place, dataset, haystack });
        }
    }
    Ok(all)
}
