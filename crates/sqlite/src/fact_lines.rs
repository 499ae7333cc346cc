//! Facts that replaced one another are a line in time; this keeps the lines in order.

use longmem_core::FactId;
use rusqlite::{OptionalExtension, ToSql, Transaction, params};

/// Puts a new fact into the line of facts that replaced one another, where its time belongs: what
/// is learned late from an old talk never replaces what was said after it.
pub(crate) fn supersede(
    transaction: &Transaction<'_>,
    new: FactId,
    since: i64,
    mut old: FactId,
) -> rusqlite::Result<()> {
    let place = |fact: FactId| -> rusqlite::Result<(i64, Option<i64>)> {
        transaction
            .prepare_cached("SELECT valid_from_ms, superseded_by FROM facts WHERE id = ?1")?
            .query_row([fact.0], |row| Ok((row.get(0)?, row.get(1)?)))
    };
    let later = loop {
        match place(old)? {
            (from, _) if from > since => break Some(old),
            (_, Some(next)) => old = FactId(next),
            (_, None) => break None,
        }
    };
    // The new one stands before the first of the line that was said later.
    let mut before = transaction
        .prepare_cached("SELECT id FROM facts WHERE superseded_by = ?1 AND valid_from_ms > ?2")?;
    let mut first = later;
    while let Some(fact) = first {
        let earlier = before.query_row(params![fact.0, since], |row| row.get(0)).optional()?;
        match earlier {
            Some(earlier) => first = Some(FactId(earlier)),
            None => break,
        }
    }
    match first {
        None => {
            transaction.execute(
                "UPDATE facts SET superseded_by = ?1 WHERE id = ?2",
                params![new.0, old.0],
            )?;
        }
        Some(later) => {
            transaction.execute(
                "UPDATE facts SET superseded_by = ?1
                 WHERE superseded_by = ?2 AND valid_from_ms <= ?3",
                params![new.0, later.0, since],
            )?;
            transaction.execute(
                "UPDATE facts SET superseded_by = ?1 WHERE id = ?2",
                params![later.0, new.0],
            )?;
        }
    }
    Ok(())
}

/// Lets what the doomed facts replaced be replaced by what replaced them. `doomed` is a condition on
/// the alias `d`.
pub(crate) fn bridge_over(
    transaction: &Transaction<'_>,
    doomed: &str,
    parameters: &[&dyn ToSql],
) -> rusqlite::Result<()> {
    let sql = format!(
        "UPDATE facts SET superseded_by =
             (SELECT d.superseded_by FROM facts d WHERE d.id = facts.superseded_by)
         WHERE superseded_by IN (SELECT d.id FROM facts d WHERE {doomed})"
    );
    // Each round takes one doomed fact out of every line.
    while transaction.prepare_cached(&sql)?.execute(parameters)? > 0 {}
    Ok(())
}
