//! Made-up turns that the tests start from.

use longmem_core::{NewTurn, Role, SessionName, Timestamp, UserName};

pub(crate) fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

/// A user's turn, said so many seconds after the start of 2026.
pub(crate) fn turn(session: &str, text: &str, second: i64) -> NewTurn {
    NewTurn {
        session: SessionName::new(session).unwrap(),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: text.to_owned(),
        time: Timestamp::from_second(1_767_225_600 + second).unwrap(),
        note: false,
        source_key: None,
    }
}
