//! Samples of every format, and real transcripts of other projects where `LONGMEM_EVAL_DATA` says
//! they are.

use std::path::PathBuf;

use longmem_transcripts::{Format, SkipReason};

use crate::{Files, only_format, read, read_as, sessions, texts};

/// A small file of each format with the fields that its program really writes, our own words in it.
pub(crate) const SAMPLES: [(&str, &str); 20] = [
    ("conversations.json", include_str!("samples/chatgpt.json")),
    ("conversations.json", include_str!("samples/claude_ai.json")),
    ("5f.jsonl", include_str!("samples/claude_code.jsonl")),
    ("rollout-1.jsonl", include_str!("samples/codex.jsonl")),
    ("session-1.jsonl", include_str!("samples/gemini_cli.jsonl")),
    ("result.json", include_str!("samples/telegram.json")),
    ("2026-03-01.json", include_str!("samples/slack.json")),
    ("MyActivity.json", include_str!("samples/gemini_activity.json")),
    ("logs.db", include_str!("samples/llm.sql")),
    ("logs.json", include_str!("samples/llm.json")),
    ("chat-export-1772359200.json", include_str!("samples/open_webui.json")),
    ("Pruning.json", include_str!("samples/librechat.json")),
    ("conversations.json", include_str!("samples/deepseek.json")),
    ("1772359200000.conversation.json", include_str!("samples/lm_studio.json")),
    ("sharegpt.json", include_str!("samples/sharegpt.json")),
    ("memories.json", include_str!("samples/mem0.json")),
    ("memory.jsonl", include_str!("samples/server_memory.jsonl")),
    ("garden.json", include_str!("samples/messages.json")),
    ("WhatsApp Chat with Lake house.txt", include_str!("samples/whatsapp.txt")),
    ("trip.jsonl", include_str!("samples/json_lines.jsonl")),
];

/// The content of the sample with a name; of a database, the statements that make it.
pub(crate) fn sample(name: &str) -> &'static str {
    SAMPLES.into_iter().find(|(found, _)| *found == name).unwrap().1
}

/// The bytes of each of the [`SAMPLES`], with their names.
pub(crate) fn samples() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    SAMPLES.into_iter().map(|(name, content)| {
        let bytes = if name == "logs.db" { database(content) } else { content.into() };
        (name, bytes)
    })
}

/// The bytes of the database that SQL statements make.
pub(crate) fn database(sql: &str) -> Vec<u8> {
    let files = Files::new();
    let path = files.path().join("made.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    std::fs::read(&path).unwrap()
}

/// A file or folder below the folder of sample data; `None`, with a message, where there is none.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
pub(crate) fn sample_data(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("LONGMEM_EVAL_DATA") else {
        println!("skipped: LONGMEM_EVAL_DATA does not name the folder of sample data");
        return None;
    };
    Some(PathBuf::from(folder).join(name)).filter(|path| path.exists())
}

#[test]
fn a_sample_of_each_format_is_recognised_and_read_to_its_end() {
    for ((name, content), format) in samples().zip(Format::ALL) {
        let (turns, report) = read_as(name, content);
        assert_eq!(only_format(&report), *format);
        assert!(report.ended_early.is_empty());
        assert!(!report.skipped.contains_key(&SkipReason::Malformed), "{:?}", report.skipped);
        assert!(turns.len() >= 2, "{format}: {:?}", texts(&turns));
    }
}

#[test]
fn reads_a_folder_of_claude_code_transcripts() {
    let Some(path) = sample_data("chat-exports/claude-code-log") else { return };
    let (turns, report) = read(&path);
    assert_eq!((only_format(&report), report.files()), (Format::ClaudeCode, 4));
    assert_eq!(report.sessions, 4);
    assert!(report.ended_early.is_empty());
    // Four lines of the edge cases are not records: a string, an object, a number, an array.
    assert_eq!(report.skipped[&SkipReason::Malformed], 4);
    assert!(report.skipped[&SkipReason::ToolCall] > 0);
    assert!(report.skipped[&SkipReason::ToolResult] > 0);
    assert!(
        texts(&turns)
            .contains(&"Perfect! This should appear without any session divider above it.")
    );
    assert!(turns.iter().all(|imported| !imported.turn.text.contains("<command-name>")));
}

#[test]
fn reads_both_layouts_of_a_session() {
    let Some(path) = sample_data("chat-exports/claude-code-transcripts/sample_session.jsonl")
    else {
        return;
    };
    let (turns, _) = read(&path);
    assert_eq!(
        texts(&turns),
        [
            "Create a hello world function",
            "I'll create that function for you.",
            concat!(
                r#"Write {"file_path":"/project/hello.py","#,
                r#""content":"def hello():\n    return 'Hello, World!'\n"}"#,
                "\nFile written successfully"
            ),
            concat!(
                r#"Bash {"command":"git add . && git commit -m 'Add hello function'","#,
                r#""description":"Commit changes"}"#,
                "\n[main abc1234] Add hello function\n 1 file changed"
            ),
            "Now add a goodbye function",
            "Done! The hello function is ready.",
        ]
    );
    assert_eq!(turns[0].former_keys[0].0, "claude-code:test-session-id:msg-001");
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Test session for JSONL parsing"));

    let (turns, report) = read(&path.with_extension("json"));
    assert_eq!(only_format(&report), Format::ClaudeCode);
    assert_eq!(texts(&turns)[0], "Create a simple Python function to add two numbers");
    assert!(sessions(&turns).iter().all(|session| *session == "sample_session"));
}
