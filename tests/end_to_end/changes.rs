//! What is stored is changed, moved and forgotten, and no import undoes it.

use crate::support::{Home, assert_shown, transcript};

/// The number of the only turn that holds a word.
fn number(home: &Home, word: &str) -> String {
    let run = home.run(&["recall", word, "--words-only", "--json"]).succeeds();
    run.json()["results"][0]["id"].to_string()
}

#[test]
fn edit() {
    let home = Home::new().with("LONGMEM_NO_LEARNING", "0").with_history();
    let metric = "From now on, always answer in metric units.";
    home.run(&["remember", metric]).succeeds();
    let turn = number(&home, "metric");
    let shown = transcript([
        home.run(&["edit", &turn, "Always answer in imperial units.", "--dry-run"]),
        home.run(&["edit", &turn, "Always answer in imperial units."]),
        home.run(&["edit", &turn, "Always answer in imperial units.", "--yes"]),
        home.run(&["recall", "metric", "--words-only"]),
        home.run(&["facts"]),
        home.run(&["edit", &turn, " ", "--yes"]),
        home.run(&["edit", "9999", "x", "--yes"]),
        home.run(&["edit", &turn]),
        home.run(&["edit", &turn, "Plain.", "--yes", "--json"]),
    ]);
    assert_shown!(home, shown);
    let bytes = std::fs::read(home.store()).unwrap();
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(!holds(b"metric") && !holds(b"imperial") && holds(b"Plain."));
    home.run(&["import", "history.jsonl", "--again"]).succeeds();
    assert!(!home.run(&["export"]).stdout.contains("metric"));
}

#[test]
fn an_editor_changes_a_turn() {
    let home = Home::new().with_history();
    home.run(&["remember", "I moved to Libson."]).succeeds();
    let turn = number(&home, "Libson");
    let editor = home.path("editor.sh");
    home.write("editor.sh", "#!/bin/sh\nsed -i s/Libson/Lisbon/ \"$1\"\necho \"$1\" > file\n");
    let home = home.with("EDITOR", &format!("sh {}", editor.display()));
    home.run(&["edit", &turn, "--yes"]).succeeds();
    let file = std::fs::read_to_string(home.path("file")).unwrap();
    assert!(!std::path::Path::new(file.trim()).exists());
    assert_eq!(home.exported("default").last().unwrap()["text"], "I moved to Lisbon.");
    let failing = home.with("VISUAL", "false");
    let run = failing.run(&["edit", &turn, "--yes"]).ends_with(1);
    assert!(run.stderr.contains("nothing was changed"), "{run}");
}

#[test]
fn sessions_are_renamed_and_moved() {
    let home = Home::new().with_history();
    let shown = transcript([
        home.run(&["sessions", "rename", "kitchen", "Our kitchen"]),
        home.run(&["sessions", "rename", "Our kitchen", "--name", "house", "--json"]),
        home.run(&["sessions", "rename", "house", "--name", "move"]),
        home.run(&["sessions", "rename", "nowhere", "x"]),
        home.run(&["import", "history.jsonl", "--again"]),
        home.run(&["sessions"]),
        home.run(&["sessions", "move", "house", "move"]),
        home.run(&["sessions", "move", "house", "move", "--dry-run"]),
        home.run(&["sessions", "move", "house", "move", "--yes"]),
        home.run(&["sessions", "move", "--turn", "9999", "--to", "new", "--yes"]),
        home.run(&["sessions", "move", "--turn", "1", "--to", "new", "--yes", "--json"]),
        home.run(&["import", "history.jsonl", "--again"]),
        home.run(&["sessions"]),
    ]);
    assert_shown!(home, shown);
}

#[test]
fn what_is_found_is_forgotten() {
    let home = Home::new().with_history();
    let query = ["forget", "--matching", "kitchen budget", "--words-only"];
    let run = |more: &[&str]| home.run(&[&query[..], more].concat());
    let shown = transcript([
        run(&["--dry-run", "-n", "2"]),
        run(&["-n", "2"]),
        run(&["-n", "1", "--yes"]),
        home.run(&["forget", "--matching", "zebra", "--words-only", "--yes"]),
        home.run(&["forget", "--turn", "9999", "--yes"]),
    ]);
    assert_shown!(home, shown);
}

#[test]
fn a_fact_is_known_once_and_goes_with_what_it_replaced() {
    let home = Home::new();
    let shown = transcript([
        home.run(&["facts", "add", "lives in Porto"]),
        home.run(&["facts", "add", "  Lives in  porto."]),
        home.run(&["facts", "add", "lives in Lisbon", "--replaces", "1"]),
        home.run(&["facts", "add", "lives in Lisbon", "--json"]),
        home.run(&["facts", "delete", "2", "--dry-run"]),
        home.run(&["facts", "delete", "2"]),
        home.run(&["facts", "delete", "2", "--yes"]),
        home.run(&["facts", "delete", "2", "--yes"]),
    ]);
    assert_shown!(home, shown);
}

#[test]
fn forgetting_names_the_copies_that_keep_it() {
    let home = Home::new().with_history();
    home.run(&["backup", "copy.db"]).succeeds();
    home.run(&["export", "-o", "copy.jsonl"]).succeeds();
    let run = home.run(&["forget", "--turn", "1", "--yes"]).succeeds();
    assert!(run.stderr.contains("copy.db") && run.stderr.contains("copy.jsonl"), "{run}");
    std::fs::remove_file(home.path("copy.db")).unwrap();
    let run = home.run(&["forget", "--turn", "2", "--yes", "--json"]).succeeds();
    assert_eq!(run.json()["copies"].as_array().unwrap().len(), 1);
}

#[test]
fn everything_of_everybody_is_exported_and_imported() {
    let home = Home::new().with_history();
    home.run(&["remember", "From now on, always answer in metric.", "--user", "bo"]).succeeds();
    home.run(&["facts", "add", "lives in Lisbon"]).succeeds();
    home.run(&["export", "--all-users", "-o", "all.jsonl"]).succeeds();
    let other = Home::new();
    std::fs::copy(home.path("all.jsonl"), other.path("all.jsonl")).unwrap();
    other.run(&["import", "all.jsonl", "--all-users"]).succeeds();
    other.run(&["export", "--all-users", "-o", "again.jsonl"]).succeeds();
    let read = |home: &Home, name: &str| std::fs::read_to_string(home.path(name)).unwrap();
    assert_eq!(read(&other, "again.jsonl"), read(&home, "all.jsonl"));
}
