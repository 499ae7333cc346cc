//! Makes the tables, and brings those of an older version up to date.

use futures_util::future::join;
use jiff::Timestamp;
use longmem_store::{Result, StoreError};

use crate::database::{Database, Users};
use crate::failure::Failure;
use crate::statements::{NONE, params};

/// A step that makes or changes the tables; a released one never changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    name: &'static str,
    sql: &'static str,
    /// Whether a program that does not know the step works with the tables all the same: it adds a table,
    /// an index, or a column that may be empty or has a constant default, and nothing that must be written.
    /// What such a step makes needless goes a release later.
    older_programs_work: bool,
}

/// The steps that made the tables what they are.
pub(crate) const STEPS: [Step; 2] = [
    Step {
        name: "initial",
        sql: include_str!("../migrations/0001_initial.sql"),
        older_programs_work: false,
    },
    Step {
        name: "commit marks",
        sql: include_str!("../migrations/0002_commit_marks.sql"),
        older_programs_work: true,
    },
];

/// The oldest version of PostgreSQL that can keep a store.
const OLDEST_SERVER: i32 = 15;

/// Seconds that a step waits for a table at a time.
const LOCK_SECONDS: u32 = 3;

/// A server's number of its version is this for each major version.
const VERSION_UNIT: i32 = 10_000;

/// What becomes of tables that are missing, and of those of an older version. Whoever opens a store while
/// programs of an older version use it should not lock them out by the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct IfNotCurrent {
    /// Missing tables are made; otherwise opening fails.
    pub(crate) create: bool,
    /// Older tables are changed; otherwise opening fails.
    pub(crate) migrate: bool,
}

/// Opens the tables: all steps that were not taken yet are taken, as far as they may be, in one transaction
/// each, by one process at a time. Says whether there were no tables.
pub(crate) fn open(database: &Database, steps: &[Step], may: IfNotCurrent) -> Result<bool> {
    let known = steps.len() as u32;
    let place = || database.location().place().to_owned();
    let taken = taken_steps(database, known)?;
    match taken.newest {
        found if found == known => return Ok(false),
        found if found > known && taken.unknown_are_harmless => return Ok(false),
        found if found > known => return Err(StoreError::TooNew { place: place(), found, known }),
        0 if !may.create => return Err(StoreError::Missing(place())),
        found if found > 0 && !may.migrate => {
            return Err(StoreError::TooOld { place: place(), found, known });
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
                     step integer PRIMARY KEY, name text NOT NULL, applied_ms bigint NOT NULL,
                     older_programs_work boolean NOT NULL)"
            ))
            .await
    });
    if made.is_err() && !is_there(database)? {
        made?;
    }
    for (at, taken) in steps.iter().enumerate() {
        let step = at as i32 + 1;
        database.write_again(Users::All, async |statements| {
            statements.batch("LOCK TABLE schema_steps IN EXCLUSIVE MODE").await?;
            let is_taken = "SELECT 1 FROM schema_steps WHERE step = $1";
            if statements.first(is_taken, params![step]).await?.is_some() {
                return Ok(());
            }
            // A table that others use for long is waited for in short turns, so that nobody waits behind.
            statements.batch(&format!("SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")).await?;
            statements.batch(taken.sql).await.map_err(Failure::again_if_locked)?;
            if step == 1 {
                let mut salt = [0u8; 32];
                fill_by_chance(&mut salt)?;
                let salt = salt.to_vec();
                statements.run("INSERT INTO store_salt (salt) VALUES ($1)", params![salt]).await?;
            }
            let now = Timestamp::now().as_millisecond();
            let (name, older_programs_work) = (taken.name, taken.older_programs_work);
            statements
                .run(
                    "INSERT INTO schema_steps (step, name, applied_ms, older_programs_work)
                     VALUES ($1, $2, $3, $4)",
                    params![step, name, now, older_programs_work],
                )
                .await?;
            Ok(())
        })?;
    }
    Ok(taken.newest == 0)
}

/// The steps that were taken.
struct Taken {
    /// The number of the newest; 0 where there are no tables.
    newest: u32,
    /// Whether a program that does not know the newest of them works all the same.
    unknown_are_harmless: bool,
}

/// Which steps were taken, in one trip.
fn taken_steps(database: &Database, known: u32) -> Result<Taken> {
    let schema = database.location().quoted_schema();
    let newest = format!(
        "SELECT coalesce(max(step), 0),
                coalesce(bool_and(older_programs_work) FILTER (WHERE step > {known}), true)
         FROM {schema}.schema_steps"
    );
    let (version, newest, unknown_are_harmless) =
        database.read(Users::All, async |statements| {
            let version = "SELECT current_setting('server_version_num')::integer";
            let (version, newest) =
                join(statements.row(version, NONE), statements.row(&newest, NONE)).await;
            let newest = match newest {
                Err(failure) if failure.is_missing_table() => (0, true),
                newest => {
                    newest.and_then(|row| Ok((row.try_get::<_, i32>(0)?, row.try_get(1)?)))?
                }
            };
            Ok((version?.try_get::<_, i32>(0)?, newest.0, newest.1))
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
    Ok(Taken { newest: u32::try_from(newest).unwrap_or(0), unknown_are_harmless })
}

/// Whether there is the table that says which steps were taken.
pub(crate) fn is_there(database: &Database) -> Result<bool> {
    let name = format!("{}.schema_steps", database.location().quoted_schema());
    let is_there: bool = database.read(Users::All, async |statements| {
        let sql = "SELECT to_regclass($1) IS NOT NULL";
        Ok(statements.row(sql, params![name]).await?.try_get(0)?)
    })?;
    if !is_there {
        database.works_no_more();
    }
    Ok(is_there)
}

fn fill_by_chance(bytes: &mut [u8]) -> std::result::Result<(), Failure> {
    use ring::rand::{SecureRandom, SystemRandom};
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Failure::Store(StoreError::File(std::io::Error::other("no random numbers"))))
}

#[cfg(test)]
mod tests;
