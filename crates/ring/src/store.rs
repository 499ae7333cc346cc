//! The store over all servers: finds the server of a user, and goes on when the user or the list changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use longmem_core::UserName;
use longmem_postgres::PostgresStore;
use longmem_store::{Result, StoreError};

use crate::locate::{Located, locate};
use crate::member::{Connect, Member};
use crate::opening;
use crate::ring::Ring;

/// How long a user is looked for who is nowhere for certain: as long as a server is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Users whose places are kept, at most; those who are where they belong need none.
const KEPT_PLACES: usize = 100_000;

/// A store on several PostgreSQL servers, each user wholly on one.
///
/// # Examples
/// ```no_run
/// use std::sync::Arc;
///
/// use longmem_postgres::PostgresOptions;
/// use longmem_ring::RingStore;
/// use longmem_store::Upkeep;
///
/// let password = std::fs::read_to_string("password")?;
/// let connect = move |_address: &str| {
///     let password = Some(password.trim().to_owned());
///     Ok(PostgresOptions { password, ..PostgresOptions::default() })
/// };
/// let store = RingStore::open("/etc/longmem/ring.toml", Arc::new(connect), true)?;
/// println!("{} users", store.users()?.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RingStore {
    file: PathBuf,
    connect: Connect,
    /// What the file said last; another value takes its place when it says something else.
    ring: RwLock<Arc<Ring>>,
    /// Held while the file is read anew, so that one thread does it.
    reading: Mutex<()>,
    /// The servers of users who are not where they belong, as they were found.
    places: Mutex<HashMap<UserName, String>>,
    is_new: bool,
}

impl RingStore {
    /// Opens the ring whose servers a file lists. `connect` says of each address what it is opened with
    /// beside it: the password, what holds where it says nothing, whether older tables may be changed; it
    /// is asked again when the file has changed. With `create`, tables are made where there are none.
    ///
    /// A list that is new to the servers, because it is the first one or its generation is greater, is told
    /// to all of them before anything else, and a server that comes gets what all share. A server that does
    /// not answer keeps a list that is known from nothing but its own users.
    ///
    /// # Errors
    /// [`StoreError::InvalidRing`] if the file is not as it should be, or contradicts what the servers
    /// know of the ring; [`StoreError::Unreachable`] if no server answers, or one that has to hear of a new
    /// list; those of opening a [`PostgresStore`].
    pub fn open(file: impl Into<PathBuf>, connect: Connect, create: bool) -> Result<Self> {
        let file = file.into();
        let opened = opening::open(&file, &connect, create, None)?;
        Ok(Self {
            file,
            connect,
            ring: RwLock::new(Arc::new(opened.ring)),
            reading: Mutex::default(),
            places: Mutex::default(),
            is_new: opened.is_new,
        })
    }

    /// Whether no server had tables, so that opening the store made them.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The file that lists the servers.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The list of servers as it is known now.
    pub(crate) fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does something for one user on the server that has the user, or on the user's home if none has.
    /// `work` is done again from its beginning on another server if the user is not, or no longer, on the
    /// first.
    pub(crate) fn of_user<T>(
        &self,
        user: &UserName,
        mut work: impl FnMut(&PostgresStore) -> Result<T>,
    ) -> Result<T> {
        let begun = Instant::now();
        let mut pause = Duration::ZERO;
        loop {
            let ring = self.ring();
            let error = match self.attempt(&ring, user, &mut work) {
                // A user who moved meanwhile is looked for again.
                Err(error @ StoreError::NotHere(_)) => error,
                Err(StoreError::RingChanged { stored, given, place }) => {
                    self.read_again(&ring, StoreError::RingChanged { stored, given, place })?;
                    continue;
                }
                Err(error @ StoreError::RingMismatch { .. }) => {
                    self.read_again(&ring, error)?;
                    continue;
                }
                done => return done,
            };
            if begun.elapsed() > PATIENCE {
                return Err(error);
            }
            sleep(pause);
            pause = (pause * 2).clamp(Duration::from_millis(5), Duration::from_millis(200));
        }
    }

    fn attempt<T>(
        &self,
        ring: &Ring,
        user: &UserName,
        work: &mut impl FnMut(&PostgresStore) -> Result<T>,
    ) -> Result<T> {
        let (likely, is_known) = self.likely(ring, user);
        // Who may be on another server need not wait until one answers that is gone.
        let may_be_elsewhere = !is_known && ring.members.len() > 1;
        if !(may_be_elsewhere && likely.is_silent()) {
            match likely.required(&mut *work) {
                Err(StoreError::NotHere(_)) => {}
                Err(StoreError::Unreachable { .. }) if may_be_elsewhere => {}
                done => return done,
            }
        }
        match locate(ring, user)? {
            Located::At(member) => {
                self.remember(ring, user, &member);
                member.required(work)
            }
            Located::Nowhere => {
                self.remember(ring, user, ring.home(user));
                ring.home(user).made(work)
            }
        }
    }

    /// The server on which a user was found last, or the user's home; whether it was found.
    fn likely<'a>(&self, ring: &'a Ring, user: &UserName) -> (&'a Arc<Member>, bool) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        match places.get(user).and_then(|name| ring.named(name)) {
            Some(member) => (member, true),
            None => (ring.home(user), false),
        }
    }

    /// The name of the server on which a user was found last, or of the user's home.
    pub(crate) fn likely_name(&self, ring: &Ring, user: &UserName) -> String {
        self.likely(ring, user).0.name.clone()
    }

    /// Remembers where a user is.
    pub(crate) fn remember(&self, ring: &Ring, user: &UserName, member: &Member) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.home(user).name == member.name {
            places.remove(user);
        } else {
            if places.len() >= KEPT_PLACES {
                places.clear();
            }
            places.insert(user.clone(), member.name.clone());
        }
    }

    /// Reads the file anew, unless another thread did so since `known` was read.
    ///
    /// # Errors
    /// The given one if the file says nothing new; those of opening.
    pub(crate) fn read_again(&self, known: &Arc<Ring>, error: StoreError) -> Result<()> {
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(known, &self.ring()) {
            return Ok(());
        }
        let list = crate::RingFile::read(&self.file)?;
        if list.generation <= known.generation {
            return Err(error);
        }
        let opened = opening::open(&self.file, &self.connect, true, Some(known))?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(opened.ring);
        Ok(())
    }
}
