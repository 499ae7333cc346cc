//! The synchronous engine, called from async code.

use std::num::NonZeroUsize;
use std::panic;
use std::sync::{Arc, Mutex, PoisonError};

use longmem_core::{Clock, Timestamp};
use longmem_memory::{Memory, MemoryError, Safeguards};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task;

/// Pieces of work that a conversation may do on its memory at once: while storing waits for a lock,
/// it still recalls.
const WORK_OF_A_CONVERSATION: NonZeroUsize = NonZeroUsize::new(4).expect("4 is not 0");

/// What is to be done with a memory: whoever opens it may make a missing store for the one and not for
/// the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing is stored.
    Read,
    /// Something may be stored.
    Write,
}

/// Opens a memory; it is called until it succeeds.
type Opener = dyn Fn(Access) -> Result<Memory, MemoryError> + Send + Sync;

/// A memory whose work runs on threads of its own, only so much of it at once: embedding and
/// scoring use every core already, and more at once would only wait for each other.
#[derive(Clone)]
pub struct AsyncMemory {
    source: Arc<Source>,
    permits: Arc<Semaphore>,
}

/// Where the memory comes from.
enum Source {
    /// It is open from the start.
    Open(Arc<Memory>),
    /// It is opened when it is needed, and opened again after its file was gone.
    Opening {
        open: Box<Opener>,
        opened: Mutex<Option<Arc<Memory>>>,
        clock: Arc<dyn Clock>,
        safeguards: Arc<Safeguards>,
    },
}

impl AsyncMemory {
    /// Wraps a memory that does at most so many pieces of work at once; clones share the bound.
    pub fn new(memory: Arc<Memory>, at_once: NonZeroUsize) -> Self {
        Self::of(Source::Open(memory), at_once)
    }

    /// Wraps a memory that does one piece of work after the other.
    pub fn one_at_a_time(memory: Arc<Memory>) -> Self {
        Self::new(memory, NonZeroUsize::MIN)
    }

    /// A memory for conversations, opened when it is first needed, and again after its file was
    /// gone: so a conversation can begin, and go on, while it cannot be opened. The safeguards should
    /// be those of the memory: what waits to be stored is kept under them too.
    pub fn opening(
        open: impl Fn(Access) -> Result<Memory, MemoryError> + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
        safeguards: Safeguards,
    ) -> Self {
        let (open, opened) = (Box::new(open), Mutex::new(None));
        let safeguards = Arc::new(safeguards);
        Self::of(Source::Opening { open, opened, clock, safeguards }, WORK_OF_A_CONVERSATION)
    }

    fn of(source: Source, at_once: NonZeroUsize) -> Self {
        let permits = Arc::new(Semaphore::new(at_once.get().min(Semaphore::MAX_PERMITS)));
        Self { source: Arc::new(source), permits }
    }

    /// The present moment, also while the memory cannot be opened.
    pub fn now(&self) -> Timestamp {
        match &*self.source {
            Source::Open(memory) => memory.now(),
            Source::Opening { clock, .. } => clock.now(),
        }
    }

    /// What happens to texts before they are stored, also while the memory cannot be opened.
    pub fn safeguards(&self) -> Arc<Safeguards> {
        match &*self.source {
            Source::Open(memory) => memory.safeguards(),
            Source::Opening { safeguards, .. } => Arc::clone(safeguards),
        }
    }

    /// Opens the memory now, as for writing, if it is not open yet.
    ///
    /// # Errors
    /// Why it cannot be opened. That is tried again when the memory is needed.
    pub fn open(&self) -> Result<(), MemoryError> {
        self.source.memory(Access::Write).map(drop)
    }

    /// Does a piece of work, which may store something, as soon as there is a free place for it. Once begun it is done to its
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
        self.run_for(Access::Write, work).await
    }

    /// Does a piece of work that stores nothing, as [`AsyncMemory::run`] does.
    ///
    /// # Errors
    /// Those of the work, and that of opening the memory.
    ///
    /// # Panics
    /// If the work does.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<MemoryError> + Send + 'static,
    {
        self.run_for(Access::Read, work).await
    }

    async fn run_for<T, E>(
        &self,
        access: Access,
        work: impl FnOnce(&Memory) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<MemoryError> + Send + 'static,
    {
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.expect("nothing closes this semaphore");
        self.run_with(Some(permit), access, work).await
    }

    /// Does a piece of work at once, beside those that wait for a free place: for short work that must not
    /// wait behind long work, for long work that must not keep others waiting, and for waiting itself, such
    /// as for the model. A store that is not there is not made for it.
    ///
    /// # Errors
    /// Those of [`AsyncMemory::run`].
    ///
    /// # Panics
    /// If the work does.
    pub async fn run_aside<T, E>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<MemoryError> + Send + 'static,
    {
        self.run_with(None, Access::Read, work).await
    }

    async fn run_with<T, E>(
        &self,
        permit: Option<OwnedSemaphorePermit>,
        access: Access,
        work: impl FnOnce(&Memory) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<MemoryError> + Send + 'static,
    {
        let source = Arc::clone(&self.source);
        let done = task::spawn_blocking(move || {
            let result = source.memory(access).map_err(E::from).and_then(|memory| {
                let result = work(&memory);
                source.close_if_gone(&memory);
                result
            });
            drop(permit);
            result
        });
        // The thread fails only by a panic: if the runtime ends, this future ends with it.
        done.await.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()))
    }
}

impl Source {
    /// The memory, opened now if it is not yet.
    fn memory(&self, access: Access) -> Result<Arc<Memory>, MemoryError> {
        match self {
            Self::Open(memory) => Ok(Arc::clone(memory)),
            Self::Opening { open, opened, .. } => {
                let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
                match &*opened {
                    Some(memory) => Ok(Arc::clone(memory)),
                    None => Ok(Arc::clone(opened.insert(Arc::new(open(access)?)))),
                }
            }
        }
    }

    /// Closes a memory whose file is gone, so that it is opened again when it is back.
    fn close_if_gone(&self, memory: &Memory) {
        if let Self::Opening { opened, .. } = self
            && !memory.is_there()
        {
            *opened.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}
