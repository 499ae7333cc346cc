//! One user's vectors in memory, never changed, and scored in parallel.

use std::cmp::Ordering;
use std::sync::Arc;

use longmem_core::{DIMENSIONS, Embedding, Role, TurnId};
use ndarray::{ArrayView1, ArrayView2, Axis, Slice};
use rayon::prelude::*;

use crate::scope_filter::ScopeFilter;

/// A turn near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DenseHit {
    /// The turn.
    pub turn: TurnId,
    /// The cosine, −1 to 1; for a turn of several passages the mean of theirs.
    pub score: f32,
}

/// Turns in a block: enough that a block outweighs starting a task, few enough that appending,
/// which copies the last block at most, stays far below a millisecond.
const BLOCK_TURNS: usize = 1024;

/// One user's vectors under one model, as they were at one moment.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    blocks: Vec<Arc<Block>>,
}

/// Whose turn a run of vectors is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnRow {
    pub(crate) turn: TurnId,
    pub(crate) session_id: i64,
    pub(crate) role: Role,
    pub(crate) time_ms: i64,
}

#[derive(Default)]
struct Block {
    turns: Vec<TurnRow>,
    /// `first_vector[i]` is the first row of turn `i`; its last is before the next one's first.
    first_vector: Vec<usize>,
    /// `[vectors, DIMENSIONS]`, row after row.
    numbers: Vec<f32>,
}

impl Snapshot {
    /// Makes a snapshot with more turns; all full blocks are shared with this one.
    pub(crate) fn with_turns(&self, new: Vec<(TurnRow, Vec<Embedding>)>) -> Self {
        let mut blocks = self.blocks.clone();
        let mut open = match blocks.last() {
            Some(last) if last.turns.len() < BLOCK_TURNS && !new.is_empty() => {
                let copy = Block::copy_of(last);
                blocks.pop();
                copy
            }
            _ => Block::default(),
        };
        for (turn, vectors) in new {
            if open.turns.len() == BLOCK_TURNS {
                blocks.push(Arc::new(std::mem::take(&mut open)));
            }
            open.push(turn, &vectors);
        }
        if !open.turns.is_empty() {
            blocks.push(Arc::new(open));
        }
        Self { blocks }
    }

    /// The vectors that it holds.
    pub(crate) fn vectors(&self) -> usize {
        self.blocks.iter().map(|block| block.rows()).sum()
    }

    /// Scores every turn that the filter admits and returns the `limit` best, best first, equal
    /// scores by turn number: the same answer however many threads there are.
    pub(crate) fn nearest(
        &self,
        query: &Embedding,
        filter: &ScopeFilter,
        limit: usize,
    ) -> Vec<DenseHit> {
        let query = ArrayView1::from(query.as_slice());
        let mut hits: Vec<DenseHit> = self
            .blocks
            .par_iter()
            .flat_map_iter(|block| best(block.score(&query, filter), limit))
            .collect();
        hits = best(hits, limit);
        hits.sort_unstable_by(better_first);
        hits
    }
}

impl Block {
    fn copy_of(other: &Block) -> Self {
        Self {
            turns: other.turns.clone(),
            first_vector: other.first_vector.clone(),
            numbers: other.numbers.clone(),
        }
    }

    fn rows(&self) -> usize {
        self.numbers.len() / DIMENSIONS
    }

    fn push(&mut self, turn: TurnRow, vectors: &[Embedding]) {
        self.first_vector.push(self.rows());
        self.turns.push(turn);
        for vector in vectors {
            self.numbers.extend_from_slice(vector.as_slice());
        }
    }

    fn score(&self, query: &ArrayView1<'_, f32>, filter: &ScopeFilter) -> Vec<DenseHit> {
        let matrix = ArrayView2::from_shape((self.rows(), DIMENSIONS), &self.numbers)
            .expect("rows() is the number of whole vectors in numbers");
        let mut hits = Vec::with_capacity(self.turns.len());
        for (position, turn) in self.turns.iter().enumerate() {
            if !filter.admits(turn.session_id, turn.role, turn.time_ms) {
                continue;
            }
            let start = self.first_vector[position];
            let end = self.first_vector.get(position + 1).copied().unwrap_or(self.rows());
            let cosines = matrix.slice_axis(Axis(0), Slice::from(start..end)).dot(query);
            if let Some(score) = cosines.mean() {
                hits.push(DenseHit { turn: turn.turn, score });
            }
        }
        hits
    }
}

fn better_first(a: &DenseHit, b: &DenseHit) -> Ordering {
    b.score.total_cmp(&a.score).then(a.turn.cmp(&b.turn))
}

/// The `limit` best, in no order.
fn best(mut hits: Vec<DenseHit>, limit: usize) -> Vec<DenseHit> {
    if limit == 0 {
        return Vec::new();
    }
    if hits.len() > limit {
        hits.select_nth_unstable_by(limit - 1, better_first);
        hits.truncate(limit);
    }
    hits
}
