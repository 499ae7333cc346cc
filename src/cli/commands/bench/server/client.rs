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

    /// Posts JSON whose answer is a stream, and hands on each of its lines as it comes; `headers` are whole
    /// lines. The time until the first byte of the stream is there.
    pub(super) fn stream(
        &mut self,
        path: &str,
        headers: &str,
        body: &str,
        mut on_line: impl FnMut(&str),
    ) -> io::Result<Duration> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{headers}\
             Content-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        let began = Instant::now();
        self.write.write_all(request.as_bytes())?;
        let (status, length) = self.head()?;
        if length.is_some() || !status.contains(" 200") {
            return Err(io::Error::other(format!("an answer that is no stream: {status}")));
        }
        let mut size = self.chunk_size()?;
        let first = began.elapsed();
        let mut came = Vec::new();
        while size > 0 {
            let begins = came.len();
            came.resize(begins + size, 0);
            self.read.read_exact(&mut came[begins..])?;
            while let Some(end) = came.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = came.drain(..=end).collect();
                on_line(&String::from_utf8_lossy(&line));
            }
            self.line()?;
            size = self.chunk_size()?;
        }
        self.line()?;
        Ok(first)
    }

    /// The number of bytes that come next in a stream; 0 at its end.
    fn chunk_size(&mut self) -> io::Result<usize> {
        let line = self.line()?;
        usize::from_str_radix(&line, 16)
            .map_err(|_| io::Error::other(format!("a chunk of the size {line}")))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.read.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn timed(&mut self, request: &str) -> io::Result<Duration> {
        let began = Instant::now();
        self.write.write_all(request.as_bytes())?;
        self.answer()?;
        Ok(began.elapsed())
    }

    /// Reads an answer of a known length to its end.
    fn answer(&mut self) -> io::Result<()> {
        let (status, length) = self.head()?;
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

    /// Reads the first line of an answer, and its headers, of which the length is kept.
    fn head(&mut self) -> io::Result<(String, Option<usize>)> {
        let status = self.line()?;
        let mut length = None;
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
        }
        Ok((status, length))
    }
}
