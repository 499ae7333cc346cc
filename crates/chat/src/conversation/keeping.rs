//! Stores what is said, or keeps it aside until it can be stored.

use std::time::Duration;

use longmem_core::{NewTurn, Role, Turn, TurnId};
use longmem_memory::{Memory, MemoryError, StoreError};

use super::Conversation;
use crate::live::{stored_turn, waiting_turn};
use crate::spool::Spool;
use crate::{Notice, ProviderError};

/// What ends a turn whose answer broke off.
const BROKEN_OFF: &str = "[broken off]";

/// Why something is not in memory.
enum NotStored {
    Failed(MemoryError),
    Late(Duration),
}

impl NotStored {
    fn reason(&self) -> String {
        match self {
            Self::Failed(error) => error.to_string(),
            Self::Late(patience) => {
                format!("memory did not answer within {} seconds", patience.as_secs_f32())
            }
        }
    }
}

impl Conversation {
    /// Stores a message of the user's, unless it stands there unanswered; returns its turn.
    ///
    /// # Errors
    /// If it is neither stored nor kept aside.
    pub(super) async fn keep_message(&self, text: &str) -> Result<TurnId, MemoryError> {
        let turn = self.new_turn(Role::User, text);
        let (user, stored, learns) = (self.user.clone(), turn.clone(), self.settings.learns);
        let work = move |memory: &Memory| {
            let is_there = |last: &[Turn]| asked_before(last, &stored.text);
            Ok(memory.remember_unless(&user, &stored, learns, &is_there)?.id)
        };
        if let Some(id) = self.unless_something_waits(work).await? {
            return Ok(id);
        }
        let waiting = self.live.waiting(&self.session).map_err(StoreError::from)?;
        if let Some(id) = asked_before(&waiting, text) {
            return Ok(id);
        }
        self.set_aside(&turn)?;
        Ok(waiting_turn(&turn).id)
    }

    /// Stores an answer, unless it says nothing: a model that refuses at once leaves the question
    /// open.
    ///
    /// # Errors
    /// If it is neither stored nor kept aside.
    pub(super) async fn keep_answer(&self, text: &str) -> Result<(), MemoryError> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let turn = self.new_turn(Role::Assistant, text);
        let (user, stored) = (self.user.clone(), turn.clone());
        let work = move |memory: &Memory| Ok(memory.remember(&user, &[stored])?[0].id);
        match self.unless_something_waits(work).await? {
            Some(id) => {
                self.live.keep_more(stored_turn(&turn, id));
                Ok(())
            }
            None => self.set_aside(&turn),
        }
    }

    /// Stores what came of an answer that broke off, with a mark.
    ///
    /// # Errors
    /// If it is neither stored nor kept aside.
    pub(super) async fn keep_part(&self, error: &ProviderError) -> Result<(), MemoryError> {
        let Some(part) = error.partial().filter(|part| !part.trim().is_empty()) else {
            return Ok(());
        };
        self.keep_answer(&format!("{}\n\n{BROKEN_OFF}", part.trim_end())).await?;
        self.live.tell(Notice::KeptPart);
        Ok(())
    }

    /// Stores what was kept aside, in order, and says so.
    pub(super) async fn keep_what_waits(&self) {
        let Some(spool) = self.waiting_spool() else { return };
        let (user, spool, learns) = (self.user.clone(), spool.clone(), self.settings.learns);
        let work = move |memory: &Memory| {
            let read = spool.read().map_err(StoreError::from)?;
            memory.remember(&user, &read.turns)?;
            for turn in read.turns.iter().filter(|_| learns) {
                memory.learn_from(&user, &turn.session)?;
            }
            spool.take_out(&read).map_err(StoreError::from)?;
            Ok(Notice::StoredLater { turns: read.turns.len(), unreadable: read.unreadable })
        };
        let notice = match self.within_patience(work).await {
            Ok(stored) => stored,
            Err(not_stored) => Notice::Spooled { reason: not_stored.reason() },
        };
        self.live.tell(notice);
    }

    /// Whether something that was said waits to be stored.
    pub(super) fn something_waits(&self) -> bool {
        self.waiting_spool().is_some()
    }

    fn waiting_spool(&self) -> Option<&Spool> {
        self.live.spool().filter(|spool| spool.is_waiting())
    }

    fn new_turn(&self, role: Role, text: &str) -> NewTurn {
        NewTurn {
            session: self.session.clone(),
            session_title: None,
            role,
            speaker: None,
            text: text.to_owned(),
            time: self.memory.now(),
            source_key: Some(self.live.new_key()),
        }
    }

    /// Stores something; none if it must be set aside, behind what waits already or because memory
    /// cannot be written.
    async fn unless_something_waits(
        &self,
        work: impl FnOnce(&Memory) -> Result<TurnId, MemoryError> + Send + 'static,
    ) -> Result<Option<TurnId>, MemoryError> {
        if self.something_waits() {
            return Ok(None);
        }
        match self.within_patience(work).await {
            Ok(id) => Ok(Some(id)),
            Err(NotStored::Failed(error))
                if self.live.spool().is_none() || !error.is_unavailable() =>
            {
                Err(error)
            }
            Err(not_stored) => {
                self.live.tell(Notice::Spooled { reason: not_stored.reason() });
                Ok(None)
            }
        }
    }

    /// Does a piece of work, but does not wait for ever. What comes late is done all the same, and
    /// harms nothing: its turns have names.
    async fn within_patience<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, NotStored> {
        let done = self.memory.run(work);
        match self.live.patience() {
            None => done.await.map_err(NotStored::Failed),
            Some(patience) => match tokio::time::timeout(patience, done).await {
                Ok(result) => result.map_err(NotStored::Failed),
                Err(_) => Err(NotStored::Late(patience)),
            },
        }
    }

    fn set_aside(&self, turn: &NewTurn) -> Result<(), MemoryError> {
        let spool = self.live.spool().expect("without a spool, what cannot be stored is an error");
        Ok(spool.append(turn).map_err(StoreError::from)?)
    }
}

/// Finds a message among the last turns of its session, if it stands there without an answer or
/// with a part of one.
pub(super) fn asked_before(last: &[Turn], message: &str) -> Option<TurnId> {
    let is_it = |turn: &&Turn| turn.role == Role::User && turn.text == message;
    match last {
        [.., turn] if is_it(&turn) => Some(turn.id),
        [.., turn, part] if is_it(&turn) && is_part(part) => Some(turn.id),
        _ => None,
    }
}

fn is_part(turn: &Turn) -> bool {
    turn.role == Role::Assistant && turn.text.ends_with(BROKEN_OFF)
}
