use std::time::Duration;

use longmem_memory::FactsAt;

use super::fixture::{Served, user};
use crate::Permission;

/// Waits until what was deleted is gone.
async fn delete_what_waits(served: &Served) {
    // A server that stops does not wait.
    served.shared.stopping.cancel();
    served.shared.page.finish_deletions().await;
}

#[tokio::test]
async fn what_is_deleted_can_be_taken_back() {
    let served = Served::new();
    let turn = served.say("ana", "move", "I live in Lisbon");
    let owner = served.owner().await;
    let only = format!("turn:{turn}");
    let fields = [("only", &*only), ("back", "/ui/?q=Lisbon")];
    let page = owner.submit("/ui/delete", &fields).await;
    assert!(page.text.contains("Deleting <bdi>1 turn</bdi> for good in"), "{}", page.text);
    assert!(!page.text.contains("<blockquote"), "{}", page.text);
    assert_eq!(owner.get(&format!("/ui/turns/{turn}")).await.status, 404);
    let number = page.field("number");
    let kept = owner.submit("/ui/undo", &[("number", &number), ("back", "/ui/")]).await;
    assert!(kept.text.contains("Kept: 1 turn") && kept.text.contains("I live in Lisbon"));
    delete_what_waits(&served).await;
    assert_eq!(served.memory.turns(&user("ana"), &[turn]).unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_taken_back_is_gone_for_good() {
    let served = Served::new();
    let turns = ["I live in Lisbon", "I like tea", "I play the cello"]
        .map(|text| served.say("ana", "move", text));
    let owner = served.owner().await;
    let chosen = [turns[0].to_string(), turns[1].to_string()];
    let fields = [("turn", &*chosen[0]), ("turn", &*chosen[1]), ("back", "/ui/session?name=move")];
    let page = owner.submit("/ui/delete", &fields).await;
    assert!(page.text.contains("Deleting <bdi>2 turns</bdi> for good"), "{}", page.text);
    assert!(!page.text.contains("Lisbon") && page.text.contains("cello"));
    let number = page.field("number");
    delete_what_waits(&served).await;
    assert_eq!(served.memory.turns(&user("ana"), &turns).unwrap().len(), 1);
    let late = owner.submit("/ui/undo", &[("number", &number)]).await;
    assert!(late.text.contains("Deleted for good: 2 turns"), "{}", late.text);
    assert!(late.text.contains("too late"), "{}", late.text);
}

#[tokio::test]
async fn a_session_is_deleted_whole_and_a_server_that_stops_deletes_at_once() {
    let served = Served::new();
    let turn = served.say("ana", "move", "I live in Lisbon");
    served.say("ana", "talk", "I like tea");
    let owner = served.owner().await;
    let fields = [("only", "session:move"), ("back", "/ui/sessions")];
    let page = owner.submit("/ui/delete", &fields).await;
    assert!(page.text.contains("1 session<"), "{}", page.text);
    assert!(page.text.contains("it deletes at once"), "{}", page.text);
    assert_eq!(served.memory.turns(&user("ana"), &[turn]).unwrap().len(), 1);
    delete_what_waits(&served).await;
    assert!(served.memory.turns(&user("ana"), &[turn]).unwrap().is_empty());
    assert_eq!(served.memory.sessions(&user("ana")).unwrap().len(), 1);
}

#[tokio::test]
async fn what_nobody_takes_back_is_deleted_when_its_time_has_come() {
    let served = Served::with(|settings| settings.limits.undo_time = Duration::ZERO);
    let turn = served.say("ana", "move", "I live in Lisbon");
    let owner = served.owner().await;
    owner.submit("/ui/delete", &[("only", &format!("turn:{turn}"))]).await;
    served.shared.page.finish_deletions().await;
    assert!(served.memory.turns(&user("ana"), &[turn]).unwrap().is_empty());
}

#[tokio::test]
async fn only_who_deleted_something_takes_it_back() {
    let served = Served::new();
    let turn = served.say("ana", "move", "I live in Lisbon");
    let (owner, other) = (served.owner().await, served.owner().await);
    let page = owner.submit("/ui/delete", &[("only", &format!("turn:{turn}"))]).await;
    let number = page.field("number");
    let refused = other.submit("/ui/undo", &[("number", &number)]).await;
    assert!(refused.text.contains("too late"), "{}", refused.text);
    delete_what_waits(&served).await;
    assert!(served.memory.turns(&user("ana"), &[turn]).unwrap().is_empty());
}

#[tokio::test]
async fn forgetting_needs_a_preview_and_its_number() {
    let served = Served::new();
    for text in ["I live in Lisbon", "I like tea"] {
        served.say("ana", "move", text);
    }
    served.say("ana", "talk", "I play the cello");
    let owner = served.owner().await;
    let nothing = owner.get("/ui/forget?preview=yes").await;
    assert!(nothing.text.contains("Say what to forget"), "{}", nothing.text);
    let unclear = owner.get("/ui/forget?preview=yes&everything=yes&role=user").await;
    assert!(unclear.text.contains("choose one of the two"), "{}", unclear.text);

    let shown = owner.get("/ui/forget?session=move&preview=yes").await;
    assert!(shown.text.contains("I like tea") && !shown.text.contains("cello"), "{}", shown.text);
    let token = shown.field("shown");
    for number in ["", "1", "3", "two"] {
        let fields = [("session", "move"), ("shown", &*token), ("number", number)];
        let refused = owner.post("/ui/forget", &fields).await;
        assert_eq!(refused.status, 422, "{number}");
        assert!(refused.text.contains("the number to type is 2"), "{}", refused.text);
    }
    let without_token = [("session", "move"), ("number", "2")];
    let refused = owner.post("/ui/forget", &without_token).await;
    assert!(refused.text.contains("memory changed since"), "{}", refused.text);
    // The token is of this target alone.
    let of_other = [("session", "talk"), ("shown", &*token), ("number", "1")];
    assert_eq!(owner.post("/ui/forget", &of_other).await.status, 422);
    assert_eq!(served.memory.sessions(&user("ana")).unwrap().len(), 2);

    let fields = [("session", "move"), ("shown", &*token), ("number", "2")];
    let done = owner.submit("/ui/forget", &fields).await;
    assert!(done.text.contains("Forgotten for good: 2 turns, 1 whole session"), "{}", done.text);
    assert_eq!(served.memory.sessions(&user("ana")).unwrap().len(), 1);
}

#[tokio::test]
async fn everything_is_forgotten_with_what_was_asked() {
    let served = Served::new();
    served.say("ana", "move", "I live in Lisbon");
    served.say("bo", "talk", "I like tea");
    let owner = served.owner().await;
    owner.get("/ui/?q=Where+do+I+live").await;
    let shown = owner.get("/ui/forget?everything=yes&preview=yes").await;
    let token = shown.field("shown");
    let fields = [("everything", "yes"), ("shown", &*token), ("number", "1")];
    owner.submit("/ui/forget", &fields).await;
    assert!(owner.get("/ui/").await.text.contains("Nothing is remembered yet"));
    assert!(!owner.get("/ui/activity").await.text.contains("Where do I live"));
    assert_eq!(served.memory.users().unwrap().len(), 1);
}

#[tokio::test]
async fn a_turn_is_corrected_and_a_session_gets_a_title() {
    let served = Served::new();
    let turn = served.say("ana", "move", "I moved to Libson");
    let owner = served.owner().await;
    let path = format!("/ui/turns/{turn}");
    let page = owner.submit(&path, &[("text", "I moved\r\nto Lisbon")]).await;
    assert!(page.text.contains("new text"), "{}", page.text);
    assert_eq!(served.memory.turns(&user("ana"), &[turn]).unwrap()[0].text, "I moved\nto Lisbon");
    let empty = owner.submit(&path, &[("text", " \r\n ")]).await;
    assert!(empty.text.contains("delete it"), "{}", empty.text);
    let titled = owner.submit("/ui/session", &[("name", "move"), ("title", "Moving house")]).await;
    assert!(titled.text.contains("<bdi>Moving house</bdi>"), "{}", titled.text);
}

#[tokio::test]
async fn facts_are_noted_changed_corrected_and_deleted() {
    let served = Served::new();
    let owner = served.owner().await;
    let fields = [("statement", "works at Acme"), ("subject", "Priya"), ("kind", "relation")];
    let page = owner.submit("/ui/facts", &fields).await;
    assert!(page.text.contains("Priya: works at Acme"), "{}", page.text);
    let first = served.memory.facts(&user("ana"), FactsAt::Now).unwrap()[0].id;
    let known = owner.submit("/ui/facts", &fields).await;
    assert!(known.text.contains("known already"), "{}", known.text);
    let change =
        [("statement", "works at Globex"), ("subject", "Priya"), ("replaces", &*first.to_string())];
    owner.submit("/ui/facts", &change).await;
    let second = served.memory.facts(&user("ana"), FactsAt::Now).unwrap()[0].id;
    assert!(!owner.get("/ui/facts").await.text.contains("Acme"));
    let history = owner.get("/ui/facts?history=yes&about=Priya").await;
    assert!(history.text.contains("Acme") && history.text.contains("replaced by"));
    let shown = owner.get(&format!("/ui/facts/{second}")).await;
    assert!(shown.text.contains("What it replaced"), "{}", shown.text);
    let corrected =
        owner.submit(&format!("/ui/facts/{second}"), &[("statement", "leads Globex")]).await;
    assert!(corrected.text.contains("leads Globex"), "{}", corrected.text);
    for wrong in ["", "two\nlines", &"x".repeat(301)] {
        let refused = owner.submit(&format!("/ui/facts/{second}"), &[("statement", wrong)]).await;
        assert!(refused.text.contains("notice failed"), "{wrong:?}: {}", refused.text);
        let refused = owner.submit("/ui/facts", &[("statement", wrong)]).await;
        assert!(refused.text.contains("notice failed"), "{wrong:?}: {}", refused.text);
    }
    let deleted = owner.submit("/ui/delete", &[("only", &format!("fact:{second}"))]).await;
    assert!(deleted.text.contains("with 1 older fact"), "{}", deleted.text);
    delete_what_waits(&served).await;
    assert!(served.memory.facts(&user("ana"), FactsAt::Ever).unwrap().is_empty());
}

#[tokio::test]
async fn a_backup_goes_beside_the_store_and_a_key_is_revoked() {
    let served = Served::new();
    served.say("ana", "move", "I live in Lisbon");
    let key = served.key("bo", &[Permission::Read]);
    let owner = served.owner().await;
    let page = owner.submit("/ui/backup", &[("path", "/tmp/elsewhere.db")]).await;
    let file = served.folder.path().join("backups").join("memory-2026-03-08-183000.db");
    assert!(file.is_file(), "{}", page.text);
    assert!(page.text.contains("backups/memory-2026-03-08-183000.db"), "{}", page.text);
    assert_eq!(longmem_wire::known_copies(&served.memory)[0].file, file);
    // The clock of this test stands still, and nothing is written over.
    let again = owner.submit("/ui/backup", &[]).await;
    assert!(again.text.contains("No backup was made"), "{}", again.text);
    assert!(page.text.contains("a test") && !page.text.contains(&key.key));
    let revoked = owner.submit("/ui/keys/revoke", &[("id", &key.added.id)]).await;
    assert!(revoked.text.contains("The key is revoked"), "{}", revoked.text);
    assert!(crate::keys::list(&served.memory).unwrap().is_empty());
}
