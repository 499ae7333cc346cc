//! Real transcripts of other projects, read where `LONGMEM_EVAL_DATA` says they are.

use std::path::PathBuf;

use longmem_transcripts::{Format, SkipReason};

use crate::{keys, read, sessions, texts};

/// A file below the folder of sample exports; none, with a message, where there is no such folder.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn sample(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("LONGMEM_EVAL_DATA") else {
        println!("skipped: LONGMEM_EVAL_DATA does not name the folder of sample data");
        return None;
    };
    Some(PathBuf::from(folder).join("chat-exports").join(name))
}

#[test]
fn reads_a_folder_of_claude_code_transcripts() {
    let Some(path) = sample("claude-code-log") else { return };
    let (turns, report) = read(&path);
    assert_eq!((report.format, report.files), (Format::ClaudeCode, 4));
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
    let Some(path) = sample("claude-code-transcripts/sample_session.jsonl") else { return };
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
    assert_eq!(keys(&turns)[0], "claude-code:test-session-id:msg-001");
    assert_eq!(turns[0].turn.session_title.as_deref(), Some("Test session for JSONL parsing"));

    let (turns, report) = read(&path.with_extension("json"));
    assert_eq!(report.format, Format::ClaudeCode);
    assert_eq!(texts(&turns)[0], "Create a simple Python function to add two numbers");
    assert!(sessions(&turns).iter().all(|session| *session == "sample_session"));
}
