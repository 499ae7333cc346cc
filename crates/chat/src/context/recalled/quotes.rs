//! Recalled turns as quotes, in the order in which they may go into a prompt.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use longmem_core::{Recalled, TokenCounter, Turn};
use longmem_memory::RESULTS_WITH_NEIGHBOURS;
use longmem_text::english::content_words;

use crate::context::excerpt::excerpt;
use crate::context::quoting::{quoted, speaker};

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
    /// The newest message, which decides what a long turn is shortened to.
    pub(super) message: &'a str,
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
    /// Why it may go in.
    pub(super) reason: String,
}

impl Quoting<'_> {
    /// Every turn once, in the order in which they may go in: the hits by rank, and behind the best
    /// of them the neighbours of the first few. A neighbour that is itself a hit counts as one.
    pub(super) fn quotes<'t>(&self, recalled: &'t [Recalled]) -> Vec<Quote<'t>> {
        let message_words = content_words(self.message);
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
                Some(rank) => {
                    let reason = format!("rank {rank}");
                    self.quote(turn, "", self.turn_tokens, &message_words, reason)
                }
                None => {
                    let limit = self.turn_tokens / NEIGHBOUR_PART;
                    let reason = format!("beside turn {}", hit.turn.id);
                    self.quote(turn, NEIGHBOUR_MARK, limit, &message_words, reason)
                }
            })
            .collect()
    }

    fn quote<'t>(
        &self,
        turn: &'t Turn,
        mark: &str,
        limit: usize,
        message_words: &HashSet<String>,
        mut reason: String,
    ) -> Quote<'t> {
        let text = excerpt(&turn.text, message_words, limit, self.counter);
        let shortened = matches!(text, Cow::Owned(_));
        if shortened {
            reason.push_str("; shortened");
        }
        let text = format!("- {mark}{}: {}\n", speaker(turn), quoted(&text));
        let tokens = self.counter.count(&text);
        Quote { turn, text, tokens, shortened, reason }
    }
}
