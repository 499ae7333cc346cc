//! What agents get from `longmem hook`, and what `longmem install` writes for them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Home;

/// What a hook prints; it always ends well.
fn hook(home: &Home, words: &str, input: &str) -> String {
    let arguments: Vec<&str> = words.split(' ').collect();
    home.run_with_input(&arguments, input).succeeds().stdout
}

fn log(home: &Home) -> String {
    std::fs::read_to_string(home.path("data/longmem/hooks.log")).unwrap_or_default()
}

#[test]
fn whatever_is_wrong_there_is_an_answer_and_a_line_in_the_log() {
    let prompt = r#"{"prompt": "what was the kitchen budget"}"#;
    for (words, input, variable) in [
        ("hook claude-code UserPromptSubmit", "no JSON", None),
        ("hook claude-code UserPromptSubmit", "", None),
        ("hook claude-code BeforeAgent", "{}", None),
        ("hook emacs Stop", "{}", None),
        ("hook claude-code", "{}", None),
        ("hook claude-code Stop --frobnicate", "{}", None),
        ("hook claude-code UserPromptSubmit", prompt, Some(("LONGMEM_THREADS", "many"))),
        ("hook claude-code UserPromptSubmit", prompt, Some(("LONGMEM_CONFIG", "nowhere.toml"))),
        ("hook claude-code UserPromptSubmit", prompt, Some(("LONGMEM_KEY_FILE", "nowhere.key"))),
        ("hook claude-code UserPromptSubmit", prompt, Some(("LONGMEM_DB", "damaged.db"))),
    ] {
        let mut home = Home::new().with_history();
        home.write("damaged.db", "this is no store, and longer than a header. ".repeat(99));
        if let Some((name, value)) = variable {
            home = home.with(name, value);
        }
        assert_eq!(hook(&home, words, input), "{}\n", "{words} {input} {variable:?}");
        assert_eq!(log(&home).lines().count(), 1, "{words} {input} {variable:?}: {}", log(&home));
    }
}

#[test]
fn nothing_stored_and_no_home_are_no_reason_to_fail() {
    let home = Home::new();
    let prompt = r#"{"prompt": "what was the kitchen budget"}"#;
    assert_eq!(hook(&home, "hook codex UserPromptSubmit", prompt), "{}\n");
    assert_eq!(hook(&home, "hook gemini SessionStart", "{}"), "{}\n");
    assert!(!home.store().exists(), "a question makes no store");
    home.write("new.db", "");
    let home = home.with("LONGMEM_DB", "new.db");
    assert_eq!(hook(&home, "hook codex UserPromptSubmit", prompt), "{}\n");
    assert_eq!(log(&home), "");
}

#[test]
fn a_prompt_gets_memory_by_words_where_there_is_no_model() {
    let home = Home::new().with_history();
    let input = json!({"session_id": "today", "prompt": "what was the kitchen budget"});
    let answer = hook(&home, "hook claude-code UserPromptSubmit", &input.to_string());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let context = answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
    assert!(context.contains("11,500 euros"), "{context}");
    let input = json!({"session_id": "today", "prompt": "refactor parser generics lifetimes"});
    assert_eq!(hook(&home, "hook claude-code UserPromptSubmit", &input.to_string()), "{}\n");
    // What came is written down only where that is asked for.
    assert_eq!(log(&home), "");
    let home = home.with("LONGMEM_HOOK_DEBUG", "1");
    hook(&home, "hook claude-code UserPromptSubmit", &input.to_string());
    assert!(log(&home).contains("lifetimes"), "{}", log(&home));
}

#[test]
fn what_was_said_is_stored_soon_after_the_hook() {
    let home = Home::new();
    let line = |role: &str, id: &str, text: &str| {
        json!({
            "type": role, "uuid": id, "sessionId": "s1", "parentUuid": null, "isSidechain": false,
            "timestamp": "2026-03-02T10:00:00Z", "version": "2.1.332",
            "message": {"role": role, "content": text},
        })
    };
    let transcript = format!("{}\n{}\n", line("user", "a", "Hello"), line("assistant", "b", "Hi"));
    home.write("s1.jsonl", transcript);
    let input = json!({
        "session_id": "s1", "transcript_path": home.path("s1.jsonl"), "cwd": "/projects",
        "hook_event_name": "Stop",
    });
    assert_eq!(hook(&home, "hook claude-code Stop", &input.to_string()), "{}\n");
    let end = Instant::now() + Duration::from_mins(1);
    let turns = || {
        let exported = home.longmem(&["export"]).output().unwrap().stdout;
        String::from_utf8(exported).unwrap().matches("claude-code:").count()
    };
    while turns() < 2 {
        assert!(Instant::now() < end, "{}", log(&home));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(log(&home), "");
}

#[test]
fn install_shows_writes_and_takes_out() {
    let home = Home::new().with("PATH", "/nowhere");
    let shown = home.run(&["install", "codex", "--dry-run"]).succeeds().stdout;
    assert!(shown.contains("+ [mcp_servers.longmem]"), "{shown}");
    assert!(!home.path(".codex").exists(), "--dry-run changes nothing");
    let would: Value = serde_json::from_str(
        &home.run(&["install", "codex", "--dry-run", "--json"]).succeeds().stdout,
    )
    .unwrap();
    assert_eq!((&would["dry_run"], &would["files"][0]["copy"]), (&json!(true), &Value::Null));
    assert!(would["files"][1]["diff"].as_str().unwrap().contains("+ [mcp_servers.longmem]"));
    home.run(&["--user", "ana", "--redact", "install", "codex"]).succeeds();
    let hooks = std::fs::read_to_string(home.path(".codex/hooks.json")).unwrap();
    assert!(hooks.contains("hook codex Stop --user ana --redact"), "{hooks}");
    home.run(&["install", "codex", "--remove"]).succeeds();
    assert_eq!(std::fs::read_dir(home.path(".codex")).unwrap().count(), 0);

    // Without Claude Code on the PATH, a person is told what to run.
    let run = home.run(&["install", "claude-code"]).succeeds();
    assert!(run.stderr.contains("claude plugin install longmem@longmem"), "{run}");
    let plugin = home.path("data/longmem/integrations/claude-code/longmem");
    assert!(plugin.join("skills/memory/SKILL.md").exists());
    let removed = home.run(&["install", "claude-code", "--remove", "--json"]).succeeds().stdout;
    let removed: Value = serde_json::from_str(&removed).unwrap();
    assert_eq!((&removed["remove"], &removed["files"][0]["deleted"]), (&json!(true), &json!(true)));
    assert_eq!(removed["commands"][0]["ran"], false);
    assert!(!home.path("data/longmem/integrations").exists());
    home.run(&["install", "emacs"]).ends_with(2);
}

#[test]
fn the_plugin_of_claude_code_is_for_one_memory_wherever_it_is_installed() {
    let home = Home::new().with("PATH", "/nowhere");
    let hooks = || {
        let folder = home.path("data/longmem/integrations/claude-code/longmem");
        std::fs::read_to_string(folder.join("hooks/hooks.json")).unwrap_or_default()
    };
    let project = ["install", "claude-code", "--scope", "project"];
    let with_user = |user, words: &[&'static str]| {
        let words = [&["--user", user], words].concat();
        home.run(&words)
    };
    with_user("ana", &["install", "claude-code"]).succeeds();
    // In the same place, the last one counts.
    with_user("bob", &["install", "claude-code"]).succeeds();
    assert!(hooks().contains("bob") && !hooks().contains("ana"));
    let refused = with_user("work", &project).ends_with(1);
    assert!(refused.stderr.contains("with --user bob for all sessions"), "{refused}");
    assert!(hooks().contains("bob"));
    with_user("bob", &project).succeeds();
    let left = home.run(&["install", "claude-code", "--remove"]).succeeds();
    assert!(left.stderr.contains("it is installed for the project"), "{left}");
    assert!(left.stderr.contains("claude plugin uninstall longmem@longmem --scope user"), "{left}");
    assert!(!left.stderr.contains("marketplace"), "{left}");
    assert!(hooks().contains("bob"));
    home.run(&[&project[..], &["--remove"]].concat()).succeeds();
    assert!(!home.path("data/longmem/integrations").exists());
    // Twice in a row, and where the files were deleted by hand.
    let again = home.run(&[&project[..], &["--remove"]].concat()).succeeds();
    assert!(again.stderr.contains("marketplace remove"), "{again}");
    with_user("work", &project).succeeds();
    assert!(hooks().contains("work"));
}
