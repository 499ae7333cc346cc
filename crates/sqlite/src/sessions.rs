//! Lists a user's conversations.

use jiff::Timestamp;
use longmem_core::{SessionName, UserName};

use crate::turns::{parsed, timestamp};
use crate::{Store, StoreError};

/// One conversation at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// Its name, unique among the user's.
    pub session: SessionName,
    /// Its title, if the source had one.
    pub title: Option<String>,
    /// How many turns it has.
    pub turns: u64,
    /// The time of its first turn.
    pub start: Timestamp,
    /// The time of its last turn.
    pub end: Timestamp,
}

impl Store {
    /// Lists a user's sessions, the one with the newest turn first.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn sessions(&self, user: &UserName) -> Result<Vec<SessionSummary>, StoreError> {
        self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT s.name, s.title, count(*), min(t.time_ms), max(t.time_ms) AS last
                     FROM sessions s JOIN turns t ON t.session_id = s.id
                     JOIN users u ON u.id = s.user_id
                     WHERE u.name = ?1 GROUP BY s.id ORDER BY last DESC, s.id DESC",
                )?
                .query_map([user.as_str()], |row| {
                    Ok(SessionSummary {
                        session: parsed(row, 0)?,
                        title: row.get(1)?,
                        turns: row.get(2)?,
                        start: timestamp(row, 3)?,
                        end: timestamp(row, 4)?,
                    })
                })?
                .collect()
        })
    }
}
