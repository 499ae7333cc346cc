//! A process that is killed while a store gets another key leaves it with the old one or the new one.

#![cfg(all(unix, feature = "encryption"))]
#![cfg_attr(
    all(unix, feature = "encryption"),
    expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")
)]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use longmem_core::StoreKey;
use longmem_sqlite::{IfMissing, SqliteStore, StoreOptions};
use longmem_store::{StoreError, Turns, Upkeep};
use made_up::{turn, user};
use process::{child, store_of_parent};

mod made_up;
mod process;

const KEYS: [Option<u8>; 3] = [None, Some(1), Some(2)];

fn key(of: Option<u8>) -> Option<StoreKey> {
    of.map(|byte| StoreKey::new([byte; 32]))
}

fn open(path: &Path, of: Option<u8>) -> Result<SqliteStore, StoreError> {
    let options = StoreOptions::new(IfMissing::Fail).with_key(key(of));
    SqliteStore::open_with(path, options)
}

/// The key that the store opens with: exactly one.
fn present(path: &Path) -> Option<u8> {
    let opens: Vec<_> = KEYS.into_iter().filter(|of| open(path, *of).is_ok()).collect();
    assert_eq!(opens.len(), 1, "{opens:?}");
    opens[0]
}

#[test]
#[ignore = "run by the test below in a process of its own"]
fn changes_the_key_until_it_is_killed() {
    let Some(path) = store_of_parent() else { return };
    let mut now = present(&path);
    loop {
        let at = KEYS.iter().position(|of| *of == now).unwrap();
        let next = KEYS[(at + 1) % KEYS.len()];
        SqliteStore::change_key(&path, key(now).as_ref(), key(next).as_ref()).unwrap();
        now = next;
    }
}

#[test]
fn whoever_is_killed_leaves_the_old_key_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
    let turns: Vec<_> =
        (0..300).map(|number| turn("talk", &format!("lisbon {number}"), number)).collect();
    store.insert_turns(&user("ana"), &turns).unwrap();
    drop(store);
    for kill in 0..25_u64 {
        let mut process = child("changes_the_key_until_it_is_killed", &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Some are killed while they begin, most in some step of a change.
        std::thread::sleep(Duration::from_millis(20 + kill * 37 % 400));
        assert!(process.try_wait().unwrap().is_none(), "it changes keys until it is killed");
        process.kill().unwrap();
        process.wait().unwrap();
        let store = open(&path, present(&path)).unwrap();
        store.check(&mut |problem| panic!("{problem}")).unwrap();
        assert_eq!(store.stats().unwrap().turns, 300);
    }
}
