//! Files that were read before are read on from where they ended.

use std::collections::HashMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use longmem_transcripts::{ImportedTurn, Mark, Progress, Report, Source, TurnReceiver, read_from};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Files, lines, read};

/// Collects turns, and keeps marks as JSON.
#[derive(Default)]
struct Reader {
    turns: Vec<ImportedTurn>,
    marks: HashMap<PathBuf, Vec<u8>>,
    /// After how many turns it breaks off.
    limit: Option<usize>,
}

impl TurnReceiver for Reader {
    fn receive(&mut self, turn: ImportedTurn, _progress: &Progress) -> ControlFlow<()> {
        self.turns.push(turn);
        if Some(self.turns.len()) == self.limit {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn keeps_marks(&self) -> bool {
        true
    }

    fn mark(&mut self, file: &Path) -> Option<Mark> {
        self.marks.get(file).map(|mark| Mark::from_json(mark).unwrap())
    }

    fn set_mark(&mut self, file: &Path, mark: Mark) {
        self.marks.insert(file.to_owned(), mark.to_json());
    }
}

impl Reader {
    fn read(&mut self, path: &Path) -> Report {
        read_from(Source::Path(path), None, self).unwrap()
    }

    /// What came, by key; the first that came under a key stays, as in a store.
    fn stored(&self) -> Vec<(String, String, String)> {
        stored(&self.turns)
    }
}

fn stored(turns: &[ImportedTurn]) -> Vec<(String, String, String)> {
    let mut stored: Vec<(String, String, String)> = Vec::new();
    for ImportedTurn { turn, .. } in turns {
        let key = &turn.source_key.as_ref().unwrap().0;
        if !stored.iter().any(|(known, ..)| known == key) {
            stored.push((key.clone(), turn.text.clone(), turn.time.to_string()));
        }
    }
    stored
}

fn append(path: &Path, bytes: &[u8]) {
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
}

/// A line of a Claude Code transcript; every third is longer.
fn transcript_line(number: usize) -> Value {
    let role = ["user", "assistant"][number % 2];
    let text = format!("turn {number} {}", "words ".repeat(number % 3 * 40));
    json!({"type": role, "sessionId": "s", "uuid": format!("u{number}"), "parentUuid": null,
        "timestamp": format!("2026-05-01T10:{:02}:{:02}.000Z", number / 60 % 60, number % 60),
        "message": {"role": role, "content": text}})
}

fn transcript(from: usize, to: usize) -> String {
    lines(&(from..to).map(transcript_line).collect::<Vec<_>>())
}

#[test]
fn a_file_that_did_not_change_is_not_read_again() {
    let files = Files::new();
    files.write("a.jsonl", transcript(0, 200));
    let array = json!([{"role": "user", "content": "words ".repeat(20_000)}]);
    files.write("b.json", array.to_string());
    let mut reader = Reader::default();
    let first = reader.read(files.path());
    assert_eq!((first.files(), first.unchanged), (2, 0));
    let second = reader.read(files.path());
    assert_eq!((second.files(), second.unchanged, second.turns), (0, 2, 0));
    assert_eq!(second.bytes_read, 0);
    assert!(second.bytes_read_in_all <= 2 * 1024, "{} bytes", second.bytes_read_in_all);
}

#[test]
fn only_what_is_new_of_a_grown_transcript_is_read() {
    let files = Files::new();
    let path = files.write("a.jsonl", transcript(0, 3000));
    let mut reader = Reader::default();
    reader.read(&path);
    let new = transcript(3000, 6000);
    append(&path, new.as_bytes());
    let report = reader.read(&path);
    assert_eq!((report.turns, report.files()), (3000, 1));
    assert_eq!(report.bytes_read, new.len() as u64);
    let in_all = report.bytes_read_in_all;
    assert!(in_all as f64 <= 1.1 * new.len() as f64, "{in_all} bytes");
    assert_eq!(reader.stored(), stored(&read(&path).0));
}

#[test]
fn a_read_that_was_broken_off_goes_on_within_the_file() {
    let files = Files::new();
    let line = |number: usize| json!({"role": "user", "text": format!("turn {}", number % 700)});
    let path = files.write("a.jsonl", lines(&(0..1800).map(line).collect::<Vec<_>>()));
    let mut reader = Reader { limit: Some(1500), ..Reader::default() };
    reader.read(&path);
    reader.limit = None;
    // Everything since the last mark comes again, and nothing before it.
    assert_eq!(reader.read(&path).turns, 800);
    assert_eq!(reader.stored(), stored(&read(&path).0));
}

#[test]
fn a_file_keeps_the_name_of_its_sessions_when_another_of_its_name_comes() {
    let files = Files::new();
    let message = |text: &str| lines(&[json!({"role": "user", "content": text})]);
    files.write("a/chat.jsonl", message("a"));
    let mut reader = Reader::default();
    reader.read(files.path());
    files.write("b/chat.jsonl", message("b"));
    reader.read(files.path());
    append(&files.path().join("a/chat.jsonl"), message("more").as_bytes());
    reader.read(files.path());
    let turns: Vec<(&str, &str)> = reader
        .turns
        .iter()
        .map(|imported| (imported.turn.session.as_str(), imported.turn.text.as_str()))
        .collect();
    assert_eq!(turns, [("chat", "a"), ("b/chat.jsonl", "b"), ("chat", "more")]);
}

#[test]
fn a_file_that_was_written_anew_is_read_whole() {
    let files = Files::new();
    let path = files.write("a.jsonl", transcript(0, 100));
    let mut reader = Reader::default();
    reader.read(&path);
    for content in [transcript(50, 100), transcript(30, 200)] {
        std::fs::write(&path, content).unwrap();
        let before = reader.turns.len();
        let report = reader.read(&path);
        assert_eq!(report.turns, (reader.turns.len() - before) as u64);
        assert_eq!(stored(&reader.turns[before..]), stored(&read(&path).0));
    }
}

#[test]
fn a_database_with_rows_in_its_log_is_read_again() {
    let files = Files::new();
    let path = files.path().join("logs.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    let insert = |id: &str| {
        let sql = "INSERT INTO responses VALUES (?1, 'm', 'question', 'answer', 'c', ?2)";
        connection.execute(sql, [id, "2026-05-01T10:00:00"]).unwrap();
    };
    connection
        .execute_batch(
            "CREATE TABLE responses (id TEXT, model TEXT, prompt TEXT, response TEXT,
                 conversation_id TEXT, datetime_utc TEXT);
             CREATE TABLE conversations (id TEXT, name TEXT, model TEXT);",
        )
        .unwrap();
    insert("r1");
    let mut reader = Reader::default();
    let first = reader.read(&path).turns;
    insert("r2");
    assert_eq!((first, reader.read(&path).turns), (2, 4));
}

#[test]
fn a_mark_of_another_version_counts_for_nothing() {
    let files = Files::new();
    let path = files.write("a.jsonl", transcript(0, 3));
    let mut reader = Reader::default();
    reader.read(&path);
    for mark in reader.marks.values_mut() {
        let mut value: Value = serde_json::from_slice(mark).unwrap();
        value["readers_version"] = json!(0);
        *mark = value.to_string().into_bytes();
    }
    assert_eq!(reader.read(&path).turns, 3);
}

#[test]
fn a_zip_that_did_not_change_is_not_read_again() {
    let files = Files::new();
    let zip = |to| {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, from) in [("a.jsonl", 0), ("b.jsonl", 1000)] {
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(transcript(from, from + to).as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    };
    let path = files.write("chats.zip", zip(3));
    let mut reader = Reader::default();
    assert_eq!(reader.read(&path).turns, 6);
    let again = reader.read(&path);
    assert_eq!((again.turns, again.unchanged), (0, 2));
    files.write("chats.zip", zip(4));
    assert_eq!(reader.read(&path).turns, 8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The writer can be looked at in the middle of a line, and even of a character.
    #[test]
    fn a_transcript_read_while_it_grows_gives_what_the_whole_gives(
        count in 1usize..40,
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let whole = transcript(0, count).replace("words", "wörds");
        let files = Files::new();
        let path = files.path().join("a.jsonl");
        let mut reader = Reader::default();
        let mut written = 0;
        cuts.sort_by_key(|cut| cut.index(whole.len()));
        let places = cuts.iter().map(|cut| cut.index(whole.len())).chain([whole.len()]);
        for place in places {
            append(&path, &whole.as_bytes()[written..place]);
            written = place;
            let _ = read_from(Source::Path(&path), None, &mut reader);
        }
        prop_assert_eq!(reader.stored(), stored(&read(&path).0));
    }
}
