//! What is said, and with which exit code, when something cannot be done.

use std::process::Stdio;

use rusqlite::Connection;

use crate::support::{Home, assert_shown, read_all, transcript};

fn run_all(home: &Home, lines: &[&str]) -> String {
    transcript(lines.iter().map(|line| home.run_words(line)))
}

#[test]
fn no_store_yet() {
    let home = Home::new();
    let lines = [
        "recall x --words-only",
        "ask x",
        "context x",
        "index",
        "sessions",
        "stats",
        "export",
        "forget --all --yes",
        "backup copy.db",
        "stats --json",
    ];
    assert_shown!(home, run_all(&home, &lines));
    assert!(!home.store().exists(), "reading makes no store");
}

#[test]
fn unknown_user_or_session() {
    let home = Home::new().with_history();
    let lines = [
        "recall x --words-only --user bo",
        "recall x --words-only --session nowhere",
        "sessions --user bo",
        "export --user bo",
        "export --session nowhere --output out.jsonl",
        "forget --all --yes --user bo",
        "forget --session nowhere --yes",
    ];
    assert_shown!(home, run_all(&home, &lines));
    assert!(!home.path("out.jsonl").exists());
}

#[test]
fn files_that_are_no_store() {
    let home = Home::new();
    home.write("letter.txt", "Dear Ana");
    std::fs::create_dir(home.path("folder")).unwrap();
    let other = Connection::open(home.path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(other);
    let before = std::fs::read(home.path("other.db")).unwrap();
    let lines = [
        "remember x --db letter.txt",
        "stats --db letter.txt",
        "stats --db folder",
        "remember x --db other.db",
        "remember x --db letter.txt/memory.db",
    ];
    assert_shown!(home, run_all(&home, &lines));
    assert_eq!(std::fs::read_to_string(home.path("letter.txt")).unwrap(), "Dear Ana");
    assert_eq!(std::fs::read(home.path("other.db")).unwrap(), before);
}

#[test]
fn a_store_of_a_newer_version() {
    let home = Home::new().with_history();
    let store = Connection::open(home.store()).unwrap();
    store.pragma_update(None, "user_version", 4711).unwrap();
    store.close().unwrap();
    assert_shown!(home, run_all(&home, &["stats", "remember x"]));
}

#[test]
fn a_damaged_store() {
    let home = Home::new().with_history();
    let mut bytes = std::fs::read(home.store()).unwrap();
    let length = bytes.len();
    bytes[4096..length - 4096].fill(0x5a);
    std::fs::write(home.store(), bytes).unwrap();
    let run = home.run(&["export"]).ends_with(3);
    assert!(run.stderr.contains("is damaged: "), "{run}");
    assert!(run.stderr.contains("hint: Restore a backup"), "{run}");
}

#[test]
fn wrong_command_lines() {
    let home = Home::of_a_new_user();
    let lines = [
        "remember",
        "remember x --time yesterday",
        "remember x --role king",
        "recall x --since 2026-13-01",
        "remember x --device tpu",
        "remember x --threads many",
        "import x --format csv",
        "ask x --provider oracle",
        "forget --all --session notes",
        "frobnicate",
    ];
    assert_shown!(home, run_all(&home, &lines));
}

#[test]
fn names_that_are_none() {
    let home = Home::new();
    let long = "x".repeat(300);
    let runs = [
        home.run(&["remember", "x", "--user", ""]),
        home.run(&["remember", "x", "--user", "a\nb"]),
        home.run(&["remember", "x", "--session", " "]),
        home.run(&["remember", "x", "--user", &long]),
    ];
    assert_shown!(home, transcript(runs));
}

#[test]
fn nothing_to_work_with() {
    let home = Home::with_model().with_history();
    let runs = [
        home.run(&["remember", ""]),
        home.run(&["remember", " \n\t"]),
        home.run(&["remember", "-"]),
        home.run(&["recall", " "]),
        home.run(&["ask", ""]),
        home.run(&["context", ""]),
        home.run(&["context", "A question of some length.", "--budget", "5"]),
        home.run(&["forget"]),
        home.run(&["forget", "--session", "kitchen"]),
    ];
    assert_shown!(home, transcript(runs));
    assert_eq!(home.exported("default").len(), 7);
}

#[test]
fn wrong_settings() {
    let home = Home::new();
    home.write("unknown.toml", "user = \"ana\"\nmodle_dir = \"x\"\n");
    home.write("device.toml", "device = \"tpu\"\n");
    home.write("provider.toml", "[llm]\nprovider = \"oracle\"\n");
    home.write("key.toml", "[llm]\napi_key_file = \"no-such-key\"\n");
    home.write("broken.toml", "user = ");
    home.write("secret.toml", "[llm]\napi_key = \"sk-secret\"\n");
    let lines = [
        "stats --config nowhere.toml",
        "stats --config unknown.toml",
        "stats --config device.toml",
        "stats --config provider.toml",
        "stats --config broken.toml",
        "stats --config secret.toml",
        "ask x --config key.toml",
        "context x --persona nobody.txt",
    ];
    home.run(&["remember", "x"]).succeeds();
    assert_shown!(home, run_all(&home, &lines));
}

#[test]
fn language_models_that_cannot_be_asked() {
    let home = Home::with_model().with_history();
    let lines = [
        "ask x --provider anthropic",
        "ask x --provider openai",
        "ask x --provider openai --base-url http://localhost:1/v1",
        "ask x --provider openai --base-url localhost --llm small",
        "chat --provider anthropic",
        "ask x --llm llama3.2",
        "chat --llm llama3.2",
    ];
    assert_shown!(home, run_all(&home, &lines));
    let openai = Home::with_model().with_history().with("OPENAI_API_KEY", "sk-1");
    let lines =
        ["ask x", "ask x --provider openai", "ask x --provider none --llm llama3.2 --quiet"];
    assert_shown!(openai, run_all(&openai, &lines));
    let home = home.with("ANTHROPIC_API_KEY", "two\nlines");
    assert_shown!(home, home.run(&["ask", "x"]));
}

#[test]
fn models_that_cannot_be_used() {
    let home = Home::new().with_history();
    std::fs::create_dir(home.path("cut-off")).unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        home.write(&format!("cut-off/{file}"), "{}");
    }
    let lines = [
        "recall x --model-dir no-model",
        "recall x --model-dir nowhere",
        "recall x --model-dir cut-off",
        "model verify --model-dir cut-off",
    ];
    assert_shown!(home, run_all(&home, &lines));
}

#[test]
fn devices_that_this_build_cannot_use() {
    let home = Home::with_model().with_history();
    if !cfg!(feature = "cuda") {
        assert_shown!(home, home.run(&["recall", "x", "--device", "cuda"]));
    }
}

/// Without a folder that is named, every place is tried but the network.
#[test]
fn offline_without_a_model() {
    let home = Home::new().with_history().with("LONGMEM_MODEL_DIR", "");
    let lines = ["recall x --offline", "index --offline", "model fetch --offline"];
    assert_shown!(home, run_all(&home, &lines));
}

#[test]
fn imports_that_cannot_be_read() {
    let home = Home::new();
    home.write("letter.txt", "Dear Ana,\nhow are you?\n");
    home.write("empty.json", " \n");
    home.write("damaged.zip", b"PK\x03\x04 and then nothing");
    std::fs::create_dir(home.path("folder")).unwrap();
    let lines = [
        "import nowhere.json",
        "import letter.txt",
        "import empty.json",
        "import damaged.zip",
        "import folder",
    ];
    assert_shown!(home, run_all(&home, &lines));
    assert_eq!(home.run(&["stats", "--json"]).json()["turns"], 0);
}

/// What is wrong inside a file is counted, and what is right is kept.
#[test]
fn imports_with_malformed_lines() {
    let home = Home::new();
    let mixed = b"{\"role\":\"user\",\"text\":\"one\",\"id\":\"1\",\"session\":\"s\",\"time\":\"2026-01-01\"}\n\
        not json\n\
        {\"role\":\"user\",\"text\":\"\"}\n\
        {\"role\":\"king\",\"text\":\"x\"}\n\
        {\"text\":\"nobody says so\"}\n\
        [1, 2]\n\
        {\"role\":\"user\",\"text\":\"whose?\",\"user\":\"\\u0000\"}\n\
        {\"role\":\"user\",\"text\":\"not \xff UTF-8\"}\n\
        {\"role\":\"assistant\",\"text\":\"two\",\"id\":\"2\",\"session\":\"s\",\"time\":\"2026-01-02\"}\n\
        {\"role\":\"user\",\"text\":\"cut o";
    home.write("mixed.jsonl", mixed);
    home.write("cut.json", r#"[{"role":"user","content":"kept","id":"1"},{"role":"user","con"#);
    let lines = ["import mixed.jsonl", "import mixed.jsonl --json --again", "import cut.json"];
    assert_shown!(home, run_all(&home, &lines));
    assert_eq!(home.exported("default").len(), 4);
}

#[test]
fn files_that_would_be_overwritten() {
    let home = Home::new().with_history();
    home.write("there.txt", "precious");
    let lines = [
        "export --output there.txt",
        "export --output nowhere/out.jsonl",
        "backup there.txt",
        "backup nowhere/copy.db",
    ];
    assert_shown!(home, run_all(&home, &lines));
    assert_eq!(std::fs::read_to_string(home.path("there.txt")).unwrap(), "precious");
}

/// `longmem export | head -1` has done what was asked.
#[test]
fn a_closed_pipe_is_success() {
    let home = Home::new();
    home.run_with_input(&["remember", "-"], &"long ".repeat(100_000)).succeeds();
    for line in ["export", "recall long --words-only --json", "completions bash"] {
        let mut child = home
            .longmem(&line.split(' ').collect::<Vec<_>>())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut byte = [0];
        std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut byte).unwrap();
        let said = read_all(child.stderr.take().unwrap());
        assert!(child.wait().unwrap().success(), "{line}: {said}");
        assert_eq!(said, "", "{line}");
    }
}
