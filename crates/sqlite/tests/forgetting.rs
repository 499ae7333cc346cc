//! The bytes of what was forgotten are gone from the disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use longmem_core::private_files::IfExists;
use longmem_core::{
    Embedding, Entity, EntityKind, FactKind, NewFact, NewTurn, PassageSpan, Scope, SourceKey,
    SummaryOf, TextEmbedder, TurnId, USER_SUBJECT,
};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::{EmbeddedTurn, Erasure, Facts, ForgetTarget, Learning, Turns, Upkeep, Vectors};
use longmem_test_support::WordHashEmbedder;
use made_up::{turn, user};
use tempfile::TempDir;

mod made_up;

/// Stands in ana's turn 17 only, and in what was made of it.
const SECRET: &str = "XYLOPHONEQUARTZ";
/// Stands in the index only, which is in lower case and leaves out what a word shares with the one
/// before it, "xylophon".
const SECRET_IN_INDEX: &str = "equartz";

/// A user with 40 turns, all with vectors, and a fact and a summary that quote the secret.
struct Memory {
    folder: TempDir,
    store: SqliteStore,
    secret: TurnId,
}

impl Memory {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let embedder = WordHashEmbedder::default();
        store.begin_indexing(embedder.model(), false).unwrap();
        let mut turns: Vec<NewTurn> = (0..40)
            .map(|number| turn("talk", &format!("we talk of xylophones, {number}"), number))
            .collect();
        turns[17].text = format!("my code word is {SECRET}, tell nobody");
        turns[17].speaker = Some(format!("{SECRET} Speaker"));
        turns[17].source_key = Some(SourceKey(format!("{SECRET}-key")));
        let ana = user("ana");
        let inserted = store.insert_turns(&ana, &turns).unwrap();
        let span = |start| PassageSpan { start, end: start + 10, tokens: 10 };
        let with_vectors = inserted.iter().zip(&turns).map(|(inserted, turn)| EmbeddedTurn {
            user: ana.clone(),
            turn: inserted.id,
            passages: if turn.text.contains(SECRET) {
                vec![(span(0), secret_vector(0)), (span(10), secret_vector(1))]
            } else {
                vec![(span(0), embedder.vector(&turn.text))]
            },
        });
        store.write_vectors(embedder.model(), &with_vectors.collect::<Vec<_>>(), 0).unwrap();
        let secret = inserted[17].id;
        store.insert_fact(&ana, &fact(&format!("is {SECRET}"), Some(secret)), None).unwrap();
        let session = turns[0].session.clone();
        let of = SummaryOf::Session { session, through: inserted[39].id };
        let made_at = store.epoch(&ana).unwrap();
        assert!(store.write_summary(&ana, &of, SECRET, turns[0].time, made_at).unwrap());
        let memory = Self { folder, store, secret };
        assert_eq!(memory.left_on_disk(), ["text", "vector", "word"]);
        memory
    }

    /// What of the secret stands in any file of the store.
    fn left_on_disk(&self) -> Vec<&'static str> {
        let mut needles = vec![
            ("text", SECRET.as_bytes().to_vec()),
            ("word", SECRET_IN_INDEX.as_bytes().to_vec()),
        ];
        for passage in [0, 1] {
            let numbers = secret_vector(passage);
            let bytes: Vec<u8> = numbers.as_slice().iter().flat_map(|n| n.to_le_bytes()).collect();
            needles.extend([0, 800, 1520].map(|at| ("vector", bytes[at..at + 16].to_vec())));
        }
        let mut left = Vec::new();
        for file in fs_err::read_dir(self.folder.path()).unwrap() {
            let bytes = fs_err::read(file.unwrap().path()).unwrap();
            left.extend(needles.iter().filter(|(_, n)| contains(&bytes, n)).map(|(what, _)| *what));
        }
        left.sort_unstable();
        left.dedup();
        left
    }

    fn forget(&self, target: &ForgetTarget) {
        assert_eq!(self.store.forget(target).unwrap().erasure, Erasure::Done);
        assert_eq!(self.left_on_disk(), [""; 0]);
        self.store.check(&mut |problem| panic!("{problem}")).unwrap();
    }

    fn secret_turn(&self) -> ForgetTarget {
        ForgetTarget::Turns(Scope::of(user("ana")), vec![self.secret])
    }
}

fn fact(statement: &str, source: Option<TurnId>) -> NewFact {
    NewFact {
        subject: USER_SUBJECT.to_owned(),
        statement: statement.to_owned(),
        kind: FactKind::Identity,
        source,
        since: turn("talk", "", 0).time,
        entities: vec![Entity { name: "Quartzperson".to_owned(), kind: EntityKind::Person }],
    }
}

/// A vector without zeros, so that any piece of it is known by its bytes.
fn secret_vector(passage: usize) -> Embedding {
    let numbers = (0..384).map(|n| ((n + 1000 * passage) as f32 * 0.7).sin());
    Embedding::normalized(numbers.collect()).unwrap()
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes
        .iter()
        .enumerate()
        .any(|(at, first)| *first == needle[0] && bytes[at..].starts_with(needle))
}

#[test]
fn a_turn() {
    let memory = Memory::new();
    memory.forget(&memory.secret_turn());
}

#[test]
fn a_turn_that_is_in_the_main_file_already() {
    let mut memory = Memory::new();
    let path = memory.store.path().to_owned();
    drop(memory.store);
    memory.store = SqliteStore::open(&path, IfMissing::Fail).unwrap();
    memory.forget(&memory.secret_turn());
}

#[test]
fn a_user() {
    let memory = Memory::new();
    memory.forget(&ForgetTarget::User(user("ana")));
}

#[test]
fn a_backup_made_afterwards_holds_nothing_of_it() {
    let memory = Memory::new();
    memory.forget(&memory.secret_turn());
    let copy = memory.folder.path().join("backup.db");
    memory.store.backup(&copy, IfExists::Fail, &|| false).unwrap();
    assert_eq!(memory.left_on_disk(), [""; 0]);
}

#[test]
fn facts_that_were_edited_or_deleted() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    let ana = user("ana");
    let deleted = store.insert_fact(&ana, &fact("has XYLOPHONEQUARTZ", None), None).unwrap();
    let edited = store.insert_fact(&ana, &fact("likes XYLOPHONEQUARTZ", None), None).unwrap();
    store.edit_fact(&ana, edited, "likes tea", &[]).unwrap();
    store.delete_fact(&ana, deleted).unwrap();
    for file in fs_err::read_dir(folder.path()).unwrap() {
        let bytes = fs_err::read(file.unwrap().path()).unwrap();
        for needle in ["XYLOPHONEQUARTZ", "Quartzperson", "quartzperson"] {
            assert!(!contains(&bytes, needle.as_bytes()), "{needle}");
        }
    }
}
