use axum::body::Body;

use super::fixture::{Served, get, post, request};
use crate::peer::Peer;
use crate::{Auth, Permission, page};

/// Somebody of the account that runs the server.
fn own_account() -> Peer {
    Peer::Unix { account: Some(rustix::process::geteuid().as_raw()) }
}

#[tokio::test]
async fn a_link_opens_the_page_once() {
    let served = Served::new();
    let link = page::login_path(&served.shared).unwrap();
    let looked_at = served.ask(request("HEAD", &link, &[], Body::empty())).await;
    assert!(!looked_at.headers.contains_key("set-cookie"));
    let opened = served.ask(get(&link, &[])).await;
    assert_eq!(opened.status, 200);
    assert!(opened.text.contains("content=\"0;url=/ui/\""), "{}", opened.text);
    let cookie = opened.headers["set-cookie"].to_str().unwrap();
    let (pair, attributes) = cookie.split_once(';').unwrap();
    assert!(pair.starts_with("longmem_s7717="), "{pair}");
    assert_eq!(attributes, " HttpOnly; SameSite=Strict; Path=/ui; Max-Age=43200");
    assert_eq!(served.ask(get("/ui/", &[("cookie", pair)])).await.status, 200);

    let again = served.ask(get(&link, &[])).await;
    assert_eq!(again.status, 200);
    assert!(!again.headers.contains_key("set-cookie"));
    assert!(again.text.contains("used already"), "{}", again.text);
}

#[tokio::test]
async fn a_cookie_of_another_server_or_of_nobody_opens_nothing() {
    let served = Served::new();
    let owner = served.owner().await;
    let value = owner.cookie.split_once('=').unwrap().1;
    for cookie in [
        "longmem_s7717=".to_owned(),
        "longmem_s7717=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        format!("longmem_s7718={value}"),
        format!("longmem_s7717={}", owner.token),
    ] {
        let answered = served.ask(get("/ui/", &[("cookie", &cookie)])).await;
        assert_eq!((answered.status, answered.location()), (303, "/ui/login"), "{cookie}");
    }
    for among_others in ["a=b; ", "longmem_s7717=old; longmem_s7717=; "] {
        let cookies = format!("{among_others}{}; c=d", owner.cookie);
        assert_eq!(served.ask(get("/ui/", &[("cookie", &cookies)])).await.status, 200);
    }
}

#[tokio::test]
async fn the_cookie_never_opens_the_api() {
    let served = Served::new();
    let owner = served.owner().await;
    for path in ["/v1/memory/turns", "/v1/memory/export", "/metrics", "/v1/memory/events"] {
        let answered = served.ask(get(path, &[("cookie", &owner.cookie)])).await;
        assert_eq!(answered.status, 401, "{path}");
    }
}

#[tokio::test]
async fn the_person_who_runs_the_server_needs_no_key_and_others_do() {
    let served = Served::new();
    let screen = served.ask(get("/ui/login", &[])).await;
    let token = screen.field("token");
    let log_in = || post("/ui/login", &[], &[("token", &token), ("local", "yes")]);
    assert_eq!(served.ask(log_in()).await.status, 401);
    let mut opened = log_in();
    opened.headers_mut().insert("host", "localhost".parse().unwrap());
    opened.headers_mut().remove("origin");
    let opened = served.ask_from(own_account(), opened).await;
    assert_eq!((opened.status, opened.location()), (303, "/ui/"));
    let mut sent_on = log_in();
    sent_on.headers_mut().insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
    assert_eq!(served.ask_from(own_account(), sent_on).await.status, 401);

    let required = Served::with(|settings| settings.auth = Auth::Required);
    let screen = required.ask(get("/ui/login", &[])).await;
    assert!(!screen.text.contains("need no key"), "{}", screen.text);
}

#[tokio::test]
async fn a_key_logs_in_with_what_it_allows_until_it_is_revoked() {
    let served = Served::new();
    let key = served.key("bo", &[Permission::Read]);
    let browser = served.with_key(&key.key).await;
    let page = browser.get("/ui/status").await;
    assert!(
        page.text.contains("<bdi>bo</bdi>") && page.text.contains("read only"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("memory.db"), "{}", page.text);
    assert_eq!(browser.post("/ui/facts", &[("statement", "likes tea")]).await.status, 403);
    crate::keys::revoke(&served.memory, &key.added.id).unwrap();
    let after = browser.get("/ui/").await;
    assert_eq!((after.status, after.location()), (303, "/ui/login"));
}

#[tokio::test]
async fn wrong_keys_are_refused_and_counted() {
    let served = Served::new();
    let token = served.ask(get("/ui/login", &[])).await.field("token");
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let form = post("/ui/login", &[], &[("token", &token), ("key", "lm_wrong")]);
        let answered = served.ask(form).await;
        assert!(!answered.headers.contains_key("set-cookie"));
        let is_counted_out = answered.status == 429;
        assert_eq!(answered.headers.contains_key("retry-after"), is_counted_out);
        let why = if is_counted_out { "Too many wrong keys" } else { "not a key of this server" };
        assert!(answered.text.contains(why), "{}", answered.text);
        statuses.push(answered.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
}

#[tokio::test]
async fn a_form_to_log_in_is_one_of_this_page() {
    let served = Served::new();
    let key = served.key("bo", &[Permission::Read]);
    for token in ["", "guessed"] {
        let form = post("/ui/login", &[], &[("token", token), ("key", &key.key)]);
        assert_eq!(served.ask(form).await.status, 403, "{token}");
    }
}

#[tokio::test]
async fn whoever_logs_out_is_out() {
    let served = Served::new();
    let (owner, other) = (served.owner().await, served.owner().await);
    let out = owner.post("/ui/logout", &[]).await;
    assert_eq!((out.status, out.location()), (303, "/ui/login"));
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(owner.get("/ui/").await.status, 303);
    assert_eq!(other.get("/ui/").await.status, 200);
}

#[tokio::test]
async fn no_page_is_served_where_none_is_wanted() {
    let served = Served::with(|settings| settings.page = false);
    for path in ["/ui/", "/ui/login", "/ui/assets/style.css"] {
        assert_eq!(served.ask(get(path, &[])).await.status, 404, "{path}");
    }
}
