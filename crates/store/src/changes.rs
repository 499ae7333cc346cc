//! Changes of what is stored: words that are corrected, sessions that get another name or other turns.

use longmem_core::{SessionName, TurnId, UserName};

use crate::{Derived, Erasure, Result};

/// What a store does to change what it has, without forgetting it.
///
/// A change begins a new [epoch](crate::Turns::epoch), so that whoever holds turns reads them again.
pub trait Changes: Send + Sync {
    /// Puts other words into the place of a turn's text. Its number, session, role, speaker, time and
    /// source key stay; it is found by the new words at once and waits for new vectors, but for what a
    /// tool printed. The old text, its words and its vectors are deleted as
    /// [`forget`](crate::Turns::forget) deletes them, and so are the facts and summaries made of it.
    ///
    /// From then on [`import_turns`](crate::Turns::import_turns) leaves the turn as it is, also where
    /// the imported text goes on where this one ends. The user's import marks go.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`](crate::StoreError::UnknownUser) or
    /// [`StoreError::UnknownTurn`](crate::StoreError::UnknownTurn); then nothing was changed.
    fn amend_turn(&self, user: &UserName, turn: TurnId, text: &str) -> Result<Amended>;

    /// Gives a session another title, or none. From then on
    /// [`import_turns`](crate::Turns::import_turns) leaves the title as it is.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`](crate::StoreError::UnknownUser) or
    /// [`StoreError::UnknownSession`](crate::StoreError::UnknownSession); then nothing was changed.
    fn set_session_title(
        &self,
        user: &UserName,
        session: &SessionName,
        title: Option<&str>,
    ) -> Result<()>;

    /// Gives a session another name. Turns that are imported for the former name go to this session
    /// from then on, as long as it is there.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`](crate::StoreError::UnknownUser),
    /// [`StoreError::UnknownSession`](crate::StoreError::UnknownSession), or
    /// [`StoreError::SessionExists`](crate::StoreError::SessionExists) if the user has a session of the
    /// new name; then nothing was changed.
    fn rename_session(
        &self,
        user: &UserName,
        session: &SessionName,
        name: &SessionName,
    ) -> Result<()>;

    /// Moves turns of a user into a session, which is made if there is none of that name. They keep
    /// their numbers and times, and stand in the session in the order of their numbers, as all turns
    /// do. Facts stay with their turns; summaries that cover a moved turn, before or after, are
    /// deleted. Turns that are imported for a session that is empty now go where its turns went.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`](crate::StoreError::UnknownUser), or
    /// [`StoreError::UnknownTurn`](crate::StoreError::UnknownTurn) for the first number that is not the
    /// user's; then nothing was changed.
    fn move_turns(&self, user: &UserName, turns: &[TurnId], into: &SessionName) -> Result<Moved>;
}

/// What became of a turn whose words were replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amended {
    /// What was made of the old text, and is gone.
    pub derived: Derived,
    /// When the old text leaves the medium.
    pub erasure: Erasure,
}

/// What a move did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Number of turns that are in another session now; those that were there already do not count.
    pub turns: u64,
    /// Number of sessions that have no turns any more and are gone.
    pub sessions: u64,
    /// Number of summaries that covered a moved turn and are gone.
    pub summaries: u64,
}
