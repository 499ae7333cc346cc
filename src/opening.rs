//! Opens the store and joins it with the model: the one place that knows which store is the default.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use longmem_chat::{Access, AsyncMemory};
use longmem_memory::{Memory, MemoryError};
use longmem_postgres::{PostgresOptions, PostgresStore};
use longmem_sqlite::{IfMissing, OpeningNotice, SqliteStore, StoreOptions};
use longmem_store::{Store, Upkeep};

use crate::{Error, Options, StorePlace};

/// Opens the engine alone, for a program that spells out every request: see
/// [`Longmem`](crate::Longmem) for the usual verbs. The embedding model loads when it is first needed.
///
/// # Errors
/// [`MemoryError::Store`] if the store cannot be opened, or if a key is given for one on a server.
pub fn open_memory(options: Options) -> Result<Memory, MemoryError> {
    options.apply_threads();
    let store = store(&options, options.if_missing)?;
    let memory = Memory::new(store, options.embedder(), options.clock);
    Ok(memory.with_safeguards(options.safeguards))
}

/// Opens a memory for conversations that go on while the store cannot be opened or is gone: it is
/// opened again whenever it is needed. Its file is made at most once: later, a missing file means that
/// its disk is gone, or that it was moved.
///
/// # Errors
/// [`Error::Memory`] for what waiting does not change: a file that is something else than a store, or
/// that a newer version wrote.
///
/// # Examples
/// ```
/// use longmem::{Options, open_patiently};
/// # let folder = tempfile::tempdir()?;
///
/// let options = Options::new(folder.path());
/// let talk = options.talk_settings();
/// let conversation = talk.conversation(open_patiently(options)?, "ana".parse()?, None)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_patiently(options: Options) -> Result<AsyncMemory, Error> {
    let if_missing = options.if_missing;
    let memory = opening(options, move |_| if_missing);
    match memory.open() {
        Err(error) if !error.is_unavailable() => Err(error.into()),
        _ => Ok(memory),
    }
}

/// Prepares a memory that is opened when it is first needed, for a program that has to answer at once.
/// What is wrong with the store is said by whatever needs it, each time, until it is right. A missing
/// store is made by the first work that may store something, and not by one that
/// [only reads](AsyncMemory::read); it is made at most once.
///
/// # Examples
/// ```
/// use longmem::{Options, open_later};
/// # let folder = tempfile::tempdir()?;
///
/// let options = Options::new(folder.path());
/// let file = folder.path().join("memory.db");
/// let memory = open_later(options);
/// assert!(!file.exists());
/// memory.open()?;
/// assert!(file.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_later(options: Options) -> AsyncMemory {
    let if_missing = options.if_missing;
    opening(options, move |access| match access {
        Access::Read => IfMissing::Fail,
        Access::Write => if_missing,
    })
}

/// A memory that is opened when it is needed; `if_missing` says what becomes of a missing file, as long
/// as there has been none.
fn opening(
    options: Options,
    if_missing: impl Fn(Access) -> IfMissing + Send + Sync + 'static,
) -> AsyncMemory {
    options.apply_threads();
    // One embedder for all openings: it may have loaded the model.
    let options = Options { embedder: Some(options.embedder()), ..options };
    let (clock, safeguards) = (Arc::clone(&options.clock), options.safeguards.clone());
    let has_file = AtomicBool::new(false);
    let open = move |access| {
        let if_missing =
            if has_file.load(Ordering::Relaxed) { IfMissing::Fail } else { if_missing(access) };
        let store = store(&options, if_missing)?;
        has_file.store(true, Ordering::Relaxed);
        let memory = Memory::new(store, options.embedder(), Arc::clone(&options.clock));
        Ok(memory.with_safeguards(options.safeguards.clone()))
    };
    AsyncMemory::opening(open, clock, safeguards)
}

fn store(options: &Options, if_missing: IfMissing) -> Result<Arc<dyn Store>, MemoryError> {
    match &options.store {
        Some(store) => Ok(Arc::clone(store)),
        None => match &options.place {
            StorePlace::File(file) => {
                let opened = StoreOptions::new(if_missing).with_key(options.key.clone());
                let store = SqliteStore::open_with(file, opened)?;
                store.notices().iter().for_each(|notice| (options.on_open)(notice));
                Ok(Arc::new(store))
            }
            StorePlace::Server(server) => {
                if options.key.is_some() {
                    options.place.only_file(BE_ENCRYPTED, ENCRYPTED_BY_SERVER)?;
                }
                let create = if_missing == IfMissing::Create;
                let opened = PostgresOptions { create, ..server.options() };
                let store = PostgresStore::open(server.address(), &opened)?;
                if store.is_new() {
                    (options.on_open)(&OpeningNotice::Made { path: server.place().into() });
                }
                Ok(Arc::new(store))
            }
            StorePlace::Ring(ring) => {
                if options.key.is_some() {
                    options.place.only_file(BE_ENCRYPTED, ENCRYPTED_BY_SERVER)?;
                }
                let store = ring.open(if_missing == IfMissing::Create)?;
                if store.is_new() {
                    (options.on_open)(&OpeningNotice::Made { path: store.place().into() });
                }
                Ok(Arc::new(store))
            }
        },
    }
}

/// What a key asks for.
pub(crate) const BE_ENCRYPTED: &str = "be encrypted with a key";

/// What encrypts a memory on a server.
pub(crate) const ENCRYPTED_BY_SERVER: &str =
    "Leave the key out; what is encrypted on the disks of a server is the server's business.";
