//! Room for a number a row, kept from search to search.

use std::sync::{Mutex, PoisonError};

/// Number of buffers that are kept while no search needs them: two for each of two searches.
const KEPT: usize = 4;

/// Buffers that searches share. The system clears every page of new memory, which takes longer than
/// scoring the rows whose numbers stand there.
#[derive(Default)]
pub(crate) struct Buffers(Mutex<Vec<Vec<f32>>>);

/// Room for a number for each row, which one search has at a time.
pub(crate) struct Buffer<'a> {
    numbers: Vec<f32>,
    all: &'a Buffers,
}

impl Buffers {
    /// A buffer that no other search has.
    pub(crate) fn take(&self) -> Buffer<'_> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer { numbers: kept.unwrap_or_default(), all: self }
    }
}

impl Buffer<'_> {
    /// Room for so many rows. What stands in it may be left from another search.
    pub(crate) fn of_rows(&mut self, rows: usize) -> &mut [f32] {
        self.numbers.resize(rows, f32::NAN);
        &mut self.numbers
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        let mut kept = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT && self.numbers.capacity() > 0 {
            kept.push(std::mem::take(&mut self.numbers));
        }
    }
}
