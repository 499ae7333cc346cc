//! The synchronous engine, called from async code.

use std::num::NonZeroUsize;
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longmem_core::{Clock, Timestamp};
use longmem_memory::{Memory, MemoryError};
use tokio::sync::Semaphore;
use tokio::task;

/// Opens a memory, again and again until it can be opened.
type Opener = dyn Fn() -> Result<Memory, MemoryError> + Send + Sync;

/// Why what is not opened by an opener is there.
const OPEN: &str = "a memory without an opener is open from the start";

/// A memory whose work runs on threads of its own, only so much of it at once: embedding and
/// scoring use every core already, and more at once would only wait for each other.
#[derive(Clone)]
pub struct AsyncMemory {
    opened: Arc<Mutex<Option<Arc<Memory>>>>,
    opener: Option<(Arc<Opener>, Arc<dyn Clock>)>,
    permits: Arc<Semaphore>,
}

impl AsyncMemory {
    /// Wraps a memory; clones share the bound.
    pub fn new(memory: Arc<Memory>, at_once: NonZeroUsize) -> Self {
        Self::with(Some(memory), None, at_once)
    }

    /// A memory that is opened when it is first needed, and again after its file was gone: so a
    /// talk can begin, and go on, while it cannot be opened.
    pub fn opening(
        open: impl Fn() -> Result<Memory, MemoryError> + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
        at_once: NonZeroUsize,
    ) -> Self {
        Self::with(None, Some((Arc::new(open), clock)), at_once)
    }

    fn with(
        memory: Option<Arc<Memory>>,
        opener: Option<(Arc<Opener>, Arc<dyn Clock>)>,
        at_once: NonZeroUsize,
    ) -> Self {
        let permits = at_once.get().min(Semaphore::MAX_PERMITS);
        Self {
            opened: Arc::new(Mutex::new(memory)),
            opener,
            permits: Arc::new(Semaphore::new(permits)),
        }
    }

    /// Does a piece of work as soon as there is a free place for it. Once begun it is done to its
    /// end, and keeps its place, even if the future is dropped.
    ///
    /// # Errors
    /// Those of the work, and that of opening the memory.
    ///
    /// # Panics
    /// If the work does.
    pub async fn run<T, E>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<MemoryError> + Send + 'static,
    {
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.expect("nothing closes this semaphore");
        let this = self.clone();
        let done = task::spawn_blocking(move || {
            let result = this.memory().map_err(E::from).and_then(|memory| {
                let result = work(&memory);
                this.let_go_if_gone(&memory);
                result
            });
            drop(permit);
            result
        });
        // It ends otherwise only if the runtime goes down, and this future with it.
        done.await.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()))
    }

    /// The present moment, also while the memory cannot be opened.
    pub fn now(&self) -> Timestamp {
        match &self.opener {
            Some((_, clock)) => clock.now(),
            None => self.opened().as_ref().expect(OPEN).now(),
        }
    }

    /// Opens the memory now if it is not open yet.
    ///
    /// # Errors
    /// Why it cannot be opened; it is tried again when it is needed.
    pub fn open(&self) -> Result<(), MemoryError> {
        self.memory().map(drop)
    }

    fn memory(&self) -> Result<Arc<Memory>, MemoryError> {
        let mut opened = self.opened();
        if let Some(memory) = &*opened {
            return Ok(Arc::clone(memory));
        }
        let (open, _) = self.opener.as_ref().expect(OPEN);
        Ok(Arc::clone(opened.insert(Arc::new(open()?))))
    }

    fn opened(&self) -> MutexGuard<'_, Option<Arc<Memory>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes a memory whose file is gone, so that the file is opened anew when it is back.
    fn let_go_if_gone(&self, memory: &Memory) {
        if self.opener.is_some() && !memory.store().path().exists() {
            *self.opened() = None;
        }
    }
}
