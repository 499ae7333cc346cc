//! What happens to a message before it is stored or sent, and to an answer before it is shown.

use longmem_core::Role;
use longmem_memory::{MemoryError, Safeguards, Stage, Statement};
use longmem_text::without_thinking;
use tokio::task;

use super::{Asked, Conversation};
use crate::{ChatError, Completion, ProviderError};

impl Conversation {
    /// What is asked instead: a message without secrets, as who moderates wants it. A question outside
    /// any session is not stored, so it keeps its secrets.
    ///
    /// # Errors
    /// [`MemoryError::Refused`]; [`MemoryError::Moderator`].
    pub(super) async fn safeguarded(&self, asked: &Asked) -> Result<Asked, ChatError> {
        let safeguards = self.memory.safeguards();
        let stage = if self.model.is_some() && safeguards.moderates(Stage::Send) {
            Stage::Send
        } else {
            Stage::Store
        };
        match asked {
            Asked::Message(message) => {
                let message = safeguards.redacted(message);
                Ok(Asked::Message(self.judged(stage, Role::User, &message).await?.into()))
            }
            Asked::Outside { .. } if stage == Stage::Send => {
                let judged = self.judged(stage, Role::User, asked.message()).await?;
                let mut asked = asked.clone();
                if let Asked::Outside { message, .. } = &mut asked {
                    *message = judged.into();
                }
                Ok(asked)
            }
            Asked::Outside { .. } | Asked::More => Ok(asked.clone()),
        }
    }

    /// Whether an answer is held back until it was judged.
    pub(super) fn holds_answers(&self) -> bool {
        self.memory.safeguards().moderates(Stage::Answer)
    }

    /// An answer as it may be shown and stored; and a part of one that broke off.
    ///
    /// # Errors
    /// Those of [`Conversation::safeguarded`].
    pub(super) async fn safeguarded_answer(
        &self,
        asked: &Asked,
        answer: Result<Completion, ProviderError>,
    ) -> Result<Result<Completion, ProviderError>, ChatError> {
        match answer {
            Ok(completion) => {
                let text = self.checked_answer(asked, &completion.text).await?;
                Ok(Ok(Completion { text, ..completion }))
            }
            Err(ProviderError::Interrupted { endpoint, partial, reason }) => {
                let partial = self.checked_answer(asked, &without_thinking(&partial)).await?;
                Ok(Err(ProviderError::Interrupted { endpoint, partial, reason }))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn checked_answer(&self, asked: &Asked, text: &str) -> Result<String, ChatError> {
        if text.trim().is_empty() {
            return Ok(text.to_owned());
        }
        if asked.is_in_session() {
            let redacted = self.memory.safeguards().redacted(text);
            return self.judged(Stage::Answer, Role::Assistant, &redacted).await;
        }
        self.judged(Stage::Answer, Role::Assistant, text).await
    }

    /// Asks who moderates, on a thread of its own.
    async fn judged(&self, stage: Stage, role: Role, text: &str) -> Result<String, ChatError> {
        let safeguards = self.memory.safeguards();
        if !safeguards.moderates(stage) {
            return Ok(text.to_owned());
        }
        let (user, session) = (self.user.clone(), self.session.clone());
        let text = text.to_owned();
        let judge = move || {
            let mut statement = Statement::note(&user, &text);
            (statement.stage, statement.role) = (stage, role);
            statement.session = Some(&session);
            Safeguards::moderated(&safeguards, &statement)
        };
        let judged: Result<String, MemoryError> = task::spawn_blocking(judge)
            .await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        Ok(judged?)
    }
}
