//! A file that is no store, or cannot be used, is refused with a reason and left as it was.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use longmem_core::{Diagnose, Fault, Remedy, Scope, TextEmbedder};
use longmem_search::Searcher;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::{EmbeddedTurn, StoreError, Turns, Upkeep, Vectors};
use longmem_test_support::WordHashEmbedder;
use made_up::{turn, user};
use process::{child, store_of_parent};
use rusqlite::Connection;
use tempfile::TempDir;

mod made_up;
mod process;

/// A closed store with some turns, words and vectors.
fn store_in(folder: &Path) -> PathBuf {
    let path = folder.join("memory.db");
    let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
    let embedder = WordHashEmbedder::default();
    store.begin_indexing(embedder.model(), false).unwrap();
    let turns: Vec<_> =
        (0..50).map(|number| turn("talk", &format!("lisbon and oslo, {number}"), number)).collect();
    store.insert_turns(&user("ana"), &turns).unwrap();
    let span = embedder.passages("x").unwrap()[0];
    let vectors: Vec<_> = store
        .queued_turns(None, None, 40)
        .unwrap()
        .into_iter()
        .map(|queued| EmbeddedTurn {
            user: queued.user,
            turn: queued.turn,
            passages: vec![(span, embedder.vector(&queued.text))],
        })
        .collect();
    store.write_vectors(embedder.model(), &vectors, 0).unwrap();
    path
}

/// Opens what must be refused, both ways, and returns why: the message with
/// PATH for the path, and what would help.
/// The file's bytes, if it is one, stay as they were.
fn refusal(path: &Path, fault: Fault) -> (String, Vec<Remedy>) {
    let before = fs_err::read(path).ok();
    let mut texts = Vec::new();
    for if_missing in [IfMissing::Fail, IfMissing::Create] {
        let Err(error) = SqliteStore::open(path, if_missing) else { panic!("it opened") };
        assert_eq!(error.fault(), fault);
        texts.push((
            error.to_string().replace(&path.display().to_string(), "PATH"),
            error.remedies(),
        ));
        assert_eq!(fs_err::read(path).ok(), before);
    }
    assert_eq!(texts[0], texts[1]);
    texts.swap_remove(0)
}

#[test]
fn a_missing_file_is_made_only_when_asked_for() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("new folder").join("memory.db");
    let Err(error) = SqliteStore::open(&path, IfMissing::Fail) else { panic!("it opened") };
    assert_eq!(error.to_string(), format!("there is no memory at {}", path.display()));
    assert_eq!(error.fault(), Fault::Caller);
    assert_eq!(error.remedies(), [Remedy::RememberFirst]);
    assert!(!path.parent().unwrap().exists());
    SqliteStore::open(&path, IfMissing::Create).unwrap();
    SqliteStore::open(&path, IfMissing::Fail).unwrap();
}

#[test]
fn files_of_other_kinds_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("other");
    let zeros = "it begins with zeros, as a file does that was never copied to its end";
    for (content, found) in [
        ("x".to_owned(), "it is not an SQLite file"),
        ("Dear diary, ".repeat(50), "it is not an SQLite file"),
        ("\0".repeat(5000), zeros),
    ] {
        fs_err::write(&path, content).unwrap();
        assert_eq!(
            refusal(&path, Fault::Caller),
            (format!("PATH is not a longmem store: {found}"), vec![Remedy::NameAnotherStore])
        );
    }
    assert_eq!(
        refusal(folder.path(), Fault::Caller),
        ("PATH is not a longmem store: it is a folder".into(), vec![Remedy::NameAnotherStore])
    );
}

#[test]
fn databases_of_other_programs_are_refused() {
    // A journal that stays beside the file, as with PERSIST, must not make it ours.
    for (journal, id) in [("DELETE", 0), ("DELETE", 7), ("WAL", 0), ("PERSIST", 0), ("PERSIST", 7)]
    {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("contacts.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch(&format!(
                "PRAGMA journal_mode = {journal}; PRAGMA application_id = {id};
                 CREATE TABLE users (name); INSERT INTO users VALUES ('them');"
            ))
            .unwrap();
        assert_eq!(
            refusal(&path, Fault::Caller),
            (
                "PATH is not a longmem store: it is an SQLite file of another program".into(),
                vec![Remedy::NameAnotherStore]
            ),
            "{journal}, {id}"
        );
    }
}

#[test]
fn a_file_of_a_newer_longmem_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = store_in(folder.path());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 4711).unwrap();
    let (message, remedies) = refusal(&path, Fault::Caller);
    let known = message.strip_prefix(
        "PATH was written by a newer longmem: its format is 4711, this one knows up to ",
    );
    assert!(known.unwrap().parse::<u32>().unwrap() >= 1, "{message}");
    assert_eq!(remedies, [Remedy::UseNewerVersion]);
}

#[test]
fn a_file_that_was_cut_off_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = store_in(folder.path());
    let whole = fs_err::read(&path).unwrap();
    for length in [100, 4096, whole.len() / 2, whole.len() - 1] {
        fs_err::write(&path, &whole[..length]).unwrap();
        let message =
            format!("PATH is damaged: it has {length} bytes, its header says {}", whole.len());
        assert_eq!(refusal(&path, Fault::Environment), (message, vec![Remedy::RestoreBackup]));
    }
    fs_err::write(&path, &whole[..60]).unwrap();
    assert_eq!(
        refusal(&path, Fault::Caller).0,
        "PATH is not a longmem store: it is not an SQLite file"
    );
}

/// Whichever page is overwritten, something says so, and nothing makes it worse.
#[test]
fn a_damaged_page_is_noticed() {
    const PAGE: usize = 4096;
    let folder = TempDir::new().unwrap();
    let path = store_in(folder.path());
    let whole = fs_err::read(&path).unwrap();
    let named = |error: &StoreError| {
        matches!(error, StoreError::Damaged { .. } | StoreError::DamagedVector(_))
    };
    for page in 1..whole.len() / PAGE {
        let mut damaged = whole.clone();
        damaged[page * PAGE..(page + 1) * PAGE].fill(0x5a);
        fs_err::write(&path, &damaged).unwrap();
        match SqliteStore::open(&path, IfMissing::Fail) {
            Err(error) => assert!(named(&error), "page {page}: {error:?}"),
            Ok(store) => {
                let mut problems = 0;
                match store.check(&mut |_| problems += 1) {
                    Ok(()) => assert_ne!(problems, 0, "page {page}"),
                    Err(error) => assert!(named(&error), "page {page}: {error:?}"),
                }
                let scope = Scope::of(user("ana"));
                let embedder = WordHashEmbedder::default();
                let query = embedder.vector("lisbon");
                let errors = [
                    Searcher::default().search_words(&store, &scope, "lisbon", 9).err(),
                    Searcher::default()
                        .nearest(&store, &scope, (embedder.model(), &query), 9)
                        .err(),
                    store.turns_after(&scope, None, 99).err(),
                    store.stats().err(),
                ];
                for error in errors.into_iter().flatten() {
                    assert!(named(&error), "page {page}: {error:?}");
                }
            }
        }
        assert_eq!(fs_err::read(&path).unwrap(), damaged, "page {page}");
    }
    let mut header = whole;
    header[100..PAGE].fill(0x5a);
    fs_err::write(&path, &header).unwrap();
    assert_eq!(
        refusal(&path, Fault::Environment),
        ("PATH is damaged: database disk image is malformed".into(), vec![Remedy::RestoreBackup])
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notes.txt");
    fs_err::write(&file, "a file where a folder should be").unwrap();
    let Err(error) = SqliteStore::open(file.join("memory.db"), IfMissing::Create) else {
        panic!("it opened")
    };
    assert!(matches!(error, StoreError::ReadOnly { .. }));
    let shown = error.to_string().replace(&file.display().to_string(), "FILE");
    assert!(shown.starts_with("FILE/memory.db cannot be written: "), "{shown}");
}

/// A file system of 3 MB in a name space of its own; where that is not allowed, the test of the
/// same in `src/error.rs` with a limit of SQLite's own has to do.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let folder = TempDir::new().unwrap();
    let small = |then: &str| {
        let mut command = Command::new("unshare");
        let mount = format!("mount -t tmpfs -o size=3m none \"$0\" && {then}");
        command.args(["--map-root-user", "--mount", "sh", "-c", &mount]).arg(folder.path());
        command
    };
    if !small("true").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no file system can be mounted here");
        return;
    }
    let path = folder.path().join("memory.db");
    let inner = child("fills_the_disk", &path);
    let output = small("exec \"$@\"")
        .arg(inner.get_program())
        .args(inner.get_args())
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "run by a_full_disk_loses_nothing_that_was_acknowledged"]
fn fills_the_disk() {
    let Some(path) = store_of_parent() else { return };
    let ballast = path.with_file_name("ballast");
    fs_err::write(&ballast, vec![0; 1 << 20]).unwrap();
    let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
    let (acknowledged, error) = insert_until_it_fails(&store);
    assert!(matches!(error, StoreError::DiskFull(_)), "{error:?}");
    assert_eq!(error.to_string(), format!("the disk that holds {} is full", path.display()));
    assert_eq!(error.fault(), Fault::Environment);
    assert_eq!(error.remedies(), [Remedy::FreeSpace]);
    assert_whole(&store, acknowledged);
    fs_err::remove_file(ballast).unwrap();
    store.insert_turns(&user("ana"), &[turn("talk", "there is space again", 0)]).unwrap();
    assert_whole(&store, acknowledged + 1);
}

#[test]
fn a_limit_on_the_size_of_files_loses_nothing_that_was_acknowledged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("memory.db");
    let inner = child("meets_the_limit", &path);
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(inner.get_program())
        .args(inner.get_args())
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}");
    let acknowledged = printed.lines().find_map(|line| line.strip_prefix("acknowledged "));
    let store = SqliteStore::open(&path, IfMissing::Fail).unwrap();
    assert_whole(&store, acknowledged.unwrap().parse().unwrap());
}

#[test]
#[ignore = "run by a_limit_on_the_size_of_files_loses_nothing_that_was_acknowledged"]
fn meets_the_limit() {
    let Some(path) = store_of_parent() else { return };
    let store = SqliteStore::open(&path, IfMissing::Create).unwrap();
    let (acknowledged, error) = insert_until_it_fails(&store);
    assert_eq!(
        error.to_string(),
        format!("{} cannot be read or written: disk I/O error", path.display())
    );
    assert_eq!(error.fault(), Fault::Environment);
    assert_eq!(error.remedies(), [Remedy::CheckDisk]);
    assert_whole(&store, acknowledged);
    println!("\nacknowledged {acknowledged}");
}

/// Inserts ten turns of 4 kB at a time and returns how many were acknowledged.
fn insert_until_it_fails(store: &SqliteStore) -> (u64, StoreError) {
    let text = "lisbon ".repeat(600);
    let turns: Vec<_> = (0..10).map(|number| turn("talk", &text, number)).collect();
    for batch in 0..200 {
        if let Err(error) = store.insert_turns(&user("ana"), &turns) {
            return (batch * 10, error);
        }
    }
    panic!("8 MB were stored")
}

fn assert_whole(store: &SqliteStore, turns: u64) {
    assert_eq!(store.stats().unwrap().turns, turns);
    assert_eq!(store.waiting(None).unwrap(), turns);
    let hits = Searcher::default()
        .search_words(store, &Scope::of(user("ana")), "lisbon space", usize::MAX)
        .unwrap();
    assert_eq!(hits.len() as u64, turns);
    store.check(&mut |problem| panic!("{problem}")).unwrap();
}
