//! What is kept of a talk beside its turns: facts about the user, and summaries.
//!
//! A [`Learner`] works off the answer's path, as often as somebody calls it. It looks at each turn
//! of the person once, whoever dies in between: what was looked at is noted in the same transaction
//! as what was found. It is given what the person wrote and nothing else, so neither the assistant's
//! words nor what was recalled for it can become a fact; what it gets is quoted data.
//!
//! A model's answer is never stored as it comes. Its form is checked, then its names and numbers
//! against what was said (`grounding`), then each statement against what is known (`review`).

mod action_items;
mod asking;
mod extraction;
mod facts;
mod grounding;
mod knowledge;
mod review;
mod summaries;
mod summing_up;

pub use action_items::ActionItems;
pub(crate) use knowledge::knowledge;

use std::sync::Arc;

use jiff::tz::TimeZone;
use longmem_core::{SessionName, TokenCounter, UserName};
use longmem_memory::{Memory, MemoryError};
use serde::Serialize;

use crate::{AsyncMemory, ChatError, LanguageModel, Usage};

/// Learns from one user's talks with the help of a language model, which may be another than the one
/// that talks: a cheap one is good enough.
///
/// Dropping one of its futures, or ending the process, loses nothing: what was not stored is looked
/// at again the next time.
#[derive(Clone)]
pub struct Learner {
    /// Where the talks are remembered.
    pub memory: AsyncMemory,
    /// Whose talks they are.
    pub user: UserName,
    /// Who reads them.
    pub model: LanguageModel,
    /// Counts tokens about as the models do.
    pub counter: Arc<dyn TokenCounter>,
    /// How it learns.
    pub settings: LearnerSettings,
}

/// How a [`Learner`] learns.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnerSettings {
    /// A session whose turns since its last summary have more tokens than this is summed up, but for
    /// the newest half of them; 8,000 by default.
    pub history_tokens: usize,
    /// Where days begin and end. UTC by default.
    pub time_zone: TimeZone,
}

impl Default for LearnerSettings {
    fn default() -> Self {
        Self { history_tokens: 8_000, time_zone: TimeZone::UTC }
    }
}

/// What a [`Learner`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LearningReport {
    /// Turns of the person that were looked at.
    pub turns: u64,
    /// Facts that are new.
    pub new: u64,
    /// Facts that replaced another.
    pub changed: u64,
    /// Statements that were known.
    pub same: u64,
    /// Statements that were not worth keeping.
    pub incidental: u64,
    /// Statements and sentences that named what was not said; dropped.
    pub ungrounded: u64,
    /// Parts of answers that were not of the form asked for, twice; dropped.
    pub malformed: u64,
    /// Summaries that were made.
    pub summaries: u64,
    /// What it cost.
    pub usage: Usage,
}

impl std::ops::AddAssign for LearningReport {
    fn add_assign(&mut self, other: Self) {
        self.turns += other.turns;
        self.new += other.new;
        self.changed += other.changed;
        self.same += other.same;
        self.incidental += other.incidental;
        self.ungrounded += other.ungrounded;
        self.malformed += other.malformed;
        self.summaries += other.summaries;
        self.usage += other.usage;
    }
}

impl Learner {
    /// Does everything that there is to do: learns facts, sums up what grew long, what ended, and
    /// what is long ago. `current` is the session that goes on; all others have ended.
    ///
    /// # Errors
    /// [`ChatError`]; what was done until then is stored, the rest is done the next time.
    pub async fn catch_up(
        &self,
        current: Option<&SessionName>,
    ) -> Result<LearningReport, ChatError> {
        let mut report = LearningReport::default();
        self.learn_facts(&mut report).await?;
        if let Some(session) = current {
            self.sum_up_history(session, &mut report).await?;
        }
        self.sum_up_ended(current, &mut report).await?;
        Ok(report)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, ChatError> {
        Ok(self.memory.run(work).await?)
    }
}
