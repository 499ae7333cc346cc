//! A store with the routes over it, and requests of several users.

use std::num::NonZeroUsize;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use longmem_chat::AsyncMemory;
use longmem_core::{FixedClock, UserName};
use longmem_memory::Memory;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::caller::Caller;
use crate::shared::Shared;
use crate::{Permission, ServerSettings};

/// When it is in these tests.
pub(super) const NOW: &str = "2026-03-08T18:30:00Z";

/// A store of its own with the routes over it.
pub(super) struct Api {
    pub(super) shared: Arc<Shared>,
    pub(super) router: Router,
    /// Holds the store; it goes with it.
    pub(super) folder: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Answered {
    /// The body as JSON; null if there is none.
    pub(super) fn json(&self) -> Value {
        if self.bytes.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.bytes).expect("the body is JSON")
    }

    /// The status and what the problem says.
    pub(super) fn refusal(&self) -> (u16, String) {
        let detail = self.json()["detail"].as_str().map(str::to_owned);
        (self.status.as_u16(), detail.expect("a problem has a detail"))
    }
}

impl Api {
    /// An empty store.
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// An empty store behind a server with these settings.
    pub(super) fn with(change: impl FnOnce(&mut ServerSettings)) -> Self {
        Self::over(tempfile::tempdir().expect("a folder can be made"), change)
    }

    /// The store in a folder behind another server.
    pub(super) fn over(folder: TempDir, change: impl FnOnce(&mut ServerSettings)) -> Self {
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create);
        let memory = Memory::new(
            Arc::new(store.expect("a store can be made")),
            Arc::new(WordHashEmbedder::default()),
            Arc::new(FixedClock(NOW.parse().expect("it is a time"))),
        );
        let mut settings = ServerSettings::new(user("ana"));
        change(&mut settings);
        let at_once = NonZeroUsize::new(4).expect("it is not 0");
        let memory = AsyncMemory::new(Arc::new(memory), at_once);
        let shared = Arc::new(Shared::new(memory, settings));
        let router = crate::api::routes(&shared.settings).with_state(Arc::clone(&shared));
        Self { shared, router, folder }
    }

    /// Sends a request of a caller.
    pub(super) async fn send(&self, mut request: Request<Body>, caller: Caller) -> Answered {
        request.extensions_mut().insert(caller);
        let response = self.router.clone().oneshot(request).await.expect("routes always answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.expect("the body comes to its end");
        Answered { status, headers, bytes: bytes.to_bytes().to_vec() }
    }

    /// Sends a request of a user who may read and write.
    pub(super) async fn of(&self, name: &str, method: &str, path: &str, body: Value) -> Answered {
        self.send(request(method, path, &body), caller(name)).await
    }

    /// Sends a request of Ana.
    pub(super) async fn ask(&self, method: &str, path: &str, body: Value) -> Answered {
        self.of("ana", method, path, body).await
    }

    /// Reads as Ana.
    pub(super) async fn get(&self, path: &str) -> Answered {
        self.ask("GET", path, Value::Null).await
    }

    /// Stores turns of Ana in a session, one each of what she said; returns their numbers.
    pub(super) async fn say(&self, session: &str, texts: &[&str]) -> Vec<i64> {
        let turns: Vec<Value> =
            texts.iter().map(|text| json!({ "role": "user", "text": text })).collect();
        let asked = json!({ "session": session, "turns": turns });
        let answered = self.ask("POST", "/v1/memory/turns", asked).await;
        assert_eq!(answered.status, StatusCode::CREATED, "{:?}", answered.json());
        let stored = answered.json()["stored"].as_array().cloned().unwrap_or_default();
        stored.iter().filter_map(|turn| turn["id"].as_i64()).collect()
    }
}

/// A request with a body of JSON; null is none.
pub(super) fn request(method: &str, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    request.body(body).expect("the request can be made")
}

pub(super) fn user(name: &str) -> UserName {
    UserName::new(name).expect("it is a name")
}

/// Who may read and write their memory.
pub(super) fn caller(name: &str) -> Caller {
    Caller { user: user(name), permissions: vec![Permission::Read, Permission::Write] }
}
