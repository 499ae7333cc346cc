//! What a recall brings, and why.

use crate::{Turn, TurnId, closed_words};

/// The tag, without brackets, around recalled memory in a prompt: by it, what reads transcripts
/// knows what not to remember again.
pub const RECALLED_MEMORY_TAG: &str = "recalled_memory";

/// The tags around what longmem puts into a prompt: recalled turns, known facts and summaries. Each
/// opening tag bears an attribute `note`.
pub const OWN_BLOCK_TAGS: [&str; 3] = [RECALLED_MEMORY_TAG, "known_facts", "earlier_conversation"];

/// A turn that a recall found, with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalled {
    /// The turn itself.
    pub turn: Turn,
    /// How likely it is to be of use for the query, 0 to 1: an estimate calibrated on questions
    /// whose evidence is known, comparable between recalls. It never rises from place to place.
    pub score: f32,
    /// How the score came about.
    pub explanation: Explanation,
    /// Turns next to it in its session that make it readable, in order of time, itself left out.
    pub neighbours: Vec<Turn>,
    /// Older turns that say nearly the same, as in the copies that a resumed session leaves.
    pub copies: Vec<TurnId>,
}

impl Recalled {
    /// A turn without reasons, neighbours or copies.
    pub fn new(turn: Turn, score: f32) -> Self {
        let (neighbours, copies) = (Vec::new(), Vec::new());
        Self { turn, score, explanation: Explanation::default(), neighbours, copies }
    }
}

closed_words! {
    /// How likely a result is to be of use, in a word.
    pub enum Strength: "a strength" {
        /// More likely than not.
        Strong = "strong",
        /// It may well be.
        Fair = "fair",
        /// Most likely it is not: the nearest there is.
        Weak = "weak",
    }
}

impl Strength {
    /// The word for a score of 0 to 1: strong from 0.5, fair from 0.2.
    ///
    /// # Examples
    /// ```
    /// use longmem_core::Strength;
    /// assert_eq!(Strength::of(0.7), Strength::Strong);
    /// assert_eq!(Strength::of(0.1).as_str(), "weak");
    /// ```
    pub fn of(score: f32) -> Self {
        if score >= 0.5 {
            Self::Strong
        } else if score >= 0.2 {
            Self::Fair
        } else {
            Self::Weak
        }
    }
}

/// How a turn's score came about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    /// Its place by meaning; none if it was not among the candidates by meaning.
    pub dense: Option<ChannelHit>,
    /// Its place by words; none if it was not among the candidates by words.
    pub lexical: Option<ChannelHit>,
    /// Its cosine to the query, with its neighbours' part; none if it has no vector.
    pub cosine: Option<f32>,
    /// How much of the query's words it and its neighbours hold, weighted by their rarity: 0 to 1.
    pub coverage: f32,
    /// What was added to or taken from the fused rank.
    pub adjustments: Vec<Adjustment>,
    /// What the results are ordered by: comparable within one recall only.
    pub rank_score: f32,
}

/// A turn's place in one channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChannelHit {
    /// Its place, from 1.
    pub rank: usize,
    /// The channel's own score: a cosine, or BM25 (greater is better).
    pub score: f32,
}

/// One named change of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjustment {
    /// What it is for: "same session", "names the speaker".
    pub reason: String,
    /// What it adds; negative when it takes away.
    pub amount: f32,
}
