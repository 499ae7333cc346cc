//! Small values of a user or of the whole store.
use crate::failure::Failure;
use crate::statements::Statements;
use crate::user_number::UserNumber;
pub(crate) async fn keep_all(
    _s: &Statements<'_>,
    _u: UserNumber,
    _v: &[(String, Vec<u8>)],
) -> Result<(), Failure> {
    todo!()
}
