//! Whatever happened to a memory, PostgreSQL answers as SQLite does, bit for bit.
//!
//! Random histories are played on a store of each kind, side by side. After each step, everything that
//! a store can be asked is asked of both. `PROPTEST_CASES` says how many histories there are.

mod ask;
mod made_up;
mod play;
mod steps;

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use self::ask::{answers, everything};
use self::made_up::model;
use self::play::play;
use self::steps::{Question, Step, histories};
use crate::fixture::InDatabase;
use longmem_core::UserName;
use longmem_search::{Epoch, Searcher};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::suite::Fixture;
use longmem_store::{ForgetTarget, Store};
use proptest::prelude::*;

/// Names numbers of facts, sessions and summaries in the order in which they are met: a sequence does
/// not take a number back when its transaction is, so those of PostgreSQL may have gaps where those of
/// SQLite have none. Numbers of turns are the same.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    /// The text with names in the place of numbers.
    fn put_into(&mut self, text: &str) -> String {
        let mut named = String::with_capacity(text.len());
        let mut rest = text;
        let kinds = ["FactId(", "SessionNumber(", "SummaryId("];
        while let Some(start) = kinds.iter().filter_map(|kind| rest.find(kind)).min() {
            let end = start + rest[start..].find(')').unwrap();
            let count = self.0.len();
            let name = self.0.entry(rest[start..end].to_owned()).or_insert(count);
            write!(named, "{}#{name}", &rest[..start]).unwrap();
            rest = &rest[end + 1..];
        }
        named + rest
    }
}

/// A store of each kind, and what searches keep of them in memory.
struct Both {
    _folder: tempfile::TempDir,
    database: InDatabase,
    stores: [Arc<dyn Store>; 2],
    searchers: [Searcher; 2],
    names: [Names; 2],
}

impl Both {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let database = InDatabase::new();
        let stores = [Arc::new(sqlite) as Arc<dyn Store>, database.store()];
        for store in &stores {
            store.begin_indexing(&model(), false).unwrap();
        }
        Self {
            _folder: folder,
            database,
            stores,
            searchers: Default::default(),
            names: Default::default(),
        }
    }

    /// Does to both what happens, with the same outcome.
    fn play(&mut self, user: &UserName, step: &Step) {
        if matches!(step, Step::Reopen) {
            self.stores[1] = self.database.opened_again();
            self.searchers = Default::default();
            return;
        }
        let before = self.stores.each_ref().map(|store| store.epoch(user).unwrap());
        let outcomes = self.stores.each_ref().map(|store| play(&**store, user, step));
        let [sqlite, postgres] = self.named(&outcomes);
        assert_eq!(postgres, sqlite, "the outcome of {step:?}");
        let after = self.stores.each_ref().map(|store| store.epoch(user).unwrap());
        assert_eq!(before[1] == after[1], before[0] == after[0], "the epoch at {step:?}");
        assert_eq!(after[1] == Epoch(0), after[0] == Epoch(0), "the epoch after {step:?}");
    }

    /// Asks both everything.
    fn compare(&mut self, user: &UserName, question: &Question) {
        let [sqlite, postgres] = self.stores.each_ref().map(|store| everything(&**store, user));
        for (expected, found) in sqlite.into_iter().zip(postgres) {
            let [expected, found] = self.named(&[expected, found]);
            assert_eq!(found, expected);
        }
        let found =
            [0, 1].map(|kind| answers(&*self.stores[kind], &self.searchers[kind], user, question));
        let [sqlite, postgres] = self.named(&found);
        assert_eq!(postgres, sqlite, "{question:?}");
    }

    fn named(&mut self, texts: &[String; 2]) -> [String; 2] {
        [0, 1].map(|kind| self.names[kind].put_into(&texts[kind]))
    }
}

#[test]
fn postgresql_answers_as_sqlite_does() {
    if !InDatabase::can_be() {
        return;
    }
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::with_cases(cases.unwrap_or(16))
    };
    // Making a database takes longer than a history, so each history has users of its own.
    let both = Mutex::new(Both::new());
    let number = AtomicUsize::new(0);
    proptest!(config, |((first, history) in histories())| {
        let mut both = both.lock().unwrap_or_else(PoisonError::into_inner);
        let number = number.fetch_add(1, Ordering::Relaxed);
        both.names = Default::default();
        let user = UserName::new(format!("ana {number}")).unwrap();
        if let Some(first) = first {
            both.play(&user, &first);
        }
        for (step, question) in history {
            both.play(&user, &step);
            both.compare(&user, &question);
        }
        for store in &both.stores {
            store.check(&mut |problem| panic!("{problem}")).unwrap();
            let _ = store.forget(&ForgetTarget::User(user.clone()));
        }
    });
}
