//! The synchronous engine, called from async code.

use std::num::NonZeroUsize;
use std::panic;
use std::sync::Arc;

use longmem_memory::Memory;
use tokio::sync::Semaphore;
use tokio::task;

/// A memory whose work runs on threads of its own, only so much of it at once: embedding and
/// scoring use every core already, and more at once would only wait for each other.
#[derive(Clone)]
pub struct AsyncMemory {
    memory: Arc<Memory>,
    permits: Arc<Semaphore>,
}

impl AsyncMemory {
    /// Wraps a memory; clones share the bound.
    pub fn new(memory: Arc<Memory>, at_once: NonZeroUsize) -> Self {
        let permits = at_once.get().min(Semaphore::MAX_PERMITS);
        Self { memory, permits: Arc::new(Semaphore::new(permits)) }
    }

    /// Does a piece of work as soon as there is a free place for it. Once begun it is done to its
    /// end, and keeps its place, even if the future is dropped.
    ///
    /// # Panics
    /// If the work does.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory) -> T + Send + 'static,
    ) -> T {
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.expect("nothing closes this semaphore");
        let memory = Arc::clone(&self.memory);
        let done = task::spawn_blocking(move || {
            let result = work(&memory);
            drop(permit);
            result
        });
        // It ends otherwise only if the runtime goes down, and this future with it.
        done.await.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()))
    }
}
