//! Changes what is stored: the words of a turn, the name and title of a session, where turns stand.

use std::collections::BTreeSet;

use longmem_core::{NewTurn, Role, Scope, SessionName, TurnId, UserName};
use longmem_search::{NewLists, SessionNumber, TurnEntry};
use longmem_store::{Amended, Changes, Derived, ForgetTarget, Moved, Result, StoreError};
use longmem_text::indexed_words;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::rows::{parsed, timestamp, turn_array};
use crate::users::{begin_epoch, user_id};
use crate::{SqliteStore, block_tables, forget, kept, session_names};

impl Changes for SqliteStore {
    fn amend_turn(&self, user: &UserName, turn: TurnId, text: &str) -> Result<Amended> {
        let derived = self.connections.write(|transaction| amend(transaction, user, turn, text))?;
        let derived = derived.map_err(|missing| missing.error(user))?;
        Ok(Amended { derived, erasure: self.connections.erase_deleted() })
    }

    fn set_session_title(
        &self,
        user: &UserName,
        session: &SessionName,
        title: Option<&str>,
    ) -> Result<()> {
        let changed = self.connections.write(|transaction| {
            let (user_id, number) = match find(transaction, user, session)? {
                Ok(found) => found,
                Err(missing) => return Ok(Err(missing)),
            };
            transaction
                .execute("UPDATE sessions SET title = ?2 WHERE id = ?1", params![number, title])?;
            session_names::note_titled(transaction, user_id, session)?;
            begin_epoch(transaction, user_id).map(Ok)
        })?;
        changed.map_err(|missing| missing.error(user))?;
        self.connections.erase_deleted();
        Ok(())
    }

    fn rename_session(
        &self,
        user: &UserName,
        session: &SessionName,
        name: &SessionName,
    ) -> Result<()> {
        let changed = self.connections.write(|transaction| {
            let (user_id, number) = match find(transaction, user, session)? {
                Ok(found) => found,
                Err(missing) => return Ok(Err(missing)),
            };
            if session == name {
                return Ok(Ok(()));
            }
            if session_number(transaction, user_id, name)?.is_some() {
                return Ok(Err(Missing::FreeName(name.clone())));
            }
            transaction.execute(
                "UPDATE sessions SET name = ?2 WHERE id = ?1",
                params![number, name.as_str()],
            )?;
            session_names::note_present_name(transaction, user_id, session, name)?;
            session_names::rename_titled(transaction, user_id, session, name)?;
            begin_epoch(transaction, user_id).map(Ok)
        })?;
        changed.map_err(|missing| missing.error(user))?;
        self.connections.erase_deleted();
        Ok(())
    }

    fn move_turns(&self, user: &UserName, turns: &[TurnId], into: &SessionName) -> Result<Moved> {
        let moved = self.connections.write(|transaction| moved(transaction, user, turns, into))?;
        let moved = moved.map_err(|missing| missing.error(user))?;
        self.connections.erase_deleted();
        Ok(moved)
    }
}

/// What a change needs and the store does not have.
enum Missing {
    User,
    Session(SessionName),
    Turn(TurnId),
    FreeName(SessionName),
}

impl Missing {
    fn error(self, user: &UserName) -> StoreError {
        let user = user.clone();
        match self {
            Self::User => StoreError::UnknownUser(user),
            Self::Session(session) => StoreError::UnknownSession { user, session },
            Self::Turn(turn) => StoreError::UnknownTurn { user, turn },
            Self::FreeName(session) => StoreError::SessionExists { user, session },
        }
    }
}

/// The numbers of a user and of one of the user's sessions.
fn find(
    connection: &Connection,
    user: &UserName,
    session: &SessionName,
) -> rusqlite::Result<std::result::Result<(i64, i64), Missing>> {
    let Some(user_id) = user_id(connection, user)? else { return Ok(Err(Missing::User)) };
    let number = session_number(connection, user_id, session)?;
    Ok(number.map(|number| (user_id, number)).ok_or_else(|| Missing::Session(session.clone())))
}

fn session_number(
    connection: &Connection,
    user_id: i64,
    session: &SessionName,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM sessions WHERE user_id = ?1 AND name = ?2")?
        .query_row(params![user_id, session.as_str()], |row| row.get(0))
        .optional()
}

fn amend(
    transaction: &Transaction<'_>,
    user: &UserName,
    turn: TurnId,
    text: &str,
) -> rusqlite::Result<std::result::Result<Derived, Missing>> {
    let Some(user_id) = user_id(transaction, user)? else { return Ok(Err(Missing::User)) };
    let Some((session, said)) = turn_of(transaction, user_id, turn)? else {
        return Ok(Err(Missing::Turn(turn)));
    };
    let target = ForgetTarget::Turns(Scope::of(user.clone()), vec![turn]);
    let derived = forget::delete_derived(transaction, user_id, &target, &[turn])?;
    forget::remove_from_blocks(transaction, user_id, &[turn])?;
    transaction.execute("DELETE FROM passages WHERE turn_id = ?1", [turn.0])?;
    transaction.execute("UPDATE turns SET text = ?2 WHERE id = ?1", params![turn.0, text])?;
    let words = indexed_words(said.time, said.speaker.as_deref(), text);
    let entry = TurnEntry {
        turn,
        session: SessionNumber(session),
        role: said.role,
        note: said.note,
        time_ms: said.time.as_millisecond(),
        words: words.all,
    };
    let mut lists = NewLists::default();
    lists.add_turn(&entry, &words);
    block_tables::insert_between(transaction, user_id, &lists)?;
    if said.role != Role::Tool {
        transaction.execute(
            "INSERT OR IGNORE INTO index_queue (user_id, turn_id) VALUES (?1, ?2)",
            [user_id, turn.0],
        )?;
    }
    session_names::note_amended(transaction, user_id, turn)?;
    kept::delete_import_marks(transaction, user_id)?;
    begin_epoch(transaction, user_id)?;
    Ok(Ok(derived))
}

/// A turn of a user, with the number of its session.
fn turn_of(
    connection: &Connection,
    user_id: i64,
    turn: TurnId,
) -> rusqlite::Result<Option<(i64, NewTurn)>> {
    connection
        .prepare_cached(
            "SELECT s.id, s.name, t.role, t.speaker, t.time_ms, t.note
             FROM turns t JOIN sessions s ON s.id = t.session_id
             WHERE t.user_id = ?1 AND t.id = ?2",
        )?
        .query_row([user_id, turn.0], |row| {
            let said = NewTurn {
                session: parsed(row, 1)?,
                session_title: None,
                role: parsed(row, 2)?,
                speaker: row.get(3)?,
                text: String::new(),
                time: timestamp(row, 4)?,
                note: row.get(5)?,
                source_key: None,
            };
            Ok((row.get(0)?, said))
        })
        .optional()
}

fn moved(
    transaction: &Transaction<'_>,
    user: &UserName,
    turns: &[TurnId],
    into: &SessionName,
) -> rusqlite::Result<std::result::Result<Moved, Missing>> {
    let Some(user_id) = user_id(transaction, user)? else { return Ok(Err(Missing::User)) };
    let known: BTreeSet<TurnId> = transaction
        .prepare_cached("SELECT id FROM turns WHERE user_id = ?1 AND id IN rarray(?2)")?
        .query_map(params![user_id, turn_array(turns)], |row| row.get(0).map(TurnId))?
        .collect::<rusqlite::Result<_>>()?;
    if let Some(unknown) = turns.iter().find(|turn| !known.contains(turn)) {
        return Ok(Err(Missing::Turn(*unknown)));
    }
    let target = session_number(transaction, user_id, into)?;
    let moving: Vec<TurnId> = transaction
        .prepare_cached("SELECT id FROM turns WHERE id IN rarray(?1) AND session_id IS NOT ?2")?
        .query_map(params![turn_array(turns), target], |row| row.get(0).map(TurnId))?
        .collect::<rusqlite::Result<_>>()?;
    if moving.is_empty() {
        return Ok(Ok(Moved::default()));
    }
    let target = match target {
        Some(target) => target,
        None => {
            transaction.execute(
                "INSERT INTO sessions (user_id, name) VALUES (?1, ?2)",
                params![user_id, into.as_str()],
            )?;
            transaction.last_insert_rowid()
        }
    };
    let sources: Vec<(i64, SessionName)> = transaction
        .prepare_cached(
            "SELECT DISTINCT s.id, s.name FROM turns t JOIN sessions s ON s.id = t.session_id
             WHERE t.id IN rarray(?1)",
        )?
        .query_map([turn_array(&moving)], |row| Ok((row.get(0)?, parsed(row, 1)?)))?
        .collect::<rusqlite::Result<_>>()?;

    // A summary covers the beginning of its session, so it may lose a turn here or gain one there.
    let mut summaries = forget::delete_summaries(transaction, user_id, &moving, false)?;
    // Places are unique in a session, and below 0 there are none: they are given out anew below.
    transaction.execute(
        "UPDATE turns SET session_id = ?2, position = -1 - id WHERE id IN rarray(?1)",
        params![turn_array(&moving), target],
    )?;
    summaries += forget::delete_summaries(transaction, user_id, &moving, false)?;
    number_positions(transaction, target)?;
    for (source, _) in &sources {
        number_positions(transaction, *source)?;
    }
    let gone: BTreeSet<TurnId> = moving.iter().copied().collect();
    block_tables::set_session(transaction, user_id, &gone, SessionNumber(target))?;

    let mut sessions = 0;
    for (source, name) in &sources {
        let is_empty = !transaction
            .prepare_cached("SELECT 1 FROM turns WHERE session_id = ?1")?
            .exists([source])?;
        if is_empty {
            learn_no_more_than(transaction, *source, target)?;
            transaction.execute("DELETE FROM sessions WHERE id = ?1", [source])?;
            session_names::note_present_name(transaction, user_id, name, into)?;
            // The title of the one does not become that of the other when it is imported again.
            session_names::note_titled(transaction, user_id, into)?;
            sessions += 1;
        }
    }
    session_names::delete_of_gone(transaction, user_id)?;
    begin_epoch(transaction, user_id)?;
    Ok(Ok(Moved { turns: moving.len() as u64, sessions, summaries }))
}

/// Numbers the turns of a session from 0 on, in the order of storing.
fn number_positions(transaction: &Transaction<'_>, session: i64) -> rusqlite::Result<()> {
    let ids: Vec<i64> = transaction
        .prepare_cached("SELECT id FROM turns WHERE session_id = ?1 ORDER BY id")?
        .query_map([session], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    // A place may be another turn's until that has moved on, so all give theirs up first.
    transaction.execute("UPDATE turns SET position = -1 - id WHERE session_id = ?1", [session])?;
    let mut update = transaction.prepare_cached("UPDATE turns SET position = ?2 WHERE id = ?1")?;
    for (position, id) in ids.into_iter().enumerate() {
        update.execute(params![id, position as i64])?;
    }
    Ok(())
}

/// What was learned from in a session that is empty now is not learned from again in the one that has
/// its turns, if that is learned from at all.
fn learn_no_more_than(
    transaction: &Transaction<'_>,
    source: i64,
    target: i64,
) -> rusqlite::Result<()> {
    transaction
        .execute(
            "UPDATE learned_sessions SET through_turn = max(through_turn, coalesce(
                 (SELECT through_turn FROM learned_sessions WHERE session_id = ?1), 0))
             WHERE session_id = ?2",
            [source, target],
        )
        .map(drop)
}
