//! Learning: which turns were looked at for facts, and summaries of what was said.

use jiff::Timestamp;
use longmem_core::{FactId, NewFact, SessionName, Summary, SummaryId, SummaryOf, TurnId, UserName};
use longmem_search::Epoch;

use crate::{Result, StoreLock};

/// What a store does for learning. Each turn is looked at once, also after a crash: what was looked
/// at is noted in the same transaction as what was found.
pub trait Learning: Send + Sync {
    /// Takes the right to learn from a user's talks, which one has at a time and gives back when the lock
    /// is dropped or the process ends; none if another has it. So no model is asked twice for the same.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError) if the right cannot be taken.
    fn lock_learning(&self, user: &UserName) -> Result<Option<StoreLock>>;

    /// Lets a session be learned from, from its first turn on; nothing if it is so already or does
    /// not exist.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn learn_from(&self, user: &UserName, session: &SessionName) -> Result<()>;

    /// Lists the sessions that are learned from and have turns that were not looked at, the one with
    /// the oldest such turn first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn sessions_to_learn_from(&self, user: &UserName) -> Result<Vec<SessionName>>;

    /// Says up to which turn a session was looked at for facts.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn learned_through(&self, user: &UserName, session: &SessionName) -> Result<Learned>;

    /// Stores what was learned from a session's turns `after` (none: from the first) up to `through`,
    /// and notes that they were looked at. False, and nothing is stored, if somebody else did so
    /// meanwhile. A fact whose turn was forgotten meanwhile is left out.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then nothing was stored.
    fn write_learned(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        through: TurnId,
        facts: &[LearnedFact],
    ) -> Result<bool>;

    /// Reads a user's summaries in order of what they sum up.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn summaries(&self, user: &UserName) -> Result<Vec<Summary>>;

    /// Lists the sessions that are learned from, were last spoken in before a time, and have turns
    /// that no summary of the session covers; the one that ended first comes first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn sessions_to_sum_up(
        &self,
        user: &UserName,
        silent_since: Timestamp,
    ) -> Result<Vec<SessionName>>;

    /// Stores a summary of a session or its beginning in place of an earlier one. False, and nothing
    /// is stored, if something of the user was deleted since the epoch `made_at`: it may tell what was
    /// forgotten.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then nothing was stored.
    ///
    /// # Panics
    /// For [`SummaryOf::Sessions`], which [`Learning::fold_summaries`] stores.
    fn write_summary(
        &self,
        user: &UserName,
        of: &SummaryOf,
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool>;

    /// Stores a summary of the summaries `parts` in place of the earlier one. False, and nothing is
    /// stored, if something of the user was deleted since the epoch `made_at`, or a part is no longer
    /// there.
    ///
    /// # Errors
    /// [`StoreError`](crate::StoreError); then nothing was stored.
    fn fold_summaries(
        &self,
        user: &UserName,
        parts: &[SummaryId],
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool>;
}

/// How far a session was looked at for facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// It is not learned from.
    No,
    /// Up to this turn; none before the first.
    Through(Option<TurnId>),
}

/// What was learned from a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedFact {
    /// The fact; its source is the turn.
    pub fact: NewFact,
    /// What it replaces, if it is a change.
    pub replaces: Option<Replaced>,
}

/// What a learned fact replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// A fact that is stored.
    Known(FactId),
    /// An earlier one of those that are learned together, by its place from 0.
    Learned(usize),
}
