//! Counts, and says where the store is.

use std::path::Path;

use futures_util::future::try_join;
use longmem_core::UserName;
use longmem_core::private_files::IfExists;
use longmem_store::{Result, StoreError, StoreLock, StoreStats, Upkeep, UserStats};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::check;
use crate::database::Users;
use crate::failure::Failure;
use crate::leases::{self, Wanted, Work};
use crate::migrations;
use crate::presence::{ARRIVING, IS_HERE};
use crate::statements::{NONE, params};
use crate::user_number::UserNumber;

/// That a row is not of a user who is still arriving; `arriving` are those.
const OF_NOBODY_ARRIVING: &str = "user_id NOT IN (SELECT user_id FROM arriving)";

impl Upkeep for PostgresStore {
    fn stats(&self) -> Result<StoreStats> {
        let schema = self.database.location().schema();
        self.database.read(Users::All, async |statements| {
            let counts = format!(
                "WITH arriving AS MATERIALIZED ({ARRIVING})
                 SELECT (SELECT count(*) FROM users WHERE {IS_HERE}),
                        (SELECT count(*) FROM sessions WHERE {OF_NOBODY_ARRIVING}),
                        (SELECT count(*) FROM turns WHERE {OF_NOBODY_ARRIVING}),
                        (SELECT count(*) FROM vectors WHERE {OF_NOBODY_ARRIVING}),
                        (SELECT count(*) FROM index_queue WHERE {OF_NOBODY_ARRIVING}),
                        (SELECT coalesce(sum(truncated_tokens), 0)::bigint FROM user_models
                         WHERE {OF_NOBODY_ARRIVING})"
            );
            let counts = statements.row(&counts, NONE);
            // What dead rows take is what the server's statistics guess: as much as living ones do.
            let sizes = statements.row(
                "SELECT coalesce(sum(bytes), 0)::bigint,
                        coalesce(sum(bytes * s.n_dead_tup
                                     / greatest(s.n_dead_tup + s.n_live_tup, 1)), 0)::bigint
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 CROSS JOIN LATERAL pg_total_relation_size(c.oid) AS bytes
                 LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
                 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')",
                params![schema],
            );
            let (counts, sizes) = try_join(counts, sizes).await?;
            let vectors = count(&counts, 3)?;
            Ok(StoreStats {
                users: count(&counts, 0)?,
                sessions: count(&counts, 1)?,
                turns: count(&counts, 2)?,
                passages: vectors,
                vectors,
                turns_without_vectors: count(&counts, 4)?,
                truncated_tokens: count(&counts, 5)?,
                file_bytes: count(&sizes, 0)?,
                unused_bytes: count(&sizes, 1)?,
            })
        })
    }

    fn users(&self) -> Result<Vec<UserStats>> {
        self.database.read(Users::All, async |statements| {
            let users = format!(
                "SELECT u.name, coalesce(s.sessions, 0), coalesce(t.turns, 0) FROM users u
                 LEFT JOIN (SELECT user_id, count(*) AS sessions FROM sessions
                            GROUP BY user_id) s ON s.user_id = u.user_id
                 LEFT JOIN (SELECT user_id, count(*) AS turns FROM turns
                            GROUP BY user_id) t ON t.user_id = u.user_id
                 WHERE {IS_HERE} ORDER BY u.name"
            );
            let rows = statements.rows(&users, NONE).await?;
            let users = rows.iter().map(|row| {
                let user = UserName::new(row.try_get::<_, &str>(0)?)
                    .map_err(|_| Failure::Unexpected("a stored name of a user is none"))?;
                Ok(UserStats { user, sessions: count(row, 1)?, turns: count(row, 2)? })
            });
            users.collect()
        })
    }

    fn check(&self, problem: &mut dyn FnMut(String)) -> Result<()> {
        check::check(&self.database, problem)
    }

    fn backup(
        &self,
        _to: &Path,
        _if_exists: IfExists,
        _stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<()> {
        let schema = self.database.location().schema();
        Err(StoreError::Unsupported {
            place: self.place(),
            what: "be copied to a file",
            instead: format!(
                "PostgreSQL copies it at one moment: pg_dump --schema={schema}, as a role that row \
                 security does not hold back."
            ),
        })
    }

    fn lock_watching(&self, user: &UserName) -> Result<Option<StoreLock>> {
        let wanted = Wanted::new(Work::Watch, self.lease);
        leases::take(&self.database, UserNumber::of(user), wanted)
    }

    fn place(&self) -> String {
        self.database.location().place().to_owned()
    }

    fn is_there(&self) -> bool {
        // As long as the server does what it is asked, nobody has to wait for the answer.
        self.database.works() || migrations::is_there(&self.database).unwrap_or(false)
    }
}

/// A column with a number of things.
fn count(row: &Row, column: usize) -> std::result::Result<u64, Failure> {
    let count: i64 = row.try_get(column)?;
    u64::try_from(count).map_err(|_| Failure::Unexpected("a number of rows is below zero"))
}
