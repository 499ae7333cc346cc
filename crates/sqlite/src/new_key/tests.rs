//! What holds while a store gets another key.

#![cfg(feature = "encryption")]

use std::fs::File;
use std::io::Read;

use longmem_core::Scope;
use longmem_search::Searcher;
use longmem_store::{Turns, Upkeep};

use super::*;
use crate::made_up::{turn, user};

fn key(byte: u8) -> StoreKey {
    StoreKey::new([byte; 32])
}

fn open(path: &Path, key: Option<&StoreKey>) -> Result<SqliteStore, StoreError> {
    let options = StoreOptions::new(IfMissing::Fail).with_key(key.cloned());
    SqliteStore::open_with(path, options)
}

/// A closed store with 100 turns.
fn store_in(folder: &Path, key: Option<&StoreKey>) -> std::path::PathBuf {
    let path = folder.join("memory.db");
    let options = StoreOptions::new(IfMissing::Create).with_key(key.cloned());
    let store = SqliteStore::open_with(&path, options).unwrap();
    let turns: Vec<_> =
        (0..100).map(|number| turn("talk", &format!("lisbon {number}"), number)).collect();
    store.insert_turns(&user("ana"), &turns).unwrap();
    path
}

fn check(path: &Path, key: Option<&StoreKey>) {
    let store = open(path, key).unwrap();
    store.check(&mut |problem| panic!("{problem}")).unwrap();
    let hits = Searcher::default()
        .search_words(&store, &Scope::of(user("ana")), "lisbon", usize::MAX)
        .unwrap();
    assert_eq!(hits.len(), 100);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_store_goes_from_any_key_to_any_other_and_leaves_no_old_byte() {
    let (one, two) = (key(1), key(2));
    for from in [None, Some(&one)] {
        for to in [None, Some(&one), Some(&two)] {
            let folder = tempfile::tempdir().unwrap();
            let path = store_in(folder.path(), from);
            let mut old_file = File::open(&path).unwrap();
            // What a killed process left behind goes, too.
            fs_err::write(folder.path().join("memory.db.partial"), "lisbon").unwrap();
            SqliteStore::change_key(&path, from, to).unwrap();
            assert_eq!(names(folder.path()), ["memory.db"]);
            let mut old = Vec::new();
            old_file.read_to_end(&mut old).unwrap();
            assert!(!old.is_empty() && old.iter().all(|byte| *byte == 0));
            check(&path, to);
            if from != to {
                assert!(open(&path, from).is_err());
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owner_s_and_a_link_stays_one() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = store_in(folder.path(), None);
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    SqliteStore::change_key(&link, None, Some(&key(1))).unwrap();
    assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    check(&link, Some(&key(1)));
}

#[test]
fn a_store_that_is_in_use_keeps_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(folder.path(), Some(&key(1)));
    let other = open(&path, Some(&key(1))).unwrap();
    let change = || change_key(&path, Some(&key(1)), Some(&key(2)), Duration::ZERO, || {});
    assert!(matches!(change(), Err(StoreError::Locked { .. })));
    other.insert_turns(&user("bo"), &[turn("talk", "still there", 0)]).unwrap();
    assert_eq!(other.users().unwrap().len(), 2);
    drop(other);
    change().unwrap();
    assert_eq!(names(folder.path()), ["memory.db"]);
    assert_eq!(open(&path, Some(&key(2))).unwrap().users().unwrap().len(), 2);
}

/// Otherwise it would write into a file that has no name any more.
#[test]
fn who_opened_the_old_file_just_before_cannot_write_into_it() {
    for from in [None, Some(key(1))] {
        let folder = tempfile::tempdir().unwrap();
        let path = store_in(folder.path(), from.as_ref());
        // Opened, and nothing is read of it yet.
        let early = Connection::open(&path).unwrap();
        if let Some(from) = &from {
            early.pragma_update(None, "key", written(from).as_str()).unwrap();
        }
        early.busy_timeout(Duration::ZERO).unwrap();
        let mut found_locked = false;
        let to = key(2);
        change_key(&path, from.as_ref(), Some(&to), Duration::ZERO, || {
            let error = crate::migrations::format_of(&early).err().unwrap();
            found_locked = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        })
        .unwrap();
        assert!(found_locked);
        let error = early.execute_batch("CREATE TABLE t (a)").unwrap_err();
        assert_eq!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase), "{error}");
        check(&path, Some(&to));
    }
}

#[test]
fn a_copy_that_cannot_be_made_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(folder.path(), None);
    let error = SqliteStore::change_key(&path, Some(&key(1)), Some(&key(2))).unwrap_err();
    assert!(matches!(error, StoreError::NotEncrypted(_)), "{error}");
    let missing = folder.path().join("none.db");
    let error = SqliteStore::change_key(&missing, None, Some(&key(2))).unwrap_err();
    assert!(matches!(error, StoreError::Missing(_)), "{error}");
    assert_eq!(names(folder.path()), ["memory.db"]);
    check(&path, None);
}
