use super::fixture::{Served, user};

#[tokio::test]
async fn what_is_said_after_a_session_was_deleted_stays() {
    let served = Served::with(|settings| {
        settings.limits.undo_time = std::time::Duration::from_mins(10);
    });
    let before = ["I live in Lisbon", "I like tea"].map(|text| served.say("ana", "move", text));
    let owner = served.owner().await;
    let page = owner.submit("/ui/delete", &[("only", "session:move")]).await;
    assert!(page.text.contains("programs may still get it"), "{}", page.text);
    let after = served.say("ana", "move", "I play the cello");
    let session = owner.get("/ui/session?name=move").await;
    assert!(session.text.contains("cello") && !session.text.contains("like tea"));
    served.shared.stopping.cancel();
    served.shared.page.finish_deletions().await;
    let all = [before[0], before[1], after];
    let left = served.memory.turns(&user("ana"), &all).unwrap();
    assert_eq!(left.iter().map(|turn| turn.id).collect::<Vec<_>>(), [after]);
}

#[tokio::test]
async fn a_turn_of_many_bytes_is_corrected() {
    let served = Served::new();
    let turn = served.say("ana", "move", "I moved to Libson");
    let owner = served.owner().await;
    // Each letter is written as six characters.
    let text = "\u{e4}".repeat(500_000);
    owner.submit(&format!("/ui/turns/{turn}"), &[("text", &text)]).await;
    assert_eq!(served.memory.turns(&user("ana"), &[turn]).unwrap()[0].text.len(), 1_000_000);
}
