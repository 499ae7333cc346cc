//! Which turns wait for vectors, and how vectors come in.

use std::fs::TryLockError;

use longmem_core::{Embedding, EmbeddingModel, PassageSpan, TurnId, UserName};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::code::{Code, code_of};
use crate::code_blocks::NewCodes;
use crate::open::with_suffix;
use crate::snapshot::TurnPassages;
use crate::turns::parsed;
use crate::vector_codec::encode;
use crate::{Store, StoreError};

/// A turn that waits for vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedTurn {
    /// The turn.
    pub turn: TurnId,
    /// Whose turn it is.
    pub user: UserName,
    /// What is to be embedded.
    pub text: String,
}

/// A turn with its passages and their vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddedTurn {
    /// The turn.
    pub turn: TurnId,
    /// Its passages in order, at least one.
    pub passages: Vec<(PassageSpan, Embedding)>,
}

/// Held by the process that indexes a store; the system gives it back when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct IndexLock {
    _file: std::fs::File,
}

impl Store {
    /// Takes the right to index, or waits for the process that has it.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file cannot be made.
    pub fn lock_index(&self) -> Result<IndexLock, StoreError> {
        let file = self.index_lock_file()?;
        file.lock()?;
        Ok(IndexLock { _file: file })
    }

    /// Takes the right to index; none if another process has it.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file cannot be made.
    pub fn try_lock_index(&self) -> Result<Option<IndexLock>, StoreError> {
        let file = self.index_lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(IndexLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    fn index_lock_file(&self) -> Result<std::fs::File, StoreError> {
        let path = with_suffix(self.path(), "-index.lock");
        let file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
        Ok(file.into_parts().0)
    }

    /// The model whose vectors serve searches; none before the first were written.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn serving_model(&self) -> Result<Option<EmbeddingModel>, StoreError> {
        self.connections.read(|connection| Ok(model_in(connection, "serving")?.map(|(_, m)| m)))
    }

    /// Makes the model the one whose vectors are written from now on.
    ///
    /// The first model of a store serves at once. Another one needs `replace`: then every turn is
    /// queued again, and the old vectors serve until [`Store::finish_replacing`]. Asking again
    /// goes on where it stopped.
    ///
    /// # Errors
    /// [`StoreError::OtherModel`] without `replace` if another model's vectors are here.
    pub fn begin_indexing(&self, model: &EmbeddingModel, replace: bool) -> Result<(), StoreError> {
        let serving = self.connections.write(|transaction| {
            let serving = model_in(transaction, "serving")?;
            match &serving {
                None => insert_model(transaction, model, "serving")?,
                Some((_, serving)) if serving == model => give_up_replacing(transaction)?,
                Some(_) if replace => begin_replacing(transaction, model)?,
                Some(_) => {}
            }
            Ok(serving.map(|(_, serving)| serving))
        })?;
        match serving {
            Some(serving) if serving != *model && !replace => Err(StoreError::OtherModel {
                path: self.path().to_owned(),
                stored: serving.name + "@" + &serving.revision,
                given: format!("{}@{}", model.name, model.revision),
            }),
            _ => Ok(()),
        }
    }

    /// Queues every turn again and drops the vectors of this model, so that they are made anew.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be written.
    pub fn requeue_all(&self) -> Result<(), StoreError> {
        self.connections.write(|transaction| {
            transaction.execute_batch(
                "DELETE FROM passages;
                 DELETE FROM code_blocks;
                 INSERT OR IGNORE INTO index_queue (turn_id)
                     SELECT id FROM turns WHERE role <> 'tool';
                 UPDATE users SET deletions = deletions + 1;
                 UPDATE embedding_models SET truncated_tokens = 0;",
            )
        })
    }

    /// Counts the turns that wait for vectors: one user's, or all.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn waiting(&self, user: Option<&UserName>) -> Result<u64, StoreError> {
        self.connections.read(|connection| match user {
            None => connection.query_row("SELECT count(*) FROM index_queue", [], |row| row.get(0)),
            Some(user) => connection
                .prepare_cached(
                    "SELECT count(*) FROM index_queue q JOIN turns t ON t.id = q.turn_id
                     WHERE t.user_id = (SELECT id FROM users WHERE name = ?1)",
                )?
                .query_row([user.as_str()], |row| row.get(0)),
        })
    }

    /// Reads up to `limit` turns that wait for vectors, one user's or all, after the given one,
    /// oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn queued_turns(
        &self,
        user: Option<&UserName>,
        after: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<QueuedTurn>, StoreError> {
        self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT t.id, u.name, t.text FROM index_queue q
                     JOIN turns t ON t.id = q.turn_id JOIN users u ON u.id = t.user_id
                     WHERE q.turn_id > ?1 AND (?3 IS NULL OR u.name = ?3)
                     ORDER BY q.turn_id LIMIT ?2",
                )?
                .query_map(
                    params![
                        after.map_or(0, |turn| turn.0),
                        limit as i64,
                        user.map(UserName::as_str)
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

    /// Stores vectors and takes their turns off the queue, in one transaction. A turn that was
    /// deleted or embedded in the meantime is passed over, and so are all if the model is not the
    /// one of the last [`Store::begin_indexing`]. Returns how many were stored.
    ///
    /// `truncated_tokens` is added to the model's count of tokens that no vector covers.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was stored.
    pub fn write_vectors(
        &self,
        model: &EmbeddingModel,
        turns: &[EmbeddedTurn],
        truncated_tokens: u64,
    ) -> Result<u64, StoreError> {
        self.connections.write(|transaction| {
            let newest = match model_in(transaction, "building")? {
                Some(building) => Some(building),
                None => model_in(transaction, "serving")?,
            };
            let Some((model_id, _)) = newest.filter(|(_, newest)| newest == model) else {
                return Ok(0);
            };
            let mut stored = 0;
            let mut codes = NewCodes::default();
            for turn in turns {
                let waiting = transaction
                    .prepare_cached("DELETE FROM index_queue WHERE turn_id = ?1")?
                    .execute([turn.turn.0])?;
                if waiting == 1 {
                    write_turn(transaction, model_id, turn, &mut codes)?;
                    stored += 1;
                }
            }
            codes.write(transaction)?;
            if truncated_tokens > 0 {
                transaction.execute(
                    "UPDATE embedding_models SET truncated_tokens = truncated_tokens + ?2
                     WHERE id = ?1",
                    params![model_id, truncated_tokens as i64],
                )?;
            }
            Ok(stored)
        })
    }

    /// Lets the new model serve and deletes the old one's vectors, if every turn has its new ones.
    /// Returns whether that happened.
    ///
    /// # Errors
    /// [`StoreError`]; then the old model serves on.
    pub fn finish_replacing(&self) -> Result<bool, StoreError> {
        self.connections.write(|transaction| {
            let waiting: bool =
                transaction
                    .query_row("SELECT EXISTS (SELECT 1 FROM index_queue)", [], |row| row.get(0))?;
            let Some((building, _)) = model_in(transaction, "building")? else { return Ok(false) };
            if waiting {
                return Ok(false);
            }
            transaction.execute("DELETE FROM embedding_models WHERE state = 'serving'", [])?;
            transaction.execute(
                "UPDATE embedding_models SET state = 'serving' WHERE id = ?1",
                [building],
            )?;
            transaction.execute("UPDATE users SET deletions = deletions + 1", [])?;
            Ok(true)
        })
    }
}

/// Drops a replacement that was begun; only turns without vectors of the serving model wait again.
fn give_up_replacing(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    if transaction.execute("DELETE FROM embedding_models WHERE state = 'building'", [])? > 0 {
        transaction.execute_batch(
            "DELETE FROM index_queue;
             INSERT INTO index_queue (turn_id) SELECT id FROM turns
             WHERE role <> 'tool' AND NOT EXISTS (SELECT 1 FROM passages WHERE turn_id = turns.id);",
        )?;
    }
    Ok(())
}

fn begin_replacing(transaction: &Transaction<'_>, model: &EmbeddingModel) -> rusqlite::Result<()> {
    match model_in(transaction, "building")? {
        Some((_, building)) if building == *model => return Ok(()),
        Some((id, _)) => {
            transaction.execute("DELETE FROM embedding_models WHERE id = ?1", [id])?;
        }
        None => {}
    }
    insert_model(transaction, model, "building")?;
    transaction
        .execute(
            "INSERT OR IGNORE INTO index_queue (turn_id)
             SELECT id FROM turns WHERE role <> 'tool'",
            [],
        )
        .map(drop)
}

fn write_turn(
    transaction: &Transaction<'_>,
    model_id: i64,
    turn: &EmbeddedTurn,
    codes: &mut NewCodes,
) -> rusqlite::Result<()> {
    let user_id = transaction
        .prepare_cached("SELECT user_id FROM turns WHERE id = ?1")?
        .query_row([turn.turn.0], |row| row.get(0))?;
    let mut last_passage = 0;
    for (span, embedding) in &turn.passages {
        transaction
            .prepare_cached(
                "INSERT INTO passages (turn_id, user_id, model_id, start_byte, end_byte, tokens)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                turn.turn.0,
                user_id,
                model_id,
                span.start as i64,
                span.end as i64,
                span.tokens as i64
            ])?;
        last_passage = transaction.last_insert_rowid();
        transaction
            .prepare_cached("INSERT INTO vectors (passage_id, vector) VALUES (?1, ?2)")?
            .execute(params![last_passage, encode(embedding)])?;
    }
    let passages: Vec<Code> = turn.passages.iter().map(|(_, vector)| code_of(vector)).collect();
    if !passages.is_empty() {
        let first_passage = last_passage + 1 - passages.len() as i64;
        let turn = TurnPassages { turn: turn.turn, first_passage, passages: &passages };
        codes.add(user_id, model_id, turn);
    }
    Ok(())
}

fn insert_model(
    transaction: &Transaction<'_>,
    model: &EmbeddingModel,
    state: &str,
) -> rusqlite::Result<()> {
    transaction
        .execute(
            "INSERT INTO embedding_models
                 (name, revision, dimensions, pooling, normalized, window, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                model.name,
                model.revision,
                model.dimensions as i64,
                model.pooling,
                model.normalized,
                model.window as i64,
                state
            ],
        )
        .map(drop)
}

/// The number of a model in this store; none if it never wrote vectors here.
pub(crate) fn model_id(
    connection: &Connection,
    model: &EmbeddingModel,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT id FROM embedding_models WHERE name = ?1 AND revision = ?2 AND dimensions = ?3
             AND pooling = ?4 AND normalized = ?5 AND window = ?6",
        )?
        .query_row(
            params![
                model.name,
                model.revision,
                model.dimensions as i64,
                model.pooling,
                model.normalized,
                model.window as i64
            ],
            |row| row.get(0),
        )
        .optional()
}

fn model_in(
    connection: &Connection,
    state: &str,
) -> rusqlite::Result<Option<(i64, EmbeddingModel)>> {
    connection
        .prepare_cached(
            "SELECT id, name, revision, dimensions, pooling, normalized, window
             FROM embedding_models WHERE state = ?1",
        )?
        .query_row([state], |row| {
            Ok((
                row.get(0)?,
                EmbeddingModel {
                    name: row.get(1)?,
                    revision: row.get(2)?,
                    dimensions: row.get::<_, i64>(3)? as usize,
                    pooling: row.get(4)?,
                    normalized: row.get(5)?,
                    window: row.get::<_, i64>(6)? as usize,
                },
            ))
        })
        .optional()
}
