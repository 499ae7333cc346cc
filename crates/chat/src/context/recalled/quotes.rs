//! Recalled turns as quotes, in the order in which they may go into a prompt.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use longmem_core::{Recalled, TokenCounter, Turn, TurnId};
use longmem_memory::RESULTS_WITH_NEIGHBOURS;

use super::copies::Words;
use crate::context::quoting::{quoted, speaker};
use crate::excerpt;

/// Part of a hit's tokens that a neighbour may have: one in so many.
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

impl Reason {
    /// The turns that say the same as a hit.
    pub(super) fn copies(self, recalled: &[Recalled]) -> &[TurnId] {
        match self {
            Self::Hit(rank) => &recalled[rank - 1].copies,
            Self::Beside(_) => &[],
        }
    }
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
    /// Every turn once, and of those that say the same words the first, in the order in which they may go in: the hits by rank, each of the first few
    /// followed by the answer if it is a question, and behind all of them the other neighbours of the
    /// first few. A neighbour that is itself a hit counts as one.
    ///
    /// A question says little without its answer. Any other neighbour is there to make a hit readable
    /// where room is left: before other hits, neighbours displaced more evidence than they brought.
    pub(super) fn quotes<'t>(&self, recalled: &'t [Recalled]) -> Vec<Quote<'t>> {
        let mut ranks = HashMap::new();
        for (place, hit) in recalled.iter().enumerate() {
            ranks.entry(hit.turn.id).or_insert(place + 1);
        }
        let first_few = &recalled[..recalled.len().min(RESULTS_WITH_NEIGHBOURS)];
        let mut in_order = Vec::new();
        for (place, hit) in recalled.iter().enumerate() {
            in_order.push((hit, &hit.turn));
            if place < first_few.len() {
                in_order.extend(self.answer_to(hit).map(|answer| (hit, answer)));
            }
        }
        for hit in first_few {
            in_order.extend(hit.neighbours.iter().map(|neighbour| (hit, neighbour)));
        }

        let (mut seen, mut said) = (HashSet::new(), HashSet::new());
        in_order
            .into_iter()
            .filter(|(_, turn)| !turn.text.trim().is_empty())
            .filter(|(_, turn)| seen.insert(turn.id) && said.insert(Words::of(turn)))
            .map(|(hit, turn)| match ranks.get(&turn.id) {
                Some(&rank) => self.quote(turn, Reason::Hit(rank), self.turn_tokens),
                None => self.quote(turn, Reason::Beside(hit.turn.id), self.neighbour_tokens()),
            })
            .collect()
    }

    /// The short answer of the other side right behind a question that was hit.
    fn answer_to<'t>(&self, hit: &'t Recalled) -> Option<&'t Turn> {
        let asks = hit.turn.text.contains(['?', '？']);
        let next = hit.neighbours.iter().find(|turn| turn.id > hit.turn.id).filter(|_| asks)?;
        let other_side = (next.role, &next.speaker) != (hit.turn.role, &hit.turn.speaker);
        (other_side && self.counter.count(&next.text) <= self.neighbour_tokens()).then_some(next)
    }

    /// Tokens that a neighbour may have.
    fn neighbour_tokens(&self) -> usize {
        self.turn_tokens / NEIGHBOUR_PART
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
