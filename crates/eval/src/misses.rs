//! What was not found, and what was found instead.

use std::collections::HashMap;
use std::fmt::Write;

use crate::dataset::{self, Dataset};
use crate::outcome::{EvidencePlace, Outcome};
use crate::{Run, Strategy, StrategyOutcome};

/// Evidence is missed if it is not among so many.
const FOUND_WITHIN: usize = 10;

/// So many of the turns that were found instead are shown, each cut to so many characters.
const SHOWN: usize = 3;
const CHARACTERS: usize = 160;

/// Lists the first `limit` questions with evidence that a strategy did not find among the best ten,
/// spread evenly over the run: the evidence with its place, and the three best turns instead.
pub fn misses(dataset: &Dataset, run: &Run, strategy: Strategy, limit: usize) -> String {
    let missed: Vec<(&Outcome, &StrategyOutcome)> = run
        .outcomes
        .iter()
        .filter(|outcome| !outcome.unanswerable)
        .filter_map(|outcome| {
            let found = outcome.strategies.iter().find(|found| found.strategy == strategy)?;
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
            let _ = writeln!(text, "  missed, {rank}: {}", shown(&turns, &place.id));
        }
        for (index, id) in found.best.iter().take(SHOWN).enumerate() {
            let _ = writeln!(text, "  {}. {}", index + 1, shown(&turns, id));
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
fn shown(turns: &HashMap<&str, &dataset::Turn>, id: &str) -> String {
    let Some(turn) = turns.get(id) else { return id.to_owned() };
    let mut said: String = turn.text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = said.char_indices().nth(CHARACTERS) {
        said.truncate(end);
        said.push('…');
    }
    let speaker = turn.speaker.as_deref().unwrap_or_else(|| turn.role.as_str());
    format!("{id} {speaker}: {said}")
}
