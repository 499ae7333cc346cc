//! The server as a whole.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use longmem_chat::AsyncMemory;
use longmem_wire::WatchEvent;

use crate::activity::{Door, Event, Note};
use crate::connections;
use crate::front::Front;
use crate::guard::Names;
use crate::health;
use crate::hooks::{self, Vectors, catch_up_at_start};
use crate::keys::{self, KeysError};
use crate::listen::{Listeners, ServeError};
use crate::proxy;
use crate::shared::Shared;
use crate::watch::watch;
use crate::{Auth, ServerSettings, api, background, mcp, page};

/// A memory that is served over HTTP.
///
/// # Examples
/// ```no_run
/// use longmem_server::{Server, ServerSettings};
/// # async fn example(memory: longmem_chat::AsyncMemory) -> Result<(), Box<dyn std::error::Error>> {
///
/// let server = Server::new(memory, ServerSettings::new("ana".parse()?))?;
/// let listeners = server.listen(&["127.0.0.1:7717".parse()?], None).await?;
/// let stop = std::future::pending();
/// server.serve(listeners, stop).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    front: Arc<Front>,
}

impl Server {
    /// Serves a memory; nothing is listened at yet.
    ///
    /// # Errors
    /// [`ServeError::InvalidName`] for a name in the settings that is no name of a host.
    pub fn new(memory: AsyncMemory, settings: ServerSettings) -> Result<Self, ServeError> {
        let names = Names::new(&settings.names).map_err(ServeError::InvalidName)?;
        let shared = Arc::new(Shared::new(memory, settings));
        let front = Arc::new(Front::new(Arc::clone(&shared), names, routes(&shared)));
        Ok(Self { front })
    }

    /// A server with a front of its own.
    #[cfg(test)]
    pub(crate) fn over(front: Arc<Front>) -> Self {
        Self { front }
    }

    /// Everything that is served, for requests that come by no socket, as those of tests. Whoever hands it
    /// a request without a key is taken for the person who runs the server.
    pub fn router(&self) -> Router {
        let front = Arc::clone(&self.front);
        Router::new().fallback(async move |request: Request| front.answer(request).await)
    }

    /// Takes TCP addresses, and a unix socket if one is named, so that clients can connect; they are
    /// answered once [`Server::serve`] is called.
    ///
    /// # Errors
    /// [`ServeError`] if an address is in use or cannot be taken; if it can be reached from other machines,
    /// and not everybody needs a key or there is none that is valid.
    pub async fn listen(
        &self,
        addresses: &[SocketAddr],
        unix: Option<&Path>,
    ) -> Result<Listeners, ServeError> {
        let reachable = addresses.iter().find(|address| !address.ip().to_canonical().is_loopback());
        if let Some(address) = reachable
            && !self.is_protected().await?
        {
            return Err(ServeError::Unprotected(*address));
        }
        Listeners::bind(addresses, unix).await
    }

    /// Whether everybody needs a key, and somebody can have one.
    async fn is_protected(&self) -> Result<bool, KeysError> {
        let shared = &self.front.shared;
        Ok(shared.settings.auth == Auth::Required
            && shared.memory.run_aside(keys::has_valid).await?)
    }

    /// The path of a link that opens the page once, within a minute, as the person who runs the server; it
    /// follows an address that is listened at. None if the page is not served, or the system gives no random
    /// bytes.
    pub fn login_path(&self) -> Option<String> {
        let shared = &self.front.shared;
        shared.settings.page.then(|| page::login_path(shared).ok()).flatten()
    }

    /// Answers requests until `shutdown` comes: then nobody else is let in, streams are ended, and
    /// requests that are under way have as long as the settings say. New turns get their vectors meanwhile.
    pub async fn serve(self, listeners: Listeners, shutdown: impl Future<Output = ()>) {
        let shared = &self.front.shared;
        let indexing = tokio::spawn(background::keep_indexed(Arc::clone(shared)));
        let loading = tokio::spawn(health::load_model(Arc::clone(shared)));
        let importing = tokio::spawn(api::take_up_imports(Arc::clone(shared)));
        let watching = tokio::spawn(capture(Arc::clone(shared)));
        let catching_up = tokio::spawn(catch_up_at_start(Arc::clone(shared), Vectors::Now));
        connections::serve(listeners, &self.front, shutdown).await;
        let patience = shared.settings.limits.shutdown_timeout;
        // What is deleted on the page is gone before the server is.
        let _ = tokio::time::timeout(patience, shared.page.finish_deletions()).await;
        shared.proxies.captures.finish().await;
        indexing.abort();
        loading.abort();
        importing.abort();
        watching.abort();
        catching_up.abort();
    }
}

/// Captures the transcripts that the settings name until the server stops. Their vectors are made with those of
/// everything else.
async fn capture(shared: Arc<Shared>) {
    let Some(mut settings) = shared.settings.watch.clone() else { return };
    settings.index = false;
    let user = settings.user.clone();
    let (stop, heard) = (shared.stopping.clone(), Arc::clone(&shared));
    let watched = watch(shared.memory.clone(), settings, stop, move |event| {
        heard.metrics.watch(&event);
        heard.page.note_capture(&event);
        let happened = match &event {
            WatchEvent::Captured { new, .. } => {
                heard.background.something_is_new();
                (*new > 0).then_some(Event::Captured { turns: *new, session: None })
            }
            WatchEvent::Failed { .. } => {
                let reason = "a transcript could not be captured; the server's log says why";
                Some(Event::Failed { reason: reason.to_owned() })
            }
            _ => None,
        };
        if let Some(happened) = happened {
            heard.activity.note(&user, heard.memory.now(), Note::new(Door::Watch, happened));
        }
        (heard.settings.on_watch)(&event);
    });
    if let Err(error) = watched.await {
        let reason = longmem_wire::full_message(&error);
        (shared.settings.log)(&format!("transcripts are not watched: {reason}"));
    }
}

/// Every route.
pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let page = if shared.settings.page { page::routes(shared) } else { Router::new() };
    Router::new()
        .merge(health::routes())
        .merge(api::routes(&shared.settings))
        .merge(hooks::routes())
        .merge(proxy::routes())
        .route("/mcp", mcp::service(Arc::clone(shared)))
        .merge(page)
}
