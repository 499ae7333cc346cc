//! Deletes so that nothing is left: rows, words, vectors and the bytes on disk.

use std::collections::BTreeSet;

use longmem_core::{FactId, Scope, SummaryId, TurnId, UserName};
use longmem_store::{Derived, Erasure, ForgetFingerprint, ForgetTarget, Forgotten, WouldForget};
use longmem_text::indexed_words;
use rusqlite::{Connection, Transaction, params};

use crate::rows::{SELECT_TURN, parsed, row_limit, timestamp, turn_array, turn_from_row};
use crate::scope_filter::Condition;
use crate::users::{begin_epoch, delete_user_without_memory, epoch, user_id};
use crate::{block_tables, fact_lines, forgotten_keys, kept, session_names};

/// Shows what [`delete`] would delete, with the first `shown` turns, oldest first.
pub(crate) fn preview(
    connection: &Connection,
    target: &ForgetTarget,
    shown: usize,
) -> rusqlite::Result<WouldForget> {
    let Some(user) = user_id(connection, target.user())? else {
        return Ok(WouldForget::default());
    };
    let doomed = doomed_turns(connection, target)?;
    let sql = format!("{SELECT_TURN} WHERE t.id IN rarray(?1) ORDER BY t.time_ms, t.id LIMIT ?2");
    let first = connection
        .prepare(&sql)?
        .query_map(params![turn_array(&doomed), row_limit(shown)], turn_from_row)?
        .collect::<rusqlite::Result<_>>()?;
    let parameters = params![user, turn_array(&doomed), target.is_whole_user()];
    let facts: Vec<FactId> = connection
        .prepare(&format!("SELECT d.id FROM facts d WHERE {DOOMED_FACTS} ORDER BY d.id"))?
        .query_map(parameters, |row| row.get(0).map(FactId))?
        .collect::<rusqlite::Result<_>>()?;
    let summaries: Vec<SummaryId> = connection
        .prepare(&format!("SELECT d.id FROM summaries d WHERE {DOOMED_SUMMARIES} ORDER BY d.id"))?
        .query_map(parameters, |row| row.get(0).map(SummaryId))?
        .collect::<rusqlite::Result<_>>()?;
    let sessions = connection
        .prepare(
            "SELECT s.name FROM sessions s WHERE s.user_id = ?1 AND NOT EXISTS (
                 SELECT 1 FROM turns t WHERE t.session_id = s.id AND t.id NOT IN rarray(?2))
             ORDER BY s.name",
        )?
        .query_map(params![user, turn_array(&doomed)], |row| parsed(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    let newest = connection
        .prepare("SELECT time_ms FROM turns WHERE id IN rarray(?1) ORDER BY time_ms DESC LIMIT 1")?
        .query_map([turn_array(&doomed)], |row| timestamp(row, 0))?
        .next()
        .transpose()?;
    let epoch = epoch(connection, user)?;
    let fingerprint = ForgetFingerprint::new(target, epoch, &doomed, &facts, &summaries);
    let turns = doomed.len() as u64;
    Ok(WouldForget { turns, first, newest, sessions, facts, summaries, fingerprint })
}

/// Deletes turns with their words, vectors, facts and summaries, and what nothing is left of.
pub(crate) fn delete(
    transaction: &Transaction<'_>,
    target: &ForgetTarget,
) -> rusqlite::Result<Forgotten> {
    let nothing = Forgotten {
        turns: 0,
        sessions: 0,
        derived: Derived::default(),
        user: false,
        erasure: Erasure::Done,
    };
    let Some(user) = user_id(transaction, target.user())? else { return Ok(nothing) };
    let doomed = doomed_turns(transaction, target)?;
    let derived = delete_derived(transaction, user, target, &doomed)?;
    if target.is_whole_user() {
        block_tables::remove_all(transaction, user)?;
    } else {
        remove_from_blocks(transaction, user, &doomed)?;
    }
    forgotten_keys::add(transaction, target.user(), &doomed)?;
    kept::delete_import_marks(transaction, user)?;
    let turns =
        transaction.execute("DELETE FROM turns WHERE id IN rarray(?1)", [turn_array(&doomed)])?;
    let sessions = transaction.execute(
        "DELETE FROM sessions WHERE user_id = ?1
         AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id)",
        [user],
    )?;
    session_names::delete_of_gone(transaction, user)?;
    begin_epoch(transaction, user)?;
    Ok(Forgotten {
        turns: turns as u64,
        sessions: sessions as u64,
        derived,
        user: delete_user_without_memory(transaction, user)?,
        ..nothing
    })
}

/// Deletes turns in whose place others are stored, with what was learned from them. Unlike turns that
/// a person forgets, they are not known as forgotten, and their session stays.
pub(crate) fn delete_replaced(
    transaction: &Transaction<'_>,
    user: &UserName,
    turns: &[TurnId],
) -> rusqlite::Result<()> {
    let known = if turns.is_empty() { None } else { user_id(transaction, user)? };
    let Some(known) = known else { return Ok(()) };
    let target = ForgetTarget::Turns(Scope::of(user.clone()), turns.to_vec());
    delete_derived(transaction, known, &target, turns)?;
    remove_from_blocks(transaction, known, turns)?;
    transaction.execute("DELETE FROM turns WHERE id IN rarray(?1)", [turn_array(turns)])?;
    begin_epoch(transaction, known)
}

/// The turns to delete.
fn doomed_turns(connection: &Connection, target: &ForgetTarget) -> rusqlite::Result<Vec<TurnId>> {
    let Some(mut condition) = Condition::of_scope(connection, &target.scope())? else {
        return Ok(Vec::new());
    };
    if let ForgetTarget::Turns(_, ids) = target {
        condition.and_one_of("t.id", ids.iter().map(|id| id.0));
    }
    connection
        .prepare(&format!("SELECT t.id FROM turns t WHERE {}", condition.sql))?
        .query_map(&*condition.parameters(), |row| row.get(0).map(TurnId))?
        .collect()
}

/// The facts to delete, on the alias `d`: ?1 is the user, ?2 the turns as an array, ?3 whether the whole
/// user goes.
const DOOMED_FACTS: &str = "d.user_id = ?1
    AND (?3 OR d.source_turn_id IN rarray(?2))";

/// The summaries to delete, with the same parameters. All begin with the first turn of a session;
/// one of summaries tells what its parts tell.
const DOOMED_SUMMARIES: &str = "d.user_id = ?1 AND (?3 OR EXISTS (
    SELECT 1 FROM summaries p JOIN turns t ON t.session_id = p.session_id AND t.id <= p.through_turn
    WHERE (p.id = d.id OR p.folded_into = d.id) AND t.id IN rarray(?2)))";

/// Deletes the facts and summaries that were made of the turns.
pub(crate) fn delete_derived(
    transaction: &Transaction<'_>,
    user: i64,
    target: &ForgetTarget,
    doomed: &[TurnId],
) -> rusqlite::Result<Derived> {
    let parameters = params![user, turn_array(doomed), target.is_whole_user()];
    let doomed_facts = transaction
        .prepare(&format!("SELECT d.id FROM facts d WHERE {DOOMED_FACTS}"))?
        .query_map(parameters, |row| row.get(0).map(FactId))?
        .collect::<rusqlite::Result<BTreeSet<FactId>>>()?;
    let facts = fact_lines::delete(transaction, user, &doomed_facts)?;
    let summaries = delete_summaries(transaction, user, doomed, target.is_whole_user())?;
    Ok(Derived { facts, summaries })
}

/// Deletes the summaries that cover one of the turns, or all of the user's; returns how many.
pub(crate) fn delete_summaries(
    transaction: &Transaction<'_>,
    user: i64,
    covered: &[TurnId],
    all: bool,
) -> rusqlite::Result<u64> {
    let before = count_summaries(transaction, user)?;
    transaction.execute(
        &format!("DELETE FROM summaries AS d WHERE {DOOMED_SUMMARIES}"),
        params![user, turn_array(covered), all],
    )?;
    Ok(before - count_summaries(transaction, user)?)
}

/// A trigger deletes some of them, which SQLite does not count.
fn count_summaries(connection: &Connection, user: i64) -> rusqlite::Result<u64> {
    let sql = "SELECT count(*) FROM summaries WHERE user_id = ?1";
    connection.query_row(sql, [user], |row| row.get(0))
}

/// Takes the turns off all blocks, in which they are found by their words.
pub(crate) fn remove_from_blocks(
    transaction: &Transaction<'_>,
    user: i64,
    doomed: &[TurnId],
) -> rusqlite::Result<()> {
    let mut all_words = BTreeSet::new();
    let mut statement = transaction
        .prepare("SELECT t.time_ms, t.speaker, t.text FROM turns t WHERE t.id IN rarray(?1)")?;
    let mut rows = statement.query([turn_array(doomed)])?;
    while let Some(row) = rows.next()? {
        let speaker: Option<String> = row.get(1)?;
        let words =
            indexed_words(timestamp(row, 0)?, speaker.as_deref(), row.get_ref(2)?.as_str()?);
        all_words.extend(words.counts.into_keys());
    }
    let gone: BTreeSet<TurnId> = doomed.iter().copied().collect();
    block_tables::remove(transaction, user, &gone, all_words)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longmem_search::Searcher;
    use longmem_store::Turns;

    use super::*;
    use crate::made_up::{turn, user};
    use crate::{IfMissing, SqliteStore};

    #[test]
    fn a_reader_of_an_older_state_delays_the_erasure() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
        let scope = Scope::of(user("ana"));
        let turns = ["xylophonequartz", "lisbon", "oslo"].map(|text| turn("talk", text, 0));
        let inserted = store.insert_turns(&scope.user, &turns).unwrap();
        let forget = |position: usize| {
            let target = ForgetTarget::Turns(scope.clone(), vec![inserted[position].id]);
            store.forget(&target).unwrap().erasure
        };
        let is_on_disk = || {
            fs_err::read_dir(folder.path()).unwrap().any(|file| {
                let bytes = fs_err::read(file.unwrap().path()).unwrap();
                bytes.windows(13).any(|window| window == b"lophonequartz")
            })
        };
        store
            .connections
            .read(|reader| {
                reader.query_row("SELECT count(*) FROM turns", [], |_| Ok(()))?;
                // It waits for readers as for writers, which takes too long for a test.
                store.connections.maintain(|writer| writer.busy_timeout(Duration::ZERO)).unwrap();
                assert_eq!(forget(0), Erasure::WhenReadersFinish);
                Ok(())
            })
            .unwrap();
        assert!(is_on_disk());
        assert_eq!(forget(1), Erasure::Done);
        assert!(!is_on_disk());
        let found = Searcher::default().search_words(&store, &scope, "lisbon oslo", 9).unwrap();
        assert_eq!(found.len(), 1);
    }
}
