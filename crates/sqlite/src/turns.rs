//! Stores turns and reads them back.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::Timestamp;
use longmem_core::{NewTurn, Role, SessionName, Turn, TurnId, UserName};
use rayon::prelude::*;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::learning::learn_from;
use crate::postings::{NewPostings, Posting};
use crate::turn_blocks::{NewEntries, TurnEntry};
use crate::{Store, StoreError};
use longmem_text::{IndexedWords, indexed_words};

/// What became of a turn that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inserted {
    /// Its number, also if it was there before.
    pub id: TurnId,
    /// False if the user already had a turn with this source key.
    pub new: bool,
}

impl Store {
    /// Stores turns of one user in one transaction: when this returns they are on disk, found by
    /// words, and queued for vectors. A turn whose source key the user already has is left as it
    /// is. What tools print gets no vectors: there is much of it, and it is asked for by its words.
    ///
    /// # Errors
    /// [`StoreError`]; then none of the turns was stored.
    pub fn insert_turns(
        &self,
        user: &UserName,
        turns: &[NewTurn],
    ) -> Result<Vec<Inserted>, StoreError> {
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        let words = words_of(turns);
        self.connections.write(|transaction| insert(transaction, user, turns, words))
    }

    /// Stores a turn, unless the last two turns of its session show that it is there already:
    /// `already` finds it among them, the newest last. Looking and storing are one transaction, so
    /// that of two processes with the same turn only one stores it. With `learns`, the same
    /// transaction lets the session be learned from, as [`Store::learn_from`] does.
    ///
    /// # Errors
    /// [`StoreError`]; then it was not stored.
    pub fn insert_unless(
        &self,
        user: &UserName,
        turn: &NewTurn,
        learns: bool,
        already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync),
    ) -> Result<Inserted, StoreError> {
        let turns = std::slice::from_ref(turn);
        let words = words_of(turns);
        self.connections.write(|transaction| {
            let last = last_turns(transaction, user, &turn.session, 2)?;
            let inserted = match already(&last) {
                Some(id) => Inserted { id, new: false },
                None => insert(transaction, user, turns, words)?[0],
            };
            if learns {
                learn_from(transaction, user, &turn.session)?;
            }
            Ok(inserted)
        })
    }

    /// Lists the names of everybody who speaks in a user's turns, sorted.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn speakers(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        self.connections.read(|connection| {
            let Some(user_id) = user_id(connection, user)? else { return Ok(Vec::new()) };
            // Steps from name to name in the index instead of reading every turn.
            connection
                .prepare_cached(
                    "WITH RECURSIVE names (name) AS (
                         SELECT min(speaker) FROM turns WHERE user_id = ?1 AND speaker IS NOT NULL
                         UNION ALL
                         SELECT (SELECT min(speaker) FROM turns
                                 WHERE user_id = ?1 AND speaker > names.name)
                         FROM names WHERE names.name IS NOT NULL
                     )
                     SELECT name FROM names WHERE name IS NOT NULL",
                )?
                .query_map([user_id], |row| row.get(0))?
                .collect()
        })
    }

    /// Reads the last `limit` turns of a session, oldest first; none if there is no such session.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn recent_turns(
        &self,
        user: &UserName,
        session: &SessionName,
        limit: usize,
    ) -> Result<Vec<Turn>, StoreError> {
        self.connections.read(|connection| last_turns(connection, user, session, limit))
    }

    /// Reads turns of one user by number, in the order given; numbers that are not this user's
    /// are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn turns(&self, user: &UserName, ids: &[TurnId]) -> Result<Vec<Turn>, StoreError> {
        self.connections.read(|connection| {
            let sql = format!("{SELECT_TURN} WHERE u.name = ?1 AND t.id = ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut turns = Vec::with_capacity(ids.len());
            for id in ids {
                turns.extend(
                    statement.query_row(params![user.as_str(), id.0], turn_from_row).optional()?,
                );
            }
            Ok(turns)
        })
    }

    /// Reads the turns around one in its session, itself left out, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn neighbours(
        &self,
        user: &UserName,
        turn: &Turn,
        before: usize,
        after: usize,
    ) -> Result<Vec<Turn>, StoreError> {
        self.connections.read(|connection| {
            let select = |comparison: &str, order: &str, limit: usize| {
                let sql = format!(
                    "{SELECT_TURN} WHERE u.name = ?1 AND s.user_id = u.id AND s.name = ?2
                     AND t.position {comparison} (SELECT position FROM turns WHERE id = ?3)
                     ORDER BY t.position {order} LIMIT ?4"
                );
                let mut statement = connection.prepare_cached(&sql)?;
                let bound = params![user.as_str(), turn.session.as_str(), turn.id.0, limit as i64];
                statement.query_map(bound, turn_from_row)?.collect::<rusqlite::Result<Vec<_>>>()
            };
            let mut around = select("<", "DESC", before)?;
            around.reverse();
            around.extend(select(">", "ASC", after)?);
            Ok(around)
        })
    }
}

/// Takes turns apart before the transaction, in which others wait.
fn words_of(turns: &[NewTurn]) -> Vec<IndexedWords> {
    let words = |turn: &NewTurn| indexed_words(turn.time, turn.speaker.as_deref(), &turn.text);
    // A single turn does not wait until a thread is free of other work.
    match turns {
        [one] => vec![words(one)],
        many => many.par_iter().map(words).collect(),
    }
}

/// Stores turns with the words of each.
fn insert(
    transaction: &Transaction<'_>,
    user: &UserName,
    turns: &[NewTurn],
    words: Vec<IndexedWords>,
) -> rusqlite::Result<Vec<Inserted>> {
    let user_id = user_id_or_new(transaction, user)?;
    let mut sessions = HashMap::new();
    let mut lists = NewLists::default();
    let mut inserted = Vec::with_capacity(turns.len());
    for (turn, words) in turns.iter().zip(words) {
        let session = match sessions.entry(&turn.session) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                new.insert(OpenSession::find_or_make(transaction, user_id, turn)?)
            }
        };
        inserted.push(insert_turn(transaction, user_id, session, turn, words, &mut lists)?);
    }
    lists.postings.write(transaction)?;
    lists.entries.write(transaction)?;
    transaction.execute(
        "UPDATE users SET last_turn = (SELECT max(id) FROM turns WHERE user_id = ?1)
         WHERE id = ?1",
        [user_id],
    )?;
    // A session stays unmade if the user had all its turns, under the name of another one.
    let mut delete_if_empty = transaction.prepare_cached(
        "DELETE FROM sessions WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = ?1)",
    )?;
    for session in sessions.values() {
        delete_if_empty.execute([session.id])?;
    }
    Ok(inserted)
}

/// The last turns of a session, oldest first.
fn last_turns(
    connection: &Connection,
    user: &UserName,
    session: &SessionName,
    limit: usize,
) -> rusqlite::Result<Vec<Turn>> {
    let sql = format!(
        "{SELECT_TURN} WHERE u.name = ?1 AND s.name = ?2 ORDER BY t.position DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement
        .query_map(params![user.as_str(), session.as_str(), limit as i64], turn_from_row)?;
    let mut turns = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    turns.reverse();
    Ok(turns)
}

/// The columns that [`turn_from_row`] reads.
pub(crate) const SELECT_TURN: &str =
    "SELECT t.id, s.name, s.title, t.role, t.speaker, t.time_ms, t.text FROM turns t
     JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = t.user_id";

pub(crate) fn turn_from_row(row: &Row<'_>) -> rusqlite::Result<Turn> {
    Ok(Turn {
        id: TurnId(row.get(0)?),
        session: parsed(row, 1)?,
        session_title: row.get(2)?,
        role: parsed(row, 3)?,
        speaker: row.get(4)?,
        time: timestamp(row, 5)?,
        text: row.get(6)?,
    })
}

/// Reads a text column whose type checks it; the columns were checked on the way in.
pub(crate) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str()?.parse().map_err(|error: T::Err| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

pub(crate) fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
    })
}

/// The number of a user, if there is one of that name.
pub(crate) fn user_id(connection: &Connection, user: &UserName) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM users WHERE name = ?1")?
        .query_row([user.as_str()], |row| row.get(0))
        .optional()
}

pub(crate) fn user_id_or_new(
    transaction: &Transaction<'_>,
    user: &UserName,
) -> rusqlite::Result<i64> {
    match user_id(transaction, user)? {
        Some(id) => Ok(id),
        None => {
            transaction.execute("INSERT INTO users (name) VALUES (?1)", [user.as_str()])?;
            Ok(transaction.last_insert_rowid())
        }
    }
}

/// A session that turns are being added to.
struct OpenSession {
    id: i64,
    /// The place of the next turn.
    next_position: u32,
}

impl OpenSession {
    /// Finds or makes the turn's session; a title fills an empty one and replaces an older one.
    fn find_or_make(
        transaction: &Transaction<'_>,
        user_id: i64,
        turn: &NewTurn,
    ) -> rusqlite::Result<Self> {
        let found: Option<(i64, Option<String>)> = transaction
            .prepare_cached("SELECT id, title FROM sessions WHERE user_id = ?1 AND name = ?2")?
            .query_row(params![user_id, turn.session.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((id, title)) = found else {
            transaction
                .prepare_cached("INSERT INTO sessions (user_id, name, title) VALUES (?1, ?2, ?3)")?
                .execute(params![user_id, turn.session.as_str(), turn.session_title])?;
            return Ok(Self { id: transaction.last_insert_rowid(), next_position: 0 });
        };
        if turn.session_title.is_some() && turn.session_title != title {
            transaction
                .prepare_cached("UPDATE sessions SET title = ?2 WHERE id = ?1")?
                .execute(params![id, turn.session_title])?;
        }
        let next_position = transaction
            .prepare_cached(
                "SELECT coalesce(max(position) + 1, 0) FROM turns WHERE session_id = ?1",
            )?
            .query_row([id], |row| row.get(0))?;
        Ok(Self { id, next_position })
    }
}

/// What searches need of one transaction's turns, not written yet.
#[derive(Default)]
struct NewLists {
    postings: NewPostings,
    entries: NewEntries,
}

fn insert_turn(
    transaction: &Transaction<'_>,
    user_id: i64,
    session: &mut OpenSession,
    turn: &NewTurn,
    words: IndexedWords,
    lists: &mut NewLists,
) -> rusqlite::Result<Inserted> {
    let source_key = turn.source_key.as_ref().map(|key| key.0.as_str());
    if let Some(source_key) = source_key {
        let known: Option<i64> = transaction
            .prepare_cached("SELECT id FROM turns WHERE user_id = ?1 AND source_key = ?2")?
            .query_row(params![user_id, source_key], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(Inserted { id: TurnId(id), new: false });
        }
    }
    transaction
        .prepare_cached(
            "INSERT INTO turns (user_id, session_id, position, role, time_ms, source_key, speaker,
                                text)
             VALUES (?1, ?2, ?3, ?4, ?5,
                     coalesce(?6, printf('turn:%012x%s', 1000 * unixepoch('now', 'subsec'),
                                         lower(hex(randomblob(10))))),
                     ?7, ?8)",
        )?
        .execute(params![
            user_id,
            session.id,
            session.next_position,
            turn.role.as_str(),
            turn.time.as_millisecond(),
            source_key,
            turn.speaker,
            turn.text,
        ])?;
    let id = transaction.last_insert_rowid();
    for (word, count) in words.counts {
        lists.postings.add(user_id, word, Posting { turn: TurnId(id), count });
    }
    lists.entries.add(
        user_id,
        &TurnEntry {
            turn: TurnId(id),
            session_id: session.id,
            role: turn.role,
            time_ms: turn.time.as_millisecond(),
            words: words.all,
        },
    );
    session.next_position += 1;
    if turn.role != Role::Tool {
        transaction
            .prepare_cached("INSERT INTO index_queue (turn_id) VALUES (?1)")?
            .execute([id])?;
    }
    Ok(Inserted { id: TurnId(id), new: true })
}

#[cfg(test)]
mod tests {
    use longmem_core::SourceKey;

    use super::*;
    use crate::made_up::user;
    use crate::{IfMissing, made_up};

    fn turn(session: &str, title: Option<&str>, key: Option<&str>) -> NewTurn {
        NewTurn {
            session_title: title.map(str::to_owned),
            source_key: key.map(|key| SourceKey(key.to_owned())),
            ..made_up::turn(session, "lisbon", 0)
        }
    }

    fn opened() -> (tempfile::TempDir, Store, UserName) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        (folder, store, user("ana"))
    }

    #[test]
    fn a_turn_with_a_key_that_is_here_is_left_as_it_is_and_makes_nothing() {
        let (_folder, store, ana) = opened();
        let first = store.insert_turns(&ana, &[turn("talk", None, Some("k"))]).unwrap();
        let again = [turn("renamed", None, Some("k")), turn("renamed", None, Some("k"))];
        let again = store.insert_turns(&ana, &again).unwrap();
        let known = Inserted { id: first[0].id, new: false };
        assert_eq!(again, [known, known]);
        let stats = store.stats().unwrap();
        assert_eq!((stats.turns, stats.sessions, stats.turns_without_vectors), (1, 1, 1));
        assert!(store.insert_turns(&user("bob"), &[turn("talk", None, Some("k"))]).unwrap()[0].new);
    }

    #[test]
    fn turns_without_a_key_are_never_the_same() {
        let (_folder, store, ana) = opened();
        let turns = [turn("talk", None, None), turn("talk", None, None)];
        assert!(store.insert_turns(&ana, &turns).unwrap().iter().all(|inserted| inserted.new));
    }

    #[test]
    fn nothing_to_insert_makes_no_user() {
        let (_folder, store, ana) = opened();
        assert_eq!(store.insert_turns(&ana, &[]).unwrap(), []);
        assert_eq!(store.users().unwrap(), []);
    }

    #[test]
    fn a_title_fills_an_empty_one_and_replaces_an_older_one() {
        let (_folder, store, ana) = opened();
        for (given, kept) in [
            (None, None),
            (Some("Moving"), Some("Moving")),
            (None, Some("Moving")),
            (Some("Moved"), Some("Moved")),
        ] {
            store.insert_turns(&ana, &[turn("talk", given, Some("k"))]).unwrap();
            let sessions = store.sessions(&ana).unwrap();
            assert_eq!(sessions[0].title.as_deref(), kept);
        }
    }

    /// Whatever their times say: an assistant's clock may run behind its user's.
    #[test]
    fn recent_and_neighbouring_turns_come_in_the_order_of_storing() {
        let (_folder, store, ana) = opened();
        let turns = [30, 10, 20, 10, 0].map(|second| made_up::turn("talk", "lisbon", second));
        let id: Vec<TurnId> =
            store.insert_turns(&ana, &turns).unwrap().iter().map(|inserted| inserted.id).collect();
        store.insert_turns(&ana, &[turn("other", None, None)]).unwrap();
        let talk = SessionName::new("talk").unwrap();
        let ids = |turns: Vec<Turn>| turns.iter().map(|turn| turn.id).collect::<Vec<_>>();
        assert_eq!(ids(store.recent_turns(&ana, &talk, 3).unwrap()), [id[2], id[3], id[4]]);
        let fourth = &store.turns(&ana, &[id[3]]).unwrap()[0];
        assert_eq!(ids(store.neighbours(&ana, fourth, 1, 1).unwrap()), [id[2], id[4]]);
        assert_eq!(
            ids(store.neighbours(&ana, fourth, 9, 9).unwrap()),
            [id[0], id[1], id[2], id[4]]
        );
        assert_eq!(ids(store.turns(&ana, &[id[4], TurnId(99), id[0]]).unwrap()), [id[4], id[0]]);
    }
}
