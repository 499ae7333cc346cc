use std::sync::Mutex;

use longmem_chat::ApiKey;
use serde_json::json;

use super::upstream::{Arrived, Upstream};
use super::{ask, ask_as_other, before, before_with};
use crate::Permission::{Proxy, Read};
use crate::tests::fixture::request;
use crate::{Auth, ServerSettings};

const MODELS: &str = "/anthropic/v1/models";
const UPSTREAMS: &str = "sk-ant-of-the-client";

/// What the servers of these tests log.
static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn log(line: &str) {
    LOG.lock().expect("nobody panics with it").push(line.to_owned());
}

fn with_own_key(settings: &mut ServerSettings) {
    let key = ApiKey::new("sk-of-the-server").expect("it is a key");
    settings.proxy.anthropic.api_key = Some(key.clone());
    settings.proxy.openai.api_key = Some(key);
    settings.log = log;
}

fn values(arrived: &Arrived) -> String {
    let values = arrived.headers.iter().map(|(name, value)| format!("{name}: {value:?}"));
    values.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_key_of_the_upstream_is_relayed_and_never_judged() {
    let upstream = Upstream::always(json!({})).await;
    let served = before_with(&upstream, |settings| settings.log = log);
    for header in [("authorization", "Bearer sk-ant-of-the-client"), ("x-api-key", UPSTREAMS)] {
        // More often than keys of longmem may be wrong.
        for _ in 0..10 {
            assert_eq!(ask(&served, request("GET", MODELS, &[header])).await.status, 200);
            assert_eq!(upstream.last().headers[header.0], header.1);
        }
    }
    let key = served.key("ana", &[Proxy]);
    let headers = [("x-api-key", UPSTREAMS), ("x-longmem-key", &*key.key)];
    assert_eq!(ask_as_other(&served, request("GET", MODELS, &headers)).await.status, 200);
    let arrived = upstream.last();
    assert_eq!(arrived.headers["x-api-key"], UPSTREAMS);
    assert!(!values(&arrived).contains(&key.key));
    // On other paths it is a wrong key still.
    let recall = request("GET", "/v1/memory/turns", &[("authorization", "Bearer sk-ant")]);
    assert_eq!(ask(&served, recall).await.status, 401);
    assert!(LOG.lock().unwrap().iter().all(|line| !line.contains("sk-")));
}

#[tokio::test]
async fn the_server_may_supply_the_upstreams_key() {
    let upstream = Upstream::always(json!({})).await;
    let served = before_with(&upstream, |settings| {
        with_own_key(settings);
        settings.auth = Auth::Required;
    });
    let key = served.key("ana", &[Proxy]);
    let bearer = format!("Bearer {}", key.key);
    for header in
        [("x-api-key", &*key.key), ("authorization", &*bearer), ("x-longmem-key", &*key.key)]
    {
        for (path, at, value) in [
            (MODELS, "x-api-key", "sk-of-the-server"),
            ("/openai/v1/models", "authorization", "Bearer sk-of-the-server"),
        ] {
            assert_eq!(ask_as_other(&served, request("GET", path, &[header])).await.status, 200);
            let arrived = upstream.last();
            assert_eq!(arrived.headers[at], value);
            assert!(!values(&arrived).contains(&key.key), "{}", values(&arrived));
        }
    }
    // A client's own key opens nothing here, and a placeholder is none.
    for value in ["sk-ant-of-the-client", "unused"] {
        let asked = request("GET", MODELS, &[("x-api-key", value)]);
        assert_eq!(ask_as_other(&served, asked).await.status, 401);
    }
    let count = upstream.arrived().len();
    let wrong = format!("lm_{}", "A".repeat(43));
    assert_eq!(ask(&served, request("GET", MODELS, &[("x-api-key", &wrong)])).await.status, 401);
    assert_eq!(upstream.arrived().len(), count);
    assert!(LOG.lock().unwrap().iter().all(|line| !line.contains("sk-of-the-server")));
}

#[tokio::test]
async fn a_program_of_the_person_needs_no_key_and_may_send_a_placeholder() {
    let upstream = Upstream::always(json!({})).await;
    let served = before_with(&upstream, with_own_key);
    for headers in [&[][..], &[("x-api-key", "unused")], &[("authorization", "Bearer x")]] {
        assert_eq!(ask(&served, request("GET", MODELS, headers)).await.status, 200);
        let arrived = upstream.last();
        assert_eq!(arrived.headers["x-api-key"], "sk-of-the-server");
        assert!(!arrived.headers.contains_key("authorization"));
    }
}

#[tokio::test]
async fn a_key_of_longmem_in_the_upstreams_place_is_judged_and_stays_here() {
    let upstream = Upstream::always(json!({})).await;
    let served = before(&upstream);
    let (proxy, read) = (served.key("ana", &[Proxy]), served.key("ana", &[Read]));
    for (key, status) in [(&proxy.key, 200), (&read.key, 403)] {
        let asked = request("GET", MODELS, &[("authorization", &format!("Bearer {key}"))]);
        assert_eq!(ask_as_other(&served, asked).await.status, status);
    }
    assert_eq!(upstream.arrived().len(), 1);
    assert!(!values(&upstream.last()).contains("lm_"));
    let headers = [("x-longmem-key", "wrong"), ("x-api-key", UPSTREAMS)];
    assert_eq!(ask(&served, request("GET", MODELS, &headers)).await.status, 401);
}
