use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use longmem_transcripts::{
    EndReason, Format, ImportedTurn, Progress, SkipReason, Source, TranscriptError, TurnReceiver,
    detect, read_from,
};
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
fn each_file_is_read_in_its_own_format() {
    let files = Files::new();
    let claude_ai = json!([{"uuid": "c", "chat_messages": [
        {"uuid": "m", "sender": "human", "text": "from claude"}]}]);
    files.write("a/conversations.json", json!([chatgpt("c", "from chatgpt")]).to_string());
    files.write("a/user.json", "{}");
    files.write("b/conversations.json", claude_ai.to_string());
    files.write("b/more.json", json!([{"role": "user", "content": "a message"}]).to_string());
    files.write("project/s.jsonl", lines(&[json!({"role": "user", "text": "a line"})]));
    files.write("project/package.json", json!({"name": "x"}).to_string());
    files.write("project/README.txt", "Dear Ana");
    files.write("project/node_modules/m/chat.jsonl", lines(&[json!({"role": "user"})]));
    files.write("tg/messages.html", "<html><title>Exported Data</title>");
    files.write("z.zip", zipped(&[("c.json", json!([chatgpt("z", "zipped")]).to_string())]));
    files.write("broken.zip", "PK\u{3}\u{4}");

    let (turns, report) = read(files.path());
    assert_eq!(texts(&turns), ["from chatgpt", "from claude", "a message", "a line", "zipped"]);
    assert_eq!(report.format_names(), "chatgpt, claude, messages, jsonl");
    assert_eq!(report.formats[&Format::ChatGpt], 2);
    let left_out: Vec<(&str, &str)> = report
        .left_out
        .named
        .iter()
        .map(|left_out| (left_out.file.as_str(), left_out.reason.as_str()))
        .collect();
    assert_eq!(
        left_out,
        [
            ("broken.zip", "unreadable"),
            ("project/package.json", "unknown_format"),
            ("tg/messages.html", "unread_format"),
        ]
    );
}

#[test]
fn twenty_files_are_named_and_those_first_that_hold_chats() {
    let files = Files::new();
    files.write("chat.jsonl", lines(&[json!({"role": "user", "text": "hi"})]));
    for index in 0..30 {
        files.write(&format!("{index}.json"), "{}");
    }
    files.write("zz.html", "<title>ChatGPT Data Export</title>");
    let (_, report) = read(files.path());
    assert_eq!((report.left_out.named.len(), report.left_out.count()), (20, 31));
    assert!(report.left_out.named.iter().any(|left_out| left_out.file == "zz.html"));
}

#[test]
fn links_are_followed_within_the_folder_and_never_in_circles() {
    use std::os::unix::fs::symlink;
    let files = Files::new();
    let outside = Files::new();
    let line = |text: &str| lines(&[json!({"role": "user", "text": text})]);
    outside.write("linked.jsonl", line("linked"));
    files.write("real/own.jsonl", line("own"));
    symlink(outside.path(), files.path().join("a-link")).unwrap();
    symlink(files.path().join("real"), files.path().join("b-again")).unwrap();
    symlink(files.path(), files.path().join("real/up")).unwrap();
    symlink("/", files.path().join("real/everything")).unwrap();
    symlink("nowhere", files.path().join("real/dangling.jsonl")).unwrap();
    symlink(files.path().join("real/own.jsonl"), files.path().join("copy.jsonl")).unwrap();
    symlink(files.path().join("a-link"), outside.path().join("round")).unwrap();
    let (turns, report) = read(files.path());
    assert_eq!((texts(&turns), report.files()), (vec!["own"], 1));
    let left_out = &report.left_out.named;
    let left_out =
        left_out.iter().map(|left_out| (left_out.file.as_str(), left_out.reason.as_str()));
    assert_eq!(left_out.collect::<Vec<_>>(), [("a-link", "link_outside")]);
}

#[test]
fn a_damaged_member_of_a_zip_does_not_stop_the_others() {
    let line = |text: &str| lines(&[json!({"role": "user", "text": text})]);
    let long = "a1b2c3".repeat(50);
    let mut zip =
        zipped(&[("a.jsonl", line("one")), ("b.jsonl", line(&long)), ("c.jsonl", line("two"))]);
    // A bit of the checksum of the second member, in the directory at the end.
    let entry = zip.windows(4).enumerate().filter(|(_, four)| four == b"PK\x01\x02").nth(1);
    let checksum = entry.unwrap().0 + 16;
    zip[checksum] ^= 1;
    let (turns, report) = read_as("chats.zip", zip);
    assert_eq!(texts(&turns), ["one", &long, "two"]);
    assert_eq!(report.ended_early[0].file, "b.jsonl");
    assert_eq!(report.ended_early[0].reason, EndReason::Unreadable);
}

#[test]
fn what_is_recognised_and_not_read_is_called_by_its_name() {
    let files = Files::new();
    let page = files.write("messages.html", "<html><title>Exported Data</title>");
    let error = failure(&page);
    assert!(error.to_string().contains("messages.html looks like Telegram's HTML export"));
    assert!(matches!(&error.remedies()[..], [Remedy::ExportOtherwise { .. }]));
    let other = json!({"name": "A", "messages": [{"id": 1, "type": "message", "text": "x"}]});
    let error = failure(&files.write("result.json", other.to_string()));
    assert_eq!(error.code(), ErrorCode::UnknownFormat);
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
fn a_zip_within_a_zip_is_named() {
    let inner = ("more/export.zip", "PK".to_owned());
    let outer = zipped(&[("a.json", json!([chatgpt("a", "one")]).to_string()), inner.clone()]);
    let (turns, report) = read_as("outer.zip", outer);
    assert_eq!(texts(&turns), ["one"]);
    let named: Vec<String> = report.left_out.named.iter().map(ToString::to_string).collect();
    assert_eq!(
        named,
        ["more/export.zip: looks like a zip within a zip, which is not read. \
          Unpack the outer zip, and import the folder."]
    );
    let files = Files::new();
    let error = failure(&files.write("only.zip", zipped(&[inner])));
    assert!(error.to_string().ends_with("looks like a zip within a zip, which is not read"));
}

/// Collects the texts of turns.
#[derive(Default)]
struct Texts(Vec<String>);

impl TurnReceiver for Texts {
    fn receive(&mut self, turn: ImportedTurn, _progress: &Progress) -> ControlFlow<()> {
        self.0.push(turn.turn.text);
        ControlFlow::Continue(())
    }
}

#[test]
fn a_zip_is_read_from_standard_input_and_from_bytes_too() {
    let read_as = |bytes: Vec<u8>, can_seek: bool| {
        let (name, bytes) = ("standard input", Box::new(Cursor::new(bytes)));
        let arrived = "2026-03-01T10:00:00Z".parse().unwrap();
        let source = if can_seek {
            Source::Bytes { name, bytes, arrived }
        } else {
            Source::Stream { name, bytes, arrived }
        };
        let mut texts = Texts::default();
        read_from(source, None, &mut texts).map(|_| texts.0)
    };
    let read = |bytes: Vec<u8>| {
        let streamed = read_as(bytes.clone(), false);
        let sought = read_as(bytes, true);
        let shown = |read: &Result<_, TranscriptError>| match read {
            Ok(texts) => format!("{texts:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown(&streamed), shown(&sought));
        sought
    };
    let zip = zipped(&[
        ("a/conversations.json", json!([chatgpt("a", "one")]).to_string()),
        ("user.json", "{}".to_owned()),
        ("chat.jsonl", "{\"role\":\"user\",\"text\":\"two\"}".to_owned()),
    ]);
    assert_eq!(read(zip.clone()).unwrap(), ["one", "two"]);
    let error = read(zip[..40].to_vec()).unwrap_err();
    assert!(error.to_string().starts_with("standard input cannot be unpacked"), "{error}");
    assert!(matches!(read(zipped(&[])), Err(TranscriptError::NoTranscripts { .. })));
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
