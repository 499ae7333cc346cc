//! Where chats are read from.

use std::io::{Read, Seek};
use std::path::Path;

use longmem_core::Timestamp;

/// Where chats are read from.
#[non_exhaustive]
pub enum Source<'a> {
    /// A file, a folder, a zip or a pipe.
    Path(&'a Path),
    /// Bytes that can be read once, such as standard input.
    Stream {
        /// What stands for a file's name: in the report, and in the name of a session that has no
        /// other.
        name: &'a str,
        /// The bytes.
        bytes: Box<dyn Read>,
        /// When they came: the time of a first turn that has none.
        arrived: Timestamp,
    },
    /// Bytes that can be read from any place on, such as those of an encrypted file. A zip of them is not
    /// copied; a database is, for SQLite, to a temporary file.
    Bytes {
        /// As of [`Source::Stream`].
        name: &'a str,
        /// The bytes.
        bytes: Box<dyn ReadSeek>,
        /// As of [`Source::Stream`].
        arrived: Timestamp,
    },
}

/// What can be read from any place on.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}
