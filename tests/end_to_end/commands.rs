//! What each command prints, for people and as JSON.

use serde_json::json;

use crate::support::{HISTORY, Home, assert_shown, transcript};

#[test]
fn remember() {
    let home = Home::new();
    let said = ["remember", "I moved to Lisbon", "--user", "ana"];
    let keyed = ["remember", "The port is 7443.", "--key", "port", "--time", "2026-03-02"];
    let long = ["remember", "-", "--session", "letters", "--role", "assistant", "--json"];
    let runs = [
        home.run(&said),
        home.run(&keyed),
        home.run(&keyed),
        home.run_with_input(&long, "Dear Ana,\nall is well.\n\n"),
        home.run(&["export"]),
        home.run(&["export", "--user", "ana"]),
        home.run(&["recall", "Which port?", "--words-only"]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn import() {
    let home = Home::new();
    home.write("history.jsonl", HISTORY);
    std::fs::create_dir(home.path("folder")).unwrap();
    home.write("folder/one.jsonl", HISTORY.lines().next().unwrap());
    let runs = [
        home.run(&["import", "history.jsonl"]),
        home.run(&["import", "history.jsonl"]),
        home.run(&["import", "history.jsonl", "--json", "--again"]),
        home.run(&["import", "folder", "history.jsonl", "--user", "ana", "--format", "jsonl"]),
        home.run(&["stats"]),
    ];
    assert_shown!(home, transcript(runs));
}

/// Each path is read, whatever the others hold, and nothing is stored where only a look is asked for.
#[test]
fn import_of_many_places() {
    let home = Home::new();
    home.write("letter.txt", "Dear Ana,");
    home.write("history.jsonl", HISTORY);
    for folder in [".claude/projects/-work", "chats"] {
        std::fs::create_dir_all(home.path(folder)).unwrap();
    }
    let record = r#"{"type":"user","sessionId":"s","uuid":"u","timestamp":"2026-05-01T10:00:00Z","message":{"role":"user","content":"The kiln is hot."}}"#;
    home.write(".claude/projects/-work/s.jsonl", record);
    home.write("chats/one.json", r#"[{"role":"user","content":"hello"}]"#);
    home.write("chats/package.json", "{}");
    home.write("chats/messages.html", "<title>Exported Data</title>");
    let line = r#"{"role":"user","text":"by a pipe","time":"2026-01-02"}"#;
    let runs = [
        home.run(&["import", "chats", "history.jsonl", "--dry-run"]),
        home.run(&["import", "letter.txt", "history.jsonl", "--dry-run", "--json"]),
        home.run(&["stats"]),
        home.run(&["import", "chats", "letter.txt", "history.jsonl", "--claude-code"]),
        home.run(&["import", "chats", "nowhere", "--json"]),
        home.run(&["import", "--codex"]),
        home.run(&["import", "chats", "--format", "chatgpt"]),
        home.run_with_input(&["import", "-"], line),
        home.run(&["import", "history.jsonl", "--dry-run"]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn what_was_imported_is_found_by_meaning_at_once() {
    let home = Home::with_model();
    home.write("history.jsonl", HISTORY);
    let report = home.run(&["import", "history.jsonl", "--index", "--json"]).succeeds().json();
    assert_eq!(report["indexed"]["turns"], 7);
    assert_eq!(home.run(&["stats", "--json"]).json()["turns_without_vectors"], 0);
}

/// A file with users' names in it fills several memories, unless one is named.
#[test]
fn import_of_several_users() {
    let home = Home::new();
    let lines = r#"{"role":"user","text":"I am Ana.","user":"ana","id":"1","time":"2026-01-01"}
{"role":"user","text":"I am Bo.","user":"bo","id":"2","time":"2026-01-02"}
{"role":"user","text":"Who am I?","id":"3","time":"2026-01-03"}
"#;
    home.write("all.jsonl", lines);
    let runs = [
        home.run(&["import", "all.jsonl"]),
        home.run(&["stats"]),
        home.run(&["import", "all.jsonl", "--user", "zoe"]),
        home.run(&["sessions", "--user", "zoe"]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn index() {
    let home = Home::with_model().with_history();
    let runs = [
        home.run(&["index"]),
        home.run(&["index", "--json"]),
        home.run(&["index", "--reembed", "--json"]),
        home.run(&["stats"]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn recall() {
    let home = Home::with_model().with_history();
    let runs = [
        home.run(&["recall", "where do I live?", "-n", "2", "--explain"]),
        home.run(&["recall", "where do I live?", "-n", "1", "--json"]),
        home.run(&["recall", "what needs a doctor for animals?", "-n", "1"]),
        home.run(&["recall", "budget", "--words-only"]),
        home.run(&["recall", "elephants", "--words-only"]),
    ];
    assert_shown!(home, transcript(runs));
}

/// The first thing that a new user tries: nothing stored but one turn, and other words in the question.
#[test]
fn the_only_turn_of_a_new_store_is_found_by_its_meaning_and_not_by_chit_chat() {
    let home = Home::with_model();
    home.run(&["remember", "I moved to Lisbon in March"]).succeeds();
    let found = |query: &str| {
        let results = home.run(&["recall", query, "--json"]).succeeds().json()["results"].clone();
        results.as_array().expect("results are an array").len()
    };
    assert_eq!(found("where do I live?"), 1);
    for query in ["hi, how are you?", "thanks a lot!", "write a poem about the sea"] {
        assert_eq!(found(query), 0, "{query}");
    }
}

#[test]
fn recall_sees_only_what_it_may() {
    let home = Home::with_model().with_history();
    // A word of each turn.
    let query = "budget pipes tiles moved steps dog paw";
    let ids = |flags: &[&str]| -> Vec<u64> {
        let arguments = [&["recall", query, "-n", "100", "--json"], flags].concat();
        let found = home.run(&arguments).succeeds().json();
        let results = found["results"].as_array().unwrap();
        let mut ids: Vec<u64> = results.iter().map(|found| found["id"].as_u64().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&[]), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(ids(&["--session", "kitchen"]), [1, 2, 3]);
    assert_eq!(ids(&["--session", "kitchen", "--session", "move"]), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(ids(&["--role", "assistant"]), [2, 5, 7]);
    assert_eq!(ids(&["--since", "2026-03-08T18:31:00Z"]), [6, 7]);
    assert_eq!(ids(&["--until", "2026-01-10T09:01:00Z"]), [1, 2]);
    assert_eq!(ids(&["--since", "2026-01-11", "--role", "user"]), [4, 6]);
    assert_eq!(ids(&["--until", "2025-12-31"]), [0_u64; 0]);
}

#[test]
fn ask_quotes_memory_without_a_language_model() {
    let home = Home::with_model().with_history();
    let before = home.exported("default");
    let runs = [
        home.run(&["ask", "where do I live now?"]),
        home.run(&["ask", "what is the kitchen budget?", "--json"]),
        home.run(&["ask", "who am I?", "--user", "nobody-yet"]),
    ];
    assert_shown!(home, transcript(runs));
    assert_eq!(home.exported("default"), before, "a question outside a session is not stored");
}

#[test]
fn context() {
    let home = Home::with_model().with_history();
    home.write("persona.txt", "You are brief.");
    let message = "How many steps are there to our flat?";
    let runs = [
        home.run(&["context", message, "--session", "move"]),
        home.run(&["context", message, "--budget", "200", "--persona", "persona.txt", "--json"]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn context_stays_within_its_budget() {
    let home = Home::with_model().with_history();
    for budget in ["60", "120", "2000"] {
        let flags = ["context", "How many steps?", "--session", "move", "--budget", budget];
        let context = home.run(&[&flags[..], &["--json"]].concat()).succeeds().json();
        assert_eq!(context["budget"].to_string(), budget);
        assert!(context["tokens"].as_u64() <= context["budget"].as_u64(), "{context}");
        let parts: Vec<&str> = context.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(parts, ["system", "messages", "tokens", "budget", "trace"]);
        let newest = context["messages"].as_array().unwrap().last().unwrap();
        assert_eq!(newest["role"], "user");
        assert_eq!(newest["content"][0]["text"], "How many steps?");
    }
}

#[test]
fn sessions_and_stats() {
    let home = Home::new().with_history();
    home.run(&["remember", "Hi", "--user", "bo", "--time", "2026-04-01T10:00:00Z"]).succeeds();
    let runs = [
        home.run(&["sessions"]),
        home.run(&["sessions", "--user", "bo", "--json"]),
        home.run(&["stats"]),
        home.run(&["stats", "--json"]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let home = Home::new().with_history();
    home.run(&["remember", "\u{1b}[31m\"quotes\" and\n\ttabs 世界 🎉", "--session", "odd"])
        .succeeds();
    let runs = [
        home.run(&["export", "--output", "out.jsonl", "--session", "kitchen"]),
        home.run(&["export", "--output", "all.jsonl", "--quiet"]),
        home.run(&["import", "all.jsonl"]),
    ];
    assert_shown!(home, transcript(runs));
    assert_eq!(std::fs::read_to_string(home.path("out.jsonl")).unwrap().lines().count(), 4);

    let exported = home.exported("default");
    assert_eq!(exported.len(), 8);
    let other = Home::new();
    std::fs::copy(home.path("all.jsonl"), other.path("all.jsonl")).unwrap();
    other.run(&["import", "all.jsonl"]).succeeds();
    assert_eq!(other.exported("default"), exported);
}

#[test]
fn forget() {
    let home = Home::new().with_history();
    let runs = [
        home.run(&["forget", "--session", "kitchen", "--dry-run"]),
        home.run(&["forget", "--session", "kitchen", "--role", "user", "--dry-run", "--json"]),
        home.run(&["forget", "--session", "kitchen"]),
        home.run(&["forget", "--session", "kitchen", "--yes", "--quiet"]),
        home.run(&["recall", "kitchen budget", "--words-only"]),
        home.run(&["sessions"]),
        home.run(&["forget", "--turn", "5", "--turn", "7", "--yes", "--json"]),
        home.run(&["forget", "--turn", "5", "--yes"]),
        home.run(&["forget", "--all", "--yes"]),
        home.run(&["stats"]),
        home.run(&["export"]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn what_is_forgotten_leaves_the_disk() {
    let home = Home::with_model().with_history();
    home.run(&["index"]).succeeds();
    let holds = |text: &str| {
        let files = std::fs::read_dir(home.path("data/longmem")).unwrap();
        let files = files.map(|file| file.unwrap().path()).filter(|path| path.is_file());
        let mut contents = files.map(|path| std::fs::read(path).unwrap());
        contents.any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    assert!(holds("tiles come from Aveiro"));
    home.run(&["forget", "--session", "kitchen", "--yes"]).succeeds();
    assert!(!holds("tiles come from Aveiro"));
    assert!(holds("flat in Gra"), "what was not forgotten is still there");
    let stats = home.run(&["stats", "--json"]).succeeds().json();
    assert_eq!((&stats["turns"], &stats["vectors"]), (&json!(4), &json!(4)));
}

#[test]
fn model() {
    let home = Home::with_model();
    let runs = [
        home.run(&["model"]),
        home.run(&["model", "show", "--json"]),
        home.run(&["model", "fetch"]),
        home.run(&["model", "verify"]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn doctor() {
    let home = Home::with_model().with_history();
    let stats = home.run(&["stats", "--json"]).json();
    let runs = [home.run(&["doctor"]), home.run(&["doctor", "--json"])];
    assert_shown!(home, transcript(runs));
    let after = home.run(&["stats", "--json"]).json();
    for count in ["turns", "users", "sessions", "passages", "vectors"] {
        assert_eq!(after[count], stats[count], "the canary left {count} behind");
    }
}

/// The doctor of a machine without the model says what fails and what does not.
#[test]
fn doctor_without_the_model() {
    let home = Home::new();
    assert_shown!(home, home.run(&["doctor"]));
    assert_eq!(home.run(&["stats", "--json"]).json()["turns"], 0, "the canary is forgotten");
}

#[test]
fn backup() {
    let home = Home::new().with_history();
    let runs = [
        home.run(&["backup", "copy.db"]),
        home.run(&["backup", "copy.db"]),
        home.run(&["backup", "second.db", "--json"]),
        home.run(&["stats", "--db", "copy.db"]),
    ];
    assert_shown!(home, transcript(runs));
    let copy = home.run(&["export", "--db", "copy.db"]).succeeds();
    assert_eq!(copy.stdout, home.run(&["export"]).stdout);
}

#[test]
fn completions() {
    let home = Home::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = home.run(&["completions", shell]).succeeds().stdout;
        assert!(script.contains("words-only"), "{shell} completes recall --words-only");
    }
    home.write("complete.sh", home.run(&["completions", "bash"]).stdout);
    let read = std::process::Command::new("bash").arg("-n").arg(home.path("complete.sh")).status();
    assert!(read.is_ok_and(|status| status.success()), "bash reads its script");
}

#[test]
fn demo() {
    let home = Home::with_model();
    assert_shown!(home, home.run(&["demo"]).succeeds());
    assert!(!home.store().exists(), "the demo leaves the user's memory alone");
}

/// The help teaches by examples.
#[test]
fn help() {
    let home = Home::of_a_new_user();
    let lines = ["--help", "recall --help", "forget --help"];
    assert_shown!(home, transcript(lines.map(|line| home.run_words(line))));
}

/// Flags go before variables, variables before the file, and an empty variable counts as none.
#[test]
fn settings() {
    let home = Home::new().with_history();
    std::fs::create_dir_all(home.path("config/longmem")).unwrap();
    home.write("config/longmem/config.toml", "db = \"from-file.db\"\nuser = \"file\"\n");
    let remembered = |home: &Home, flags: &[&str]| {
        home.run(&[&["remember", "x", "--json"], flags].concat()).succeeds().json()["user"].clone()
    };
    assert_eq!(remembered(&home, &[]), "file");
    // A relative path is looked for from the file's folder, wherever the command runs.
    assert!(home.path("config/longmem/from-file.db").exists());
    let home = home.with("LONGMEM_USER", "variable").with("LONGMEM_DB", "from-variable.db");
    assert_eq!(remembered(&home, &[]), "variable");
    assert_eq!(remembered(&home, &["--user", "flag"]), "flag");
    assert!(home.path("from-variable.db").exists());
    let home = home.with("LONGMEM_USER", "").with("LONGMEM_THREADS", "");
    assert_eq!(remembered(&home, &[]), "file");
}
