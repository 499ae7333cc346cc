//! What every request of a server works with.

use std::sync::Arc;

use longmem_chat::AsyncMemory;
use tokio_util::sync::CancellationToken;

use crate::ServerSettings;
use crate::access::Access;
use crate::activity::Activity;
use crate::api::Ongoing;
use crate::background::Background;
use crate::limits::Queue;
use crate::metrics::Metrics;
use crate::page::Page;
use crate::proxy::Proxies;

/// What every request of a server works with; handlers get it as `State<Arc<Shared>>`.
pub(crate) struct Shared {
    /// The engine; at most as many pieces of work at once as there are cores.
    pub(crate) memory: AsyncMemory,
    /// What the server was told.
    pub(crate) settings: ServerSettings,
    /// Cancelled when the server is asked to stop: streams end then.
    pub(crate) stopping: CancellationToken,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// Requests that work on the memory, and those that wait for that. A request has its place before
    /// its handler is called.
    pub(crate) queue: Arc<Queue>,
    /// Work that gives way to requests.
    pub(crate) background: Background,
    /// What the proxies work with.
    pub(crate) proxies: Proxies,
    /// What goes on longer than a request.
    pub(crate) ongoing: Ongoing,
    /// Requests and wrong keys of each who asks.
    pub(crate) access: Access,
    /// Who is logged in at the page, and what is about to be deleted there.
    pub(crate) page: Page,
    /// What was recalled, put into prompts and captured lately.
    pub(crate) activity: Activity,
}

impl Shared {
    /// Joins a memory with what the server was told.
    pub(crate) fn new(memory: AsyncMemory, settings: ServerSettings) -> Self {
        let queue = Queue::new(settings.limits.at_once.get(), settings.limits.queue);
        Self {
            memory,
            settings,
            stopping: CancellationToken::new(),
            metrics: Metrics::default(),
            background: Background::new(Arc::clone(&queue)),
            queue,
            proxies: Proxies::default(),
            ongoing: Ongoing::default(),
            access: Access::default(),
            page: Page::default(),
            activity: Activity::default(),
        }
    }
}
