//! One user's vectors in memory, never changed, and scored in parallel.

use std::ops::Range;
use std::sync::Arc;

use longmem_core::Embedding;
use ndarray::ArrayView2;

use super::dot::DotQuery;
use crate::buffers::Buffer;
use crate::parallel;
use crate::source::PassageId;
use crate::turn_table::{CHUNK_ROWS, TurnTable};
use crate::vectorized::fetch_ahead;

/// How the vectors of a chunk are kept: whole, or as codes.
pub(crate) trait VectorLayout: Clone + Send + Sync {
    /// What is added for one passage.
    type Passage<'a>: Copy;
    /// What they are compared with.
    type Query: Sync;
    /// No vectors yet, each of this width.
    fn new(width: usize) -> Self;
    /// Bytes in memory of one passage.
    fn passage_bytes(width: usize) -> usize;
    /// Adds a passage.
    fn push(&mut self, passage: Self::Passage<'_>);
    /// Number of passages.
    fn len(&self) -> usize;
    /// Writes the cosine of each passage to the query, or an estimate of it.
    fn cosines(&self, query: &Self::Query, out: &mut [f32]);
}

/// One user's vectors under one model, as they were at one moment. The vectors of turns whose rows
/// share a chunk of the turn table stand in one chunk here.
#[derive(Clone)]
pub(crate) struct Snapshot<L> {
    chunks: Vec<Arc<Chunk<L>>>,
    width: usize,
    passages: usize,
}

#[derive(Clone)]
struct Chunk<L> {
    /// In the order of rows.
    turns: Vec<CoveredTurn>,
    vectors: L,
    /// Whether some turn's row is not the place of its only passage among the vectors.
    scattered: bool,
}

/// A turn that has vectors.
#[derive(Clone, Copy)]
struct CoveredTurn {
    /// Its row in the chunk.
    row: u32,
    /// Where its passages stand among the vectors of the chunk.
    first: u32,
    passages: u32,
    first_passage: PassageId,
}

impl<L: VectorLayout> Snapshot<L> {
    /// No vectors yet, each of this width.
    pub(crate) fn new(width: usize) -> Self {
        Self { chunks: Vec::new(), width, passages: 0 }
    }

    /// Adds the passages of a row, numbered from `first_passage` on; at least one. A chunk that
    /// others hold too is copied.
    pub(crate) fn add<'a>(
        &mut self,
        row: usize,
        first_passage: PassageId,
        passages: impl ExactSizeIterator<Item = L::Passage<'a>>,
    ) {
        let place = row / CHUNK_ROWS;
        let empty = || {
            let vectors = L::new(self.width);
            Arc::new(Chunk { turns: Vec::new(), vectors, scattered: false })
        };
        if self.chunks.len() <= place {
            self.chunks.resize_with(place + 1, empty);
        }
        self.passages += passages.len();
        Arc::make_mut(&mut self.chunks[place]).add(row, first_passage, passages);
    }

    /// Number of passages.
    pub(crate) fn passages(&self) -> usize {
        self.passages
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.passages * (L::passage_bytes(self.width) + size_of::<CoveredTurn>())
    }

    /// The numbers of the passages of a row; none if it has none.
    pub(crate) fn passages_of(&self, row: usize) -> Option<Range<i64>> {
        let turn = self.chunks.get(row / CHUNK_ROWS)?.turn((row % CHUNK_ROWS) as u32)?;
        Some(turn.first_passage.0..turn.first_passage.0 + i64::from(turn.passages))
    }

    /// Writes the cosine of each row of the table to the query, for a turn of several passages the mean
    /// of theirs; not a number where a turn has no vector.
    ///
    /// # Panics
    /// For another table than the one that gave the rows, or one grown from it.
    pub(crate) fn cosines<'a>(
        &self,
        table: &TurnTable,
        query: &L::Query,
        buffer: &'a mut Buffer<'_>,
    ) -> &'a mut [f32] {
        let cosines = buffer.of_rows(table.len());
        parallel::for_each_chunk(cosines, CHUNK_ROWS, |place, rows| {
            let Some(chunk) = self.chunks.get(place) else { return rows.fill(f32::NAN) };
            // Most turns have one passage, whose place is the row: nothing has to be moved.
            if !chunk.scattered {
                let (covered, others) = rows.split_at_mut(chunk.vectors.len());
                others.fill(f32::NAN);
                return chunk.vectors.cosines(query, covered);
            }
            rows.fill(f32::NAN);
            let mut cosines = vec![0.0; chunk.vectors.len()];
            chunk.vectors.cosines(query, &mut cosines);
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

impl<L: VectorLayout> Chunk<L> {
    fn turn(&self, row: u32) -> Option<&CoveredTurn> {
        let place = match self.turns.get(row as usize) {
            // Where every turn has vectors.
            Some(turn) if turn.row == row => row as usize,
            _ => self.turns.binary_search_by_key(&row, |turn| turn.row).ok()?,
        };
        Some(&self.turns[place])
    }

    fn add<'a>(
        &mut self,
        row: usize,
        first_passage: PassageId,
        passages: impl ExactSizeIterator<Item = L::Passage<'a>>,
    ) {
        let covered = CoveredTurn {
            row: (row % CHUNK_ROWS) as u32,
            first: self.vectors.len() as u32,
            passages: passages.len() as u32,
            first_passage,
        };
        self.scattered |= covered.passages != 1 || covered.row != covered.first;
        for passage in passages {
            self.vectors.push(passage);
        }
        let place = self.turns.partition_point(|other| other.row < covered.row);
        self.turns.insert(place, covered);
    }
}

/// Number of rows between the one that is compared and the one that is fetched ahead. A processor
/// fetches by itself only what follows in memory.
const AHEAD: usize = 4;

impl Snapshot<Matrix> {
    /// The cosine of each of these rows to the query; not a number for one that has no vector.
    pub(crate) fn cosines_of(&self, rows: &[usize], query: &DotQuery) -> Vec<f32> {
        let numbers: Vec<&[f32]> = rows.iter().map(|row| self.numbers_of(*row)).collect();
        let cosine = |place: usize| {
            numbers.get(place + AHEAD).copied().map(fetch_ahead);
            let passages = numbers[place].chunks_exact(self.width);
            let count = passages.len() as f32;
            passages.map(|one| query.dot(one)).sum::<f32>() / count
        };
        (0..rows.len()).map(cosine).collect()
    }

    /// The vectors of a row, one after another; empty if it has none.
    fn numbers_of(&self, row: usize) -> &[f32] {
        let Some(chunk) = self.chunks.get(row / CHUNK_ROWS) else { return &[] };
        let place = row % CHUNK_ROWS;
        let (first, passages) = if chunk.scattered {
            let Some(turn) = chunk.turn(place as u32) else { return &[] };
            (turn.first as usize, turn.passages as usize)
        } else {
            (place, 1)
        };
        let numbers = &chunk.vectors.numbers;
        numbers.get(first * self.width..(first + passages) * self.width).unwrap_or_default()
    }
}

/// Whole vectors: `[passages, width]`, row after row.
#[derive(Clone)]
pub(crate) struct Matrix {
    width: usize,
    numbers: Vec<f32>,
}

impl VectorLayout for Matrix {
    type Passage<'a> = &'a Embedding;
    type Query = DotQuery;

    fn new(width: usize) -> Self {
        Self { width, numbers: Vec::new() }
    }

    fn passage_bytes(width: usize) -> usize {
        width * size_of::<f32>()
    }

    fn push(&mut self, embedding: &Embedding) {
        self.numbers.extend_from_slice(embedding.as_slice());
    }

    fn len(&self) -> usize {
        self.numbers.len() / self.width
    }

    fn cosines(&self, query: &DotQuery, out: &mut [f32]) {
        let matrix = ArrayView2::from_shape((self.len(), self.width), &self.numbers)
            .expect("len() is the number of whole vectors in numbers");
        query.dots(&matrix, out);
    }
}
