//! Which turns were forgotten, by the hashes of their source keys.

use std::collections::HashMap;

use futures_util::future::try_join;
use longmem_core::{SourceKey, UserName};
use longmem_store::ForgottenKey;

use crate::failure::Failure;
use crate::statements::{NONE, Statements, params};
use crate::user_number::UserNumber;

/// Notes the source keys of turns that are deleted.
pub(crate) async fn add(
    statements: &Statements<'_>,
    user: &UserName,
    keys: impl IntoIterator<Item = &SourceKey>,
) -> Result<(), Failure> {
    let row = statements.row("SELECT salt FROM store_salt", NONE).await?;
    let salt: &[u8] = row.try_get(0)?;
    let number = UserNumber::of(user);
    let hashes: Vec<Vec<u8>> =
        keys.into_iter().map(|key| ForgottenKey::new(salt, user, key).0.to_vec()).collect();
    statements
        .run(
            "INSERT INTO forgotten_keys (user_id, hash)
             SELECT $1, hash FROM unnest($2) AS hash ON CONFLICT DO NOTHING",
            params![number.0, hashes],
        )
        .await?;
    Ok(())
}

/// Those of a user's keys that were forgotten, with their hashes. A user who never forgot anything costs
/// one trip, others two: the hashes are made with the store's salt.
pub(crate) async fn among(
    statements: &Statements<'_>,
    user: &UserName,
    keys: &[&SourceKey],
) -> Result<HashMap<String, ForgottenKey>, Failure> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let number = UserNumber::of(user);
    let row = statements
        .row(
            "SELECT salt, EXISTS (SELECT 1 FROM forgotten_keys WHERE user_id = $1)
                 OR EXISTS (SELECT 1 FROM forgotten_keys_of_all)
             FROM store_salt",
            params![number.0],
        )
        .await?;
    if !row.try_get::<_, bool>(1)? {
        return Ok(HashMap::new());
    }
    let salt: &[u8] = row.try_get(0)?;
    let by_hash: HashMap<ForgottenKey, &SourceKey> =
        keys.iter().map(|key| (ForgottenKey::new(salt, user, key), *key)).collect();
    let hashes: Vec<&[u8]> = by_hash.keys().map(|hash| hash.0.as_slice()).collect();
    let rows = statements
        .rows(
            "SELECT hash FROM forgotten_keys WHERE user_id = $1 AND hash = ANY($2)
             UNION SELECT hash FROM forgotten_keys_of_all WHERE hash = ANY($2)",
            params![number.0, hashes],
        )
        .await?;
    let mut forgotten = HashMap::new();
    for row in &rows {
        let hash = <[u8; 16]>::try_from(row.try_get::<_, &[u8]>(0)?)
            .map(ForgottenKey)
            .map_err(|_| Failure::Unexpected("a forgotten key has not 16 bytes"))?;
        if let Some(key) = by_hash.get(&hash) {
            forgotten.insert(key.0.clone(), hash);
        }
    }
    Ok(forgotten)
}

/// Removes hashes, since their turns come back.
pub(crate) async fn remove(
    statements: &Statements<'_>,
    user: UserNumber,
    hashes: &[ForgottenKey],
) -> Result<(), Failure> {
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
    let of_user = statements.run(
        "DELETE FROM forgotten_keys WHERE user_id = $1 AND hash = ANY($2)",
        params![user.0, hashes],
    );
    let of_all =
        statements.run("DELETE FROM forgotten_keys_of_all WHERE hash = ANY($1)", params![hashes]);
    try_join(of_user, of_all).await?;
    Ok(())
}

/// Notes keys as forgotten in place of those that they replace, as far as these were.
pub(crate) async fn rename(
    statements: &Statements<'_>,
    user: &UserName,
    renamed: &[(SourceKey, SourceKey)],
) -> Result<(), Failure> {
    let former: Vec<&SourceKey> = renamed.iter().map(|(former, _)| former).collect();
    let forgotten = among(statements, user, &former).await?;
    if forgotten.is_empty() {
        return Ok(());
    }
    let is_forgotten = |former: &SourceKey| forgotten.contains_key(&former.0);
    let present = renamed.iter().filter(|(former, _)| is_forgotten(former)).map(|(_, key)| key);
    add(statements, user, present).await?;
    let hashes: Vec<ForgottenKey> = forgotten.into_values().collect();
    remove(statements, UserNumber::of(user), &hashes).await
}
