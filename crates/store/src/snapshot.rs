//! One user's vectors in memory, never changed, and scored in parallel.

use std::ops::Range;
use std::sync::Arc;

use longmem_core::{Embedding, TurnId};
use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::DIMENSIONS;
use crate::dot::{dot, dots};
use crate::layout::{CHUNK_ROWS, Layout};

/// How the vectors of a chunk are kept.
pub(crate) trait PassageNumbers: Clone + Default + Send + Sync {
    /// What one passage brings.
    type Passage;
    /// What they are compared with.
    type Query: Sync;
    /// What one passage takes.
    const BYTES: usize;
    /// Adds a passage.
    fn push(&mut self, passage: &Self::Passage);
    /// How many passages there are.
    fn len(&self) -> usize;
    /// Writes the cosine of each passage to the query, or about that.
    fn cosines(&self, query: &Self::Query, out: &mut [f32]);
}

/// One user's vectors under one model, as they were at one moment: those of the turns whose rows
/// share a chunk of the layout stand in one chunk here.
#[derive(Clone)]
pub(crate) struct Snapshot<N> {
    chunks: Vec<Arc<Chunk<N>>>,
    passages: usize,
}

/// What is kept of one turn's passages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TurnPassages<'a, P> {
    pub(crate) turn: TurnId,
    /// The number of the first passage; the others' follow, since one transaction wrote them.
    pub(crate) first_passage: i64,
    /// At least one.
    pub(crate) passages: &'a [P],
}

#[derive(Clone, Default)]
struct Chunk<N> {
    /// In the order of rows.
    turns: Vec<CoveredTurn>,
    numbers: N,
    /// Whether some turn's row is not the place of its only passage in the numbers.
    scattered: bool,
}

#[derive(Clone, Copy)]
struct CoveredTurn {
    /// Its row in the chunk.
    row: u32,
    /// Where its passages stand in the numbers of the chunk.
    first: u32,
    passages: u32,
    first_passage: i64,
}

impl<N> Default for Snapshot<N> {
    fn default() -> Self {
        Self { chunks: Vec::new(), passages: 0 }
    }
}

impl<N: PassageNumbers> Snapshot<N> {
    /// Adds the passages of a row; a chunk that others hold too is copied.
    pub(crate) fn add(&mut self, row: usize, turn: &TurnPassages<'_, N::Passage>) {
        let place = row / CHUNK_ROWS;
        if self.chunks.len() <= place {
            self.chunks.resize_with(place + 1, Arc::default);
        }
        Arc::make_mut(&mut self.chunks[place]).add(row, turn);
        self.passages += turn.passages.len();
    }

    /// The passages that it holds.
    pub(crate) fn passages(&self) -> usize {
        self.passages
    }

    /// What its vectors take in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.passages * N::BYTES
    }

    /// The numbers of the passages of a row; none if it has none.
    pub(crate) fn passages_of(&self, row: usize) -> Option<Range<i64>> {
        let turn = self.chunks.get(row / CHUNK_ROWS)?.turn((row % CHUNK_ROWS) as u32)?;
        Some(turn.first_passage..turn.first_passage + i64::from(turn.passages))
    }

    /// The cosine of each row of the layout to the query, for a turn of several passages the mean
    /// of theirs; not a number where a turn has no vector.
    ///
    /// # Panics
    /// For another layout than the one, or one grown from it, that gave the rows.
    pub(crate) fn cosines(&self, layout: &Layout, query: &N::Query) -> Vec<f32> {
        let mut cosines = vec![f32::NAN; layout.len()];
        cosines.par_chunks_mut(CHUNK_ROWS).zip(&self.chunks).for_each(|(rows, chunk)| {
            if !chunk.scattered {
                return chunk.numbers.cosines(query, &mut rows[..chunk.numbers.len()]);
            }
            let mut cosines = vec![0.0; chunk.numbers.len()];
            chunk.numbers.cosines(query, &mut cosines);
            for turn in &chunk.turns {
                let passages = &cosines[turn.first as usize..][..turn.passages as usize];
                rows[turn.row as usize] = match passages {
                    [one] => *one,
                    several => several.iter().sum::<f32>() / several.len() as f32,
                };
            }
        });
        cosines
    }
}

impl<N: PassageNumbers> Chunk<N> {
    fn turn(&self, row: u32) -> Option<&CoveredTurn> {
        let place = match self.turns.get(row as usize) {
            // Where every turn has vectors.
            Some(turn) if turn.row == row => row as usize,
            _ => self.turns.binary_search_by_key(&row, |turn| turn.row).ok()?,
        };
        Some(&self.turns[place])
    }

    fn add(&mut self, row: usize, turn: &TurnPassages<'_, N::Passage>) {
        let covered = CoveredTurn {
            row: (row % CHUNK_ROWS) as u32,
            first: self.numbers.len() as u32,
            passages: turn.passages.len() as u32,
            first_passage: turn.first_passage,
        };
        self.scattered |= covered.passages != 1 || covered.row != covered.first;
        for passage in turn.passages {
            self.numbers.push(passage);
        }
        let place = self.turns.partition_point(|other| other.row < covered.row);
        self.turns.insert(place, covered);
    }
}

impl Snapshot<Matrix> {
    /// The cosine of one row to the query; none if it has no vector.
    pub(crate) fn cosine(&self, row: usize, query: &Embedding) -> Option<f32> {
        let chunk = self.chunks.get(row / CHUNK_ROWS)?;
        let turn = chunk.turn((row % CHUNK_ROWS) as u32)?;
        let first = turn.first as usize * DIMENSIONS;
        let numbers = &chunk.numbers.numbers[first..][..turn.passages as usize * DIMENSIONS];
        let cosines = numbers.chunks_exact(DIMENSIONS).map(|one| dot(one, query.as_slice()));
        Some(cosines.sum::<f32>() / turn.passages as f32)
    }
}

/// Whole vectors: `[passages, DIMENSIONS]`, row after row.
#[derive(Clone, Default)]
pub(crate) struct Matrix {
    numbers: Vec<f32>,
}

impl PassageNumbers for Matrix {
    type Passage = Embedding;
    type Query = Embedding;
    const BYTES: usize = DIMENSIONS * size_of::<f32>();

    fn push(&mut self, embedding: &Embedding) {
        self.numbers.extend_from_slice(embedding.as_slice());
    }

    fn len(&self) -> usize {
        self.numbers.len() / DIMENSIONS
    }

    fn cosines(&self, query: &Embedding, out: &mut [f32]) {
        let matrix = ArrayView2::from_shape((self.len(), DIMENSIONS), &self.numbers)
            .expect("len() is the number of whole vectors in numbers");
        dots(&matrix, query.as_slice(), out);
    }
}
