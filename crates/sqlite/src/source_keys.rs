//! Gives turns other source keys.

use longmem_core::{SourceKey, UserName};
use longmem_store::Result;
use rusqlite::params;

use crate::connections::Connections;
use crate::forgotten_keys;
use crate::users::user_id;

/// Gives turns of one user other source keys; see
/// [`Turns::rename_source_keys`](longmem_store::Turns::rename_source_keys).
pub(crate) fn rename(
    connections: &Connections,
    user: &UserName,
    renamed: &[(SourceKey, SourceKey)],
) -> Result<()> {
    if renamed.is_empty() {
        return Ok(());
    }
    connections.write(|transaction| {
        if let Some(user_id) = user_id(transaction, user)? {
            let mut update = transaction.prepare_cached(
                "UPDATE OR IGNORE turns SET source_key = ?3 WHERE user_id = ?1 AND source_key = ?2",
            )?;
            for (former, key) in renamed {
                update.execute(params![user_id, former.0, key.0])?;
            }
        }
        forgotten_keys::rename(transaction, user, renamed)
    })
}
