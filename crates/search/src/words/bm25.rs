//! Finds turns by their words, each judged together with the turns beside it.

use std::sync::Arc;

use longmem_core::TurnId;

use super::windows::WordWindows;
use crate::lists::Posting;
use crate::parallel;
use crate::turn_table::TurnTable;

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

/// Number of distinct words that are searched of a query; a pasted page needs no more to be found.
pub(crate) const MAX_QUERY_WORDS: usize = 64;

/// What another spelling of a word that the user never wrote counts beside a word that is found.
const OTHER_SPELLING_WEIGHT: f32 = 0.6;

/// The turns that hold one word of a query, in the order of their numbers.
pub(crate) struct WordPostings {
    postings: Vec<Posting>,
    weight: f32,
}

impl WordPostings {
    /// Of a word that the user wrote.
    pub(crate) fn of_word(postings: Vec<Posting>) -> Self {
        Self { postings, weight: 1.0 }
    }

    /// Of other spellings of a word that the user never wrote.
    pub(crate) fn of_spellings(mut postings: Vec<Posting>) -> Self {
        postings.sort_by_key(|posting| posting.turn);
        Self { postings, weight: OTHER_SPELLING_WEIGHT }
    }

    fn holds(&self, turn: TurnId) -> bool {
        self.postings.binary_search_by_key(&turn, |posting| posting.turn).is_ok()
    }
}

/// The scores of a query's words in every row of the table; 0 where no word is near. Without any word
/// there are none.
pub(crate) struct LexicalScores {
    /// BM25 over the window of turns.
    pub(crate) bm25: Vec<f32>,
    /// The part of the query's words, weighted by rarity, that stands in the window: 0 to 1.
    coverage: Vec<f32>,
    /// How rare each word of the query is, above 0: in the order of the words.
    pub(crate) rarities: Vec<f32>,
}

impl LexicalScores {
    /// A row's BM25 score, and the part of the query's words that its window holds.
    pub(crate) fn of(&self, row: usize) -> (f32, f32) {
        let of = |scores: &[f32]| scores.get(row).copied().unwrap_or_default();
        (of(&self.bm25), of(&self.coverage))
    }

    /// What a window would score that held every word without end.
    pub(crate) fn ceiling(&self) -> f32 {
        (K1 + 1.0) * self.rarities.iter().sum::<f32>()
    }

    /// The part of the query's words, weighted by rarity, that a turn holds itself: 0 to 1.
    pub(crate) fn own_coverage(&self, words: &[&WordPostings], turn: TurnId) -> f32 {
        let all: f32 = self.rarities.iter().sum();
        let held = words.iter().zip(&self.rarities).filter(|(word, _)| word.holds(turn));
        let held: f32 = held.map(|(word, rarity)| word.weight * rarity).sum();
        if all > 0.0 { held / all } else { 0.0 }
    }
}

/// Scores every row of the table. The windows are made only if some word is found.
pub(crate) fn lexical_scores(
    table: &TurnTable,
    words: &[&WordPostings],
    parameters: &LexicalParameters,
    windows: impl FnOnce() -> Arc<WordWindows>,
) -> LexicalScores {
    let rarities: Vec<f32> =
        words.iter().map(|word| rarity(table.len(), word.postings.len())).collect();
    let rows = if words.iter().all(|word| word.postings.is_empty()) { 0 } else { table.len() };
    let mut scores = LexicalScores { bm25: vec![0.0; rows], coverage: vec![0.0; rows], rarities };
    if rows == 0 {
        return scores;
    }
    let windows = windows();
    let all_rarities: f32 = scores.rarities.iter().sum();
    let frequencies: Vec<Vec<(u32, f32)>> =
        parallel::map(words, |word| frequencies(table, word, &windows, parameters));
    // In the order of words, so that sums round alike in every run.
    for ((word, rarity), frequencies) in words.iter().zip(&scores.rarities).zip(frequencies) {
        let idf = word.weight * rarity;
        for (row, frequency) in frequencies {
            scores.bm25[row as usize] += idf * frequency;
            scores.coverage[row as usize] += idf / all_rarities;
        }
    }
    scores
}

/// The rows that a word stands in or beside, each with how much that counts: BM25 but for the
/// word's rarity.
fn frequencies(
    table: &TurnTable,
    word: &WordPostings,
    windows: &WordWindows,
    parameters: &LexicalParameters,
) -> Vec<(u32, f32)> {
    let mut counts = vec![0.0; table.len()];
    let mut touched: Vec<u32> = Vec::new();
    let mut add = |row: u32, count: f32| {
        let sum: &mut f32 = &mut counts[row as usize];
        if *sum == 0.0 {
            touched.push(row);
        }
        *sum += count;
    };
    let mut finder = table.row_finder();
    for posting in &word.postings {
        let Some(row) = finder.row(posting.turn) else { continue };
        let count = posting.count as f32;
        add(row as u32, count);
        if parameters.neighbour_weight > 0.0 {
            let lent = parameters.neighbour_weight * count;
            windows.beside(row).iter().for_each(|row| add(*row, lent));
        }
    }
    let frequency = |row: u32| {
        let count = counts[row as usize];
        let length = windows.length(row as usize) / windows.average_length();
        let norm = 1.0 - B + B * length;
        count * (K1 + 1.0) / (count + K1 * norm)
    };
    touched.into_iter().map(|row| (row, frequency(row))).collect()
}

/// Inverse document frequency as Lucene has it: above 0 for every word, 0.7 for one in half of the
/// turns.
fn rarity(turns: usize, holding: usize) -> f32 {
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
