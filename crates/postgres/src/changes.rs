//! Changes what is stored: the words of a turn, the name and title of a session, where turns stand.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::{try_join, try_join3, try_join4};
use longmem_core::{Role, SessionName, TurnId, UserName};
use longmem_search::{SessionNumber, TurnEntry};
use longmem_store::{Amended, Changes, Derived, Moved, Result, StoreError};
use longmem_text::indexed_words;

use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::turn_rows::{role, session_name, timestamp};
use crate::turns::ERASURE;
use crate::user_number::UserNumber;
use crate::users::{LockedUser, begin_epoch, lock};
use crate::{PostgresStore, forget, kept, lists, session_names};

impl Changes for PostgresStore {
    fn amend_turn(&self, user: &UserName, turn: TurnId, text: &str) -> Result<Amended> {
        let derived = self.database.write(UserNumber::of(user).alone(), async |statements| {
            amend(statements, user, turn, text).await
        })?;
        Ok(Amended { derived, erasure: ERASURE })
    }

    fn set_session_title(
        &self,
        user: &UserName,
        session: &SessionName,
        title: Option<&str>,
    ) -> Result<()> {
        let number = UserNumber::of(user);
        self.database.write(number.alone(), async |statements| {
            let sessions = lock_with_sessions(statements, user, &[session]).await?;
            let id = found(&sessions, user, session)?;
            let retitled = statements.run(
                "UPDATE sessions SET title = $3 WHERE user_id = $1 AND id = $2",
                params![number.0, id, title],
            );
            let noted = session_names::note_titled(statements, number, session);
            try_join3(retitled, noted, begin_epoch(statements, number)).await?;
            Ok(())
        })
    }

    fn rename_session(
        &self,
        user: &UserName,
        session: &SessionName,
        name: &SessionName,
    ) -> Result<()> {
        let number = UserNumber::of(user);
        self.database.write(number.alone(), async |statements| {
            let sessions = lock_with_sessions(statements, user, &[session, name]).await?;
            let id = found(&sessions, user, session)?;
            if session == name {
                return Ok(());
            }
            if sessions.contains_key(name) {
                let (user, session) = (user.clone(), name.clone());
                return Err(StoreError::SessionExists { user, session }.into());
            }
            let new_name = name.as_str();
            let renamed = statements.run(
                "UPDATE sessions SET name = $3 WHERE user_id = $1 AND id = $2",
                params![number.0, id, new_name],
            );
            try_join4(
                renamed,
                session_names::note_present_name(statements, number, &[session], name),
                session_names::rename_titled(statements, number, session, name),
                begin_epoch(statements, number),
            )
            .await?;
            Ok(())
        })
    }

    fn move_turns(&self, user: &UserName, turns: &[TurnId], into: &SessionName) -> Result<Moved> {
        self.database.write(UserNumber::of(user).alone(), async |statements| {
            move_turns(statements, user, turns, into).await
        })
    }
}

/// Locks a user, and reads the numbers of those of the sessions that are there.
async fn lock_with_sessions(
    statements: &Statements<'_>,
    user: &UserName,
    sessions: &[&SessionName],
) -> std::result::Result<HashMap<SessionName, i64>, Failure> {
    let number = UserNumber::of(user);
    let names: Vec<&str> = sessions.iter().map(|session| session.as_str()).collect();
    let sql = "SELECT name, id FROM sessions WHERE user_id = $1 AND name = ANY($2)";
    let (locked, rows) =
        try_join(locked(statements, user), statements.rows(sql, params![number.0, names])).await?;
    debug_assert_eq!(locked.number, number);
    rows.iter().map(|row| Ok((session_name(row, 0)?, row.try_get(1)?))).collect()
}

async fn locked(
    statements: &Statements<'_>,
    user: &UserName,
) -> std::result::Result<LockedUser, Failure> {
    let locked = lock(statements, user).await?;
    locked.ok_or_else(|| StoreError::UnknownUser(user.clone()).into())
}

fn found(
    sessions: &HashMap<SessionName, i64>,
    user: &UserName,
    session: &SessionName,
) -> std::result::Result<i64, StoreError> {
    let id = sessions.get(session).copied();
    id.ok_or_else(|| StoreError::UnknownSession { user: user.clone(), session: session.clone() })
}

/// Puts other words into the place of a turn's.
async fn amend(
    statements: &Statements<'_>,
    user: &UserName,
    turn: TurnId,
    text: &str,
) -> std::result::Result<Derived, Failure> {
    let number = UserNumber::of(user);
    let said = statements.rows(
        "SELECT session_id, role, note, time_ms, speaker, text FROM turns
         WHERE user_id = $1 AND id = $2",
        params![number.0, turn.0],
    );
    let (mut locked, said) = try_join(locked(statements, user), said).await?;
    let Some(row) = said.first() else {
        return Err(StoreError::UnknownTurn { user: user.clone(), turn }.into());
    };
    let (time, speaker): (_, Option<&str>) = (timestamp(row, 3)?, row.try_get(4)?);
    let words = indexed_words(time, speaker, text);
    let entry = TurnEntry {
        turn,
        session: SessionNumber(row.try_get(0)?),
        role: role(row, 1)?,
        note: row.try_get(2)?,
        time_ms: time.as_millisecond(),
        words: words.all,
    };
    let (gone, ids) = (BTreeSet::from([turn]), vec![turn.0]);
    let former_words = forget::words_of(&said, 3)?;
    let removed = lists::remove_turns(statements, &mut locked, &gone, &former_words);
    let (derived, ()) =
        try_join(forget::delete_derived(statements, number, &ids, false), removed).await?;
    let all_words = i64::from(words.all);
    let rewritten = async {
        let forget_vectors = statements.run(
            "DELETE FROM vectors WHERE user_id = $1 AND turn_id = $2",
            params![number.0, turn.0],
        );
        let write = statements.run(
            "UPDATE turns SET text = $3, words = $4 WHERE user_id = $1 AND id = $2",
            params![number.0, turn.0, text, all_words],
        );
        try_join(forget_vectors, write).await
    };
    let listed = lists::insert_between(statements, &mut locked, &entry, &words);
    let queued = async {
        if entry.role == Role::Tool {
            return Ok(0);
        }
        let sql =
            "INSERT INTO index_queue (user_id, turn_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        statements.run(sql, params![number.0, turn.0]).await
    };
    let noted = async {
        try_join3(
            session_names::note_amended(statements, number, turn),
            kept::delete_import_marks(statements, number),
            begin_epoch(statements, number),
        )
        .await
    };
    try_join4(rewritten, listed, queued, noted).await?;
    Ok(derived)
}

/// A session that turns are moved out of.
struct Source {
    id: i64,
    name: SessionName,
}

/// Moves turns into a session, which is made if there is none of that name.
async fn move_turns(
    statements: &Statements<'_>,
    user: &UserName,
    turns: &[TurnId],
    into: &SessionName,
) -> std::result::Result<Moved, Failure> {
    let number = UserNumber::of(user);
    let (wanted, name): (Vec<i64>, &str) =
        (turns.iter().map(|turn| turn.0).collect(), into.as_str());
    let stand = statements.rows(
        "SELECT id, session_id FROM turns WHERE user_id = $1 AND id = ANY($2)",
        params![number.0, wanted],
    );
    let (sessions, stand) = try_join(lock_with_sessions(statements, user, &[into]), stand).await?;
    let target = sessions.get(into).copied();
    let mut known = BTreeSet::new();
    let mut moving = Vec::new();
    let mut sources = BTreeSet::new();
    for row in &stand {
        let (id, session): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        known.insert(TurnId(id));
        if Some(session) != target {
            moving.push(id);
            sources.insert(session);
        }
    }
    if let Some(turn) = turns.iter().copied().find(|turn| !known.contains(turn)) {
        return Err(StoreError::UnknownTurn { user: user.clone(), turn }.into());
    }
    if moving.is_empty() {
        return Ok(Moved::default());
    }
    let target = match target {
        Some(target) => target,
        None => {
            let sql = "INSERT INTO sessions (user_id, name) VALUES ($1, $2) RETURNING id";
            statements.row(sql, params![number.0, name]).await?.try_get(0)?
        }
    };
    let gone: BTreeSet<TurnId> = moving.iter().copied().map(TurnId).collect();
    let sources: Vec<i64> = sources.into_iter().collect();
    let (moved, listed, emptied) = try_join3(
        put_into(statements, number, &moving, target, &sources),
        lists::set_session(statements, number, &gone, SessionNumber(target)),
        emptied_among(statements, number, &sources),
    )
    .await?;
    let ((), summaries) = (listed, moved);
    if !emptied.is_empty() {
        delete_emptied(statements, number, &emptied, (target, into)).await?;
    }
    try_join(session_names::delete_of_gone(statements, number), begin_epoch(statements, number))
        .await?;
    Ok(Moved { turns: moving.len() as u64, sessions: emptied.len() as u64, summaries })
}

/// Moves turns out of sessions into one; returns how many summaries went.
async fn put_into(
    statements: &Statements<'_>,
    user: UserNumber,
    moving: &Vec<i64>,
    target: i64,
    sources: &[i64],
) -> std::result::Result<u64, Failure> {
    // A summary covers the beginning of its session, so it may lose a turn here or gain one there.
    let before = forget::delete_summaries(statements, user, moving, false);
    // Places are unique in a session, and below 0 there are none: they are given out anew behind this.
    let moved = statements.run(
        "UPDATE turns SET session_id = $3, position = -1 - id WHERE user_id = $1 AND id = ANY($2)",
        params![user.0, *moving, target],
    );
    let after = forget::delete_summaries(statements, user, moving, false);
    let sessions: Vec<i64> = sources.iter().copied().chain([target]).collect();
    // From 0 on in the order of storing. That a place is one turn's alone is looked at when all have
    // moved on.
    let numbered = statements.run(
        "UPDATE turns t SET position = n.position
         FROM (SELECT id, row_number() OVER (PARTITION BY session_id ORDER BY id) - 1 AS position
               FROM turns WHERE user_id = $1 AND session_id = ANY($2)) n
         WHERE t.user_id = $1 AND t.id = n.id AND t.position <> n.position",
        params![user.0, sessions],
    );
    let (before, _, after, _) = try_join4(before, moved, after, numbered).await?;
    Ok(before + after)
}

/// Those of the sessions that have no turns.
async fn emptied_among(
    statements: &Statements<'_>,
    user: UserNumber,
    sessions: &Vec<i64>,
) -> std::result::Result<Vec<Source>, Failure> {
    let rows = statements
        .rows(
            "SELECT s.id, s.name FROM sessions s
             WHERE s.user_id = $1 AND s.id = ANY($2) AND NOT EXISTS (
                 SELECT 1 FROM turns t WHERE t.user_id = $1 AND t.session_id = s.id)",
            params![user.0, *sessions],
        )
        .await?;
    rows.iter().map(|row| Ok(Source { id: row.try_get(0)?, name: session_name(row, 1)? })).collect()
}

/// Deletes sessions whose turns are all in another one now, to which their names lead from then on.
async fn delete_emptied(
    statements: &Statements<'_>,
    user: UserNumber,
    emptied: &[Source],
    (target, into): (i64, &SessionName),
) -> std::result::Result<(), Failure> {
    let ids: Vec<i64> = emptied.iter().map(|source| source.id).collect();
    let names: Vec<&SessionName> = emptied.iter().map(|source| &source.name).collect();
    // What was learned from in a session that is empty now is not learned from again in the one that
    // has its turns, if that is learned from at all.
    let learned = statements.run(
        "UPDATE learned_sessions SET through_turn = greatest(through_turn, (
             SELECT max(l.through_turn) FROM learned_sessions l
             WHERE l.user_id = $1 AND l.session_id = ANY($2)))
         WHERE user_id = $1 AND session_id = $3",
        params![user.0, ids, target],
    );
    let deleted = statements
        .run("DELETE FROM sessions WHERE user_id = $1 AND id = ANY($2)", params![user.0, ids]);
    try_join4(
        learned,
        deleted,
        session_names::note_present_name(statements, user, &names, into),
        // The title of the one does not become that of the other when it is imported again.
        session_names::note_titled(statements, user, into),
    )
    .await?;
    Ok(())
}
