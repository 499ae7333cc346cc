//! Which turns were forgotten, by the hashes of their source keys.

use std::collections::HashMap;

use futures_util::future::try_join;
use longmem_core::{SourceKey, UserName};
use longmem_store::ForgottenKey;

use crate::failure::Failure;
use crate::statements::{NONE, Statements, params};
use crate::user_number::UserNumber;

/// Those of a user's keys that were forgotten, with their hashes.
pub(crate) async fn among(
    statements: &Statements<'_>,
    user: &UserName,
    keys: &[&SourceKey],
) -> Result<HashMap<String, ForgottenKey>, Failure> {
    let _ = (statements, user, keys, NONE);
    todo!()
}

/// Removes hashes, since their turns come back.
pub(crate) async fn remove(
    statements: &Statements<'_>,
    user: UserNumber,
    hashes: &[ForgottenKey],
) -> Result<(), Failure> {
    let _ = (statements, user, hashes);
    todo!()
}
