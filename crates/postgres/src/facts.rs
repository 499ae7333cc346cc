//! Keeps what is known of a user: what holds, what held when, and what replaced what.
use crate::failure::Failure;
use crate::statements::Statements;
use crate::user_number::UserNumber;
use longmem_core::Fact;
pub(crate) async fn facts_that_hold(
    _s: &Statements<'_>,
    _u: UserNumber,
) -> Result<Vec<Fact>, Failure> {
    todo!()
}
