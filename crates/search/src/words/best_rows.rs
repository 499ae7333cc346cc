//! Finds the rows that score best by words, and passes over those that cannot be among them.
//!
//! Each word has a bound: what it adds to a row's score at most. A row whose words could not reach the
//! least score among the best so far, even if each added as much as its bound, is not scored; so a
//! common word's rows are scored only where rarer words stand too, or where these bring too little.
//! This is `MaxScore` (Turtle and Flood 1995), over the rows in their order. The rows around some turns that
//! hold the rarest words are scored first, so that the least score is near its end from the beginning.
//! Common words rule out few rows: where too many are left, the scores of a whole chunk are estimated at
//! once, and only those rows are scored whose estimates reach what is needed. The rows found are those
//! that scoring every row would bring.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use super::estimates::{Estimates, TILE_ROWS};
use super::lexical_scores::LexicalScores;
use super::near_rows::NearRows;
use super::windows::WordWindows;
use super::word_rows::GROUP_ROWS;
use crate::parallel;
use crate::selection::{ScoredRow, better_first, cut};

/// Number of rows below which another thread is not worth waking.
const ROWS_PER_THREAD: usize = 1 << 13;

/// By what part of the greatest possible score a sum of bounds may be off, as floating-point sums
/// are in another order.
const ROUNDING: f32 = 1e-4;

/// Number of rows that are scored first, for each one wanted.
const FIRST_ROWS_EACH: usize = 8;

/// Number of rows of a tile that may reach what is needed from which on all are estimated: looking at so
/// many one by one takes longer.
const ROWS_TO_ESTIMATE: usize = 64;

/// Number of rows in all for each of those below which scoring some first is not worth it.
const ROWS_FOR_EACH_FIRST: usize = 32;

impl LexicalScores<'_> {
    /// The `limit` best of the admitted rows that score above 0, best first, equal scores by row. Without a
    /// filter every row is admitted.
    pub(crate) fn best(
        &self,
        limit: usize,
        admits: Option<impl Fn(usize) -> bool + Sync + Copy>,
    ) -> Vec<ScoredRow> {
        let admits = |row: usize| admits.is_none_or(|admits| admits(row));
        let Some(windows) = self.windows.as_ref().filter(|_| limit > 0) else { return Vec::new() };
        let mut bounds = Bounds::of(self);
        let least = SharedLeast::default();
        least.raise(bounds.least_of_first_rows(self, windows, limit, &admits));
        bounds.note_near_rows(self, windows, least.get());
        let part = self.rows.div_ceil(parallel::threads()).max(ROWS_PER_THREAD);
        let part = part.next_multiple_of(TILE_ROWS);
        let parts: Vec<usize> = (0..self.rows.div_ceil(part)).collect();
        let parts = parallel::map(&parts, |number| {
            let rows = number * part..self.rows.min((number + 1) * part);
            let search =
                PartSearch { scores: self, windows, bounds: &bounds, limit, least: &least };
            search.best(rows, &admits)
        });
        let mut best = parts.concat();
        cut(&mut best, limit);
        best.sort_unstable_by(better_first);
        best
    }
}

/// What words can add to a score, the greatest bound first.
struct Bounds {
    /// The places of the words.
    words: Vec<usize>,
    /// What the words from each place of `words` on add together at most, and 0 at the end.
    rest: Vec<f32>,
    /// The rows that words may add to; of the last words they are not noted.
    near: Vec<NearRows>,
    /// What a sum of bounds may be off.
    rounding: f32,
}

impl Bounds {
    fn of(scores: &LexicalScores<'_>) -> Self {
        let bound = |word: usize| scores.words[word].bound;
        let mut words: Vec<usize> = (0..scores.words.len()).collect();
        words.sort_by(|a, b| bound(*b).total_cmp(&bound(*a)));
        let mut rest = vec![0.0; words.len() + 1];
        for (place, word) in words.iter().enumerate().rev() {
            rest[place] = rest[place + 1] + bound(*word);
        }
        let rounding = ROUNDING * rest[0];
        Self { words, rest, near: Vec::new(), rounding }
    }

    /// A score that `limit` rows reach: of some rows around turns that hold the words with the greatest
    /// bounds. 0 if these are fewer.
    fn least_of_first_rows(
        &self,
        scores: &LexicalScores<'_>,
        windows: &WordWindows,
        limit: usize,
        admits: &impl Fn(usize) -> bool,
    ) -> f32 {
        let enough = limit.saturating_mul(FIRST_ROWS_EACH);
        if scores.rows / enough < ROWS_FOR_EACH_FIRST {
            return 0.0;
        }
        let mut first = BTreeSet::new();
        let lists = self.words.iter().flat_map(|word| &scores.words[*word].lists);
        for list in lists {
            if first.len() >= enough {
                break;
            }
            // From all over the list, so that no part of a user's time is left out.
            let held = list.rows();
            let held = held.iter().step_by(held.len() / enough + 1);
            let held = held.map(|row| *row as usize).filter(|row| *row < scores.rows);
            let near = held.flat_map(|row| windows.window(row)).map(|row| *row as usize);
            first.extend(near.filter(|row| admits(*row)).take(enough));
        }
        let mut found: Vec<ScoredRow> =
            first.into_iter().map(|row| ScoredRow { row, score: scores.score(row).bm25 }).collect();
        if found.len() < limit {
            return 0.0;
        }
        cut(&mut found, limit);
        found.into_iter().map(|found| found.score).fold(f32::INFINITY, f32::min).max(0.0)
    }

    /// Notes the rows near those words without which no row reaches `least`.
    fn note_near_rows(&mut self, scores: &LexicalScores<'_>, windows: &WordWindows, least: f32) {
        let needed = least - self.rounding;
        let words: Vec<(&usize, &f32)> = self.words.iter().zip(&self.rest).collect();
        self.near = parallel::map(&words, |(word, rest)| {
            if **rest < needed {
                return NearRows::Any;
            }
            NearRows::of(&scores.words[**word], scores.rows, windows)
        });
    }
}

/// A score that `limit` rows reach, as far as any thread knows; 0 before there are so many.
#[derive(Default)]
struct SharedLeast(AtomicU32);

impl SharedLeast {
    fn get(&self) -> f32 {
        f32::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// The bits of numbers from 0 on are in the order of the numbers.
    fn raise(&self, score: f32) {
        self.0.fetch_max(score.to_bits(), Ordering::Relaxed);
    }
}

/// One thread's part of the search.
struct PartSearch<'a> {
    scores: &'a LexicalScores<'a>,
    windows: &'a WordWindows,
    bounds: &'a Bounds,
    limit: usize,
    least: &'a SharedLeast,
}

impl PartSearch<'_> {
    fn best(&self, rows: Range<usize>, admits: &impl Fn(usize) -> bool) -> Vec<ScoredRow> {
        let mut kept: Vec<ScoredRow> = Vec::new();
        // An equal score of a later row loses, but not to a row of another thread.
        let mut own_least = 0.0;
        for tile in rows.clone().step_by(TILE_ROWS) {
            let tile = tile..rows.end.min(tile + TILE_ROWS);
            for row in self.rows_worth_scoring(tile).into_iter().filter(|row| admits(*row)) {
                let score = self.scores.score(row).bm25;
                if score <= own_least || score < self.least.get() {
                    continue;
                }
                kept.push(ScoredRow { row, score });
                if kept.len() >= self.limit.saturating_mul(2) {
                    cut(&mut kept, self.limit);
                    own_least = kept.iter().map(|kept| kept.score).fold(f32::INFINITY, f32::min);
                    self.least.raise(own_least);
                }
            }
        }
        cut(&mut kept, self.limit);
        kept
    }

    /// The rows of a tile that may score what is needed.
    fn rows_worth_scoring(&self, tile: Range<usize>) -> Vec<usize> {
        let needed = self.needed();
        let groups = tile.start / GROUP_ROWS..tile.end.div_ceil(GROUP_ROWS);
        let mut rows: Vec<usize> = groups
            .flat_map(|group| {
                let rows = bits_of(self.rows_that_may_reach(group, needed));
                rows.map(move |place| group * GROUP_ROWS + place)
            })
            .filter(|row| *row < tile.end)
            .collect();
        if rows.len() < ROWS_TO_ESTIMATE {
            rows.retain(|row| self.may_reach(*row, needed));
        } else {
            let estimates = Estimates::of(self.scores, self.windows, tile.start);
            rows.retain(|row| match estimates.at(row - tile.start) {
                f32::INFINITY => self.may_reach(*row, needed),
                estimate => estimate >= needed,
            });
        }
        rows
    }

    /// The sum of bounds below which a row need not be scored.
    fn needed(&self) -> f32 {
        self.least.get() - self.bounds.rounding
    }

    /// A bit for each of the 64 rows of a group that may score what is needed.
    fn rows_that_may_reach(&self, group: usize, needed: f32) -> u64 {
        let Bounds { words, rest, near, .. } = self.bounds;
        // The words from here on alone bring less than is needed.
        let needless = rest.partition_point(|rest| *rest >= needed).min(words.len());
        let (mut rows, mut bound) = (0, rest[needless]);
        for (word, near) in words.iter().zip(near).take(needless) {
            let near = near.group(group);
            if near != 0 {
                rows |= near;
                bound += self.scores.words[*word].bound;
            }
        }
        if bound >= needed { rows } else { 0 }
    }

    /// Whether a row may score what is needed: by the bounds of its words, then by what each adds, the
    /// greatest first.
    fn may_reach(&self, row: usize, needed: f32) -> bool {
        let Bounds { words, near, .. } = self.bounds;
        let bound = |word: usize| self.scores.words[word].bound;
        let near_row = || {
            let words = words.iter().zip(near).filter(|(_, near)| near.may_hold(row));
            words.map(|(word, _)| *word)
        };
        let mut most: f32 = near_row().map(bound).sum();
        for word in near_row() {
            if most < needed {
                return false;
            }
            most += self.scores.added(word, row) - bound(word);
        }
        most >= needed
    }
}

/// The places of the bits that are set, the lowest first.
fn bits_of(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros() as usize;
        let found = bits != 0;
        bits &= bits.wrapping_sub(1);
        found.then_some(place)
    })
}
