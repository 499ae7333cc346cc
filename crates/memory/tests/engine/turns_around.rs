//! Turns are shown with those around them.

use longmem_core::{SessionName, TurnId};
use longmem_memory::{Memory, MemoryError, StoreError};

use crate::fixture::{Fixture, fixture, turn, turns, user};

fn ids(memory: &Memory, id: i64, count: usize) -> Vec<i64> {
    let around = memory.turns_around(&user("ana"), TurnId(id), count).unwrap();
    around.into_iter().map(|turn| turn.id.0).collect()
}

#[test]
fn a_turn_comes_with_those_beside_it_in_its_session() {
    let Fixture { memory, folder: _folder, .. } = fixture();
    let ana = user("ana");
    // More than are read at a time, with turns of another session between them.
    memory.remember(&ana, &turns(1200)).unwrap();
    let mut other = turn("elsewhere");
    other.session = SessionName::new("other").unwrap();
    memory.remember(&ana, &[other]).unwrap();
    memory.remember(&ana, &turns(3)).unwrap();
    let all = memory.session_turns(&ana, &turn("x").session, None, None).unwrap();
    let all: Vec<i64> = all.into_iter().map(|turn| turn.id.0).collect();

    assert_eq!(ids(&memory, all[0], 2), all[0..3]);
    assert_eq!(ids(&memory, all[5], 0), [all[5]]);
    assert_eq!(ids(&memory, all[1199], 2), all[1197..1202]);
    assert_eq!(ids(&memory, all[1100], 1200), all);
    assert_eq!(ids(&memory, all[1202], 5), all[1197..1203]);
}

#[test]
fn a_turn_of_another_user_is_as_unknown_as_one_that_is_not_there() {
    let Fixture { memory, folder: _folder, .. } = fixture();
    let bo = memory.remember(&user("bo"), &[turn("Bo's secret")]).unwrap()[0].id;
    memory.remember(&user("ana"), &turns(2)).unwrap();
    for id in [bo, TurnId(999), TurnId(-1)] {
        let error = memory.turns_around(&user("ana"), id, 3).unwrap_err();
        let is_unknown = matches!(&error, MemoryError::Store(StoreError::UnknownTurn { turn, .. }) if *turn == id);
        assert!(is_unknown, "{error}");
    }
}
