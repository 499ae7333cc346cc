//! The same tools over HTTP, at `/mcp`.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any_service};
use rmcp::model::{ErrorCode, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::handler::MemoryHandler;
use super::message::{Received, Wrong, read};
use crate::shared::Shared;

/// Bytes of the longest request: a text of the longest kind, escaped, with room to spare.
const MAX_BODY: usize = 1 << 20;

/// What answers at `/mcp`: each POST is answered by itself with one JSON document, and no session is
/// kept; GET and DELETE are not allowed. The layer before it says who asks, by a
/// [`Caller`](crate::caller::Caller) among the request's extensions, and has checked the host and the
/// origin: it knows the address of the connection, which is an allowed host, too.
pub(crate) fn service<S: Clone + Send + Sync + 'static>(shared: Arc<Shared>) -> MethodRouter<S> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts()
        .with_max_request_body_bytes(MAX_BODY)
        .with_cancellation_token(shared.stopping.clone());
    let handler = MemoryHandler::of_requests(shared);
    let service = StreamableHttpService::new(
        move || Ok(handler.clone()),
        NeverSessionManager::default().into(),
        config,
    );
    any_service(service).layer(from_fn(only_messages))
}

/// Answers what is no message of JSON-RPC, as JSON-RPC says.
async fn only_messages(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let wrong = match to_bytes(body, MAX_BODY).await {
        Ok(body) => match read(&body) {
            Received::Message(_) => {
                take_any_answer(&mut parts.headers);
                return next.run(Request::from_parts(parts, Body::from(body))).await;
            }
            Received::Wrong(wrong) => wrong,
        },
        Err(_) => Wrong::too_long(None, MAX_BODY),
    };
    // A request that can be read is answered as one, whatever its parameters.
    let is_answer = wrong.error.code == ErrorCode::INVALID_PARAMS;
    let status = if is_answer { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let answer = ServerJsonRpcMessage::error(*wrong.error, wrong.id);
    (status, axum::Json(answer)).into_response()
}

/// Says of a client that takes JSON, or does not say what it takes, that it takes streams of events too, which
/// the protocol asks of it: what it gets is JSON.
fn take_any_answer(headers: &mut HeaderMap) {
    let mut taken = headers.get_all(header::ACCEPT).iter().filter_map(|kinds| kinds.to_str().ok());
    let takes_json = |kinds: &str| {
        ["*/*", "application/*", "application/json"].iter().any(|kind| kinds.contains(kind))
    };
    if !headers.contains_key(header::ACCEPT) || taken.any(takes_json) {
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(header::ACCEPT, both);
    }
}
