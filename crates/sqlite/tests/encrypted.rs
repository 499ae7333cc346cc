//! A store that is encrypted with a key, with the cargo feature and without it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use longmem_core::{Diagnose, Fault, Remedy, StoreKey};
use longmem_sqlite::{IfMissing, SqliteStore, StoreOptions};
use longmem_store::StoreError;

#[cfg(feature = "encryption")]
mod made_up;

fn key(byte: u8) -> StoreKey {
    StoreKey::new([byte; 32])
}

fn open(path: &Path, key: Option<StoreKey>) -> Result<SqliteStore, StoreError> {
    SqliteStore::open_with(path, StoreOptions::new(IfMissing::Create).with_key(key))
}

#[cfg(not(feature = "encryption"))]
#[test]
fn a_program_without_encryption_refuses_a_key_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/memory.db");
    let plain = folder.path().join("plain.db");
    drop(open(&plain, None).unwrap());
    for path in [&path, &plain] {
        let error = open(path, Some(key(1))).err().unwrap();
        assert!(matches!(error, StoreError::NoEncryption(_)), "{error}");
        assert!(error.to_string().contains("the cargo feature \"encryption\""), "{error}");
        assert_eq!(error.remedies(), [Remedy::BuildWithEncryption]);
        let error = SqliteStore::change_key(path, None, Some(&key(1))).err().unwrap();
        assert!(matches!(error, StoreError::NoEncryption(_)), "{error}");
    }
    assert!(!path.parent().unwrap().exists());
    assert!(SqliteStore::is_plain(&plain).unwrap());
}

/// A file of bytes as random as encrypted ones.
fn noise(path: &Path) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(40_960)
    .collect();
    fs_err::write(path, bytes).unwrap();
}

/// Opens what must be refused and returns why; the file stays as it was, and nothing comes beside it.
fn refusal(path: &Path, key: Option<StoreKey>) -> StoreError {
    let names = || {
        let entries = fs_err::read_dir(path.parent().unwrap()).unwrap();
        let mut names: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    };
    let before = (fs_err::read(path).unwrap(), names());
    let error = open(path, key).err().unwrap();
    assert_eq!(before, (fs_err::read(path).unwrap(), names()), "{error}");
    error
}

#[test]
fn a_file_of_noise_without_a_key_needs_one_or_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    noise(&path);
    let error = refusal(&path, None);
    assert!(matches!(error, StoreError::KeyNeeded(_)), "{error}");
    assert!(error.to_string().contains("encrypted, or no longmem store"), "{error}");
    assert_eq!((error.fault(), error.remedies()), (Fault::Caller, vec![Remedy::GiveStoreKey]));
    assert!(!error.is_unavailable(), "waiting does not change it");
}

#[cfg(feature = "encryption")]
mod with_encryption {
    use longmem_core::Scope;
    use longmem_core::private_files::IfExists;
    use longmem_search::Searcher;
    use longmem_store::{Turns, Upkeep};

    use super::made_up::{turn, user};
    use super::*;

    const SECRETS: [&str; 4] = ["lisbon", "secretuser", "secretsession", "SecretTitle"];

    /// A store with words that may stand nowhere in its files.
    fn store_in(folder: &Path, key: Option<StoreKey>) -> (PathBuf, SqliteStore) {
        let path = folder.join("memory.db");
        let store = open(&path, key).unwrap();
        tell(&store, 0..50);
        (path, store)
    }

    fn tell(store: &SqliteStore, numbers: std::ops::Range<usize>) {
        let turns: Vec<_> = numbers
            .map(|number| {
                let mut turn = turn("secretsession", &format!("lisbon {number}"), number as i64);
                turn.session_title = Some("SecretTitle".to_owned());
                turn
            })
            .collect();
        store.insert_turns(&user("secretuser"), &turns).unwrap();
    }

    fn turns_in(path: &Path, key: Option<StoreKey>) -> usize {
        let store = open(path, key).unwrap();
        store.check(&mut |problem| panic!("{problem}")).unwrap();
        let scope = Scope::of(user("secretuser"));
        Searcher::default().search_words(&store, &scope, "lisbon", 10_000).unwrap().len()
    }

    /// The secrets that stand in any file of a folder.
    fn told(folder: &Path) -> Vec<String> {
        let mut told = Vec::new();
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs_err::read(&path).unwrap();
            for secret in SECRETS {
                if bytes.windows(secret.len()).any(|part| part == secret.as_bytes()) {
                    told.push(format!("{secret} in {}", path.display()));
                }
            }
        }
        told
    }

    #[test]
    fn no_word_stands_in_the_file_its_log_or_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (path, store) = store_in(folder.path(), Some(key(1)));
        let log = fs_err::metadata(path.with_extension("db-wal")).unwrap().len();
        assert!(log > 4096, "the log holds what was written");
        assert_eq!(told(folder.path()), [""; 0]);
        let copy = folder.path().join("copy.db");
        store.backup(&copy, IfExists::Fail, &|| false).unwrap();
        assert_eq!(told(folder.path()), [""; 0]);
        drop(store);
        assert_eq!(told(folder.path()), [""; 0]);
        assert_eq!(turns_in(&copy, Some(key(1))), 50);
        assert!(matches!(refusal(&copy, None), StoreError::KeyNeeded(_)));
        assert!(matches!(refusal(&copy, Some(key(2))), StoreError::WrongKey(_)));
    }

    /// The other tests would pass, too, if the words were never written as they are.
    #[test]
    fn the_words_stand_in_a_plain_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, store) = store_in(folder.path(), None);
        drop(store);
        assert_eq!(told(folder.path()).len(), SECRETS.len());
        assert!(SqliteStore::is_plain(&path).unwrap());
    }

    #[test]
    fn a_file_opens_with_its_key_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (path, store) = store_in(folder.path(), Some(key(1)));
        drop(store);
        assert_eq!(turns_in(&path, Some(key(1))), 50);
        assert!(matches!(refusal(&path, None), StoreError::KeyNeeded(_)));
        let error = refusal(&path, Some(key(2)));
        assert!(matches!(error, StoreError::WrongKey(_)), "{error}");
        assert_eq!(error.remedies(), [Remedy::ReplaceStoreKey]);
        assert!(!error.is_unavailable(), "waiting does not change it");
        assert_eq!(turns_in(&path, Some(key(1))), 50);
    }

    #[test]
    fn a_plain_file_is_not_opened_with_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let (path, store) = store_in(folder.path(), None);
        drop(store);
        let error = refusal(&path, Some(key(1)));
        assert!(matches!(error, StoreError::NotEncrypted(_)), "{error}");
        assert_eq!(error.remedies(), [Remedy::EncryptStore]);
        assert_eq!(turns_in(&path, None), 50);
    }

    #[test]
    fn what_is_no_store_is_told_from_one_as_far_as_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.db");
        noise(&path);
        assert!(matches!(refusal(&path, Some(key(1))), StoreError::WrongKey(_)));
        for content in [&b"Dear diary"[..], &[b'a'; 10_000], &[0; 8192]] {
            fs_err::write(&path, content).unwrap();
            let error = refusal(&path, Some(key(1)));
            assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
        }
        let other = rusqlite::Connection::open(folder.path().join("other.db")).unwrap();
        other.execute_batch("CREATE TABLE t (a)").unwrap();
        drop(other);
        let error = refusal(&folder.path().join("other.db"), Some(key(1)));
        assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
    }

    #[test]
    fn a_damaged_page_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, store) = store_in(folder.path(), Some(key(1)));
        drop(store);
        let whole = fs_err::read(&path).unwrap();
        let mut damaged = whole.clone();
        // One bit of every page but the first.
        for page in 1..damaged.len() / 4096 {
            damaged[page * 4096 + 100] ^= 1;
        }
        fs_err::write(&path, &damaged).unwrap();
        let found = open(&path, Some(key(1))).and_then(|store| {
            let mut problems = Vec::new();
            store.check(&mut |problem| problems.push(problem))?;
            Ok(problems)
        });
        match found {
            Ok(problems) => assert!(!problems.is_empty()),
            Err(error) => assert!(matches!(error, StoreError::Damaged { .. }), "{error}"),
        }
        // The beginning cannot be told from one that was written with another key.
        let mut damaged = whole;
        damaged[2000] ^= 1;
        fs_err::write(&path, &damaged).unwrap();
        let error = refusal(&path, Some(key(1)));
        assert!(error.to_string().contains("its beginning is damaged"), "{error}");
    }

    #[test]
    fn a_log_that_a_killed_process_left_survives_a_wrong_key() {
        let folder = tempfile::tempdir().unwrap();
        let (path, store) = store_in(folder.path(), Some(key(1)));
        // As a killed process leaves them.
        let left = folder.path().join("left");
        fs_err::create_dir(&left).unwrap();
        for suffix in ["", "-wal"] {
            let name = format!("memory.db{suffix}");
            fs_err::copy(folder.path().join(&name), left.join(&name)).unwrap();
        }
        drop(store);
        let left = left.join("memory.db");
        let log = fs_err::read(left.with_extension("db-wal")).unwrap();
        assert!(matches!(open(&left, Some(key(2))), Err(StoreError::WrongKey(_))));
        assert!(matches!(open(&left, None), Err(StoreError::KeyNeeded(_))));
        assert_eq!(fs_err::read(left.with_extension("db-wal")).unwrap(), log);
        assert_eq!(turns_in(&left, Some(key(1))), 50);
        assert_eq!(turns_in(&path, Some(key(1))), 50);
    }
}
