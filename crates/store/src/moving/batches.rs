//! Gathers records into batches of bounded size.

use super::{RecordSink, UserRecords};
use crate::Result;

/// Records in a batch, at most.
const RECORDS: usize = 512;

/// Bytes in a batch after which it is handed on.
const BYTES: usize = 1 << 20;

/// Records of one kind on their way to a sink: full batches are handed on, the last by
/// [`finish`](Self::finish).
pub struct RecordBatches<'a, 'b, T> {
    records: Vec<T>,
    bytes: usize,
    batch: fn(Vec<T>) -> UserRecords,
    sink: &'a mut RecordSink<'b>,
}

impl<'a, 'b, T> RecordBatches<'a, 'b, T> {
    /// No records yet; `batch` makes a batch of some.
    pub fn new(batch: fn(Vec<T>) -> UserRecords, sink: &'a mut RecordSink<'b>) -> Self {
        Self { records: Vec::new(), bytes: 0, batch, sink }
    }

    /// Adds a record that holds so many bytes.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn push(&mut self, record: T, bytes: usize) -> Result<()> {
        self.records.push(record);
        self.bytes += bytes;
        if self.records.len() >= RECORDS || self.bytes >= BYTES { self.hand_on() } else { Ok(()) }
    }

    /// Hands on what is left.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(mut self) -> Result<()> {
        if self.records.is_empty() { Ok(()) } else { self.hand_on() }
    }

    fn hand_on(&mut self) -> Result<()> {
        self.bytes = 0;
        (self.sink)((self.batch)(std::mem::take(&mut self.records)))
    }
}
