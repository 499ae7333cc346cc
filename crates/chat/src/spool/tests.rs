//! What a spool must keep, whatever happens.

use std::fs::OpenOptions;
use std::path::PathBuf;

use longmem_core::{Role, SessionName, SourceKey};

use super::*;
use crate::SpoolSettings;

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

fn turn(key: &str, text: &str) -> NewTurn {
    NewTurn {
        session: SessionName::new("to\"day\\").unwrap(),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: text.to_owned(),
        time: "2026-03-02T10:00:00.123456Z".parse().unwrap(),
        note: false,
        source_key: Some(SourceKey(key.to_owned())),
    }
}

fn spool(folder: &tempfile::TempDir) -> Spool {
    Spool::new(&folder.path().join("spool"), "/m.db", &user("ana"))
}

#[test]
fn turns_come_back_in_order_with_every_character() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder);
    assert!(!spool.is_waiting());
    assert_eq!(spool.read().unwrap().turns, []);
    let note = NewTurn { note: true, ..turn("2", "\u{1b}[31m") };
    let turns = [turn("1", "a\n{\"b\": \"é\u{0}\u{2028}\"}\r"), note];
    for turn in &turns {
        spool.append(turn).unwrap();
    }
    let read = spool.read().unwrap();
    assert_eq!((read.turns.as_slice(), read.unreadable), (turns.as_slice(), 0));
    assert_eq!(fs::read_to_string(spool.path()).unwrap().lines().count(), 2);
}

#[test]
fn what_came_while_the_rest_was_stored_stays() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder);
    spool.append(&turn("1", "first")).unwrap();
    let read = spool.read().unwrap();
    spool.append(&turn("2", "second")).unwrap();
    spool.take_out(&read).unwrap();
    assert_eq!(spool.read().unwrap().turns, [turn("2", "second")]);
    // Another process that read the same takes nothing more out.
    spool.take_out(&read).unwrap();
    let read = spool.read().unwrap();
    assert_eq!(read.turns, [turn("2", "second")]);
    spool.take_out(&read).unwrap();
    spool.take_out(&read).unwrap();
    assert!(!spool.is_waiting());
}

#[test]
fn what_somebody_else_took_out_in_part_is_taken_out_whole() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder);
    spool.append(&turn("1", "first")).unwrap();
    let read_by_another = spool.read().unwrap();
    spool.append(&turn("2", "second")).unwrap();
    let read = spool.read().unwrap();
    spool.append(&turn("3", "third")).unwrap();
    spool.take_out(&read_by_another).unwrap();
    spool.take_out(&read).unwrap();
    assert_eq!(spool.read().unwrap().turns, [turn("3", "third")]);
    spool.take_out(&read_by_another).unwrap();
    assert_eq!(spool.read().unwrap().turns, [turn("3", "third")]);
}

#[test]
fn what_waits_under_another_name_of_the_store_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let former = spool(&folder);
    former.append(&turn("1", "first")).unwrap();
    former.append(&turn("2", "second")).unwrap();
    let now = Spool::new(&folder.path().join("spool"), "/real/m.db", &user("ana"))
        .with_former_place("/m.db", &user("ana"));
    assert!(now.is_waiting());
    assert_eq!(now.read().unwrap().turns, [turn("1", "first"), turn("2", "second")]);
    assert!(!former.is_waiting());
    // An older program may go on to write there.
    former.append(&turn("3", "third")).unwrap();
    now.append(&turn("4", "fourth")).unwrap();
    let read = now.read().unwrap();
    let texts: Vec<_> = read.turns.iter().map(|turn| turn.text.as_str()).collect();
    assert_eq!(texts, ["first", "second", "third", "fourth"]);
    now.take_out(&read).unwrap();
    assert!(!now.is_waiting() && !former.is_waiting());
}

#[test]
fn a_line_that_a_crash_cut_off_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder);
    spool.append(&turn("1", "first")).unwrap();
    let mut file = OpenOptions::new().append(true).open(spool.path()).unwrap();
    file.write_all(b"{\"session\":\"today\",\"ro").unwrap();
    spool.append(&turn("2", "second")).unwrap();
    let read = spool.read().unwrap();
    assert_eq!(read.turns, [turn("1", "first"), turn("2", "second")]);
    assert_eq!(read.unreadable, 1);
}

#[test]
fn every_store_and_user_has_a_file_of_its_own_in_the_folder() {
    let folder = Path::new("/spool");
    let names = [("/m.db", "ana"), ("/m.db", "../../bob"), ("/n.db", "ana"), ("/m.dba", "na")];
    let paths: std::collections::HashSet<PathBuf> =
        names.iter().map(|(store, name)| Spool::new(folder, store, &user(name)).path).collect();
    assert_eq!(paths.len(), 4);
    assert!(paths.iter().all(|path| path.parent() == Some(folder)), "{paths:?}");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder);
    spool.append(&turn("1", "secret")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(spool.path()), 0o600);
    let read = spool.read().unwrap();
    spool.append(&turn("2", "secret too")).unwrap();
    spool.take_out(&read).unwrap();
    assert_eq!(mode(spool.path()), 0o600, "also after the file was written anew");
    assert_eq!(mode(spool.path().parent().unwrap()), 0o700);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder);
    fs::create_dir_all(spool.path()).unwrap();
    let error = spool.append(&turn("1", "first")).unwrap_err();
    assert!(matches!(&error, ChatError::Spool { path, .. } if path == spool.path()), "{error}");
    assert!(error.to_string().contains("cannot be read or written"), "{error}");
    assert!(spool.read().is_err());
}

/// Whoever reads the disk finds nothing of what is stored elsewhere, or forgotten.
#[test]
fn what_leaves_the_spool_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder);
    for taken in [true, false] {
        spool.append(&turn("1", "a secret")).unwrap();
        let read = spool.read().unwrap();
        if taken {
            spool.append(&turn("2", "another")).unwrap();
        }
        let mut still_open = File::open(spool.path()).unwrap();
        spool.take_out(&read).unwrap();
        let mut bytes = Vec::new();
        still_open.read_to_end(&mut bytes).unwrap();
        assert!(!bytes.is_empty() && bytes.iter().all(|byte| *byte == 0));
        spool.take_out(&spool.read().unwrap()).unwrap();
    }
    assert!(!spool.is_waiting());
}

fn memory(folder: &tempfile::TempDir) -> Memory {
    let path = folder.path().join("memory.db");
    let store = longmem_sqlite::SqliteStore::open(path, longmem_sqlite::IfMissing::Create).unwrap();
    let clock = longmem_core::FixedClock("2026-03-02T10:00:00Z".parse().unwrap());
    let embedder = longmem_test_support::WordHashEmbedder::default();
    Memory::new(
        std::sync::Arc::new(store),
        std::sync::Arc::new(embedder),
        std::sync::Arc::new(clock),
    )
}

/// Number of turns that are stored of ana.
fn stored(memory: &Memory) -> u64 {
    memory.users().unwrap().iter().map(|stats| stats.turns).sum()
}

#[test]
fn whoever_forgets_reaches_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, memory, ana) = (spool(&folder), memory(&folder), user("ana"));
    let instruction = turn("1", "From now on, always answer in metric units.");
    spool.append(&instruction).unwrap();
    spool.append(&turn("2", "The code is 4711.")).unwrap();
    let held = spool.hold().unwrap();
    let later = held.store_into(&memory, &ana, true).unwrap();
    assert_eq!((later.turns, later.noted.len(), stored(&memory)), (2, 1, 2));
    memory.forget(&longmem_memory::ForgetTarget::User(ana.clone())).unwrap();
    drop(held);
    assert!(!spool.is_waiting());
    assert_eq!(stored(&memory), 0);
    // Another copy of the same turns, which somebody had read before, stays forgotten.
    spool.append(&instruction).unwrap();
    spool.hold().unwrap().store_into(&memory, &ana, true).unwrap();
    assert_eq!((stored(&memory), spool.is_waiting()), (0, false));
}

#[test]
fn a_talk_that_stores_what_waits_and_one_who_forgets_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, memory, ana) = (spool(&folder), memory(&folder), user("ana"));
    spool.append(&turn("1", "The code is 4711.")).unwrap();
    let held = spool.hold().unwrap();
    std::thread::scope(|scope| {
        let talk =
            scope.spawn(|| spool.hold().unwrap().store_into(&memory, &ana, false).unwrap().turns);
        held.store_into(&memory, &ana, false).unwrap();
        memory.forget(&longmem_memory::ForgetTarget::User(ana.clone())).unwrap();
        assert!(!talk.is_finished(), "it stored while somebody else held the spool");
        drop(held);
        assert_eq!(talk.join().unwrap(), 0);
    });
    assert_eq!(stored(&memory), 0);
}

fn key(byte: u8) -> StoreKey {
    StoreKey::new([byte; 32])
}

fn append_bytes(spool: &Spool, bytes: &[u8]) {
    make_folder(spool.folder()).unwrap();
    let mut file = OpenOptions::new().append(true).create(true).open(spool.path()).unwrap();
    file.write_all(bytes).unwrap();
}

fn unreadable_in(spool: &Spool) -> Vec<u8> {
    fs::read(spool.path().with_extension("unreadable")).unwrap_or_default()
}

#[test]
fn who_forgets_all_of_a_user_can_delete_what_could_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let ana = UserName::new("ana").unwrap();
    let spool = spool(&folder).with_former_place("former.db", &ana);
    let held = spool.hold().unwrap();
    held.delete_unreadable().unwrap();
    let former = spool.former().unwrap();
    for spool in [&spool, &former] {
        append_bytes(spool, b"cut off\n");
        spool.take_out_bytes(b"cut off\n").unwrap();
        assert_eq!(unreadable_in(spool), b"cut off\n");
    }
    held.delete_unreadable().unwrap();
    for spool in [&spool, &former] {
        assert!(!spool.unreadable_path().exists());
    }
}

#[test]
fn encrypted_turns_come_back_and_say_nothing_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder).with_key(Some(key(1)));
    let turns = [turn("key-one", "I moved to Lisbon"), turn("key-two", "a\n\u{0}é")];
    for turn in &turns {
        spool.append(turn).unwrap();
    }
    let read = spool.read().unwrap();
    assert_eq!((read.turns.as_slice(), read.unreadable), (turns.as_slice(), 0));
    let file = fs::read_to_string(spool.path()).unwrap();
    for plain in ["Lisbon", "key-one", "user", "ana", "2026", "day", "m.db"] {
        assert!(!file.contains(plain), "{plain} stands in {file}");
    }
    spool.take_out(&read).unwrap();
    assert!(!spool.is_waiting());
    assert_eq!(unreadable_in(&spool), b"");
}

#[test]
fn the_same_turn_is_encrypted_differently_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder).with_key(Some(key(1)));
    assert_ne!(spool.format.write(&turn("1", "yes")), spool.format.write(&turn("1", "yes")));
}

#[test]
fn a_line_is_read_with_its_key_in_its_file_only() {
    let folder = tempfile::tempdir().unwrap();
    let ana = spool(&folder).with_key(Some(key(1)));
    ana.append(&turn("1", "secret")).unwrap();
    let line = fs::read(ana.path()).unwrap();
    let bo = Spool::new(ana.folder(), "/m.db", &user("bo")).with_key(Some(key(1)));
    let elsewhere = Spool::new(ana.folder(), "/n.db", &user("ana")).with_key(Some(key(1)));
    for other in [&bo, &elsewhere] {
        append_bytes(other, &line);
        let read = other.read().unwrap();
        assert_eq!((read.turns.len(), read.unreadable), (0, 1));
    }
    for wrong in [spool(&folder), spool(&folder).with_key(Some(key(2)))] {
        let read = wrong.read().unwrap();
        assert_eq!((read.turns.len(), read.unreadable), (0, 1));
    }
    let changed = |at: usize| {
        let mut line = line.clone();
        line[at] = if line[at] == b'A' { b'B' } else { b'A' };
        ana.format.read(&line).is_none()
    };
    let sealed = line.windows(9).position(|part| part == b"\"sealed\":").unwrap() + 10;
    assert!((sealed..line.len() - 3).all(changed), "no byte can be changed");
}

#[test]
fn plain_lines_from_before_there_was_a_key_are_read_and_then_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let plain = spool(&folder);
    plain.append(&turn("1", "first in Lisbon")).unwrap();
    // As a version wrote it that named no store.
    let old = r#"{"session":"today","role":"user","text":"second in Lisbon","time":"2026-03-02T10:00:00Z","key":"2"}"#;
    append_bytes(&plain, format!("{old}\n{{\"cut").as_bytes());
    let spool = plain.clone().with_key(Some(key(1)));
    assert_eq!(spool.read().unwrap().turns.len(), 2);
    spool.append(&turn("3", "third in Lisbon")).unwrap();
    let read = spool.read().unwrap();
    let texts: Vec<_> = read.turns.iter().map(|turn| turn.text.as_str()).collect();
    assert_eq!(texts, ["first in Lisbon", "second in Lisbon", "third in Lisbon"]);
    assert_eq!(read.unreadable, 1);
    assert!(!fs::read_to_string(spool.path()).unwrap().contains("Lisbon"));
}

#[test]
fn what_cannot_be_read_is_kept_beside() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(&folder).with_key(Some(key(1)));
    spool.append(&turn("1", "first")).unwrap();
    let other = spool.clone().with_key(Some(key(2)));
    other.append(&turn("2", "of another key")).unwrap();
    append_bytes(&spool, b"{\"cut");
    let read = spool.read().unwrap();
    assert_eq!((read.turns.len(), read.unreadable), (1, 2));
    spool.take_out(&read).unwrap();
    assert!(!spool.is_waiting());
    let kept = unreadable_in(&spool);
    let kept: Vec<&[u8]> = lines(&kept).collect();
    assert_eq!(other.format.read(kept[0]).unwrap().turn.text, "of another key");
    assert_eq!(kept[1..], [&b"{\"cut"[..]]);
    // Taking out again keeps nothing twice.
    spool.take_out(&read).unwrap();
    assert_eq!(lines(&unreadable_in(&spool)).count(), 2);
}

/// The turns' texts, and the number of lines that could not be read.
fn texts(spool: &Spool) -> (Vec<String>, usize) {
    let read = spool.read().unwrap();
    (read.turns.into_iter().map(|turn| turn.text).collect(), read.unreadable)
}

#[test]
fn at_every_step_of_a_change_the_store_s_key_reads_everything_once() {
    let keys = [None, Some(key(1)), Some(key(2))];
    for (old, new) in keys.iter().flat_map(|old| keys.iter().map(move |new| (old, new))) {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            SpoolSettings::new(folder.path().join("spool"), "/m.db").with_key(old.clone());
        let change = |keep| write_with_key(&settings, new.as_ref(), &[], keep).unwrap();
        let before = settings.of(&user("ana"));
        let after = before.clone().with_key(new.clone());
        let other_store = Spool::new(&settings.folder, "/n.db", &user("ana")).with_key(old.clone());
        other_store.append(&turn("1", "elsewhere")).unwrap();
        before.append(&turn("1", "first")).unwrap();
        append_bytes(&before, b"{\"cut\n");
        before.append(&turn("2", "second")).unwrap();
        let all = vec!["first".to_owned(), "second".to_owned()];
        let has_all = |spool: &Spool| {
            let mut found = texts(spool).0;
            found.dedup();
            assert_eq!(found, all, "{old:?} to {new:?}");
        };
        change(Keep::Both);
        has_all(&before);
        has_all(&after);
        change(Keep::Old);
        assert_eq!(texts(&before), (all.clone(), 1));
        change(Keep::Both);
        // It was killed here, and is done again.
        change(Keep::Both);
        change(Keep::New);
        assert_eq!(texts(&after), (all.clone(), 1));
        if new.is_some() && old != new {
            assert_eq!(texts(&before), (vec![], 3), "nothing of the old key is left");
        }
        assert_eq!(texts(&other_store).0, ["elsewhere"]);
    }
}

#[test]
fn lines_that_name_no_store_are_found_by_the_users_that_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SpoolSettings::new(folder.path().join("spool"), "/m.db");
    let spool = settings.of(&user("ana"));
    let old =
        r#"{"session":"today","role":"user","text":"old","time":"2026-03-02T10:00:00Z","key":"2"}"#;
    append_bytes(&spool, format!("{old}\n").as_bytes());
    write_with_key(&settings, Some(&key(1)), &[], Keep::New).unwrap();
    assert!(fs::read_to_string(spool.path()).unwrap().contains("old"));
    write_with_key(&settings, Some(&key(1)), &[user("ana")], Keep::New).unwrap();
    assert_eq!(texts(&spool.with_key(Some(key(1)))), (vec!["old".to_owned()], 0));
}
