//! Finds turns by their words, each judged together with the turns beside it.

use rayon::prelude::*;
use rusqlite::Connection;

use crate::Store;
use crate::layout::Layout;
use crate::postings::{self, Posting};
use crate::windows::Windows;

/// How words are scored.
///
/// A word counts in a turn as often as it stands there, and a part of that in each neighbour, which
/// is BM25F (Robertson, Zaragoza and Taylor 2004) over a window of turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LexicalParameters {
    /// BM25's k1: how soon a repeated word stops to add. 1.2, as SQLite and Lucene have it.
    pub saturation: f32,
    /// BM25's b: how much a long window loses, 0 to 1. 0.75, as SQLite and Lucene have it.
    pub length_normalization: f32,
    /// What a word in a turn beside this one counts, 0 to 1.
    pub neighbour_weight: f32,
    /// How many turns before and after count as beside.
    pub neighbours: usize,
    /// A longer turn, in words, neither lends words to its neighbours nor borrows theirs.
    pub longest_neighbour: u32,
}

impl LexicalParameters {
    /// Each turn for itself: plain BM25.
    pub const PLAIN: Self = Self {
        saturation: 1.2,
        length_normalization: 0.75,
        neighbour_weight: 0.0,
        neighbours: 0,
        longest_neighbour: 0,
    };
}

/// A query longer than this many distinct words is cut; a pasted page needs no more to be found.
const MAX_QUERY_WORDS: usize = 64;

/// A word that nobody wrote is looked for in other spellings, which count this much less.
const OTHER_SPELLING_WEIGHT: f32 = 0.6;

impl Store {
    /// Reads the lists of a query's words. For a word that the user never wrote, those of the
    /// spellings that come closest.
    pub(crate) fn read_postings(
        &self,
        connection: &Connection,
        user_id: i64,
        words: &[String],
    ) -> rusqlite::Result<Vec<WordPostings>> {
        let blocks = postings::blocks(connection, user_id)?;
        let mut found = Vec::with_capacity(words.len());
        for word in words.iter().take(MAX_QUERY_WORDS) {
            let mut postings = Vec::new();
            postings::read(connection, user_id, &blocks, word, &mut postings)?;
            let mut weight = 1.0;
            if postings.is_empty() {
                weight = OTHER_SPELLING_WEIGHT;
                let vocabulary = self.users.vocabulary(connection, user_id)?;
                for spelling in vocabulary.other_spellings(word) {
                    postings::read(connection, user_id, &blocks, spelling, &mut postings)?;
                }
            }
            found.push(WordPostings { postings, weight });
        }
        Ok(found)
    }
}

/// The turns that hold one word of a query.
pub(crate) struct WordPostings {
    postings: Vec<Posting>,
    weight: f32,
}

/// What a query's words come to in every row of the layout; 0 where no word is near.
pub(crate) struct LexicalScores {
    /// BM25 over the window of turns.
    pub(crate) bm25: Vec<f32>,
    /// The part of the query's words, weighted by rarity, that stands in the window: 0 to 1.
    pub(crate) coverage: Vec<f32>,
}

/// Scores every row of the layout.
pub(crate) fn lexical_scores(
    layout: &Layout,
    words: &[WordPostings],
    parameters: &LexicalParameters,
) -> LexicalScores {
    let mut scores =
        LexicalScores { bm25: vec![0.0; layout.len()], coverage: vec![0.0; layout.len()] };
    if words.iter().all(|word| word.postings.is_empty()) {
        return scores;
    }
    let windows = layout.windows(parameters.neighbours, parameters.longest_neighbour);
    let rarities: Vec<f32> =
        words.iter().map(|word| rarity(layout.len(), word.postings.len())).collect();
    let all_rarities: f32 = rarities.iter().sum();
    let frequencies: Vec<Vec<(u32, f32)>> =
        words.par_iter().map(|word| frequencies(layout, word, &windows, parameters)).collect();
    // In the order of words, so that sums round alike in every run.
    for ((word, rarity), frequencies) in words.iter().zip(rarities).zip(frequencies) {
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
    layout: &Layout,
    word: &WordPostings,
    windows: &Windows,
    parameters: &LexicalParameters,
) -> Vec<(u32, f32)> {
    let mut counts = vec![0.0; layout.len()];
    let mut touched: Vec<u32> = Vec::new();
    let mut add = |row: u32, count: f32| {
        let sum: &mut f32 = &mut counts[row as usize];
        if *sum == 0.0 {
            touched.push(row);
        }
        *sum += count;
    };
    let mut finder = layout.row_finder();
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
        let norm = 1.0 - parameters.length_normalization + parameters.length_normalization * length;
        count * (parameters.saturation + 1.0) / (count + parameters.saturation * norm)
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

    #[test]
    fn rarer_words_weigh_more() {
        assert!(rarity(100, 1) > rarity(100, 50));
        assert!(rarity(1, 1) > 0.0);
    }
}
