//! Deletes turns with everything that was made of them. The bytes stay on the server's disks until it
//! overwrites them.

use std::collections::BTreeSet;

use futures_util::future::{try_join, try_join4};
use longmem_core::{FactId, SessionName, SourceKey, SummaryId, Turn, TurnId};
use longmem_store::{Derived, ForgetFingerprint, ForgetTarget, Forgotten, StoreError, WouldForget};
use longmem_text::indexed_words;
use tokio_postgres::Row;

use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::turn_rows::{
    SELECT_TURN, row_limit, session_name, timestamp, timestamp_of, turns_from_rows,
};
use crate::turns::{ERASURE, IN_SCOPE, ScopeBounds, check_names};
use crate::user_number::UserNumber;
use crate::users::{LockedUser, begin_epoch, delete_user_without_memory, lock, state};
use crate::{fact_lines, forgotten_keys, kept, lists, session_names, summaries};

/// Shows what [`delete`] would delete, with the first `shown` turns, oldest first.
pub(crate) async fn preview(
    statements: &Statements<'_>,
    target: &ForgetTarget,
    shown: usize,
) -> Result<WouldForget, Failure> {
    let user = UserNumber::of(target.user());
    let (state, doomed) =
        try_join(state(statements, user), doomed_rows(statements, target, "t.id, t.time_ms"))
            .await?;
    let Some((epoch, _)) = state else { return Ok(WouldForget::default()) };
    let ids = ids_of(&doomed)?;
    let times: Vec<i64> = doomed.iter().map(|row| row.try_get(1)).collect::<Result<_, _>>()?;
    let newest = times.into_iter().max().map(timestamp_of).transpose()?;
    let (first, facts, summaries, sessions) = try_join4(
        first_turns(statements, user, &ids, shown),
        doomed_facts(statements, user, &ids, target.is_whole_user()),
        doomed_summaries(statements, user, &ids, target.is_whole_user()),
        emptied_sessions(statements, user, &ids),
    )
    .await?;
    let turns: Vec<TurnId> = ids.iter().copied().map(TurnId).collect();
    let facts: Vec<FactId> = facts.into_iter().collect();
    let fingerprint = ForgetFingerprint::new(target, epoch, &turns, &facts, &summaries);
    let turns = turns.len() as u64;
    Ok(WouldForget { turns, first, newest, sessions, facts, summaries, fingerprint })
}

/// Locks the user of whom something is to be forgotten.
pub(crate) async fn lock_named(
    statements: &Statements<'_>,
    target: &ForgetTarget,
) -> Result<LockedUser, Failure> {
    let scope = target.scope();
    let names_are_here = check_names(statements, &scope);
    let (locked, ()) = try_join(lock(statements, target.user()), names_are_here).await?;
    locked.ok_or_else(|| StoreError::UnknownUser(target.user().clone()).into())
}

/// Deletes turns with their words, vectors, facts and summaries, and what nothing is left of.
pub(crate) async fn delete(
    statements: &Statements<'_>,
    user: &mut LockedUser,
    target: &ForgetTarget,
) -> Result<Forgotten, Failure> {
    let number = user.number;
    let whole_user = target.is_whole_user();
    let columns = if whole_user {
        "t.id, t.source_key"
    } else {
        "t.id, t.source_key, t.time_ms, t.speaker, t.text"
    };
    let doomed = doomed_rows(statements, target, columns).await?;
    let ids = ids_of(&doomed)?;
    let mut keys = Vec::with_capacity(doomed.len());
    for row in &doomed {
        keys.push(SourceKey(row.try_get(1)?));
    }
    let remove_from_lists = async {
        if whole_user {
            return lists::remove_all(statements, number).await;
        }
        let words = words_of(&doomed, 2)?;
        lists::remove_turns(statements, user, &turns_of(&ids), &words).await
    };
    // The turns must still be there for all of these.
    let (derived, ..) = try_join4(
        delete_derived(statements, number, &ids, whole_user),
        remove_from_lists,
        forgotten_keys::add(statements, target.user(), &keys),
        kept::delete_import_marks(statements, number),
    )
    .await?;
    let (turns, sessions, (), user) = try_join4(
        delete_turns(statements, number, &ids),
        statements.run(
            "DELETE FROM sessions s WHERE s.user_id = $1 AND NOT EXISTS (
                 SELECT 1 FROM turns t WHERE t.user_id = $1 AND t.session_id = s.id)",
            params![number.0],
        ),
        async {
            session_names::delete_of_gone(statements, number).await?;
            begin_epoch(statements, number).await
        },
        delete_user_without_memory(statements, number),
    )
    .await?;
    Ok(Forgotten { turns, sessions, derived, user, erasure: ERASURE })
}

/// Deletes turns in whose place others are stored, with what was learned from them. Unlike turns that
/// a person forgets, they are not known as forgotten, and their session stays.
pub(crate) async fn delete_replaced(
    statements: &Statements<'_>,
    user: &mut LockedUser,
    turns: &[TurnId],
) -> Result<(), Failure> {
    if turns.is_empty() {
        return Ok(());
    }
    let number = user.number;
    let ids: Vec<i64> = turns.iter().map(|turn| turn.0).collect();
    let said = statements
        .rows(
            "SELECT t.id, t.time_ms, t.speaker, t.text FROM turns t
             WHERE t.user_id = $1 AND t.id = ANY($2)",
            params![number.0, ids],
        )
        .await?;
    let words = words_of(&said, 1)?;
    try_join(
        delete_derived(statements, number, &ids, false),
        lists::remove_turns(statements, user, &turns_of(&ids), &words),
    )
    .await?;
    try_join(delete_turns(statements, number, &ids), begin_epoch(statements, number)).await?;
    Ok(())
}

/// Deletes the facts and summaries that were made of the turns; with the whole user, all of them.
pub(crate) async fn delete_derived(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: &Vec<i64>,
    whole_user: bool,
) -> Result<Derived, Failure> {
    let facts = async {
        let gone = doomed_facts(statements, user, turns, whole_user);
        let (gone, lines) = try_join(gone, fact_lines::read(statements, user)).await?;
        if gone.is_empty() {
            return Ok(0);
        }
        fact_lines::delete(statements, user, &lines, &gone).await
    };
    let summaries = delete_summaries(statements, user, turns, whole_user);
    let (facts, summaries) = try_join(facts, summaries).await?;
    Ok(Derived { facts, summaries })
}

/// Deletes the summaries that cover one of the turns, or all of the user's; returns how many.
pub(crate) async fn delete_summaries(
    statements: &Statements<'_>,
    user: UserNumber,
    covered: &Vec<i64>,
    all: bool,
) -> Result<u64, Failure> {
    let sql = format!("DELETE FROM summaries d WHERE {DOOMED_SUMMARIES}");
    let deleted = statements.run(&sql, params![user.0, *covered, all]);
    let (deleted, ()) = try_join(deleted, summaries::release_parts(statements, user)).await?;
    Ok(deleted)
}

/// All words of turns, whose time, speaker and text stand in columns from this one on.
pub(crate) fn words_of(rows: &[Row], column: usize) -> Result<BTreeSet<String>, Failure> {
    let mut all_words = BTreeSet::new();
    for row in rows {
        let (speaker, text): (Option<&str>, &str) =
            (row.try_get(column + 1)?, row.try_get(column + 2)?);
        let words = indexed_words(timestamp(row, column)?, speaker, text);
        all_words.extend(words.counts.into_keys());
    }
    Ok(all_words)
}

/// Columns of the turns `t` to delete.
async fn doomed_rows(
    statements: &Statements<'_>,
    target: &ForgetTarget,
    columns: &str,
) -> Result<Vec<Row>, Failure> {
    let ScopeBounds { user, sessions, roles, from, until } = ScopeBounds::of(&target.scope());
    let ids: Option<Vec<i64>> = match target {
        ForgetTarget::Turns(_, ids) => Some(ids.iter().map(|id| id.0).collect()),
        ForgetTarget::Scope(_) | ForgetTarget::User(_) => None,
    };
    let sql = format!(
        "SELECT {columns} FROM turns t
         WHERE {IN_SCOPE} AND ($6::bigint[] IS NULL OR t.id = ANY($6)) ORDER BY t.id"
    );
    statements.rows(&sql, params![user.0, sessions, roles, from, until, ids]).await
}

/// The first columns of rows, which are numbers.
fn ids_of(rows: &[Row]) -> Result<Vec<i64>, Failure> {
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn turns_of(ids: &[i64]) -> BTreeSet<TurnId> {
    ids.iter().copied().map(TurnId).collect()
}

/// The first of the turns, oldest first.
async fn first_turns(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: &Vec<i64>,
    limit: usize,
) -> Result<Vec<Turn>, Failure> {
    let limit = row_limit(limit);
    let sql = format!(
        "{SELECT_TURN} WHERE t.user_id = $1 AND s.user_id = $1 AND t.id = ANY($2)
         ORDER BY t.time_ms, t.id LIMIT $3"
    );
    turns_from_rows(&statements.rows(&sql, params![user.0, *turns, limit]).await?)
}

/// The facts to delete.
async fn doomed_facts(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: &Vec<i64>,
    whole_user: bool,
) -> Result<BTreeSet<FactId>, Failure> {
    let sql = "SELECT id FROM facts WHERE user_id = $1 AND ($3 OR source_turn_id = ANY($2))";
    let rows = statements.rows(sql, params![user.0, *turns, whole_user]).await?;
    Ok(ids_of(&rows)?.into_iter().map(FactId).collect())
}

/// The summaries to delete, on the alias `d`: `$1` is the user, `$2` the turns, `$3` whether the whole
/// user goes. All begin with the first turn of a session, so one covers what of its session is not
/// behind its last turn; one of summaries tells what its parts tell.
const DOOMED_SUMMARIES: &str = "d.user_id = $1 AND ($3 OR d.id IN (
    SELECT unnest(ARRAY[p.id, p.folded_into])
    FROM summaries p JOIN (
        SELECT t.session_id, min(t.id) AS id FROM turns t
        WHERE t.user_id = $1 AND t.id = ANY($2) GROUP BY t.session_id
    ) first ON first.session_id = p.session_id AND first.id <= p.through_turn
    WHERE p.user_id = $1))";

/// The summaries to delete, in the order of their numbers.
async fn doomed_summaries(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: &Vec<i64>,
    whole_user: bool,
) -> Result<Vec<SummaryId>, Failure> {
    let sql = format!("SELECT d.id FROM summaries d WHERE {DOOMED_SUMMARIES} ORDER BY d.id");
    let rows = statements.rows(&sql, params![user.0, *turns, whole_user]).await?;
    Ok(ids_of(&rows)?.into_iter().map(SummaryId).collect())
}

/// The sessions that have no other turns, in the order of their names.
async fn emptied_sessions(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: &Vec<i64>,
) -> Result<Vec<SessionName>, Failure> {
    let rows = statements
        .rows(
            "SELECT s.name FROM sessions s WHERE s.user_id = $1 AND NOT EXISTS (
                 SELECT 1 FROM turns t
                 WHERE t.user_id = $1 AND t.session_id = s.id AND t.id <> ALL($2))
             ORDER BY s.name",
            params![user.0, *turns],
        )
        .await?;
    rows.iter().map(|row| session_name(row, 0)).collect()
}

/// Deletes turns, with the rows that hang on them; returns how many.
async fn delete_turns(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: &Vec<i64>,
) -> Result<u64, Failure> {
    let sql = "DELETE FROM turns WHERE user_id = $1 AND id = ANY($2)";
    statements.run(sql, params![user.0, *turns]).await
}
