//! What goes on longer than most requests, and how much of it at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::jobs::Jobs;
use crate::problem::Problem;

/// Streams of changes at once.
const STREAMS: usize = 64;

/// What goes on longer than most requests.
pub(crate) struct Ongoing {
    /// Work that is asked after.
    pub(super) jobs: Jobs,
    /// Imports are done one after the other.
    imports: Semaphore,
    /// An export keeps a thread while its client reads, so there is one at a time.
    exports: Arc<Semaphore>,
    /// Each stream of changes looks at the store every second.
    streams: Arc<Semaphore>,
}

impl Default for Ongoing {
    fn default() -> Self {
        Self {
            jobs: Jobs::default(),
            imports: Semaphore::new(1),
            exports: Arc::new(Semaphore::new(1)),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }
    }
}

impl Ongoing {
    /// Waits until no other import is done; it is free again when it is dropped.
    pub(super) async fn import(&self) -> SemaphorePermit<'_> {
        self.imports.acquire().await.expect("nothing closes this semaphore")
    }

    /// A place for an export; it is free again when it is dropped.
    ///
    /// # Errors
    /// 503 while another one runs.
    pub(super) fn export(&self) -> Result<OwnedSemaphorePermit, Problem> {
        place(&self.exports, "another export is running")
    }

    /// A place for a stream of changes; it is free again when it is dropped.
    ///
    /// # Errors
    /// 503 while there are too many.
    pub(super) fn stream(&self) -> Result<OwnedSemaphorePermit, Problem> {
        place(&self.streams, "as many clients as can be served wait for changes")
    }
}

fn place(places: &Arc<Semaphore>, why_not: &str) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(places).try_acquire_owned().map_err(|_| Problem::busy(why_not))
}
