//! Scores any row of the table by the words of a query, each row together with those beside it.

use std::sync::Arc;

use super::bm25::{GREATEST_FREQUENCY, LexicalParameters, frequency, rarity};
use super::windows::WordWindows;
use super::word_rows::{RowCounts, WordRows};
use crate::parallel;

/// What another spelling of a word that the user never wrote counts beside a word that is found.
const OTHER_SPELLING_WEIGHT: f32 = 0.6;

/// The lists of one word of a query: its own, or those of other spellings of it.
pub(crate) struct WordLists {
    lists: Vec<Arc<WordRows>>,
    weight: f32,
}

impl WordLists {
    /// Of a word that the user wrote.
    pub(crate) fn of_word(list: Arc<WordRows>) -> Self {
        Self { lists: vec![list], weight: 1.0 }
    }

    /// Of other spellings of a word that the user never wrote.
    pub(crate) fn of_spellings(lists: Vec<Arc<WordRows>>) -> Self {
        Self { lists, weight: OTHER_SPELLING_WEIGHT }
    }

    /// Number of turns in all lists.
    fn len(&self) -> usize {
        self.lists.iter().map(|list| list.len()).sum()
    }
}

/// Scores rows by the words of one query.
pub(crate) struct LexicalScores<'a> {
    /// In the order of the query, in which scores are summed, so that they round alike in every run.
    pub(super) words: Vec<ScoredWord<'a>>,
    /// None if no word is found.
    pub(super) windows: Option<Arc<WordWindows>>,
    /// Number of rows.
    pub(super) rows: usize,
    /// What a word in a row beside counts.
    lent: f32,
    /// How rare each word is, above 0: in the order of the query.
    pub(crate) rarities: Vec<f32>,
    all_rarities: f32,
}

/// One word of a query.
pub(super) struct ScoredWord<'a> {
    pub(super) lists: Vec<RowCounts<'a>>,
    weight: f32,
    /// Weight times rarity: what its frequency is multiplied by.
    idf: f32,
    /// What it adds to a row's score at most.
    pub(super) bound: f32,
}

/// A row's score.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct RowScore {
    /// BM25 over the window of turns; 0 where no word is near.
    pub(crate) bm25: f32,
    /// The part of the query's words, weighted by rarity, that stands in the window: 0 to 1.
    pub(crate) coverage: f32,
}

impl<'a> LexicalScores<'a> {
    /// Scores so many rows. The windows are made only if some word is found.
    pub(crate) fn new(
        rows: usize,
        words: &[&'a WordLists],
        parameters: &LexicalParameters,
        windows: impl FnOnce() -> Arc<WordWindows>,
    ) -> Self {
        let rarities: Vec<f32> = words.iter().map(|word| rarity(rows, word.len())).collect();
        let all_rarities = rarities.iter().sum();
        let windows = words.iter().any(|word| word.len() > 0).then(windows);
        // A weight that is below 0 or no number lends nothing.
        let lent = parameters.neighbour_weight.max(0.0);
        let mut scores = Self { words: Vec::new(), windows, rows, lent, rarities, all_rarities };
        if let Some(windows) = &scores.windows {
            let each: Vec<_> = words.iter().zip(&scores.rarities).collect();
            scores.words = parallel::map(&each, |(word, rarity)| {
                ScoredWord::new(word, **rarity, rows, lent, windows)
            });
        }
        scores
    }

    /// What a window would score that held every word without end.
    pub(crate) fn ceiling(&self) -> f32 {
        GREATEST_FREQUENCY * self.all_rarities
    }

    /// The score of a row.
    pub(crate) fn score(&self, row: usize) -> RowScore {
        let mut score = RowScore::default();
        for word in 0..self.words.len() {
            if let Some(frequency) = self.frequency(word, row) {
                let idf = self.words[word].idf;
                score.bm25 += idf * frequency;
                score.coverage += idf / self.all_rarities;
            }
        }
        score
    }

    /// The part of the query's words, weighted by rarity, that a row holds itself: 0 to 1.
    pub(crate) fn own_coverage(&self, row: usize) -> f32 {
        let held = self.words.iter().zip(&self.rarities).filter(|(word, _)| word.stands_in(row));
        let held: f32 = held.map(|(word, rarity)| word.weight * rarity).sum();
        if self.all_rarities > 0.0 { held / self.all_rarities } else { 0.0 }
    }

    /// What a word in a row beside counts.
    pub(super) fn lent(&self) -> f32 {
        self.lent
    }

    /// What a word adds to a row's score: exactly, and none if it is not near.
    pub(super) fn added(&self, word: usize, row: usize) -> f32 {
        self.frequency(word, row).map_or(0.0, |frequency| self.words[word].idf * frequency)
    }

    /// How much a word counts in a row's window but for its rarity; none if it does not stand there.
    fn frequency(&self, word: usize, row: usize) -> Option<f32> {
        let (word, windows) = (&self.words[word], self.windows.as_ref()?);
        let mut count = 0.0;
        // In the order of rows, so that sums round alike in every run.
        for near in windows.window(row) {
            for list in &word.lists {
                let held = list.count(*near as usize) as f32;
                count += if *near as usize == row { held } else { self.lent * held };
            }
        }
        (count > 0.0).then(|| frequency(count, windows.length(row) / windows.average_length()))
    }
}

impl<'a> ScoredWord<'a> {
    fn new(
        word: &'a WordLists,
        rarity: f32,
        rows: usize,
        lent: f32,
        windows: &WordWindows,
    ) -> Self {
        let idf = word.weight * rarity;
        let most: f32 = word.lists.iter().map(|list| list.most() as f32).sum();
        let beside = windows.widest().saturating_sub(1) as f32;
        let most = most * (1.0 + lent * beside);
        let shortest = windows.shortest_length() / windows.average_length();
        // Of spellings that all turns hold several of, the rarity is below 0.
        let bound = if most > 0.0 { (idf * frequency(most, shortest)).max(0.0) } else { 0.0 };
        let lists = word.lists.iter().map(|list| RowCounts::new(list, rows)).collect();
        Self { lists, weight: word.weight, idf, bound }
    }

    /// Weight times rarity: what its frequency is multiplied by.
    pub(super) fn idf(&self) -> f32 {
        self.idf
    }

    /// Whether it stands in the row itself.
    fn stands_in(&self, row: usize) -> bool {
        self.lists.iter().any(|list| list.count(row) > 0)
    }
}
