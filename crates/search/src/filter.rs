//! A scope in the store's numbers, for rows in memory.

use longmem_core::{Role, Scope, Timestamp};

use crate::lists::TurnEntry;
use crate::source::SessionNumber;

/// Which of a user's turns a search may bring.
#[derive(Debug, Clone)]
pub(crate) struct RowFilter {
    /// None admits every session; an empty list admits none.
    sessions: Option<Vec<SessionNumber>>,
    /// An empty list admits every role.
    roles: Vec<Role>,
    since_ms: i64,
    until_ms: i64,
}

impl RowFilter {
    /// The filter of a scope whose sessions were looked up.
    pub(crate) fn new(scope: &Scope, sessions: Option<Vec<SessionNumber>>) -> Self {
        Self {
            sessions,
            roles: scope.roles.clone(),
            since_ms: scope.since.map_or(i64::MIN, first_millisecond),
            until_ms: scope.until.map_or(i64::MAX, first_millisecond),
        }
    }

    /// Says whether every turn of the user is admitted.
    pub(crate) fn admits_all(&self) -> bool {
        self.sessions.is_none()
            && self.roles.is_empty()
            && (self.since_ms, self.until_ms) == (i64::MIN, i64::MAX)
    }

    /// Says whether a turn is admitted.
    pub(crate) fn admits(&self, turn: &TurnEntry) -> bool {
        (self.since_ms..self.until_ms).contains(&turn.time_ms)
            && self.sessions.as_ref().is_none_or(|sessions| sessions.contains(&turn.session))
            && (self.roles.is_empty() || self.roles.contains(&turn.role))
    }
}

/// The first whole millisecond at or after a time: turns have whole ones, bounds need not.
fn first_millisecond(time: Timestamp) -> i64 {
    let before = time.as_millisecond();
    before + i64::from(time.as_nanosecond() > i128::from(before) * 1_000_000)
}
