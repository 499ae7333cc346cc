//! Sessions: listed, renamed, deleted.

use serde_json::{Value, json};

use super::fixture::Api;

const SESSIONS: &str = "/v1/memory/sessions";

#[tokio::test]
async fn sessions_come_in_pages_and_none_comes_twice() {
    let api = Api::new();
    for number in 0..5 {
        let time = format!("2026-03-0{}T10:00:00Z", 1 + number / 2);
        let turns = json!([{ "role": "user", "text": "Hello", "time": time }]);
        let asked = json!({ "session": format!("s{number}"), "turns": turns });
        api.ask("POST", "/v1/memory/turns", asked).await;
    }
    let (mut path, mut names) = (format!("{SESSIONS}?limit=2"), Vec::new());
    loop {
        let page = api.get(&path).await.json();
        let items = page["items"].as_array().unwrap().clone();
        names.extend(items.iter().map(|session| session["session"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{SESSIONS}?limit=2&cursor={next}");
    }
    assert_eq!(names, ["s4", "s2", "s3", "s0", "s1"]);
    assert_eq!(api.of("bo", "GET", SESSIONS, Value::Null).await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_session_is_read_renamed_and_deleted() {
    let api = Api::new();
    api.say("Überzug nach Porto", &["I move to Porto", "In March"]).await;
    api.say("other", &["Hello"]).await;
    let path = format!("{SESSIONS}/%C3%9Cberzug%20nach%20Porto");
    insta::assert_json_snapshot!(api.get(&format!("{path}?summary=true")).await.json());
    let names = json!({ "title": "Moving house", "name": "move" });
    let renamed = api.ask("PATCH", &path, names).await.json();
    insta::assert_json_snapshot!(renamed);
    assert_eq!(api.get(&path).await.status, 404);
    let names = json!({ "title": "Not so", "name": "other" });
    let taken = api.ask("PATCH", &format!("{SESSIONS}/move"), names).await;
    assert_eq!(taken.status, 409);
    let unchanged = api.ask("PATCH", &format!("{SESSIONS}/move"), json!({})).await.json();
    assert_eq!(unchanged, renamed);
    let deleted = api.ask("DELETE", &format!("{SESSIONS}/move"), Value::Null).await.json();
    insta::assert_json_snapshot!(deleted);
    assert_eq!(api.get(SESSIONS).await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_of_another_user_is_not_there() {
    let api = Api::new();
    api.say("move", &["I move to Porto"]).await;
    let path = format!("{SESSIONS}/move");
    let mine = json!({ "title": "mine" });
    for (method, body) in [("GET", Value::Null), ("PATCH", mine), ("DELETE", Value::Null)] {
        let refused = api.of("bo", method, &path, body).await.refusal();
        assert_eq!(refused, (404, "user \"bo\" has no session \"move\"".to_owned()));
    }
    assert_eq!(api.get(&path).await.json()["turns"], 1);
}
