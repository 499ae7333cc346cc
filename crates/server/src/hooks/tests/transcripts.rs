//! Transcripts that wait are read, whoever is killed meanwhile.

use std::fs;
use std::sync::Arc;

use jiff::Timestamp;
use longmem_memory::Memory;
use serde_json::json;

use super::fixture::Fixture;
use crate::Hook;
use crate::hooks::{Vectors, catch_up_at_start};

/// A time at which no transcript is being written any more.
const LATER: &str = "2126-01-01T00:00:00Z";

fn later() -> Fixture {
    Fixture::at(LATER.parse().unwrap())
}

#[test]
fn what_was_said_is_stored_once_however_often_it_is_noted() {
    let fixture = later();
    let transcript = fixture.transcript("s1.jsonl", &["Which port?", "And which database?"]);
    for _ in 0..3 {
        fixture.stop("claude-code", &transcript);
    }
    assert_eq!(fixture.catch_up().new_turns, 4);
    assert!(fixture.waiting().is_empty());
    fixture.stop("claude-code", &transcript);
    assert_eq!(fixture.catch_up().new_turns, 0);
    assert_eq!(fixture.texts("s1").len(), 4);
}

#[tokio::test]
async fn a_server_that_starts_reads_what_another_process_left() {
    for vectors in [Vectors::Now, Vectors::Later] {
        let fixture = later();
        let transcript = fixture.transcript("s1.jsonl", &["Which port?"]);
        fixture.stop("claude-code", &transcript);
        let shared = fixture.shared();
        catch_up_at_start(Arc::clone(&shared), vectors).await;
        assert!(fixture.waiting().is_empty());
        assert_eq!(fixture.texts("s1").len(), 2);
        let waiting = shared.memory.run(|memory: &Memory| memory.waiting(None)).await.unwrap();
        assert_eq!(waiting == 0, vectors == Vectors::Now);
    }
}

#[test]
fn a_transcript_that_may_still_grow_goes_on_waiting() {
    // This clock stands at a time before the file is made.
    let fixture = Fixture::at(Timestamp::UNIX_EPOCH);
    let transcript = fixture.transcript("s1.jsonl", &["Which port?"]);
    fixture.stop("claude-code", &transcript);
    let caught_up = fixture.catch_up();
    assert_eq!((caught_up.new_turns, caught_up.fresh), (2, 1));
    assert!(!fixture.waiting().is_empty());
    // The agent wrote its last answer behind its hook.
    fixture.transcript("s1.jsonl", &["Which port?", "And which database?"]);
    assert_eq!(fixture.catch_up().new_turns, 2);
}

#[test]
fn a_reader_that_was_killed_leaves_its_transcript_to_the_next() {
    let fixture = later();
    let transcript = fixture.transcript("s1.jsonl", &["Which port?"]);
    fixture.stop("claude-code", &transcript);
    let folder = fixture.folder.path().join("waiting");
    let noted = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    fs::rename(&noted, noted.with_extension("reading")).unwrap();
    // Noted again while the reader was at it: both are there, and it is read.
    assert!(!fixture.waiting().is_empty());
    fixture.stop("claude-code", &transcript);
    assert_eq!(fixture.catch_up().new_turns, 2);
    assert!(fixture.waiting().is_empty());
}

#[test]
fn what_is_no_transcript_waits_no_longer_after_a_while() {
    let fixture = later();
    let transcript = fixture.folder.path().join("s1.jsonl");
    fs::write(&transcript, "no transcript\n").unwrap();
    fixture.stop("claude-code", &transcript);
    for _ in 0..5 {
        assert!(!fixture.waiting().is_empty());
        assert_eq!(fixture.catch_up().failures.len(), 1);
    }
    assert!(fixture.waiting().is_empty());
}

#[test]
fn one_that_is_gone_and_a_note_that_is_none_hold_nobody_up() {
    let fixture = later();
    fixture.stop("codex", &fixture.folder.path().join("gone.jsonl"));
    fs::write(fixture.folder.path().join("waiting/broken.json"), "{").unwrap();
    let transcript = fixture.transcript("s1.jsonl", &["Which port?"]);
    fixture.stop("claude-code", &transcript);
    let caught_up = fixture.catch_up();
    assert_eq!((caught_up.new_turns, caught_up.failures.len()), (2, 0));
    assert!(fixture.waiting().is_empty());
}

#[test]
fn a_note_that_cannot_be_opened_holds_nobody_up() {
    let fixture = later();
    let transcript = fixture.transcript("s1.jsonl", &["Which port?"]);
    fixture.stop("claude-code", &transcript);
    // A folder in the place of a file: it comes first, and cannot be read.
    fs::create_dir(fixture.folder.path().join("waiting/0.json")).unwrap();
    let caught_up = fixture.catch_up();
    assert_eq!((caught_up.new_turns, caught_up.failures.len()), (2, 1));
    assert!(caught_up.failures[0].contains("0.json"), "{:?}", caught_up.failures);
}

#[test]
fn forgotten_turns_do_not_come_back_with_the_next_answer() {
    let fixture = later();
    let transcript = fixture.transcript("s1.jsonl", &["My secret is 1234"]);
    fixture.stop("claude-code", &transcript);
    assert_eq!(fixture.catch_up().new_turns, 2);
    let mut scope = longmem_core::Scope::of(fixture.user.clone());
    scope.sessions.push("s1".parse().unwrap());
    fixture.memory.forget(&longmem_memory::ForgetTarget::Scope(scope)).unwrap();
    fixture.transcript("s1.jsonl", &["My secret is 1234", "Which port?"]);
    fixture.stop("claude-code", &transcript);
    assert_eq!(fixture.catch_up().new_turns, 2);
    assert!(fixture.texts("s1").iter().all(|text| !text.contains("secret")));
}

#[test]
fn only_a_whole_path_names_a_transcript() {
    let fixture = Fixture::new();
    for path in [json!(null), json!("s1.jsonl"), json!("")] {
        let input = json!({"session_id": "s1", "transcript_path": path}).to_string();
        let hook = Hook::read("gemini", "SessionEnd", input.as_bytes()).unwrap();
        assert_eq!(hook.grown_transcript(&fixture.user), None);
    }
}

#[test]
fn two_readers_at_once_store_everything_once() {
    let fixture = later();
    for number in 0..8 {
        let transcript = fixture.transcript(&format!("{number}.jsonl"), &["Which port?"]);
        fixture.stop("claude-code", &transcript);
    }
    let new_turns: u64 = std::thread::scope(|threads| {
        let readers: Vec<_> =
            (0..4).map(|_| threads.spawn(|| fixture.catch_up().new_turns)).collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    assert_eq!(new_turns, 16);
    assert!(fixture.waiting().is_empty());
}
