//! Small values of a user or of the whole store.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use longmem_core::UserName;
use longmem_store::{IMPORT_MARKS, KeptValues, Result};

use crate::PostgresStore;
use crate::database::Users;
use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::user_number::UserNumber;
use crate::users::{lock, lock_or_make};

impl KeptValues for PostgresStore {
    fn keep_value(&self, user: Option<&UserName>, name: &str, value: Option<&[u8]>) -> Result<()> {
        match (user, value) {
            (Some(user), Some(value)) => {
                self.keep_values(user, &[(name.to_owned(), value.to_vec())])
            }
            (Some(user), None) => {
                let number = UserNumber::of(user);
                self.database.write(number.alone(), async |statements| {
                    let delete = statements.run(
                        "DELETE FROM user_values WHERE user_id = $1 AND name = $2",
                        params![number.0, name],
                    );
                    try_join(lock(statements, user), delete).await.map(drop)
                })
            }
            (None, value) => self
                .database
                .write(Users::All, async |statements| keep_of_store(statements, name, value).await),
        }
    }

    fn keep_values(&self, user: &UserName, values: &[(String, Vec<u8>)]) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        self.database.write(UserNumber::of(user).alone(), async |statements| {
            let locked = lock_or_make(statements, user).await?;
            keep_all(statements, locked.number, values).await
        })
    }

    fn kept_value(&self, user: Option<&UserName>, name: &str) -> Result<Option<Vec<u8>>> {
        let row = match user.map(UserNumber::of) {
            None => self.database.read(Users::All, async |statements| {
                let sql = "SELECT value FROM store_values WHERE name = $1";
                statements.first(sql, params![name]).await
            }),
            Some(number) => self.database.read(number.alone(), async |statements| {
                let sql = "SELECT value FROM user_values WHERE user_id = $1 AND name = $2";
                statements.first(sql, params![number.0, name]).await
            }),
        };
        let value = row?.map(|row| row.try_get(0)).transpose();
        value.map_err(|error| self.error(error.into()))
    }

    fn kept_names(&self, user: Option<&UserName>, prefix: &str) -> Result<Vec<String>> {
        let rows = match user.map(UserNumber::of) {
            None => self.database.read(Users::All, async |statements| {
                let sql = "SELECT name FROM store_values WHERE starts_with(name, $1) ORDER BY name";
                statements.rows(sql, params![prefix]).await
            }),
            Some(number) => self.database.read(number.alone(), async |statements| {
                let sql = "SELECT name FROM user_values
                           WHERE user_id = $1 AND starts_with(name, $2) ORDER BY name";
                statements.rows(sql, params![number.0, prefix]).await
            }),
        };
        let names = rows?.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>();
        names.map_err(|error| self.error(Failure::from(error)))
    }
}

/// Keeps values of a user, who must be there.
pub(crate) async fn keep_all(
    statements: &Statements<'_>,
    user: UserNumber,
    values: &[(String, Vec<u8>)],
) -> std::result::Result<(), Failure> {
    // One statement writes a row once: of several values under one name the last one counts.
    let last: BTreeMap<&str, &[u8]> =
        values.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    let (names, values): (Vec<&str>, Vec<&[u8]>) = last.into_iter().unzip();
    let keep = statements.run(
        "INSERT INTO user_values (user_id, name, value)
         SELECT $1, new.name, new.value FROM unnest($2, $3) AS new (name, value)
         ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value",
        params![user.0, names, values],
    );
    keep.await.map(drop)
}

async fn keep_of_store(
    statements: &Statements<'_>,
    name: &str,
    value: Option<&[u8]>,
) -> std::result::Result<(), Failure> {
    let Some(value) = value else {
        let sql = "DELETE FROM store_values WHERE name = $1";
        return statements.run(sql, params![name]).await.map(drop);
    };
    let keep = statements.run(
        "INSERT INTO store_values (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![name, value],
    );
    keep.await.map(drop)
}

/// Deletes what tells how far imports of a user's files have read.
pub(crate) async fn delete_import_marks(
    statements: &Statements<'_>,
    user: UserNumber,
) -> std::result::Result<(), Failure> {
    let sql = "DELETE FROM user_values WHERE user_id = $1 AND starts_with(name, $2)";
    statements.run(sql, params![user.0, IMPORT_MARKS]).await.map(drop)
}
