//! Which turns were forgotten, by the hashes of their source keys.

use std::collections::{BTreeMap, HashMap};

use longmem_core::{SourceKey, TurnId, UserName};
use longmem_store::ForgottenKey;
use rusqlite::{Connection, Transaction};

use crate::rows::{array, turn_array};

/// Notes that turns are about to be deleted; their rows must still be there.
pub(crate) fn add(
    transaction: &Transaction<'_>,
    user: &UserName,
    doomed: &[TurnId],
) -> rusqlite::Result<()> {
    let salt = salt(transaction)?;
    let mut keys =
        transaction.prepare_cached("SELECT source_key FROM turns WHERE id IN rarray(?1)")?;
    let mut keys = keys.query([turn_array(doomed)])?;
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO forgotten_keys (hash) VALUES (?1)")?;
    while let Some(row) = keys.next()? {
        insert.execute([ForgottenKey::new(&salt, user, &SourceKey(row.get(0)?)).0])?;
    }
    Ok(())
}

/// Those of a user's keys that were forgotten, with their hashes.
pub(crate) fn among<'a>(
    connection: &Connection,
    user: &UserName,
    keys: impl Iterator<Item = &'a SourceKey>,
) -> rusqlite::Result<HashMap<&'a SourceKey, ForgottenKey>> {
    let has_any: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM forgotten_keys)")?
        .query_row([], |row| row.get(0))?;
    if !has_any {
        return Ok(HashMap::new());
    }
    let salt = salt(connection)?;
    let hashed: BTreeMap<ForgottenKey, &SourceKey> =
        keys.map(|key| (ForgottenKey::new(&salt, user, key), key)).collect();
    connection
        .prepare_cached("SELECT hash FROM forgotten_keys WHERE hash IN rarray(?1)")?
        .query_map([array(hashed.keys().map(|hash| hash.0.to_vec()))], |row| row.get(0))?
        .map(|hash| {
            let hash = ForgottenKey(hash?);
            Ok(hashed.get(&hash).map(|key| (*key, hash)))
        })
        .filter_map(Result::transpose)
        .collect()
}

/// Removes hashes, since their turns come back.
pub(crate) fn remove<'a>(
    transaction: &Transaction<'_>,
    hashes: impl Iterator<Item = &'a ForgottenKey>,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM forgotten_keys WHERE hash IN rarray(?1)")?
        .execute([array(hashes.map(|hash| hash.0.to_vec()))])
        .map(drop)
}

/// Notes keys as forgotten in place of those that they replace, as far as these were.
pub(crate) fn rename(
    transaction: &Transaction<'_>,
    user: &UserName,
    renamed: &[(SourceKey, SourceKey)],
) -> rusqlite::Result<()> {
    let forgotten = among(transaction, user, renamed.iter().map(|(former, _)| former))?;
    if forgotten.is_empty() {
        return Ok(());
    }
    let salt = salt(transaction)?;
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO forgotten_keys (hash) VALUES (?1)")?;
    for (_, key) in renamed.iter().filter(|(former, _)| forgotten.contains_key(former)) {
        insert.execute([ForgottenKey::new(&salt, user, key).0])?;
    }
    remove(transaction, forgotten.values())
}

/// What is hashed before each key.
pub(crate) fn salt(connection: &Connection) -> rusqlite::Result<Vec<u8>> {
    connection.prepare_cached("SELECT salt FROM forgotten_salt")?.query_row([], |row| row.get(0))
}
