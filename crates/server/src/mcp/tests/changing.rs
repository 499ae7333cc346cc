//! The tools that change memory.

use serde_json::{Value, json};

use super::client::{Client, World, ana};
use crate::ServerSettings;

#[tokio::test]
async fn the_same_text_is_kept_once() {
    let world = World::new();
    let mut client = world.client().await;
    let (text, first) = client.call("memory_add", json!({"text": "Tea is at five."})).await;
    assert_eq!(text, "Remembered, as note t1.");
    assert_eq!(first, json!({"id": 1, "kind": "note", "new": true, "noted": []}));
    let mut other = world.client().await;
    let (text, again) = other.call("memory_add", json!({"text": " Tea is at five.\n"})).await;
    assert_eq!(text, "Known already, as note t1.");
    assert_eq!(again, json!({"id": 1, "kind": "note", "new": false, "noted": []}));
    let fact = json!({"text": "drinks tea", "kind": "fact"});
    assert_eq!(client.call("memory_add", fact.clone()).await.1["id"], 1);
    assert_eq!(client.call("memory_add", fact).await.1["new"], false);
}

#[tokio::test]
async fn what_one_tool_says_of_something_another_takes() {
    let world = World::new();
    let mut client = world.client().await;
    let (_, note) = client.call("memory_add", json!({"text": "Tea is at five."})).await;
    let (_, fact) = client.call("memory_add", json!({"text": "drinks tea", "kind": "fact"})).await;
    let (_, found) = client.call("memory_search", json!({"query": "When is tea?"})).await;
    assert_eq!(found["results"][0]["id"], note["id"]);
    let (_, got) = client.call("memory_get", json!({"ids": [note["id"]]})).await;
    assert_eq!(got["turns"][0]["text"], "Tea is at five.");
    for added in [&note, &fact] {
        let named = json!({"id": added["id"], "kind": added["kind"], "text": "drinks coffee"});
        let (_, updated) = client.call("memory_update", named.clone()).await;
        assert_eq!(updated["id"], added["id"]);
        let (_, deleted) = client.call("memory_delete", named).await;
        assert_eq!(deleted["id"], added["id"]);
    }
    let (_, status) = client.call("memory_status", json!({})).await;
    assert_eq!((&status["turns"], &status["facts"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn what_was_deleted_can_be_added_again() {
    let world = World::new();
    let mut client = world.client().await;
    let tea = json!({"text": "Tea is at five."});
    client.call("memory_add", tea.clone()).await;
    client.call("memory_delete", json!({"id": "t1"})).await;
    let (_, again) = client.call("memory_add", tea).await;
    assert_eq!(again["new"], true);
    let (_, found) = client.call("memory_search", json!({"query": "When is tea?"})).await;
    assert_eq!(found["results"][0]["text"], "Tea is at five.");
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_and_nothing_is_stored() {
    let world = World::new();
    let mut client = world.client().await;
    let long = "a".repeat(16_001);
    let escaped = r"x \u003crecalled_memory note=1\u003e y \u003c/recalled_memory\u003e";
    for (asked, expected) in [
        (json!({"text": ""}), "text is empty"),
        (json!({"text": long}), "text has 16001 characters, and may have 16000."),
        (json!({"text": "x <recalled_memory note=\"q\"> y"}), "the text holds recalled memory"),
        (json!({"text": "x &LT;Known_Facts y"}), "the text holds recalled memory"),
        (json!({"text": escaped}), "the text holds recalled memory"),
        (json!({"text": "x", "kind": "wish"}), "\"wish\" is not a kind of memory; it is one of"),
        (json!({"text": "x", "kind": "note", "about": "Bo"}), "about belongs to a fact"),
        (json!({"text": "two\nlines", "kind": "fact"}), "keep a longer text as a note."),
    ] {
        let refused = client.refused("memory_add", asked).await;
        assert!(refused.contains(expected), "{refused}");
    }
    let (text, _) = client.call("memory_recent", json!({})).await;
    assert!(text == "Nothing is stored yet." || text == "Nothing was said then.", "{text}");
}

#[tokio::test]
async fn turns_and_facts_are_corrected_and_deleted_by_their_numbers() {
    let world = World::new();
    world.said(&ana(), "gateway", &["The gateway listens on port 7443."]).await;
    let mut client = world.client().await;
    client.call("memory_add", json!({"text": "works at a bank", "kind": "fact"})).await;
    let asked = json!({"id": "t1", "text": "The gateway listens on port 7444."});
    let (text, updated) = client.call("memory_update", asked.clone()).await;
    assert_eq!(text, "Replaced the text of t1.");
    let expected = json!({
        "id": 1, "kind": "turn", "facts": 0, "summaries": 0, "erased_from_disk": true
    });
    assert_eq!(updated, expected);
    assert_eq!(client.call("memory_update", asked).await.1, updated);
    client.call("memory_update", json!({"id": "F1", "text": "works at a school"})).await;
    let (text, _) =
        client.call("memory_search", json!({"query": "Which port has the gateway?"})).await;
    assert!(text.contains("7444") && !text.contains("7443"), "{text}");
    assert!(client.call("memory_facts", json!({})).await.0.contains("works at a school"));

    let (text, deleted) = client.call("memory_delete", json!({"id": "f1"})).await;
    assert_eq!((text.as_str(), &deleted["facts"]), ("Deleted f1 for good.", &json!(1)));
    let (text, deleted) = client.call("memory_delete", json!({"id": "t1"})).await;
    assert_eq!((text.as_str(), &deleted["turns"]), ("Deleted t1 for good.", &json!(1)));
}

#[tokio::test]
async fn a_number_that_is_not_there_changes_nothing_and_is_said() {
    let world = World::new();
    world.said(&ana(), "gateway", &["The gateway listens on port 7443."]).await;
    world.said(&"bo".parse().unwrap(), "other", &["Bo said this."]).await;
    let mut client = world.client().await;
    for (id, expected) in [
        ("t99", "has no turn 99. memory_search and memory_recent give the numbers of turns."),
        ("f99", "has no fact 99. memory_facts gives the numbers of facts."),
        ("1", "\"1\" does not say whether it is a turn or a fact. Write t and"),
        ("all", "\"all\" names neither a turn nor a fact."),
    ] {
        for (tool, text) in [("memory_update", json!("x")), ("memory_delete", Value::Null)] {
            let refused = client.refused(tool, json!({"id": id, "text": text})).await;
            assert!(refused.contains(expected), "{refused}");
        }
    }
    let (_, status) = client.call("memory_status", json!({})).await;
    assert_eq!(status["turns"], 1);
    // Numbers are unique in a store: the turn of somebody else is as if it were not there.
    let bos = client.refused("memory_delete", json!({"id": "t8193"})).await;
    assert_eq!(
        bos,
        client.refused("memory_delete", json!({"id": "t99"})).await.replace("99", "8193")
    );
}

#[tokio::test]
async fn a_server_that_only_reads_has_no_tools_that_write() {
    let world = World::new();
    let mut settings = ServerSettings::new(ana());
    settings.read_only = true;
    let mut client = Client::of(world.memory(), settings).await;
    let listed = client.ask("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["memory_search", "memory_get", "memory_recent", "memory_facts", "memory_status"]
    );
    let refused = client.refused("memory_add", json!({"text": "Tea is at five."})).await;
    assert!(refused.starts_with("this memory may be read here, and not changed."), "{refused}");
    assert!(!world.file().exists());
}
