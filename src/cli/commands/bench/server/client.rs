//! A client that costs as little as possible, so that what is timed is the server.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Where a server listens.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// An address with a port.
    Tcp(String),
    /// The file of a unix socket.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no such sockets"))]
    Unix(PathBuf),
}

/// A connection that is kept open between requests.
pub(super) struct Client {
    host: String,
    write: Box<dyn Write + Send>,
    read: Box<dyn BufRead + Send>,
}

impl Client {
    pub(super) fn connect(place: &Place) -> io::Result<Self> {
        match place {
            Place::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                let read = Box::new(BufReader::new(stream.try_clone()?));
                Ok(Self { host: address.clone(), write: Box::new(stream), read })
            }
            #[cfg(unix)]
            Place::Unix(file) => {
                let stream = UnixStream::connect(file)?;
                let read = Box::new(BufReader::new(stream.try_clone()?));
                Ok(Self { host: "localhost".to_owned(), write: Box::new(stream), read })
            }
            #[cfg(not(unix))]
            Place::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The time until the whole answer to a GET is there.
    pub(super) fn get(&mut self, path: &str) -> io::Result<Duration> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.timed(&request)
    }

    /// The time until the whole answer to a POST of JSON is there.
    pub(super) fn post(&mut self, path: &str, body: &Value) -> io::Result<Duration> {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.timed(&request)
    }

    fn timed(&mut self, request: &str) -> io::Result<Duration> {
        let began = Instant::now();
        self.write.write_all(request.as_bytes())?;
        self.answer()?;
        Ok(began.elapsed())
    }

    /// Reads an answer of a known length to its end.
    fn answer(&mut self) -> io::Result<()> {
        let mut line = String::new();
        self.read.read_line(&mut line)?;
        let status = line.trim().to_owned();
        let mut length = None;
        loop {
            line.clear();
            self.read.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
        }
        let Some(length) = length else {
            return Err(io::Error::other(format!("an answer without its length: {status}")));
        };
        let mut body = vec![0; length];
        self.read.read_exact(&mut body)?;
        if status.contains(" 200") {
            return Ok(());
        }
        Err(io::Error::other(format!("{status}: {}", String::from_utf8_lossy(&body))))
    }
}
