//! Small values of a user or of the whole store.

use longmem_core::UserName;
use longmem_store::{IMPORT_MARKS, KeptValues, Result};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::SqliteStore;
use crate::users::{user_id, user_id_or_new};

impl KeptValues for SqliteStore {
    fn keep_value(&self, user: Option<&UserName>, name: &str, value: Option<&[u8]>) -> Result<()> {
        self.connections.write(|transaction| {
            let Some(user) = user else {
                return keep_of_store(transaction, name, value);
            };
            match value {
                Some(value) => keep_of_user(transaction, user, name, value),
                None => transaction
                    .prepare_cached("DELETE FROM user_values WHERE user_id = ?1 AND name = ?2")?
                    .execute(params![user_id(transaction, user)?, name])
                    .map(drop),
            }
        })
    }

    fn keep_values(&self, user: &UserName, values: &[(String, Vec<u8>)]) -> Result<()> {
        self.connections.write(|transaction| keep_all(transaction, user, values))
    }

    fn kept_value(&self, user: Option<&UserName>, name: &str) -> Result<Option<Vec<u8>>> {
        self.connections.read(|connection| match user {
            None => connection
                .prepare_cached("SELECT value FROM store_values WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional(),
            Some(user) => connection
                .prepare_cached(
                    "SELECT v.value FROM user_values v JOIN users u ON u.id = v.user_id
                     WHERE u.name = ?1 AND v.name = ?2",
                )?
                .query_row([user.as_str(), name], |row| row.get(0))
                .optional(),
        })
    }

    fn kept_names(&self, user: Option<&UserName>, prefix: &str) -> Result<Vec<String>> {
        self.connections.read(|connection| match user {
            None => connection
                .prepare_cached(
                    "SELECT name FROM store_values
                     WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 ORDER BY name",
                )?
                .query_map([prefix], |row| row.get(0))?
                .collect(),
            Some(user) => connection
                .prepare_cached(
                    "SELECT v.name FROM user_values v JOIN users u ON u.id = v.user_id
                     WHERE u.name = ?2 AND v.name >= ?1 AND substr(v.name, 1, length(?1)) = ?1
                     ORDER BY v.name",
                )?
                .query_map([prefix, user.as_str()], |row| row.get(0))?
                .collect(),
        })
    }
}

/// Keeps values of a user, who is made for them.
pub(crate) fn keep_all(
    transaction: &Transaction<'_>,
    user: &UserName,
    values: &[(String, Vec<u8>)],
) -> rusqlite::Result<()> {
    values.iter().try_for_each(|(name, value)| keep_of_user(transaction, user, name, value))
}

/// Keeps a value of a user, who is made for it.
fn keep_of_user(
    transaction: &Transaction<'_>,
    user: &UserName,
    name: &str,
    value: &[u8],
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO user_values (user_id, name, value) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET value = excluded.value",
        )?
        .execute(params![user_id_or_new(transaction, user)?, name, value])
        .map(drop)
}

fn keep_of_store(
    transaction: &Transaction<'_>,
    name: &str,
    value: Option<&[u8]>,
) -> rusqlite::Result<()> {
    match value {
        Some(value) => transaction
            .prepare_cached(
                "INSERT INTO store_values (name, value) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET value = excluded.value",
            )?
            .execute(params![name, value]),
        None => {
            transaction.prepare_cached("DELETE FROM store_values WHERE name = ?1")?.execute([name])
        }
    }
    .map(drop)
}

/// Deletes what tells how far imports of a user's files have read.
pub(crate) fn delete_import_marks(
    transaction: &Transaction<'_>,
    user_id: i64,
) -> rusqlite::Result<()> {
    transaction
        .execute(
            "DELETE FROM user_values
             WHERE user_id = ?1 AND substr(name, 1, length(?2)) = ?2",
            params![user_id, IMPORT_MARKS],
        )
        .map(drop)
}
