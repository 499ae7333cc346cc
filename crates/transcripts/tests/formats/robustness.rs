use std::io::Write;
use std::ops::ControlFlow;

use longmem_transcripts::{EndReason, Format, SkipReason, detect};
use proptest::prelude::*;
use serde_json::json;

use crate::{Files, keys, lines, read, read_as, skipped, texts};

#[test]
fn bad_lines_cost_only_themselves() {
    let mut content =
        b"{\"role\":\"user\",\"text\":\"one\"}\r\n\n{broken}\n\xFF\xFE\n[]\n".to_vec();
    content.extend(b"{\"role\":\"user\",\"text\":\"two\"}\n{\"role\":\"user\",\"te");
    let (turns, report) = read_as("x.jsonl", &content);
    assert_eq!(texts(&turns), ["one", "two"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Malformed, 2), (SkipReason::NotUtf8, 1)]));
    assert_eq!(report.ended_early[0].byte, content.len() as u64);
    assert_eq!(report.ended_early[0].reason, EndReason::CutOff);
}

#[test]
fn a_chosen_format_is_not_second_guessed() {
    let files = Files::new();
    let path = files.write("x.jsonl", lines(&[json!({"role": "user", "text": "hi"})]));
    let mut turns = 0;
    let report = longmem_transcripts::read(&path, Some(Format::ChatGpt), &mut |_, _| {
        turns += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(report.unwrap().skipped, skipped(&[(SkipReason::Malformed, 1)]));
    assert_eq!(turns, 0);
}

#[test]
fn breaking_off_reports_what_was_read() {
    let files = Files::new();
    let line = json!({"role": "user", "text": "hi"});
    files.write("a.jsonl", lines(&[line.clone(), line.clone(), line.clone()]));
    files.write("b.jsonl", lines(&[line]));
    let mut turns = 0;
    let report = longmem_transcripts::read(files.path(), None, &mut |_, progress| {
        turns += 1;
        if progress.turns == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!((turns, report.turns, report.files), (2, 2, 1));
}

#[test]
fn turns_arrive_while_a_large_file_is_being_read() {
    let files = Files::new();
    let path = files.path().join("large.json");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let message = json!({"id": "m", "author": {"role": "user"}, "content": {"parts": ["x"]}});
    for index in 0..2000 {
        let padding = "p".repeat(2000);
        let conversation = json!({"conversation_id": index.to_string(), "current_node": "m",
            "mapping": {"m": {"message": message}}, "padding": padding});
        write!(file, "{}{conversation}", if index == 0 { "[" } else { "," }).unwrap();
    }
    write!(file, "]").unwrap();
    drop(file);

    let mut seen = Vec::new();
    longmem_transcripts::read(&path, None, &mut |_, progress| {
        seen.push(*progress);
        ControlFlow::Continue(())
    })
    .unwrap();
    let total = std::fs::metadata(&path).unwrap().len();
    assert!(seen[0].bytes_read < 3000, "{seen:?}");
    assert!(seen.windows(2).all(|two| two[0].bytes_read < two[1].bytes_read));
    assert!(seen.iter().all(|progress| progress.bytes_total == Some(total)));
    let last = seen.last().unwrap();
    assert_eq!((last.turns, last.conversations), (2000, 2000));
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
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..40)
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
    ];
    let words = ["user", "assistant", "text", "a", "b", "all", "summary", "", "\u{0}", "hi"];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        prop::sample::select(words.to_vec()).prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        let field = (prop::sample::select(names.to_vec()), inner.clone());
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

/// Reads content in every format; what matters is that it comes back, the same every time.
fn survives(content: &[u8]) {
    let files = Files::new();
    let path = files.write("x.json", content);
    let _ = detect(&path);
    for format in Format::ALL.map(Some).into_iter().chain([None]) {
        let once = || {
            let mut turns = Vec::new();
            let result = longmem_transcripts::read(&path, format, &mut |turn, _| {
                assert!(!turn.turn.text.trim().is_empty());
                turns.push(turn);
                ControlFlow::Continue(())
            });
            (turns, result.map_err(|error| error.to_string()))
        };
        assert_eq!(once(), once());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_make_it_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&content);
    }

    #[test]
    fn nothing_like_a_chat_file_makes_it_panic(content in chat_like()) {
        survives(&content);
    }

    #[test]
    fn no_json_makes_it_panic(values in prop::collection::vec(any_value(), 0..6)) {
        survives(lines(&values).as_bytes());
        survives(json!(values).to_string().as_bytes());
    }

    #[test]
    fn no_damage_to_a_zip_makes_it_panic(at in 0usize..200, with in any::<u8>()) {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file("a.jsonl", options).unwrap();
        writer.write_all(b"{\"role\":\"user\",\"text\":\"hi\"}\n").unwrap();
        let mut bytes = writer.finish().unwrap().into_inner();
        let at = at % bytes.len();
        bytes[at] = with;
        survives(&bytes);
    }
}

#[test]
fn reading_twice_gives_the_same() {
    let files = Files::new();
    let path = files.write(
        "x.jsonl",
        lines(&[json!({"role": "user", "text": "a"}), json!({"role": "user", "text": "a"})]),
    );
    assert_eq!(read(&path).0, read(&path).0);
    assert_eq!(keys(&read(&path).0).len(), 2);
}
