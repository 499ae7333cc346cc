//! Deletes turns.
use crate::failure::Failure;
use crate::statements::Statements;
use crate::users::LockedUser;
use longmem_core::TurnId;
use longmem_store::{ForgetTarget, Forgotten, WouldForget};
pub(crate) async fn preview(
    _s: &Statements<'_>,
    _t: &ForgetTarget,
    _n: usize,
) -> Result<WouldForget, Failure> {
    todo!()
}
pub(crate) async fn delete(_s: &Statements<'_>, _t: &ForgetTarget) -> Result<Forgotten, Failure> {
    todo!()
}
pub(crate) async fn delete_replaced(
    _s: &Statements<'_>,
    _u: &mut LockedUser,
    _t: &[TurnId],
) -> Result<(), Failure> {
    todo!()
}
