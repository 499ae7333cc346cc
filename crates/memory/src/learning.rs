//! What a learner reads of a memory and writes into it: facts from turns, and summaries.

use std::collections::HashMap;

use longmem_core::{Role, SessionName, Summary, SummaryId, SummaryOf, Timestamp, TurnId, UserName};
use longmem_store::{Epoch, Learned, LearnedFact, StoreLock};

use crate::storable::storable_text;
use crate::{Memory, MemoryError, Statement, StatementKind};

impl Memory {
    /// Takes the right to learn from a user's talks, which one has at a time and gives back when the lock
    /// is dropped or the process ends; none if another has it.
    ///
    /// # Errors
    /// [`MemoryError::Store`] if the right cannot be taken.
    pub fn lock_learning(&self, user: &UserName) -> Result<Option<StoreLock>, MemoryError> {
        Ok(self.store.lock_learning(user)?)
    }

    /// Lets a session be learned from, from its first turn on; nothing if it is so already or does
    /// not exist.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn learn_from(&self, user: &UserName, session: &SessionName) -> Result<(), MemoryError> {
        Ok(self.store.learn_from(user, session)?)
    }

    /// Lists the sessions that are learned from and have turns that were not looked at, the one
    /// with the oldest such turn first.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn sessions_to_learn_from(&self, user: &UserName) -> Result<Vec<SessionName>, MemoryError> {
        Ok(self.store.sessions_to_learn_from(user)?)
    }

    /// Says up to which turn a session was looked at for facts.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn learned_through(
        &self,
        user: &UserName,
        session: &SessionName,
    ) -> Result<Learned, MemoryError> {
        Ok(self.store.learned_through(user, session)?)
    }

    /// Stores what was learned from a session's turns `after` (none before the first) up to
    /// `through`, and notes that they were looked at, in one transaction. False, and nothing is
    /// stored, if somebody else did so meanwhile. A fact whose turn was forgotten meanwhile is left
    /// out, and so is what who moderates refuses.
    ///
    /// # Errors
    /// [`MemoryError::Store`]; then nothing was stored.
    pub fn write_learned(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        through: TurnId,
        facts: &[LearnedFact],
    ) -> Result<bool, MemoryError> {
        let facts = self.safeguards.learned(user, facts)?;
        let written = self.store.write_learned(user, session, after, through, &facts)?;
        if written {
            let statements = facts.iter().map(|learned| learned.fact.statement.as_str());
            self.count_redactions(user, statements);
        }
        Ok(written)
    }

    /// Reads a user's summaries in order of what they sum up.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn summaries(&self, user: &UserName) -> Result<Vec<Summary>, MemoryError> {
        Ok(self.store.summaries(user)?)
    }

    /// The summaries of whole sessions, as far as there are any.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn session_summaries(
        &self,
        user: &UserName,
    ) -> Result<HashMap<SessionName, String>, MemoryError> {
        let summaries = self.summaries(user)?.into_iter();
        let of_sessions = summaries.filter_map(|summary| match summary.of {
            SummaryOf::Session { session, .. } if !summary.text.is_empty() => {
                Some((session, summary.text))
            }
            _ => None,
        });
        Ok(of_sessions.collect())
    }

    /// Lists the sessions that are learned from, were last spoken in before a time, and have turns
    /// that no summary of the session covers; the one that ended first comes first.
    ///
    /// # Errors
    /// [`MemoryError::Store`].
    pub fn sessions_to_sum_up(
        &self,
        user: &UserName,
        silent_since: Timestamp,
    ) -> Result<Vec<SessionName>, MemoryError> {
        Ok(self.store.sessions_to_sum_up(user, silent_since)?)
    }

    /// Stores a summary of a session or its beginning, made now, in place of an earlier one. False,
    /// and nothing is stored, if something of the user was deleted since the [`Memory::epoch`]
    /// `made_at`: it may tell what was forgotten.
    ///
    /// # Errors
    /// [`MemoryError::Store`]; then nothing was stored.
    ///
    /// # Panics
    /// For [`SummaryOf::Sessions`], which [`Memory::fold_summaries`] stores.
    pub fn write_summary(
        &self,
        user: &UserName,
        of: &SummaryOf,
        text: &str,
        made_at: Epoch,
    ) -> Result<bool, MemoryError> {
        let session = match of {
            SummaryOf::Stretch { session, .. } | SummaryOf::Session { session, .. } => {
                Some(session)
            }
            SummaryOf::Sessions => None,
        };
        let text = self.checked_summary(user, session, text)?;
        Ok(self.store.write_summary(user, of, &text, self.now(), made_at)?)
    }

    /// Stores a summary of the summaries `parts`, made now, in place of the earlier one. False, and
    /// nothing is stored, if something of the user was deleted since `made_at`, or a part is no
    /// longer there.
    ///
    /// # Errors
    /// [`MemoryError::Store`]; then nothing was stored.
    pub fn fold_summaries(
        &self,
        user: &UserName,
        parts: &[SummaryId],
        text: &str,
        made_at: Epoch,
    ) -> Result<bool, MemoryError> {
        let text = self.checked_summary(user, None, text)?;
        Ok(self.store.fold_summaries(user, parts, &text, self.now(), made_at)?)
    }

    /// A summary as it may be stored: an empty one, as if none could be made, if it was refused.
    fn checked_summary(
        &self,
        user: &UserName,
        session: Option<&SessionName>,
        text: &str,
    ) -> Result<String, MemoryError> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let text = &storable_text(text);
        let kind = StatementKind::Summary;
        let role = Role::Assistant;
        let statement = Statement { kind, session, role, ..Statement::note(user, text) };
        Ok(self.safeguards.checked_unless_refused(&statement)?.unwrap_or_default())
    }
}
