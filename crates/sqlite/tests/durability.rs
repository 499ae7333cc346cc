//! What was acknowledged survives a kill, and processes that share a file lose nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use longmem_core::{NewTurn, Scope, SourceKey, TextEmbedder, TurnId};
use longmem_search::Searcher;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::{EmbeddedTurn, IndexShare, Turns, Upkeep, Vectors};
use longmem_test_support::WordHashEmbedder;
use made_up::{turn, user};
use process::{child, store_of_parent};
use tempfile::TempDir;

mod made_up;
mod process;

const MARK: &str = "acknowledged ";

/// Turns that a writer of this name inserts, each with a key of its own.
fn turns_of(writer: &str, first: usize, count: usize) -> Vec<NewTurn> {
    (first..first + count)
        .map(|number| NewTurn {
            source_key: Some(SourceKey(format!("{writer} {number}"))),
            ..turn("talk", &format!("lisbon {writer} {number}"), number as i64)
        })
        .collect()
}

/// Gives vectors to some of the turns that wait, as far as nobody else does.
fn index(store: &SqliteStore, limit: usize) {
    let Some(_lock) = store.lock_index(IndexShare::Alone, false).unwrap() else { return };
    let embedder = WordHashEmbedder::default();
    store.begin_indexing(embedder.model(), false).unwrap();
    let with_vectors: Vec<EmbeddedTurn> = store
        .queued_turns(None, None, limit)
        .unwrap()
        .into_iter()
        .map(|queued| EmbeddedTurn {
            user: queued.user,
            turn: queued.turn,
            passages: vec![(
                embedder.passages(&queued.text).unwrap()[0],
                embedder.vector(&queued.text),
            )],
        })
        .collect();
    store.write_vectors(embedder.model(), &with_vectors, 0).unwrap();
}

fn near(store: &SqliteStore) -> Vec<TurnId> {
    let embedder = WordHashEmbedder::default();
    let query = embedder.vector("lisbon");
    let scope = Scope::of(user("ana"));
    let hits =
        Searcher::default().nearest(store, &scope, (embedder.model(), &query), usize::MAX).unwrap();
    hits.into_iter().map(|hit| hit.turn).collect()
}

/// Every turn is there once, found by words, and has a vector or waits for one; nothing is damaged.
fn assert_whole(store: &SqliteStore) -> HashSet<TurnId> {
    store.check(&mut |problem| panic!("{problem}")).unwrap();
    let scope = Scope::of(user("ana"));
    let all = store.turns_after(&scope, None, usize::MAX).unwrap();
    let keys: HashSet<&str> = all.iter().map(|stored| stored.source_key.0.as_str()).collect();
    assert_eq!(keys.len(), all.len(), "a turn was stored twice");
    let ids: HashSet<TurnId> = all.iter().map(|stored| stored.turn.id).collect();
    let words = Searcher::default().search_words(store, &scope, "lisbon", usize::MAX).unwrap();
    assert_eq!(words.iter().map(|hit| hit.turn).collect::<HashSet<_>>(), ids);
    let waiting = store.queued_turns(None, None, usize::MAX).unwrap();
    let indexed = near(store);
    assert_eq!(indexed.len() + waiting.len(), ids.len());
    let either = indexed.into_iter().chain(waiting.iter().map(|queued| queued.turn));
    assert_eq!(either.collect::<HashSet<_>>(), ids);
    ids
}

/// A kill comes after a number of acknowledgements and some more milliseconds, each time others.
#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("memory.db");
    let mut acknowledged = HashSet::new();
    for round in 0..10_u64 {
        let mut writer =
            child("writes_until_it_is_killed", &path).stdout(Stdio::piped()).spawn().unwrap();
        let mut printed = BufReader::new(writer.stdout.take().unwrap());
        let mut line = String::new();
        for _ in 0..round * 7 % 11 {
            line.clear();
            printed.read_line(&mut line).unwrap();
            acknowledged.extend(acknowledgement(&line));
        }
        std::thread::sleep(Duration::from_millis(round * 13 % 29));
        writer.kill().unwrap();
        writer.wait().unwrap();
        line.clear();
        printed.read_to_string(&mut line).unwrap();
        // A last line without its end was cut by the kill.
        acknowledged.extend(line.split_inclusive('\n').filter_map(acknowledgement));
        let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
        let ids = assert_whole(&store);
        assert!(acknowledged.is_subset(&ids), "round {round}");
    }
    assert!(acknowledged.len() > 10, "only {acknowledged:?}");
}

fn acknowledgement(line: &str) -> Option<TurnId> {
    line.strip_prefix(MARK)?.strip_suffix('\n')?.parse().ok().map(TurnId)
}

/// Begins with the same turns each time, as an import that is run again.
#[test]
#[ignore = "run by a_killed_process_loses_nothing_that_it_acknowledged"]
fn writes_until_it_is_killed() {
    let Some(path) = store_of_parent() else { return };
    let store = SqliteStore::open(path, IfMissing::Create).unwrap();
    println!();
    for batch in 0.. {
        let turns = turns_of("import", batch * 3, 1 + batch % 3);
        for inserted in store.insert_turns(&user("ana"), &turns).unwrap() {
            println!("{MARK}{}", inserted.id);
        }
        if batch % 4 == 0 {
            index(&store, 5);
        }
    }
}

fn spawned(test: &str, path: &Path, count: usize) -> Vec<Child> {
    (0..count)
        .map(|number| {
            let mut command = child(test, path);
            command.env("LONGMEM_TEST_NAME", format!("writer {number}"));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect()
}

fn assert_succeeded(child: Child) {
    let output = child.wait_with_output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&printed));
}

#[test]
fn two_processes_write_while_a_third_reads() {
    const TURNS: usize = 2 * 60 * 3;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("memory.db");
    let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
    let mut writers = spawned("writes_its_share", &path, 2);
    let mut before = (0, 0, 0);
    while before.0 < TURNS && writers.iter_mut().any(|w| w.try_wait().unwrap().is_none()) {
        let scope = Scope::of(user("ana"));
        let now = (
            store.turns_after(&scope, None, usize::MAX).unwrap().len(),
            Searcher::default().search_words(&store, &scope, "lisbon", usize::MAX).unwrap().len(),
            near(&store).len(),
        );
        assert!(now.0 >= before.0 && now.1 >= before.1 && now.2 >= before.2, "{before:?} {now:?}");
        assert!(now.0 <= now.1, "words come with their turn");
        before = now;
    }
    writers.into_iter().for_each(assert_succeeded);
    index(&store, usize::MAX);
    assert_eq!(assert_whole(&store).len(), TURNS);
    assert_eq!(near(&store).len(), TURNS);
}

#[test]
#[ignore = "run by two_processes_write_while_a_third_reads"]
fn writes_its_share() {
    let Some(path) = store_of_parent() else { return };
    let name = std::env::var("LONGMEM_TEST_NAME").unwrap();
    let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
    for batch in 0..60 {
        let turns = turns_of(&name, batch * 3, 3);
        let inserted = store.insert_turns(&user("ana"), &turns).unwrap();
        assert!(inserted.iter().all(|inserted| inserted.new));
        index(&store, 4);
    }
}

#[test]
fn eight_processes_make_the_same_store_at_once() {
    for _ in 0..3 {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("memory.db");
        let makers = spawned("makes_the_store", &path, 8);
        // Starting eight takes a while; the folder's sign lets them go together.
        std::thread::sleep(Duration::from_millis(100));
        fs_err::write(folder.path().join("go"), "").unwrap();
        makers.into_iter().for_each(assert_succeeded);
        let store = SqliteStore::open(&path, IfMissing::Fail).unwrap();
        assert_eq!(assert_whole(&store).len(), 8);
    }
}

#[test]
#[ignore = "run by eight_processes_make_the_same_store_at_once"]
fn makes_the_store() {
    let Some(path) = store_of_parent() else { return };
    let name = std::env::var("LONGMEM_TEST_NAME").unwrap();
    while !path.with_file_name("go").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let store = SqliteStore::open(path, IfMissing::Create).unwrap();
    store.insert_turns(&user("ana"), &turns_of(&name, 0, 1)).unwrap();
}

/// Opening reads the header, and who closes a file loses all locks of its process on it. Then the
/// next process to close the store takes itself for the last one; it must not delete the log.
#[test]
fn a_store_that_is_opened_twice_in_one_process_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("memory.db");
    let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
    store.insert_turns(&user("ana"), &turns_of("first", 0, 1)).unwrap();
    drop(SqliteStore::open(&path, IfMissing::Fail).unwrap());
    spawned("writes_its_share", &path, 1).into_iter().for_each(assert_succeeded);
    store.insert_turns(&user("ana"), &turns_of("second", 0, 1)).unwrap();
    spawned("counts_182_turns", &path, 1).into_iter().for_each(assert_succeeded);
    assert_eq!(assert_whole(&store).len(), 182);
}

#[test]
#[ignore = "run by a_store_that_is_opened_twice_in_one_process_loses_nothing"]
fn counts_182_turns() {
    let Some(path) = store_of_parent() else { return };
    let store = SqliteStore::open(path, IfMissing::Fail).unwrap();
    assert_eq!(assert_whole(&store).len(), 182);
}

/// SQLite's lock on the file keeps other processes from deleting the log; closing the file anywhere in the
/// process would drop it.
#[cfg(target_os = "linux")]
#[test]
fn whoever_looks_at_an_open_store_leaves_its_lock() {
    use std::os::unix::fs::MetadataExt;

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("memory.db");
    let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
    store.insert_turns(&user("ana"), &turns_of("first", 0, 1)).unwrap();
    let of_the_file = format!(":{} ", fs_err::metadata(&path).unwrap().ino());
    let is_locked = || fs_err::read_to_string("/proc/locks").unwrap().contains(&of_the_file);
    assert!(is_locked());
    let looks: [(&str, &dyn Fn()); 5] = [
        ("opens it", &|| drop(SqliteStore::open(&path, IfMissing::Fail).unwrap())),
        ("makes it", &|| drop(SqliteStore::open(&path, IfMissing::Create).unwrap())),
        ("asks whether it is plain", &|| assert!(SqliteStore::is_plain(&path).unwrap())),
        ("asks what can be saved", &|| {
            assert_eq!(longmem_sqlite::readable_turns(&path).unwrap().turns, 1);
        }),
        ("saves it", &|| {
            longmem_sqlite::salvage(&path, &folder.path().join("saved.db")).unwrap();
        }),
    ];
    for (name, look) in looks {
        look();
        assert!(is_locked(), "not after somebody {name}");
    }
    drop(store);
    assert!(!is_locked());
}
