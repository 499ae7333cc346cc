//! What goes on longer than most requests, and how much of it at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use longmem_core::UserName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::jobs::Jobs;
use crate::problem::Problem;

/// Streams of changes at once.
const STREAMS: usize = 64;

/// Streams of changes of one user at once.
const STREAMS_OF_ONE: usize = 8;

/// Files that arrive at once: each has a connection and a part of the disk.
const UPLOADS: usize = 8;

/// Files of one user that arrive at once.
const UPLOADS_OF_ONE: usize = 2;

/// What goes on longer than most requests.
pub(crate) struct Ongoing {
    /// Work that is asked after.
    pub(super) jobs: Jobs,
    /// Imports are done one after the other.
    imports: Semaphore,
    /// An export keeps a thread while its client reads, so there is one at a time.
    exports: Arc<Semaphore>,
    /// Each stream of changes looks at the store every second.
    streams: Arc<Shares>,
    /// Files that arrive for an import.
    uploads: Arc<Shares>,
}

impl Default for Ongoing {
    fn default() -> Self {
        Self {
            jobs: Jobs::default(),
            imports: Semaphore::new(1),
            exports: Arc::new(Semaphore::new(1)),
            streams: Arc::new(Shares::new(STREAMS, STREAMS_OF_ONE)),
            uploads: Arc::new(Shares::new(UPLOADS, UPLOADS_OF_ONE)),
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

    /// A user's place for a stream of changes; it is free again when it is dropped.
    ///
    /// # Errors
    /// 429 while the user has too many, 503 while all users have.
    pub(crate) fn stream(&self, user: &UserName) -> Result<Share, Problem> {
        Shares::take(&self.streams, user, "clients wait for changes")
    }

    /// A user's place for a file that arrives; it is free again when it is dropped.
    ///
    /// # Errors
    /// 429 while the user has too many, 503 while all users have.
    pub(super) fn upload(&self, user: &UserName) -> Result<Share, Problem> {
        Shares::take(&self.uploads, user, "files arrive")
    }
}

/// Places of which one user can have a few only.
struct Shares {
    all: usize,
    of_one: usize,
    taken: Mutex<HashMap<UserName, usize>>,
}

/// A place; it is free again when it is dropped.
pub(crate) struct Share {
    shares: Arc<Shares>,
    user: UserName,
}

impl Shares {
    fn new(all: usize, of_one: usize) -> Self {
        Self { all, of_one, taken: Mutex::default() }
    }

    fn take(shares: &Arc<Self>, user: &UserName, what: &str) -> Result<Share, Problem> {
        let mut taken = shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(user).copied().unwrap_or_default();
        if own >= shares.of_one {
            return Err(Problem::too_many(format!("{own} {what} of this user already")));
        }
        if taken.values().sum::<usize>() >= shares.all {
            return Err(Problem::busy(format!("as many {what} as can be served")));
        }
        taken.insert(user.clone(), own + 1);
        Ok(Share { shares: Arc::clone(shares), user: user.clone() })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

fn place(places: &Arc<Semaphore>, why_not: &str) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(places).try_acquire_owned().map_err(|_| Problem::busy(why_not))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_few_places_and_all_together_have_an_end() {
        let shares = Arc::new(Shares::new(3, 2));
        let [ana, bo] = ["ana", "bo"].map(|name| UserName::new(name).unwrap());
        let first = Shares::take(&shares, &ana, "files arrive").ok().unwrap();
        let _second = Shares::take(&shares, &ana, "files arrive").ok().unwrap();
        assert_eq!(Shares::take(&shares, &ana, "files arrive").err().unwrap().status, 429);
        let _third = Shares::take(&shares, &bo, "files arrive").ok().unwrap();
        assert_eq!(Shares::take(&shares, &bo, "files arrive").err().unwrap().status, 503);
        drop(first);
        assert!(Shares::take(&shares, &ana, "files arrive").is_ok());
    }
}
