//! What every request of a server works with.

use longmem_chat::AsyncMemory;
use tokio_util::sync::CancellationToken;

use crate::ServerSettings;

/// What every request of a server works with; handlers get it as `State<Arc<Shared>>`.
pub(crate) struct Shared {
    /// The engine; at most as many pieces of work at once as there are cores.
    pub(crate) memory: AsyncMemory,
    /// What the server was told.
    pub(crate) settings: ServerSettings,
    /// Cancelled when the server begins to stop: what would go on for long ends then.
    pub(crate) stopping: CancellationToken,
}

impl Shared {
    /// A server's memory and settings; nothing is going on yet.
    pub(crate) fn new(memory: AsyncMemory, settings: ServerSettings) -> Self {
        Self { memory, settings, stopping: CancellationToken::new() }
    }
}
