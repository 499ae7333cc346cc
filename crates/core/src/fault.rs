//! Whose fault an error is, and what to do about it.

use std::error::Error;

use crate::{ErrorCode, Remedy};

/// Who can put an error right; the interfaces map it to exit codes and HTTP statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The caller asked for something that cannot be: a bad argument, a file of the wrong kind.
    Caller,
    /// The surroundings failed: no network, a full disk, a locked or damaged file.
    Environment,
    /// longmem itself is wrong.
    Bug,
}

/// An error that knows its kind, whose fault it is, and what would help.
pub trait Diagnose: Error + Send + Sync + 'static {
    /// Its kind, as a word for programs.
    fn code(&self) -> ErrorCode;

    /// Says who can put it right.
    fn fault(&self) -> Fault;

    /// What would help, best first; the message itself holds none of it.
    fn remedies(&self) -> Vec<Remedy> {
        Vec::new()
    }
}
