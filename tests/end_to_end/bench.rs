//! `longmem bench`: what it prints has a form. Its figures are not judged here.

use std::process::{Command, Stdio};
use std::time::Duration;

use longmem_test_support::PostgresServer;
use serde_json::Value;

use crate::support::Home;

/// The titles of the groups, up to the colon.
fn titles(report: &Value) -> Vec<String> {
    let groups = report["groups"].as_array().expect("groups are an array").iter();
    let title = |group: &Value| group["title"].as_str().expect("titles are text").to_owned();
    groups.map(title).map(|title| title.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn everything_is_measured_and_the_own_store_stays_as_it_is() {
    let home = Home::with_model().with_history();
    home.run(&["index"]).succeeds();
    let before = std::fs::read(home.store()).unwrap();
    let report = home.run(&["bench", "--passages", "200", "--json"]).succeeds().json();
    assert_eq!(before, std::fs::read(home.store()).unwrap());
    assert_eq!(
        titles(&report),
        [
            "Embedding, one text at a time",
            "Embedding, all texts at once",
            "Your store of 7 passages",
            "Your store of 7 passages",
            "Your store of 7 passages",
            "A made-up store (vectors mixed from real ones) of 200 passages",
            "A made-up store (vectors mixed from real ones) of 200 passages",
            "A made-up store (vectors mixed from real ones) of 200 passages",
            "Storing turns, on disk when it returns, in the system's temporary folder",
        ]
    );
    let rows =
        report["groups"].as_array().unwrap().iter().flat_map(|g| g["rows"].as_array().unwrap());
    for row in rows {
        let names = ["p50_ms", "per_second", "bytes"];
        let figure = names.into_iter().find_map(|name| row[name].as_f64());
        assert!(figure.is_some_and(|figure| figure > 0.0), "{row}");
    }
}

/// Arguments that keep a measurement of stores short.
const SHORT: [&str; 9] =
    ["stores", "--users", "2", "--passages", "40", "--one-user", "60", "--clients", "2"];

/// What is measured of every store: the titles of the groups.
const OF_EVERY_STORE: [&str; 13] = [
    "Space of a passage, everything included",
    "Opening the store and the first recall",
    "2 users of 40 passages: first recall of a user",
    "2 users of 40 passages: recall",
    "One user of 60 passages: first recall of a user",
    "One user of 60 passages: recall",
    "2 clients at once, over 2 users: recalls",
    "2 clients at once, over 2 users: a recall",
    "Remembering a turn of a user of 40 passages, on disk when it returns",
    "Importing turns, a thousand at once",
    "Indexing, without the model's time",
    "Forgetting a turn of a user of 40 passages",
    "Forgetting a session of 20 turns",
];

/// What is measured of servers alone.
const OF_SERVERS: [&str; 3] = [
    "2 users of 40 passages: trips of a recall",
    "One user of 60 passages: trips of a recall",
    "Log of the server for each of these turns",
];

#[test]
fn stores_are_compared_without_a_model_and_nothing_is_left_in_the_database() {
    let Some(server) = PostgresServer::shared() else { return };
    let database = server.new_database(None);
    server.sql(&database, "CREATE SCHEMA longmem; CREATE TABLE longmem.users (name text)");
    let schemas = || server.sql(&database, "SELECT nspname FROM pg_namespace ORDER BY nspname");
    let before = schemas();
    let address = server.address(&database);
    let home = Home::new();
    let arguments = [&["bench"], SHORT.as_slice(), &[&address, "--json"]].concat();
    let report = home.run(&arguments).succeeds().json();
    assert_eq!(schemas(), before);
    for group in report["groups"].as_array().unwrap() {
        let title = group["title"].as_str().unwrap();
        let rows = group["rows"].as_array().unwrap();
        assert!(OF_SERVERS.contains(&title) || OF_EVERY_STORE.contains(&title), "{title}");
        let stores = if OF_SERVERS.contains(&title) { 1 } else { 2 };
        assert_eq!(rows.len(), stores, "{title}");
        assert!(rows[stores - 1]["name"].as_str().unwrap().starts_with("postgres://"), "{title}");
        assert_eq!(rows[stores - 1]["ratio"].is_f64(), stores == 2, "{title}");
    }
    let groups = report["groups"].as_array().unwrap().len();
    assert_eq!(groups, OF_EVERY_STORE.len() + OF_SERVERS.len());
}

#[test]
fn sqlite_is_measured_alone_without_an_address_and_a_file_is_no_address() {
    let home = Home::new();
    let arguments = [&["bench"], SHORT.as_slice(), &["--json"]].concat();
    let report = home.run(&arguments).succeeds().json();
    assert_eq!(report["groups"].as_array().unwrap().len(), OF_EVERY_STORE.len());
    home.run(&["bench", "stores", "memory.db"]).ends_with(2);
}

#[test]
fn a_measurement_of_stores_that_is_stopped_leaves_nothing_behind() {
    let Some(server) = PostgresServer::shared() else { return };
    let database = server.new_database(None);
    let schemas =
        || server.sql(&database, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'longmem%'");
    let home = Home::new();
    let address = server.address(&database);
    let temporary = home.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let mut process = home.longmem(&["bench", "stores", "--users", "100000", &address]);
    process.env("TMPDIR", &temporary).stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = process.spawn().unwrap();
    while schemas() == "0" {
        assert!(process.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    let signal = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
    assert!(signal.is_ok_and(|status| status.success()));
    assert_eq!(process.wait().unwrap().code(), Some(130));
    assert_eq!(schemas(), "0");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}
