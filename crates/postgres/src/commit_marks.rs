//! What each write leaves in the store, so that it can be looked for if its commit is not answered.

use std::sync::{Mutex, PoisonError};

use crate::database::Users;
use crate::failure::Failure;
use crate::leases::{NOW_MS, WHOLE_STORE};
use crate::statements::{Statements, params};

/// How long a mark stays when its writer writes no more: longer than anybody looks for it.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// One of so many writes clears away what is older.
const WRITES_PER_CLEARING: i64 = 16;

/// The writers of one process that write nothing now. Each has rows of its own, so that no write waits for
/// another one's mark.
#[derive(Debug, Default)]
pub(crate) struct Writers(Mutex<Vec<i64>>);

impl Writers {
    /// What the next write leaves.
    pub(crate) fn mark(&self, users: Users) -> CommitMark {
        let user = match users {
            Users::One(user) => user,
            Users::All => WHOLE_STORE,
        };
        let writer = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let writer = writer.unwrap_or_else(|| fastrand::i64(..));
        CommitMark { user: user.0, writer, mark: fastrand::i64(..) }
    }

    /// Takes the writer of a write back that is over: the row of one that may still go on is locked.
    pub(crate) fn is_over(&self, mark: &CommitMark) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(mark.writer);
    }
}

/// What one write leaves, and no other does.
#[derive(Debug)]
pub(crate) struct CommitMark {
    user: i64,
    writer: i64,
    mark: i64,
}

impl CommitMark {
    /// Leaves it, among the first statements of the write.
    pub(crate) async fn leave(&self, statements: &Statements<'_>) -> Result<(), Failure> {
        let sql = format!(
            "INSERT INTO commit_marks (user_id, writer, mark, marked_ms)
             VALUES ($1, $2, $3, {NOW_MS}) ON CONFLICT (user_id, writer)
             DO UPDATE SET mark = excluded.mark, marked_ms = excluded.marked_ms"
        );
        statements.run(&sql, params![self.user, self.writer, self.mark]).await.map(drop)
    }

    /// Clears away old marks now and then, as the last statement of the write: what it locks for that is
    /// free again at once.
    pub(crate) async fn clear(&self, statements: &Statements<'_>) -> Result<(), Failure> {
        if self.mark % WRITES_PER_CLEARING != 0 {
            return Ok(());
        }
        let sql = format!(
            "DELETE FROM commit_marks WHERE user_id = $1 AND writer IN (
                 SELECT writer FROM commit_marks WHERE user_id = $1 AND marked_ms < {NOW_MS} - $2
                 FOR UPDATE SKIP LOCKED)"
        );
        statements.run(&sql, params![self.user, KEPT_MS]).await.map(drop)
    }

    /// Whether the write is committed. Waits for its end, since both want the same row.
    pub(crate) async fn is_committed(&self, statements: &Statements<'_>) -> Result<bool, Failure> {
        let another = self.mark.wrapping_add(1);
        let sql = format!(
            "INSERT INTO commit_marks (user_id, writer, mark, marked_ms)
             VALUES ($1, $2, $3, {NOW_MS}) ON CONFLICT (user_id, writer)
             DO UPDATE SET mark = commit_marks.mark RETURNING mark"
        );
        let row = statements.row(&sql, params![self.user, self.writer, another]).await?;
        Ok(row.try_get::<_, i64>(0)? == self.mark)
    }
}
