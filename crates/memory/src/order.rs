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
    /// The score of the first of these.
    best_score: f32,
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
        let mut order =
            Self { turns: Vec::new(), facts: Vec::new(), judged: Vec::new(), best_score: 0.0 };
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
                order.best_score = order.best_score.max(shown);
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

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.facts.is_empty()
    }

    /// The score of the best result that is more than the question said again, 0 to 1.
    pub(crate) fn best_score(&self) -> f32 {
        self.best_score
    }

    /// The greatest chance of the best results to be evidence, 0 to 1.
    pub(crate) fn best_chance(&self, weights: &RelevanceWeights) -> f32 {
        let chances = self
            .judged
            .iter()
            .map(|found| weights.chance(found.cosine, found.coverage, found.note));
        chances.fold(0.0, f32::max)
    }

    /// Keeps the best `limit` results, of them a few facts at most. Facts about whom the query names are
    /// kept from any place, up to half of the results.
    pub(crate) fn keep(&mut self, limit: usize) {
        let mut left = MOST_FACTS;
        self.facts.retain(|fact| {
            let kept = fact.named || (fact.place < limit && left > 0);
            left -= usize::from(kept && !fact.named);
            kept
        });
        let among_best = self.facts.iter().filter(|fact| fact.place < limit).count();
        self.turns.truncate(limit - self.facts.len().min(among_best.max(limit / 2)));
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

#[cfg(test)]
mod tests {
    use longmem_core::{Fact, FactId, FactKind, Role, SessionName, Timestamp, Turn, TurnId};
    use longmem_search::SessionNumber;

    use super::*;

    fn turn(id: i64, rank_score: f32) -> Ranked {
        Ranked {
            turn: Turn {
                id: TurnId(id),
                session: SessionName::new("s").unwrap(),
                session_title: None,
                role: Role::User,
                speaker: None,
                time: Timestamp::UNIX_EPOCH,
                text: "Said.".to_owned(),
                note: false,
            },
            before: None,
            after: None,
            signals: Signals::none(TurnId(id), SessionNumber(1)),
            explanation: Explanation { rank_score, ..Explanation::default() },
            copies: Vec::new(),
        }
    }

    fn fact(id: i64, rank_score: f32, named: bool) -> (SignalledFact, Explanation) {
        let fact = Fact {
            id: FactId(id),
            subject: "Zoe".to_owned(),
            statement: "is a neighbour".to_owned(),
            kind: FactKind::Relation,
            entities: Vec::new(),
            since: Timestamp::UNIX_EPOCH,
            until: None,
            superseded_by: None,
            turn: None,
            session: None,
        };
        let signals = Signals::none(TurnId(-id), SessionNumber(-id));
        let explanation = Explanation { rank_score, ..Explanation::default() };
        (SignalledFact { fact, signals, named }, explanation)
    }

    /// Eight turns from 0.9 down, and facts behind them.
    fn kept(facts: Vec<(SignalledFact, Explanation)>, limit: usize) -> (usize, Vec<i64>) {
        let turns = (0..8).map(|place| turn(place + 1, 0.9 - place as f32 / 10.0)).collect();
        let mut order = Order::of(turns, facts);
        order.keep(limit);
        (order.turns.len(), order.facts.iter().map(|fact| fact.recalled.fact.id.0).collect())
    }

    #[test]
    fn named_facts_are_kept_from_any_place_and_the_limit_holds() {
        let named = || vec![fact(1, 0.05, true), fact(2, 0.04, true), fact(3, 0.03, true)];
        assert_eq!(kept(named(), 6), (3, vec![1, 2, 3]));
        assert_eq!(kept(named(), 4), (2, vec![1, 2]));
        assert_eq!(kept(named(), 1), (1, vec![]));
        assert_eq!(kept(named(), 0), (0, vec![]));
    }

    #[test]
    fn other_facts_are_kept_where_they_stand_among_the_best() {
        assert_eq!(kept(vec![fact(1, 0.85, false), fact(2, 0.01, false)], 4), (3, vec![1]));
        let many = (1..=7).map(|id| fact(id, 1.0, false)).collect();
        assert_eq!(kept(many, 10), (5, vec![1, 2, 3, 4, 5]));
    }

    #[test]
    fn shown_scores_never_rise() {
        let facts = vec![fact(1, 0.85, false), fact(2, 0.3, true)];
        let turns = (0..8).map(|place| turn(place + 1, 0.9 - place as f32 / 10.0)).collect();
        let order = Order::of(turns, facts);
        assert!(order.turns.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        assert!(order.turns[0].1 >= order.facts[0].recalled.score);
    }
}
