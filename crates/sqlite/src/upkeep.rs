//! Counts, copies, and says where the store is.

use std::path::Path;

use longmem_store::{Result, StoreStats, Upkeep, UserStats};

use crate::open::with_suffix;
use crate::rows::parsed;
use crate::{SqliteStore, check, error};

impl Upkeep for SqliteStore {
    fn stats(&self) -> Result<StoreStats> {
        let file_bytes = ["", "-wal"]
            .iter()
            .filter_map(|suffix| fs_err::metadata(with_suffix(self.path(), suffix)).ok())
            .map(|metadata| metadata.len())
            .sum();
        self.connections.read(|connection| {
            connection.query_row(
                "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions),
                        (SELECT count(*) FROM turns), (SELECT count(*) FROM passages),
                        (SELECT count(*) FROM vectors), (SELECT count(*) FROM index_queue),
                        (SELECT coalesce(sum(truncated_tokens), 0) FROM embedding_models)",
                [],
                |row| {
                    Ok(StoreStats {
                        users: row.get(0)?,
                        sessions: row.get(1)?,
                        turns: row.get(2)?,
                        passages: row.get(3)?,
                        vectors: row.get(4)?,
                        turns_without_vectors: row.get(5)?,
                        truncated_tokens: row.get(6)?,
                        file_bytes,
                    })
                },
            )
        })
    }

    fn users(&self) -> Result<Vec<UserStats>> {
        self.connections.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT u.name, (SELECT count(*) FROM sessions WHERE user_id = u.id),
                            (SELECT count(*) FROM turns WHERE user_id = u.id)
                     FROM users u ORDER BY u.name",
                )?
                .query_map([], |row| {
                    Ok(UserStats {
                        user: parsed(row, 0)?,
                        sessions: row.get(1)?,
                        turns: row.get(2)?,
                    })
                })?
                .collect()
        })
    }

    fn check(&self, problem: &mut dyn FnMut(String)) -> Result<()> {
        self.connections.read(|connection| check::check(connection, problem))
    }

    fn backup(&self, to: &Path) -> Result<()> {
        // Made first and empty, so that no other file can be overwritten.
        fs_err::OpenOptions::new().write(true).create_new(true).open(to)?;
        let name = to.to_string_lossy();
        let copied = self
            .connections
            .maintain(|connection| connection.execute("VACUUM INTO ?1", [name.as_ref()]).map(drop));
        if copied.is_err() {
            // Half a copy must not be taken for one; the failure itself is what is returned.
            let _ = fs_err::remove_file(to);
        }
        copied
    }

    fn place(&self) -> String {
        error::place(self.path())
    }

    fn is_there(&self) -> bool {
        self.path().exists()
    }
}
