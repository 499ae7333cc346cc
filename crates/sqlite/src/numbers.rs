//! Gives out the numbers of turns and passages, in chunks for each user.
//!
//! A chunk is as long as the longest block of a list. So the turns of a user stand in few blocks also
//! when many users write in turn, and numbers rise, for each user, in the order of commit.

use longmem_store::NUMBERS_IN_CHUNK as CHUNK;
use rusqlite::{Transaction, params};

/// No store comes near to this number; one that is there is damaged.
const GREATEST: i64 = 1 << 56;

/// What is numbered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Turn,
    Passage,
}

impl Kind {
    fn column(self) -> &'static str {
        match self {
            Self::Turn => "next_turn",
            Self::Passage => "next_passage",
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Turn => "turns",
            Self::Passage => "passages",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Passage => "passage",
        }
    }
}

/// The numbers that a user gets next.
pub(crate) struct Numbers {
    kind: Kind,
    user_id: i64,
    /// A multiple of [`CHUNK`] if a chunk has to be drawn first.
    next: i64,
    /// Where the user's last chunk ends.
    end: i64,
}

impl Numbers {
    /// The user's next numbers. The transaction holds the store's one lock for writing.
    pub(crate) fn of(
        transaction: &Transaction<'_>,
        kind: Kind,
        user_id: i64,
    ) -> rusqlite::Result<Self> {
        let sql = format!("SELECT {} FROM users WHERE id = ?1", kind.column());
        let next: i64 = transaction.prepare_cached(&sql)?.query_row([user_id], |row| row.get(0))?;
        if !(0..GREATEST).contains(&next) {
            return Err(rusqlite::Error::IntegralValueOutOfRange(0, next));
        }
        Ok(Self { kind, user_id, next, end: (next + CHUNK - 1) / CHUNK * CHUNK })
    }

    /// Gives out so many numbers that follow one another; returns the first.
    pub(crate) fn take(
        &mut self,
        transaction: &Transaction<'_>,
        count: usize,
    ) -> rusqlite::Result<i64> {
        let count = count as i64;
        if self.end - self.next < count {
            self.draw(transaction, count)?;
        }
        let first = self.next;
        self.next += count;
        Ok(first)
    }

    /// Draws as many chunks as hold so many numbers.
    fn draw(&mut self, transaction: &Transaction<'_>, count: i64) -> rusqlite::Result<()> {
        // Number 0 is never given out.
        let chunks = (count + CHUNK) / CHUNK;
        let first_chunk: i64 = transaction
            .prepare_cached(
                "UPDATE number_chunks SET next_chunk = next_chunk + ?2
                 WHERE kind = ?1 AND next_chunk BETWEEN 0 AND ?3
                 RETURNING next_chunk - ?2",
            )?
            .query_row(params![self.kind.name(), chunks, GREATEST / CHUNK], |row| row.get(0))?;
        (self.next, self.end) = ((first_chunk * CHUNK).max(1), (first_chunk + chunks) * CHUNK);
        Ok(())
    }

    /// Notes what was given out.
    pub(crate) fn write(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let sql = format!("UPDATE users SET {} = ?2 WHERE id = ?1", self.kind.column());
        transaction.prepare_cached(&sql)?.execute(params![self.user_id, self.next]).map(drop)
    }
}

/// Whether the numbers that a user of another store has can be those of a user here: nobody has a number
/// in these chunks, or goes on in one of them.
pub(crate) fn are_free(
    transaction: &Transaction<'_>,
    kind: Kind,
    chunks: &[i64],
    last: i64,
) -> rusqlite::Result<bool> {
    if !(0..GREATEST).contains(&last) {
        return Ok(false);
    }
    let last = (last > 0).then_some(last / CHUNK);
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM {table} WHERE id >= ?1 AND id < ?1 + {CHUNK})
             OR EXISTS (SELECT 1 FROM users WHERE {next} > ?1 AND {next} < ?1 + {CHUNK})",
        table = kind.table(),
        next = kind.column(),
    );
    let mut is_taken = transaction.prepare_cached(&sql)?;
    for chunk in chunks.iter().copied().chain(last) {
        if is_taken.query_row([chunk * CHUNK], |row| row.get(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Notes that a user has numbers up to one that were not given out here; the next chunks are later.
pub(crate) fn note_kept(
    transaction: &Transaction<'_>,
    kind: Kind,
    user_id: i64,
    last: i64,
) -> rusqlite::Result<()> {
    if last == 0 {
        return Ok(());
    }
    transaction.execute(
        "UPDATE number_chunks SET next_chunk = max(next_chunk, ?2) WHERE kind = ?1",
        params![kind.name(), last / CHUNK + 1],
    )?;
    let sql = format!("UPDATE users SET {} = ?2 WHERE id = ?1", kind.column());
    transaction.execute(&sql, [user_id, last + 1]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::user;
    use crate::users::user_id_or_new;
    use crate::{IfMissing, SqliteStore};

    #[test]
    fn each_user_has_chunks_of_its_own_and_no_number_comes_twice() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let take = |name: &str, count: usize| {
            store
                .connections
                .write(|transaction| {
                    let user_id = user_id_or_new(transaction, &user(name))?;
                    let mut numbers = Numbers::of(transaction, Kind::Passage, user_id)?;
                    let first = numbers.take(transaction, count)?;
                    numbers.write(transaction)?;
                    Ok(first)
                })
                .unwrap()
        };
        assert_eq!(take("ana", 3), 1);
        assert_eq!(take("bob", 1), 8192);
        assert_eq!(take("ana", 8188), 4, "the rest of the chunk");
        assert_eq!(take("ana", 1), 2 * 8192);
        assert_eq!(take("bob", 8191), 8193);
        assert_eq!(take("bob", 2), 3 * 8192, "a turn's passages follow one another");
        assert_eq!(take("ana", 8192), 4 * 8192);
        assert_eq!(take("bob", 8191), 6 * 8192, "and stand in as many chunks as they need");
        assert_eq!(take("ana", 1), 7 * 8192);
    }
}
