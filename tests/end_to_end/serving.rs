//! The server as a process of its own, and its keys.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::Home;

/// A running server; it is ended with the test.
struct Server {
    process: Child,
    /// Where it listens, as it said.
    said: Value,
}

impl Server {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.longmem(&["serve", "--json", "--listen", "127.0.0.1:0"]);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut document = String::new();
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            document.push_str(&line.unwrap());
            if let Ok(said) = serde_json::from_str(&document) {
                return Self { process, said };
            }
        }
        panic!("the server ended: {:?}", process.wait());
    }

    fn address(&self) -> &str {
        self.said["addresses"][0].as_str().unwrap().strip_prefix("http://").unwrap()
    }

    /// The status and the body of an answer.
    fn ask(&self, request: &str) -> (u16, Value) {
        let stream = TcpStream::connect(self.address()).unwrap();
        ask(stream, &request.replace("HOST", self.address()))
    }

    /// Sends a signal.
    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended, where all went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn ask<S: Read + Write>(mut stream: S, request: &str) -> (u16, Value) {
    let request = request.replace('\n', "\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// A request for what was said, without a key.
const RECALL: &str = "POST /v1/memory/recall HTTP/1.1\nhost: HOST\ncontent-type: application/json\n\
                      content-length: 42\nconnection: close\n\n{\"query\": \"where do the tiles come from?\"}";

#[test]
fn a_server_says_whether_it_made_its_store() {
    let home = Home::new();
    for made in [true, false] {
        let server = Server::start(&home, &[]);
        assert_eq!(server.said["new_store"], made);
    }
}

#[test]
fn a_server_answers_until_it_is_asked_to_stop() {
    let home = Home::new().with_history();
    let mut server = Server::start(&home, &[]);
    let (status, health) = server.ask("GET /healthz HTTP/1.1\nhost: HOST\nconnection: close\n\n");
    assert_eq!((status, &health["server"]), (200, &"longmem".into()));
    let (status, recalled) = server.ask(RECALL);
    assert_eq!(status, 200, "{recalled}");
    assert!(recalled.to_string().contains("Aveiro"), "{recalled}");
    let evil = RECALL.replace("host: HOST", "host: HOST\norigin: http://evil.example");
    assert_eq!(server.ask(&evil).0, 403);

    // The socket beside the store is for this account; the port does not matter there.
    let socket = home.store().with_file_name("server.sock");
    assert_eq!(server.said["socket"], socket.to_str().unwrap());
    let stream = UnixStream::connect(&socket).unwrap();
    assert_eq!(ask(stream, &RECALL.replace("HOST", "localhost")).0, 200);

    let address = server.address().to_owned();
    let second = home.run(&["serve", "--unix", "none", "--listen", &address]).ends_with(3);
    let said = format!("error: another server of longmem listens at {address} already");
    assert!(second.stderr.starts_with(&said), "{second}");
    let third = home.run(&["serve", "--listen", "127.0.0.1:0"]).ends_with(3);
    assert!(third.stderr.contains("server.sock already"), "{third}");

    server.signal("TERM");
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
    assert!(!socket.exists());
}

/// Requests are relayed to where the flags and the file say, with the key of the variable that the file names.
#[test]
fn a_server_relays_to_its_upstream() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", upstream.local_addr().unwrap());
    let (sent, arrived) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = upstream.accept().unwrap();
        let mut head = [0; 2048];
        let length = stream.read(&mut head).unwrap();
        sent.send(String::from_utf8_lossy(&head[..length]).into_owned()).unwrap();
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n{\"data\":7}";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let home = Home::new().with_history().with("KEY_OF_MODELS", "sk-secret");
    home.run_words("config set proxy.openai.api_key_env KEY_OF_MODELS").succeeds();
    let server = Server::start(&home, &["--openai-upstream", &address]);
    let asked = "GET /openai/v1/models HTTP/1.1\nhost: HOST\nconnection: close\n\n";
    assert_eq!(server.ask(asked), (200, serde_json::json!({"data": 7})));
    let arrived = arrived.recv().unwrap();
    assert!(arrived.starts_with("GET /v1/models HTTP/1.1\r\n"), "{arrived}");
    assert!(arrived.contains("authorization: Bearer sk-secret\r\n"), "{arrived}");
    drop(server);

    let refused = home.run(&["serve", "--openai-upstream", "127.0.0.1"]).ends_with(2);
    assert!(refused.stderr.contains("https://api.example.com"), "{refused}");
    home.run_words("config set proxy.openai.api_key_env NO_SUCH_KEY").succeeds();
    let refused = home.run(&["serve", "--listen", "127.0.0.1:0"]).ends_with(1);
    assert!(
        refused.stderr.contains("NO_SUCH_KEY") && refused.stderr.contains("is not set"),
        "{refused}"
    );
}

#[test]
fn a_link_opens_the_page_unless_none_is_served() {
    let home = Home::new().with_history();
    let server = Server::start(&home, &[]);
    let link = server.said["login"].as_str().unwrap();
    let path = link.strip_prefix(&format!("http://{}", server.address())).unwrap();
    assert!(path.starts_with("/ui/login?t="), "{link}");
    let page = |path: &str| format!("GET {path} HTTP/1.1\nhost: HOST\nconnection: close\n\n");
    assert_eq!(server.ask(&page(path)).0, 200);
    assert_eq!(server.ask(&page("/ui/")).0, 303);
    drop(server);
    for flags in [&["--no-page"][..], &["--no-page", "--read-only"]] {
        let server = Server::start(&home, flags);
        assert_eq!(server.said["login"], Value::Null);
        assert_eq!(server.ask(&page("/ui/")).0, 404);
    }
    home.run(&["config", "set", "server.page", "false"]).succeeds();
    assert_eq!(Server::start(&home, &[]).said["login"], Value::Null);
    home.run(&["serve", "--open", "--no-page"]).ends_with(2);
}

#[test]
fn a_second_signal_ends_a_server_at_once() {
    let home = Home::new().with_history();
    let mut server = Server::start(&home, &[]);
    // A head that does not end keeps the server from stopping for a while.
    let mut half = TcpStream::connect(server.address()).unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
    assert_eq!(server.ask("GET /healthz HTTP/1.1\nhost: HOST\nconnection: close\n\n").0, 200);
    server.signal("INT");
    // It listens no more: it has seen the first.
    while TcpStream::connect(server.address()).is_ok() {
        std::thread::yield_now();
    }
    server.signal("INT");
    assert_eq!(server.process.wait().unwrap().code(), Some(130));
}

#[test]
fn where_everybody_needs_a_key_one_is_made_used_listed_and_revoked() {
    let home = Home::new().with_history();
    let unprotected = home.run(&["serve", "--listen", "0.0.0.0:0"]).ends_with(1);
    assert!(unprotected.stderr.contains("longmem keys add NAME"), "{unprotected}");

    let server = Server::start(&home, &["--auth", "required"]);
    assert_eq!(server.ask(RECALL).0, 401);

    let added = home.run(&["--json", "keys", "add", "laptop", "--scope", "read"]).succeeds().json();
    let (key, id) = (added["key"].as_str().unwrap(), added["id"].as_str().unwrap());
    let with_key =
        RECALL.replace("connection: close", &format!("connection: close\nx-longmem-key: {key}"));
    assert_eq!(server.ask(&with_key).0, 200);

    let listed = home.run(&["keys", "list"]).succeeds();
    assert!(listed.stdout.starts_with(&format!("{id} · laptop · read of default")), "{listed}");
    assert!(!listed.stdout.contains(key), "{listed}");
    // What leaves the store by an export holds nothing of it.
    assert!(!home.run(&["export"]).succeeds().stdout.contains("laptop"));

    home.run(&["keys", "revoke", id]).succeeds();
    assert_eq!(server.ask(&with_key).0, 401);
    let unknown = home.run(&["--json", "keys", "revoke", id]).ends_with(1);
    assert!(unknown.stderr.contains("\"unknown_key\""), "{unknown}");
}
