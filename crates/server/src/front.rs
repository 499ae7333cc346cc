//! The outermost layer: what is done with every request, whatever its path, before a route is looked for and
//! after it has answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;
use longmem_core::UserName;
use tokio::time::{Instant as Deadline, timeout};
use tower::ServiceExt;

use crate::access::{self, Asked, KeyInUse, UsualKey};
use crate::activity::{Door, Event, Note};
use crate::api::Permissions;
use crate::bodies::{Rest, Rooms, WhileValid, too_long, whole};
use crate::caller::Caller;
use crate::guard::{self, BodyRule, Names, ServedTo};
use crate::page;
use crate::peer::{Connection, Peer};
use crate::problem::{ForLog, NumberedProblem, Problem};
use crate::proxy::{self, ProxyApi, Relayed};
use crate::shared::Shared;

/// What a page may do that is no page of this server: nothing.
const NO_RIGHTS: &str = "default-src 'none'; frame-ancestors 'none'";

/// Names a request in its answer and in logs.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the outermost layer works with.
pub(crate) struct Front {
    pub(crate) shared: Arc<Shared>,
    names: Names,
    routes: Router,
    /// Makes the ids of two servers differ.
    run: u32,
    requests: AtomicU64,
}

/// The template of the route that answered, for the metrics.
#[derive(Clone)]
struct Route(MatchedPath);

impl Front {
    /// Puts the layer before routes.
    pub(crate) fn new(shared: Arc<Shared>, names: Names, routes: Router<Arc<Shared>>) -> Self {
        let entry = Entry {
            shared: Arc::clone(&shared),
            permissions: Permissions::of(&shared.settings),
            rooms: Rooms::default(),
        };
        let routes = routes
            .fallback(async || Problem::not_found("there is nothing at this address"))
            .layer(axum::middleware::from_fn_with_state(Arc::new(entry), enter))
            .layer(axum::middleware::from_fn(note_route))
            // Bodies are limited here, by their path.
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        let run = shared.memory.now().as_nanosecond() as u32;
        let requests = AtomicU64::new(0);
        Self { shared, names, routes, run, requests }
    }

    /// Answers a request.
    pub(crate) async fn answer(&self, mut request: Request) -> Response {
        let began = Instant::now();
        let of_page = guard::rules_of(request.uri().path()).served_to == ServedTo::Visitors;
        let relayed_api = ProxyApi::of_address(request.uri().path());
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:08x}-{number:x}", self.run);
        // An upstream gets the client's own id, or none.
        if let Some(id) = HeaderValue::from_str(&id).ok().filter(|_| relayed_api.is_none()) {
            request.headers_mut().insert(REQUEST_ID, id);
        }
        let method = known_method(request.method());
        let changes = !request.method().is_safe();
        let answered =
            caught(async { self.admit(request).await.unwrap_or_else(Problem::into_response) });
        let mut response = answered
            .await
            .unwrap_or_else(|Panicked| Problem::bug("a handler panicked").into_response());
        let is_relayed = response.extensions().get::<Relayed>().is_some();
        if changes && response.status().is_success() && !is_relayed {
            self.shared.background.something_is_new();
        }
        if let Some(ForLog(line)) = response.extensions_mut().remove() {
            (self.shared.settings.log)(&format!("request {id}: {line}"));
        }
        if of_page {
            page::dress(&mut response);
        }
        finish(&mut response, &id, relayed_api);
        let route = response.extensions().get::<Route>().map(|Route(path)| path.as_str());
        let metrics = &self.shared.metrics;
        metrics.request(route, method, response.status().as_u16(), began.elapsed());
        if response.status() == StatusCode::UNAUTHORIZED && !is_relayed {
            metrics.auth_failure();
        }
        response
    }

    /// Lets a request in, or says why not.
    async fn admit(&self, request: Request) -> Result<Response, Problem> {
        let (mut parts, body) = request.into_parts();
        let body = Rest::of(body, parts.headers.contains_key(header::EXPECT));
        let this_process = || Arc::new(Connection::new(Peer::ThisProcess));
        let connection = parts.extensions.get::<Arc<Connection>>().cloned();
        let connection = connection.unwrap_or_else(this_process);
        let named = guard::take_user(&mut parts.uri)?;
        let called_as = guard::check(&parts, &self.names, connection.peer())?;
        let rules = guard::rules_of(parts.uri.path());
        if rules.served_to == ServedTo::Visitors {
            if named.is_some() {
                return Err(Problem::not_found("the page is not served under the name of a user"));
            }
            // Who logs in is judged by them.
            parts.extensions.insert(connection);
            parts.extensions.insert(called_as);
        } else if rules.served_to != ServedTo::Anybody {
            let usual_key = match rules.body {
                BodyRule::Relayed => UsualKey::OfUpstream,
                _ => UsualKey::Own,
            };
            let (connection, headers) = (&*connection, &parts.headers);
            let asked = Asked { connection, called_as, headers, named, usual_key };
            let (caller, key) = access::caller(&self.shared, asked).await?;
            parts.extensions.insert(caller);
            if let Some(key) = key {
                parts.extensions.insert(key);
            }
        }
        let user = parts.extensions.get::<Caller>().map(|caller| caller.user.clone());
        let key = parts.extensions.get::<KeyInUse>().cloned();
        let response = self.route(Request::from_parts(parts, body)).await;
        let door = if rules.body == BodyRule::Relayed { Door::Proxy } else { Door::Api };
        self.note_failure(user, door, &response);
        Ok(match key {
            Some(key) => self.while_valid(key, response),
            None => response,
        })
    }

    /// The same answer; one that goes on ends with its key.
    fn while_valid(&self, key: KeyInUse, response: Response) -> Response {
        let (shared, every) = (Arc::clone(&self.shared), self.shared.settings.limits.look_at_keys);
        let look = move || {
            let (shared, key) = (Arc::clone(&shared), key.clone());
            async move { key.is_valid(&shared).await }
        };
        response.map(|body| WhileValid::of(body, every, look))
    }

    /// Notes for its user that a request failed, if that was no fault of the request.
    fn note_failure(&self, user: Option<UserName>, door: Door, response: &Response) {
        let problem = response.extensions().get::<Problem>();
        if let (Some(user), Some(problem)) = (user, problem)
            && problem.status.is_server_error()
        {
            let failed = Event::Failed { reason: problem.detail.clone() };
            let shared = &self.shared;
            shared.activity.note(&user, shared.memory.now(), Note::new(door, failed));
        }
    }

    async fn route(&self, request: Request) -> Response {
        self.routes.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// What stands between the search for a route and its handler.
struct Entry {
    shared: Arc<Shared>,
    permissions: Permissions,
    rooms: Rooms,
}

/// Lets a request to its handler: once it is known that there is one that the caller may use, the body is read
/// to its end, and then the request waits for its turn.
async fn enter(
    State(entry): State<Arc<Entry>>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(path) = path else { return Ok(next.run(request).await) };
    let caller = request.extensions().get::<Caller>();
    let user = caller.map(|caller| caller.user.clone());
    if !entry.permissions.check(path.as_str(), request.method(), caller)? {
        // The route refuses the method.
        return Ok(next.run(request).await);
    }
    let rules = guard::rules_of(request.uri().path());
    if rules.body == BodyRule::Relayed {
        // Neither the body nor the answer has a time in which it must come.
        return Ok(next.run(request).await);
    }
    check_length(request.headers(), rules.body)?;
    let limit = entry.shared.settings.limits.request_timeout;
    let mut room = entry.rooms.of(user.as_ref());
    let (parts, body) = request.into_parts();
    let body = match rules.body {
        BodyRule::File { most } => {
            let request = Request::from_parts(parts, Body::new(Limited::new(body, most as usize)));
            return Ok(next.run(request).await);
        }
        BodyRule::Nothing | BodyRule::Relayed => Body::empty(),
        BodyRule::Json { most } | BodyRule::Form { most } => {
            Body::from(whole(body, most, &mut room, Deadline::now() + limit).await?)
        }
    };
    let answer = async {
        let full = |_| busy("too many requests wait for the memory");
        let _place = match user.filter(|_| rules.served_to == ServedTo::CallersInTurn) {
            Some(user) => Some(entry.shared.queue.enter(&user).await.map_err(full)?),
            None => None,
        };
        Ok(next.run(Request::from_parts(parts, body)).await)
    };
    timeout(limit, answer).await.map_err(|_| busy("the answer took too long"))?
}

/// Notes which route answers.
async fn note_route(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(Route(path));
    }
    response
}

/// The method, if it is one that is served: others would make the metrics grow without end.
fn known_method(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| method == known).unwrap_or("other")
}

/// A future panicked.
struct Panicked;

/// Waits for a future; a panic of it ends nothing else.
async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        // What it held is dropped with it, and what is shared is behind locks that outlive a panic.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    })
    .await
}

/// Fails for a body that says itself that it is too long.
fn check_length(headers: &HeaderMap, rule: BodyRule) -> Result<(), Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    match length.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > rule.most() => Err(too_long(rule.most())),
        _ => Ok(()),
    }
}

/// What is too much for the server now; a second later it may be done.
fn busy(detail: &str) -> Problem {
    let (status, word) = (StatusCode::SERVICE_UNAVAILABLE, "busy");
    let problem = Problem::new(status, word, "Too much is going on", detail);
    Problem { retry_after: Some(1), ..problem }
}

/// Gives an answer its id and the headers of every answer, and a problem the shape that clients of the API
/// read that is relayed.
fn finish(response: &mut Response, id: &str, relayed_api: Option<ProxyApi>) {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let json = match relayed_api {
            Some(api) => {
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(header::CONTENT_TYPE, json);
                proxy::error_json(api, problem, id)
            }
            None => serde_json::to_vec(&NumberedProblem { problem: &problem, request_id: id })
                .expect("a problem is words and numbers"),
        };
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(json);
    }
    let is_relayed = response.extensions().get::<Relayed>().is_some();
    let headers = response.headers_mut();
    // No other site reads anything of this server, whatever a route or a library says.
    let foreign: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("access-control-"))
        .cloned()
        .collect();
    for name in foreign {
        headers.remove(name);
    }
    if is_relayed {
        // Beside what it says itself: its pages get no rights in this server's place.
        headers.append(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NO_RIGHTS));
    }
    // The upstream's own id is what its clients show.
    let has_id = is_relayed && headers.contains_key(REQUEST_ID);
    if let Some(id) = HeaderValue::from_str(id).ok().filter(|_| !has_id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, NO_RIGHTS),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
