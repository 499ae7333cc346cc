use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use tokio::time::timeout;

use super::fixture::{NOW, Served, exchange, read_some, request};
use crate::Auth;
use crate::Permission::{Admin, Read, Write};
use crate::peer::Peer;

/// A path that needs the permission to read.
const READ: &str = "/whose";

fn with_key(path: &str, key: &str) -> Request<Body> {
    request("GET", path, &[("authorization", &format!("Bearer {key}"))])
}

#[tokio::test]
async fn who_comes_from_elsewhere_needs_a_key() {
    let served = Served::new();
    let answered = served.ask(request("GET", READ, &[])).await;
    assert_eq!(answered.status, 401);
    assert_eq!(answered.headers["www-authenticate"], "Bearer");
    assert_eq!(answered.json["type"], "/errors/no-key");
    assert_eq!(answered.json["request_id"], answered.headers["x-request-id"].to_str().unwrap());
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(served.ask(request("GET", path, &[])).await.status, 200, "{path}");
    }
    // Nothing of any user, and no counts.
    let ready = served.ask(request("GET", "/readyz", &[])).await.json;
    let fields: Vec<&String> = ready.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["store", "model"]);
    for path in ["/metrics", "/nowhere", "/hooks/claude-code/Stop"] {
        assert_eq!(served.ask(request("GET", path, &[])).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn the_person_who_runs_the_server_needs_none() {
    let served = Served::new();
    let own = rustix::process::geteuid().as_raw();
    let ask = async |served: &Served, account| {
        let peer = Peer::Unix { account };
        served.ask_from(peer, request("GET", READ, &[("host", "localhost")])).await.status
    };
    assert_eq!(ask(&served, Some(own)).await, 200);
    assert_eq!(ask(&served, Some(own + 1)).await, 401);
    assert_eq!(ask(&served, None).await, 401);
    let everybody = Served::with(|settings| settings.auth = Auth::Required);
    assert_eq!(ask(&everybody, Some(own)).await, 401);
    // A key is judged, whoever sends it.
    let wrong = request("GET", READ, &[("host", "localhost"), ("x-longmem-key", "wrong")]);
    assert_eq!(served.ask_from(Peer::Unix { account: Some(own) }, wrong).await.status, 401);
    let empty = request("GET", READ, &[("host", "localhost"), ("authorization", "Bearer")]);
    assert_eq!(served.ask_from(Peer::Unix { account: Some(own) }, empty).await.status, 200);
}

#[tokio::test]
async fn what_another_server_sends_on_needs_a_key() {
    let served = Served::with(|settings| settings.names.push("memory.example".to_owned()));
    let peer = Peer::Unix { account: Some(rustix::process::geteuid().as_raw()) };
    for (headers, status) in [
        (vec![("host", "localhost")], 200),
        (vec![("host", "memory.example")], 401),
        (vec![("host", "localhost"), ("x-forwarded-for", "203.0.113.9")], 401),
        (vec![("host", "localhost"), ("forwarded", "for=203.0.113.9")], 401),
        (vec![("host", "localhost"), ("via", "1.1 proxy")], 401),
    ] {
        let answered = served.ask_from(peer, request("GET", READ, &headers)).await;
        assert_eq!(answered.status, status, "{headers:?}");
    }
    let key = served.key("bo", &[Read]);
    let headers = [("host", "memory.example"), ("x-longmem-key", &*key.key), ("via", "1.1 proxy")];
    assert_eq!(served.ask_from(peer, request("GET", READ, &headers)).await.json, "bo");
}

#[tokio::test]
async fn a_key_opens_until_it_is_revoked_or_ends() {
    let served = Served::new();
    let key = served.key_until("bo", &[Read], Some("2026-03-09T00:00:00Z"));
    assert_eq!(served.ask(with_key(READ, &key.key)).await.status, 200);
    let token = request("GET", READ, &[("authorization", &format!("Token {}", key.key))]);
    assert_eq!(served.ask(token).await.status, 200);
    let in_query = format!("{READ}?key={}", key.key);
    assert_eq!(served.ask(request("GET", &in_query, &[])).await.status, 401);

    let later = Served::over(served.folder, "2026-03-09T00:00:00Z", |_| {});
    assert_eq!(later.ask(with_key(READ, &key.key)).await.status, 401);
    let again = Served::over(later.folder, NOW, |_| {});
    assert_eq!(again.ask(with_key(READ, &key.key)).await.status, 200);
    again.revoke(&key);
    assert_eq!(again.ask(with_key(READ, &key.key)).await.status, 401);
}

#[tokio::test]
async fn a_stream_ends_with_its_key_and_with_no_other() {
    let served = Served::with(|settings| settings.limits.look_at_keys = Duration::from_millis(20));
    let listening = served.listen(false).await;
    let stays = served.key("bo", &[Read]);
    for path in ["/stream", "/v1/memory/events"] {
        let ask = async |key: &str| {
            let mut stream = listening.connect().await;
            let head = format!(
                "GET {path} HTTP/1.1\r\nhost: {}\r\nx-longmem-key: {key}\r\n\r\n",
                listening.address
            );
            let begun = read_some(&mut stream, head.as_bytes()).await;
            assert!(begun.starts_with("HTTP/1.1 200"), "{begun}");
            stream
        };
        let key = served.key("bo", &[Read]);
        let (mut ending, mut staying) = (ask(&key.key).await, ask(&stays.key).await);
        served.revoke(&key);
        let rest = timeout(Duration::from_secs(20), exchange(&mut ending, b"")).await;
        // It breaks off, so that nobody takes it for the whole.
        assert!(!rest.expect("the stream ends").ends_with("0\r\n\r\n"));
        let more = timeout(Duration::from_millis(200), exchange(&mut staying, b"")).await;
        assert!(more.is_err(), "{path}: {more:?}");
    }
}

#[tokio::test]
async fn a_key_reaches_another_user_only_if_it_may() {
    let served = Served::new();
    let (own, admin) = (served.key("bo", &[Read, Write]), served.key("root", &[Admin]));
    let of_other = |key: &str| {
        [
            request("GET", READ, &[("x-longmem-key", key), ("x-longmem-user", "ana")]),
            request("GET", &format!("/u/ana{READ}"), &[("x-longmem-key", key)]),
        ]
    };
    for asked in of_other(&own.key) {
        assert_eq!(served.ask(asked).await.status, 403);
    }
    for asked in of_other(&admin.key) {
        assert_eq!(served.ask(asked).await.json, "ana");
    }
    let named = request("GET", READ, &[("x-longmem-key", &own.key), ("x-longmem-user", "bo")]);
    assert_eq!(served.ask(named).await.status, 200);
    let twice = [("x-longmem-key", &*admin.key), ("x-longmem-user", "a"), ("x-longmem-user", "b")];
    assert_eq!(served.ask(request("GET", READ, &twice)).await.status, 400);
    let no_name = [("x-longmem-key", &*admin.key), ("x-longmem-user", "")];
    assert_eq!(served.ask(request("GET", READ, &no_name)).await.status, 400);
    assert_eq!(served.ask(with_key("/metrics", &own.key)).await.status, 403);
    assert_eq!(served.ask(with_key("/metrics", &admin.key)).await.status, 200);
}

#[tokio::test]
async fn a_key_that_may_only_read_changes_nothing_and_neither_does_anybody_where_memory_is_read_only()
 {
    let body = |key: &str| {
        let headers = [("x-longmem-key", key)];
        let (parts, _) = request("POST", "/v1/memory/turns", &headers).into_parts();
        let turns = r#"{"session":"s","turns":[{"role":"user","text":"I moved to Lisbon"}]}"#;
        Request::from_parts(parts, Body::from(turns))
    };
    let served = Served::new();
    let (reads, writes) = (served.key("bo", &[Read]), served.key("bo", &[Read, Write]));
    assert_eq!(served.ask(body(&reads.key)).await.status, 403);
    assert_eq!(served.ask(body(&writes.key)).await.status, 201);
    let read_only = Served::over(served.folder, NOW, |settings| settings.read_only = true);
    assert_eq!(read_only.ask(body(&writes.key)).await.status, 403);
    let admin = read_only.key("root", &[Admin]);
    assert_eq!(read_only.ask(body(&admin.key)).await.status, 403);
    assert_eq!(read_only.ask(with_key(READ, &writes.key)).await.status, 200);
}

#[tokio::test]
async fn wrong_keys_are_counted_and_right_ones_are_served_all_the_same() {
    let served = Served::new();
    let key = served.key("bo", &[Read]);
    for _ in 0..5 {
        assert_eq!(served.ask(with_key(READ, "lm_wrong")).await.status, 401);
    }
    let refused = served.ask(with_key(READ, "lm_wrong")).await;
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(served.ask(with_key(READ, &key.key)).await.status, 200);
    // Another machine has its own count.
    let peer = Peer::Tcp {
        address: "10.0.0.10:50000".parse().unwrap(),
        local: "127.0.0.1:7717".parse().unwrap(),
    };
    assert_eq!(served.ask_from(peer, with_key(READ, "lm_wrong")).await.status, 401);
}

#[tokio::test]
async fn a_key_sends_a_hundred_requests_at_once_and_not_many_more() {
    let served = Served::new();
    let key = served.key("bo", &[Read]);
    let mut served_requests = 0;
    let refused = loop {
        let answered = served.ask(with_key("/nowhere", &key.key)).await;
        if answered.status == 429 {
            break answered;
        }
        served_requests += 1;
        assert!(served_requests < 10_000, "no limit was met");
    };
    assert!(served_requests >= 100, "{served_requests}");
    assert_eq!(refused.headers["retry-after"], "1");
    let other = served.key("bo", &[Read]);
    assert_eq!(served.ask(with_key(READ, &other.key)).await.status, 200);
}

#[tokio::test]
async fn other_machines_are_let_in_only_where_everybody_needs_a_key_and_there_is_one() {
    use crate::{ServeError, Server};

    let elsewhere = ["0.0.0.0:0".parse().unwrap()];
    for auth in [Auth::Auto, Auth::Required] {
        let served = Served::with(|settings| settings.auth = auth);
        let over = Server::over(std::sync::Arc::clone(&served.front));
        let refused = over.listen(&elsewhere, None).await.unwrap_err();
        assert!(matches!(refused, ServeError::Unprotected(_)), "{refused}");
        served.key_until("bo", &[Read], Some("2026-03-09T00:00:00Z"));
        assert_eq!(over.listen(&elsewhere, None).await.is_ok(), auth == Auth::Required);
    }
}
