//! From what was recalled to scores, by turn and by session.

use std::collections::BTreeSet;

use longmem_core::{Recalled, TurnId};

use crate::haystack::{Evidence, Haystack};
use crate::metrics::{Scores, first_appearances};
use crate::outcome::EvidencePlace;

/// Where rankings of turns are cut.
const TURN_CUTS: [usize; 5] = [1, 5, 10, 20, 50];

/// Where rankings of sessions are cut.
const SESSION_CUTS: [usize; 4] = [1, 3, 5, 10];

/// The evidence that a prompt of one size holds.
pub(crate) struct HeldEvidence {
    /// The prompt's size in tokens.
    pub(crate) tokens: usize,
    /// All turns in it.
    pub(crate) turns: BTreeSet<TurnId>,
    /// Turns of evidence in it that were shortened to other words than those that carry the answer.
    pub(crate) without_answer: BTreeSet<TurnId>,
}

/// How well one strategy did on one question.
pub(crate) struct Scored {
    /// By turn; none if the evidence names no turns.
    pub(crate) turn: Option<Scores>,
    /// By session; none if there is no evidence.
    pub(crate) session: Option<Scores>,
    pub(crate) places: Vec<EvidencePlace>,
}

/// Scores what was recalled, and the turns in prompts of several sizes, against the evidence. By
/// session, any turn of it counts; by turn, one of evidence counts only with the words that carry the
/// answer.
pub(crate) fn score(
    haystack: &Haystack<'_>,
    recalled: &[Recalled],
    contexts: &[HeldEvidence],
    evidence: &Evidence<'_>,
) -> Scored {
    let answering = |held: &HeldEvidence| -> BTreeSet<TurnId> {
        held.turns.difference(&held.without_answer).copied().collect()
    };
    let turns = Found::new(recalled, contexts, answering, |id| haystack.turn_name(id));
    let all = |held: &HeldEvidence| held.turns.clone();
    let sessions = Found::new(recalled, contexts, all, |id| haystack.session_name(id));
    let places = if evidence.turns.is_empty() {
        sessions.places(&evidence.sessions)
    } else {
        turns.places(&evidence.turns)
    };
    Scored {
        turn: turns.scores(&evidence.turns, &TURN_CUTS),
        session: sessions.scores(&evidence.sessions, &SESSION_CUTS),
        places,
    }
}

/// What was found, as the data set's ids of turns or of sessions.
struct Found<'a> {
    ranking: Vec<&'a str>,
    contexts: Vec<(usize, BTreeSet<&'a str>)>,
}

impl<'a> Found<'a> {
    fn new(
        recalled: &[Recalled],
        contexts: &[HeldEvidence],
        counted: impl Fn(&HeldEvidence) -> BTreeSet<TurnId>,
        name: impl Fn(TurnId) -> &'a str,
    ) -> Self {
        let named =
            |held: &HeldEvidence| (held.tokens, counted(held).into_iter().map(&name).collect());
        Self {
            ranking: first_appearances(
                recalled
                    .iter()
                    .flat_map(|found| {
                        [found.turn.id].into_iter().chain(found.copies.iter().copied())
                    })
                    .map(&name),
            ),
            contexts: contexts.iter().map(named).collect(),
        }
    }

    fn scores(&self, evidence: &BTreeSet<&'a str>, cuts: &[usize]) -> Option<Scores> {
        let has_evidence = !evidence.is_empty();
        has_evidence.then(|| Scores::new(&self.ranking, &self.contexts, evidence, cuts))
    }

    fn places(&self, evidence: &BTreeSet<&'a str>) -> Vec<EvidencePlace> {
        let place = |id: &&str| EvidencePlace {
            id: (*id).to_owned(),
            rank: self.ranking.iter().position(|found| found == id).map(|index| index + 1),
        };
        evidence.iter().map(place).collect()
    }
}
