//! How far the reading of a path has come.

/// How far the reading of a path has come, reported with every turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes read so far; for a zip, after unpacking.
    pub bytes_read: u64,
    /// Size in bytes of everything to be read; for a zip, after unpacking as the zip states it.
    /// `None` for a pipe.
    pub bytes_total: Option<u64>,
    /// Sessions that have a turn so far.
    pub sessions: u64,
    /// Turns so far, this one included.
    pub turns: u64,
}
