//! What is stored is seen: turns by number, conversations by any name of theirs.

use crate::support::{Home, assert_shown, transcript};

#[test]
fn turns_and_conversations_are_shown() {
    let home = Home::new().with_history();
    let shown = transcript([
        home.run_words("show 5"),
        home.run_words("show 5 2 --around 1"),
        home.run_words("show 5 --json"),
        home.run_words("sessions show move"),
        home.run(&["sessions", "show", "moving house", "--last", "1"]),
        home.run_words("sessions show kitch --last 1 --json"),
        home.run_words("show 99"),
        home.run_words("show 5 --user bo"),
        home.run_words("sessions show mvoe"),
        home.run_words("sessions show move --last 0"),
    ]);
    assert_shown!(home, shown);
}

#[test]
fn a_session_is_read_by_any_of_its_names() {
    let home = Home::new().with_history();
    home.write(
        "more.jsonl",
        r#"{"session":"kitchen-2","title":"Kitchen colours","role":"user","text":"Blue."}"#,
    );
    home.run(&["import", "more.jsonl"]).succeeds();
    let recall = ["recall", "budget", "--words-only", "--session"];
    let shown = transcript([
        home.run(&[&recall[..], &["the kitchen"]].concat()),
        home.run(&[&recall[..], &["kitch"]].concat()),
        home.run(&[&recall[..], &["kichen"]].concat()),
        home.run(&["export", "--session", "Kitchen colours"]),
        home.run(&["context", "hello there", "--session", "nowhere"]),
        home.run(&["sessions", "--session", "MOVING", "--json"]),
        home.run(&["forget", "--session", "kitch", "--yes", "--json"]),
    ]);
    assert_shown!(home, shown);
    assert_eq!(home.exported("default").len(), 8, "nothing was forgotten");
}
