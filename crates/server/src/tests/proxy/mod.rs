//! The proxies before a server in the place of a model's.

mod capture;
mod insert;
mod keys;
mod properties;
mod relay;
mod upstream;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;

use self::upstream::Upstream;
use super::fixture::{Served, request};
use crate::peer::{Connection, Peer};
use crate::{ProxySettings, ServerSettings};

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("it is text"))
    }
}

/// A server that relays both APIs to an upstream.
fn before(upstream: &Upstream) -> Served {
    before_with(upstream, |_| {})
}

/// A server that relays both APIs to an upstream, with these settings.
fn before_with(upstream: &Upstream, change: impl FnOnce(&mut ServerSettings)) -> Served {
    Served::with(|settings| {
        settings.proxy = relaying_to(&upstream.url());
        change(settings);
    })
}

fn relaying_to(url: &str) -> ProxySettings {
    // However busy the machine is.
    let recall_deadline = std::time::Duration::from_mins(1);
    let mut proxy = ProxySettings { recall_deadline, ..ProxySettings::default() };
    for to in [&mut proxy.anthropic, &mut proxy.openai] {
        to.address = Some(url.parse().expect("it is an address"));
    }
    proxy
}

/// A request with a body.
fn post(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    request("POST", path, headers).map(|_| body.into())
}

/// Sends a request as a program of the person who runs the server.
async fn ask(served: &Served, mut request: Request<Body>) -> Answer {
    let connection = Connection::new(Peer::ThisProcess);
    request.extensions_mut().insert(std::sync::Arc::new(connection));
    answer_to(served, request).await
}

/// Sends a request as a program of somebody else, who needs a key.
async fn ask_as_other(served: &Served, mut request: Request<Body>) -> Answer {
    let address = "10.0.0.9:50000".parse().expect("it is an address");
    let local = super::fixture::LOCAL.parse().expect("it is an address");
    let connection = Connection::new(Peer::Tcp { address, local });
    request.extensions_mut().insert(std::sync::Arc::new(connection));
    answer_to(served, request).await
}

async fn answer_to(served: &Served, request: Request<Body>) -> Answer {
    let response = served.front.answer(request).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.into_body().collect().await.expect("the body comes to its end").to_bytes();
    Answer { status, headers, body }
}

/// Stores what a person said in earlier conversations, found by meaning and by words.
async fn remember(served: &Served, user: &str, texts: &[&str]) {
    let user = super::fixture::user(user);
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let store = move |memory: &longmem_memory::Memory| {
        for (number, text) in texts.iter().enumerate() {
            let session = format!("earlier {number}").parse().expect("it is a name");
            let turn = memory.new_turn(session, longmem_core::Role::User, text);
            memory.remember(&user, &[turn])?;
        }
        memory.catch_up(&user).map(drop)
    };
    served.shared.memory.run(store).await.expect("it can be stored");
}
