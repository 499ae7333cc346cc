//! Users go to another store and come back the same.

use longmem_test_support::PostgresServer;
use rusqlite::Connection;

use crate::support::Home;

/// What a person can see of a user: turns, facts with their history, sessions and what a search finds.
fn seen(home: &Home, store: &str) -> Vec<String> {
    let asked: [&[&str]; 4] = [
        &["export", "--db", store],
        &["facts", "--history", "--json", "--db", store],
        &["sessions", "--json", "--db", store],
        &["recall", "where is my flat?", "--json", "--db", store],
    ];
    let without_times = |line: &str| !line.contains("\"seconds\"") && !line.contains("_ms\"");
    let shown = asked.iter().map(|arguments| {
        let run = home.run(arguments).succeeds();
        run.stdout.lines().filter(|line| without_times(line)).collect::<Vec<_>>().join("\n")
    });
    shown.collect()
}

fn filled() -> Home {
    let home = Home::with_model().with_history();
    home.run(&["index"]).succeeds();
    home.run(&["facts", "add", "lives in Porto with Priya"]).succeeds();
    home.run(&["facts", "add", "lives in Lisbon with Priya", "--replaces", "1"]).succeeds();
    home.run(&["sessions", "rename", "kitchen", "the kitchen"]).succeeds();
    home.run(&["remember", "the door code is 4711", "--user", "eva"]).succeeds();
    home
}

#[test]
fn a_copy_in_a_file_is_the_same_and_is_made_once() {
    let home = filled();
    let from = home.store().display().to_string();
    let copy = home.run(&["copy", &from, "copy.db", "--verify", "--json"]).succeeds().json();
    assert_eq!(copy["users"][0]["turns"], 7);
    assert_eq!(copy["users"][0]["questions"], copy["users"][0]["same_answers"]);
    assert!(copy["users"][0]["questions"].as_u64().unwrap() >= 5);
    assert_eq!(copy["users"][1]["user"], "eva");
    assert_eq!(seen(&home, "copy.db"), seen(&home, &from));
    let again = home.run(&["copy", &from, "copy.db"]);
    assert!(again.succeeds().stdout.contains("there already"));

    // One who differs is refused, and nothing is changed.
    home.run(&["remember", "I moved again", "--db", "copy.db"]).succeeds();
    let before = seen(&home, "copy.db");
    let refused = home.run(&["copy", &from, "copy.db"]).ends_with(1);
    assert!(refused.stderr.contains("already, who is not the same"), "{}", refused.stderr);
    assert_eq!(seen(&home, "copy.db"), before);

    let one = home.run(&["copy", &from, "eva.db", "--user", "eva"]);
    assert!(one.succeeds().stdout.contains("Copied 1 user"));
    let two = home.run(&["copy", &from, "two.db", "--user", "eva", "--user", "default"]);
    assert!(two.succeeds().stdout.contains("Copied 2 users"));
    let unknown = home.run(&["copy", &from, "none.db", "--user", "eva", "--user", "bob"]);
    assert!(unknown.ends_with(1).stderr.contains("\"bob\""));
    assert!(!home.path("none.db").exists());
    home.run(&["copy", &from, &from]).ends_with(1);
    home.run(&["copy", "nowhere.db", "new.db"]).ends_with(1);
    assert!(!home.path("new.db").exists());
}

#[test]
fn what_was_said_since_a_copy_comes_by_export_and_import() {
    let home = filled();
    let from = home.store().display().to_string();
    home.run(&["copy", &from, "copy.db"]).succeeds();
    home.run(&["remember", "the flat has a balcony"]).succeeds();
    home.run(&["facts", "add", "lives in Braga with Priya", "--replaces", "2"]).succeeds();
    let refused = home.run(&["copy", &from, "copy.db"]).ends_with(1);
    assert!(refused.stderr.contains("longmem import FILE"), "{}", refused.stderr);
    home.run(&["export", "--output", "new.jsonl"]).succeeds();
    home.run(&["import", "new.jsonl", "--db", "copy.db"]).succeeds();
    assert!(home.run(&["copy", &from, "copy.db"]).succeeds().stdout.contains("there already"));
}

#[test]
fn what_waits_is_stored_before_it_is_copied() {
    let home = Home::new().with_history();
    let from = home.store().display().to_string();
    let lock = Connection::open(home.store()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    home.run_with_input(&["chat"], "My sister lives in Oslo\n");
    drop(lock);
    let copy = home.run(&["copy", &from, "copy.db"]).succeeds();
    assert!(copy.stderr.contains("stored first: 1 turn"), "{}", copy.stderr);
    let export = home.run(&["export", "--db", "copy.db"]).succeeds();
    assert!(export.stdout.contains("My sister lives in Oslo"));
}

#[test]
fn a_copy_goes_to_a_server_and_back() {
    let Some(server) = PostgresServer::shared() else { return };
    let home = filled();
    let from = home.store().display().to_string();
    let address = server.address(&server.new_database(None));
    home.run(&["copy", &from, &address, "--verify"]).succeeds();
    home.run(&["copy", &address, "back.db", "--verify"]).succeeds();
    let expected = seen(&home, &from);
    assert_eq!(seen(&home, &address), expected);
    assert_eq!(seen(&home, "back.db"), expected);
    home.run(&["doctor", "--db", "back.db"]).succeeds();
}
