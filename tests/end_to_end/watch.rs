//! What is said with coding agents is captured from the transcripts that they write.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::{Home, assert_shown, transcript};

/// A conversation with Gemini CLI, in which hooks put recalled memory into the person's message.
const GEMINI: &str = r#"{"sessionId":"11d308a7","projectHash":"1f7c","startTime":"2026-03-08T18:30:00Z","lastUpdated":"2026-03-08T18:30:00Z","kind":"main"}
{"id":"a1","timestamp":"2026-03-08T18:30:01Z","type":"user","content":[{"text":"<hook_context>&lt;recalled_memory note=\"x\"&gt;\n- The gateway listens on port 7443.\n&lt;/recalled_memory&gt;</hook_context>\n\nand which database?"}]}
{"id":"a2","timestamp":"2026-03-08T18:30:02Z","type":"gemini","content":"PostgreSQL, on rack 4."}
"#;

fn home_of_gemini() -> Home {
    let home = Home::new();
    std::fs::create_dir_all(home.path(".gemini/tmp/p4/chats")).unwrap();
    home.write(".gemini/tmp/p4/chats/session-1.jsonl", GEMINI);
    home
}

#[test]
fn watch_once() {
    let home = home_of_gemini();
    let shown = transcript([
        home.run(&["watch"]),
        home.run(&["watch", "--source", "gemini,codex", "--once"]),
        home.run(&["watch", "--source", "gemini,codex", "--once"]),
        home.run(&["watch", "--source", "gemini", "--once", "--exclude", "p4", "--json"]),
        home.run(&["watch", "--source", "cursor"]),
    ]);
    assert_shown!(home, shown);
    let said: Vec<_> =
        home.exported("default").into_iter().map(|turn| turn["text"].clone()).collect();
    assert_eq!(said, ["and which database?", "PostgreSQL, on rack 4."]);
}

#[test]
fn the_configuration_says_what_is_watched() {
    let home = home_of_gemini();
    home.run(&["config", "set", "watch.sources", "[\"gemini\"]"]).succeeds();
    assert!(home.run(&["watch", "--once"]).succeeds().stdout.contains("2 new turns"));
    std::fs::create_dir(home.path("talks")).unwrap();
    home.write("talks/a.jsonl", "{\"role\":\"user\",\"text\":\"hello\"}\n");
    let named = home.run(&["watch", "--once", "talks"]).succeeds();
    assert!(named.stdout.contains("1 file looked at, 1 new turn"), "{named}");
}

/// Watching goes on until it is told to end, and then it ends well.
#[test]
#[cfg(unix)]
fn a_transcript_that_grows_is_captured_until_the_end() {
    let home = home_of_gemini();
    let mut watching = home
        .longmem(&["watch", "--source", "gemini", "--no-index", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut events = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut next = || events.next().unwrap().unwrap();
    assert!(next().contains("\"event\":\"started\""));
    assert!(next().contains("\"new\":2"));
    let more = "{\"id\":\"a3\",\"timestamp\":\"2026-03-08T18:31:00Z\",\"type\":\"user\",\
                \"content\":[{\"text\":\"Thanks.\"}]}\n";
    home.write(".gemini/tmp/p4/chats/session-1.jsonl", format!("{GEMINI}{more}"));
    assert!(next().contains("\"new\":1"));
    let kill = std::process::Command::new("kill").arg(watching.id().to_string()).status();
    assert!(kill.unwrap().success());
    assert_eq!(watching.wait().unwrap().code(), Some(0));
    assert_eq!(home.exported("default").len(), 3);
}
