//! Stores what is said, or spools it until it can be stored.

use longmem_core::{NewTurn, Role, SourceKey, Turn, TurnId};
use longmem_memory::{Memory, own_words};
use longmem_text::without_thinking;

use super::Conversation;
use super::session_turns::{SessionTurns, unanswered_stored};
use super::title::{is_unnamed, session_title};
use crate::context::{BROKEN_OFF, TurnRef};
use crate::{ChatError, Notice, Spool, StoredLater};

/// Begins the source keys of what is said in a conversation.
pub(crate) const SAID: &str = "said:";

impl Conversation {
    /// Stores a message of the user's, unless the session ends with the same one, unanswered, and
    /// notes its standing instructions; returns its turn.
    ///
    /// # Errors
    /// If it is neither stored nor spooled.
    pub(super) async fn store_message(&self, text: &str) -> Result<TurnRef, ChatError> {
        let turn = self.new_turn(Role::User, text);
        let (user, mut new, learns) = (self.user.clone(), turn.clone(), self.settings.learns);
        let gives_title = self.settings.gives_titles && is_unnamed(&self.session);
        let store = move |memory: &Memory| {
            if gives_title {
                let last = memory.recent(&user, &new.session, 1)?;
                let is_untitled = last.iter().all(|turn| turn.session_title.is_none());
                new.session_title = is_untitled.then(|| session_title(&new.text)).flatten();
            }
            let find_it = |last: &[Turn]| unanswered_stored(last, &new.text);
            let id = memory.remember_unless(&user, &new, learns, &find_it)?.id;
            let noted =
                if learns { memory.note_instructions(&user, id, &new)? } else { Vec::new() };
            Ok((id, noted))
        };
        if let Some((id, noted)) = self.store_or_yield(store).await? {
            self.live.push_noted(noted);
            return Ok(TurnRef::Stored(id));
        }
        let waiting = SessionTurns { stored: Vec::new(), waiting: self.waiting_turns()? };
        if let Some(already_there) = waiting.unanswered(&turn.text) {
            return Ok(already_there);
        }
        self.spool_turn(&turn)?;
        Ok(TurnRef::of_waiting(&turn).expect("new turns bear keys"))
    }

    /// Stores an answer.
    ///
    /// # Errors
    /// If it is neither stored nor spooled.
    pub(super) async fn store_answer(&self, text: &str) -> Result<(), ChatError> {
        let turn = self.new_turn(Role::Assistant, text);
        if turn.text.trim().is_empty() {
            // The model only repeated what it was given.
            return Ok(());
        }
        let (user, new) = (self.user.clone(), turn.clone());
        let store = move |memory: &Memory| Ok(memory.remember_checked(&user, &[new])?[0].id);
        match self.store_or_yield(store).await? {
            Some(id) => self.live.push_stored(stored_as(turn, id)),
            None => self.spool_turn(&turn)?,
        }
        Ok(())
    }

    /// Stores the part of an answer that came before it broke off, with a mark; returns whether
    /// there was anything to store.
    ///
    /// # Errors
    /// If it is neither stored nor spooled.
    pub(super) async fn store_part(&self, part: &str) -> Result<bool, ChatError> {
        let part = without_thinking(part);
        if part.trim().is_empty() {
            return Ok(false);
        }
        self.store_answer(&format!("{}\n\n{BROKEN_OFF}", part.trim_end())).await?;
        Ok(true)
    }

    /// Stores what waits in the spool, in order, and leaves a notice how that went.
    pub(super) async fn store_spooled(&self) {
        let Some(spool) = self.spool_with_turns() else { return };
        let (user, spool, learns) = (self.user.clone(), spool.clone(), self.settings.learns);
        let store = move |memory: &Memory| spool.hold()?.store_into(memory, &user, learns);
        let notice = match self.within_patience(store).await {
            Ok(StoredLater { turns, unreadable, noted }) => {
                self.live.push_noted(noted);
                if turns + unreadable == 0 {
                    // Somebody else stored it meanwhile, or forgot it.
                    return;
                }
                Notice::StoredLater { turns, unreadable }
            }
            Err(error) => Notice::Spooled { reason: error.to_string() },
        };
        self.live.push_notice(notice);
    }

    /// Whether something that was said waits to be stored.
    pub(super) fn something_waits(&self) -> bool {
        self.spool_with_turns().is_some()
    }

    /// The session's turns that wait to be stored.
    ///
    /// # Errors
    /// [`ChatError::Spool`].
    pub(super) fn waiting_turns(&self) -> Result<Vec<NewTurn>, ChatError> {
        let Some(spool) = &self.spool else { return Ok(Vec::new()) };
        let mut turns = spool.read()?.turns;
        turns.retain(|turn| turn.session == self.session);
        Ok(turns)
    }

    fn spool_with_turns(&self) -> Option<&Spool> {
        self.spool.as_ref().filter(|spool| spool.is_waiting())
    }

    fn new_turn(&self, role: Role, text: &str) -> NewTurn {
        // No other turn has the same 128 random bits.
        let key = format!("{SAID}{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        NewTurn {
            session: self.session.clone(),
            session_title: None,
            role,
            speaker: None,
            text: own_words(text).into_owned(),
            time: self.memory.now(),
            note: false,
            source_key: Some(SourceKey(key)),
        }
    }

    /// Stores a turn. Returns none if it has to go to the spool instead, because other turns wait
    /// there already or memory cannot be written.
    async fn store_or_yield<T: Send + 'static>(
        &self,
        store: impl FnOnce(&Memory) -> Result<T, ChatError> + Send + 'static,
    ) -> Result<Option<T>, ChatError> {
        if self.something_waits() {
            return Ok(None);
        }
        match self.within_patience(store).await {
            Ok(stored) => Ok(Some(stored)),
            Err(error) if self.spool.is_some() && error.is_unavailable() => {
                self.live.push_notice(Notice::Spooled { reason: error.to_string() });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Does a piece of work; with a spool, waits for it only as long as the spool's patience. Work
    /// that is late is done all the same, and harms nothing: a turn that bears the same key as a
    /// stored one is not stored again.
    async fn within_patience<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T, ChatError> + Send + 'static,
    ) -> Result<T, ChatError> {
        let done = self.memory.run(work);
        let Some(patience) = self.spool.as_ref().map(Spool::patience) else { return done.await };
        let late = |_| Err(ChatError::Late { patience });
        tokio::time::timeout(patience, done).await.unwrap_or_else(late)
    }

    fn spool_turn(&self, turn: &NewTurn) -> Result<(), ChatError> {
        let spool =
            self.spool.as_ref().expect("without a spool, what cannot be stored is an error");
        spool.append(turn)
    }
}

/// A turn under the number that it was given.
fn stored_as(turn: NewTurn, id: TurnId) -> Turn {
    let NewTurn { session, session_title, role, speaker, text, time, note, .. } = turn;
    Turn { id, session, session_title, role, speaker, time, text, note }
}
