//! A stand-in for the service of a language model, in this process, which answers at once.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of the answer to a GET.
pub(super) const LARGE: usize = 64 << 20;

/// Time between two frames of a stream: each is on its way alone.
const PAUSE: Duration = Duration::from_millis(2);

/// A service that listens until the process ends.
pub(super) struct Upstream {
    /// Its address with the port.
    pub(super) address: String,
    /// What times in its frames are counted from.
    clock: Instant,
}

impl Upstream {
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let clock = Instant::now();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away ends its connection, and nothing else.
                thread::spawn(move || serve(stream, clock));
            }
        });
        Ok(Self { address, clock })
    }

    /// The path of a question that is answered by so many frames.
    pub(super) fn path(frames: usize) -> String {
        format!("/v1/messages?frames={frames}")
    }

    /// How long ago a frame was sent, by its line; none if the line is of no frame.
    pub(super) fn age(&self, line: &str) -> Option<Duration> {
        let sent = line.strip_prefix("data: ")?.trim().parse().ok()?;
        self.clock.elapsed().checked_sub(Duration::from_nanos(sent))
    }
}

/// Answers the requests of one connection, each as its path asks for.
fn serve(stream: TcpStream, clock: Instant) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = BufReader::new(stream.try_clone()?);
    let mut write = stream;
    let large = vec![b'x'; LARGE];
    while let Some((method, path)) = request(&mut read)? {
        if method == "GET" {
            write!(write, "HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n")?;
            write.write_all(&large)?;
            continue;
        }
        let frames = path.rsplit_once('=').and_then(|(_, number)| number.parse().ok()).unwrap_or(1);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        write.write_all(head.as_bytes())?;
        for number in 0..frames {
            if number > 0 {
                thread::sleep(PAUSE);
            }
            let frame = format!("data: {}\n\n", clock.elapsed().as_nanos());
            write.write_all(format!("{:x}\r\n{frame}\r\n", frame.len()).as_bytes())?;
        }
        write.write_all(b"0\r\n\r\n")?;
    }
    Ok(())
}

/// Reads a request with its body; its method and path. None if the client has closed the connection.
fn request(read: &mut impl BufRead) -> io::Result<Option<(String, String)>> {
    let mut line = String::new();
    if read.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default();
    let mut length = 0;
    loop {
        line.clear();
        read.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    io::copy(&mut read.take(length), &mut io::sink())?;
    Ok(Some((method, path)))
}
