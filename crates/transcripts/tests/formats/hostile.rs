//! Whatever a file, a folder or a zip holds, reading it ends with an error or a report.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use longmem_transcripts::{Format, ImportedTurn, Report, detect};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::samples::{sample_data, samples};
use crate::{Files, lines};

/// What a read gives, without what depends on where and when it takes place: paths, and times that
/// were filled in.
type Outcome = Result<(Vec<(String, String, String)>, Report), String>;

fn read_as(path: &Path, format: Option<Format>, content_bytes: usize) -> Outcome {
    let mut turns: Vec<ImportedTurn> = Vec::new();
    let report = longmem_transcripts::read(path, format, &mut |turn, _| {
        turns.push(turn);
        ControlFlow::Continue(())
    });
    let mut report = report.map_err(|error| {
        let folder = path.parent().unwrap().to_string_lossy().into_owned();
        error.to_string().replace(&folder, "").replace("folder.zip", "x").replace("x.json", "x")
    })?;
    assert_eq!(report.turns, turns.len() as u64);
    // A database in a zip is unpacked first, which reads it once more.
    report.bytes_read_in_all = 0;
    let text_bytes: usize = turns.iter().map(|imported| imported.turn.text.len()).sum();
    // A number such as 1e15 is written in full in a tool's arguments; nothing else grows.
    assert!(text_bytes <= 4 * content_bytes, "{text_bytes} bytes out of {content_bytes}");
    let turns = turns
        .into_iter()
        .map(|ImportedTurn { turn, .. }| {
            assert!(!turn.text.trim().is_empty());
            assert!(turn.session_title.is_none_or(|title| title.len() <= 4096));
            (turn.session.to_string(), turn.source_key.unwrap().0, turn.text)
        })
        .collect();
    Ok((turns, report))
}

fn zipped(name: &str, content: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, SimpleFileOptions::default()).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().into_inner()
}

/// Reads content in every format, and as a file, a folder and a zip: it comes back, and each time
/// with the same.
fn survives(content: &[u8]) {
    let files = Files::new();
    let file = files.write("folder/x.json", content);
    // Some formats name a session after the folder or the zip, so these have one name.
    let zip = files.write("folder.zip", zipped("x.json", content));
    let _ = detect(&file);
    for format in Format::ALL.iter().copied().map(Some).chain([None]) {
        let once = read_as(&file, format, content.len());
        assert_eq!(once, read_as(&file, format, content.len()));
        let in_folder = read_as(file.parent().unwrap(), format, content.len());
        let in_zip = read_as(&zip, format, content.len());
        match (&once, &in_folder) {
            // A file that begins as a zip does is taken for one.
            _ if content.starts_with(b"PK") => {}
            (Ok(once), Ok(in_folder)) => assert_eq!(once, in_folder),
            (once, in_folder) => assert_eq!(once.is_ok(), in_folder.is_ok()),
        }
        match (&in_folder, &in_zip) {
            (Ok(in_folder), Ok(in_zip)) => assert_eq!(in_folder, in_zip),
            (in_folder, in_zip) => assert_eq!(in_folder.is_ok(), in_zip.is_ok()),
        }
    }
}

/// Damage to a file. Places are given as shares of the file, so that they fit any file.
#[derive(Debug, Clone)]
enum Damage {
    Cut(Index),
    FlipBits(Index, u8),
    RepeatLine(Index, usize),
    RepeatPart(Index, Index),
    DropLine(Index),
    /// Wraps a field's value in so many arrays.
    NestDeep(Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    prop_oneof![
        place().prop_map(Damage::Cut),
        (place(), 1..=u8::MAX).prop_map(|(at, bits)| Damage::FlipBits(at, bits)),
        (place(), 1usize..4).prop_map(|(line, times)| Damage::RepeatLine(line, times)),
        (place(), place()).prop_map(|(one, other)| Damage::RepeatPart(one, other)),
        place().prop_map(Damage::DropLine),
        (place(), select(vec![1, 60, 127, 128, 129, 20_000]))
            .prop_map(|(field, depth)| Damage::NestDeep(field, depth)),
    ]
}

impl Damage {
    fn apply(&self, content: &mut Vec<u8>) {
        if content.is_empty() {
            return;
        }
        match self {
            Damage::Cut(at) => content.truncate(at.index(content.len())),
            Damage::FlipBits(at, bits) => {
                let at = at.index(content.len());
                content[at] ^= bits;
            }
            Damage::RepeatLine(line, times) => {
                change_lines(content, |lines| {
                    let line = line.index(lines.len());
                    let repeated = lines[line].clone();
                    lines.splice(line..line, vec![repeated; *times]);
                });
            }
            Damage::DropLine(line) => {
                change_lines(content, |lines| drop(lines.remove(line.index(lines.len()))));
            }
            Damage::RepeatPart(one, other) => {
                let (one, other) = (one.index(content.len()), other.index(content.len()));
                let part = content[one.min(other)..one.max(other)].to_vec();
                content.splice(one..one, part);
            }
            Damage::NestDeep(field, depth) => {
                let colons: Vec<usize> =
                    (0..content.len()).filter(|at| content[*at] == b':').collect();
                if colons.is_empty() {
                    return;
                }
                let begin = colons[field.index(colons.len())] + 1;
                let ends = |byte: &u8| b",}]\n".contains(byte);
                let end = begin + content[begin..].iter().position(ends).unwrap_or(0);
                content.splice(end..end, vec![b']'; *depth]);
                content.splice(begin..begin, vec![b'['; *depth]);
            }
        }
    }
}

fn change_lines(content: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut lines: Vec<Vec<u8>> = content.split_inclusive(|b| *b == b'\n').map(Vec::from).collect();
    change(&mut lines);
    *content = lines.concat();
}

/// The samples of every format as they are and on one line, and, where there is a folder of real
/// transcripts, those.
fn sample_contents() -> Vec<Vec<u8>> {
    let mut contents = Vec::new();
    for (_, content) in samples() {
        if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&content) {
            contents.push(value.to_string().into_bytes());
        }
        contents.push(content);
    }
    for folder in ["chat-exports", "field", "real-clients"] {
        contents.extend(sample_data(folder).iter().flat_map(|folder| small_files_below(folder)));
    }
    contents
}

fn small_files_below(folder: &Path) -> Vec<Vec<u8>> {
    let entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
    let named_as_one =
        |path: &PathBuf| path.extension().is_some_and(|end| end == "json" || end == "jsonl");
    files
        .iter()
        .filter(|path| named_as_one(path))
        .map(|path| std::fs::read(path).unwrap())
        .filter(|content| content.len() <= 64 * 1024)
        .chain(folders.iter().flat_map(|folder| small_files_below(folder)))
        .collect()
}

/// Pieces of chat files, so that random content gets past the first byte.
fn chat_like() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\n",
        "\"",
        "\\ud83d",
        "\u{feff}",
        "null",
        "7",
        "\"mapping\":",
        "\"message\":",
        "\"parent\":",
        "\"children\":",
        "\"current_node\":",
        "\"chat_messages\":",
        "\"content\":",
        "\"parts\":",
        "\"loglines\":",
        "\"type\":\"user\"",
        "\"sessionId\":\"s\"",
        "\"role\":\"user\"",
        "\"text\":\"hi\"",
        "\"messages\":",
        "\"time\":1e300",
        "{\"role\":\"user\",\"text\":\"hi\"}",
        "PK\u{3}\u{4}",
    ];
    prop::collection::vec(select(pieces.to_vec()), 0..40)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

/// JSON values of any shape under the names of fields that the formats look at.
fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let names = [
        "mapping",
        "message",
        "parent",
        "children",
        "current_node",
        "content",
        "parts",
        "text",
        "author",
        "role",
        "recipient",
        "metadata",
        "chat_messages",
        "sender",
        "attachments",
        "messages",
        "loglines",
        "type",
        "sessionId",
        "uuid",
        "timestamp",
        "user",
        "session",
        "id",
        "tool_calls",
        "a",
        "b",
        "origin",
        "summary",
        "title",
        "key",
        "payload",
        "item",
        "output",
        "call_id",
        "attachment",
        "prompt",
        "operation",
        "projectHash",
        "$set",
        "toolCalls",
    ];
    let words = [
        "user",
        "assistant",
        "text",
        "a",
        "b",
        "all",
        "summary",
        "",
        "\u{0}",
        "hi",
        "queue-operation",
        "enqueue",
        "remove",
        "attachment",
        "queued_command",
        "event_msg",
        "response_item",
        "message",
        "user_message",
        "function_call",
        "function_call_output",
        "gemini",
    ];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        select(words.to_vec()).prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        let field = (select(names.to_vec()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|values| json!(values)),
            prop::collection::vec(field, 0..8).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_end_with_an_error_or_a_report(
        content in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        survives(&content);
    }

    #[test]
    fn any_pieces_of_chat_files_end_with_an_error_or_a_report(content in chat_like()) {
        survives(&content);
    }

    #[test]
    fn any_json_ends_with_an_error_or_a_report(values in prop::collection::vec(any_value(), 0..6)) {
        survives(lines(&values).as_bytes());
        survives(json!(values).to_string().as_bytes());
    }

    #[test]
    fn any_damage_to_a_real_file_ends_with_an_error_or_a_report(
        mut content in select(sample_contents()),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        for damage in &damages {
            damage.apply(&mut content);
        }
        survives(&content);
    }

    #[test]
    fn any_damage_to_a_zip_ends_with_an_error_or_a_report(
        (name, content) in select(samples().collect::<Vec<_>>()),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let mut zip = zipped(name, &content);
        for damage in &damages {
            damage.apply(&mut zip);
        }
        survives(&zip);
    }
}
