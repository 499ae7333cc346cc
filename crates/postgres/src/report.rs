//! What is worth knowing of the server that keeps a store.

use std::time::{Duration, Instant};

use longmem_store::Result;

use crate::PostgresStore;
use crate::database::Users;
use crate::location;
use crate::statements::NONE;

/// Trips of which the quickest is told: the first ones also make a connection.
const TRIPS: usize = 5;

/// A server, as its clients see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerReport {
    /// Its version in its own words: "15.18 (Debian 15.18-0+deb12u1)".
    pub version: String,
    /// The account that this process has there.
    pub account: String,
    /// The hosts of the address with their ports.
    pub hosts: Vec<String>,
    /// How connections are encrypted, in a few words.
    pub encryption: &'static str,
    /// The schema of the tables.
    pub schema: String,
    /// Connections of this process at most.
    pub connections: usize,
    /// How long a statement takes that reads nothing, there and back.
    pub trip: Duration,
    /// Whether row security does not hold for the account.
    pub passes_row_security: bool,
    /// Whether what a write stored is on disk when it returns.
    pub is_durable: bool,
}

impl PostgresStore {
    /// What is worth knowing of the server.
    ///
    /// # Errors
    /// [`Unreachable`](longmem_store::StoreError::Unreachable), and whatever else a read may fail with.
    pub fn report(&self) -> Result<ServerReport> {
        let location = self.database.location();
        let row = self.database.read(Users::All, async |statements| {
            statements
                .row(
                    "SELECT current_setting('server_version'), current_user::text,
                            rolsuper OR rolbypassrls,
                            current_setting('synchronous_commit') <> 'off'
                                AND current_setting('fsync')::boolean
                     FROM pg_roles WHERE rolname = current_user",
                    NONE,
                )
                .await
                .and_then(|row| {
                    Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?))
                })
        });
        let (version, account, passes_row_security, is_durable) = row?;
        let mut trip = Duration::MAX;
        for _ in 0..TRIPS {
            let begun = Instant::now();
            self.database.outside(async |statements| statements.batch("SELECT").await)?;
            trip = trip.min(begun.elapsed());
        }
        let hosts = location::hosts(location.config());
        Ok(ServerReport {
            version,
            account,
            hosts: hosts.map(|(host, port)| format!("{host}:{port}")).collect(),
            encryption: location.encryption(),
            schema: location.schema().to_owned(),
            connections: location.connections(),
            trip,
            passes_row_security,
            is_durable,
        })
    }
    /// Number of bytes that the server has written to its write-ahead log, for all of its databases, counted
    /// from its making: two readings tell what lies between them cost.
    ///
    /// # Errors
    /// As [`PostgresStore::report`].
    pub fn log_bytes(&self) -> Result<u64> {
        let bytes = self.database.read(Users::All, async |statements| {
            let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
            Ok(statements.row(sql, NONE).await?.try_get::<_, i64>(0)?)
        })?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }
}
