//! Bodies that are refused, that do not come, and that come without an end.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::fixture::{Served, read_some};
use crate::Permission::{Read, Write};

/// Longer than anything here may take.
const LONG: Duration = Duration::from_secs(20);

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(LONG, future).await.expect("it takes too long")
}

/// The head of a request with a body of so many bytes.
fn head(address: std::net::SocketAddr, line: &str, key: &str, length: usize) -> String {
    format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nx-longmem-key: {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// What is refused, whatever its body holds.
const REFUSED: [(&str, &str); 5] = [
    ("POST /v1/memory/turns", "403"),
    ("PATCH /v1/memory/turns/1", "403"),
    ("POST /nowhere", "404"),
    ("PUT /v1/memory/turns", "405"),
    ("POST /healthz", "413"),
];

#[tokio::test]
async fn what_is_refused_is_refused_before_its_body_comes() {
    let served = Served::new();
    let listening = served.listen(false).await;
    let reads = served.key("ana", &[Read]).key;
    let wrong = "wrong".to_owned();
    let cases = REFUSED.into_iter().map(|(line, status)| (line, &reads, status));
    for (line, key, status) in cases.chain([("POST /v1/memory/turns", &wrong, "401")]) {
        let mut stream = listening.connect().await;
        let head = head(listening.address, line, key, 1000);
        let answer = in_time(read_some(&mut stream, head.as_bytes())).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{line}: {answer}");
    }
}

#[tokio::test]
async fn who_sends_all_before_reading_gets_the_answer_and_may_ask_again() {
    let served = Served::new();
    let listening = served.listen(false).await;
    let reads = served.key("ana", &[Read]).key;
    let writes = served.key("ana", &[Write]).key;
    let body = vec![b' '; 9 << 20];
    let cases = REFUSED.into_iter().map(|(line, status)| (line, &reads, status));
    for (line, key, status) in cases.chain([("POST /v1/memory/turns", &writes, "413")]) {
        let mut stream = listening.connect().await;
        // Twice, over the same connection.
        for _ in 0..2 {
            let head = head(listening.address, line, key, body.len());
            let sent = async {
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&body).await
            };
            in_time(sent).await.unwrap_or_else(|error| panic!("{line}: {error}"));
            let answer = in_time(read_some(&mut stream, b"")).await;
            assert_eq!(answer.split(' ').nth(1), Some(status), "{line}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_client_that_asks_whether_to_send_is_not_told_to() {
    let served = Served::new();
    let listening = served.listen(false).await;
    let reads = served.key("ana", &[Read]).key;
    let mut stream = listening.connect().await;
    let head = head(listening.address, "POST /v1/memory/turns", &reads, 1000);
    let head = head.replace("content-type", "expect: 100-continue\r\ncontent-type");
    let mut answer = String::new();
    stream.write_all(head.as_bytes()).await.unwrap();
    in_time(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test]
async fn a_body_without_an_end_is_read_for_a_while_only() {
    let served = Served::new();
    let listening = served.listen(false).await;
    let reads = served.key("ana", &[Read]).key;
    let mut stream = listening.connect().await;
    let head = head(listening.address, "POST /v1/memory/turns", &reads, usize::MAX >> 1);
    stream.write_all(head.as_bytes()).await.unwrap();
    let send_on = async |stream: &mut TcpStream| {
        let piece = vec![b' '; 1 << 20];
        let mut sent = 0;
        while sent < 1 << 30 && stream.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        sent
    };
    let sent = in_time(send_on(&mut stream)).await;
    assert!(sent < 256 << 20, "{sent}");
}

#[tokio::test]
async fn a_body_that_came_in_part_is_given_up_and_gives_its_room_back() {
    let served =
        Served::with(|settings| settings.limits.request_timeout = Duration::from_millis(300));
    let listening = served.listen(false).await;
    let key = served.key("ana", &[Read, Write]).key;
    let head = head(listening.address, "POST /v1/memory/turns", &key, 8 << 20);
    let almost = vec![b' '; (8 << 20) - 1];
    // Together they are as long as one user's bodies may be.
    let mut slow = Vec::new();
    for _ in 0..5 {
        let mut stream = listening.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        in_time(stream.write_all(&almost)).await.unwrap();
        slow.push(stream);
    }
    for mut stream in slow {
        let answer = in_time(read_some(&mut stream, b"")).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(status == "408" || status == "503", "{answer}");
    }
    let mut stream = listening.connect().await;
    let body = r#"{"session":"s","turns":[{"role":"user","text":"Hello there"}]}"#;
    let head = self::head(listening.address, "POST /v1/memory/turns", &key, body.len());
    let answer = in_time(read_some(&mut stream, format!("{head}{body}").as_bytes())).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
