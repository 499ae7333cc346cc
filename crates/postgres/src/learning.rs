//! Learning.
use crate::failure::Failure;
use crate::statements::Statements;
use crate::user_number::UserNumber;
use longmem_core::SessionName;
pub(crate) async fn learn_from(
    _s: &Statements<'_>,
    _u: UserNumber,
    _n: &SessionName,
) -> Result<(), Failure> {
    todo!()
}
