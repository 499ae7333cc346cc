//! Sessions are found as people name them.

use longmem_core::{Diagnose, ErrorCode, NewTurn, Remedy, SessionName};
use longmem_memory::{MAX_CANDIDATES, Memory, MemoryError, StoreError};

use crate::fixture::{Fixture, fixture, turn, user};

fn in_session(session: &str, title: Option<&str>) -> NewTurn {
    let mut turn = turn("something");
    turn.session = SessionName::new(session).unwrap();
    turn.session_title = title.map(str::to_owned);
    turn
}

fn found(memory: &Memory, asked: &str) -> String {
    memory.find_session(&user("ana"), asked).unwrap().to_string()
}

/// The sessions that an error lists.
fn listed(error: &MemoryError) -> Vec<String> {
    let name = |remedy| match remedy {
        Remedy::NameSession { session, .. } => Some(session.to_string()),
        _ => None,
    };
    error.remedies().into_iter().filter_map(name).collect()
}

fn kitchen_and_trip() -> Fixture {
    let fixture = fixture();
    fixture
        .memory
        .remember(
            &user("ana"),
            &[
                in_session("0803dbe8-77f1-4d2e", Some("Kitchen renovation budget")),
                in_session("0803aaaa-0000-0000", Some("Café  Central")),
                in_session("trip", None),
                in_session("trip-2026", Some("Kitchen")),
                in_session("厨房装修", None),
            ],
        )
        .unwrap();
    fixture
}

#[test]
fn a_session_is_found_by_its_name_its_title_or_the_beginning_of_one() {
    let Fixture { memory, folder: _folder, .. } = kitchen_and_trip();
    for (asked, session) in [
        ("0803dbe8-77f1-4d2e", "0803dbe8-77f1-4d2e"),
        ("0803d", "0803dbe8-77f1-4d2e"),
        ("0803AAAA", "0803aaaa-0000-0000"),
        ("kitchen renovation budget", "0803dbe8-77f1-4d2e"),
        ("Kitchen r", "0803dbe8-77f1-4d2e"),
        (" cafe central ", "0803aaaa-0000-0000"),
        ("trip-", "trip-2026"),
        ("TRIP", "trip"),
        // A whole title wins over the beginning of another, and a whole name over the rest.
        ("kitchen", "trip-2026"),
        ("trip", "trip"),
        ("厨房", "厨房装修"),
    ] {
        assert_eq!(found(&memory, asked), session, "{asked}");
    }
}

#[test]
fn what_names_several_sessions_is_refused_with_a_list_of_them() {
    let Fixture { memory, folder: _folder, .. } = kitchen_and_trip();
    let error = memory.find_session(&user("ana"), "0803").unwrap_err();
    assert_eq!(error.code(), ErrorCode::AmbiguousSession);
    assert_eq!(error.to_string(), "\"0803\" names 2 sessions of user \"ana\"");
    let mut sessions = listed(&error);
    sessions.sort();
    assert_eq!(sessions, ["0803aaaa-0000-0000", "0803dbe8-77f1-4d2e"]);

    let many: Vec<NewTurn> =
        (0..9).map(|n| in_session(&format!("chat {n}"), Some("Same title"))).collect();
    memory.remember(&user("ana"), &many).unwrap();
    let error = memory.find_session(&user("ana"), "same title").unwrap_err();
    assert!(error.to_string().contains("names 9 sessions"), "{error}");
    assert_eq!(listed(&error).len(), MAX_CANDIDATES);
}

#[test]
fn what_names_none_is_refused_with_those_that_may_be_meant() {
    let Fixture { memory, folder: _folder, .. } = kitchen_and_trip();
    let near = |asked: &str| {
        let error = memory.find_session(&user("ana"), asked).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnknownSession, "{asked}");
        listed(&error)
    };
    assert_eq!(near("trp")[0], "trip");
    assert_eq!(near("renovation"), ["0803dbe8-77f1-4d2e"]);
    assert_eq!(near("kitchen renovtion budget")[0], "0803dbe8-77f1-4d2e");
    assert_eq!(near("zzzz"), Vec::<String>::new());
    // Too short to be a beginning.
    assert_eq!(near("080").len(), 2);
    assert_eq!(near(""), Vec::<String>::new());
    assert_eq!(near(&"x".repeat(1000)), Vec::<String>::new());
}

#[test]
fn nobody_finds_sessions_of_others() {
    let Fixture { memory, folder: _folder, .. } = kitchen_and_trip();
    memory.remember(&user("bo"), &[in_session("garden", None)]).unwrap();
    for asked in ["trip", "0803dbe8", "kitchen", "Kitchen renovation budget"] {
        let error = memory.find_session(&user("bo"), asked).unwrap_err();
        assert_eq!((error.code(), listed(&error).len()), (ErrorCode::UnknownSession, 0));
    }
    assert!(matches!(
        memory.find_session(&user("nobody"), "trip"),
        Err(MemoryError::Store(StoreError::UnknownUser(_)))
    ));
}
