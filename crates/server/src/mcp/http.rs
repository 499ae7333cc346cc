//! The same tools over HTTP, at `/mcp`.

use std::sync::Arc;

use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::handler::MemoryHandler;
use crate::shared::Shared;

/// Bytes of the longest request: a text of the longest kind, escaped, with room to spare.
const MAX_BODY: usize = 1 << 20;

/// The service behind `/mcp`: each POST is answered by itself with one JSON document, and no session is
/// kept; GET and DELETE are not allowed. The layer before it says who asks, by a
/// [`Caller`](crate::caller::Caller) among the request's extensions, and has checked the host and the
/// origin: it knows the address of the connection, which is an allowed host, too.
pub(crate) fn service(
    shared: Arc<Shared>,
) -> StreamableHttpService<MemoryHandler, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts()
        .with_max_request_body_bytes(MAX_BODY)
        .with_cancellation_token(shared.stopping.clone());
    let handler = MemoryHandler::of_requests(shared);
    StreamableHttpService::new(
        move || Ok(handler.clone()),
        NeverSessionManager::default().into(),
        config,
    )
}
