//! Who may read a store's files, and what is refused before SQLite could harm it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use longmem_core::private_files::IfExists;
use longmem_core::{Diagnose, ErrorCode, Fault, Remedy};
use longmem_sqlite::{IfMissing, OpeningNotice, SqliteStore, salvage};
use longmem_store::{IndexShare, StoreError, Turns, Upkeep, Vectors};
use made_up::{turn, user};
use tempfile::TempDir;

mod made_up;

fn mode(path: &Path) -> u32 {
    fs_err::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs_err::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// The names and modes of what a folder holds.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mut modes: Vec<_> = fs_err::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), mode(&path)))
        .collect();
    modes.sort();
    modes
}

/// Opens a store and writes into it.
fn written(path: &Path) -> SqliteStore {
    let store = SqliteStore::open(path, IfMissing::Create).unwrap();
    store.insert_turns(&user("ana"), &[turn("talk", "lisbon", 0)]).unwrap();
    store
}

fn refused(path: &Path, if_missing: IfMissing) -> StoreError {
    match SqliteStore::open(path, if_missing) {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[test]
fn a_new_store_and_what_stands_beside_it_are_its_owners() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("new").join("memory.db");
    let store = written(&path);
    let _lock = store.lock_index(IndexShare::Alone, false).unwrap();
    let copy = path.with_file_name("copy.db");
    store.backup(&copy, IfExists::Fail, &|| false).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let expected =
        ["copy.db", "memory.db", "memory.db-index.lock", "memory.db-shm", "memory.db-wal"];
    assert_eq!(modes(path.parent().unwrap()), expected.map(|name| (name.to_owned(), 0o600)));
    assert_eq!(store.notices(), [OpeningNotice::Made { path: path.clone() }]);
}

#[test]
fn a_store_that_others_could_read_is_narrowed_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("memory.db");
    let other = written(&path);
    for file in ["memory.db", "memory.db-wal", "memory.db-shm"] {
        set_mode(&folder.path().join(file), 0o644);
    }
    let store = SqliteStore::open(&path, IfMissing::Fail).unwrap();
    assert_eq!(store.notices(), [OpeningNotice::Narrowed { path: path.clone(), mode: 0o644 }]);
    assert!(modes(folder.path()).iter().all(|(_, mode)| *mode == 0o600));
    drop((store, other));
    assert_eq!(SqliteStore::open(&path, IfMissing::Fail).unwrap().notices(), []);
}

#[test]
fn a_group_shares_a_store_in_a_folder_that_was_made_for_it() {
    let folder = TempDir::new().unwrap();
    set_mode(folder.path(), 0o2770);
    let path = folder.path().join("memory.db");
    drop(written(&path));
    set_mode(&path, 0o660);
    let store = written(&path);
    assert_eq!(store.notices(), []);
    assert!(
        modes(folder.path()).iter().all(|(_, mode)| *mode == 0o660),
        "{:?}",
        modes(folder.path())
    );
}

#[test]
fn an_empty_file_is_no_memory_until_somebody_writes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("memory.db");
    for left in ["", "\0\0\0\0"] {
        fs_err::write(&path, left).unwrap();
        // As after a process that died while it made the file.
        if !left.is_empty() {
            fs_err::write(folder.path().join("memory.db-journal"), "").unwrap();
        }
        let error = refused(&path, IfMissing::Fail);
        assert_eq!(
            error.to_string(),
            format!("there is no memory in {}: the file is empty", path.display())
        );
        assert_eq!((error.code(), error.fault()), (ErrorCode::NoStore, Fault::Caller));
        assert_eq!(error.remedies(), [Remedy::RememberFirst]);
        assert_eq!(fs_err::read(&path).unwrap(), left.as_bytes());
    }
    fs_err::write(&path, "").unwrap();
    assert_eq!(written(&path).stats().unwrap().turns, 1);
}

/// SQLite would delete the log of a file that is not there, and all turns in it.
#[test]
fn a_log_without_its_store_is_kept() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("memory.db");
    let store = written(&path);
    let log = folder.path().join("memory.db-wal");
    let bytes = fs_err::read(&log).unwrap();
    let moved = folder.path().join("moved.db");
    fs_err::rename(&path, &moved).unwrap();
    drop(store);
    fs_err::write(&log, &bytes).unwrap();
    for content in [None, Some("")] {
        if let Some(content) = content {
            fs_err::write(&path, content).unwrap();
        }
        for if_missing in [IfMissing::Create, IfMissing::Fail] {
            let error = refused(&path, if_missing);
            assert_eq!(error.code(), ErrorCode::DamagedStore, "{error}");
            assert_eq!(error.remedies(), [Remedy::BringBackStore]);
            assert_eq!(fs_err::read(&log).unwrap(), bytes);
        }
    }
    fs_err::rename(&moved, &path).unwrap();
    let store = SqliteStore::open(&path, IfMissing::Fail).unwrap();
    assert_eq!(store.stats().unwrap().turns, 1);
}

#[test]
fn a_file_with_two_names_is_refused_until_it_has_one() {
    let folder = TempDir::new().unwrap();
    let (path, other) = (folder.path().join("memory.db"), folder.path().join("other.db"));
    drop(written(&path));
    fs_err::hard_link(&path, &other).unwrap();
    for name in [&path, &other] {
        let error = refused(name, IfMissing::Create);
        assert!(matches!(&error, StoreError::SeveralNames { names: 2, .. }), "{error}");
        assert_eq!((error.fault(), error.remedies()), (Fault::Caller, vec![Remedy::KeepOneName]));
    }
    fs_err::remove_file(other).unwrap();
    assert_eq!(written(&path).stats().unwrap().turns, 2);
}

/// A link is another name of the same file, and its companions stand beside the file.
#[test]
fn links_lead_to_one_store() {
    let folder = TempDir::new().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link.db"));
    fs_err::create_dir(&real).unwrap();
    symlink("real/memory.db", &link).unwrap();
    let through_link = written(&link);
    let path = real.join("memory.db").canonicalize().unwrap();
    let direct = written(&path);
    assert_eq!(direct.stats().unwrap().turns, 2);
    let lock = through_link.lock_index(IndexShare::Alone, false).unwrap();
    assert!(lock.is_some() && direct.lock_index(IndexShare::Alone, false).unwrap().is_none());
    assert_eq!(modes(folder.path()).len(), 2, "{:?}", modes(folder.path()));
}

#[test]
fn what_is_neither_file_nor_folder_is_refused_at_once() {
    let folder = TempDir::new().unwrap();
    let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _listener = UnixListener::bind(&socket).unwrap();
    let devices = ["/dev/null", "/dev/full", "/dev/zero"].map(PathBuf::from);
    let others = [(pipe, "a named pipe"), (socket, "a socket")];
    for (path, kind) in others.into_iter().chain(devices.map(|device| (device, "a device"))) {
        for if_missing in [IfMissing::Create, IfMissing::Fail] {
            let error = refused(&path, if_missing);
            let expected = format!("{} is not a longmem store: it is {kind}", path.display());
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.remedies(), [Remedy::NameAnotherStore]);
        }
        let error = salvage(&path, &folder.path().join("saved.db")).unwrap_err();
        assert!(error.to_string().ends_with(&format!("it is {kind}")), "{error}");
    }
}

#[test]
fn a_copy_appears_when_it_is_whole() {
    let folder = TempDir::new().unwrap();
    let store = written(&folder.path().join("memory.db"));
    let copies = TempDir::new().unwrap();
    let copy = copies.path().join("copy.db");
    let names = || modes(copies.path()).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    // What a killed process left is replaced.
    fs_err::write(copies.path().join("copy.db.partial"), vec![7; 9000]).unwrap();
    fs_err::write(copies.path().join("copy.db.partial-journal"), vec![7; 900]).unwrap();
    store.backup(&copy, IfExists::Fail, &|| false).unwrap();
    assert_eq!(names(), ["copy.db"]);
    let turns =
        |path: &Path| SqliteStore::open(path, IfMissing::Fail).unwrap().stats().unwrap().turns;
    assert_eq!(turns(&copy), 1);
    // What is there stays, or is replaced by what is newer.
    store.insert_turns(&user("ana"), &[turn("talk", "oslo", 1)]).unwrap();
    let error = store.backup(&copy, IfExists::Fail, &|| false).unwrap_err();
    assert_eq!(error.code(), ErrorCode::FileFailed);
    assert_eq!(turns(&copy), 1);
    store.backup(&copy, IfExists::Replace, &|| false).unwrap();
    assert_eq!((turns(&copy), mode(&copy)), (2, 0o600));
    assert_eq!(names(), ["copy.db"]);
}

#[test]
fn a_copy_that_is_stopped_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    let turns: Vec<_> = (0..20_000).map(|n| turn("talk", &format!("word{n} {n}"), n)).collect();
    store.insert_turns(&user("ana"), &turns).unwrap();
    let copies = TempDir::new().unwrap();
    let copy = copies.path().join("copy.db");
    let error = store.backup(&copy, IfExists::Fail, &|| true).unwrap_err();
    assert!(matches!(error, StoreError::Stopped), "{error}");
    assert!(modes(copies.path()).is_empty(), "{:?}", modes(copies.path()));
    store.backup(&copy, IfExists::Fail, &|| false).unwrap();
}

/// The name of a copy need not be UTF-8, and neither need the store's.
#[cfg(target_os = "linux")]
#[test]
fn any_name_will_do() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = TempDir::new().unwrap();
    let path = folder.path().join(OsStr::from_bytes(b"m\xff %?#'.db"));
    let store = written(&path);
    let copy = folder.path().join(OsStr::from_bytes(b"c\xfe ?'.db"));
    store.backup(&copy, IfExists::Fail, &|| false).unwrap();
    assert_eq!(SqliteStore::open(&copy, IfMissing::Fail).unwrap().stats().unwrap().turns, 1);
}
