//! Recalled turns as quotes, in the order in which they may go into a prompt.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use longmem_core::{Recalled, TokenCounter, Turn, TurnId};
use longmem_memory::RESULTS_WITH_NEIGHBOURS;

use crate::context::quoting::{quoted, speaker};
use crate::excerpt;

/// Number of the best hits that go in before any neighbour does: in a small prompt, another hit is
/// worth more. With neighbours straight behind their hits, a prompt of 500 tokens held 6 points
/// less of the evidence.
const HITS_BEFORE_NEIGHBOURS: usize = 30;

/// Part of a hit's tokens that a neighbour may have: one in so many. A neighbour is there to make a
/// hit readable.
const NEIGHBOUR_PART: usize = 4;

/// Mark of a neighbour.
const NEIGHBOUR_MARK: &str = "(nearby) ";

/// How recalled turns are quoted.
pub(super) struct Quoting<'a> {
    /// The words of the newest message, which decide what a long turn is shortened to.
    pub(super) message_words: Vec<String>,
    /// Tokens of one turn.
    pub(super) turn_tokens: usize,
    pub(super) counter: &'a dyn TokenCounter,
}

/// One turn, written as it stands in the block.
pub(super) struct Quote<'a> {
    pub(super) turn: &'a Turn,
    pub(super) text: String,
    pub(super) tokens: usize,
    pub(super) shortened: bool,
    /// Tokens that its text may have.
    pub(super) limit: usize,
    /// Why it may go in.
    pub(super) reason: Reason,
}

/// Why a turn may go in.
#[derive(Clone, Copy)]
pub(super) enum Reason {
    /// It was found, with this rank from 1.
    Hit(usize),
    /// It stands beside this hit.
    Beside(TurnId),
}

impl Quote<'_> {
    /// Why it may go in, in words.
    pub(super) fn reason_text(&self) -> String {
        let shortened = if self.shortened { "; shortened" } else { "" };
        match self.reason {
            Reason::Hit(rank) => format!("rank {rank}{shortened}"),
            Reason::Beside(hit) => format!("beside turn {hit}{shortened}"),
        }
    }

    /// Says whether it is a hit of which more could be quoted.
    pub(super) fn is_shortened_hit(&self) -> bool {
        self.shortened && matches!(self.reason, Reason::Hit(_))
    }
}

impl Quoting<'_> {
    /// Every turn once, in the order in which they may go in: the hits by rank, and behind the best
    /// of them the neighbours of the first few. A neighbour that is itself a hit counts as one.
    pub(super) fn quotes<'t>(&self, recalled: &'t [Recalled]) -> Vec<Quote<'t>> {
        let mut ranks = HashMap::new();
        for (place, hit) in recalled.iter().enumerate() {
            ranks.entry(hit.turn.id).or_insert(place + 1);
        }
        let hits = recalled.iter().map(|hit| (hit, &hit.turn));
        let neighbours = recalled
            .iter()
            .take(RESULTS_WITH_NEIGHBOURS)
            .flat_map(|hit| hit.neighbours.iter().map(move |turn| (hit, turn)));
        let in_order = hits
            .clone()
            .take(HITS_BEFORE_NEIGHBOURS)
            .chain(neighbours)
            .chain(hits.skip(HITS_BEFORE_NEIGHBOURS));

        let mut seen = HashSet::new();
        in_order
            .filter(|(_, turn)| !turn.text.trim().is_empty() && seen.insert(turn.id))
            .map(|(hit, turn)| match ranks.get(&turn.id) {
                Some(&rank) => self.quote(turn, Reason::Hit(rank), self.turn_tokens),
                None => {
                    let limit = self.turn_tokens / NEIGHBOUR_PART;
                    self.quote(turn, Reason::Beside(hit.turn.id), limit)
                }
            })
            .collect()
    }

    /// Writes a turn, with at most `limit` tokens of its text and what the quote's own marks take.
    pub(super) fn quote<'t>(&self, turn: &'t Turn, reason: Reason, limit: usize) -> Quote<'t> {
        let text = excerpt(&turn.text, &self.message_words, limit, self.counter);
        let shortened = matches!(text, Cow::Owned(_));
        let mark = match reason {
            Reason::Hit(_) => "",
            Reason::Beside(_) => NEIGHBOUR_MARK,
        };
        let text = format!("- {mark}{}: {}\n", speaker(turn), quoted(&text));
        let tokens = self.counter.count(&text);
        Quote { turn, text, tokens, shortened, limit, reason }
    }
}
