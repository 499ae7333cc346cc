//! The evidence that a strategy missed, with what it found instead.

use std::collections::HashMap;
use std::fmt::Write;

use crate::dataset::{self, Dataset};
use crate::outcome::{EvidencePlace, Outcome};
use crate::{Run, Strategy, StrategyOutcome};

/// Number of best results outside which evidence counts as missed.
const FOUND_WITHIN: usize = 10;

/// Number of turns that are shown instead of the evidence.
const SHOWN_TURNS: usize = 3;

/// Characters of a turn that are shown.
const SHOWN_CHARACTERS: usize = 160;

/// Lists up to `limit` questions, spread evenly over the run, whose evidence a strategy did not find
/// among the best ten: the evidence with its place, and the three best turns instead.
pub fn misses(dataset: &Dataset, run: &Run, strategy: Strategy, limit: usize) -> String {
    let missed: Vec<(&Outcome, &StrategyOutcome)> = run
        .outcomes
        .iter()
        .filter(|outcome| !outcome.unanswerable)
        .filter_map(|outcome| {
            let found = outcome.by(strategy)?;
            found.evidence.iter().any(is_missed).then_some((outcome, found))
        })
        .collect();
    let mut text = format!(
        "{} of {} questions have evidence that {strategy} does not find among the best \
         {FOUND_WITHIN}\n",
        missed.len(),
        run.outcomes.len()
    );
    let step = missed.len().div_ceil(limit.max(1)).max(1);
    for (outcome, found) in missed.into_iter().step_by(step) {
        let turns = turns_of(dataset, &outcome.conversation);
        let category = outcome.category.as_deref().unwrap_or("–");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{} ({category})  {}", outcome.question, outcome.text);
        for place in found.evidence.iter().filter(|place| is_missed(place)) {
            let rank = place.rank.map_or("not found".to_owned(), |rank| format!("place {rank}"));
            let _ = writeln!(text, "  missed, {rank}: {}", one_line(&turns, &place.id));
        }
        for (index, id) in found.best.iter().take(SHOWN_TURNS).enumerate() {
            let _ = writeln!(text, "  {}. {}", index + 1, one_line(&turns, id));
        }
    }
    text
}

fn is_missed(place: &EvidencePlace) -> bool {
    place.rank.is_none_or(|rank| rank > FOUND_WITHIN)
}

fn turns_of<'a>(dataset: &'a Dataset, conversation: &str) -> HashMap<&'a str, &'a dataset::Turn> {
    let conversations = dataset.conversations.iter().filter(|c| c.id == conversation);
    let turns = conversations.flat_map(|c| &c.sessions).flat_map(|session| &session.turns);
    turns.map(|turn| (turn.id.as_str(), turn)).collect()
}

/// A turn on one line; a session by its id.
fn one_line(turns: &HashMap<&str, &dataset::Turn>, id: &str) -> String {
    let Some(turn) = turns.get(id) else { return id.to_owned() };
    let mut text: String = turn.text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = text.char_indices().nth(SHOWN_CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
    let speaker = turn.speaker.as_deref().unwrap_or_else(|| turn.role.as_str());
    format!("{id} {speaker}: {text}")
}
