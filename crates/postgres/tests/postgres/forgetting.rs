//! Forgetting and changing while others write and fold, and how many trips it takes.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::fixture::InDatabase;
use longmem_core::{NewTurn, Role, Scope, SessionName, Timestamp, TurnId, UserName};
use longmem_search::Searcher;
use longmem_store::suite::Fixture;
use longmem_store::{Changes, ForgetTarget, Store, Turns, Upkeep};

fn user() -> UserName {
    UserName::new("ana").unwrap()
}

fn session(name: &str) -> SessionName {
    SessionName::new(name).unwrap()
}

fn turn(session_name: &str, text: &str) -> NewTurn {
    NewTurn {
        session: session(session_name),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: text.to_owned(),
        time: Timestamp::UNIX_EPOCH,
        note: false,
        source_key: None,
    }
}

/// Turns with a word that all have, and one of their own.
fn many(session: &str, prefix: &str, count: usize) -> Vec<NewTurn> {
    (0..count).map(|number| turn(session, &format!("lisbon {prefix}{number}"))).collect()
}

fn everything() -> ForgetTarget {
    ForgetTarget::User(user())
}

fn check(store: &impl Upkeep) {
    store.check(&mut |problem| panic!("{problem}")).unwrap();
}

/// What a search for a word finds, in the order of numbers.
fn found(searcher: &Searcher, store: &dyn Store, word: &str) -> Vec<TurnId> {
    let scope = Scope::of(user());
    let hits = searcher.search_words(store, &scope, word, usize::MAX).unwrap();
    let mut turns: Vec<TurnId> = hits.iter().map(|hit| hit.turn).collect();
    turns.sort_unstable();
    turns
}

fn stored(store: &dyn Store) -> Vec<TurnId> {
    let stored = store.turns_after(&Scope::of(user()), None, usize::MAX).unwrap();
    stored.iter().map(|stored| stored.turn.id).collect()
}

/// Two write, so that tails are folded, while one forgets, one amends and one moves what was written, and
/// one searches with what it has in memory.
#[test]
fn what_is_forgotten_while_others_write_and_fold_is_gone_and_nothing_else() {
    if !InDatabase::can_be() {
        return;
    }
    let database = InDatabase::new();
    let writing = AtomicBool::new(true);
    let searcher = Searcher::default();
    // The n-th turn of each 7 is forgotten, the next one amended, the one behind it moved.
    let chosen = |store: &dyn Store, place: i64| -> Vec<TurnId> {
        let turns = stored(store).into_iter().filter(|turn| turn.0 % 7 == place);
        turns.collect()
    };
    let repeated = |work: &(dyn Fn(&dyn Store, &[TurnId]) + Sync), place: i64| {
        let store = database.opened_again();
        while writing.load(Ordering::Relaxed) {
            let turns = chosen(&*store, place);
            if !turns.is_empty() {
                work(&*store, &turns);
            }
        }
    };
    let amended = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        let writers = ["x", "y"].map(|prefix| {
            let store = database.opened_again();
            scope.spawn(move || {
                for round in 0..12 {
                    let count = [1, 90, 7, 60][round % 4];
                    let turns = many(prefix, &format!("{prefix}{round}r"), count);
                    store.insert_turns(&user(), &turns).unwrap();
                }
            })
        });
        scope.spawn(|| {
            repeated(
                &|store, turns| {
                    let target = ForgetTarget::Turns(Scope::of(user()), turns.to_vec());
                    store.forget(&target).unwrap();
                },
                1,
            );
        });
        scope.spawn(|| {
            repeated(
                &|store, turns| {
                    for turn in turns {
                        if amended.lock().unwrap().insert(*turn) {
                            store.amend_turn(&user(), *turn, &format!("oslo {turn}")).unwrap();
                        }
                    }
                },
                2,
            );
        });
        scope.spawn(|| {
            repeated(
                &|store, turns| {
                    store.move_turns(&user(), turns, &session("z")).unwrap();
                },
                3,
            );
        });
        scope.spawn(|| {
            repeated(
                &|store, _| {
                    found(&searcher, store, "lisbon oslo");
                },
                4,
            );
        });
        for writer in writers {
            writer.join().unwrap();
        }
        writing.store(false, Ordering::Relaxed);
    });
    let store = database.store();
    let last = chosen(&*store, 1);
    if !last.is_empty() {
        store.forget(&ForgetTarget::Turns(Scope::of(user()), last)).unwrap();
    }
    check(&**database.postgres());
    let turns = stored(&*store);
    assert!(turns.iter().all(|turn| turn.0 % 7 != 1));
    let amended: Vec<TurnId> = amended.into_inner().unwrap().into_iter().collect();
    assert!(!amended.is_empty());
    for searcher in [&searcher, &Searcher::default()] {
        assert_eq!(found(searcher, &*store, "lisbon oslo"), turns);
        assert_eq!(found(searcher, &*store, "oslo"), amended);
    }
    let placed = ["x", "y", "z"].map(|name| {
        let turns = store.recent_turns(&user(), &session(name), usize::MAX).unwrap();
        assert!(turns.is_sorted_by_key(|turn| turn.id));
        turns.len()
    });
    assert_eq!(placed.iter().sum::<usize>(), turns.len());
}

#[test]
fn whoever_comes_back_while_being_forgotten_has_all_or_nothing() {
    if !InDatabase::can_be() {
        return;
    }
    let database = InDatabase::new();
    let writing = AtomicBool::new(true);
    thread::scope(|scope| {
        let store = database.opened_again();
        scope.spawn(|| {
            let store = store;
            for round in 0..60 {
                let inserted = store.insert_turns(&user(), &many("talk", "w", 3 + round)).unwrap();
                assert!(inserted.iter().all(|inserted| inserted.new));
            }
            writing.store(false, Ordering::Relaxed);
        });
        let store = database.store();
        while writing.load(Ordering::Relaxed) {
            // There may be nobody to forget.
            let _ = store.forget(&everything());
        }
    });
    check(&**database.postgres());
    let store = database.store();
    let turns = stored(&*store);
    assert_eq!(found(&Searcher::default(), &*store, "lisbon"), turns);
}

/// As many statements however much goes, so that no network makes it slow.
#[test]
fn forgetting_and_moving_take_few_trips_however_much_it_is() {
    if !InDatabase::can_be() {
        return;
    }
    let database = InDatabase::new();
    let store = database.postgres();
    let trips = |work: &dyn Fn()| {
        let before = store.trips();
        work();
        store.trips() - before
    };
    for count in [10, 3000] {
        for name in ["a", "b", "c"] {
            store.insert_turns(&user(), &many(name, "w", count)).unwrap();
        }
        let of_session = |name: &str| Scope { sessions: vec![session(name)], ..Scope::of(user()) };
        let turns = store.turns_after(&of_session("a"), None, usize::MAX).unwrap();
        let turns: Vec<TurnId> = turns.iter().map(|stored| stored.turn.id).collect();
        let took = [
            trips(&|| {
                store.move_turns(&user(), &turns, &session("b")).unwrap();
            }),
            trips(&|| {
                store.amend_turn(&user(), turns[0], "oslo").unwrap();
            }),
            trips(&|| {
                store.forget(&ForgetTarget::Scope(of_session("c"))).unwrap();
            }),
            trips(&|| {
                store.preview_forget(&everything(), 3).unwrap();
            }),
            trips(&|| {
                store.forget(&everything()).unwrap();
            }),
        ];
        for (took, most) in took.into_iter().zip([6, 6, 8, 4, 8]) {
            assert!(took <= most, "{took} trips of {count} turns, not {most}");
        }
    }
}
