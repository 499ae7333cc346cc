//! A memory in a folder of its own, and what is put into it.

use std::sync::Arc;

use longmem_core::{FixedClock, NewTurn, Role, SessionName, UserName};
use longmem_memory::Memory;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_test_support::WordHashEmbedder;
use tempfile::TempDir;

pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) embedder: Arc<WordHashEmbedder>,
    pub(crate) memory: Memory,
}

pub(crate) fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Arc::new(WordHashEmbedder::default());
    let memory = open(&folder, Arc::clone(&embedder));
    Fixture { folder, embedder, memory }
}

pub(crate) fn open(folder: &TempDir, embedder: Arc<WordHashEmbedder>) -> Memory {
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    let clock = FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
    Memory::new(Arc::new(store), embedder, Arc::new(clock))
}

pub(crate) fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

pub(crate) fn turn(text: &str) -> NewTurn {
    NewTurn {
        session: SessionName::new("notes").unwrap(),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: text.to_owned(),
        time: "2026-03-02T10:00:00Z".parse().unwrap(),
        note: false,
        source_key: None,
    }
}

pub(crate) fn turns(count: usize) -> Vec<NewTurn> {
    (0..count).map(|n| turn(&format!("number {n} of many"))).collect()
}
