//! Which turns wait for vectors, and how vectors come in.

use std::collections::{BTreeMap, HashSet};

use longmem_core::{EmbeddingModel, TurnId, UserName};
use longmem_search::{NewLists, PassageId, vector_bytes};
use longmem_store::{
    EmbeddedTurn, IndexShare, ModelState, QueuedTurn, Result, StoreLock, Vectors, may_index,
};
use rusqlite::{Connection, Transaction, params};

use crate::SqliteStore;
use crate::block_tables::{self, Owner};
use crate::embedding_models::{self as models, model_in};
use crate::file::with_suffix;
use crate::lock_file::LockFile;
use crate::numbers::{Kind, Numbers};
use crate::rows::{parsed, row_limit, turn_array};
use crate::users::user_id;

impl Vectors for SqliteStore {
    fn serving_model(&self) -> Result<Option<EmbeddingModel>> {
        let serving =
            self.connections.read(|connection| model_in(connection, ModelState::Serving))?;
        Ok(serving.map(|(_, model)| model))
    }

    fn begin_indexing(&self, model: &EmbeddingModel, replace: bool) -> Result<()> {
        let serving = self.connections.write(|transaction| {
            let serving = model_in(transaction, ModelState::Serving)?.map(|(_, serving)| serving);
            match &serving {
                None => models::insert(transaction, model, ModelState::Serving)?,
                Some(serving) if serving == model => models::give_up_replacing(transaction)?,
                Some(_) if replace => models::begin_replacing(transaction, model)?,
                Some(_) => {}
            }
            Ok(serving)
        })?;
        may_index(model, serving.as_ref(), replace, || crate::error::place(self.path()))
    }

    fn requeue_all(&self) -> Result<()> {
        self.connections.write(models::requeue_all)
    }

    fn waiting(&self, user: Option<&UserName>) -> Result<u64> {
        self.connections.read(|connection| match user {
            None => connection.query_row("SELECT count(*) FROM index_queue", [], |row| row.get(0)),
            Some(user) => match user_id(connection, user)? {
                Some(user_id) => waiting_of(connection, user_id),
                None => Ok(0),
            },
        })
    }

    fn queued_turns(
        &self,
        user: Option<&UserName>,
        after: Option<&QueuedTurn>,
        limit: usize,
    ) -> Result<Vec<QueuedTurn>> {
        self.connections.read(|connection| {
            // The cursor is a place in the queue's own order: user, then turn.
            let after_user = match after {
                Some(after) => user_id(connection, &after.user)?.unwrap_or(0),
                None => 0,
            };
            let (first_user, last_user) = match user {
                Some(user) => {
                    let only = user_id(connection, user)?.unwrap_or(0);
                    (only, only)
                }
                None => (0, i64::MAX),
            };
            connection
                .prepare_cached(
                    "SELECT q.turn_id, u.name, t.text FROM index_queue q
                     JOIN turns t ON t.id = q.turn_id JOIN users u ON u.id = q.user_id
                     WHERE (q.user_id, q.turn_id) > (?1, ?2) AND q.user_id <= ?3
                     ORDER BY q.user_id, q.turn_id LIMIT ?4",
                )?
                .query_map(
                    params![
                        first_user.max(after_user),
                        after.map_or(0, |after| after.turn.0),
                        last_user,
                        row_limit(limit)
                    ],
                    |row| {
                        Ok(QueuedTurn {
                            turn: TurnId(row.get(0)?),
                            user: parsed(row, 1)?,
                            text: row.get(2)?,
                        })
                    },
                )?
                .collect()
        })
    }

    fn write_vectors(
        &self,
        model: &EmbeddingModel,
        turns: &[EmbeddedTurn],
        truncated_tokens: u64,
    ) -> Result<u64> {
        let mut of_users: BTreeMap<&UserName, Vec<&EmbeddedTurn>> = BTreeMap::new();
        for turn in turns {
            of_users.entry(&turn.user).or_default().push(turn);
        }
        self.connections.write(|transaction| {
            let newest = models::newest(transaction)?;
            let Some((model_id, _)) = newest.filter(|(_, newest)| newest == model) else {
                return Ok(0);
            };
            let mut stored = 0;
            for (user, turns) in &of_users {
                if let Some(user_id) = user_id(transaction, user)? {
                    stored += write_of_user(transaction, Owner { user_id, model_id }, turns)?;
                }
            }
            if truncated_tokens > 0 {
                models::add_truncated(transaction, model_id, truncated_tokens)?;
            }
            Ok(stored)
        })
    }

    fn finish_replacing(&self) -> Result<bool> {
        self.connections.write(models::finish_replacing)
    }

    fn lock_index(&self, _share: IndexShare, wait: bool) -> Result<Option<StoreLock>> {
        drop(self.connections.writer()?);
        Ok(LockFile::hold(with_suffix(self.path(), "-index.lock"), wait)?.map(StoreLock::new))
    }
}

/// Number of a user's turns that wait.
pub(crate) fn waiting_of(connection: &Connection, user_id: i64) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT count(*) FROM index_queue WHERE user_id = ?1")?
        .query_row([user_id], |row| row.get(0))
}

/// Stores the vectors of those turns of a user that still wait; returns how many.
fn write_of_user(
    transaction: &Transaction<'_>,
    owner: Owner,
    turns: &[&EmbeddedTurn],
) -> rusqlite::Result<u64> {
    let mut waiting = transaction
        .prepare_cached(
            "DELETE FROM index_queue WHERE user_id = ?1 AND turn_id IN rarray(?2)
             RETURNING turn_id",
        )?
        .query_map(
            params![owner.user_id, turn_array(turns.iter().map(|turn| &turn.turn))],
            |row| Ok(TurnId(row.get(0)?)),
        )?
        .collect::<rusqlite::Result<HashSet<TurnId>>>()?;
    let mut numbers = Numbers::of(transaction, Kind::Passage, owner.user_id)?;
    let mut lists = NewLists::default();
    let mut stored = 0;
    for turn in turns {
        if waiting.remove(&turn.turn) {
            write_turn(transaction, owner, turn, &mut numbers, &mut lists)?;
            stored += 1;
        }
    }
    block_tables::append(transaction, owner, &lists)?;
    numbers.write(transaction)?;
    Ok(stored)
}

fn write_turn(
    transaction: &Transaction<'_>,
    owner: Owner,
    turn: &EmbeddedTurn,
    numbers: &mut Numbers,
    lists: &mut NewLists,
) -> rusqlite::Result<()> {
    if turn.passages.is_empty() {
        return Ok(());
    }
    let first_passage = numbers.take(transaction, turn.passages.len())?;
    for ((span, vector), passage) in turn.passages.iter().zip(first_passage..) {
        transaction
            .prepare_cached(
                "INSERT INTO passages (id, turn_id, user_id, model_id, start_byte, end_byte, tokens)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                passage,
                turn.turn.0,
                owner.user_id,
                owner.model_id,
                span.start as i64,
                span.end as i64,
                span.tokens as i64
            ])?;
        transaction
            .prepare_cached("INSERT INTO vectors (passage_id, vector) VALUES (?1, ?2)")?
            .execute(params![passage, vector_bytes(vector)])?;
    }
    let vectors = turn.passages.iter().map(|(_, vector)| vector);
    lists.add_codes(turn.turn, PassageId(first_passage), vectors);
    Ok(())
}
