//! A server over a store of its own, asked with and without sockets.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use longmem_chat::AsyncMemory;
use longmem_core::{FixedClock, UserName};
use longmem_memory::Memory;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use longmem_wire::ServerKeyAdded;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::caller::Caller;
use crate::front::Front;
use crate::guard::Names;
use crate::keys::{self, NewKey};
use crate::listen::Listeners;
use crate::peer::{Connection, Peer};
use crate::problem::Problem;
use crate::server::routes;
use crate::shared::Shared;
use crate::{Permission, ServerSettings, connections};

/// When it is in these tests.
pub(super) const NOW: &str = "2026-03-08T18:30:00Z";

/// The port at which requests without a socket claim to be.
pub(super) const LOCAL: &str = "127.0.0.1:7717";

/// A server over a store of its own.
pub(super) struct Served {
    pub(super) shared: Arc<Shared>,
    pub(super) front: Arc<Front>,
    memory: Arc<Memory>,
    pub(super) folder: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) json: Value,
}

impl Served {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A server with these settings.
    pub(super) fn with(change: impl FnOnce(&mut ServerSettings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        Self::over(folder, NOW, change)
    }

    /// A server over the store of a folder, at a time.
    pub(super) fn over(
        folder: TempDir,
        time: &str,
        change: impl FnOnce(&mut ServerSettings),
    ) -> Self {
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create);
        let memory = Arc::new(Memory::new(
            Arc::new(store.expect("a store can be opened")),
            Arc::new(WordHashEmbedder::default()),
            Arc::new(FixedClock(time.parse().expect("it is a time"))),
        ));
        let mut settings = ServerSettings::new(user("ana"));
        settings.limits.header_timeout = Duration::from_millis(300);
        settings.limits.shutdown_timeout = Duration::from_millis(500);
        change(&mut settings);
        let at_once = settings.limits.at_once;
        let names = Names::new(&settings.names).expect("they are names");
        let in_async = AsyncMemory::new(Arc::clone(&memory), at_once);
        let shared = Arc::new(Shared::new(in_async, settings));
        let routes = routes(&shared).merge(odd_routes());
        let front = Arc::new(Front::new(Arc::clone(&shared), names, routes));
        Self { shared, front, memory, folder }
    }

    /// Makes a key of a user.
    pub(super) fn key(&self, user: &str, scopes: &[Permission]) -> ServerKeyAdded {
        self.key_until(user, scopes, None)
    }

    /// Makes a key of a user that ends.
    pub(super) fn key_until(
        &self,
        name: &str,
        scopes: &[Permission],
        end: Option<&str>,
    ) -> ServerKeyAdded {
        let mut new = NewKey::new("a test", user(name));
        new.scopes = scopes.to_vec();
        new.expires = end.map(|end| end.parse().expect("it is a time"));
        keys::add(&self.memory, new).expect("a key can be made")
    }

    pub(super) fn revoke(&self, key: &ServerKeyAdded) {
        keys::revoke(&self.memory, &key.added.id).expect("the key is there");
    }

    /// Sends a request as from a TCP connection of another machine, which has no rights of its own.
    pub(super) async fn ask(&self, request: Request<Body>) -> Answered {
        let address = "10.0.0.9:50000".parse().expect("it is an address");
        let local = LOCAL.parse().expect("it is an address");
        self.ask_from(Peer::Tcp { address, local }, request).await
    }

    /// Sends a request as from a peer.
    pub(super) async fn ask_from(&self, peer: Peer, mut request: Request<Body>) -> Answered {
        request.extensions_mut().insert(Arc::new(Connection::new(peer)));
        let response = self.front.answer(request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().collect().await.expect("the body comes to its end");
        let json = serde_json::from_slice(&bytes.to_bytes()).unwrap_or(Value::Null);
        Answered { status, headers, json }
    }

    /// Serves on sockets until the returned sender sends.
    pub(super) async fn listen(&self, unix: bool) -> Listening {
        let socket = unix.then(|| self.folder.path().join("own").join("longmem.sock"));
        let any = "127.0.0.1:0".parse().expect("it is an address");
        let listeners = Listeners::bind(&[any], socket.as_deref()).await.expect("they are free");
        let address = listeners.addresses().expect("it has an address")[0];
        let (stop, stopped) = oneshot::channel();
        let front = Arc::clone(&self.front);
        let serving = tokio::spawn(async move {
            let shutdown = async { stopped.await.unwrap_or(()) };
            connections::serve(listeners, &front, shutdown).await;
        });
        Listening { address, stop, serving }
    }
}

/// A server on sockets.
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) serving: JoinHandle<()>,
}

impl Listening {
    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("somebody listens")
    }

    /// The head of a request to a path.
    pub(super) fn get(&self, path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address)
    }
}

/// Sends bytes and reads what comes until the other end closes.
pub(super) async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    bytes: &[u8],
) -> String {
    stream.write_all(bytes).await.expect("somebody reads");
    let mut answer = Vec::new();
    // A connection that is reset is closed, too.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends bytes and reads once.
pub(super) async fn read_some<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    bytes: &[u8],
) -> String {
    stream.write_all(bytes).await.expect("somebody reads");
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.expect("something comes");
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

/// A request to a path with headers, as a client sends it that knows the server's name.
pub(super) fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header("host", LOCAL);
    }
    if method != "GET" && !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).expect("the request can be made")
}

pub(super) fn user(name: &str) -> UserName {
    UserName::new(name).expect("it is a name")
}

/// Routes that do what handlers should not.
fn odd_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/panic", get(async || -> StatusCode { panic!("a secret") }))
        .route("/whose", get(whose))
        .route("/forever", get(async || std::future::pending::<StatusCode>().await))
        .route("/stream", get(async || Body::new(endless())))
        .route(
            "/cors",
            get(async || [("access-control-allow-origin", "*"), ("cache-control", "max-age=1")]),
        )
}

/// Whose memory a request is about.
async fn whose(caller: Caller) -> Result<Json<UserName>, Problem> {
    caller.require(Permission::Read)?;
    Ok(Json(caller.user))
}

/// A stream that begins and never ends.
fn endless() -> impl hyper::body::Body<Data = Bytes, Error = Infallible> + Send + 'static {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while sender.send(Bytes::from_static(b"tick\n")).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    Endless(receiver)
}

struct Endless(tokio::sync::mpsc::Receiver<Bytes>);

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
