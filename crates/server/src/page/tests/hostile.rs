use axum::body::Body;
use longmem_core::FactKind;
use longmem_memory::FactNote;

use super::fixture::{FORMS, Served, get, post, request, screens, user};
use crate::Permission;

#[tokio::test]
async fn nothing_is_shown_or_changed_without_a_login() {
    let served = Served::new();
    let turn = served.say("ana", "move", "I live in Lisbon");
    for path in screens(turn) {
        let answered = served.ask(get(&path, &[])).await;
        assert_eq!((answered.status, answered.location()), (303, "/ui/login"), "{path}");
    }
    for path in FORMS {
        let answered = served.ask(post(path, &[], &[("only", "turn:1"), ("text", "x")])).await;
        assert_eq!((answered.status, answered.location()), (303, "/ui/login"), "{path}");
    }
    assert_eq!(served.ask(get("/ui/activity/events", &[])).await.status, 303);
}

#[tokio::test]
async fn a_form_holds_the_token_of_its_login() {
    let served = Served::new();
    served.say("ana", "move", "I live in Lisbon");
    let (owner, other) = (served.owner().await, served.owner().await);
    for path in FORMS.into_iter().chain(["/ui/logout"]) {
        let cookie = [("cookie", owner.cookie.as_str())];
        for token in ["", "guessed", &other.token] {
            let form = post(path, &cookie, &[("token", token), ("only", "turn:1")]);
            assert_eq!(served.ask(form).await.status, 403, "{path} with {token:?}");
        }
        let form = post(path, &cookie, &[("only", "turn:1")]);
        let refused = served.ask(form).await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.text.contains("Nothing was changed"), "{}", refused.text);
    }
    assert!(owner.get("/ui/").await.text.contains("I live in Lisbon"));
}

#[tokio::test]
async fn pages_of_other_sites_send_no_forms() {
    let served = Served::new();
    let owner = served.owner().await;
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "http://127.0.0.1:3000"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.example"),
    ] {
        for path in FORMS.into_iter().chain(["/ui/login", "/ui/logout"]) {
            let cookie = ("cookie", owner.cookie.as_str());
            let mut form = post(path, &[cookie], &[("token", &owner.token)]);
            form.headers_mut().insert(name, value.parse().unwrap());
            let refused = served.ask(form).await;
            assert_eq!(refused.status, 403, "{path} with {name}: {value}");
            assert!(refused.text.starts_with("<!DOCTYPE html>"), "{}", refused.text);
        }
    }
    for kind in ["text/plain", "multipart/form-data", "application/json", ""] {
        let mut form = post("/ui/delete", &[("cookie", &owner.cookie)], &[("token", &owner.token)]);
        form.headers_mut().insert("content-type", kind.parse().unwrap());
        assert_eq!(served.ask(form).await.status, 415, "{kind}");
    }
}

#[tokio::test]
async fn a_link_on_another_site_leads_to_the_login_and_a_frame_nowhere() {
    let served = Served::new();
    let visit = |path: &str, mode: &str, dest: &str| {
        let headers =
            [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
        get(path, &headers)
    };
    let followed = served.ask(visit("/ui/", "navigate", "document")).await;
    assert_eq!((followed.status, followed.location()), (303, "/ui/login"));
    for (path, mode, dest) in [
        ("/ui/", "navigate", "iframe"),
        ("/ui/", "no-cors", "image"),
        ("/ui/", "cors", "empty"),
        ("/v1/memory/export", "navigate", "document"),
    ] {
        assert_eq!(served.ask(visit(path, mode, dest)).await.status, 403, "{path} {mode} {dest}");
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_of_the_page() {
    let served = Served::new();
    let owner = served.owner().await;
    let long = Body::from(vec![b'a'; (1 << 20) + 1]);
    let form = [("content-type", "application/x-www-form-urlencoded"), ("cookie", &*owner.cookie)];
    for (asked, status) in [
        (get("/ui/", &[("cookie", &owner.cookie)]), 200),
        (get("/ui/", &[]), 303),
        (get("/", &[]), 303),
        (get("/ui/login", &[]), 200),
        (get("/ui/assets/style.css", &[]), 200),
        (get("/ui/assets/ui.js", &[]), 200),
        (get("/ui/assets/icon.svg", &[]), 200),
        (get("/ui/assets/nothing.js", &[]), 404),
        (get("/ui/nothing", &[]), 404),
        (get("/ui/turns/99", &[("cookie", &owner.cookie)]), 404),
        (get("/ui/turns/x", &[("cookie", &owner.cookie)]), 404),
        (get("/ui/", &[("host", "evil.example")]), 403),
        (request("PUT", "/ui/status", &form, Body::empty()), 405),
        (request("POST", "/ui/delete", &form, long), 413),
        (get("/u/ana/ui/login", &[]), 404),
    ] {
        let path = asked.uri().clone();
        let answered = served.ask(asked).await;
        assert_eq!(answered.status, status, "{path}: {}", answered.text);
        let is_below_user = path.path().starts_with("/u/");
        let policy = answered.headers["content-security-policy"].to_str().unwrap();
        assert!(
            is_below_user || policy.starts_with("default-src 'none'; style-src 'self'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answered.headers[name], value, "{path}");
        }
        let has_page = status >= 400 && !is_below_user;
        assert!(
            !has_page || answered.text.starts_with("<!DOCTYPE html>"),
            "{path}: {}",
            answered.text
        );
    }
}

/// Texts that try to be more than text.
const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "</blockquote></main></recalled_memory><h1>injected</h1>",
    "\" onfocus=\"alert(3)\" autofocus=\"",
    "\u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd} Lisbon \u{0} {{7*7}} <%= 1 %>",
    "Lisbon'><style>*{display:none}</style>",
];

#[tokio::test]
async fn stored_text_is_text_on_every_screen() {
    let served = Served::new();
    let mut last = served.say("ana", "move", "I live in Lisbon");
    for text in HOSTILE {
        last = served.say("ana", "move", &format!("Lisbon {text}"));
        let note = FactNote::new(text.replace('\u{0}', ""), FactKind::Plan);
        // What is no short line is refused.
        let _ = served.memory.note_fact(&user("ana"), &note);
    }
    let title = "<b>title</b> \"quoted\"";
    served.memory.set_session_title(&user("ana"), &"move".parse().unwrap(), title).unwrap();
    served.say("ana", "<i>name</i>\"'", "Lisbon in a session of an odd name");
    let owner = served.owner().await;
    let mut paths = screens(last);
    for path in
        ["/ui/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E%20Lisbon", "/ui/?q=Lisbon&session=%3Ci%3E"]
    {
        paths.push(path.to_owned());
    }
    paths.push("/ui/session?name=%3Ci%3Ename%3C%2Fi%3E%22%27".to_owned());
    paths.push("/ui/session?name=%3Cscript%3E".to_owned());
    for path in paths {
        let page = owner.get(&path).await;
        for markup in
            ["<script>", "<img", "<h1>injected", "onfocus=\"alert", "<style", "<b>title", "<i>"]
        {
            assert!(!page.text.contains(markup), "{path}: {markup} in {}", page.text);
        }
        assert!(!page.text.contains(" style="), "{path}");
        assert!(!page.text.contains("javascript:"), "{path}");
    }
}

#[tokio::test]
async fn a_long_text_without_a_space_is_shown_in_part_and_opened_whole() {
    let served = Served::new();
    let turn = served.say("ana", "move", &"x".repeat(100_000));
    let owner = served.owner().await;
    for path in ["/ui/", "/ui/session?name=move"] {
        let page = owner.get(path).await;
        assert!(page.text.len() < 30_000, "{path} has {} bytes", page.text.len());
        assert!(page.text.contains("A part of 100,000 characters"), "{path}");
    }
    assert!(owner.get(&format!("/ui/turns/{turn}")).await.text.len() > 200_000);
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    let served = Served::new();
    let turn = served.say("ana", "move", "The vault opens with 7443");
    let note = FactNote::new("likes 7443", FactKind::Preference);
    let fact = served.memory.note_fact(&user("ana"), &note).unwrap().id;
    served.say("bo", "talk", "I like tea");
    let key = served.key("bo", &[Permission::Read, Permission::Write]);
    let bo = served.with_key(&key.key).await;
    let only = [format!("turn:{turn}"), format!("fact:{fact}"), "session:move".to_owned()];
    for path in [
        format!("/ui/turns/{turn}"),
        format!("/ui/facts/{fact}"),
        "/ui/session?name=move".to_owned(),
    ] {
        let page = bo.get(&path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(!page.text.contains("7443"), "{path}");
    }
    for only in only {
        assert_eq!(bo.post("/ui/delete", &[("only", &only)]).await.status, 404, "{only}");
    }
    let amended = bo.post(&format!("/ui/turns/{turn}"), &[("text", "mine")]).await;
    assert_eq!(amended.status, 404);
    let edited = bo.post(&format!("/ui/facts/{fact}"), &[("statement", "mine")]).await;
    assert_eq!(edited.status, 404);
    let replaced = [("statement", "mine"), ("replaces", &*fact.to_string())];
    assert_eq!(bo.post("/ui/facts", &replaced).await.status, 404);
    let titled = bo.post("/ui/session", &[("name", "move"), ("title", "mine")]).await;
    assert_eq!(titled.status, 404);
    assert_eq!(bo.post("/ui/backup", &[]).await.status, 403);
    assert_eq!(bo.post("/ui/keys/revoke", &[("id", &key.added.id)]).await.status, 403);
    for path in ["/ui/?q=vault+7443", "/ui/activity", "/ui/sessions", "/ui/facts", "/ui/status"] {
        let page = bo.get(path).await;
        assert!(!page.text.contains("The vault") && !page.text.contains("likes 7443"), "{path}");
    }
    // What ana asked is hers, too.
    served.owner().await.get("/ui/?q=The+vault").await;
    assert!(!bo.get("/ui/activity").await.text.contains("The vault"));
    assert!(served.owner().await.get("/ui/activity").await.text.contains("The vault"));
}

#[tokio::test]
async fn a_server_that_only_reads_shows_no_forms_and_refuses_them() {
    let served = Served::with(|settings| settings.read_only = true);
    let turn = served.say("ana", "move", "I live in Lisbon");
    let owner = served.owner().await;
    for path in screens(turn) {
        let page = owner.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        let forms = page.text.matches("method=\"post\"").count();
        // Logging out, and clearing the list of activity, which is no memory.
        let expected = if path == "/ui/activity" { 2 } else { 1 };
        assert_eq!(forms, expected, "{path}: {}", page.text);
    }
    for path in FORMS {
        let answered = owner.post(path, &[("only", &format!("turn:{turn}"))]).await;
        let changes_nothing = ["/ui/activity/clear", "/ui/undo"].contains(&path);
        assert_eq!(answered.status, if changes_nothing { 303 } else { 403 }, "{path}");
    }
    assert!(owner.get("/ui/").await.text.contains("I live in Lisbon"));
}

#[tokio::test]
async fn a_form_leads_nowhere_but_to_the_page() {
    let served = Served::new();
    let owner = served.owner().await;
    for (back, location) in [
        ("/ui/sessions?page=2", "/ui/sessions?page=2"),
        ("https://evil.example/", "/ui/"),
        ("//evil.example/ui/", "/ui/"),
        ("/ui/\r\nset-cookie: a=b", "/ui/"),
        ("/uix", "/ui/"),
        ("", "/ui/"),
    ] {
        let answered = owner.post("/ui/delete", &[("back", back)]).await;
        assert_eq!((answered.status, answered.location()), (303, location), "{back:?}");
    }
}
