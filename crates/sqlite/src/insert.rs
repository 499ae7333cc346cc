//! Stores turns.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::OnceLock;

use longmem_core::{NewTurn, Role, SessionName, SourceKey, Turn, TurnId, UserName};
use longmem_search::{Epoch, NewLists, SessionNumber, TurnEntry};
use longmem_store::own_values::SessionNames;
use longmem_store::{ForgottenKey, Inserted, KeyState, Result, has_grown};
use longmem_text::{IndexedWords, indexed_words};
use rayon::prelude::*;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::block_tables::{self, Owner};
use crate::connections::Connections;
use crate::learning::learn_from;
use crate::numbers::{Kind, Numbers};
use crate::read::last_turns;
use crate::rows::array;
use crate::session_names::{self, is_amended};
use crate::users::{epoch, user_id, user_id_or_new};
use crate::{forget, forgotten_keys, kept};

/// Stores turns of one user; see [`Turns::insert_turns`](longmem_store::Turns::insert_turns).
pub(crate) fn insert_turns(
    connections: &Connections,
    user: &UserName,
    turns: &[NewTurn],
) -> Result<Vec<Inserted>> {
    if turns.is_empty() {
        return Ok(Vec::new());
    }
    let new = made_ready(turns, &HashMap::new());
    connections.write(|transaction| {
        let known = KnownTurns::default().brought_up_to_date(transaction, user, turns)?;
        let new: Vec<_> = new.iter().collect();
        insert(transaction, user, &new, &SessionNames::default(), known)
    })
}

/// Stores turns of one user that were not forgotten, and values beside them; see
/// [`Turns::import_turns_keeping`](longmem_store::Turns::import_turns_keeping).
pub(crate) fn import_turns(
    connections: &Connections,
    user: &UserName,
    turns: &[NewTurn],
    again: bool,
    values: &[(String, Vec<u8>)],
) -> Result<Vec<Option<Inserted>>> {
    let known = connections
        .read(|connection| KnownTurns::default().brought_up_to_date(connection, user, turns))?;
    let new = made_ready(turns, &known.by_key);
    connections.write(|transaction| {
        let imported = import(transaction, user, turns, &new, known.clone(), again)?;
        if user_id(transaction, user)?.is_some() {
            kept::keep_all(transaction, user, values)?;
        }
        Ok(imported)
    })
}

/// Stores those of the turns that were not forgotten.
fn import(
    transaction: &Transaction<'_>,
    user: &UserName,
    turns: &[NewTurn],
    new: &[Ready<'_>],
    known: KnownTurns,
    again: bool,
) -> rusqlite::Result<Vec<Option<Inserted>>> {
    let forgotten = forgotten_turns(transaction, user, turns)?;
    if again {
        forgotten_keys::remove(transaction, forgotten.values())?;
    }
    let is_left_out =
        |turn: &NewTurn| !again && key_of(turn).is_some_and(|key| forgotten.contains_key(key));
    let wanted: Vec<_> = new.iter().filter(|ready| !is_left_out(ready.turn)).collect();
    if wanted.is_empty() {
        return Ok(vec![None; turns.len()]);
    }
    let mut known = known.brought_up_to_date(transaction, user, turns)?;
    let grown = known.grown_turns(transaction, &wanted)?;
    forget::delete_replaced(transaction, user, &grown)?;
    if !grown.is_empty() {
        known.by_key.retain(|_, id| !grown.contains(id));
    }
    let names = match user_id(transaction, user)? {
        Some(user_id) => session_names::names_of(transaction, user_id)?,
        None => SessionNames::default(),
    };
    let mut inserted = insert(transaction, user, &wanted, &names, known)?.into_iter();
    let outcome = |turn: &NewTurn| if is_left_out(turn) { None } else { inserted.next() };
    Ok(turns.iter().map(outcome).collect())
}

/// The turns that a user has already, of those that come, by their source keys.
#[derive(Clone, Default)]
struct KnownTurns {
    by_key: HashMap<String, TurnId>,
    /// The user, and the epoch in which the user had them: in another one, some may be deleted.
    as_of: Option<(i64, Epoch)>,
}

impl KnownTurns {
    /// Asks for those that are not known to be there, and for all if something was deleted since.
    fn brought_up_to_date(
        mut self,
        connection: &Connection,
        user: &UserName,
        turns: &[NewTurn],
    ) -> rusqlite::Result<Self> {
        let Some(user_id) = user_id(connection, user)? else { return Ok(Self::default()) };
        let now = Some((user_id, epoch(connection, user_id)?));
        if self.as_of != now {
            self = Self { by_key: HashMap::new(), as_of: now };
        }
        let asked = turns.iter().filter_map(key_of);
        let asked = asked.filter(|key| !self.by_key.contains_key(&key.0));
        let found = known_keys(connection, user_id, asked)?;
        self.by_key.extend(found);
        Ok(self)
    }

    /// Those of which these are grown ones.
    fn grown_turns(
        &self,
        transaction: &Transaction<'_>,
        turns: &[&Ready<'_>],
    ) -> rusqlite::Result<Vec<TurnId>> {
        let Some((user_id, _)) = self.as_of else { return Ok(Vec::new()) };
        let may_grow = turns.iter().map(|ready| ready.turn).filter(|turn| turn.role != Role::User);
        let by_id: HashMap<TurnId, &NewTurn> =
            may_grow.filter_map(|turn| Some((*self.by_key.get(&key_of(turn)?.0)?, turn))).collect();
        let mut statement =
            transaction.prepare_cached("SELECT id, text FROM turns WHERE id IN rarray(?1)")?;
        let mut rows = statement.query([array(by_id.keys().map(|id| id.0))])?;
        let mut grown = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, stored) = (TurnId(row.get(0)?), row.get_ref(1)?.as_str()?);
            if by_id.get(&id).is_some_and(|turn| has_grown(stored, turn))
                && !is_amended(transaction, user_id, id)?
            {
                grown.push(id);
            }
        }
        Ok(grown)
    }
}

/// The source keys of these turns that were forgotten, each with its hash. One that the user has
/// again is none of them.
fn forgotten_turns<'a>(
    transaction: &Transaction<'_>,
    user: &UserName,
    turns: &'a [NewTurn],
) -> rusqlite::Result<HashMap<&'a SourceKey, ForgottenKey>> {
    let mut forgotten = forgotten_keys::among(transaction, user, turns.iter().filter_map(key_of))?;
    if !forgotten.is_empty()
        && let Some(user_id) = user_id(transaction, user)?
    {
        let known = known_keys(transaction, user_id, forgotten.keys().copied())?;
        forgotten.retain(|key, _| !known.contains_key(&key.0));
    }
    Ok(forgotten)
}

/// What an import would make of turns with these source keys.
pub(crate) fn key_states(
    connection: &Connection,
    user: &UserName,
    keys: &[SourceKey],
) -> rusqlite::Result<Vec<KeyState>> {
    let known = match user_id(connection, user)? {
        Some(user_id) => known_keys(connection, user_id, keys)?,
        None => HashMap::new(),
    };
    let forgotten = forgotten_keys::among(connection, user, keys.iter())?;
    let state = |key: &SourceKey| {
        if known.contains_key(&key.0) {
            KeyState::Known
        } else if forgotten.contains_key(key) {
            KeyState::Forgotten
        } else {
            KeyState::New
        }
    };
    Ok(keys.iter().map(state).collect())
}

fn key_of(turn: &NewTurn) -> Option<&SourceKey> {
    turn.source_key.as_ref()
}

/// Stores a turn unless it is there; see [`Turns::insert_unless`](longmem_store::Turns::insert_unless).
pub(crate) fn insert_unless(
    connections: &Connections,
    user: &UserName,
    turn: &NewTurn,
    learns: bool,
    already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync),
) -> Result<Inserted> {
    let new = made_ready(std::slice::from_ref(turn), &HashMap::new());
    connections.write(|transaction| {
        let last = last_turns(transaction, user, &turn.session, 2)?;
        let inserted = match already(&last) {
            Some(id) => Inserted { id, new: false },
            None => {
                let turns = std::slice::from_ref(turn);
                let known = KnownTurns::default().brought_up_to_date(transaction, user, turns)?;
                insert(transaction, user, &[&new[0]], &SessionNames::default(), known)?[0]
            }
        };
        if learns {
            learn_from(transaction, user, &turn.session)?;
        }
        Ok(inserted)
    })
}

/// A turn that may be stored.
struct Ready<'a> {
    turn: &'a NewTurn,
    /// Its words, as soon as it is known that it is stored.
    words: OnceLock<IndexedWords>,
}

impl Ready<'_> {
    fn words(&self) -> &IndexedWords {
        let Self { turn, words } = self;
        words.get_or_init(|| indexed_words(turn.time, turn.speaker.as_deref(), &turn.text))
    }
}

/// Takes turns apart into words before the transaction, in which others wait, but for those that the
/// user has: of these, the few that have grown are taken apart when that is found.
fn made_ready<'a>(turns: &'a [NewTurn], known: &HashMap<String, TurnId>) -> Vec<Ready<'a>> {
    let ready = |turn: &'a NewTurn| {
        let ready = Ready { turn, words: OnceLock::new() };
        if key_of(turn).is_none_or(|key| !known.contains_key(&key.0)) {
            ready.words();
        }
        ready
    };
    // A single turn does not wait until a thread is free of other work.
    match turns {
        [one] => vec![ready(one)],
        many => many.par_iter().map(ready).collect(),
    }
}

/// The turns that the user has already, of those with these source keys.
pub(crate) fn known_keys<'a>(
    connection: &Connection,
    user_id: i64,
    keys: impl IntoIterator<Item = &'a SourceKey>,
) -> rusqlite::Result<HashMap<String, TurnId>> {
    let keys: Vec<String> = keys.into_iter().map(|key| key.0.clone()).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    connection
        .prepare_cached(
            "SELECT source_key, id FROM turns WHERE user_id = ?1 AND source_key IN rarray(?2)",
        )?
        .query_map(params![user_id, array(keys)], |row| Ok((row.get(0)?, TurnId(row.get(1)?))))?
        .collect()
}

fn insert(
    transaction: &Transaction<'_>,
    user: &UserName,
    new: &[&Ready<'_>],
    names: &SessionNames,
    known: KnownTurns,
) -> rusqlite::Result<Vec<Inserted>> {
    let user_id = user_id_or_new(transaction, user)?;
    let mut batch = Batch {
        transaction,
        user_id,
        names,
        known: known.by_key,
        sessions: HashMap::new(),
        numbers: Numbers::of(transaction, Kind::Turn, user_id)?,
        lists: NewLists::default(),
        last_turn: None,
    };
    let inserted =
        new.iter().map(|ready| batch.insert(ready)).collect::<rusqlite::Result<Vec<_>>>()?;
    batch.finish()?;
    Ok(inserted)
}

/// One transaction's turns of a user.
struct Batch<'a> {
    transaction: &'a Transaction<'a>,
    user_id: i64,
    names: &'a SessionNames,
    /// The turns that the user has, by their source keys.
    known: HashMap<String, TurnId>,
    sessions: HashMap<&'a SessionName, OpenSession>,
    numbers: Numbers,
    lists: NewLists,
    last_turn: Option<TurnId>,
}

impl<'a> Batch<'a> {
    /// Stores a turn, unless the user has one with its source key.
    fn insert(&mut self, ready: &Ready<'a>) -> rusqlite::Result<Inserted> {
        let turn = ready.turn;
        let known = key_of(turn).and_then(|key| self.known.get(&key.0));
        if let Some(&id) = known {
            if turn.session_title.is_some() {
                // A later title of the session comes with turns that are known.
                self.session(turn)?;
            }
            return Ok(Inserted { id, new: false });
        }
        let session = *self.session(turn)?;
        let source_key = key_of(turn).map(|key| key.0.as_str());
        let id = TurnId(self.numbers.take(self.transaction, 1)?);
        self.transaction
            .prepare_cached(
                "INSERT INTO turns (id, user_id, session_id, position, role, time_ms, source_key,
                                    speaker, text, note)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6,
                         coalesce(?7, printf('turn:%012x%s', 1000 * unixepoch('now', 'subsec'),
                                             lower(hex(randomblob(10))))),
                         ?8, ?9, ?10)",
            )?
            .execute(params![
                id.0,
                self.user_id,
                session.id,
                session.next_position,
                turn.role.as_str(),
                turn.time.as_millisecond(),
                source_key,
                turn.speaker,
                turn.text,
                turn.note,
            ])?;
        if turn.role != Role::Tool {
            self.transaction
                .prepare_cached("INSERT INTO index_queue (user_id, turn_id) VALUES (?1, ?2)")?
                .execute([self.user_id, id.0])?;
        }
        let words = ready.words();
        let entry = TurnEntry {
            turn: id,
            session: SessionNumber(session.id),
            role: turn.role,
            note: turn.note,
            time_ms: turn.time.as_millisecond(),
            words: words.all,
        };
        self.lists.add_turn(&entry, words);
        self.session(turn)?.next_position += 1;
        self.last_turn = Some(id);
        if let Some(key) = key_of(turn) {
            self.known.insert(key.0.clone(), id);
        }
        Ok(Inserted { id, new: true })
    }

    /// The turn's session, found or made when its first turn comes.
    fn session(&mut self, turn: &'a NewTurn) -> rusqlite::Result<&mut OpenSession> {
        let name = self.names.present(&turn.session);
        let title = turn.session_title.as_deref().filter(|_| !self.names.is_titled(name));
        Ok(match self.sessions.entry(name) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let found = OpenSession::find_or_make(self.transaction, self.user_id, name, title)?;
                new.insert(found)
            }
        })
    }

    /// Writes what belongs to all turns together.
    fn finish(self) -> rusqlite::Result<()> {
        let Self { transaction, user_id, sessions, numbers, lists, last_turn, .. } = self;
        if let Some(last_turn) = last_turn {
            block_tables::append(transaction, Owner { user_id, model_id: 0 }, &lists)?;
            numbers.write(transaction)?;
            transaction
                .prepare_cached("UPDATE users SET last_turn = ?2 WHERE id = ?1")?
                .execute([user_id, last_turn.0])?;
        }
        // A session stays unmade if the user had all its turns, under the name of another one.
        transaction
            .prepare_cached(
                "DELETE FROM sessions WHERE id IN rarray(?1)
                 AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id)",
            )?
            .execute([array(sessions.values().map(|session| session.id))])?;
        Ok(())
    }
}

/// A session that turns are being added to.
#[derive(Debug, Clone, Copy)]
struct OpenSession {
    id: i64,
    /// The place of the next turn.
    next_position: u32,
}

impl OpenSession {
    /// Finds or makes a session; a title fills an empty one and replaces an older one.
    fn find_or_make(
        transaction: &Transaction<'_>,
        user_id: i64,
        name: &SessionName,
        new_title: Option<&str>,
    ) -> rusqlite::Result<Self> {
        let found: Option<(i64, Option<String>)> = transaction
            .prepare_cached("SELECT id, title FROM sessions WHERE user_id = ?1 AND name = ?2")?
            .query_row(params![user_id, name.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((id, title)) = found else {
            transaction
                .prepare_cached("INSERT INTO sessions (user_id, name, title) VALUES (?1, ?2, ?3)")?
                .execute(params![user_id, name.as_str(), new_title])?;
            return Ok(Self { id: transaction.last_insert_rowid(), next_position: 0 });
        };
        if new_title.is_some() && new_title != title.as_deref() {
            transaction
                .prepare_cached("UPDATE sessions SET title = ?2 WHERE id = ?1")?
                .execute(params![id, new_title])?;
        }
        let next_position = transaction
            .prepare_cached(
                "SELECT coalesce(max(position) + 1, 0) FROM turns WHERE session_id = ?1",
            )?
            .query_row([id], |row| row.get(0))?;
        Ok(Self { id, next_position })
    }
}
