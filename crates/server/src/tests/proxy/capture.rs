use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::http::Request;
use http_body_util::BodyExt as _;
use longmem_chat::{AsyncMemory, SpoolSettings};
use longmem_core::{FixedClock, Role, Scope};
use longmem_memory::{Memory, MemoryError, Safeguards, StoreError};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use serde_json::{Value, json};

use super::upstream::{Scripted, Upstream};
use super::{ask, before, before_with, post, relaying_to, remember};
use crate::front::Front;
use crate::guard::Names;
use crate::listen::Listeners;
use crate::server::routes;
use crate::shared::Shared;
use crate::tests::fixture::{NOW, Served, user};
use crate::{Server, ServerSettings};

const MESSAGES: &str = "/anthropic/v1/messages";
const CHAT: &str = "/openai/v1/chat/completions";
const RESPONSES: &str = "/openai/v1/responses";

/// What is stored of a user in conversations that were relayed: session, role, text.
async fn stored_in(shared: &Shared, name: &str) -> Vec<(String, Role, String)> {
    shared.proxies.captures.finish().await;
    let scope = Scope::of(user(name));
    let turns = shared.memory.read(move |memory| memory.newest_turns(&scope, None, 100)).await;
    let turns = turns.unwrap_or_default().into_iter().rev();
    let turns = turns.filter(|turn| !turn.session.as_str().starts_with("earlier"));
    turns.map(|turn| (turn.session.as_str().to_owned(), turn.role, turn.text)).collect()
}

async fn stored(served: &Served, name: &str) -> Vec<String> {
    let turns = stored_in(&served.shared, name).await;
    turns.into_iter().map(|(_, role, text)| format!("{role}: {text}")).collect()
}

fn person(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn model(text: &str) -> Value {
    json!({"role": "assistant", "content": text})
}

async fn say(served: &Served, path: &str, headers: &[(&str, &str)], messages: &[&Value]) {
    let body = json!({"model": "m", "messages": messages}).to_string();
    assert_eq!(ask(served, post(path, headers, body)).await.status, 200);
}

/// Answers in the shape of each API what a function of the last message's text says; streams where asked.
async fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Upstream {
    Upstream::start(move |arrived| {
        let asked = arrived.json();
        let last = asked["messages"].as_array().and_then(|messages| messages.last());
        let content = last.map_or_else(|| asked["input"].clone(), |last| last["content"].clone());
        let text = content.as_str().or(content[0]["text"].as_str()).unwrap_or_default();
        let text = answer(text.split("\n\n<").next().unwrap_or_default());
        let is_stream = asked["stream"] == true;
        match arrived.line.split(' ').nth(1).unwrap_or_default() {
            "/v1/messages" if is_stream => {
                let events: Vec<String> = anthropic_events(&text);
                let events: Vec<&str> = events.iter().map(String::as_str).collect();
                Scripted::events(&events, Duration::ZERO)
            }
            "/v1/messages" => {
                Scripted::json(&json!({"type": "message", "content": [{"type": "text", "text": text}]}))
            }
            "/v1/responses" => Scripted::json(&json!({"id": format!("resp_{text}"), "status": "completed",
                "output": [{"type": "message", "content": [{"type": "output_text", "text": text}]}]})),
            _ => Scripted::json(&json!({"choices": [{"message": {"content": text}}]})),
        }
    })
    .await
}

fn anthropic_events(text: &str) -> Vec<String> {
    let event = |event: Value| format!("data: {event}\n\n");
    let words = text.split_inclusive(' ');
    let delta = |word: &str| json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": word}});
    let mut events = vec![event(json!({"type": "message_start"}))];
    events.extend(words.map(|word| event(delta(word))));
    events.push(event(json!({"type": "message_stop"})));
    events
}

#[tokio::test]
async fn what_is_asked_and_answered_is_stored_once() {
    let upstream = answering(|asked| format!("You said: {asked}")).await;
    let served = before(&upstream);
    let (first, second) = (person("I moved to Lisbon"), person("And I bought a bike"));
    let answer = model("You said: I moved to Lisbon");
    for path in [MESSAGES, CHAT] {
        let name = if path == MESSAGES { "ana" } else { "bo" };
        let path = format!("/u/{name}{path}");
        say(&served, &path, &[], &[&first]).await;
        let talk = ["user: I moved to Lisbon", "assistant: You said: I moved to Lisbon"];
        assert_eq!(stored(&served, name).await, talk);
        // The same again, and then the whole history.
        say(&served, &path, &[], &[&first]).await;
        assert_eq!(stored(&served, name).await, talk);
        say(&served, &path, &[], &[&first, &answer, &second]).await;
        say(&served, &path, &[], &[&first, &answer, &second]).await;
        let more = ["user: And I bought a bike", "assistant: You said: And I bought a bike"];
        assert_eq!(stored(&served, name).await, [talk, more].concat());
        let sessions = stored_in(&served.shared, name).await;
        assert!(sessions.iter().all(|turn| turn.0 == sessions[0].0), "{sessions:?}");
        assert!(sessions[0].0.starts_with("proxy-2026-03-08-"), "{}", sessions[0].0);
    }
    let counted = served.shared.metrics.text(None);
    let line = r#"longmem_proxy_captured_turns_total{outcome="new"} 8"#;
    assert!(counted.contains(line), "{counted}");
}

#[tokio::test]
async fn a_stream_is_stored_too_and_found_by_the_next_question() {
    let upstream = answering(|asked| format!("Port 7443 it is, for {asked}")).await;
    let served = before(&upstream);
    let body = json!({"stream": true, "messages": [person("Which port does the gateway use?")]});
    ask(&served, post(MESSAGES, &[("x-longmem-session", "one")], body.to_string())).await;
    let turns = stored_in(&served.shared, "ana").await;
    let texts: Vec<&str> = turns.iter().map(|turn| turn.2.as_str()).collect();
    let asked = "Which port does the gateway use?";
    assert_eq!(texts, [asked, &format!("Port 7443 it is, for {asked}")]);
    assert_eq!(turns[0].0, "one");
    let again = [&person("What port was the gateway on?")];
    say(&served, MESSAGES, &[("x-longmem-session", "two")], &again).await;
    assert!(upstream.last().text().contains("7443"), "{}", upstream.last().text());
    // What was recalled is not stored with the question.
    assert!(stored(&served, "ana").await.iter().all(|text| !text.contains("recalled_memory")));
}

#[tokio::test]
async fn another_answer_to_the_same_question_is_another_turn() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let upstream = answering(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 | 2 => "One".to_owned(),
        _ => "Two".to_owned(),
    })
    .await;
    let served = before(&upstream);
    for _ in 0..4 {
        say(&served, CHAT, &[], &[&person("Give me a number")]).await;
    }
    let turns = ["user: Give me a number", "assistant: One", "assistant: Two"];
    assert_eq!(stored(&served, "ana").await, turns);
}

#[tokio::test]
async fn a_talk_with_tools_stores_the_question_once_and_every_text() {
    let upstream =
        answering(|asked| if asked.is_empty() { "It is open." } else { "I look." }.to_owned())
            .await;
    let served = before(&upstream);
    let question = person("Is the door open?");
    let call = json!({"role": "assistant", "content": [{"type": "text", "text": "I look."}, {"type": "tool_use"}]});
    let result = json!({"role": "user", "content": [{"type": "tool_result", "content": "open"}]});
    say(&served, MESSAGES, &[], &[&question]).await;
    say(&served, MESSAGES, &[], &[&question, &call, &result]).await;
    let turns = ["user: Is the door open?", "assistant: I look.", "assistant: It is open."];
    assert_eq!(stored(&served, "ana").await, turns);
    // What a program asks in the person's name is not stored, and neither is its answer.
    let program = json!({"role": "user", "content": [
        {"type": "tool_result", "content": "open"}, {"type": "text", "text": "CRITICAL: sum up"}]});
    say(&served, MESSAGES, &[], &[&question, &call, &program]).await;
    assert_eq!(stored(&served, "ana").await.len(), 3);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_stored_as_a_part_and_an_error_not_at_all() {
    let upstream = Upstream::start(|arrived| {
        let events = anthropic_events("I would say that it is");
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        match arrived.text() {
            text if text.contains("overloaded") => {
                Scripted::new("529 Overloaded", &[], br#"{"type":"error"}"#)
            }
            text if text.contains("silent") => Scripted::events(&events[..1], Duration::ZERO),
            text if text.contains("slow") => Scripted::events(&events, Duration::from_millis(50)),
            _ => Scripted::events(&events[..4], Duration::ZERO),
        }
    })
    .await;
    let served = before(&upstream);
    let streamed = |text: &str| {
        let body = json!({"stream": true, "messages": [person(text)]}).to_string();
        post(MESSAGES, &[("x-longmem-session", "s")], body)
    };
    for text in ["Are you overloaded?", "Are you silent?"] {
        ask(&served, streamed(text)).await;
        assert!(stored(&served, "ana").await.is_empty(), "{text}");
    }
    ask(&served, streamed("What is it?")).await;
    let broken = ["user: What is it?", "assistant: I would say\n\n[broken off]"];
    assert_eq!(stored(&served, "ana").await, broken);
    // A client that leaves in the middle.
    let mut response = served.front.answer(streamed("Why are you slow?")).await;
    for _ in 0..3 {
        response.body_mut().frame().await.unwrap().unwrap();
    }
    drop(response);
    let turns = stored(&served, "ana").await;
    assert_eq!(turns.len(), 4);
    assert!(
        turns[3].starts_with("assistant: I") && turns[3].ends_with("[broken off]"),
        "{turns:?}"
    );
}

#[tokio::test]
async fn nothing_is_stored_where_nobody_wants_it() {
    let upstream = answering(|_| "Yes".to_owned()).await;
    let off = |settings: &mut ServerSettings| settings.proxy.capture = false;
    let read_only = |settings: &mut ServerSettings| settings.read_only = true;
    for (served, headers) in [
        (before(&upstream), &[("x-longmem-capture", "off")][..]),
        (before(&upstream), &[("x-claude-code-session-id", "9482")]),
        (before_with(&upstream, off), &[]),
        (before_with(&upstream, read_only), &[]),
    ] {
        say(&served, CHAT, headers, &[&person("Is this stored?")]).await;
        assert!(stored(&served, "ana").await.is_empty(), "{headers:?}");
    }
    // Memory off is another matter, and counting asks nothing.
    let served = before(&upstream);
    say(&served, CHAT, &[("x-longmem-mode", "off")], &[&person("Is this stored?")]).await;
    assert_eq!(stored(&served, "ana").await.len(), 2);
    let count = "/anthropic/v1/messages/count_tokens";
    say(&served, count, &[], &[&person("How long is this?")]).await;
    assert_eq!(stored(&served, "ana").await.len(), 2);
}

#[tokio::test]
async fn a_talk_that_the_upstream_keeps_is_one_session() {
    let upstream = answering(|asked| format!("to {asked}")).await;
    let served = before(&upstream);
    for (input, before) in
        [("yes", None), ("yes", Some("resp_to yes")), ("and?", Some("resp_to yes"))]
    {
        let body = json!({"input": input, "previous_response_id": before}).to_string();
        ask(&served, post(RESPONSES, &[], body)).await;
        served.shared.proxies.captures.finish().await;
    }
    let turns = stored_in(&served.shared, "ana").await;
    let texts: Vec<&str> = turns.iter().map(|turn| turn.2.as_str()).collect();
    assert_eq!(texts, ["yes", "to yes", "yes", "to yes", "and?", "to and?"]);
    assert!(turns.iter().all(|turn| turn.0 == turns[0].0), "{turns:?}");
}

#[tokio::test]
async fn two_users_never_share_turns_and_what_was_forgotten_stays_so() {
    let upstream = answering(|_| "Yes".to_owned()).await;
    let served = before(&upstream);
    for name in ["ana", "bo"] {
        say(&served, &format!("/u/{name}{CHAT}"), &[], &[&person("Do you know me?")]).await;
    }
    assert_eq!(stored(&served, "ana").await.len(), 2);
    assert_eq!(stored(&served, "bo").await.len(), 2);
    let forget = |memory: &Memory| {
        let turns = memory.newest_turns(&Scope::of(user("ana")), None, 10)?;
        let target = longmem_memory::ForgetTarget::Turns(
            Scope::of(user("ana")),
            turns.iter().map(|turn| turn.id).collect(),
        );
        memory.forget(&target).map(drop)
    };
    served.shared.memory.run(forget).await.unwrap();
    say(&served, &format!("/u/ana{CHAT}"), &[], &[&person("Do you know me?")]).await;
    assert!(stored(&served, "ana").await.is_empty());
    assert_eq!(stored(&served, "bo").await.len(), 2);
}

/// What happens when the store of a server is opened.
const OPENS: u8 = 0;
const LOCKED: u8 = 1;
const PANICS: u8 = 2;

/// A server whose store may be locked, or worse, with a spool.
fn with_bad_store(upstream: &Upstream, folder: &tempfile::TempDir) -> (Arc<AtomicU8>, Arc<Front>) {
    let happens = Arc::new(AtomicU8::new(OPENS));
    let (happening, path) = (Arc::clone(&happens), folder.path().join("memory.db"));
    let clock = Arc::new(FixedClock(NOW.parse().expect("it is a time")));
    let its_clock = Arc::clone(&clock);
    let open = move |_| {
        let happening = happening.load(Ordering::Relaxed);
        assert_ne!(happening, PANICS, "as it was told to");
        if happening == LOCKED {
            return Err(MemoryError::from(StoreError::Locked {
                place: "x".to_owned(),
                seconds: 0,
            }));
        }
        let store = SqliteStore::open(&path, IfMissing::Create)?;
        let embedder = Arc::new(WordHashEmbedder::default());
        Ok(Memory::new(Arc::new(store), embedder, its_clock.clone()))
    };
    let memory = AsyncMemory::opening(open, clock, Safeguards::default());
    let mut settings = ServerSettings::new(user("ana"));
    settings.proxy = relaying_to(&upstream.url());
    settings.talk.spool = Some(SpoolSettings::new(folder.path().join("spool"), "the store"));
    let shared = Arc::new(Shared::new(memory, settings));
    let routes = routes(&shared);
    (happens, Arc::new(Front::new(shared, Names::default(), routes)))
}

#[tokio::test]
async fn a_bad_store_stops_no_request_and_loses_no_turn() {
    for (what, degraded) in [(LOCKED, "memory_unavailable"), (PANICS, "bug")] {
        let upstream = answering(|asked| format!("You said: {asked}")).await;
        let folder = tempfile::tempdir().unwrap();
        let (happens, front) = with_bad_store(&upstream, &folder);
        let send = async |text: &str| {
            let body = json!({"messages": [person(text)]}).to_string();
            let request: Request<_> = post(CHAT, &[("x-longmem-session", "s")], body);
            front.answer(request).await
        };
        happens.store(what, Ordering::Relaxed);
        let answer = send("What did I say about the gateway?").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-longmem-degraded"], degraded);
        answer.into_body().collect().await.unwrap();
        front.shared.proxies.captures.finish().await;
        let metrics = front.shared.metrics.text(None);
        let spooled = r#"longmem_proxy_captured_turns_total{outcome="spooled"} 2"#;
        assert!(metrics.contains(spooled), "{metrics}");
        happens.store(OPENS, Ordering::Relaxed);
        send("And what else is there?").await.into_body().collect().await.unwrap();
        let texts: Vec<String> =
            stored_in(&front.shared, "ana").await.into_iter().map(|turn| turn.2).collect();
        assert_eq!(texts.len(), 4);
        assert_eq!(texts[0], "What did I say about the gateway?");
        assert_eq!(texts[3], "You said: And what else is there?");
    }
}

#[tokio::test]
async fn what_is_being_stored_is_stored_before_the_server_has_stopped() {
    let upstream = answering(|_| "Yes".to_owned()).await;
    let served = before(&upstream);
    remember(&served, "ana", &["something"]).await;
    let listening = served.listen(false).await;
    let url = format!("http://{}{CHAT}", listening.address);
    let client = longmem_chat::http_client(&url.parse().unwrap()).build().unwrap();
    let body = json!({"messages": [person("Is it stored at the end?")]}).to_string();
    let asked = client.post(&url).header("content-type", "application/json").body(body);
    asked.send().await.unwrap().bytes().await.unwrap();
    listening.stop.send(()).unwrap();
    listening.serving.await.unwrap();
    served.shared.proxies.captures.finish().await;
    assert_eq!(stored(&served, "ana").await.len(), 2);
}

#[tokio::test]
async fn a_stream_that_goes_on_when_the_server_stops_is_stored_as_a_part() {
    let upstream = Upstream::start(|_| {
        let events = anthropic_events(&"so it goes on ".repeat(100));
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        Scripted::events(&events, Duration::from_millis(20))
    })
    .await;
    let served = before(&upstream);
    let any = "127.0.0.1:0".parse().unwrap();
    let listeners = Listeners::bind(&[any], None).await.unwrap();
    let address = listeners.addresses().unwrap()[0];
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopping = async { stopped.await.unwrap_or(()) };
    let serving = tokio::spawn(Server::over(Arc::clone(&served.front)).serve(listeners, stopping));
    let url = format!("http://{address}{MESSAGES}");
    let client = longmem_chat::http_client(&url.parse().unwrap()).build().unwrap();
    let body = json!({"stream": true, "messages": [person("How does it go on?")]}).to_string();
    let asked = client.post(&url).header("content-type", "application/json").body(body);
    let mut answer = asked.send().await.unwrap();
    let mut came = String::new();
    while !came.contains("goes") {
        came.push_str(&String::from_utf8_lossy(&answer.chunk().await.unwrap().unwrap()));
    }
    stop.send(()).unwrap();
    serving.await.unwrap();
    // It is there already: nobody would wait for it any more.
    let texts = served.shared.memory.read(|memory| {
        let turns = memory.newest_turns(&Scope::of(user("ana")), None, 10)?;
        Ok::<_, MemoryError>(turns.into_iter().map(|turn| turn.text).collect::<Vec<_>>())
    });
    let texts = texts.await.unwrap();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].starts_with("so it goes") && texts[0].ends_with("[broken off]"), "{texts:?}");
}
