//! Turns and facts in one order, each with the score that is shown.

use longmem_core::Explanation;

use crate::ranking::Ranked;
use crate::recalled_facts::{RecalledFact, SignalledFact};
use crate::relevance::{JUDGED_RESULTS, RelevanceWeights, Standing, printed_score};
use crate::signals::Signals;

/// Number of facts that a recall brings, besides those about whom the query names.
const MOST_FACTS: usize = 5;

/// What was found.
pub(crate) struct Order {
    /// The turns, best first, each with the score that is shown.
    pub(crate) turns: Vec<(Ranked, f32)>,
    /// The facts, best first.
    pub(crate) facts: Vec<PlacedFact>,
    /// What speaks for the best of turns and facts together.
    judged: Vec<Signals>,
}

/// A fact among all results.
pub(crate) struct PlacedFact {
    pub(crate) recalled: RecalledFact,
    /// Its place among turns and facts, from 0.
    place: usize,
    /// Whether the query names somebody or something that comes up in it.
    named: bool,
}

impl Order {
    /// Puts turns and facts, each best first, into one order. Their scores never rise from place to
    /// place.
    pub(crate) fn of(turns: Vec<Ranked>, facts: Vec<(SignalledFact, Explanation)>) -> Self {
        let rank_scores: Vec<f32> = merged_scores(&turns, &facts);
        let mut order = Self { turns: Vec::new(), facts: Vec::new(), judged: Vec::new() };
        let (mut turns, mut facts) = (turns.into_iter().peekable(), facts.into_iter().peekable());
        let mut shown = f32::INFINITY;
        for (place, rank_score) in rank_scores.iter().enumerate() {
            let next = rank_scores.get(place + 1).copied().unwrap_or(*rank_score);
            let standing = Standing {
                place: place + 1,
                behind: rank_scores[0] - rank_score,
                lead: if place == 0 { rank_score - next } else { 0.0 },
            };
            let fact = facts.next_if(|(_, why)| why.rank_score >= *rank_score);
            let signals = match (&fact, turns.peek()) {
                (Some((fact, _)), _) => fact.signals,
                (None, Some(turn)) => turn.signals,
                (None, None) => break,
            };
            shown = printed_score(&signals, standing).min(shown);
            if order.judged.len() < JUDGED_RESULTS && !signals.echo {
                order.judged.push(signals);
            }
            match fact {
                Some((fact, explanation)) => {
                    let SignalledFact { fact, named, .. } = fact;
                    let recalled = RecalledFact { fact, score: shown, explanation };
                    order.facts.push(PlacedFact { recalled, place, named });
                }
                None => order.turns.extend(turns.next().map(|turn| (turn, shown))),
            }
        }
        order
    }

    /// The greatest chance of the best results to be evidence, 0 to 1.
    pub(crate) fn best_chance(&self, weights: &RelevanceWeights) -> f32 {
        let chances = self
            .judged
            .iter()
            .map(|found| weights.chance(found.cosine, found.coverage, found.note));
        chances.fold(0.0, f32::max)
    }

    /// Keeps the best `limit` results, of them a few facts at most; with room left, also the facts about
    /// whom the query names.
    pub(crate) fn keep(&mut self, limit: usize) {
        let mut left = MOST_FACTS;
        self.facts.retain(|fact| {
            let kept = fact.named || (fact.place < limit && left > 0);
            left -= usize::from(kept && !fact.named);
            kept
        });
        let among_best = self.facts.iter().filter(|fact| fact.place < limit).count();
        self.turns.truncate(limit - among_best);
        self.facts.truncate(limit - self.turns.len());
    }

    /// Keeps only facts about whom the query names, at most `limit`.
    pub(crate) fn keep_named(&mut self, limit: usize) {
        self.turns.clear();
        self.facts.retain(|fact| fact.named);
        self.facts.truncate(limit);
    }
}

/// The rank scores of turns and facts in one order.
fn merged_scores(turns: &[Ranked], facts: &[(SignalledFact, Explanation)]) -> Vec<f32> {
    let turns = turns.iter().map(|found| found.explanation.rank_score);
    let mut scores: Vec<f32> = turns.chain(facts.iter().map(|(_, why)| why.rank_score)).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    scores
}
