//! Stores turns.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures_util::future::{try_join, try_join3, try_join4};
use jiff::Timestamp;
use longmem_core::{NewTurn, Role, SessionName, SourceKey, Turn, TurnId, UserName};
use longmem_search::{SessionNumber, TurnEntry};
use longmem_store::own_values::SessionNames;
use longmem_store::{ForgottenKey, Inserted, KeyState, Result, has_grown};
use longmem_text::{IndexedWords, indexed_words};
use rayon::prelude::*;

use crate::database::Database;
use crate::failure::Failure;
use crate::learning::learn_from;
use crate::numbers::{Kind, Numbers};
use crate::session_names::{self, amended_among};
use crate::statements::{Statements, params};
use crate::turn_rows::role_number;
use crate::turns::last_turns;
use crate::user_number::UserNumber;
use crate::users::{LockedUser, lock, make};
use crate::{forget, forgotten_keys, kept, lists};

/// A turn with what is found out before the transaction, in which others wait.
struct New<'a> {
    turn: &'a NewTurn,
    words: IndexedWords,
    /// Its source key, made by chance if it has none: so that a write that is repeated finds it again.
    key: String,
}

impl<'a> New<'a> {
    fn of(turn: &'a NewTurn) -> Self {
        let key = turn.source_key.as_ref().map_or_else(key_by_chance, |key| key.0.clone());
        Self { turn, words: indexed_words(turn.time, turn.speaker.as_deref(), &turn.text), key }
    }
}

/// Takes turns apart into words.
fn with_words(turns: &[NewTurn]) -> Vec<New<'_>> {
    // A single turn does not wait until a thread is free of other work.
    match turns {
        [one] => vec![New::of(one)],
        many => many.par_iter().map(New::of).collect(),
    }
}

/// The time and random digits, so that the newest stand beside each other in the index.
fn key_by_chance() -> String {
    let (high, low) = (fastrand::u64(..) >> 48, fastrand::u64(..));
    format!("turn:{:012x}{high:04x}{low:016x}", Timestamp::now().as_millisecond())
}

/// Stores turns of one user; see [`Turns::insert_turns`](longmem_store::Turns::insert_turns).
pub(crate) fn insert_turns(
    database: &Database,
    user: &UserName,
    turns: &[NewTurn],
) -> Result<Vec<Inserted>> {
    if turns.is_empty() {
        return Ok(Vec::new());
    }
    let new = with_words(turns);
    database.write(UserNumber::of(user).alone(), async |statements| {
        let wanted: Vec<&New<'_>> = new.iter().collect();
        insert(statements, user, &wanted, &SessionNames::default()).await
    })
}

/// Stores turns of one user that were not forgotten, and values beside them; see
/// [`Turns::import_turns_keeping`](longmem_store::Turns::import_turns_keeping).
pub(crate) fn import_turns(
    database: &Database,
    user: &UserName,
    turns: &[NewTurn],
    again: bool,
    values: &[(String, Vec<u8>)],
) -> Result<Vec<Option<Inserted>>> {
    let new = with_words(turns);
    database.write(UserNumber::of(user).alone(), async |statements| {
        let imported = import(statements, user, &new, again).await?;
        if !values.is_empty() && lock(statements, user).await?.is_some() {
            kept::keep_all(statements, UserNumber::of(user), values).await?;
        }
        Ok(imported)
    })
}

/// Stores those of the turns that were not forgotten.
async fn import(
    statements: &Statements<'_>,
    user: &UserName,
    new: &[New<'_>],
    again: bool,
) -> std::result::Result<Vec<Option<Inserted>>, Failure> {
    let number = UserNumber::of(user);
    let given: Vec<&SourceKey> =
        new.iter().filter_map(|new| new.turn.source_key.as_ref()).collect();
    let keys: Vec<&str> = given.iter().map(|key| key.0.as_str()).collect();
    let (locked, known, names, mut forgotten) = try_join4(
        lock(statements, user),
        statements.rows(
            "SELECT source_key, id, text FROM turns WHERE user_id = $1 AND source_key = ANY($2)",
            params![number.0, keys],
        ),
        session_names::names_of(statements, number),
        forgotten_keys::among(statements, user, &given),
    )
    .await?;
    let mut grown = Vec::new();
    let by_key: HashMap<&str, &NewTurn> = new
        .iter()
        .filter_map(|new| Some((new.turn.source_key.as_ref()?.0.as_str(), new.turn)))
        .collect();
    for row in &known {
        let (key, id, text): (&str, i64, &str) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        // One that the user has again is none of the forgotten.
        forgotten.remove(key);
        if by_key.get(key).is_some_and(|turn| has_grown(text, turn)) {
            grown.push(TurnId(id));
        }
    }
    if again && !forgotten.is_empty() {
        let hashes: Vec<ForgottenKey> = forgotten.values().copied().collect();
        forgotten_keys::remove(statements, number, &hashes).await?;
    }
    let is_left_out = |new: &New<'_>| !again && forgotten.contains_key(&new.key);
    let wanted: Vec<&New<'_>> = new.iter().filter(|new| !is_left_out(new)).collect();
    if wanted.is_empty() {
        return Ok(vec![None; new.len()]);
    }
    if locked.is_none() {
        make_user(statements, user).await?;
    }
    if let Some(mut locked) = locked.filter(|_| !grown.is_empty()) {
        let amended = amended_among(statements, number, &grown).await?;
        grown.retain(|turn| !amended.contains(turn));
        forget::delete_replaced(statements, &mut locked, &grown).await?;
    }
    let mut inserted = insert(statements, user, &wanted, &names).await?.into_iter();
    Ok(new.iter().map(|new| if is_left_out(new) { None } else { inserted.next() }).collect())
}

/// Stores a turn unless it is there; see [`Turns::insert_unless`](longmem_store::Turns::insert_unless).
pub(crate) fn insert_unless(
    database: &Database,
    user: &UserName,
    turn: &NewTurn,
    learns: bool,
    already: &(dyn Fn(&[Turn]) -> Option<TurnId> + Sync),
) -> Result<Inserted> {
    let new = New::of(turn);
    database.write(UserNumber::of(user).alone(), async |statements| {
        let last = last_turns(statements, user, &turn.session, 2);
        let (locked, last) = try_join(lock(statements, user), last).await?;
        if locked.is_none() {
            make_user(statements, user).await?;
        }
        let inserted = match already(&last) {
            Some(id) => Inserted { id, new: false },
            None => insert(statements, user, &[&new], &SessionNames::default()).await?[0],
        };
        if learns {
            learn_from(statements, UserNumber::of(user), &turn.session).await?;
        }
        Ok(inserted)
    })
}

/// What an import would make of turns with these source keys.
pub(crate) fn key_states(
    database: &Database,
    user: &UserName,
    keys: &[SourceKey],
) -> Result<Vec<KeyState>> {
    let number = UserNumber::of(user);
    database.read(number.alone(), async |statements| {
        let wanted: Vec<&SourceKey> = keys.iter().collect();
        let (known, forgotten) = try_join(
            known_keys(statements, number, &wanted),
            forgotten_keys::among(statements, user, &wanted),
        )
        .await?;
        let state = |key: &SourceKey| {
            if known.contains_key(&key.0) {
                KeyState::Known
            } else if forgotten.contains_key(&key.0) {
                KeyState::Forgotten
            } else {
                KeyState::New
            }
        };
        Ok(keys.iter().map(state).collect())
    })
}

/// The turns that the user has already, of those with these source keys.
pub(crate) async fn known_keys(
    statements: &Statements<'_>,
    user: UserNumber,
    keys: &[&SourceKey],
) -> std::result::Result<HashMap<String, TurnId>, Failure> {
    let keys: Vec<&str> = keys.iter().map(|key| key.0.as_str()).collect();
    let rows = statements
        .rows(
            "SELECT source_key, id FROM turns WHERE user_id = $1 AND source_key = ANY($2)",
            params![user.0, keys],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, TurnId(row.try_get(1)?)))).collect()
}

/// A session that turns are being added to.
struct OpenSession {
    id: i64,
    /// The place of the next turn.
    next_position: i64,
}

/// Makes a user who was not there a moment ago. Whoever made the user in between may have stored turns,
/// which the reads of that moment do not show: then all is done again.
async fn make_user(
    statements: &Statements<'_>,
    user: &UserName,
) -> std::result::Result<LockedUser, Failure> {
    let locked = make(statements, user).await?;
    if locked.last_turn == 0 { Ok(locked) } else { Err(Failure::MadeMeanwhile) }
}

/// The title of each session: that of the first of its turns, each with whether it is stored now. Of a turn
/// that is known, only a title counts.
fn titles<'a>(
    turns: impl Iterator<Item = (&'a &'a New<'a>, &'a bool)>,
    names: &'a SessionNames,
) -> HashMap<&'a SessionName, Option<&'a str>> {
    let mut titles = HashMap::new();
    for (new, fresh) in turns {
        let title = new.turn.session_title.as_deref();
        if *fresh || title.is_some() {
            let name = names.present(&new.turn.session);
            titles.entry(name).or_insert(title.filter(|_| !names.is_titled(name)));
        }
    }
    titles
}

/// Stores turns of which the user may have some.
async fn insert(
    statements: &Statements<'_>,
    user: &UserName,
    new: &[&New<'_>],
    names: &SessionNames,
) -> std::result::Result<Vec<Inserted>, Failure> {
    let number = UserNumber::of(user);
    let keys: Vec<&str> = new.iter().map(|new| new.key.as_str()).collect();
    let wanted: BTreeSet<&str> =
        new.iter().map(|new| names.present(&new.turn.session).as_str()).collect();
    let wanted: Vec<&str> = wanted.into_iter().collect();
    // The row is locked first: what is read after it, no other writer changes.
    let (locked, known, sessions) = try_join3(
        lock(statements, user),
        statements.rows(
            "SELECT source_key, id FROM turns WHERE user_id = $1 AND source_key = ANY($2)",
            params![number.0, keys],
        ),
        statements.rows(
            "SELECT s.name, s.id, s.title,
                    coalesce((SELECT max(t.position) + 1 FROM turns t
                              WHERE t.user_id = $1 AND t.session_id = s.id), 0)
             FROM sessions s WHERE s.user_id = $1 AND s.name = ANY($2)",
            params![number.0, wanted],
        ),
    )
    .await?;
    let (mut locked, known, sessions) = match locked {
        Some(locked) => (locked, known, sessions),
        None => (make_user(statements, user).await?, Vec::new(), Vec::new()),
    };
    let mut known_ids: HashMap<String, TurnId> = HashMap::new();
    for row in &known {
        known_ids.insert(row.try_get(0)?, TurnId(row.try_get(1)?));
    }
    // A key that comes twice is stored once.
    let mut taken: HashSet<&str> = known_ids.keys().map(String::as_str).collect();
    let fresh: Vec<bool> = new.iter().map(|new| taken.insert(&new.key)).collect();
    let titles = titles(new.iter().zip(&fresh), names);
    let mut open: HashMap<String, OpenSession> = HashMap::new();
    let mut retitled: (Vec<i64>, Vec<&str>) = Default::default();
    for row in &sessions {
        let (name, id): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        let stored: Option<&str> = row.try_get(2)?;
        let new_title = titles.iter().find(|(wanted, _)| wanted.as_str() == name);
        if let Some(title) = new_title.and_then(|(_, title)| *title)
            && Some(title) != stored
        {
            retitled.0.push(id);
            retitled.1.push(title);
        }
        open.insert(name, OpenSession { id, next_position: row.try_get(3)? });
    }
    let count = fresh.iter().filter(|fresh| **fresh).count();
    let mut numbers = Numbers::new(Kind::Turn, locked.next_turn);
    if !retitled.0.is_empty() {
        statements
            .run(
                "UPDATE sessions s SET title = new.title
                 FROM unnest($2, $3) AS new (id, title) WHERE s.user_id = $1 AND s.id = new.id",
                params![number.0, retitled.0, retitled.1],
            )
            .await?;
    }
    let stored: Vec<&New<'_>> =
        new.iter().zip(&fresh).filter(|(_, fresh)| **fresh).map(|(new, _)| *new).collect();
    let numbered = async {
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            ids.push(numbers.take(statements, 1).await?);
        }
        Ok(ids)
    };
    let made = make_sessions(statements, number, &stored, names, &titles, &mut open);
    let (ids, ()) = try_join(numbered, made).await?;
    write_turns(statements, &mut locked, &stored, &ids, names, &mut open, numbers.next).await?;
    let mut new_ids = ids.into_iter();
    let mut by_key: HashMap<&str, TurnId> = HashMap::new();
    new.iter()
        .zip(fresh)
        .map(|(new, fresh)| {
            if fresh {
                let id = new_ids.next().map(TurnId);
                let id = id.ok_or(Failure::Unexpected("a turn got no number"))?;
                by_key.insert(&new.key, id);
                return Ok(Inserted { id, new: true });
            }
            let id = known_ids.get(&new.key).or_else(|| by_key.get(new.key.as_str()));
            let id = id.copied().ok_or(Failure::Unexpected("a known turn has no number"))?;
            // A key of our own is known only if this very write was made before.
            Ok(Inserted { id, new: new.turn.source_key.is_none() })
        })
        .collect()
}

/// Makes the sessions of turns that are not there.
async fn make_sessions(
    statements: &Statements<'_>,
    user: UserNumber,
    stored: &[&New<'_>],
    names: &SessionNames,
    titles: &HashMap<&SessionName, Option<&str>>,
    open: &mut HashMap<String, OpenSession>,
) -> std::result::Result<(), Failure> {
    let mut made: (Vec<&str>, Vec<Option<&str>>) = Default::default();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for new in stored {
        let name = names.present(&new.turn.session);
        if !open.contains_key(name.as_str()) && seen.insert(name.as_str()) {
            made.0.push(name.as_str());
            made.1.push(titles.get(name).copied().flatten());
        }
    }
    if made.0.is_empty() {
        return Ok(());
    }
    let rows = statements
        .rows(
            "INSERT INTO sessions (user_id, name, title)
             SELECT $1, name, title FROM unnest($2, $3) WITH ORDINALITY AS new (name, title, place)
             ORDER BY place
             RETURNING name, id",
            params![user.0, made.0, made.1],
        )
        .await?;
    for row in &rows {
        open.insert(row.try_get(0)?, OpenSession { id: row.try_get(1)?, next_position: 0 });
    }
    Ok(())
}

/// Writes turns that are new, what is listed of them, the queue, and the user's row: together.
async fn write_turns(
    statements: &Statements<'_>,
    user: &mut LockedUser,
    stored: &[&New<'_>],
    ids: &Vec<i64>,
    names: &SessionNames,
    open: &mut HashMap<String, OpenSession>,
    next_turn: i64,
) -> std::result::Result<(), Failure> {
    let Some(last_turn) = ids.last().copied() else { return Ok(()) };
    let number = user.number;
    let mut sessions = Vec::with_capacity(ids.len());
    let mut positions = Vec::with_capacity(ids.len());
    let mut entries = Vec::with_capacity(ids.len());
    for (new, id) in stored.iter().zip(ids) {
        let session = open
            .get_mut(names.present(&new.turn.session).as_str())
            .ok_or(Failure::Unexpected("a session that was just made is not there"))?;
        sessions.push(session.id);
        positions.push(session.next_position);
        session.next_position += 1;
        let entry = TurnEntry {
            turn: TurnId(*id),
            session: SessionNumber(session.id),
            role: new.turn.role,
            note: new.turn.note,
            time_ms: new.turn.time.as_millisecond(),
            words: new.words.all,
        };
        entries.push((entry, &new.words));
    }
    let roles: Vec<i16> = stored.iter().map(|new| role_number(new.turn.role)).collect();
    let notes: Vec<bool> = stored.iter().map(|new| new.turn.note).collect();
    let times: Vec<i64> = stored.iter().map(|new| new.turn.time.as_millisecond()).collect();
    let keys: Vec<&str> = stored.iter().map(|new| new.key.as_str()).collect();
    let speakers: Vec<Option<&str>> =
        stored.iter().map(|new| new.turn.speaker.as_deref()).collect();
    let texts: Vec<&str> = stored.iter().map(|new| new.turn.text.as_str()).collect();
    let words: Vec<i64> = stored.iter().map(|new| i64::from(new.words.all)).collect();
    let write = statements.run(
        "INSERT INTO turns (user_id, id, session_id, position, role, note, time_ms, source_key,
                            speaker, text, words)
         SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            number.0, *ids, sessions, positions, roles, notes, times, keys, speakers, texts, words
        ],
    );
    // What tools print gets no vectors.
    let embedded = stored.iter().zip(ids).filter(|(new, _)| new.turn.role != Role::Tool);
    let embedded: Vec<i64> = embedded.map(|(_, id)| *id).collect();
    let queue = statements.run(
        "INSERT INTO index_queue (user_id, turn_id) SELECT $1, turn_id FROM unnest($2) AS turn_id",
        params![number.0, embedded],
    );
    let place = lists::place(user, ids.len(), last_turn);
    (user.last_turn, user.next_turn) = (last_turn, next_turn);
    let listed = lists::add_turns(statements, number, place, &entries);
    let recorded = statements.run(
        "UPDATE users SET last_turn = $2, next_turn = $3, folded_turn = $4, tail_turns = $5
         WHERE user_id = $1",
        params![number.0, user.last_turn, user.next_turn, user.folded_turn, user.tail_turns],
    );
    try_join4(write, queue, listed, recorded).await?;
    Ok(())
}
