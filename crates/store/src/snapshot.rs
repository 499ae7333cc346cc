//! One user's vectors in memory, never changed, and scored in parallel.

use std::sync::Arc;

use longmem_core::{DIMENSIONS, Embedding};
use ndarray::{ArrayView1, ArrayView2, Axis, Slice};
use rayon::prelude::*;

use crate::layout::{Layout, index_of};

/// Turns in a block: enough that a block outweighs starting a task, few enough that appending,
/// which copies the last block at most, stays far below a millisecond.
const BLOCK_TURNS: usize = 1024;

/// One user's vectors under one model, as they were at one moment.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    blocks: Vec<Arc<Block>>,
}

/// Whose vectors these are: a session and a position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) session_id: i64,
    pub(crate) position: u32,
}

#[derive(Clone, Default)]
struct Block {
    places: Vec<Place>,
    /// `first_vector[i]` is the first row of turn `i`; its last is before the next one's first.
    first_vector: Vec<usize>,
    /// `[vectors, DIMENSIONS]`, row after row.
    numbers: Vec<f32>,
}

impl Snapshot {
    /// Makes a snapshot with more turns; all full blocks are shared with this one.
    pub(crate) fn with_turns(&self, new: Vec<(Place, Vec<Embedding>)>) -> Self {
        let mut blocks = self.blocks.clone();
        for (place, vectors) in new {
            match blocks.last_mut() {
                // Copies the block once, when the first new turn goes into it.
                Some(last) if last.places.len() < BLOCK_TURNS => {
                    Arc::make_mut(last).push(place, &vectors);
                }
                _ => {
                    let mut block = Block::default();
                    block.push(place, &vectors);
                    blocks.push(Arc::new(block));
                }
            }
        }
        Self { blocks }
    }

    /// The vectors that it holds.
    pub(crate) fn vectors(&self) -> usize {
        self.blocks.iter().map(|block| block.rows()).sum()
    }

    /// The cosine of each slot of the layout to the query, for a turn of several passages the mean
    /// of theirs; not a number where a turn has no vector.
    pub(crate) fn cosines(&self, layout: &Layout, query: &Embedding) -> Vec<f32> {
        let query = ArrayView1::from(query.as_slice());
        let scored: Vec<Vec<(usize, f32)>> =
            self.blocks.par_iter().map(|block| block.cosines(layout, &query)).collect();
        let mut cosines = vec![f32::NAN; layout.len()];
        for (slot, cosine) in scored.into_iter().flatten() {
            cosines[slot] = cosine;
        }
        cosines
    }
}

impl Block {
    fn rows(&self) -> usize {
        self.numbers.len() / DIMENSIONS
    }

    fn push(&mut self, place: Place, vectors: &[Embedding]) {
        self.first_vector.push(self.rows());
        self.places.push(place);
        for vector in vectors {
            self.numbers.extend_from_slice(vector.as_slice());
        }
    }

    fn cosines(&self, layout: &Layout, query: &ArrayView1<'_, f32>) -> Vec<(usize, f32)> {
        let matrix = ArrayView2::from_shape((self.rows(), DIMENSIONS), &self.numbers)
            .expect("rows() is the number of whole vectors in numbers");
        let cosines = matrix.dot(query);
        self.places
            .iter()
            .enumerate()
            .filter_map(|(turn, place)| {
                let (first_slot, turns) = layout.session(place.session_id)?;
                let slot = first_slot + index_of(turns, place.position)?;
                let end = self.first_vector.get(turn + 1).copied().unwrap_or(self.rows());
                let passages = Slice::from(self.first_vector[turn]..end);
                Some((slot, cosines.slice_axis(Axis(0), passages).mean()?))
            })
            .collect()
    }
}
