//! What a conversation and its learner are built from.

use std::path::PathBuf;

use longmem_core::{SessionName, StoreKey, UserName};

use crate::learning::HISTORY_TOKENS;
use crate::{
    AsyncMemory, Conversation, ConversationSettings, Learner, ModelSettings, ProviderError, Spool,
};

/// Name of the session of conversations outside any session; nothing is ever stored in it.
const NO_SESSION: &str = "(none)";

/// What conversations and their learners are built from. One value serves any number of users and
/// sessions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TalkSettings {
    /// How prompts are made, and whether what is said may be learned from.
    pub conversation: ConversationSettings,
    /// The language model that answers; without one, the default, memory is quoted.
    pub model: Option<ModelSettings>,
    /// The language model that learns; without one, the default, nobody learns.
    pub learning_model: Option<ModelSettings>,
    /// A session whose turns since its last summary have more tokens than this is summed up, but for
    /// the newest half of them; 8,000 by default.
    pub history_tokens: usize,
    /// Where turns wait that cannot be stored; without it, the default, a turn that cannot be stored
    /// is an error.
    pub spool: Option<SpoolSettings>,
}

/// Where the turns of all users wait for one store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolSettings {
    /// The folder for the files.
    pub folder: PathBuf,
    /// The store's place, the same for every process: see [`Spool::new`].
    pub place: String,
    /// Another name of the store, under which turns may still wait; none by default.
    pub former_place: Option<String>,
    /// The key that the store is encrypted with, which encrypts them, too; none by default.
    pub key: Option<StoreKey>,
}

impl SpoolSettings {
    /// Turns that wait in this folder for the store at this place.
    pub fn new(folder: impl Into<PathBuf>, place: impl Into<String>) -> Self {
        Self { folder: folder.into(), place: place.into(), former_place: None, key: None }
    }

    /// The same, encrypted with this key.
    #[must_use]
    pub fn with_key(self, key: Option<StoreKey>) -> Self {
        Self { key, ..self }
    }

    /// The spool of one user.
    pub fn of(&self, user: &UserName) -> Spool {
        let spool = Spool::new(&self.folder, &self.place, user).with_key(self.key.clone());
        match &self.former_place {
            Some(former) => spool.with_former_place(former, user),
            None => spool,
        }
    }
}

impl Default for TalkSettings {
    fn default() -> Self {
        Self {
            conversation: ConversationSettings::default(),
            model: None,
            learning_model: None,
            history_tokens: HISTORY_TOKENS,
            spool: None,
        }
    }
}

impl TalkSettings {
    /// Builds a user's conversation in a session. Without a session it is outside of any, for
    /// [`Conversation::consult`] and [`Conversation::context_for`].
    ///
    /// # Errors
    /// [`ProviderError::InvalidBaseUrl`] or [`ProviderError::NoClient`].
    ///
    /// # Panics
    /// Never: the name that stands for no session is valid.
    pub fn conversation(
        &self,
        memory: AsyncMemory,
        user: UserName,
        session: Option<SessionName>,
    ) -> Result<Conversation, ProviderError> {
        let session = session
            .unwrap_or_else(|| SessionName::new(NO_SESSION).expect("the constant is a valid name"));
        let spool = self.spool.as_ref().map(|spool| spool.of(&user));
        let mut conversation = Conversation::new(memory, user, session);
        conversation.settings = self.conversation.clone();
        conversation.spool = spool;
        if let Some(model) = &self.model {
            (conversation.counter, conversation.calibrated) = model.counters();
            conversation.counting = model.counting;
            conversation.model = Some(model.connect()?);
        }
        Ok(conversation)
    }

    /// Builds a user's learner; returns none without a model that learns.
    ///
    /// # Errors
    /// [`ProviderError::InvalidBaseUrl`] or [`ProviderError::NoClient`].
    pub fn learner(
        &self,
        memory: AsyncMemory,
        user: UserName,
    ) -> Result<Option<Learner>, ProviderError> {
        let Some(model) = &self.learning_model else { return Ok(None) };
        // The learner has a connection of its own: those of the conversation stand still while
        // nobody waits for an answer.
        let mut learner = Learner::new(memory, user, model.connect()?);
        learner.settings.history_tokens = self.history_tokens;
        learner.settings.time_zone = self.conversation.time_zone.clone();
        Ok(Some(learner))
    }
}
