//! Relaying a request to its upstream, and the answer back.

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::body::Body as _;

use super::answer::AnswerReader;
use super::api::{ProxyApi, RequestKind};
use super::exchange::Exchange;
use super::headers;
use super::held::{Arrived, Held};
use super::prepare::{Asked, Prepared, prepared};
use super::settings::UpstreamAddress;
use super::tee::{Reading, Tee};
use super::told::Told;
use crate::caller::{Caller, Permission};
use crate::problem::Problem;
use crate::shared::Shared;

/// Marks an answer as one of an upstream: it keeps what it says of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relayed;

/// Relays a request below the name of an API.
///
/// # Errors
/// 400 for an address that holds a key of longmem; 403 without the permission to use the proxies; 404 where there is no upstream; 502 where it cannot be reached.
pub(super) async fn relay(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Permission::Proxy)?;
    let (parts, body) = request.into_parts();
    let api = ProxyApi::of_path(parts.uri.path()).ok_or_else(nothing_there)?;
    let upstream = shared.settings.proxy.upstream(api);
    let address = upstream.address.as_ref().ok_or_else(nothing_there)?;
    let path_and_query = parts.uri.path_and_query().map_or("/", |address| address.as_str());
    let url = address.join(api.rest(path_and_query)).ok_or_else(nothing_there)?;
    if headers::address_holds_key(&url) {
        let refused = "the address holds a key of longmem, which no upstream is to see";
        let hint = "Send the key in the header X-Longmem-Key.";
        return Err(Problem::invalid(refused).with_hint(hint));
    }
    let client = shared.proxies.client(api, address)?;
    let mut headers = headers::for_upstream(&parts.headers, api, upstream.api_key.as_ref());
    let began = Instant::now();
    let (mut told, mut exchange) = (Told::default(), None);
    // The bytes of the body count as long as they may be here.
    let mut _held: Option<Held> = None;
    let body = match api.looked_into(&parts.method, parts.uri.path()) {
        None => passing(body, &parts.headers, &mut headers),
        Some(kind) => match shared.proxies.held.arrive(&caller.user, body).await? {
            Arrived::Passing(body, too_much) => {
                told.injected = Some(0);
                told.uninspected = Some(too_much.as_str());
                passing(body, &parts.headers, &mut headers)
            }
            Arrived::Whole(body, held) => {
                _held = Some(held);
                let asked = Asked { user: caller.user, kind, headers: parts.headers, body };
                let prepared = prepared_or_untouched(&shared, asked).await;
                if prepared.streams || prepared.exchange.is_some() {
                    // Compressed, a stream would come in bursts, and what is stored could not be read.
                    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
                }
                told = Told::of(&prepared);
                exchange = prepared.exchange.map(|exchange| (kind, exchange));
                prepared.body.into()
            }
        },
    };
    let metrics = &shared.metrics.proxy;
    metrics.prepared(&told, began.elapsed());
    let sent = Instant::now();
    let answer = client.request(parts.method, url).headers(headers).body(body).send().await;
    let answer = answer.map_err(|error| {
        metrics.answered(api, "unreachable", sent.elapsed());
        unreachable(api, address, &error.without_url())
    })?;
    metrics.answered(api, told.outcome(), sent.elapsed());
    let (parts, body) = axum::http::Response::from(answer).into_parts();
    let reading = exchange
        .filter(|_| parts.status.is_success())
        .and_then(|(kind, exchange)| reading(&shared, &parts.headers, kind, exchange));
    let mut response = Response::new(match reading {
        Some(reading) => Body::new(Tee::new(body, reading)),
        None => Body::new(body),
    });
    *response.status_mut() = parts.status;
    *response.headers_mut() = headers::for_client(&parts.headers);
    response.extensions_mut().insert(Relayed);
    told.tell(response.headers_mut());
    Ok(response)
}

/// Prepares a question; where that fails, the body goes on as it came.
async fn prepared_or_untouched(shared: &Arc<Shared>, asked: Asked) -> Prepared {
    let body = asked.body.clone();
    // A task of its own: a panic there is no panic here.
    let preparing = tokio::spawn(prepared(Arc::clone(shared), asked)).await;
    preparing.unwrap_or_else(|_| Prepared {
        degraded: Some("bug"),
        ..Prepared::uninspected(body, "bug")
    })
}

/// A body that goes on as it comes, with the length that the client says.
fn passing(body: Body, came: &HeaderMap, headers: &mut HeaderMap) -> reqwest::Body {
    if let Some(length) = came.get(header::CONTENT_LENGTH) {
        headers.insert(header::CONTENT_LENGTH, length.clone());
    }
    if body.is_end_stream() {
        return reqwest::Body::default();
    }
    reqwest::Body::wrap_stream(body.into_data_stream())
}

/// What reads an answer while it passes; none for one that cannot be read.
fn reading(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    kind: RequestKind,
    exchange: Exchange,
) -> Option<Reading> {
    if headers::is_encoded(headers) {
        shared.metrics.proxy.captured("encoded", 1);
        return None;
    }
    let reader = AnswerReader::new(kind, headers::is_event_stream(headers));
    Some(Reading::new(Arc::clone(shared), exchange, reader))
}

fn nothing_there() -> Problem {
    Problem::not_found("there is no upstream for this address")
}

/// The upstream did not answer.
fn unreachable(api: ProxyApi, address: &UpstreamAddress, error: &reqwest::Error) -> Problem {
    let is_late = error.is_timeout();
    let mut causes = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(causes, ": {error}").expect("a text takes what is written to it");
        cause = error.source();
    }
    let (status, word, title) = if is_late {
        (StatusCode::GATEWAY_TIMEOUT, "upstream-late", "The upstream did not answer in time")
    } else {
        (StatusCode::BAD_GATEWAY, "upstream-unreachable", "The upstream cannot be reached")
    };
    let detail = format!("longmem could not relay this request to {address}{causes}");
    let hint = format!(
        "Check that this server runs and can be reached; the setting proxy.{api}.upstream names it."
    );
    Problem::new(status, word, title, detail).with_hint(hint)
}
