//! A server with a page, and somebody who looks at it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use longmem_chat::AsyncMemory;
use longmem_core::{FixedClock, Role, SessionName, TurnId, UserName};
use longmem_memory::Memory;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use longmem_wire::ServerKeyAdded;
use tempfile::TempDir;

use crate::front::Front;
use crate::guard::Names;
use crate::keys::{self, NewKey};
use crate::page;
use crate::peer::{Connection, Peer};
use crate::server::routes;
use crate::shared::Shared;
use crate::{Permission, ServerSettings};

/// The address by which the server is called.
const HOST: &str = "127.0.0.1:7717";

/// How long a deletion can be taken back in these tests: longer than any of them takes.
const UNDO_TIME: Duration = Duration::from_mins(10);

/// A server with a page, over a store of its own.
pub(super) struct Served {
    pub(super) shared: Arc<Shared>,
    front: Front,
    pub(super) memory: Arc<Memory>,
    pub(super) folder: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answered {
    /// Where it leads.
    pub(super) fn location(&self) -> &str {
        self.headers.get("location").map_or("", |location| location.to_str().expect("it is text"))
    }

    /// The value of the hidden field of this name that stands first.
    pub(super) fn field(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let rest =
            self.text.split(&begin).nth(1).unwrap_or_else(|| panic!("no {name}: {}", self.text));
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}

impl Served {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A server with these settings.
    pub(super) fn with(change: impl FnOnce(&mut ServerSettings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create);
        let clock = FixedClock("2026-03-08T18:30:00Z".parse().expect("it is a time"));
        let memory = Arc::new(Memory::new(
            Arc::new(store.expect("a store can be opened")),
            Arc::new(WordHashEmbedder::default()),
            Arc::new(clock),
        ));
        let mut settings = ServerSettings::new(user("ana"));
        settings.limits.undo_time = UNDO_TIME;
        change(&mut settings);
        let at_once = settings.limits.at_once;
        let in_async = AsyncMemory::new(Arc::clone(&memory), at_once);
        let shared = Arc::new(Shared::new(in_async, settings));
        let front = Front::new(Arc::clone(&shared), Names::default(), routes(&shared));
        Self { shared, front, memory, folder }
    }

    /// Stores what a user says in a session.
    pub(super) fn say(&self, name: &str, session: &str, text: &str) -> TurnId {
        let session = SessionName::new(session).expect("it is a name");
        let turn = self.memory.new_turn(session, Role::User, text);
        let stored = self.memory.remember(&user(name), &[turn]).expect("it can be stored");
        self.memory.catch_up(&user(name)).expect("it can be indexed");
        stored[0].id
    }

    /// Makes a key of a user.
    pub(super) fn key(&self, name: &str, scopes: &[Permission]) -> ServerKeyAdded {
        let mut new = NewKey::new("a test", user(name));
        new.scopes = scopes.to_vec();
        keys::add(&self.memory, new).expect("a key can be made")
    }

    /// Sends a request as from a program of another machine.
    pub(super) async fn ask(&self, request: Request<Body>) -> Answered {
        let address = "10.0.0.9:50000".parse().expect("it is an address");
        let local = HOST.parse().expect("it is an address");
        self.ask_from(Peer::Tcp { address, local }, request).await
    }

    /// Sends a request as from a peer.
    pub(super) async fn ask_from(&self, peer: Peer, mut request: Request<Body>) -> Answered {
        request.extensions_mut().insert(Arc::new(Connection::new(peer)));
        let response = self.front.answer(request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().collect().await.expect("the body comes to its end");
        let text = String::from_utf8(bytes.to_bytes().to_vec()).expect("it is text");
        Answered { status, headers, text }
    }

    /// The person who runs the server, logged in by a link.
    pub(super) async fn owner(&self) -> Browser<'_> {
        let link = page::login_path(&self.shared).expect("there is a link");
        let answered = self.ask(get(&link, &[])).await;
        self.logged_in(&answered).await
    }

    /// Somebody with a key, logged in by it.
    pub(super) async fn with_key(&self, key: &str) -> Browser<'_> {
        let screen = self.ask(get("/ui/login", &[])).await;
        let token = screen.field("token");
        let answered = self.ask(post("/ui/login", &[], &[("token", &token), ("key", key)])).await;
        assert_eq!(answered.status, 303, "{}", answered.text);
        self.logged_in(&answered).await
    }

    async fn logged_in(&self, answered: &Answered) -> Browser<'_> {
        let cookie = answered.headers["set-cookie"].to_str().expect("it is text");
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let mut browser = Browser { served: self, cookie, token: String::new() };
        browser.token = browser.get("/ui/").await.field("token");
        browser
    }
}

/// Somebody who is logged in.
pub(super) struct Browser<'a> {
    served: &'a Served,
    pub(super) cookie: String,
    /// What every form of theirs holds.
    pub(super) token: String,
}

impl Browser<'_> {
    pub(super) async fn get(&self, path: &str) -> Answered {
        self.served.ask(get(path, &[("cookie", &self.cookie)])).await
    }

    /// Sends a form as the page has it.
    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let mut all = vec![("token", self.token.as_str())];
        all.extend(fields);
        self.served.ask(post(path, &[("cookie", &self.cookie)], &all)).await
    }

    /// Sends a form that is to lead on, and opens where it leads.
    pub(super) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let answered = self.post(path, fields).await;
        assert_eq!(answered.status, 303, "{path}: {}", answered.text);
        self.get(answered.location()).await
    }
}

pub(super) fn get(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    request("GET", path, headers, Body::empty())
}

/// A form as a browser sends it.
pub(super) fn post(path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Request<Body> {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, text)| format!("{name}={}", page::fields::encoded(text)))
        .collect();
    let mut all = vec![
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "http://127.0.0.1:7717"),
        ("sec-fetch-site", "same-origin"),
    ];
    all.extend(headers);
    request("POST", path, &all, Body::from(fields.join("&")))
}

pub(super) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", HOST);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).expect("the request can be made")
}

pub(super) fn user(name: &str) -> UserName {
    UserName::new(name).expect("it is a name")
}

/// Every screen, with a turn and a fact of this number.
pub(super) fn screens(turn: TurnId) -> Vec<String> {
    [
        "/ui/",
        "/ui/?q=Lisbon",
        "/ui/?q=Lisbon&show=sent",
        "/ui/sessions",
        "/ui/session?name=move",
        "/ui/facts",
        "/ui/forget",
        "/ui/forget?session=move&preview=yes",
        "/ui/activity",
        "/ui/status",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain([format!("/ui/turns/{turn}")])
    .collect()
}

/// Every form.
pub(super) const FORMS: [&str; 10] = [
    "/ui/session",
    "/ui/turns/1",
    "/ui/facts",
    "/ui/facts/1",
    "/ui/forget",
    "/ui/activity/clear",
    "/ui/backup",
    "/ui/keys/revoke",
    "/ui/delete",
    "/ui/undo",
];
