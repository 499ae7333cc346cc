//! A server in the place of a model's, which keeps what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    /// Method and address.
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Arrived {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The bytes of an answer, piece by piece, with a pause before each.
#[derive(Debug, Clone)]
pub(super) struct Scripted {
    pub(super) pieces: Vec<Vec<u8>>,
    pub(super) pause: Duration,
}

impl Scripted {
    /// An answer with this head behind its first line, and this body.
    pub(super) fn new(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let lines: Vec<String> = lines.collect();
        let (lines, length) = (lines.concat(), body.len());
        let head = format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\n{lines}content-length: {length}\r\n\r\n"
        );
        Self { pieces: vec![head.into_bytes(), body.to_vec()], pause: Duration::ZERO }
    }

    pub(super) fn json(value: &Value) -> Self {
        let headers = [("content-type", "application/json"), ("request-id", "req_1")];
        Self::new("200 OK", &headers, value.to_string().as_bytes())
    }

    /// A stream of events, which ends with the connection.
    pub(super) fn events(pieces: &[&str], pause: Duration) -> Self {
        let head =
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n";
        let pieces = std::iter::once(head).chain(pieces.iter().copied());
        Self { pieces: pieces.map(|piece| piece.as_bytes().to_vec()).collect(), pause }
    }
}

type Script = dyn Fn(&Arrived) -> Scripted + Send + Sync;

/// The server.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    /// Connections that were closed by the other side before the answer was sent.
    pub(super) left: watch::Receiver<usize>,
}

impl Upstream {
    /// Answers every request with what `script` says.
    pub(super) async fn start(
        script: impl Fn(&Arrived) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let (leaving, left) = watch::channel(0);
        let (kept, script): (_, Arc<Script>) = (Arc::clone(&arrived), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, script, leaving) =
                    (Arc::clone(&kept), Arc::clone(&script), leaving.clone());
                tokio::spawn(async move {
                    if serve(stream, &kept, &*script).await.is_none() {
                        leaving.send_modify(|left| *left += 1);
                    }
                });
            }
        });
        Self { address, arrived, left }
    }

    /// A server that always answers with the same document.
    pub(super) async fn always(value: Value) -> Self {
        Self::start(move |_| Scripted::json(&value)).await
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub(super) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last request.
    pub(super) fn last(&self) -> Arrived {
        self.arrived().pop().expect("something arrived")
    }
}

/// Reads a request and answers it; none if the other side closed before that was done.
async fn serve(mut stream: TcpStream, kept: &Mutex<Vec<Arrived>>, script: &Script) -> Option<()> {
    let arrived = read(&mut stream).await?;
    let scripted = script(&arrived);
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(arrived);
    for piece in &scripted.pieces {
        let (mut closed, mut byte) = (false, [0]);
        if !scripted.pause.is_zero() {
            // Whoever has asked sends nothing more, so that a read says when they close.
            closed =
                matches!(timeout(scripted.pause, stream.read(&mut byte)).await, Ok(Ok(0) | Err(_)));
        }
        if closed || stream.write_all(piece).await.is_err() {
            return None;
        }
        stream.flush().await.ok()?;
        // One piece, one segment.
        sleep(Duration::from_millis(1)).await;
    }
    Some(())
}

async fn read(stream: &mut TcpStream) -> Option<Arrived> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name: HeaderName = name.parse().ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    let mut body = bytes.split_off(end + 4);
    if headers.get("transfer-encoding").is_some() {
        while !body.ends_with(b"0\r\n\r\n") {
            (stream.read_buf(&mut body).await.ok()? > 0).then_some(())?;
        }
        body = unchunked(&body)?;
    } else {
        let length = headers.get("content-length").and_then(|length| length.to_str().ok());
        let length = length.map_or(Some(0), |length| length.parse().ok())?;
        while body.len() < length {
            (stream.read_buf(&mut body).await.ok()? > 0).then_some(())?;
        }
    }
    Some(Arrived { line, headers, body })
}

fn unchunked(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunks.get(end + 2..end + 2 + length)?);
        chunks = chunks.get(end + 4 + length..)?;
    }
}
