//! What becomes of vectors when a process dies, a write fails or bytes are damaged.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use longmem_core::{
    Diagnose, FactKind, Fault, NewFact, PassageSpan, Remedy, Scope, TextEmbedder, TurnId,
    USER_SUBJECT,
};
use longmem_search::Searcher;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::{EmbeddedTurn, Facts, IndexShare, StoreError, Turns, Upkeep, Vectors};
use longmem_test_support::WordHashEmbedder;
use made_up::{turn, user};
use process::{child, store_of_parent};
use tempfile::TempDir;

mod made_up;
mod process;

fn store_in(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap()
}

fn insert(store: &SqliteStore, texts: &[&str]) -> Vec<TurnId> {
    let turns: Vec<_> = texts.iter().zip(0..).map(|(text, n)| turn("talk", text, n)).collect();
    store.insert_turns(&user("ana"), &turns).unwrap().iter().map(|inserted| inserted.id).collect()
}

/// Reads up to `limit` waiting turns and embeds them.
fn embedded(store: &SqliteStore, embedder: &WordHashEmbedder, limit: usize) -> Vec<EmbeddedTurn> {
    let queued = store.queued_turns(None, None, limit).unwrap();
    queued
        .into_iter()
        .map(|queued| EmbeddedTurn {
            user: queued.user,
            turn: queued.turn,
            passages: embedder
                .passages(&queued.text)
                .unwrap()
                .into_iter()
                .map(|span| (span, embedder.vector(&queued.text[span.start..span.end])))
                .collect(),
        })
        .collect()
}

fn index(store: &SqliteStore, embedder: &WordHashEmbedder, limit: usize) -> u64 {
    store.write_vectors(embedder.model(), &embedded(store, embedder, limit), 0).unwrap()
}

/// The turns that a model's vectors find, in the order of their numbers, each as often as it comes.
fn found(store: &SqliteStore, embedder: &WordHashEmbedder) -> Vec<TurnId> {
    let query = embedder.vector("lisbon");
    let hits = Searcher::default()
        .nearest(store, &Scope::of(user("ana")), (embedder.model(), &query), 99)
        .unwrap();
    let mut turns: Vec<TurnId> = hits.iter().map(|hit| hit.turn).collect();
    turns.sort_unstable();
    turns
}

fn waiting(store: &SqliteStore) -> Vec<TurnId> {
    let queued = store.queued_turns(None, None, 99).unwrap();
    assert_eq!(store.waiting(None).unwrap(), queued.len() as u64);
    queued.iter().map(|queued| queued.turn).collect()
}

#[test]
fn one_process_indexes_at_a_time() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let mut child = child("holds_the_index_lock", store.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "locked"), "the child ended without the lock");
    assert!(store.lock_index(IndexShare::Alone, false).unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    // Whoever would share the work waits for whoever does it, too.
    let lock = store.lock_index(IndexShare::WithOthers, true).unwrap();
    let other = store_in(&folder);
    assert!(other.lock_index(IndexShare::WithOthers, false).unwrap().is_none());
    drop(lock);
    assert!(other.lock_index(IndexShare::Alone, false).unwrap().is_some());
}

#[test]
#[ignore = "run by one_process_indexes_at_a_time"]
fn holds_the_index_lock() {
    let Some(path) = store_of_parent() else { return };
    let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
    let _lock = store.lock_index(IndexShare::Alone, true).unwrap();
    println!("\nlocked");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_damaged_vector_is_named_and_can_be_made_again() {
    let good = WordHashEmbedder::default().vector("lisbon");
    let bytes: Vec<u8> = good.as_slice().iter().flat_map(|n| n.to_le_bytes()).collect();
    let mut not_a_number = bytes.clone();
    not_a_number[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
    let cases = [
        (not_a_number, "number 2 of the embedding is not finite"),
        (bytes[..400].to_vec(), "the embedding has 100 numbers, expected 384"),
        (vec![], "the embedding has 0 numbers, expected 384"),
        ([&bytes[..], &bytes[..]].concat(), "the embedding has 768 numbers, expected 384"),
        (vec![0; bytes.len()], "the embedding has length 0, expected 1"),
    ];
    for (damaged, reason) in cases {
        let folder = TempDir::new().unwrap();
        let store = store_in(&folder);
        let embedder = WordHashEmbedder::default();
        let ids = insert(&store, &["lisbon", "oslo", "tokyo"]);
        store.begin_indexing(embedder.model(), false).unwrap();
        index(&store, &embedder, 99);
        rusqlite::Connection::open(store.path())
            .unwrap()
            .execute("UPDATE vectors SET vector = ?1 WHERE passage_id = 2", [damaged])
            .unwrap();
        let query = embedder.vector("lisbon");
        let scope = Scope::of(user("ana"));
        let error =
            Searcher::default().nearest(&store, &scope, (embedder.model(), &query), 9).unwrap_err();
        assert!(matches!(&error, StoreError::DamagedVector(bad) if bad.passage == 2));
        assert_eq!(error.to_string(), format!("the vector of passage 2 is damaged: {reason}"));
        assert_eq!(error.fault(), Fault::Environment);
        assert_eq!(error.remedies(), [Remedy::EmbedAgain]);
        store.requeue_all().unwrap();
        index(&store, &embedder, 99);
        assert_eq!(found(&store, &embedder), ids);
    }
}

#[test]
fn a_damaged_vector_of_a_fact_is_named_and_can_be_made_again() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let (ana, embedder) = (user("ana"), WordHashEmbedder::default());
    let model = embedder.model();
    store.begin_indexing(model, false).unwrap();
    let fact = NewFact {
        subject: USER_SUBJECT.to_owned(),
        statement: "lives in Lisbon".to_owned(),
        kind: FactKind::Identity,
        source: None,
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
        entities: Vec::new(),
    };
    let id = store.insert_fact(&ana, &fact, None).unwrap();
    let vectors = [(id, embedder.vector(&fact.statement))];
    store.set_fact_vectors(&ana, model, &vectors).unwrap();
    rusqlite::Connection::open(store.path())
        .unwrap()
        .execute("UPDATE fact_vectors SET vector = substr(vector, 1, 400)", [])
        .unwrap();
    let error = store.fact_vectors(&ana, model).unwrap_err();
    let named = "the vector of fact 1 is damaged: the embedding has 100 numbers, expected 384";
    assert_eq!((error.to_string(), error.fault()), (named.to_owned(), Fault::Environment));
    assert_eq!(error.remedies(), [Remedy::EmbedAgain]);
    let mut problems = Vec::new();
    store.check(&mut |problem| problems.push(problem)).unwrap();
    assert_eq!(problems, [named]);
    store.requeue_all().unwrap();
    store.set_fact_vectors(&ana, model, &vectors).unwrap();
    assert_eq!(store.fact_vectors(&ana, model).unwrap(), vectors);
}

#[test]
fn vectors_are_stored_in_one_piece_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let embedder = WordHashEmbedder::default();
    let ids = insert(&store, &["lisbon", "oslo"]);
    store.begin_indexing(embedder.model(), false).unwrap();
    let mut vectors = embedded(&store, &embedder, 99);
    // A trigger stands for whatever can fail at the second turn.
    let connection = rusqlite::Connection::open(store.path()).unwrap();
    connection
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON vectors WHEN new.passage_id > 1
             BEGIN SELECT raise(ABORT, 'refused'); END",
        )
        .unwrap();
    vectors[1].passages.push((PassageSpan { start: 0, end: 1, tokens: 1 }, embedder.vector("x")));
    store.write_vectors(embedder.model(), &vectors, 5).unwrap_err();
    assert_eq!((waiting(&store), found(&store, &embedder)), (ids, vec![]));
    assert_eq!(store.stats().unwrap().truncated_tokens, 0);
}
