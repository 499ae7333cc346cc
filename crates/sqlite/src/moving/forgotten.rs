//! Moves by what forgotten turns are known.

use longmem_store::{ForgottenKey, ForgottenKeys};
use rusqlite::{Connection, Transaction};

use crate::forgotten_keys::salt;

/// All of the store's: whose they are, it cannot tell.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<ForgottenKeys> {
    let keys = connection
        .prepare_cached("SELECT hash FROM forgotten_keys ORDER BY hash")?
        .query_map([], |row| Ok((None, ForgottenKey(row.get(0)?))))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(ForgottenKeys { salt: salt(connection)?, keys })
}

/// Keeps those of another store, with its salt if there are none here.
pub(super) fn take(transaction: &Transaction<'_>, keys: &ForgottenKeys) -> rusqlite::Result<bool> {
    if keys.keys.is_empty() {
        return Ok(true);
    }
    if salt(transaction)? != keys.salt {
        if transaction.prepare_cached("SELECT 1 FROM forgotten_keys")?.exists([])? {
            return Ok(false);
        }
        transaction.execute("UPDATE forgotten_salt SET salt = ?1", [&keys.salt])?;
    }
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO forgotten_keys (hash) VALUES (?1)")?;
    for (_, key) in &keys.keys {
        insert.execute([key.0])?;
    }
    Ok(true)
}
