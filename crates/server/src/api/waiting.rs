//! What was said in talks and waits to be stored, taken into account by what changes memory.

use longmem_chat::{ChatError, HeldSpool};
use longmem_core::UserName;
use longmem_memory::Memory;

use crate::shared::Shared;

/// What waits of a user, held so that talks store nothing meanwhile.
pub(crate) struct Waiting {
    /// Whether standing instructions become facts.
    pub(crate) learns: bool,
    held: Option<HeldSpool>,
}

impl Waiting {
    /// Deletes what cannot be read of what waits, for whoever forgets all of a user.
    ///
    /// # Errors
    /// [`ChatError::Spool`].
    pub(crate) fn delete_unreadable(&self) -> Result<(), ChatError> {
        self.held.as_ref().map_or(Ok(()), HeldSpool::delete_unreadable)
    }
}

/// Work on the memory of a user that first stores what waits of them, and keeps talks from storing more
/// until it is done: what is forgotten or replaced does not come back.
pub(crate) fn stored_first<T>(
    shared: &Shared,
    user: &UserName,
    work: impl FnOnce(&Memory, &Waiting) -> Result<T, ChatError> + Send + 'static,
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
        work(memory, &Waiting { learns, held })
    }
}
