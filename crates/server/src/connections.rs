//! Accepting connections and serving them, until the server is asked to stop.
//!
//! This is done here and not by `axum::serve`, which waits for ever for the rest of a request's head, and
//! lets small pieces of a stream wait for one another (Nagle's algorithm).

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::bodies::Held;
use crate::front::Front;
use crate::limits::{Places, Seat};
use crate::listen::Listeners;
use crate::peer::{Connection, Peer};
#[cfg(unix)]
use crate::unix_socket::UnixSocket;

/// Headers of a request at most.
const MAX_HEADERS: usize = 128;

/// Bytes of a request's head at most.
const MAX_HEAD: usize = 64 << 10;

/// How long to wait after a connection could not be accepted, as when there are too many open files.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// How long a connection that makes way for another one may take to send what is left of an answer.
const TO_LEAVE: Duration = Duration::from_millis(250);

/// Where connections come from.
trait Accept: Send + 'static {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

impl Accept for TcpListener {
    type Stream = tokio::net::TcpStream;

    async fn accept(&self) -> io::Result<(Self::Stream, Peer)> {
        let (stream, address) = self.accept().await?;
        // Otherwise the pieces of a stream arrive 40 ms late.
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        Ok((stream, Peer::Tcp { address, local }))
    }
}

#[cfg(unix)]
impl Accept for UnixSocket {
    type Stream = tokio::net::UnixStream;

    async fn accept(&self) -> io::Result<(Self::Stream, Peer)> {
        let (stream, _) = self.listener.accept().await?;
        let account = stream.peer_cred().ok().map(|peer| peer.uid());
        Ok((stream, Peer::Unix { account }))
    }
}

/// Serves all who connect, until `shutdown` comes and what is under way is done, or has had its time.
pub(crate) async fn serve(
    listeners: Listeners,
    front: &Arc<Front>,
    shutdown: impl Future<Output = ()>,
) {
    let limits = front.shared.settings.limits;
    let mut loops = JoinSet::new();
    let places = Places::new(limits.connections);
    for listener in listeners.tcp {
        loops.spawn(accept(listener, Arc::clone(front), Arc::clone(&places)));
    }
    #[cfg(unix)]
    if let Some(socket) = listeners.unix {
        // Its own places: who fills up the others does not keep the person's own programs out.
        let places = Places::new(limits.connections);
        loops.spawn(accept(socket, Arc::clone(front), places));
    }
    shutdown.await;
    front.shared.stopping.cancel();
    // Connections that are still open after their time are closed with the loops that hold them.
    let ended = async { while loops.join_next().await.is_some() {} };
    let _ = timeout(limits.shutdown_timeout, ended).await;
}

/// Accepts connections, as many at once as there are places, until the server stops; then waits for those
/// that are left.
async fn accept<L: Accept>(listener: L, front: Arc<Front>, places: Arc<Places>) {
    let mut connections = JoinSet::new();
    let stopping = front.shared.stopping.clone();
    let accepting = async {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let connection = Arc::new(Connection::new(peer));
                    let seat = places.take(connection.peer_name()).await;
                    connections.spawn(serve_connection(
                        stream,
                        connection,
                        Arc::clone(&front),
                        seat,
                    ));
                }
                Err(_) => sleep(AFTER_FAILURE).await,
            }
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stopping.cancelled() => {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Serves the requests of a connection, one after the other.
async fn serve_connection<S>(stream: S, connection: Arc<Connection>, front: Arc<Front>, seat: Seat)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = front.shared.settings.limits;
    let stopping = front.shared.stopping.clone();
    let answer = service_fn(|request: hyper::Request<Incoming>| {
        let (front, connection) = (Arc::clone(&front), Arc::clone(&connection));
        let answering = seat.answering();
        async move {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(connection);
            let answer = front.answer(request).await;
            Ok::<_, Infallible>(answer.map(|body| Held::new(body, answering)))
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), answer);
    let mut served = pin!(served);
    // A connection that breaks is no matter of the others, so its error is nobody's.
    let left = tokio::select! {
        _ = served.as_mut() => return,
        () = stopping.cancelled() => Duration::MAX,
        () = seat.asked_to_leave() => {
            if !seat.was_asked() {
                return;
            }
            TO_LEAVE
        }
    };
    served.as_mut().graceful_shutdown();
    let _ = timeout(left, served).await;
}
