//! What can be read of a damaged store is saved into a new one.

use std::collections::BTreeSet;
use std::path::Path;

use longmem_core::Scope;
use longmem_memory::{FactsAt, Memory};
use longmem_sqlite::{IfMissing, SqliteStore, salvage};

use super::made_up::{
    TURNS, USERS, WRONG_VALUES, damage_bytes, damage_values, make, open, session, user,
};

/// Every turn of every user, as an export writes it.
fn turns(memory: &Memory) -> BTreeSet<String> {
    let mut lines = Vec::new();
    for name in USERS {
        // A user may be lost.
        let _ = memory.export(&Scope::of(user(name)), &mut lines);
    }
    String::from_utf8(lines).unwrap().lines().map(str::to_owned).collect()
}

fn assert_whole(path: &Path, damage: &str) {
    let mut problems = Vec::new();
    open(path).unwrap().check(&mut |problem| problems.push(problem)).unwrap();
    assert!(problems.is_empty(), "{damage}: {problems:?}");
}

#[test]
fn all_of_a_whole_store_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("memory.db"), folder.path().join("saved.db"));
    make(&from);
    // Still open, so that the newest turns stand in the write-ahead log only.
    let memory = open(&from).unwrap();
    let turn = memory.new_turn(session("talk 9"), longmem_core::Role::User, "the newest turn");
    memory.remember(&user("bob"), &[turn]).unwrap();
    let saved = salvage(&from, &to).unwrap();
    assert_whole(&to, "none");
    let (old, new) = (memory.stats().unwrap(), open(&to).unwrap().stats().unwrap());
    assert_eq!((new.turns, new.sessions, new.users), (old.turns, old.sessions, old.users));
    assert_eq!((new.passages, new.vectors), (old.passages, old.vectors));
    assert_eq!(new.turns_without_vectors, old.turns_without_vectors);
    assert_eq!((saved.turns, saved.lost_turns, saved.unusable_rows), (old.turns, 0, 0));
    assert_eq!((saved.forgotten_keys, saved.kept_values), (3, 4));
    let new = open(&to).unwrap();
    assert_eq!(turns(&new), turns(&memory));
    for name in USERS {
        let user = user(name);
        assert_eq!(
            new.facts(&user, FactsAt::Ever).unwrap(),
            memory.facts(&user, FactsAt::Ever).unwrap()
        );
        assert_eq!(new.entities(&user).unwrap(), memory.entities(&user).unwrap());
        assert_eq!(new.summaries(&user).unwrap(), memory.summaries(&user).unwrap());
    }
    // What was forgotten stays forgotten, and new turns get numbers of their own.
    let mut again = Vec::new();
    memory.export(&Scope::of(user("ana")), &mut again).unwrap();
    let turn = new.new_turn(session("talk 1"), longmem_core::Role::User, "one more");
    new.remember(&user("ana"), &[turn]).unwrap();
    assert_whole(&to, "one more turn");
}

#[test]
fn nothing_is_overwritten_and_the_damaged_file_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("memory.db"), folder.path().join("saved.db"));
    make(&from);
    let before = std::fs::read(&from).unwrap();
    std::fs::write(&to, "mine").unwrap();
    assert!(salvage(&from, &to).is_err());
    assert_eq!(std::fs::read(&to).unwrap(), b"mine");
    std::fs::write(&from, "no store at all").unwrap();
    assert!(salvage(&from, &folder.path().join("other.db")).is_err());
    assert!(!folder.path().join("other.db").exists());
    std::fs::write(&from, &before).unwrap();
    salvage(&from, &folder.path().join("other.db")).unwrap();
    assert_eq!(std::fs::read(&from).unwrap(), before);
    let left: BTreeSet<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left.into_iter().collect::<Vec<_>>(), ["memory.db", "other.db", "saved.db"]);
}

#[test]
fn most_turns_are_saved_from_damaged_files_and_the_new_store_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    make(&whole);
    let bytes = std::fs::read(&whole).unwrap();
    let all = turns(&open(&whole).unwrap());
    let (mut possible, mut saved_turns) = (0, 0);
    let count = 60;
    for seed in 0..count + WRONG_VALUES.len() {
        let (from, to) = (folder.path().join("memory.db"), folder.path().join("saved.db"));
        let mut bytes = bytes.clone();
        let mut damage = String::new();
        let is_of_bytes = seed < count;
        if is_of_bytes {
            damage = damage_bytes(&mut bytes, seed as u64);
        }
        std::fs::write(&from, &bytes).unwrap();
        if !is_of_bytes {
            damage = WRONG_VALUES[seed - count].to_owned();
            damage_values(&from, &damage);
        }
        let Ok(saved) = salvage(&from, &to) else {
            assert!(bytes.len() < 4096 * 60, "{damage}: nothing was saved");
            continue;
        };
        assert_whole(&to, &damage);
        let found = turns(&open(&to).unwrap());
        if is_of_bytes {
            // Of a file that was cut off, only what is left can be saved.
            if bytes.len() == std::fs::metadata(&whole).unwrap().len() as usize {
                possible += all.len();
                saved_turns += all.intersection(&found).count();
            }
            assert!(saved.turns <= (USERS.len() * (TURNS + 1)) as u64);
        }
        std::fs::remove_file(to).unwrap();
    }
    let share = saved_turns as f64 / possible as f64;
    println!("{saved_turns} of {possible} turns were saved: {share:.4}");
    assert!(share > 0.98, "{saved_turns} of {possible} turns were saved");
}

/// A long text stands on a chain of pages. Of a page of it that is gone, nothing is made up.
#[test]
fn of_a_long_text_what_is_left_is_saved_with_a_sign_for_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, from) = (folder.path().join("whole.db"), folder.path().join("memory.db"));
    let words: Vec<_> = (0..3_000).map(|number| format!("word{number:05} ")).collect();
    let text = words.concat();
    {
        SqliteStore::open(&whole, IfMissing::Create).unwrap();
        let memory = open(&whole).unwrap();
        let turn = memory.new_turn(session("talk"), longmem_core::Role::User, &text);
        memory.remember(&user("ana"), &[turn]).unwrap();
    }
    let bytes = std::fs::read(&whole).unwrap();
    let page_of = |words: &str| {
        bytes.windows(words.len()).position(|part| part == words.as_bytes()).unwrap() / 4096
    };
    for (word, is_last) in [("word01500 ", false), ("word02999 ", true)] {
        let mut bytes = bytes.clone();
        bytes[page_of(word) * 4096..][..4096].fill(0);
        std::fs::write(&from, bytes).unwrap();
        let to = folder.path().join("saved.db");
        let saved = salvage(&from, &to).unwrap();
        assert_eq!((saved.turns, saved.lost_turns, saved.mended_texts), (1, 0, 1), "{word}");
        let turns = open(&to).unwrap().session_turns(&user("ana"), &session("talk"), None, None);
        let found = &turns.unwrap()[0].text;
        let readable = found.strip_suffix('\u{fffd}').unwrap();
        assert!(text.starts_with(readable) && !readable.contains('\u{fffd}'), "{found}");
        assert!(readable.len() > if is_last { 25_000 } else { 10_000 }, "{}", readable.len());
        assert_whole(&to, word);
        std::fs::remove_file(to).unwrap();
    }
}
