//! Hooks over HTTP, without a socket.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use longmem_chat::AsyncMemory;
use longmem_core::UserName;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::fixture::Fixture;
use crate::caller::{Caller, Permission};
use crate::hooks::{TranscriptCapture, routes};
use crate::settings::ServerSettings;
use crate::shared::Shared;

const ASKS: &str = "which port does the gateway use?";

/// A request of somebody with the memory of `user`.
async fn post(
    fixture: &Fixture,
    capture: Option<TranscriptCapture>,
    (user, permissions): (&str, &[Permission]),
    path: &str,
    input: &Value,
) -> (StatusCode, String) {
    let mut settings = ServerSettings::new(fixture.user.clone());
    settings.transcripts = capture;
    let store = fixture.folder.path().canonicalize().unwrap().join("memory.db");
    let number = format!("{:016x}", longmem_core::fnv1a(store.display().to_string().as_bytes()));
    let memory = AsyncMemory::one_at_a_time(Arc::clone(&fixture.memory));
    let router = routes().with_state(Arc::new(Shared::new(memory, settings)));
    let caller = Caller { user: UserName::new(user).unwrap(), permissions: permissions.to_vec() };
    let request = Request::post(path)
        .header("x-longmem-store", number)
        .extension(caller)
        .body(Body::from(input.to_string()));
    let response = router.oneshot(request.unwrap()).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

const ALL: &[Permission] = &[Permission::Read, Permission::Write];

#[tokio::test]
async fn a_prompt_is_answered_as_by_the_command() {
    let fixture = Fixture::new();
    fixture.say("monday", &["The gateway listens on port 7443"]);
    let input = json!({"session_id": "today", "prompt": ASKS});
    let path = "/hooks/claude-code/UserPromptSubmit";
    let (status, body) = post(&fixture, None, ("ana", ALL), path, &input).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body, fixture.answer("claude-code", "UserPromptSubmit", &input).to_json());
    let (_, of_other) = post(&fixture, None, ("ben", ALL), path, &input).await;
    assert_eq!(of_other, "{}");
    let (status, _) = post(&fixture, None, ("ana", &[Permission::Write]), path, &input).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_call_that_is_none_is_a_problem() {
    let fixture = Fixture::new();
    let who = ("ana", ALL);
    let (status, _) = post(&fixture, None, who, "/hooks/emacs/Stop", &json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = post(&fixture, None, who, "/hooks/codex/Stop", &json!([1])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    // A server that reads no transcripts leaves that to the command.
    let (status, _) = post(&fixture, None, who, "/hooks/codex/Stop", &json!({})).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn only_transcripts_in_known_folders_and_of_the_servers_person_are_read() {
    let fixture = Fixture::new();
    let known = fixture.folder.path().join("known");
    std::fs::create_dir(&known).unwrap();
    let outside = fixture.transcript("outside.jsonl", &["A secret"]);
    let inside = known.join("inside.jsonl");
    std::fs::copy(fixture.transcript("inside.jsonl", &["Which port?"]), &inside).unwrap();
    let capture = || Some(TranscriptCapture::new(fixture.waiting(), vec![known.clone()]));
    let path = "/hooks/claude-code/Stop";
    let asks = |transcript: &std::path::Path| json!({"transcript_path": transcript});
    let around = known.join("../outside.jsonl");
    for (who, transcript) in [("ana", &outside), ("ana", &around), ("ben", &inside)] {
        let answer = post(&fixture, capture(), (who, ALL), path, &asks(transcript)).await;
        assert_eq!(answer, (StatusCode::OK, "{}".to_owned()), "{who} {}", transcript.display());
        assert!(fixture.waiting().is_empty(), "{who} {}", transcript.display());
    }
    let read_only = ("ana", &[Permission::Read][..]);
    let (status, _) = post(&fixture, capture(), read_only, path, &asks(&inside)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = post(&fixture, capture(), ("ana", ALL), path, &asks(&inside)).await;
    assert_eq!(status, StatusCode::OK);
    // It is read in the background, here or there.
    fixture.catch_up();
    while fixture.texts("s1").len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(fixture.texts("s1"), ["Which port?", "On Which port?"]);

    // What an agent left that was killed is read when the next session begins.
    let left = fixture.transcript("s1.jsonl", &["Which database?"]);
    fixture.stop("claude-code", &left);
    let begins = ("/hooks/claude-code/SessionStart", json!({"source": "startup"}));
    post(&fixture, capture(), ("ana", ALL), begins.0, &begins.1).await;
    while fixture.texts("s1").len() < 4 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_for_another_store_is_not_answered() {
    let fixture = Fixture::new();
    let memory = AsyncMemory::one_at_a_time(Arc::clone(&fixture.memory));
    let settings = ServerSettings::new(fixture.user.clone());
    let router = routes().with_state(Arc::new(Shared::new(memory, settings)));
    let caller = Caller { user: fixture.user.clone(), permissions: ALL.to_vec() };
    let request = Request::post("/hooks/codex/UserPromptSubmit")
        .header("x-longmem-store", "0123456789abcdef")
        .extension(caller)
        .body(Body::from("{}"));
    let response = router.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST);
}
