//! Makes the tables, and brings those of an older version up to date.

use futures_util::future::join;
use jiff::Timestamp;
use longmem_store::{Result, StoreError};

use crate::database::{Database, Users};
use crate::failure::Failure;
use crate::statements::{NONE, params};

/// The steps that made the tables what they are; a released one never changes.
const STEPS: [(&str, &str); 1] = [("initial", include_str!("../migrations/0001_initial.sql"))];

/// The oldest version of PostgreSQL that can keep a store.
const OLDEST_SERVER: i32 = 15;

/// A server's number of its version is this for each major version.
const VERSION_UNIT: i32 = 10_000;

/// What becomes of tables that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMissing {
    /// They are made.
    Create,
    /// Opening fails.
    Fail,
}

/// Opens the tables: all steps that were not taken yet are taken, in one transaction each, by one process
/// at a time; `if_missing` says whether the first one may be. Says whether there were no tables.
pub(crate) fn open(database: &Database, if_missing: IfMissing) -> Result<bool> {
    let newest = STEPS.len() as u32;
    let place = database.location().place();
    let taken = taken_steps(database)?;
    match taken {
        taken if taken == newest => return Ok(false),
        taken if taken > newest => {
            return Err(StoreError::TooNew {
                place: place.to_owned(),
                found: taken,
                known: newest,
            });
        }
        0 if if_missing == IfMissing::Fail => {
            return Err(StoreError::Missing(place.to_owned()));
        }
        _ => {}
    }
    let schema = database.location().quoted_schema();
    // Two that create the same at once fail in PostgreSQL, whatever they say, so what is locked comes to
    // be first, and is tried again.
    let made = database.outside(async |statements| {
        // Who may not make schemas may not even ask for one that is there.
        let has_schema = statements.row("SELECT to_regnamespace($1) IS NOT NULL", params![schema]);
        if !has_schema.await?.try_get::<_, bool>(0)? {
            statements.batch(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).await?;
        }
        statements
            .batch(&format!(
                "CREATE TABLE IF NOT EXISTS {schema}.schema_steps (
                     step integer PRIMARY KEY, name text NOT NULL, applied_ms bigint NOT NULL)"
            ))
            .await
    });
    if made.is_err() && !is_there(database)? {
        made?;
    }
    for (at, (name, sql)) in STEPS.iter().enumerate() {
        let step = at as i32 + 1;
        database.write(Users::All, async |statements| {
            statements.batch("LOCK TABLE schema_steps IN EXCLUSIVE MODE").await?;
            let is_taken = "SELECT 1 FROM schema_steps WHERE step = $1";
            if statements.first(is_taken, params![step]).await?.is_some() {
                return Ok(());
            }
            statements.batch(sql).await?;
            if step == 1 {
                let mut salt = [0u8; 32];
                fill_by_chance(&mut salt)?;
                let salt = salt.to_vec();
                statements.run("INSERT INTO store_salt (salt) VALUES ($1)", params![salt]).await?;
            }
            let now = Timestamp::now().as_millisecond();
            let name = (*name).to_owned();
            statements
                .run(
                    "INSERT INTO schema_steps (step, name, applied_ms) VALUES ($1, $2, $3)",
                    params![step, name, now],
                )
                .await?;
            Ok(())
        })?;
    }
    Ok(taken == 0)
}

/// Number of the newest step that was taken, in one trip; 0 where there are no tables.
fn taken_steps(database: &Database) -> Result<u32> {
    let schema = database.location().quoted_schema();
    let newest = format!("SELECT coalesce(max(step), 0) FROM {schema}.schema_steps");
    let (version, newest) = database.read(Users::All, async |statements| {
        let version = "SELECT current_setting('server_version_num')::integer";
        let (version, newest) =
            join(statements.row(version, NONE), statements.row(&newest, NONE)).await;
        let newest = match newest {
            Err(failure) if failure.is_missing_table() => 0,
            newest => newest?.try_get::<_, i32>(0)?,
        };
        Ok((version?.try_get::<_, i32>(0)?, newest))
    })?;
    if version < OLDEST_SERVER * VERSION_UNIT {
        return Err(StoreError::Unreachable {
            place: database.location().place().to_owned(),
            reason: format!(
                "the server is PostgreSQL {}, and longmem needs {OLDEST_SERVER} or later",
                version / VERSION_UNIT
            ),
        });
    }
    Ok(u32::try_from(newest).unwrap_or(0))
}

/// Whether there is the table that says which steps were taken.
pub(crate) fn is_there(database: &Database) -> Result<bool> {
    let name = format!("{}.schema_steps", database.location().quoted_schema());
    database.read(Users::All, async |statements| {
        let sql = "SELECT to_regclass($1) IS NOT NULL";
        Ok(statements.row(sql, params![name]).await?.try_get(0)?)
    })
}

fn fill_by_chance(bytes: &mut [u8]) -> std::result::Result<(), Failure> {
    use ring::rand::{SecureRandom, SystemRandom};
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Failure::Store(StoreError::File(std::io::Error::other("no random numbers"))))
}
