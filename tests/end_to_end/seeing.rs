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

#[test]
fn sessions_are_listed_searched_and_cut() {
    let home = Home::new().with_history();
    home.write(
        "more.jsonl",
        r#"{"role":"user","session":"0803dbe8-77f1-4d2e-9a1b-000000000001","title":"A title\nof two lines","time":"2026-04-01T10:00:00Z","text":"Blue tiles."}"#,
    );
    home.run(&["import", "more.jsonl"]).succeeds();
    let shown = transcript([
        home.run_words("sessions"),
        home.run_words("sessions --search tiles"),
        home.run(&["sessions", "--search", "KITCHENS tuesday"]),
        home.run_words("sessions --search submarine"),
        home.run_words("sessions --since 2026-03 --json"),
        home.run_words("sessions --limit 1"),
        home.run_words("sessions show 0803dbe8"),
    ]);
    assert_shown!(home, shown);
}

#[test]
fn what_is_counted_is_that_of_the_user_who_is_named() {
    let home = Home::new().with_history();
    home.run(&["remember", "Bo's note", "--user", "bo"]).succeeds();
    let shown = transcript([
        home.run_words("stats"),
        home.run_words("stats --user bo"),
        home.run_words("stats --user bo --json"),
        home.run_words("stats --user nobody"),
    ]);
    assert_shown!(home, shown);
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let home = Home::new().with_history();
    let recall = ["recall", "what", "steps", "--words-only"];
    assert!(!home.run(&recall).succeeds().stdout.contains('\u{1b}'), "not into a pipe");
    let home = home.with("CLICOLOR_FORCE", "1");
    let coloured = home.run(&recall).succeeds().stdout;
    assert!(coloured.contains("\u{1b}[1m\u{1b}[33msteps\u{1b}[0m"), "{coloured}");
    let json = home.run(&["show", "5", "--json"]).succeeds().stdout;
    assert!(!json.contains('\u{1b}'), "{json}");
    let home = home.with("NO_COLOR", "1");
    assert!(!home.run(&recall).succeeds().stdout.contains('\u{1b}'), "NO_COLOR wins");
}
