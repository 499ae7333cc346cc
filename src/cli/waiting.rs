//! What was said in talks while the store could not be written.

use longmem_chat::{HeldSpool, StoredLater};
use longmem_core::UserName;
use longmem_memory::{Memory, UserStats};

use crate::compose;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::sanitize::for_terminal;
use crate::settings::Settings;

/// Stores what waits of a user, so that a command sees all that was said, and keeps talks from storing
/// more until the result is dropped.
///
/// # Errors
/// [`Failure::Chat`] if something waits and cannot be stored; it waits on.
pub(crate) fn store(
    memory: &Memory,
    user: &UserName,
    settings: &Settings,
    output: Output,
) -> Result<HeldSpool, Failure> {
    let held = compose::spool(user, settings)?.hold()?;
    let learns = settings.options.talk.conversation.learns;
    note(&held.store_into(memory, user, learns)?, output);
    Ok(held)
}

/// Says how much was stored of what waited.
pub(crate) fn note(stored: &StoredLater, output: Output) {
    if stored.turns > 0 {
        let turns = counted(stored.turns as u64, "turn");
        output.note(format!("stored first: {turns} that had been kept aside"));
    }
}

/// Number of turns that wait of a user; 0 where they cannot be counted, which a talk will say.
pub(crate) fn count(user: &UserName, settings: &Settings) -> u64 {
    let count = || Ok::<_, Failure>(compose::spool(user, settings)?.count()?);
    count().unwrap_or(0) as u64
}

/// Says where lines lie that a talk kept aside and that could not be read, since what should be gone, or be
/// encrypted, may stand in them.
pub(crate) fn warn_of_unreadable(user: &UserName, settings: &Settings, output: Output) {
    let file = settings.options.spool_of(user).unreadable_path();
    if file.exists() {
        output.warn(for_terminal(&format!(
            "{} has lines that {user} said and that could not be read, as they were written; deleting \
             that file forgets them",
            file.display()
        )));
    }
}

/// Number of turns that wait of all who have memory here, and of who runs the command.
pub(crate) fn count_of_all(users: &[UserStats], settings: &Settings) -> u64 {
    let others = users.iter().map(|stats| &stats.user).filter(|user| **user != settings.user);
    others.chain([&settings.user]).map(|user| count(user, settings)).sum()
}

/// Says that turns wait and are not among what was forgotten, changed or copied, where that is so.
pub(crate) fn warn(user: &UserName, settings: &Settings, output: Output) {
    let count = count(user, settings);
    if count > 0 {
        let file = settings.options.spool_of(user).path().display().to_string();
        output.warn(for_terminal(&format!(
            "{} of {user} wait to be stored in {file} and were left there; a command that writes \
             the store stores them, and deleting that file forgets them",
            counted(count, "turn")
        )));
    }
}
