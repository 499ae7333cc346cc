use std::time::Duration;

use serde_json::json;
use tokio::time::{sleep, timeout};

use super::upstream::{Scripted, Upstream};
use super::{ask, ask_as_other, before, post};
use crate::Permission::{Admin, Proxy, Read, Write};
use crate::tests::fixture::{Served, request};

/// A stream of 40 events with every kind of line that the standard allows, and characters of several bytes.
fn forty_events() -> Vec<String> {
    let event = |number: usize| match number % 4 {
        0 => format!("event: delta\r\ndata: {{\"text\":\"w{number} é\"}}\r\n\r\n"),
        1 => format!(": comment {number}\ndata: {{\"text\": \"東京 {number}\"}}\n\n"),
        2 => "event: ping\ndata: {\"type\": \"ping\"}\n\n".to_owned(),
        _ => format!("data:{number}\rdata: more\r\r"),
    };
    (0..40).map(event).collect()
}

#[tokio::test]
async fn any_path_and_any_body_gets_to_the_upstream_as_it_is() {
    let upstream = Upstream::always(json!({"ok": true})).await;
    let served = before(&upstream);
    for (method, path, arrives) in [
        ("GET", "/anthropic/v1/models?limit=1000", "GET /v1/models?limit=1000"),
        ("HEAD", "/anthropic", "HEAD /"),
        ("DELETE", "/openai/v1/files/file-1", "DELETE /v1/files/file-1"),
        ("GET", "/u/bo/openai/v1/models/a%2Fb?q=%20&q=", "GET /v1/models/a%2Fb?q=%20&q="),
        ("OPTIONS", "/openai/", "OPTIONS /"),
    ] {
        let answer = ask(&served, request(method, path, &[])).await;
        assert_eq!((answer.status, upstream.last().line), (200, arrives.to_owned()));
    }
    assert!(!upstream.last().headers.contains_key("x-request-id"));
    let named = request("GET", "/openai/v1/models", &[("x-request-id", "of the client")]);
    ask(&served, named).await;
    assert_eq!(upstream.last().headers["x-request-id"], "of the client");
    let form = "--x\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\n\u{0}é\r\n--x--\r\n";
    for (kind, body) in [
        ("multipart/form-data; boundary=x", form),
        ("text/plain", "anything"),
        ("application/json", "{ not json"),
        ("", ""),
    ] {
        let sent = post("/openai/v1/files", &[("content-type", kind)], body);
        assert_eq!(ask(&served, sent).await.json(), json!({"ok": true}));
        let arrived = upstream.last();
        assert_eq!(
            (arrived.text().as_str(), arrived.headers["content-type"].to_str().unwrap()),
            (body, kind)
        );
    }
}

#[tokio::test]
async fn an_answer_is_relayed_with_what_it_says_of_itself() {
    let upstream = Upstream::start(|_| {
        let headers = [
            ("content-type", "application/json"),
            ("x-request-id", "req_of_the_upstream"),
            ("retry-after", "7"),
            ("set-cookie", "longmem_s=stolen"),
            ("access-control-allow-origin", "*"),
            ("content-security-policy", "default-src *"),
        ];
        Scripted::new("429 Too Many Requests", &headers, br#"{"error": {"type": "rate"}}"#)
    })
    .await;
    let served = before(&upstream);
    let answer = ask(&served, post("/openai/v1/embeddings", &[], "{}")).await;
    assert_eq!((answer.status, &answer.body[..]), (429, &br#"{"error": {"type": "rate"}}"#[..]));
    assert_eq!(answer.header("x-request-id"), Some("req_of_the_upstream"));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("content-length"), Some("27"));
    for name in ["set-cookie", "access-control-allow-origin", "connection"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    let policies: Vec<_> = answer.headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies, ["default-src *", "default-src 'none'; frame-ancestors 'none'"]);
}

#[tokio::test]
async fn a_compressed_answer_is_relayed_undecoded() {
    let compressed = b"\x1f\x8b\x08\x00not really\x00";
    let upstream = Upstream::start(|_| {
        let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
        Scripted::new("200 OK", &headers, compressed)
    })
    .await;
    let served = before(&upstream);
    for path in ["/openai/v1/models", "/openai/v1/chat/completions"] {
        let answer = ask(&served, post(path, &[("accept-encoding", "gzip")], "{}")).await;
        assert_eq!(
            (answer.header("content-encoding"), &answer.body[..]),
            (Some("gzip"), &compressed[..])
        );
    }
}

#[tokio::test]
async fn a_stream_is_relayed_byte_for_byte_and_as_it_comes() {
    let events = forty_events();
    let sent = events.concat();
    let pieces = events.clone();
    let upstream = Upstream::start(move |_| {
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        Scripted::events(&pieces, Duration::from_millis(10))
    })
    .await;
    let served = before(&upstream);
    let listening = served.listen(false).await;
    let url = format!("http://{}/anthropic/v1/messages", listening.address);
    let client = longmem_chat::http_client(&url.parse().unwrap()).build().unwrap();
    let asked = client.post(&url).header("content-type", "application/json");
    let mut answer = asked.body(r#"{"stream":true,"messages":[]}"#).send().await.unwrap();
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    let (mut came, mut pieces) = (Vec::new(), 0);
    while let Some(piece) = answer.chunk().await.unwrap() {
        came.extend_from_slice(&piece);
        pieces += 1;
    }
    assert_eq!(String::from_utf8(came).unwrap(), sent);
    assert!(pieces >= events.len(), "{pieces} pieces");
    listening.stop.send(()).unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_request_to_the_upstream() {
    let mut upstream =
        Upstream::start(|_| Scripted::events(&["data: 1\n\n"; 1_000], Duration::from_millis(100)))
            .await;
    let served = before(&upstream);
    let listening = served.listen(false).await;
    let url = format!("http://{}/openai/v1/chat/completions", listening.address);
    let client = longmem_chat::http_client(&url.parse().unwrap()).build().unwrap();
    let asked = client.post(&url).header("content-type", "application/json");
    let mut answer = asked.body(r#"{"stream":true,"messages":[]}"#).send().await.unwrap();
    answer.chunk().await.unwrap();
    drop((answer, client));
    timeout(Duration::from_mins(1), upstream.left.changed()).await.unwrap().unwrap();
    // And while it waits for the head of the answer.
    let client = longmem_chat::http_client(&url.parse().unwrap()).build().unwrap();
    let asked = client.post(&url).header("content-type", "application/json");
    let waiting = tokio::spawn(asked.body("{}").send());
    while upstream.arrived().len() < 2 {
        sleep(Duration::from_millis(5)).await;
    }
    waiting.abort();
    drop(client);
    timeout(Duration::from_mins(1), upstream.left.changed()).await.unwrap().unwrap();
    listening.stop.send(()).unwrap();
}

#[tokio::test]
async fn an_upstream_that_is_down_is_an_error_in_the_shape_of_the_api() {
    let upstream = Upstream::always(json!({})).await;
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let served = Served::with(|settings| {
        settings.proxy = super::relaying_to(&upstream.url());
        settings.proxy.anthropic.address = Some(format!("http://{gone}").parse().unwrap());
        settings.proxy.openai.address = Some(format!("http://{gone}/v1").parse().unwrap());
    });
    let answer = ask(&served, post("/anthropic/v1/messages", &[], "{}")).await;
    let error = answer.json();
    assert_eq!(
        (answer.status, &error["type"], &error["error"]["type"]),
        (502, &json!("error"), &json!("api_error"))
    );
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.contains(&gone.to_string()) && message.contains("proxy.anthropic.upstream"),
        "{message}"
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let answer = ask(&served, post("/u/ana/openai/chat/completions", &[], "{}")).await;
    let error = answer.json();
    assert_eq!((answer.status, &error["error"]["type"]), (502, &json!("api_error")));
    assert_eq!(error["error"]["code"], "upstream_unreachable");
}

#[tokio::test]
async fn without_an_upstream_and_outside_of_it_there_is_nothing() {
    let upstream = Upstream::always(json!({})).await;
    let served = super::before_with(&upstream, |settings| {
        settings.proxy.openai.address = None;
        settings.proxy.anthropic.address =
            Some(format!("{}/team", upstream.url()).parse().unwrap());
    });
    assert_eq!(ask(&served, request("GET", "/openai/v1/models", &[])).await.status, 404);
    assert_eq!(ask(&served, request("GET", "/anthropic/../admin", &[])).await.status, 404);
    assert_eq!(ask(&served, request("GET", "/anthropic/%2e%2E/admin", &[])).await.status, 404);
    assert!(upstream.arrived().is_empty());
}

#[tokio::test]
async fn a_key_needs_the_permission_for_the_proxies() {
    let upstream = Upstream::always(json!({"ok": true})).await;
    let served = before(&upstream);
    for (scopes, status) in [(&[Read, Write, Admin][..], 403), (&[Proxy][..], 200)] {
        let key = served.key("ana", scopes);
        let asked = request("GET", "/anthropic/v1/models", &[("x-longmem-key", &key.key)]);
        let answer = ask_as_other(&served, asked).await;
        assert_eq!(answer.status, status);
        if status == 403 {
            assert_eq!(answer.json()["error"]["type"], "permission_error");
        }
    }
    let answer = ask_as_other(&served, request("GET", "/anthropic/v1/models", &[])).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["type"]),
        (401, &json!("authentication_error"))
    );
    // Another user's memory is for those who may read all.
    let key = served.key("bo", &[Proxy]);
    let asked = request("GET", "/u/ana/openai/v1/models", &[("x-longmem-key", &key.key)]);
    assert_eq!(ask_as_other(&served, asked).await.status, 403);
}

#[tokio::test]
async fn what_a_page_of_another_site_sends_is_not_relayed() {
    let upstream = Upstream::always(json!({})).await;
    let served = before(&upstream);
    for path in ["/anthropic/v1/messages", "/openai/v1/files", "/u/ana/openai/v1/models"] {
        for (name, value) in [
            ("host", "evil.example"),
            ("host", ""),
            ("host", ":7717"),
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
        ] {
            for method in ["GET", "POST"] {
                let asked = request(method, path, &[(name, value), ("content-type", "text/plain")]);
                assert_eq!(
                    ask(&served, asked).await.status,
                    403,
                    "{method} {path} {name}: {value}"
                );
            }
        }
    }
    assert!(upstream.arrived().is_empty());
}
