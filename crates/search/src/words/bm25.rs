//! How words are scored: BM25F over windows of turns.

/// How words are scored.
///
/// A word counts in a turn as often as it stands there, and a part of that in each neighbour, which
/// is BM25F (Robertson, Zaragoza and Taylor 2004) over a window of turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LexicalParameters {
    /// What a word in a turn beside this one counts, 0 to 1.
    pub neighbour_weight: f32,
    /// How many turns before and after count as beside.
    pub neighbours: usize,
    /// A longer turn, in words, neither lends words to its neighbours nor borrows theirs.
    pub longest_neighbour: u32,
}

impl LexicalParameters {
    /// Each turn for itself: plain BM25.
    pub const PLAIN: Self = Self { neighbour_weight: 0.0, neighbours: 0, longest_neighbour: 0 };
}

/// BM25's k1: how soon a repeated word stops adding. SQLite and Lucene have the same.
const K1: f32 = 1.2;

/// BM25's b: how much a long window loses. SQLite and Lucene have the same.
const B: f32 = 0.75;

/// The greatest frequency: that of a word that stands in a window without end.
pub(super) const GREATEST_FREQUENCY: f32 = K1 + 1.0;

/// What a word adds to a window's score, but for the word's rarity: more with each time that it stands
/// there (`count`), less the longer the window is beside the mean (`length`, 1 for one like the mean).
pub(super) fn frequency(count: f32, length: f32) -> f32 {
    let norm = 1.0 - B + B * length;
    count * (K1 + 1.0) / (count + K1 * norm)
}

/// Inverse document frequency as Lucene has it: above 0 for every word, 0.7 for one in half of the
/// turns.
pub(super) fn rarity(turns: usize, holding: usize) -> f32 {
    (1.0 + (turns as f32 - holding as f32 + 0.5) / (holding as f32 + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ln(1 + (100 − 50 + 0.5) / (50 + 0.5)) = ln 2.
    #[test]
    fn rarity_is_lucenes_and_never_negative() {
        assert!((rarity(100, 50) - 2f32.ln()).abs() < 1e-6);
        assert!((rarity(100, 1) - 68f32.ln() + 0.01).abs() < 0.02, "{}", rarity(100, 1));
        assert!(rarity(1, 1) > 0.0);
    }
}
