//! Reads the lines of a user's facts, and writes what changed in them.

use std::collections::BTreeSet;

use futures_util::future::try_join3;
use longmem_core::FactId;
use longmem_store::{FactLines, FactPlace};

use crate::entities;
use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::user_number::UserNumber;

/// The lines of a user's facts, which are few.
pub(crate) async fn read(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<FactLines, Failure> {
    let sql = "SELECT id, valid_from_ms, superseded_by FROM facts WHERE user_id = $1 ORDER BY id";
    let rows = statements.rows(sql, params![user.0]).await?;
    let place = |row: &tokio_postgres::Row| {
        Ok(FactPlace {
            id: FactId(row.try_get(0)?),
            since_ms: row.try_get(1)?,
            superseded_by: row.try_get::<_, Option<i64>>(2)?.map(FactId),
        })
    };
    rows.iter().map(place).collect::<Result<_, Failure>>().map(FactLines::new)
}

/// The facts that are superseded by others than before, each with the one that supersedes it now. The
/// lines before are as they were read, in the order of the facts' numbers.
pub(crate) fn changes(before: &FactLines, after: &FactLines) -> Vec<(FactId, Option<FactId>)> {
    let changed = after.places().iter().filter_map(|place| {
        let at = before.places().binary_search_by_key(&place.id, |was| was.id).ok()?;
        let is_changed = before.places()[at].superseded_by != place.superseded_by;
        is_changed.then_some((place.id, place.superseded_by))
    });
    changed.collect()
}

/// Writes what supersedes each of these facts, if anything does.
pub(crate) async fn supersede(
    statements: &Statements<'_>,
    user: UserNumber,
    changed: impl IntoIterator<Item = (FactId, Option<FactId>)>,
) -> Result<(), Failure> {
    let (facts, next): (Vec<i64>, Vec<Option<i64>>) =
        changed.into_iter().map(|(fact, next)| (fact.0, next.map(|next| next.0))).unzip();
    if facts.is_empty() {
        return Ok(());
    }
    let supersede = statements.run(
        "UPDATE facts f SET superseded_by = new.superseded_by
         FROM unnest($2, $3) AS new (id, superseded_by) WHERE f.user_id = $1 AND f.id = new.id",
        params![user.0, facts, next],
    );
    supersede.await.map(drop)
}

/// Deletes facts from the lines as they are now, and the names that come up in no other; returns how
/// many are gone.
pub(crate) async fn delete(
    statements: &Statements<'_>,
    user: UserNumber,
    lines: &FactLines,
    gone: &BTreeSet<FactId>,
) -> Result<u64, Failure> {
    let mut after = lines.clone();
    after.take_out(gone);
    let doomed: Vec<i64> = gone.iter().map(|fact| fact.0).collect();
    let ((), deleted, ()) = try_join3(
        supersede(statements, user, changes(lines, &after)),
        statements
            .run("DELETE FROM facts WHERE user_id = $1 AND id = ANY($2)", params![user.0, doomed]),
        entities::delete_unmentioned(statements, user),
    )
    .await?;
    Ok(deleted)
}
