//! What was said in talks and waits to be stored, taken into account by what changes memory.

use longmem_chat::ChatError;
use longmem_core::UserName;
use longmem_memory::Memory;

use crate::shared::Shared;

/// Work on the memory of a user that first stores what waits of them, and keeps talks from storing more
/// until it is done: what is forgotten or replaced does not come back. The work is told whether
/// standing instructions become facts.
pub(super) fn stored_first<T>(
    shared: &Shared,
    user: &UserName,
    work: impl FnOnce(&Memory, bool) -> Result<T, ChatError> + Send + 'static,
) -> impl FnOnce(&Memory) -> Result<T, ChatError> + Send + 'static {
    let talk = &shared.settings.talk;
    let learns = talk.conversation.learns;
    let spool = talk.spool.as_ref().map(|spool| spool.of(user));
    let user = user.clone();
    move |memory| {
        let held = spool.map(|spool| spool.hold()).transpose()?;
        if let Some(held) = &held {
            held.store_into(memory, &user, learns)?;
        }
        work(memory, learns)
    }
}
