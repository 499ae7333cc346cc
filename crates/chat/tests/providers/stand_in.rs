//! A server on this machine that gives prepared answers and keeps what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One prepared answer.
#[derive(Clone)]
pub(crate) struct Answer {
    head: String,
    body: Vec<u8>,
    /// The body is written in pieces of so many bytes.
    piece: usize,
    /// Whether the connection is cut instead of ending the body properly.
    cut: bool,
}

impl Answer {
    pub(crate) fn stream(body: &str) -> Self {
        Self::status("200 OK", "content-type: text/event-stream; charset=utf-8", body)
    }

    pub(crate) fn status(status: &str, headers: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\n{headers}\r\n");
        Self { head, body: body.as_bytes().to_vec(), piece: usize::MAX, cut: false }
    }

    pub(crate) fn in_pieces_of(mut self, bytes: usize) -> Self {
        self.piece = bytes;
        self
    }

    pub(crate) fn cut(mut self) -> Self {
        self.cut = true;
        self
    }
}

/// What the server was asked.
pub(crate) struct Asked {
    /// The request line and the headers, names in lower case.
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Asked {
    pub(crate) fn has_header(&self, header: &str) -> bool {
        self.head.lines().any(|line| line == header)
    }
}

/// The server; it ends with the test's runtime.
pub(crate) struct StandIn {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    /// Starts a server that gives these answers in turn, and the last one from then on.
    pub(crate) async fn answering(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                let request = read_request(&mut connection).await;
                let turn = {
                    let mut log = log.lock().unwrap();
                    log.push(request);
                    log.len() - 1
                };
                give(connection, &answers[turn.min(answers.len() - 1)]).await;
            }
        });
        Self { url, asked }
    }

    /// Starts a server that has these documents, each at its method and path, and nothing else.
    pub(crate) async fn with_documents(documents: Vec<(&'static str, Value)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                let request = read_request(&mut connection).await;
                let is_asked = |place: &str| request.head.starts_with(&format!("{place} HTTP"));
                let document = documents.iter().find(|(place, _)| is_asked(place));
                let json = "content-type: application/json";
                let answer = match document {
                    Some((_, document)) => Answer::status("200 OK", json, &document.to_string()),
                    None => Answer::status("404 Not Found", json, "{}"),
                };
                log.lock().unwrap().push(request);
                give(connection, &answer).await;
            }
        });
        Self { url, asked }
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn read_request(connection: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap().replace("\r\n", "\n");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let body = serde_json::from_slice(&bytes[end + 4..]).unwrap_or_default();
                return Asked { head, body };
            }
        }
        assert_ne!(connection.read_buf(&mut bytes).await.unwrap(), 0, "a request cut off");
    }
}

/// Writes an answer, its body in chunks as servers stream it.
async fn give(mut connection: TcpStream, answer: &Answer) {
    connection.set_nodelay(true).unwrap();
    let head = format!("{}transfer-encoding: chunked\r\nconnection: close\r\n\r\n", answer.head);
    connection.write_all(head.as_bytes()).await.unwrap();
    for piece in answer.body.chunks(answer.piece) {
        let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
        chunk.extend_from_slice(piece);
        chunk.extend_from_slice(b"\r\n");
        // A client that has heard enough may hang up.
        if connection.write_all(&chunk).await.is_err() {
            return;
        }
        connection.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    if !answer.cut {
        let _ = connection.write_all(b"0\r\n\r\n").await;
    }
    let _ = connection.shutdown().await;
}

/// Starts a server that answers every request with a beginning and then with the same bytes without
/// end; returns its address and how many bytes of bodies it has sent.
pub(crate) async fn endless(beginning: &str, again: &str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let beginning = beginning.as_bytes().to_vec();
    let again = again.repeat((64 * 1024 / again.len()).max(1)).into_bytes();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            read_request(&mut connection).await;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
            let _ = connection.write_all(&[head.as_bytes(), &beginning].concat()).await;
            while connection.write_all(&again).await.is_ok() {
                counter.fetch_add(again.len(), Ordering::Relaxed);
            }
        }
    });
    (url, sent)
}
