use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use longmem_core::{Diagnose, Fault, Remedy};
use longmem_transcripts::{Format, SkipReason, TranscriptError, detect};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{Files, formats_of, keys, lines, read, read_as, sessions, skipped, texts};

fn chatgpt(id: &str, text: &str) -> Value {
    let message = json!({"id": "m", "author": {"role": "user"},
        "content": {"content_type": "text", "parts": [text]}});
    json!({"conversation_id": id, "current_node": "m", "mapping": {"m": {"message": message}}})
}

fn zipped(members: &[(&str, String)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn failure(path: &std::path::Path) -> TranscriptError {
    longmem_transcripts::read(path, None, &mut |_, _| ControlFlow::Continue(())).unwrap_err()
}

#[test]
fn a_split_export_reads_as_folder_zip_or_single_part() {
    let parts = [
        ("conversations-001.json", json!([chatgpt("c2", "two")]).to_string()),
        ("conversations-000.json", json!([chatgpt("c1", "one")]).to_string()),
        ("user.json", json!({"id": "u"}).to_string()),
    ];
    let files = Files::new();
    for (name, content) in &parts {
        files.write(&format!("export/{name}"), content);
    }
    let zip = files.write("no-extension", zipped(&parts));

    let (turns, report) = read(&files.path().join("export"));
    assert_eq!((texts(&turns), report.files()), (vec!["one", "two"], 2));
    let (zipped_turns, zipped_report) = read(&zip);
    assert_eq!(keys(&zipped_turns), keys(&turns));
    assert_eq!((zipped_report.files(), zipped_report.sessions), (2, 2));
    let (turns, _) = read(&files.path().join("export/conversations-001.json"));
    assert_eq!(texts(&turns), ["two"]);
}

#[test]
fn the_format_is_detected_by_content_and_not_by_name() {
    let claude_ai = json!([{"uuid": "c", "chat_messages": []}]).to_string();
    let files = Files::new();
    let contents = [
        json!([7, chatgpt("c", "x")]).to_string(),
        claude_ai.clone(),
        "not json\n{\"type\":\"user\",\"sessionId\":\"s\"}\n".to_owned(),
        "\u{feff}[{\"role\":\"user\",\"content\":\"x\"}]".to_owned(),
        "{\"role\":\"user\",\"text\":\"x\"}".to_owned(),
    ];
    let found: Vec<Format> = contents
        .iter()
        .map(|content| detect(&files.write("conversations.json", content)).unwrap())
        .collect();
    assert_eq!(found, formats_of(&["chatgpt", "claude", "claude-code", "messages", "jsonl"]));
    let zip = files.write("a.txt", zipped(&[("data/conversations.json", claude_ai)]));
    assert_eq!(detect(&zip).unwrap(), Format::ClaudeAi);
}

#[test]
fn files_of_one_name_in_two_folders_stay_two_conversations() {
    let files = Files::new();
    let yes = lines(&[json!({"role": "user", "text": "yes"})]);
    files.write("a/chat.jsonl", &yes);
    files.write("b/chat.jsonl", &yes);
    files.write("b/other.jsonl", &yes);
    let (turns, report) = read(files.path());
    assert_eq!(sessions(&turns), ["a/chat.jsonl", "b/chat.jsonl", "other"]);
    assert_eq!(report.sessions, 3);
}

#[test]
fn each_fault_of_a_zip_has_its_error() {
    let files = Files::new();
    let whole = zipped(&[("conversations.json", json!([chatgpt("c", "text")]).to_string())]);

    let cut = files.write("cut.zip", &whole[..whole.len() - 30]);
    assert!(matches!(failure(&cut), TranscriptError::Archive { .. }));

    let content = b"conversations.json".len() + 30;
    let mut corrupt = whole.clone();
    corrupt[content + 20] ^= 0xFF;
    let corrupt = files.write("corrupt.zip", corrupt);
    assert_eq!(failure(&corrupt).fault(), Fault::Environment);

    let mut encrypted = whole;
    let directory = encrypted.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    encrypted[6] |= 1;
    encrypted[directory + 8] |= 1;
    let encrypted = failure(&files.write("encrypted.zip", encrypted));
    assert!(matches!(encrypted, TranscriptError::Encrypted { .. }));
    assert_eq!(encrypted.fault(), Fault::Caller);
    assert!(encrypted.to_string().contains("encrypted.zip"));

    let pictures = files.write("pictures.zip", zipped(&[("cat.png", String::new())]));
    assert!(matches!(failure(&pictures), TranscriptError::NoTranscripts { .. }));
}

#[test]
fn a_zip_made_on_windows_is_read_whole() {
    let line = |text: &str| lines(&[json!({"role": "user", "text": text})]);
    let zip = zipped(&[("chats\\a.jsonl", line("one")), ("chats\\b.jsonl", line("two"))]);
    let (turns, report) = read_as("chats.zip", zip);
    assert_eq!((texts(&turns), sessions(&turns)), (vec!["one", "two"], vec!["a", "b"]));
    assert_eq!(report.files(), 2);
}

#[test]
fn a_zip_bomb_is_read_as_a_stream() {
    let line = json!({"role": "user", "text": "words"}).to_string();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("chat.jsonl", SimpleFileOptions::default()).unwrap();
    writeln!(writer, "{line}").unwrap();
    let mebibyte = vec![b'x'; 1 << 20];
    for _ in 0..70 {
        writer.write_all(&mebibyte).unwrap();
    }
    write!(writer, "\n{line}").unwrap();
    let bomb = writer.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 20);
    let (turns, report) = read_as("bomb.zip", bomb);
    assert_eq!(texts(&turns), ["words", "words"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::TooLong, 1)]));
}

#[test]
fn an_error_says_what_was_expected_and_what_came() {
    let files = Files::new();
    let html = files.write("chat.html", "<!doctype html>\n<title>Chats</title>");
    let message = failure(&html).to_string();
    assert!(message.contains("chat.html"), "{message}");
    assert!(message.contains("ChatGPT") && message.contains("\"role\""), "{message}");
    assert!(message.contains(r"<!doctype html>\n<title>"), "{message}");
    assert_eq!(failure(&html).remedies(), [Remedy::ConvertToJsonLines]);

    assert!(matches!(failure(&files.write("e", " \n")), TranscriptError::Empty { .. }));
    assert!(matches!(failure(&files.write("e", "[]")), TranscriptError::Unrecognised { .. }));
    let missing = failure(&files.path().join("missing.json"));
    assert_eq!(missing.fault(), Fault::Caller);
    assert!(missing.to_string().contains("missing.json"));
    let folder = Files::new();
    folder.write("notes.md", "x");
    assert!(matches!(failure(folder.path()), TranscriptError::NoTranscripts { .. }));
    folder.write("notes.json", "{}");
    let message = failure(folder.path()).to_string();
    assert!(message.contains("notes.json is not a chat file"), "{message}");
}
