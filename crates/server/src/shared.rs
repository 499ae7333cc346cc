//! What every request of a server works with.

use longmem_chat::AsyncMemory;

use crate::ServerSettings;

/// What every request of a server works with; handlers get it as `State<Arc<Shared>>`.
pub(crate) struct Shared {
    /// The engine; at most as many pieces of work at once as there are cores.
    pub(crate) memory: AsyncMemory,
    /// What the server was told.
    pub(crate) settings: ServerSettings,
}
