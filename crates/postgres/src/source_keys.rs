//! Gives turns other source keys.
use crate::database::Database;
use longmem_core::{SourceKey, UserName};
use longmem_store::Result;
pub(crate) fn rename(_d: &Database, _u: &UserName, _r: &[(SourceKey, SourceKey)]) -> Result<()> {
    todo!()
}
