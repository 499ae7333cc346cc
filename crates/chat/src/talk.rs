//! Conversations and their learners, built from one settings value.

mod settings;

pub use settings::{SpoolSettings, TalkSettings};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use longmem_core::{SessionName, SourceKey, UserName};
use longmem_memory::{Memory, MemoryError, SessionSummary, StoreError};

use crate::conversation::{SAID, UNNAMED};
use crate::learning::BackgroundLearner;
use crate::{AsyncMemory, ChatError, Conversation, LastLearning, Learner};

/// A conversation of several messages, and a learner that works meanwhile on a thread of its own.
///
/// # Examples
/// ```no_run
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use longmem_chat::{Api, ApiKey, AsyncMemory, ModelSettings, Talk, TalkSettings};
/// use longmem_core::UserName;
/// # async fn talk(memory: longmem_memory::Memory) -> Result<(), Box<dyn std::error::Error>> {
///
/// let mut model = ModelSettings::new(Api::Anthropic, "claude-haiku-5-5", 1_024);
/// model.key = Some(ApiKey::new("sk-…")?);
/// let mut settings = TalkSettings::default();
/// settings.learning_model = Some(model.clone());
/// settings.model = Some(model);
///
/// let memory = AsyncMemory::one_at_a_time(Arc::new(memory));
/// let talk = Talk::begin(&settings, memory, UserName::new("ana")?, None)?;
/// talk.pause_learner();
/// talk.conversation.ask("Where do I live?", &mut |piece| print!("{piece}")).await?;
/// talk.wake_learner();
/// if let Some(mut learning) = talk.end() {
///     println!("{:?}", learning.within(Duration::from_secs(20)).await);
/// }
/// # Ok(())
/// # }
/// ```
#[non_exhaustive]
pub struct Talk {
    /// The conversation.
    pub conversation: Conversation,
    learner: Option<BackgroundLearner>,
}

impl Talk {
    /// Begins a session or continues it; without a name, a new session is named after the second in
    /// which it begins, and gets a title from the first message that is not small talk. Its prompts continue one another wherever they can.
    ///
    /// # Errors
    /// [`ChatError::Provider`] for a base URL that is not valid; [`ChatError::NoThread`].
    pub fn begin(
        settings: &TalkSettings,
        memory: AsyncMemory,
        user: UserName,
        session: Option<SessionName>,
    ) -> Result<Self, ChatError> {
        let time_zone = &settings.conversation.time_zone;
        let session = session.unwrap_or_else(|| new_session(memory.now(), time_zone));
        let learner = settings.learner(memory.clone(), user.clone())?;
        let mut conversation = settings.conversation(memory, user, Some(session))?;
        conversation.settings.continued = true;
        conversation.settings.gives_titles = true;
        Self::new(conversation, learner)
    }

    /// Joins a conversation and a learner that were made otherwise, with an own provider for
    /// example. The learner begins with what earlier conversations left.
    ///
    /// # Errors
    /// [`ChatError::NoThread`].
    pub fn new(conversation: Conversation, learner: Option<Learner>) -> Result<Self, ChatError> {
        let session = conversation.session.clone();
        let learner = learner.map(|learner| BackgroundLearner::start(learner, session));
        Ok(Self { conversation, learner: learner.transpose()? })
    }

    /// Lets the learner give way to a message that is about to be asked. Without it, a server that
    /// answers one request at a time may finish with the learner's first.
    pub fn pause_learner(&self) {
        if let Some(learner) = &self.learner {
            learner.pause();
        }
    }

    /// Lets the learner look at what was said, once nobody has said anything for three seconds.
    pub fn wake_learner(&self) {
        if let Some(learner) = &self.learner {
            learner.wake();
        }
    }

    /// Ends the talk, and lets the learner look at the rest: wait for it, or drop it and leave. Returns
    /// none if nobody learns.
    pub fn end(self) -> Option<LastLearning> {
        self.learner.map(BackgroundLearner::finish)
    }
}

/// The user's newest session that was held as a conversation of this crate, other than an import; none
/// if there is none, or no such user.
///
/// # Errors
/// [`MemoryError::Store`].
pub fn last_talk(memory: &Memory, user: &UserName) -> Result<Option<SessionSummary>, MemoryError> {
    let sessions = match memory.sessions(user) {
        Err(MemoryError::Store(StoreError::UnknownUser(_))) => return Ok(None),
        sessions => sessions?,
    };
    for session in sessions {
        let keys = memory.outer_source_keys(user, &session.session)?;
        if keys.iter().any(|SourceKey(key)| key.starts_with(SAID)) {
            return Ok(Some(session));
        }
    }
    Ok(None)
}

/// A session named after the second in which it began.
fn new_session(now: Timestamp, time_zone: &TimeZone) -> SessionName {
    let began = now.to_zoned(time_zone.clone()).strftime(UNNAMED);
    SessionName::new(began.to_string()).expect("a date is a valid name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_session_is_named_after_its_beginning() {
        let now = "2026-03-02T10:00:00Z".parse().unwrap();
        assert_eq!(new_session(now, &TimeZone::UTC).as_str(), "chat 2026-03-02 10:00:00");
    }
}
