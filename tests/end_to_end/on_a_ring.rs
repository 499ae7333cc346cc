//! The same program on a ring of PostgreSQL servers. Where there is no PostgreSQL, these tests say so and pass.

use longmem_test_support::PostgresServer;
use serde_json::{Value, json};

use crate::support::Home;

/// The file of a ring: names, addresses, and whether each server is leaving.
fn write(home: &Home, generation: u32, servers: &[(&str, &str, bool)]) {
    let servers = servers.iter().map(|(name, address, leaving)| {
        format!("[[servers]]\nname = \"{name}\"\naddress = \"{address}\"\nleaving = {leaving}\n")
    });
    let servers: String = servers.collect();
    home.write("ring.toml", format!("generation = {generation}\n{servers}"));
}

fn on_a_ring() -> Home {
    let home = Home::new();
    let place = format!("postgres-ring:{}", home.path("ring.toml").display());
    home.with("LONGMEM_DB", &place)
}

/// The users of each server that answers, by its name.
fn users(home: &Home) -> Value {
    let status = home.run(&["ring", "status", "--json"]).succeeds().json();
    let servers = status["servers"].as_array().unwrap().iter();
    servers
        .map(|server| (server["name"].as_str().unwrap().to_owned(), server["users"].clone()))
        .collect()
}

#[test]
fn users_move_to_a_server_that_comes_and_away_from_one_that_goes() {
    let Some(server) = PostgresServer::shared() else { return };
    let home = on_a_ring();
    let [a, b, c] = [(); 3].map(|()| server.address(&server.new_database(None)));
    write(&home, 1, &[("a", &a, false), ("b", &b, false)]);
    for number in 0..6 {
        let text = format!("the spare key number {number} is under the blue pot");
        home.run(&["remember", &text, "--user", &format!("user {number}")]).succeeds();
    }
    assert_eq!(home.run(&["ring", "move", "--json"]).succeeds().json()["moved"], json!([]));
    write(&home, 2, &[("a", &a, false), ("b", &b, false), ("c", &c, false)]);
    let shown = home.run(&["ring", "status"]).succeeds().stdout;
    assert!(shown.contains("generation 2, 3 servers"), "{shown}");
    assert!(shown.contains("and belongs to c"), "{shown}");
    let moved = home.run(&["ring", "move", "--json"]).succeeds().json();
    let moved = moved["moved"].as_array().unwrap().len();
    assert!((1..6).contains(&moved), "{moved} users moved");
    assert_eq!(users(&home)["c"], json!(moved));
    write(&home, 3, &[("a", &a, false), ("b", &b, true), ("c", &c, false)]);
    let shown = home.run(&["ring", "move"]).succeeds().stdout;
    assert!(shown.contains("server b has no users any more"), "{shown}");
    write(&home, 4, &[("a", &a, false), ("c", &c, false)]);
    for number in 0..6 {
        let exported = home.run(&["export", "--user", &format!("user {number}")]).succeeds();
        assert!(exported.stdout.contains(&format!("number {number}")), "{}", exported.stdout);
    }
    // And to a file, and what is there already is left alone.
    let ring = format!("postgres-ring:{}", home.path("ring.toml").display());
    home.run(&["copy", &ring, "copied.db"]).succeeds();
    let again = home.run(&["copy", "copied.db", &ring]).succeeds().stdout;
    assert!(again.contains("there already"), "{again}");
}

#[test]
fn what_is_wrong_with_a_ring_is_said() {
    let home = on_a_ring();
    let said = home.run(&["stats"]).ends_with(1).stderr;
    assert!(said.contains("ring.toml") && said.contains("cannot be read"), "{said}");
    home.write(
        "ring.toml",
        "generation = 1\n[[servers]]\nname = \"a\"\naddress = \"postgres://u:secret@db",
    );
    let said = home.run(&["stats"]).ends_with(1).stderr;
    assert!(said.contains("line 4") && !said.contains("secret"), "{said}");
    let said = home.run(&["ring", "status", "--db", "memory.db"]).ends_with(1).stderr;
    assert!(said.contains("is no ring of servers"), "{said}");
    let said = home.run(&["backup", "x.db"]).ends_with(1).stderr;
    assert!(said.contains("line 4"), "{said}");
}
