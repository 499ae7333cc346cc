//! A scope in the store's numbers, for rows in memory.

use std::ops::Range;

use longmem_core::{Role, Scope};

use crate::lists::TurnEntry;
use crate::source::SessionNumber;

/// Which of a user's turns a search may bring.
#[derive(Debug, Clone)]
pub(crate) struct RowFilter {
    /// None admits every session; an empty list admits none.
    sessions: Option<Vec<SessionNumber>>,
    /// An empty list admits every role.
    roles: Vec<Role>,
    times_ms: Range<i64>,
}

impl RowFilter {
    /// The filter of a scope whose sessions were looked up.
    pub(crate) fn new(scope: &Scope, sessions: Option<Vec<SessionNumber>>) -> Self {
        Self { sessions, roles: scope.roles.clone(), times_ms: scope.milliseconds() }
    }

    /// Says whether every turn of the user is admitted.
    pub(crate) fn admits_all(&self) -> bool {
        self.sessions.is_none() && self.roles.is_empty() && self.times_ms == (i64::MIN..i64::MAX)
    }

    /// Says whether a turn is admitted.
    pub(crate) fn admits(&self, turn: &TurnEntry) -> bool {
        self.times_ms.contains(&turn.time_ms)
            && self.sessions.as_ref().is_none_or(|sessions| sessions.contains(&turn.session))
            && (self.roles.is_empty() || self.roles.contains(&turn.role))
    }
}
