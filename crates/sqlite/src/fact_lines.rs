//! Reads the lines of a user's facts, and writes what changed in them.

use std::collections::BTreeSet;

use longmem_core::FactId;
use longmem_store::{FactLines, FactPlace};
use rusqlite::{Connection, Transaction, params};

use crate::entities;
use crate::rows::array;

/// The lines of a user's facts, which are few.
pub(crate) fn read(connection: &Connection, user_id: i64) -> rusqlite::Result<FactLines> {
    let places = connection
        .prepare_cached(
            "SELECT id, valid_from_ms, superseded_by FROM facts WHERE user_id = ?1 ORDER BY id",
        )?
        .query_map([user_id], |row| {
            Ok(FactPlace {
                id: FactId(row.get(0)?),
                since_ms: row.get(1)?,
                superseded_by: row.get::<_, Option<i64>>(2)?.map(FactId),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(FactLines::new(places))
}

/// Writes what is other in the lines than before.
pub(crate) fn write(
    transaction: &Transaction<'_>,
    before: &FactLines,
    after: &FactLines,
) -> rusqlite::Result<()> {
    let mut update =
        transaction.prepare_cached("UPDATE facts SET superseded_by = ?2 WHERE id = ?1")?;
    for place in after.places() {
        let was = before.places().iter().find(|was| was.id == place.id);
        if was.is_none_or(|was| was.superseded_by != place.superseded_by) {
            update.execute(params![place.id.0, place.superseded_by.map(|next| next.0)])?;
        }
    }
    Ok(())
}

/// Deletes facts, and the names that come up in no other.
pub(crate) fn delete(
    transaction: &Transaction<'_>,
    user_id: i64,
    gone: &BTreeSet<FactId>,
) -> rusqlite::Result<u64> {
    let before = read(transaction, user_id)?;
    let mut after = before.clone();
    after.take_out(gone);
    write(transaction, &before, &after)?;
    let deleted = transaction.execute(
        "DELETE FROM facts WHERE user_id = ?1 AND id IN rarray(?2)",
        params![user_id, array(gone.iter().map(|fact| fact.0))],
    )?;
    entities::delete_unmentioned(transaction, user_id)?;
    Ok(deleted as u64)
}
