use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::fixture::{Listening, Served, exchange, read_some};
use crate::Permission::Read;

/// Longer than anything here may take.
const LONG: Duration = Duration::from_secs(20);

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(LONG, future).await.expect("it takes too long")
}

async fn health(listening: &Listening) -> String {
    let mut stream = listening.connect().await;
    in_time(read_some(&mut stream, listening.get("/healthz").as_bytes())).await
}

#[tokio::test]
async fn a_head_that_does_not_end_and_a_connection_that_says_nothing_are_closed() {
    let served = Served::new();
    let listening = served.listen(false).await;
    let mut half = listening.connect().await;
    in_time(exchange(&mut half, b"GET /healthz HTTP/1.1\r\nhost: loc")).await;
    let mut silent = listening.connect().await;
    assert_eq!(in_time(exchange(&mut silent, b"")).await, "");
    // And one that was answered and says nothing more.
    let mut idle = listening.connect().await;
    let all = in_time(exchange(&mut idle, listening.get("/healthz").as_bytes())).await;
    assert!(all.starts_with("HTTP/1.1 200 OK"), "{all}");
}

#[tokio::test]
async fn what_is_no_http_or_too_long_is_refused() {
    let served = Served::new();
    let listening = served.listen(false).await;
    let head = |extra: &str| {
        format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n{extra}\r\n", listening.address)
    };
    let many = "x-many: 1\r\n".repeat(200);
    let long = format!("x-long: {}\r\n", "a".repeat(100_000));
    for (sent, status) in [
        (head(""), "200"),
        (head(&many), "431"),
        (head(&long), "431"),
        ("\x16\x03\x01\x02\x00\x01".to_owned(), "400"),
        ("GET /healthz HTTP/1.1\r\n\r\n".to_owned(), "403"),
        ("GET /healthz HTTP/1.0\r\n\r\n".to_owned(), "403"),
        (
            format!(
                "GET http://evil.example/healthz HTTP/1.1\r\nhost: {}\r\n\r\n",
                listening.address
            ),
            "403",
        ),
    ] {
        let mut stream = listening.connect().await;
        let answer = in_time(read_some(&mut stream, sent.as_bytes())).await;
        let got = answer.split(' ').nth(1).unwrap_or_default();
        assert_eq!(got, status, "{sent:.60}");
    }
}

#[tokio::test]
async fn silent_connections_that_fill_the_server_do_not_keep_the_person_out() {
    let served = Served::with(|settings| {
        settings.limits.connections = 8;
        settings.limits.header_timeout = Duration::from_mins(1);
    });
    let listening = served.listen(true).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(listening.connect().await);
    }
    let socket = served.folder.path().join("own").join("longmem.sock");
    let mut own = UnixStream::connect(&socket).await.unwrap();
    let request = b"GET /whose HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let answer = in_time(read_some(&mut own, request)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    // Nor anybody else: what has waited longest makes way.
    assert!(health(&listening).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(in_time(exchange(&mut silent[0], b"")).await, "");
    assert!(in_time(answered(&listening, &mut silent[7])).await);
}

/// Whether a connection is still served.
async fn answered(listening: &Listening, stream: &mut tokio::net::TcpStream) -> bool {
    read_some(stream, listening.get("/healthz").as_bytes()).await.starts_with("HTTP/1.1 200 OK")
}

#[tokio::test]
async fn connections_that_are_kept_open_make_way_and_those_that_are_answered_do_not() {
    let served = Served::with(|settings| {
        settings.limits.connections = 4;
        settings.limits.header_timeout = Duration::from_mins(1);
    });
    let listening = served.listen(false).await;
    let key = served.key("ana", &[Read]);
    let stream = format!(
        "GET /stream HTTP/1.1\r\nhost: {}\r\nx-longmem-key: {}\r\n\r\n",
        listening.address, key.key
    );
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut streaming = listening.connect().await;
        in_time(read_some(&mut streaming, stream.as_bytes())).await;
        streams.push(streaming);
    }
    let mut kept = listening.connect().await;
    assert!(in_time(answered(&listening, &mut kept)).await);
    // A half-sent head is a connection that waits, too.
    for _ in 0..20 {
        let mut half = listening.connect().await;
        tokio::io::AsyncWriteExt::write_all(&mut half, b"GET /healthz HT").await.unwrap();
        assert!(in_time(answered(&listening, &mut listening.connect().await)).await);
    }
    assert_eq!(in_time(exchange(&mut kept, b"")).await, "");
    for streaming in &mut streams {
        assert!(in_time(read_some(streaming, b"")).await.contains("tick"));
    }
    // Nobody waits for a client, so the next one is answered when one of them goes.
    let mut fourth = listening.connect().await;
    in_time(read_some(&mut fourth, stream.as_bytes())).await;
    let mut fifth = listening.connect().await;
    let mut waiting = std::pin::pin!(answered(&listening, &mut fifth));
    assert!(timeout(Duration::from_millis(200), waiting.as_mut()).await.is_err());
    drop(fourth);
    assert!(in_time(waiting).await);
}

#[tokio::test]
async fn a_unix_socket_is_for_the_account_that_runs_the_server() {
    let served = Served::new();
    let listening = served.listen(true).await;
    let folder = served.folder.path().join("own");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("longmem.sock")), 0o600);
    listening.stop.send(()).unwrap();
    in_time(listening.serving).await.unwrap();
    assert!(!folder.join("longmem.sock").exists());
}

#[tokio::test]
async fn streams_do_not_keep_a_server_from_stopping() {
    let served = Served::new();
    let listening = served.listen(false).await;
    let key = served.key("ana", &[Read]);
    let request = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nx-longmem-key: {}\r\n\r\n",
            listening.address, key.key
        )
    };
    let mut streaming = listening.connect().await;
    let begun = in_time(read_some(&mut streaming, request("/stream").as_bytes())).await;
    assert!(begun.starts_with("HTTP/1.1 200 OK"), "{begun}");
    let mut events = listening.connect().await;
    let begun = in_time(read_some(&mut events, request("/v1/memory/events").as_bytes())).await;
    assert!(begun.starts_with("HTTP/1.1"), "{begun}");
    listening.stop.send(()).unwrap();
    in_time(listening.serving).await.unwrap();
    assert!(served.shared.stopping.is_cancelled());
    let mut rest = Vec::new();
    let _ = in_time(streaming.read_to_end(&mut rest)).await;
    assert!(tokio::net::TcpStream::connect(listening.address).await.is_err());
}

#[tokio::test]
async fn a_request_that_is_under_way_is_answered_while_the_server_stops() {
    let served = Served::with(|settings| settings.limits.shutdown_timeout = LONG);
    let listening = served.listen(false).await;
    let mut stream = listening.connect().await;
    let half = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n", listening.address);
    tokio::io::AsyncWriteExt::write_all(&mut stream, half.as_bytes()).await.unwrap();
    assert!(health(&listening).await.contains("200 OK"));
    listening.stop.send(()).unwrap();
    let answer = in_time(exchange(&mut stream, b"\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    in_time(listening.serving).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up() {
    let served =
        Served::with(|settings| settings.limits.request_timeout = Duration::from_millis(100));
    let key = served.key("ana", &[Read]);
    let asked = super::fixture::request("GET", "/forever", &[("x-longmem-key", &key.key)]);
    let answered = in_time(served.ask(asked)).await;
    assert_eq!((answered.status, &answered.headers["retry-after"]), (503, &"1".parse().unwrap()));
    in_time(served.shared.queue.quiet_for(Duration::from_millis(1))).await;
}
