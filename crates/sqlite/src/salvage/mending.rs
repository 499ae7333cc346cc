//! Makes a store whole of the rows that were saved: names for what lost its own, no row that refers to
//! nothing, and everything that is made of turns.

use std::collections::{BTreeMap, BTreeSet};

use longmem_core::{Embedding, SessionName, Timestamp, TurnId, UserName};
use longmem_search::{NewLists, PassageId, vector_from_bytes};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Transaction, params};

use crate::block_tables::{self, Owner};
use crate::users::begin_epochs;
use crate::word_lists;

use super::Overview;

/// What had to be done.
#[derive(Debug, Default)]
pub(super) struct Mended {
    pub(super) made_up_names: u64,
    /// Turns, facts and other things that could not be kept. Vectors are not counted: they are made
    /// again.
    pub(super) dropped_rows: u64,
}

impl Mended {
    pub(super) fn mend(
        transaction: &Transaction<'_>,
        overview: &Overview,
        own_salt: &[u8],
    ) -> rusqlite::Result<Self> {
        let mut mended = Self::default();
        mended.drop_unreadable(transaction)?;
        mended.name_owners(transaction)?;
        mended.mend_what_was_learned(transaction)?;
        keep_whole_vectors(transaction)?;
        mended.drop_orphans(transaction)?;
        give_out_numbers(transaction, overview)?;
        // Without the old salt the old hashes say nothing.
        let salts: u64 =
            transaction.query_row("SELECT count(*) FROM forgotten_salt", [], |row| row.get(0))?;
        if salts != 1 {
            transaction.execute_batch("DELETE FROM forgotten_salt; DELETE FROM forgotten_keys")?;
            transaction.execute("INSERT INTO forgotten_salt (salt) VALUES (?1)", [own_salt])?;
        }
        begin_epochs(transaction)?;
        make_lists(transaction)?;
        Ok(mended)
    }

    fn drop(&mut self, transaction: &Transaction<'_>, sql: &str) -> rusqlite::Result<()> {
        self.dropped_rows += transaction.execute(sql, [])? as u64;
        Ok(())
    }

    /// Drops rows whose times or numbers no row has.
    fn drop_unreadable(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let (first, last) = (Timestamp::MIN.as_millisecond(), Timestamp::MAX.as_millisecond());
        for (table, column) in
            [("turns", "time_ms"), ("facts", "valid_from_ms"), ("summaries", "created_ms")]
        {
            self.drop(
                transaction,
                &format!("DELETE FROM {table} WHERE {column} NOT BETWEEN {first} AND {last}"),
            )?;
        }
        // A turn of one user in a session of another: nobody is shown what another person said.
        self.drop(
            transaction,
            "DELETE FROM turns WHERE id < 1 OR id >= 1 << 56 OR position NOT BETWEEN 0 AND 1 << 31
             OR EXISTS (SELECT 1 FROM sessions s
                        WHERE s.id = turns.session_id AND s.user_id <> turns.user_id)",
        )?;
        transaction.execute_batch(
            "UPDATE turns SET note = 1 WHERE note NOT IN (0, 1);
             UPDATE facts SET superseded_by = NULL WHERE superseded_by = id;",
        )
    }

    /// Gives users and sessions whose names are lost, or cannot be names, others.
    fn name_owners(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        self.rename_invalid(transaction, "users", |name| UserName::new(name).is_ok())?;
        self.rename_invalid(transaction, "sessions", |name| SessionName::new(name).is_ok())?;
        self.made_up_names += transaction.execute(
            "INSERT OR IGNORE INTO sessions (id, user_id, name)
             SELECT session_id, min(user_id), 'recovered-session-' || session_id FROM turns
             WHERE session_id NOT IN (SELECT id FROM sessions) GROUP BY session_id",
            [],
        )? as u64;
        self.made_up_names += transaction.execute(
            "INSERT OR IGNORE INTO users (id, name)
             SELECT owner, 'recovered-user-' || owner FROM (
                 SELECT user_id AS owner FROM sessions UNION SELECT user_id FROM facts)
             WHERE owner NOT IN (SELECT id FROM users)",
            [],
        )? as u64;
        // Where a session's own user was not that of all its turns.
        self.drop(
            transaction,
            "DELETE FROM turns WHERE NOT EXISTS (
                 SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id
                 WHERE s.id = turns.session_id AND s.user_id = turns.user_id)",
        )?;
        self.drop(
            transaction,
            "DELETE FROM sessions WHERE NOT EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id)",
        )
    }

    fn rename_invalid(
        &mut self,
        transaction: &Transaction<'_>,
        table: &str,
        is_name: impl Fn(&str) -> bool,
    ) -> rusqlite::Result<()> {
        let invalid: Vec<i64> = transaction
            .prepare(&format!("SELECT id, name FROM {table}"))?
            .query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?
            .filter_map(|row| match row {
                Ok((id, name)) => (!is_name(&name)).then_some(Ok(id)),
                Err(error) => Some(Err(error)),
            })
            .collect::<rusqlite::Result<_>>()?;
        let kind = table.trim_end_matches('s');
        for id in invalid {
            self.made_up_names += 1;
            let sql = format!("UPDATE OR IGNORE {table} SET name = ?2 WHERE id = ?1");
            transaction.execute(&sql, params![id, format!("recovered-{kind}-{id}")])?;
        }
        Ok(())
    }

    /// Keeps facts and summaries as far as what they refer to is there.
    fn mend_what_was_learned(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        self.drop(
            transaction,
            "DELETE FROM summaries WHERE of <> 'sessions'
             AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = summaries.session_id
                             AND user_id = summaries.user_id AND id <= summaries.through_turn)",
        )?;
        transaction.execute_batch(
            "UPDATE facts SET source_turn_id = NULL WHERE NOT EXISTS (
                 SELECT 1 FROM turns WHERE id = source_turn_id AND user_id = facts.user_id);
             UPDATE facts SET superseded_by = NULL WHERE NOT EXISTS (
                 SELECT 1 FROM facts f WHERE f.id = facts.superseded_by
                 AND f.user_id = facts.user_id);
             UPDATE summaries SET folded_into = NULL WHERE folded_into = id OR NOT EXISTS (
                 SELECT 1 FROM summaries s WHERE s.id = summaries.folded_into
                 AND s.user_id = summaries.user_id);
             UPDATE summaries SET through_turn = (
                 SELECT max(id) FROM turns WHERE session_id = summaries.session_id
                 AND id <= summaries.through_turn) WHERE of <> 'sessions';",
        )
    }

    /// Drops what still refers to a row that is not there.
    fn drop_orphans(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        self.drop(transaction, "DELETE FROM facts WHERE user_id NOT IN (SELECT id FROM users)")?;
        self.drop(
            transaction,
            "DELETE FROM summaries WHERE user_id NOT IN (SELECT id FROM users)",
        )?;
        self.drop(
            transaction,
            "DELETE FROM user_values WHERE user_id NOT IN (SELECT id FROM users)",
        )?;
        transaction.execute_batch(
            "DELETE FROM learned_sessions WHERE session_id NOT IN (SELECT id FROM sessions)
                 OR through_turn < 0;
             DELETE FROM entities WHERE user_id NOT IN (SELECT id FROM users);
             DELETE FROM entity_mentions WHERE NOT EXISTS (
                 SELECT 1 FROM facts f JOIN entities e ON e.user_id = f.user_id
                 WHERE f.id = fact_id AND e.id = entity_id);
             DELETE FROM entities WHERE id NOT IN (SELECT entity_id FROM entity_mentions);
             DELETE FROM fact_vectors WHERE fact_id NOT IN (SELECT id FROM facts)
                 OR model_id NOT IN (SELECT id FROM embedding_models);
             DELETE FROM users WHERE id NOT IN (SELECT user_id FROM sessions)
                 AND id NOT IN (SELECT user_id FROM facts)
                 AND id NOT IN (SELECT user_id FROM user_values);",
        )
    }
}

/// How far the passages of a turn reach.
struct Reached {
    /// The last passage.
    passage: i64,
    /// Where it ends in the text.
    end: usize,
    /// Whether nothing of the text comes after it.
    is_covered: bool,
}

/// Keeps the vectors of a turn if all of them are whole, and queues the other turns.
fn keep_whole_vectors(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "DELETE FROM embedding_models WHERE dimensions NOT BETWEEN 1 AND 65536 OR window < 1;
         DELETE FROM embedding_models WHERE NOT EXISTS (
             SELECT 1 FROM embedding_models WHERE state = 'serving');",
    )?;
    let mut whole = transaction.prepare(
        "SELECT p.turn_id, p.id, p.start_byte, p.end_byte, v.vector, m.dimensions, t.text
         FROM passages p JOIN turns t ON t.id = p.turn_id AND t.user_id = p.user_id
         JOIN embedding_models m ON m.id = p.model_id
         LEFT JOIN vectors v ON v.passage_id = p.id
         ORDER BY p.turn_id, p.model_id, p.id",
    )?;
    let mut broken = BTreeSet::new();
    // How far the passages of a turn that were read reach, and what of its text comes behind them.
    let mut reached: BTreeMap<i64, Reached> = BTreeMap::new();
    let mut rows = whole.query([])?;
    while let Some(row) = rows.next()? {
        let turn: i64 = row.get(0)?;
        let text = row.get_ref(6)?.as_str()?;
        let vector = match row.get_ref(4)? {
            ValueRef::Blob(bytes) => vector_from_bytes(bytes, row.get(5)?).ok(),
            _ => None,
        };
        let (passage, start, end): (i64, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let before = reached.get(&turn).filter(|before| before.passage + 1 == passage);
        let is_first = !reached.contains_key(&turn);
        let gap = match (usize::try_from(start), before) {
            (Ok(start), Some(before)) if start >= before.end => text.get(before.end..start),
            (Ok(start), None) if is_first => text.get(..start),
            _ => None,
        };
        let rest =
            usize::try_from(end).ok().and_then(|end| text.get(end..).map(|rest| (end, rest)));
        match (rest, gap) {
            (Some((end, rest)), Some(gap))
                if vector.is_some() && start < end as i64 && gap.trim().is_empty() =>
            {
                let is_covered = rest.trim().is_empty();
                reached.insert(turn, Reached { passage, end, is_covered });
            }
            _ => drop(broken.insert(turn)),
        }
    }
    drop(rows);
    let is_open = |(turn, reached): (&i64, &Reached)| (!reached.is_covered).then_some(*turn);
    broken.extend(reached.iter().filter_map(is_open));
    let mut delete = transaction.prepare("DELETE FROM passages WHERE turn_id = ?1")?;
    for turn in broken {
        delete.execute([turn])?;
    }
    transaction.execute_batch(
        "DELETE FROM passages WHERE NOT EXISTS (
             SELECT 1 FROM turns t WHERE t.id = turn_id AND t.user_id = passages.user_id)
             OR model_id NOT IN (SELECT id FROM embedding_models);
         DELETE FROM vectors WHERE passage_id NOT IN (SELECT id FROM passages);
         INSERT INTO index_queue (user_id, turn_id) SELECT user_id, id FROM turns t
             WHERE role <> 'tool' AND NOT EXISTS (
                 SELECT 1 FROM passages WHERE turn_id = t.id AND model_id = (
                     SELECT id FROM embedding_models ORDER BY state LIMIT 1));",
    )?;
    keep_whole_fact_vectors(transaction)
}

/// Vectors of facts are made when they are first recalled, so a damaged one need only be dropped.
fn keep_whole_fact_vectors(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut damaged: Vec<i64> = Vec::new();
    let mut statement = transaction.prepare(
        "SELECT v.rowid, v.vector, m.dimensions
         FROM fact_vectors v JOIN embedding_models m ON m.id = v.model_id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if vector_from_bytes(row.get_ref(1)?.as_blob()?, row.get(2)?).is_err() {
            damaged.push(row.get(0)?);
        }
    }
    for number in damaged {
        transaction.execute("DELETE FROM fact_vectors WHERE rowid = ?1", [number])?;
    }
    Ok(())
}

/// Lets new turns and passages begin behind all that there ever were.
fn give_out_numbers(transaction: &Transaction<'_>, overview: &Overview) -> rusqlite::Result<()> {
    let known = |listed: &i64| *listed < 1 << 56;
    let last_listed = overview.listed.keys().copied().filter(known).max().unwrap_or(0);
    transaction.execute(
        "UPDATE number_chunks SET next_chunk = 1 + max(?1, coalesce(CASE kind
             WHEN 'turn' THEN (SELECT max(id) FROM turns)
             ELSE (SELECT max(id) FROM passages) END, 0)) / 8192",
        [last_listed],
    )?;
    transaction.execute_batch(
        "UPDATE users SET next_turn = 0, next_passage = 0,
             last_turn = coalesce((SELECT max(id) FROM turns WHERE user_id = users.id), 0)",
    )
}

/// Makes the lists of turns, words and codes of every user.
fn make_lists(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let users: Vec<i64> = numbers(transaction, "SELECT id FROM users")?;
    let models: Vec<i64> = numbers(transaction, "SELECT id FROM embedding_models")?;
    for user_id in users {
        word_lists::make_again_for(transaction, user_id)?;
        for model_id in &models {
            make_codes(transaction, Owner { user_id, model_id: *model_id })?;
        }
    }
    Ok(())
}

fn numbers(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<i64>> {
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn make_codes(transaction: &Transaction<'_>, owner: Owner) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "SELECT p.turn_id, p.id, v.vector, m.dimensions
         FROM passages p JOIN vectors v ON v.passage_id = p.id
         JOIN embedding_models m ON m.id = p.model_id
         WHERE p.user_id = ?1 AND p.model_id = ?2 ORDER BY p.id",
    )?;
    let mut rows = statement.query(params![owner.user_id, owner.model_id])?;
    let mut lists = NewLists::default();
    let mut open: Option<(TurnId, PassageId, Vec<Embedding>)> = None;
    while let Some(row) = rows.next()? {
        let (turn, passage) = (TurnId(row.get(0)?), PassageId(row.get(1)?));
        // Those that cannot be read were dropped before.
        let Ok(vector) = vector_from_bytes(row.get_ref(2)?.as_blob()?, row.get(3)?) else {
            continue;
        };
        match &mut open {
            Some((last, _, vectors)) if *last == turn => vectors.push(vector),
            _ => {
                if let Some((last, first, vectors)) = open.replace((turn, passage, vec![vector])) {
                    lists.add_codes(last, first, &vectors);
                }
            }
        }
    }
    if let Some((last, first, vectors)) = open {
        lists.add_codes(last, first, &vectors);
    }
    block_tables::append(transaction, owner, &lists)
}
