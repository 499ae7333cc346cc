//! What is kept of conversations besides their turns: facts about the user, and summaries.
//!
//! A [`Learner`] works off the answer's path, as often as somebody calls it. It looks at each turn
//! of the person exactly once, also after a crash: that a turn was looked at is noted in the same
//! transaction as the facts that it gave. It is given what the person wrote and nothing else, so
//! neither the assistant's words nor what was recalled for it can become a fact; all of it is quoted
//! data.
//!
//! A model's answer is never stored as it comes. Its form is checked, then its names and numbers
//! against what was said (`grounding`), then each statement against what is known (`review`).

mod action_items;
mod asking;
mod background;
mod extraction;
mod facts;
mod grounding;
mod json;
mod knowledge;
mod report;
mod review;
mod summaries;
mod summing_up;

pub use action_items::ActionItems;
pub(crate) use background::BackgroundLearner;
pub use background::{LastLearning, LearningOutcome};
pub(crate) use knowledge::knowledge;
pub use report::LearningReport;

use std::sync::Arc;

use jiff::tz::TimeZone;
use longmem_core::{EstimatedTokens, SessionName, TokenCounter, UserName};
use longmem_memory::{Memory, MemoryError, StoreLock};

use crate::{AsyncMemory, ChatError, LanguageModel};

/// Tokens of a session's turns without a summary above which they are summed up, by default.
pub(crate) const HISTORY_TOKENS: usize = 8_000;

/// Learns from one user's conversations with the help of a language model, which may be another than
/// the one that answers: a cheap one is good enough.
///
/// Dropping one of its futures, or ending the process, loses nothing: what was not stored is looked
/// at again the next time.
#[derive(Clone)]
#[non_exhaustive]
pub struct Learner {
    /// Where the conversations are remembered.
    pub memory: AsyncMemory,
    /// Whose conversations they are.
    pub user: UserName,
    /// Who reads them.
    pub model: LanguageModel,
    /// Counts tokens about as the models do; by default they are estimated.
    pub counter: Arc<dyn TokenCounter>,
    /// How it learns.
    pub settings: LearnerSettings,
}

/// How a [`Learner`] learns.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LearnerSettings {
    /// A session whose turns since its last summary have more tokens than this is summed up, but for
    /// the newest half of them; 8,000 by default.
    pub history_tokens: usize,
    /// Where days begin and end; UTC by default.
    pub time_zone: TimeZone,
}

impl Default for LearnerSettings {
    fn default() -> Self {
        Self { history_tokens: HISTORY_TOKENS, time_zone: TimeZone::UTC }
    }
}

impl Learner {
    /// A learner that asks this model.
    pub fn new(memory: AsyncMemory, user: UserName, model: LanguageModel) -> Self {
        let (counter, settings) = (Arc::new(EstimatedTokens), LearnerSettings::default());
        Self { memory, user, model, counter, settings }
    }

    /// Does everything that there is to do: learns facts, sums up what grew long, what ended, and
    /// what is long ago. `current` is the session that goes on; all others have ended. While somebody else
    /// learns from the same user, in this process or another, nothing is done.
    ///
    /// # Errors
    /// [`ChatError`]; what was done until then is stored, the rest is done the next time.
    pub async fn catch_up(
        &self,
        current: Option<&SessionName>,
    ) -> Result<LearningReport, ChatError> {
        let mut report = LearningReport::default();
        self.catch_up_into(current, &mut report).await?;
        Ok(report)
    }

    /// As [`Learner::catch_up`], and reports what was done even if it is dropped or fails midway.
    async fn catch_up_into(
        &self,
        current: Option<&SessionName>,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        let Some(_right) = self.right(report).await? else { return Ok(()) };
        self.learn_facts(report).await?;
        if let Some(session) = current {
            self.sum_up_history(session, report).await?;
        }
        self.sum_up_ended(current, report).await
    }

    /// Looks through all of the user's sessions, also those that nobody has learned from yet.
    ///
    /// # Errors
    /// As [`Learner::catch_up`].
    pub async fn look_through_everything(&self) -> Result<LearningReport, ChatError> {
        let user = self.user.clone();
        self.run(move |memory| {
            for session in memory.sessions(&user)? {
                memory.learn_from(&user, &session.session)?;
            }
            Ok(())
        })
        .await?;
        self.catch_up(None).await
    }

    /// The right to learn from this user; none, which is reported, if somebody else has it.
    async fn right(&self, report: &mut LearningReport) -> Result<Option<StoreLock>, ChatError> {
        let user = self.user.clone();
        let right = self.run(move |memory| memory.lock_learning(&user)).await?;
        report.others_at_it |= right.is_none();
        Ok(right)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, ChatError> {
        Ok(self.memory.run(work).await?)
    }
}
