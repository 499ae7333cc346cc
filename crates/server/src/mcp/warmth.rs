//! Loads the embedding model when it is first searched for, and waits for that a little.
//!
//! Many of these servers stand idle beside their clients, so none loads the model before it is needed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use longmem_chat::AsyncMemory;
use longmem_core::Readiness;
use longmem_memory::{Memory, MemoryError};
use longmem_wire::full_message;
use tokio::sync::Mutex as AsyncMutex;

/// How long a search waits for the model: it is loaded from a disk in less, and fetched in more.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of the model's loading.
#[derive(Clone, Default)]
pub(super) struct Warmth {
    /// Held by who loads it.
    loading: Arc<AsyncMutex<()>>,
    /// Why it could not be loaded; none if it could, or was not tried.
    failure: Arc<Mutex<Option<String>>>,
}

impl Warmth {
    /// Waits for the model to be loaded, for as long as a search may wait. Loading goes on behind that. A
    /// model that could not be loaded is tried again, and not waited for again.
    pub(super) async fn wait_for_model(&self, memory: &AsyncMemory) {
        let ready = |memory: &Memory| Ok::<_, MemoryError>(memory.readiness() == Readiness::Ready);
        if !matches!(memory.run_aside(ready).await, Ok(false)) {
            return;
        }
        let loaded = async {
            let turn = Arc::clone(&self.loading).lock_owned().await;
            let (memory, failure) = (memory.clone(), Arc::clone(&self.failure));
            let load = tokio::spawn(async move {
                let loaded = memory.run_aside(Memory::warm_up).await;
                let why = loaded.err().map(|error| full_message(&error));
                *failure.lock().unwrap_or_else(PoisonError::into_inner) = why;
                drop(turn);
            });
            // A panic of the embedder is said by the search that needs it.
            let _ = load.await;
        };
        let patience = if self.failure().is_some() { Duration::ZERO } else { PATIENCE };
        let _ = tokio::time::timeout(patience, loaded).await;
    }

    /// Why the model could not be loaded when that was last tried.
    pub(super) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
