//! A store that an account may read and not write is read, and nothing is left beside it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(unix)]

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use longmem_core::private_files::IfExists;
use longmem_core::{Diagnose, Fault, Remedy, Scope};
use longmem_search::Searcher;
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::{IndexShare, StoreError, Turns, Upkeep, Vectors};
use made_up::{turn, user};
use process::{child, store_of_parent};
use tempfile::TempDir;

mod made_up;
mod process;

const NOBODY: u32 = 65_534;

/// A folder with a store that belongs to an account that is not the administrator, who may write
/// anywhere.
struct Place {
    folder: TempDir,
    is_root: bool,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let is_root = fs_err::metadata(folder.path()).unwrap().uid() == 0;
        let place = Self { folder, is_root };
        fs_err::create_dir(place.path("place")).unwrap();
        set_mode(place.folder.path(), 0o755);
        let program = std::env::current_exe().unwrap();
        fs_err::copy(program, place.path("program")).unwrap();
        let store = SqliteStore::open(place.store(), IfMissing::Create).unwrap();
        let turns: Vec<_> =
            (0..50).map(|number| turn("talk", &format!("lisbon {number}"), number)).collect();
        store.insert_turns(&user("ana"), &turns).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("place/memory.db")
    }

    /// What another account prints that opens the file with these modes of the file and its folder.
    fn tried(&self, opened: &Path, file_mode: u32, folder_mode: u32) -> String {
        let folder = self.path("place");
        for file in fs_err::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            if self.is_root {
                chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            set_mode(&path, file_mode);
        }
        if self.is_root {
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        set_mode(&folder, folder_mode);
        let inner = child("prints_what_can_be_done", opened);
        // The account may not read the folder of the tests.
        let mut child = Command::new(self.path("program"));
        child.args(inner.get_args()).current_dir("/");
        child.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if self.is_root {
            child.uid(NOBODY).gid(NOBODY);
        }
        let output = child.output().unwrap();
        set_mode(&folder, 0o755);
        let printed = String::from_utf8(output.stdout).unwrap();
        printed.replace(&folder.display().to_string(), "PLACE")
    }

    fn files(&self) -> Vec<String> {
        let files = fs_err::read_dir(self.path("place")).unwrap();
        let mut names: Vec<_> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs_err::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn it_is_read_and_every_write_is_refused() {
    let place = Place::new();
    let before = fs_err::read(place.store()).unwrap();
    for (file_mode, folder_mode) in [(0o400, 0o700), (0o600, 0o500), (0o400, 0o500)] {
        let printed = place.tried(&place.store(), file_mode, folder_mode);
        assert!(printed.contains("\nread 50 found 50 copied 50\n"), "{printed}");
        for refused in ["insert", "lock", "forget"] {
            let line = format!("\n{refused}: PLACE/memory.db cannot be written: ");
            assert!(printed.contains(&line), "{printed}");
        }
        assert!(printed.contains("[MakeWritable]"), "{printed}");
        assert_eq!(place.files(), ["memory.db"]);
        assert_eq!(fs_err::read(place.store()).unwrap(), before);
    }
}

/// What was written last stands in the log alone, as after a process that was killed.
#[test]
fn a_log_is_read_only_with_what_it_needs() {
    let place = Place::new();
    let open = SqliteStore::open(place.store(), IfMissing::Fail).unwrap();
    open.insert_turns(&user("ana"), &[turn("talk", "lisbon again", 0)]).unwrap();
    let names = ["memory.db", "memory.db-shm", "memory.db-wal"];
    assert_eq!(place.files(), names);
    let killed: Vec<_> =
        names.map(|name| (name, fs_err::read(place.path("place").join(name)).unwrap())).into();
    drop(open);
    for (name, bytes) in &killed {
        fs_err::write(place.path("place").join(name), bytes).unwrap();
    }
    let printed = place.tried(&place.store(), 0o400, 0o500);
    assert!(printed.contains("\nread 51 found 51 copied 51\n"), "{printed}");
    assert_eq!(place.files(), names);
    fs_err::remove_file(place.path("place/memory.db-shm")).unwrap();
    let printed = place.tried(&place.store(), 0o400, 0o500);
    let expected = "PLACE/memory.db cannot be read without being written: PLACE/memory.db-wal holds \
                    what was written last";
    assert!(printed.contains(expected), "{printed}");
    assert!(printed.contains("[OpenWhereWritable]"), "{printed}");
    for (name, bytes) in &killed {
        if *name != "memory.db-shm" {
            assert_eq!(fs_err::read(place.path("place").join(name)).unwrap(), *bytes, "{name}");
        }
    }
}

#[test]
fn what_may_not_even_be_read_or_made_is_refused() {
    let place = Place::new();
    let printed = place.tried(&place.store(), 0o000, 0o700);
    let denied = "PLACE/memory.db cannot be read: failed to open file `PLACE/memory.db`: \
                  Permission denied (os error 13)\n[CheckPath]";
    assert!(printed.contains(denied), "{printed}");
    let printed = place.tried(&place.path("place/new.db"), 0o600, 0o500);
    let denied = "PLACE/new.db cannot be written: Permission denied (os error 13)\n[MakeWritable]";
    assert!(printed.contains(denied), "{printed}");
    assert_eq!(place.files(), ["memory.db"]);
}

#[test]
#[ignore = "run by the tests above, as another account"]
fn prints_what_can_be_done() {
    let Some(path) = store_of_parent() else { return };
    let said = |error: &StoreError| {
        assert_eq!(error.fault(), Fault::Environment);
        format!("{error}\n{:?}", error.remedies())
    };
    println!();
    let store = match SqliteStore::open(&path, IfMissing::Create) {
        Ok(store) => store,
        Err(error) => return println!("{}", said(&error)),
    };
    let ana = user("ana");
    let scope = Scope::of(ana.clone());
    let turns = store.stats().unwrap().turns;
    let found = Searcher::default().search_words(&store, &scope, "lisbon", usize::MAX).unwrap();
    let aside = TempDir::new().unwrap();
    let copy = aside.path().join("copy.db");
    store.backup(&copy, IfExists::Fail, &|| false).unwrap();
    let copied = SqliteStore::open(copy, IfMissing::Fail).unwrap().stats().unwrap().turns;
    println!("read {turns} found {} copied {copied}", found.len());
    let errors = [
        ("insert", store.insert_turns(&ana, &[turn("talk", "no", 0)]).err()),
        ("lock", store.lock_index(IndexShare::Alone, false).err()),
        ("forget", store.forget(&longmem_store::ForgetTarget::User(ana)).err()),
    ];
    for (tried, error) in errors {
        let error = error.unwrap();
        assert_eq!(error.remedies(), [Remedy::MakeWritable]);
        println!("{tried}: {}", said(&error));
    }
}
