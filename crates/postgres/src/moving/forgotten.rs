//! Moves by what forgotten turns are known.

use futures_util::future::{try_join, try_join3};
use longmem_store::{ForgottenKey, ForgottenKeys};
use tokio_postgres::Row;

use crate::failure::Failure;
use crate::statements::{NONE, Statements, params};
use crate::user_number::UserNumber;

/// Those of one user, or all, and with them those of which a former store could not tell whose they are.
pub(super) async fn read(
    statements: &Statements<'_>,
    user: Option<UserNumber>,
) -> Result<ForgottenKeys, Failure> {
    let (first, last) = user.map_or((0, i64::MAX), |user| (user.0, user.0));
    let (salt, of_users, others) = try_join3(
        statements.row("SELECT salt FROM store_salt", NONE),
        statements.rows(
            "SELECT user_id, hash FROM forgotten_keys WHERE user_id BETWEEN $1 AND $2
             ORDER BY user_id, hash",
            params![first, last],
        ),
        statements.rows("SELECT NULL::bigint, hash FROM forgotten_keys_of_all ORDER BY hash", NONE),
    )
    .await?;
    let keys = others.iter().chain(&of_users).map(key).collect::<Result<_, _>>()?;
    Ok(ForgottenKeys { salt: salt.try_get(0)?, keys })
}

fn key(row: &Row) -> Result<(Option<i64>, ForgottenKey), Failure> {
    let hash = <[u8; 16]>::try_from(row.try_get::<_, &[u8]>(1)?)
        .map_err(|_| Failure::Unexpected("a forgotten key has not 16 bytes"))?;
    Ok((row.try_get(0)?, ForgottenKey(hash)))
}

/// Keeps those of another store, with its salt if there are none here.
pub(super) async fn take(
    statements: &Statements<'_>,
    keys: &ForgottenKeys,
) -> Result<bool, Failure> {
    let row = statements
        .row(
            "SELECT salt, EXISTS (SELECT 1 FROM forgotten_keys)
                 OR EXISTS (SELECT 1 FROM forgotten_keys_of_all)
             FROM store_salt FOR UPDATE",
            NONE,
        )
        .await?;
    if row.try_get::<_, &[u8]>(0)? != keys.salt {
        if row.try_get(1)? {
            return Ok(false);
        }
        let salt = keys.salt.as_slice();
        statements.run("UPDATE store_salt SET salt = $1", params![salt]).await?;
    }
    insert(statements, keys).await?;
    Ok(true)
}

/// Whether keys of this salt can be kept here beside those that are here already.
pub(super) async fn have_salt(statements: &Statements<'_>, salt: &[u8]) -> Result<bool, Failure> {
    let row = statements.row("SELECT salt FROM store_salt", NONE).await?;
    Ok(row.try_get::<_, &[u8]>(0)? == salt)
}

/// Keeps keys that were hashed with the salt of this store.
pub(super) async fn insert(
    statements: &Statements<'_>,
    keys: &ForgottenKeys,
) -> Result<(), Failure> {
    let mut of_users: (Vec<i64>, Vec<&[u8]>) = Default::default();
    let mut others: Vec<&[u8]> = Vec::new();
    for (user, ForgottenKey(hash)) in &keys.keys {
        match user {
            Some(user) => {
                of_users.0.push(*user);
                of_users.1.push(hash);
            }
            None => others.push(hash),
        }
    }
    let write_of_users = statements.run(
        "INSERT INTO forgotten_keys (user_id, hash) SELECT * FROM unnest($1, $2)
         ON CONFLICT DO NOTHING",
        params![of_users.0, of_users.1],
    );
    let write_others = statements.run(
        "INSERT INTO forgotten_keys_of_all (hash) SELECT * FROM unnest($1) ON CONFLICT DO NOTHING",
        params![others],
    );
    try_join(write_of_users, write_others).await?;
    Ok(())
}
