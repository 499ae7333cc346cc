//! What goes on longer than a request: exports, imports, jobs, changes.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::fixture::{Answered, Api, caller, request};

/// A file of two turns as JSON Lines.
const TWO_TURNS: &str = r#"{"role":"user","text":"I live in Lisbon now!","session":"move"}
{"role":"assistant","text":"Welcome!","session":"move"}
"#;

/// Waits for a job to be over.
async fn finished(api: &Api, begun: &Answered) -> Value {
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{:?}", begun.json());
    let path = format!("/v1/memory/jobs/{}", begun.json()["job"].as_str().unwrap());
    loop {
        let job = api.get(&path).await.json();
        if job["state"] == "done" || job["state"] == "failed" {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn import(api: &Api, query: &str, file: impl Into<Body>) -> Answered {
    let mut asked = request("POST", &format!("/v1/memory/import{query}"), &Value::Null);
    *asked.body_mut() = file.into();
    api.send(asked, caller("ana")).await
}

#[tokio::test]
async fn a_file_is_imported_and_exported_again() {
    let api = Api::new();
    let job = finished(&api, &import(&api, "?name=talk.jsonl", TWO_TURNS).await).await;
    assert_eq!((&job["state"], &job["error"]), (&json!("done"), &Value::Null));
    assert_eq!((&job["result"]["new"], &job["result"]["path"]), (&json!(2), &json!("talk.jsonl")));
    let again = finished(&api, &import(&api, "?name=talk.jsonl", TWO_TURNS).await).await;
    assert_eq!(again["result"]["new"], 0);

    let exported = api.get("/v1/memory/export").await;
    assert_eq!(exported.headers["content-type"], "application/x-ndjson");
    let copy = Api::new();
    let job = finished(&copy, &import(&copy, "", exported.bytes.clone()).await).await;
    assert_eq!(job["result"]["new"], 2);
    assert_eq!(copy.get("/v1/memory/export").await.bytes, exported.bytes);
    let one = api.get("/v1/memory/export?role=assistant").await;
    assert_eq!(String::from_utf8(one.bytes).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn what_is_no_chat_fails_as_a_job_and_an_empty_body_at_once() {
    let api = Api::new();
    let job = finished(&api, &import(&api, "", "Dear Ana,").await).await;
    assert_eq!(job["state"], "failed");
    assert_eq!(job["error"]["status"], 422);
    assert_eq!(import(&api, "", "").await.status, 400);
    assert_eq!(import(&api, "?format=papyrus", TWO_TURNS).await.status, 422);
    assert_eq!(api.get("/v1/memory/export").await.bytes, b"");
}

#[tokio::test]
async fn an_import_that_breaks_off_stores_nothing() {
    let api = Api::new();
    let (sender, body) = crate::api::stream_body::stream_body();
    sender.send(Ok(TWO_TURNS.into())).await.unwrap();
    sender.send(Err(std::io::Error::other("gone"))).await.unwrap();
    let refused = import(&api, "", body).await.refusal();
    assert_eq!(refused.0, 400);
    assert_eq!(api.get("/v1/memory/turns").await.json()["items"], json!([]));
}

/// Names and contents of the files that wait for their imports.
fn kept(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let read = |file: std::fs::DirEntry| {
        (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())
    };
    files.map(read).collect()
}

#[tokio::test]
async fn an_import_that_a_server_did_not_live_to_end_is_done_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let uploads = folder.path().join("uploads");
    let keeps = |settings: &mut crate::ServerSettings| settings.uploads = Some(uploads.clone());
    let first = Api::over(folder, keeps);
    let alone = first.shared.ongoing.import().await;
    let begun = import(&first, "?name=talk.jsonl", TWO_TURNS).await;
    let path = format!("/v1/memory/jobs/{}", begun.json()["job"].as_str().unwrap());
    // Nothing of it can be read on the disk.
    let [(name, bytes)] = &kept(&uploads)[..] else { panic!("one file waits") };
    assert!(path.ends_with(name) && !bytes.windows(6).any(|some| some == b"Lisbon"));
    // Another server beside it leaves alone what the first has in hand.
    crate::api::take_up_imports(std::sync::Arc::clone(&first.shared)).await;
    first.shared.stopping.cancel();
    let stopped = finished(&first, &begun).await;
    assert_eq!(stopped["error"]["status"], 503);
    drop(alone);
    // What did not arrive whole is thrown away.
    std::fs::write(uploads.join("half"), b"I live").unwrap();

    let next = Api::over(first.folder, keeps);
    crate::api::take_up_imports(std::sync::Arc::clone(&next.shared)).await;
    let job = finished(&next, &begun).await;
    assert_eq!((&job["state"], &job["result"]["new"]), (&json!("done"), &json!(2)), "{job}");
    assert_eq!(kept(&uploads), []);
    let last = Api::over(next.folder, keeps);
    crate::api::take_up_imports(std::sync::Arc::clone(&last.shared)).await;
    assert_eq!(last.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_import_that_ends_the_server_each_time_is_given_up() {
    let mut folder = tempfile::tempdir().unwrap();
    let uploads = folder.path().join("uploads");
    let keeps = |settings: &mut crate::ServerSettings| settings.uploads = Some(uploads.clone());
    let mut begun = None;
    for attempt in 0..5 {
        let api = Api::over(folder, keeps);
        let _alone = api.shared.ongoing.import().await;
        crate::api::take_up_imports(std::sync::Arc::clone(&api.shared)).await;
        let begun = match &begun {
            None => begun.insert(import(&api, "", TWO_TURNS).await),
            Some(begun) => begun,
        };
        if attempt == 4 {
            let job = finished(&api, begun).await;
            assert_eq!((&job["state"], &job["error"]["status"]), (&json!("failed"), &json!(500)));
        }
        api.shared.stopping.cancel();
        let job = finished(&api, begun).await;
        if attempt == 3 {
            // Until now it only waited, and the servers were told to stop. Now three die of it.
            assert_eq!(job["error"]["status"], 503);
            let name = format!("upload/{}", begun.json()["job"].as_str().unwrap());
            let dies = move |memory: &longmem_memory::Memory| {
                let kept = memory.kept_value(None, &name)?.unwrap();
                let mut kept: Value = serde_json::from_slice(&kept).unwrap();
                assert_eq!(kept["begun"], 0);
                kept["begun"] = json!(3);
                memory.keep_value(None, &name, Some(kept.to_string().as_bytes()))
            };
            api.shared.memory.run(dies).await.unwrap();
        }
        folder = api.folder;
    }
    assert_eq!(kept(&uploads), []);
}

#[tokio::test]
async fn a_job_is_seen_by_its_user_only() {
    let api = Api::new();
    api.say("s", &["Hello there, Lisbon"]).await;
    let begun = api.ask("POST", "/v1/memory/index", json!({})).await;
    let job = finished(&api, &begun).await;
    assert_eq!((&job["state"], &job["result"]["turns"]), (&json!("done"), &json!(1)));
    let path = format!("/v1/memory/jobs/{}", begun.json()["job"].as_str().unwrap());
    let others = api.of("bo", "GET", &path, Value::Null).await.refusal();
    let none = api.of("bo", "GET", "/v1/memory/jobs/1", Value::Null).await.refusal();
    assert_eq!(others, (404, "there is no such job".to_owned()));
    assert_eq!(others, none);
}

#[tokio::test]
async fn an_export_that_fails_midway_is_seen_and_one_that_nobody_reads_ends() {
    let api = Api::new();
    let long = "word ".repeat(2_000);
    let texts = vec![long.as_str(); 200];
    api.say("s", &texts).await;
    let mut asked = request("GET", "/v1/memory/export", &Value::Null);
    asked.extensions_mut().insert(caller("ana"));
    let response = api.router.clone().oneshot(asked).await.unwrap();
    let mut body = response.into_body();
    assert!(body.frame().await.unwrap().unwrap().is_data());
    // Only one at a time, since each keeps a thread.
    let second = api.get("/v1/memory/export").await;
    assert_eq!(second.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(second.headers["retry-after"], "5");
    drop(body);
    // The first one notices, and makes place.
    let mut third = api.get("/v1/memory/export").await;
    while third.status != StatusCode::OK {
        tokio::time::sleep(Duration::from_millis(5)).await;
        third = api.get("/v1/memory/export").await;
    }
    assert_eq!(String::from_utf8(third.bytes).unwrap().lines().count(), 201);

    let mut asked = request("GET", "/v1/memory/export", &Value::Null);
    asked.extensions_mut().insert(caller("ana"));
    let response = api.router.clone().oneshot(asked).await.unwrap();
    api.shared.stopping.cancel();
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn changes_are_told_until_the_server_stops() {
    let api = Api::new();
    let mut asked = request("GET", "/v1/memory/events", &Value::Null);
    asked.extensions_mut().insert(caller("ana"));
    let response = api.router.clone().oneshot(asked).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let mut next = async || {
        let frame = body.frame().await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    };
    assert_eq!(next().await.unwrap(), "event: changed\ndata: {\"turns\":0,\"facts\":0}\n\n");
    api.of(
        "bo",
        "POST",
        "/v1/memory/turns",
        json!({ "session": "s", "turns": [
        { "role": "user", "text": "Hello from Bo" },
    ] }),
    )
    .await;
    api.say("s", &["Hello from Ana"]).await;
    assert_eq!(next().await.unwrap(), "event: changed\ndata: {\"turns\":1,\"facts\":0}\n\n");
    api.shared.stopping.cancel();
    assert_eq!(next().await, None);
}

#[tokio::test]
async fn one_user_with_many_jobs_does_not_keep_another_from_theirs() {
    let api = Api::new();
    // No import ends while this one is not done.
    let _alone = api.shared.ongoing.import().await;
    let ana = caller("ana");
    for _ in 0..4 {
        assert_eq!(import(&api, "", TWO_TURNS).await.status, StatusCode::ACCEPTED);
    }
    let refused = import(&api, "", TWO_TURNS).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers["retry-after"], "5");
    assert!(api.shared.ongoing.jobs.begin(&ana.user).is_err());
    assert!(api.shared.ongoing.jobs.begin(&caller("bo").user).is_ok());
}
