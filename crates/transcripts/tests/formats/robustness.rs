use std::io::Write;
use std::ops::ControlFlow;

use longmem_transcripts::{EndReason, Format, ImportedTurn, Progress, SkipReason, TranscriptError};
use serde_json::json;

use crate::{Files, keys, lines, only_format, read, read_as, skipped, texts};

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
fn whole_records_beside_zeros_and_torn_ones_are_read() {
    let line = |text: &str| json!({"role": "user", "text": text}).to_string();
    let zeros = "\0".repeat(40);
    let torn = &line("never whole")[..28];
    let torn_before_a_value = r#"{"role":"user","text":"#;
    let content = format!(
        "{torn}\n{zeros}{}\n{zeros}\n{}{zeros}{}\n{torn}{}\n{torn_before_a_value}{}\n",
        line("one"),
        line("two"),
        line("three"),
        line("four"),
        line("five"),
    );
    let (turns, report) = read_as("x.jsonl", &content);
    assert_eq!(texts(&turns), ["one", "two", "three", "four", "five"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Malformed, 3)]));
}

#[test]
fn whole_records_beside_bytes_that_are_no_text_are_read() {
    let line = |text: &str| json!({"role": "user", "text": text}).to_string().into_bytes();
    let bad = b"\xFF\xFE{\"role\":\"user\",\"te\xC3";
    let content = [&line("one")[..], bad, &line("two"), b"\n", &line("three"), b"\xFF\n"].concat();
    let (turns, report) = read_as("x.jsonl", content);
    assert_eq!(texts(&turns), ["one", "two", "three"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Malformed, 2)]));
}

#[test]
fn a_part_of_a_torn_record_is_no_record() {
    let whole = json!({"type": "user", "sessionId": "s", "uuid": "u", "message":
        {"role": "user", "content": "whole"}});
    let torn = r#"{"type":"user","sessionId":"s","message":{"role":"user","content":"torn"}"#;
    let (turns, report) = read_as("x.jsonl", format!("{whole}\n{torn}\n{torn}{whole}\n"));
    assert_eq!(texts(&turns), ["whole", "whole"]);
    assert_eq!(report.skipped, skipped(&[(SkipReason::Malformed, 2)]));
}

#[test]
fn utf_16_is_read() {
    let content = lines(&[json!({"role": "user", "text": "grüße 😀"})]);
    let little: Vec<u8> = content.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for content in [little.clone(), [b"\xFF\xFE", &little[..]].concat()] {
        assert_eq!(texts(&read_as("x.jsonl", content).0), ["grüße 😀"]);
    }
}

#[test]
fn a_file_that_is_cut_in_its_first_conversation_is_cut_off() {
    let conversation = json!([{"title": "t", "mapping": {"a": {"id": "a", "message": null}},
        "conversation_id": "c"}])
    .to_string();
    let (turns, report) = read_as("x.json", &conversation[..conversation.len() - 20]);
    assert!(turns.is_empty());
    assert_eq!(only_format(&report), Format::ChatGpt);
    assert_eq!(report.ended_early[0].reason, EndReason::CutOff);
}

#[test]
fn deep_nesting_costs_only_what_is_deep() {
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let line = format!(r#"{{"role":"user","text":"words beside it","metadata":{deep}}}"#);
    let (turns, report) = read_as("x.jsonl", &line);
    assert_eq!(texts(&turns), ["words beside it"]);
    assert!(report.skipped.is_empty());
}

#[test]
fn a_wrong_format_is_an_error_that_says_what_the_file_is() {
    let files = Files::new();
    let path = files.write("x.jsonl", lines(&[json!({"role": "user", "text": "hi"})]));
    let sink = &mut |_: ImportedTurn, _: &Progress| panic!("nothing is read");
    let error = longmem_transcripts::read(&path, Some(Format::ChatGpt), sink).unwrap_err();
    assert!(matches!(error, TranscriptError::OtherFormat { .. }));
    let message = error.to_string();
    assert!(message.contains("x.jsonl looks like JSON Lines"), "{message}");
    assert!(message.contains("expected a ChatGPT export"), "{message}");
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
    assert_eq!((turns, report.turns, report.files()), (2, 2, 1));
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
    assert_eq!((last.turns, last.sessions), (2000, 2000));
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
