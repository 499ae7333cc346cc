//! What waits for vectors, whose vectors serve, and who may write them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use longmem_core::{Diagnose, EmbeddingModel, Fault, PassageSpan, Scope, TextEmbedder, TurnId};
use longmem_store::{EmbeddedTurn, ForgetTarget, IfMissing, Store, StoreError};
use longmem_test_support::WordHashEmbedder;
use made_up::{turn, user};
use process::{child, store_of_parent};
use tempfile::TempDir;

mod made_up;
mod process;

fn store_in(folder: &TempDir) -> Store {
    Store::open(folder.path().join("memory.db"), IfMissing::Create).unwrap()
}

fn insert(store: &Store, texts: &[&str]) -> Vec<TurnId> {
    let turns: Vec<_> = texts.iter().zip(0..).map(|(text, n)| turn("talk", text, n)).collect();
    store.insert_turns(&user("ana"), &turns).unwrap().iter().map(|inserted| inserted.id).collect()
}

/// Reads up to `limit` waiting turns and embeds them.
fn embedded(store: &Store, embedder: &WordHashEmbedder, limit: usize) -> Vec<EmbeddedTurn> {
    let queued = store.queued_turns(None, limit).unwrap();
    queued
        .into_iter()
        .map(|queued| EmbeddedTurn {
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

fn index(store: &Store, embedder: &WordHashEmbedder, limit: usize) -> u64 {
    store.write_vectors(embedder.model(), &embedded(store, embedder, limit), 0).unwrap()
}

/// The turns that a model's vectors find, in the order of their numbers, each as often as it comes.
fn found(store: &Store, embedder: &WordHashEmbedder) -> Vec<TurnId> {
    let query = embedder.vector("lisbon");
    let hits = store.nearest(&Scope::of(user("ana")), embedder.model(), &query, 99).unwrap();
    let mut turns: Vec<TurnId> = hits.iter().map(|hit| hit.turn).collect();
    turns.sort_unstable();
    turns
}

fn waiting(store: &Store) -> Vec<TurnId> {
    let queued = store.queued_turns(None, 99).unwrap();
    assert_eq!(store.queue_length().unwrap(), queued.len() as u64);
    queued.iter().map(|queued| queued.turn).collect()
}

fn serving(store: &Store) -> Option<EmbeddingModel> {
    store.serving_model().unwrap()
}

#[test]
fn the_queue_gives_the_oldest_first_page_by_page() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let ids = insert(&store, &["lisbon", "oslo", "tokyo", "berlin"]);
    assert_eq!(waiting(&store), ids);
    let page = store.queued_turns(Some(ids[0]), 2).unwrap();
    let page: Vec<_> = page.iter().map(|queued| (queued.turn, queued.text.as_str())).collect();
    assert_eq!(page, [(ids[1], "oslo"), (ids[2], "tokyo")]);
    assert_eq!(store.queued_turns(Some(ids[3]), 2).unwrap(), []);
}

#[test]
fn a_turn_gets_vectors_once_however_often_they_are_written() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let ids = insert(&store, &["lisbon", "oslo"]);
    let embedder = WordHashEmbedder::default();
    store.begin_indexing(embedder.model(), false).unwrap();
    let vectors = embedded(&store, &embedder, 99);
    assert_eq!(store.write_vectors(embedder.model(), &vectors[..1], 0).unwrap(), 1);
    assert_eq!((found(&store, &embedder), waiting(&store)), (vec![ids[0]], vec![ids[1]]));
    assert_eq!(store.write_vectors(embedder.model(), &vectors, 0).unwrap(), 1);
    assert_eq!(store.write_vectors(embedder.model(), &vectors, 0).unwrap(), 0);
    store.begin_indexing(embedder.model(), false).unwrap();
    assert_eq!((found(&store, &embedder), waiting(&store)), (ids, vec![]));
    assert_eq!(store.stats().unwrap().vectors, 2);
}

#[test]
fn a_turn_of_several_passages_is_found_once_by_their_mean() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let embedder = WordHashEmbedder::default();
    let long = format!("{}{}", "lisbon ".repeat(50), "oslo ".repeat(50));
    let ids = insert(&store, &[&long]);
    store.begin_indexing(embedder.model(), false).unwrap();
    index(&store, &embedder, 99);
    assert_eq!(store.stats().unwrap().vectors, 2);
    let query = embedder.vector("lisbon");
    let scope = Scope::of(user("ana"));
    let hits = store.nearest(&scope, embedder.model(), &query, 99).unwrap();
    let of = |word: &str| embedder.vector(&format!("{word} ").repeat(50)).cosine(&query);
    assert_eq!(hits.iter().map(|hit| hit.turn).collect::<Vec<_>>(), ids);
    assert!((hits[0].score - f32::midpoint(of("lisbon"), of("oslo"))).abs() < 1e-6);
}

#[test]
fn a_turn_that_was_deleted_while_it_was_embedded_is_passed_over() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let ids = insert(&store, &["lisbon", "oslo"]);
    let embedder = WordHashEmbedder::default();
    store.begin_indexing(embedder.model(), false).unwrap();
    let vectors = embedded(&store, &embedder, 99);
    let scope = Scope::of(user("ana"));
    store.forget(&ForgetTarget::Turns(scope, vec![ids[0]])).unwrap();
    assert_eq!(store.write_vectors(embedder.model(), &vectors, 3).unwrap(), 1);
    assert_eq!((found(&store, &embedder), waiting(&store)), (vec![ids[1]], vec![]));
    let stats = store.stats().unwrap();
    assert_eq!((stats.passages, stats.vectors, stats.truncated_tokens), (1, 1, 3));
}

#[test]
fn another_model_is_refused_and_its_vectors_are_not_taken() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let ids = insert(&store, &["lisbon"]);
    let (first, second) = (WordHashEmbedder::default(), WordHashEmbedder::with_revision("2"));
    assert_eq!(index(&store, &first, 99), 0, "nobody began to index");
    store.begin_indexing(first.model(), false).unwrap();
    let error = store.begin_indexing(second.model(), false).unwrap_err();
    let path = store.path().display();
    assert_eq!(
        error.to_string(),
        format!("the vectors of {path} were made by word-hash@1, not by word-hash@2")
    );
    assert_eq!(error.fault(), Fault::Caller);
    let hint = "Run longmem index --reembed to make new vectors; the old ones serve until then.";
    assert_eq!(error.hints(), [hint]);
    assert_eq!(index(&store, &second, 99), 0);
    assert_eq!((serving(&store).as_ref(), waiting(&store)), (Some(first.model()), ids));
    assert!(!store.finish_replacing().unwrap());
}

#[test]
fn a_replacement_resumes_and_the_old_vectors_serve_until_it_is_complete() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let mut ids = insert(&store, &["lisbon", "oslo", "tokyo"]);
    let (old, new) = (WordHashEmbedder::default(), WordHashEmbedder::with_revision("2"));
    store.begin_indexing(old.model(), false).unwrap();
    assert_eq!(index(&store, &old, 99), 3);

    store.begin_indexing(new.model(), true).unwrap();
    assert_eq!(waiting(&store), ids);
    assert_eq!(index(&store, &new, 1), 1);
    assert_eq!(index(&store, &old, 99), 0, "the old model takes nothing from the new one");
    assert!(!store.finish_replacing().unwrap());
    drop(store);

    let store = store_in(&folder);
    ids.extend(insert(&store, &["berlin"]));
    store.begin_indexing(new.model(), true).unwrap();
    assert_eq!(waiting(&store), ids[1..], "the first turn is done already");
    assert_eq!(serving(&store).as_ref(), Some(old.model()));
    assert_eq!(found(&store, &old), ids[..3]);
    assert_eq!(index(&store, &new, 99), 3);
    assert_eq!(found(&store, &old), ids[..3], "the old vectors serve until the last moment");

    assert!(store.finish_replacing().unwrap());
    assert_eq!(serving(&store).as_ref(), Some(new.model()));
    assert_eq!((found(&store, &old), found(&store, &new)), (vec![], ids));
    assert_eq!(store.stats().unwrap().vectors, 4, "the old vectors are gone");
    assert!(!store.finish_replacing().unwrap());
}

#[test]
fn a_replacement_by_a_third_model_starts_over() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let ids = insert(&store, &["lisbon", "oslo"]);
    let [first, second, third] = ["1", "2", "3"].map(WordHashEmbedder::with_revision);
    store.begin_indexing(first.model(), false).unwrap();
    index(&store, &first, 99);
    store.begin_indexing(second.model(), true).unwrap();
    index(&store, &second, 1);
    store.begin_indexing(third.model(), true).unwrap();
    assert_eq!((waiting(&store), found(&store, &second)), (ids.clone(), vec![]));
    assert_eq!(index(&store, &third, 99), 2);
    assert!(store.finish_replacing().unwrap());
    assert_eq!(found(&store, &third), ids);
}

#[test]
fn a_replacement_that_is_given_up_leaves_the_old_vectors_as_they_were() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let mut ids = insert(&store, &["lisbon", "oslo"]);
    let (old, new) = (WordHashEmbedder::default(), WordHashEmbedder::with_revision("2"));
    store.begin_indexing(old.model(), false).unwrap();
    index(&store, &old, 99);
    store.begin_indexing(new.model(), true).unwrap();
    ids.extend(insert(&store, &["tokyo", "berlin"]));
    index(&store, &new, 3);

    store.begin_indexing(old.model(), false).unwrap();
    assert_eq!(waiting(&store), ids[2..], "what came meanwhile has no old vectors yet");
    assert_eq!(index(&store, &old, 99), 2);
    assert_eq!((found(&store, &old), found(&store, &new)), (ids, vec![]));
    assert_eq!(store.stats().unwrap().vectors, 4);
}

#[test]
fn all_vectors_can_be_made_anew() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder);
    let ids = insert(&store, &["lisbon", "oslo"]);
    let embedder = WordHashEmbedder::default();
    store.begin_indexing(embedder.model(), false).unwrap();
    let vectors = embedded(&store, &embedder, 99);
    store.write_vectors(embedder.model(), &vectors, 7).unwrap();
    assert_eq!(found(&store, &embedder), ids);
    store.requeue_all().unwrap();
    assert_eq!((waiting(&store), found(&store, &embedder)), (ids.clone(), vec![]));
    assert_eq!(store.stats().unwrap().truncated_tokens, 0);
    assert_eq!(index(&store, &embedder, 99), 2);
    assert_eq!(found(&store, &embedder), ids);
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
    assert!(store.try_lock_index().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    let lock = store.lock_index().unwrap();
    let other = store_in(&folder);
    assert!(other.try_lock_index().unwrap().is_none());
    drop(lock);
    assert!(other.try_lock_index().unwrap().is_some());
}

#[test]
#[ignore = "run by one_process_indexes_at_a_time"]
fn holds_the_index_lock() {
    let Some(path) = store_of_parent() else { return };
    let store = Store::open(path, IfMissing::Fail).unwrap();
    let _lock = store.lock_index().unwrap();
    println!("\nlocked");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_damaged_vector_is_named_and_can_be_made_anew() {
    let good = WordHashEmbedder::default().vector("lisbon");
    let bytes: Vec<u8> = good.as_slice().iter().flat_map(|n| n.to_le_bytes()).collect();
    let mut not_a_number = bytes.clone();
    not_a_number[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
    let cases = [
        (not_a_number, "number 2 of the embedding is not finite"),
        (bytes[..400].to_vec(), "an embedding has 384 numbers, this one has 100"),
        (vec![], "an embedding has 384 numbers, this one has 0"),
        ([&bytes[..], &bytes[..]].concat(), "an embedding has 384 numbers, this one has 768"),
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
        let error = store.nearest(&scope, embedder.model(), &query, 9).unwrap_err();
        assert!(matches!(&error, StoreError::BadVector(bad) if bad.passage == 2));
        assert_eq!(error.to_string(), format!("the vector of passage 2 is damaged: {reason}"));
        assert_eq!(error.fault(), Fault::Environment);
        assert_eq!(error.hints(), ["Run longmem index --reembed to make all vectors anew."]);
        store.requeue_all().unwrap();
        index(&store, &embedder, 99);
        assert_eq!(found(&store, &embedder), ids);
    }
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
