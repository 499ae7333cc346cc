use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use super::fixture::{Served, request};
use crate::Permission::{Admin, Read};

/// Every path and method of the document, and those beside it.
async fn every_route(served: &Served) -> Vec<(String, String)> {
    let document = served.ask(request("GET", "/openapi.json", &[])).await.json;
    let paths = document["paths"].as_object().expect("the document has paths");
    let methods = |methods: &Value| -> Vec<String> {
        methods.as_object().into_iter().flatten().map(|(name, _)| name.to_uppercase()).collect()
    };
    let mut routes: Vec<(String, String)> = paths
        .iter()
        .flat_map(|(path, of_path)| {
            methods(of_path).into_iter().map(move |method| (method, path.clone()))
        })
        .filter(|(method, _)| method != "PARAMETERS")
        .collect();
    for (method, path) in [
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("POST", "/mcp"),
        ("POST", "/hooks/claude-code/Stop"),
        ("POST", "/u/ana/v1/memory/recall"),
        ("GET", "/nowhere"),
    ] {
        routes.push((method.to_owned(), path.to_owned()));
    }
    assert!(routes.len() > 10, "{routes:?}");
    routes.into_iter().map(|(method, path)| (method, path.replace(['{', '}'], ""))).collect()
}

#[tokio::test]
async fn no_route_answers_what_a_page_of_another_site_may_have_sent() {
    let served = Served::new();
    let key = served.key("ana", &[Admin]);
    for (method, path) in every_route(&served).await {
        for (name, value) in [
            ("host", "evil.example"),
            ("host", "evil.example:7717"),
            ("host", ""),
            ("host", ":7717"),
            ("host", "localhost"),
            ("host", "user@localhost:7717"),
            ("host", "localhost.:7717"),
            ("origin", "http://evil.example"),
            ("origin", "http://localhost:3000"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let asked = request(&method, &path, &[("x-longmem-key", &key.key), (name, value)]);
            let answered = served.ask(asked).await;
            assert_eq!(answered.status, 403, "{method} {path} with {name}: {value}");
        }
    }
}

#[tokio::test]
async fn no_route_takes_what_a_form_can_send() {
    let served = Served::new();
    let key = served.key("ana", &[Admin]);
    for (method, path) in every_route(&served).await {
        if method == "GET" || method == "DELETE" {
            continue;
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
            let headers = [("x-longmem-key", &*key.key), ("content-type", kind)];
            let answered = served.ask(request(&method, &path, &headers)).await;
            assert_eq!(answered.status, 415, "{method} {path} with {kind}");
        }
    }
}

#[tokio::test]
async fn nothing_of_a_user_is_reached_without_a_key() {
    let served = Served::new();
    for (method, path) in every_route(&served).await {
        let answered = served.ask(request(&method, &path, &[])).await;
        let is_open = ["/healthz", "/readyz", "/openapi.json"].contains(&path.as_str());
        assert_eq!(answered.status, if is_open { 200 } else { 401 }, "{method} {path}");
    }
}

#[tokio::test]
async fn no_answer_lets_another_site_read_it() {
    let served = Served::new();
    let key = served.key("ana", &[Read]);
    let preflight = [
        ("x-longmem-key", &*key.key),
        ("origin", "http://127.0.0.1:7717"),
        ("access-control-request-method", "POST"),
    ];
    for asked in [
        request("GET", "/cors", &[("x-longmem-key", &key.key)]),
        request("OPTIONS", "/v1/memory/recall", &preflight),
        request("GET", "/nowhere", &[]),
    ] {
        let answered = served.ask(asked).await;
        let mut names = answered.headers.keys();
        assert!(!names.any(|name| name.as_str().starts_with("access-control-")));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(answered.headers[name], value);
        }
        assert!(answered.headers.contains_key("x-request-id"));
    }
    let cached = served.ask(request("GET", "/cors", &[("x-longmem-key", &key.key)])).await;
    assert_eq!(cached.headers["cache-control"], "max-age=1");
}

#[tokio::test]
async fn a_panic_is_a_problem_with_a_number_and_none_of_its_words() {
    let served = Served::new();
    let key = served.key("ana", &[Read]);
    let answered = served.ask(request("GET", "/panic", &[("x-longmem-key", &key.key)])).await;
    assert_eq!(answered.status, 500);
    assert_eq!(answered.json["type"], "/errors/bug");
    assert_eq!(answered.json["request_id"], answered.headers["x-request-id"].to_str().unwrap());
    assert!(!answered.json.to_string().contains("secret"), "{}", answered.json);
    assert_eq!(served.ask(request("GET", "/healthz", &[])).await.status, 200);
}

#[tokio::test]
async fn a_body_is_no_longer_than_its_path_allows() {
    let served = Served::new();
    let key = served.key("ana", &[Admin]);
    let send = async |path: &str, body: Body, length: Option<u64>| {
        let (mut parts, _) = request("POST", path, &[("x-longmem-key", &key.key)]).into_parts();
        if let Some(length) = length {
            parts.headers.insert("content-length", length.into());
        }
        served.ask(Request::from_parts(parts, body)).await
    };
    let mebibytes = |count: usize| Body::from(vec![b' '; count << 20]);
    let announced = send("/v1/memory/recall", Body::empty(), Some((1 << 20) + 1)).await;
    assert_eq!((announced.status, &announced.json["status"]), (413, &413.into()));
    assert_eq!(send("/v1/memory/recall", mebibytes(2), None).await.status, 413);
    assert_eq!(send("/v1/memory/turns", mebibytes(9), None).await.status, 413);
    assert_eq!(send("/v1/memory/turns", mebibytes(7), None).await.status, 400);
}
