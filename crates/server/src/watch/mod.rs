//! Captures what is said with coding agents from the transcripts that they write themselves.
//!
//! Nothing is watched that was not named. The system's notices of changes are hints only: all folders are
//! looked through every minute as well, since notices get lost, and some file systems give none. A file
//! is read when it has been quiet for half a second, from where it was read to before, and what was read
//! is stored together with how far that is. One process watches for a user at a time.
//!
//! ```text
//!  notices of the system ─┐
//!                         ├─► files that changed ─(quiet)─► import, one at a time ─► vectors, when
//!  a look every minute ───┘                                                          all is quiet
//! ```

mod captures;
mod changed;
mod exclusion;
mod folders;
mod indexing;
mod notices;
mod run;
mod scan;
#[cfg(test)]
mod tests;

use std::time::Duration;

use longmem_core::UserName;

pub use captures::capture_once;
pub use folders::{WatchSource, WatchedFolder};
pub use run::watch;

/// What is watched, for whom, and how fast.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WatchSettings {
    /// Whose memory the turns go to.
    pub user: UserName,
    /// The folders and files.
    pub folders: Vec<WatchedFolder>,
    /// Files that are left out: patterns with `*` for any characters and `?` for one. A pattern with a
    /// slash is compared with the whole path, another one with each name in it.
    pub exclude: Vec<String>,
    /// Whether what was captured gets its vectors when all is quiet.
    pub index: bool,
    /// How long things take.
    pub pace: WatchPace,
}

impl WatchSettings {
    /// Watches these folders for a user, and makes vectors.
    pub fn new(user: UserName, folders: Vec<WatchedFolder>) -> Self {
        Self { user, folders, exclude: Vec::new(), index: true, pace: WatchPace::default() }
    }
}

/// How long things take while files are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchPace {
    /// How long a file must not have changed before it is read. One that changes all the time is read
    /// after ten times that.
    pub quiet: Duration,
    /// How long it takes until all folders are looked through again.
    pub rescan: Duration,
    /// How long nothing must have been captured before vectors are made.
    pub index_after: Duration,
    /// How long it takes until something that failed for want of the store, or of the right to watch, is
    /// tried again.
    pub retry: Duration,
}

impl Default for WatchPace {
    fn default() -> Self {
        Self {
            quiet: Duration::from_millis(500),
            rescan: Duration::from_mins(1),
            index_after: Duration::from_secs(2),
            retry: Duration::from_secs(10),
        }
    }
}
