//! Gives turns other source keys.

use std::collections::HashMap;

use futures_util::future::try_join;
use longmem_core::{SourceKey, UserName};
use longmem_store::Result;

use crate::database::Database;
use crate::failure::Failure;
use crate::forgotten_keys;
use crate::insert::known_keys;
use crate::statements::{Statements, params};
use crate::user_number::UserNumber;
use crate::users::lock;

/// Gives turns of one user other source keys; see
/// [`Turns::rename_source_keys`](longmem_store::Turns::rename_source_keys).
pub(crate) fn rename(
    database: &Database,
    user: &UserName,
    renamed: &[(SourceKey, SourceKey)],
) -> Result<()> {
    if renamed.is_empty() {
        return Ok(());
    }
    database.write(UserNumber::of(user).alone(), async |statements| {
        rename_turns(statements, user, renamed).await?;
        forgotten_keys::rename(statements, user, renamed).await
    })
}

async fn rename_turns(
    statements: &Statements<'_>,
    user: &UserName,
    renamed: &[(SourceKey, SourceKey)],
) -> std::result::Result<(), Failure> {
    let number = UserNumber::of(user);
    let named: Vec<&SourceKey> = renamed.iter().flat_map(|(former, key)| [former, key]).collect();
    let (_, mut turns) =
        try_join(lock(statements, user), known_keys(statements, number, &named)).await?;
    // One after the other, as each may free the key that a later one gives.
    let mut changed: HashMap<i64, &str> = HashMap::new();
    for (former, key) in renamed {
        if turns.contains_key(&key.0) {
            continue;
        }
        if let Some(turn) = turns.remove(&former.0) {
            turns.insert(key.0.clone(), turn);
            changed.insert(turn.0, &key.0);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let (ids, keys): (Vec<i64>, Vec<&str>) = changed.into_iter().unzip();
    let rename = statements.run(
        "UPDATE turns t SET source_key = new.source_key
         FROM unnest($2, $3) AS new (id, source_key) WHERE t.user_id = $1 AND t.id = new.id",
        params![number.0, ids, keys],
    );
    rename.await.map(drop)
}
