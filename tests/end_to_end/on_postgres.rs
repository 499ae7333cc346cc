//! The same program on a memory in PostgreSQL. Where there is no PostgreSQL, these tests say so and pass.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use longmem_test_support::PostgresServer;
use serde_json::{Value, json};

use crate::stand_in::{Answer, StandIn};
use crate::support::{HISTORY, Home, Run, transcript};

/// A password that would be noticed.
const PASSWORD: &str = "Distelfink-4711";

/// A home whose memory is in a new database of a server.
fn on(server: &PostgresServer, home: Home) -> Home {
    let database = server.new_database(None);
    home.with("LONGMEM_DB", &server.address(&database))
}

/// What a person does in the first days, and sees of it.
fn first_days(home: &Home) -> Vec<Run> {
    home.write("history.jsonl", HISTORY);
    let commands: [&[&str]; 25] = [
        &["stats"],
        &["remember", "the spare key is under the blue pot"],
        &["import", "history.jsonl"],
        &["import", "history.jsonl"],
        &["import", "history.jsonl", "--dry-run"],
        &["stats"],
        &["recall", "where is the spare key?"],
        &["index"],
        &["recall", "where do I live now?", "--json"],
        &["context", "who brings the tiles?", "--budget", "300"],
        &["facts", "add", "works in fintech"],
        &["facts", "--history"],
        &["sessions"],
        &["sessions", "show", "move"],
        &["sessions", "rename", "move", "Lisbon"],
        &["edit", "6", "Welcome!", "--yes"],
        &["recall", "Welcome"],
        &["recall", "Lisbon", "--since", "2026-03-01"],
        &["forget", "--session", "kitchen", "--yes"],
        &["recall", "kitchen budget"],
        &["import", "history.jsonl"],
        &["export"],
        &["stats", "--json"],
        &["forget", "--all", "--yes"],
        &["stats"],
    ];
    commands.iter().map(|command| home.run(command)).collect()
}

#[test]
fn both_stores_show_the_same() {
    let Some(server) = PostgresServer::shared() else { return };
    let in_file = Home::with_model();
    let in_database = on(server, Home::with_model());
    let shown = [&in_file, &in_database].map(|home| {
        let mut settings = home.filters();
        let place = format!("postgres://{}/test_[0-9]+", server.folder().display());
        settings.add_filter(&place, "[store]");
        settings.add_filter(r"\[home\]/data/longmem/memory\.db", "[store]");
        settings.add_filter(r"\(\d+(\.\d+)? [kM]?B\)", "([size])");
        // A server's files keep longer what was deleted, and that is said there alone.
        settings.add_filter(r"(?m)^\| warning: no command finds the deleted words.*\n", "");
        (settings, transcript(first_days(home)))
    });
    for (settings, shown) in &shown {
        settings.bind(|| insta::assert_snapshot!("both_stores", shown));
    }
}

#[test]
fn the_doctor_says_what_the_server_is() {
    let Some(server) = PostgresServer::shared() else { return };
    let home = on(server, Home::with_model());
    let checks = home.run(&["doctor", "--json"]).succeeds().json();
    let finding = |name: &str| {
        let checks = checks["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        assert_eq!(check["ok"], true, "{check}");
        check["finding"].as_str().unwrap().to_owned()
    };
    let said = finding("server");
    assert!(said.contains("PostgreSQL 1") && said.contains("schema longmem"), "{said}");
    assert!(!said.contains("row security"), "{said}");
    assert!(finding("store").contains("is whole"));
    let address = home.run(&["config", "--json"]).succeeds().stdout;
    assert!(address.contains("postgres://"), "{address}");
    // The owner of all databases sees everybody's rows, whatever a transaction named.
    let owner = server.address(&server.new_database(None)).replace("user=longmem", "user=postgres");
    let said = home.run(&["--db", &owner, "doctor"]).succeeds().stdout;
    assert!(said.contains("passes row security by"), "{said}");
}

#[test]
fn a_password_is_never_shown() {
    let Some(server) = PostgresServer::shared() else { return };
    let folder = server.folder().display();
    let database = server.new_database(None);
    let address = format!("postgres://longmem:{PASSWORD}@/{database}?host={folder}");
    let wrong = format!("postgres://longmem:{PASSWORD}@/nowhere?host={folder}");
    let unreadable = format!("postgres://longmem:{PASSWORD}@/{database}?host={folder}&sslkey=x");
    let home = Home::new();
    home.write("password", PASSWORD);
    home.write("history.jsonl", HISTORY);
    let file = home.path("password").display().to_string();
    home.run(&["config", "set", "db_password_file", &file]).succeeds();
    let mut shown = String::new();
    for db in [&address, &wrong, &unreadable] {
        for command in [
            "import history.jsonl",
            "recall tiles",
            "recall tiles --json",
            "stats",
            "stats --json",
            "doctor",
            "doctor --json",
            "config",
            "config --json",
            "backup copy.db",
            "key rotate new.key",
            "doctor --salvage new.db",
            "install codex",
            "install codex --dry-run",
            "--help",
        ] {
            let mut words = vec!["--db", db];
            words.extend(command.split(' '));
            shown += &home.run(&words).shown();
        }
    }
    let home = home.with("LONGMEM_DB", &address).with("PGPASSWORD", PASSWORD);
    for command in ["--help", "recall --help", "stats --json", "config", "install codex --dry-run"]
    {
        shown += &home.run_words(command).shown();
    }
    let input = json!({"session_id": "s", "prompt": "where do the tiles come from?"}).to_string();
    let home = home.with("LONGMEM_HOOK_DEBUG", "1");
    shown += &home.run_with_input(&["hook", "claude-code", "UserPromptSubmit"], &input).shown();
    assert!(shown.contains(&database), "{shown}");
    assert!(!shown.contains(PASSWORD), "{shown}");
    // Nor is it in a file that was written, or in a file's name.
    let found = Command::new("grep")
        .args(["-rl", PASSWORD, "."])
        .current_dir(home.path(""))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap().trim(), "./password");
}

#[test]
fn what_cannot_be_is_said_with_what_to_do() {
    let Some(server) = PostgresServer::shared() else { return };
    let home = on(server, Home::new());
    // No memory yet, for a command that only reads.
    let run = home.run(&["recall", "anything"]).ends_with(1);
    assert!(run.stderr.contains("there is no memory at postgres://"), "{run}");
    assert!(run.stderr.contains("longmem remember"), "{run}");
    home.run(&["remember", "the tiles come from Aveiro"]).succeeds();
    home.run(&["key", "new", "a.key"]).succeeds();
    for (arguments, code, expected) in [
        (vec!["key", "rotate", "a.key"], 1, "the server's business"),
        (vec!["doctor", "--salvage", "new.db"], 1, "pg_dump"),
        (vec!["--key-file", "a.key", "stats"], 1, "cannot be encrypted with a key"),
        (vec!["backup", "copy.db"], 1, "pg_dump"),
    ] {
        let run = home.run(&arguments).ends_with(code);
        assert!(run.stderr.contains(expected), "{run}");
    }
    for (address, code, expected) in [
        ("postgres://127.0.0.1:1/x?sslmode=disable", 3, "cannot be reached"),
        ("postgres://127.0.0.1:1/x?sslmode=allow", 1, "sslmode is disable"),
        ("postgres://127.0.0.1:x/x", 1, "is no address of a store"),
    ] {
        let run = home.run(&["--db", address, "stats"]).ends_with(code);
        assert!(run.stderr.contains(expected) && run.stderr.contains("hint:"), "{run}");
    }
}

#[test]
fn a_talk_goes_on_while_the_server_is_away() {
    let Some(server) = PostgresServer::start(&["fsync=off"]) else { return };
    let answers = vec![Answer::anthropic("I ", "see."); 3];
    let model = StandIn::answering(answers);
    let home = on(&server, Home::new())
        .with("ANTHROPIC_API_KEY", "test-key")
        .with("ANTHROPIC_BASE_URL", &model.url);
    home.run_with_input(&["chat", "--session", "s"], "The tiles come from Aveiro.\n").succeeds();
    server.stop();
    let run =
        home.run_with_input(&["chat", "--session", "s"], "And the grout from Porto.\n").succeeds();
    assert!(run.stdout.contains("I see."), "{run}");
    assert!(run.stderr.contains("kept aside"), "{run}");
    server.start_again();
    home.run_with_input(&["chat", "--session", "s"], "Good.\n").succeeds();
    let texts: Vec<Value> = home.exported("default");
    assert_eq!(texts.len(), 6, "{texts:?}");
    assert_eq!(texts[2]["text"], "And the grout from Porto.");
}

/// A server of longmem that runs; it is ended with the test.
struct Serving(Child, Value);

impl Serving {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.longmem(&["serve", "--json", "--listen", "127.0.0.1:0"]);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut document = String::new();
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            document.push_str(&line.unwrap());
            if let Ok(said) = serde_json::from_str(&document) {
                return Self(process, said);
            }
        }
        panic!("the server ended: {:?}", process.wait());
    }

    fn post(&self, path: &str, body: &Value) -> String {
        let address = self.1["addresses"][0].as_str().unwrap().strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let body = body.to_string();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        crate::support::read_all(stream)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn two_servers_serve_one_memory() {
    let Some(server) = PostgresServer::shared() else { return };
    let home = on(server, Home::new());
    let first = Serving::start(&home, &[]);
    let second = Serving::start(&home, &["--unix", "none"]);
    assert_eq!((&first.1["new_store"], &second.1["new_store"]), (&json!(true), &json!(false)));
    for number in 0..5 {
        let text = format!("the tile number {number} comes from Aveiro");
        let turn = json!({ "role": "user", "text": text });
        let stored = first.post("/v1/memory/turns", &json!({ "session": "s", "turns": [turn] }));
        assert!(stored.starts_with("HTTP/1.1 201"), "{stored}");
        let asked = json!({ "query": format!("which tile number {number}?") });
        let found = second.post("/v1/memory/recall", &asked);
        assert!(found.contains(&text), "{found}");
    }
    // A hook finds the server by its socket, and the server's memory is the hook's.
    let socket = first.1["socket"].as_str().unwrap();
    assert!(socket.contains("/spool/server-"), "{socket}");
    drop(second);
    let turn = json!({ "role": "user", "text": "We raised the kitchen budget to 11,500 euros." });
    first.post("/v1/memory/turns", &json!({ "session": "kitchen", "turns": [turn] }));
    let input = json!({"session_id": "today", "prompt": "what was the kitchen budget"});
    let hook = || {
        let line = ["hook", "claude-code", "UserPromptSubmit"];
        home.run_with_input(&line, &input.to_string()).succeeds().stdout
    };
    let with_server = hook();
    assert!(with_server.contains("11,500 euros"), "{with_server}");
    drop(first);
    assert_eq!(hook(), with_server);
}

#[test]
fn a_hook_answers_in_time_while_the_server_is_away() {
    let home = Home::new().with("LONGMEM_DB", "postgres://127.0.0.1:1/x?sslmode=disable");
    let begun = Instant::now();
    let input = json!({"session_id": "s", "prompt": "where do the tiles come from?"}).to_string();
    let run = home.run_with_input(&["hook", "claude-code", "UserPromptSubmit"], &input).succeeds();
    assert_eq!(run.stdout, "{}\n");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
