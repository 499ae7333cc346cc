//! A move that ends before its end leaves the user on one server, and the same again finishes it.

use std::sync::Arc;

use longmem_core::UserName;
use longmem_postgres::{MoveStep, PostgresOptions, PostgresStore};
use longmem_ring::{MovedHome, RingStore};
use longmem_store::{ForgetTarget, StoreError, Turns, Upkeep, Vectors};

use crate::fixture::{List, can_be, new_database};
use crate::lists::{texts, turn, user};

/// A ring that got a third server, and a user who belongs there now and lives on another.
fn one_away() -> (List, RingStore, UserName) {
    let mut list = List::of_databases(&["a", "b"]);
    let store = list.open();
    for number in 0..10 {
        store.insert_turns(&user(&format!("user {number}")), &[turn("one"), turn("two")]).unwrap();
    }
    list.change(|servers| servers.push(("c", new_database(), false)));
    let store = list.open();
    let away = store.away().unwrap().remove(0).user;
    (list, store, away)
}

fn stopped_at(store: &RingStore, user: &UserName, last: MoveStep) {
    let stop = |step: MoveStep| if step == last { Err(StoreError::Stopped) } else { Ok(()) };
    let error = store.move_home(user, &stop).unwrap_err();
    assert!(matches!(error, StoreError::Stopped), "{error}");
}

#[test]
fn wherever_a_move_stops_the_user_is_on_one_server() {
    if !can_be() {
        return;
    }
    for last in [MoveStep::Locked, MoveStep::Copied, MoveStep::Switched, MoveStep::Arrived] {
        let (list, store, away) = one_away();
        stopped_at(&store, &away, last);
        // One who knows nothing of the move, and one who made it.
        let other = list.open();
        for (store, text) in [(&store, "three"), (&other, "four")] {
            store.insert_turns(&away, &[turn(text)]).unwrap();
            let all = store.users().unwrap();
            assert_eq!(all.iter().filter(|known| known.user == away).count(), 1, "{last:?}");
            assert_eq!(
                all.iter().map(|known| known.turns).sum::<u64>(),
                store.stats().unwrap().turns
            );
        }
        let expected = ["one", "two", "three", "four"];
        assert_eq!(texts(&other, &away), expected, "{last:?}");
        let is_home = matches!(last, MoveStep::Switched | MoveStep::Arrived);
        let again = other.move_home(&away, &|_| Ok(())).unwrap();
        assert_eq!(matches!(again, MovedHome::WasThere), is_home, "{last:?}");
        assert_eq!(texts(&store, &away), expected, "{last:?}");
        other.clean_up().unwrap();
        let mut marks = 0;
        for server in other.status().unwrap().servers {
            marks += server.counts.unwrap().marks;
        }
        assert_eq!(marks, 0, "{last:?}");
        let mut problems = Vec::new();
        other.check(&mut |problem| problems.push(problem)).unwrap();
        assert_eq!(problems, [""; 0], "{last:?}");
    }
}

#[test]
fn a_user_who_is_forgotten_after_a_broken_move_is_gone_from_all_servers() {
    if !can_be() {
        return;
    }
    for last in [MoveStep::Copied, MoveStep::Switched] {
        let (list, store, away) = one_away();
        stopped_at(&store, &away, last);
        store.forget(&ForgetTarget::User(away.clone())).unwrap();
        for (name, address, _) in &list.servers {
            let server = PostgresStore::open(address, &PostgresOptions::default()).unwrap();
            let names = server.marked_users().unwrap().into_iter().map(|(user, _)| user);
            let left: Vec<UserName> =
                names.chain(server.user_names().unwrap()).filter(|user| *user == away).collect();
            assert_eq!(left, [], "on {name} after {last:?}");
        }
        assert!(matches!(
            store.forget(&ForgetTarget::User(away.clone())),
            Err(StoreError::UnknownUser(_))
        ));
        store.insert_turns(&away, &[turn("back")]).unwrap();
        assert_eq!(texts(&store, &away), ["back"]);
    }
}

#[test]
fn a_user_who_waits_for_vectors_is_indexed_wherever_a_move_stopped() {
    if !can_be() {
        return;
    }
    for last in [MoveStep::Copied, MoveStep::Switched] {
        let (_list, store, away) = one_away();
        let waiting = store.waiting(None).unwrap();
        stopped_at(&store, &away, last);
        assert_eq!(store.waiting(None).unwrap(), waiting, "{last:?}");
        let claim = store.claim_queued(None, None, 1000).unwrap();
        let of_user = claim.turns.iter().filter(|queued| queued.user == away).count();
        assert_eq!((claim.turns.len() as u64, of_user), (waiting, 2), "{last:?}");
    }
}

#[test]
fn who_reads_and_writes_does_not_notice_a_move() {
    if !can_be() {
        return;
    }
    let (list, store, away) = one_away();
    let store = Arc::new(store);
    let other = Arc::new(list.open());
    let writers: Vec<_> = (0..2)
        .map(|writer| {
            let (store, away) = (Arc::clone(&other), away.clone());
            std::thread::spawn(move || {
                for number in 0..20 {
                    let text = format!("writer {writer}: {number}");
                    store.insert_turns(&away, &[turn(&text)]).unwrap();
                    assert!(texts(&*store, &away).contains(&text));
                }
            })
        })
        .collect();
    store.move_home(&away, &|_| Ok(())).unwrap();
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(texts(&*store, &away).len(), 42);
    assert_eq!(store.away().unwrap().iter().filter(|known| known.user == away).count(), 0);
}
