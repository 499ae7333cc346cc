use super::fixture::{Served, get, screens};

#[tokio::test]
async fn every_screen_is_a_whole_page_with_its_place_in_the_navigation() {
    let served = Served::new();
    let turn = served.say("ana", "move", "I live in Lisbon");
    let owner = served.owner().await;
    for path in screens(turn) {
        let page = owner.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        assert!(page.text.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{path}");
        assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
        assert_eq!(page.text.matches("<main").count(), 1, "{path}");
        let navigation = page.text.split("</nav>").next().unwrap_or_default();
        assert_eq!(navigation.matches("aria-current=\"page\"").count(), 1, "{path}");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8", "{path}");
    }
}

#[tokio::test]
async fn a_memory_without_anything_says_how_to_begin() {
    let served = Served::new();
    let owner = served.owner().await;
    for (path, words) in [
        ("/ui/", "longmem import FILE"),
        ("/ui/?q=Lisbon", "Nothing relevant was found"),
        ("/ui/sessions", "longmem import FILE"),
        ("/ui/facts", "Nothing is known yet"),
        ("/ui/facts?about=Priya", "Nothing is known of that name"),
        ("/ui/activity", "recalled"),
        ("/ui/status", "every turn is found by its meaning"),
    ] {
        let page = owner.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.to_lowercase().contains(&words.to_lowercase()), "{path}: {}", page.text);
    }
}

#[tokio::test]
async fn a_search_quotes_marks_and_explains() {
    let served = Served::new();
    served.say("ana", "move", "I live in Lisbon");
    served.say("ana", "talk", "The cello needs new strings");
    let owner = served.owner().await;
    let page = owner.get("/ui/?q=Do+I+live+in+Lisbon%3F").await;
    for part in [
        "<mark>live</mark>",
        "<mark>Lisbon</mark>",
        "Why?",
        "By meaning",
        " results",
        "today, 18:30",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    let narrowed = owner.get("/ui/?q=Do+I+live+in+Lisbon%3F&session=talk").await;
    assert!(!narrowed.text.contains("<mark>Lisbon</mark>"), "{}", narrowed.text);
    let sent = owner.get("/ui/?q=Do+I+live+in+Lisbon%3F&show=sent").await;
    assert!(sent.text.contains("tokens of a budget of"), "{}", sent.text);
    assert!(sent.text.contains("&lt;recalled_memory"), "{}", sent.text);
}

#[tokio::test]
async fn what_was_typed_wrong_is_said_where_it_is_corrected() {
    let served = Served::new();
    served.say("ana", "move", "I live in Lisbon");
    let owner = served.owner().await;
    let long = format!("/ui/?q={}", "x".repeat(2_001));
    for (path, words) in [
        ("/ui/?q=Lisbon&session=nowhere", "no such session"),
        ("/ui/?q=Lisbon&role=king", "Said by"),
        ("/ui/?q=Lisbon&since=whenever", "From"),
        ("/ui/?q=Lisbon&since=2026-03-02&until=2026-03-01", "before the first day"),
        (&long, "2000 characters"),
    ] {
        let page = owner.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let alert = page.text.split("role=\"alert\"").nth(1).unwrap_or_default();
        assert!(alert.contains(words), "{path}: {}", page.text);
        assert!(!page.text.contains("/v1/"), "{path}");
    }
}

#[tokio::test]
async fn a_session_is_read_page_by_page() {
    let served = Served::new();
    for number in 0..60 {
        served.say("ana", "move", &format!("saying {number}."));
    }
    let owner = served.owner().await;
    let first = owner.get("/ui/session?name=move").await;
    assert!(first.text.contains("saying 49.") && !first.text.contains("saying 50."));
    let next = first.text.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let second = owner.get(&next.replace("&amp;", "&")).await;
    assert!(second.text.contains("saying 50.") && second.text.contains("saying 59."));
    assert!(!second.text.contains("rel=\"next\""), "{}", second.text);
}

#[tokio::test]
async fn activity_lists_what_was_asked_and_is_cleared() {
    let served = Served::new();
    let turn = served.say("ana", "move", "I live in Lisbon");
    let owner = served.owner().await;
    owner.get("/ui/?q=Do+I+live+in+Lisbon%3F").await;
    let page = owner.get("/ui/activity").await;
    for part in
        ["Recalled", "Do I live in Lisbon?", "1 entry", &format!("turn {turn}"), "I live in Lisbon"]
    {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    // What is typed is no question yet.
    let typed = [("cookie", &*owner.cookie), ("x-longmem-part", "1")];
    served.ask(get("/ui/?q=Do+I+like+tea%3F", &typed)).await;
    assert!(!owner.get("/ui/activity").await.text.contains("tea"));
    let cleared = owner.submit("/ui/activity/clear", &[]).await;
    assert!(cleared.text.contains("Nothing has happened yet"), "{}", cleared.text);
}

#[tokio::test]
async fn notices_are_said_once_and_not_to_the_script() {
    let served = Served::new();
    let owner = served.owner().await;
    owner.post("/ui/facts", &[("statement", "likes tea")]).await;
    let script = [("cookie", &*owner.cookie), ("x-longmem-part", "1")];
    assert!(!served.ask(get("/ui/", &script)).await.text.contains("The fact is noted"));
    assert!(owner.get("/ui/").await.text.contains("The fact is noted"));
    assert!(!owner.get("/ui/").await.text.contains("The fact is noted"));
}
