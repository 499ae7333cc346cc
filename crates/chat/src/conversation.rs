//! A talk that remembers.

mod keeping;
mod prompting;

use std::sync::Arc;

use longmem_core::{SessionName, TokenCounter, UserName};

use crate::context::fixed_costs;
use crate::{
    AsyncMemory, ChatError, Completion, Context, ContextOptions, LiveSession, Notice, OnText,
    Provider, ProviderError, QuotedAnswer, Request, StopReason, TokenBudget, quote_answer,
};

/// What the model is told when an answer is to go on. It is never stored: a prefilled answer, which
/// would need no words, is refused by recent models.
const GO_ON: &str = "Your last answer was cut off. Go on exactly where it stopped, and repeat \
                     nothing of it.";

/// One user's talk with a language model in one session, with everything that is remembered of the
/// user behind it.
#[derive(Clone)]
pub struct Conversation {
    /// Where it is remembered.
    pub memory: AsyncMemory,
    /// Whose memory it is.
    pub user: UserName,
    /// Which session it goes on with, or begins.
    pub session: SessionName,
    /// Who answers; without one, memory is quoted.
    pub model: Option<LanguageModel>,
    /// Counts tokens as the model does.
    pub counter: Arc<dyn TokenCounter>,
    /// How prompts are made.
    pub settings: ConversationSettings,
    /// What it keeps in mind from message to message.
    pub live: LiveSession,
}

/// A language model and the way to it.
#[derive(Clone)]
pub struct LanguageModel {
    /// The way.
    pub provider: Arc<dyn Provider>,
    /// The model's id, as the provider names it.
    pub name: String,
    /// The most tokens that an answer may have.
    pub max_tokens: u32,
}

/// How a conversation makes its prompts.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationSettings {
    /// The persona or other standing instructions.
    pub system: Option<String>,
    /// The most tokens that a prompt may have; 8,000 by default.
    pub budget: TokenBudget,
    /// The most turns that a recall brings, whether they fit or not; 100 by default.
    pub recall_limit: usize,
    /// Whether a [`Learner`](crate::Learner) may look at what is said; it may by default.
    pub learns: bool,
    /// Whether a prompt in a session continues the one before it wherever it can, so that a
    /// provider's cache serves that. Then a session's first prompt leaves three eighths of the
    /// budget free, so it is for talks of several messages. Off by default.
    pub continued: bool,
    /// The rest.
    pub context: ContextOptions,
}

impl Default for ConversationSettings {
    fn default() -> Self {
        Self {
            system: None,
            budget: TokenBudget::new(8_000),
            recall_limit: 100,
            learns: true,
            continued: false,
            context: ContextOptions::default(),
        }
    }
}

/// What a message gets in return.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The language model's answer, stored unless it is empty.
    Answer {
        /// The answer.
        completion: Completion,
        /// The prompt that led to it.
        context: Context,
    },
    /// Quotes from memory, never stored: they are there already.
    Quotes(QuotedAnswer),
}

impl Conversation {
    /// Answers a question from memory, outside any session, and stores nothing.
    ///
    /// # Errors
    /// [`ChatError`].
    pub async fn consult(&self, question: &str, on_text: OnText<'_>) -> Result<Reply, ChatError> {
        self.reply(&Asked::Outside(question.into()), on_text).await
    }

    /// Answers a message, handing on the text as it comes.
    ///
    /// The message is stored before the model is asked, the answer after it. If that fails in
    /// between, or the future is dropped, the same message can be asked again and is not stored
    /// twice; another message is asked together with it. What came of an answer that broke off is
    /// stored, marked as such.
    ///
    /// With a spool in [`Self::live`], a memory that cannot be written or read keeps nobody from
    /// talking: see [`LiveSession::take_notices`].
    ///
    /// # Errors
    /// [`ChatError`]; a message that cannot be asked at all is not stored.
    pub async fn ask(&self, message: &str, on_text: OnText<'_>) -> Result<Reply, ChatError> {
        self.reply(&Asked::Message(message.into()), on_text).await
    }

    /// Lets the session's last answer, which was cut off or broke off, go on. What comes is stored
    /// as a turn of its own behind it.
    ///
    /// # Errors
    /// [`ChatError::NothingToContinue`] if the session does not end with an answer; [`ChatError`].
    pub async fn go_on(&self, on_text: OnText<'_>) -> Result<Reply, ChatError> {
        self.reply(&Asked::More, on_text).await
    }

    /// Makes the prompt that [`ask`](Self::ask) would send, and stores nothing.
    ///
    /// # Errors
    /// [`ChatError::Assemble`] or [`ChatError::Memory`].
    pub async fn context_for(&self, message: &str) -> Result<Context, ChatError> {
        let asked = Asked::Message(message.into());
        let material = self.gather(&asked, None).await?;
        Ok(self.prompt(&asked, &material)?)
    }

    async fn reply(&self, asked: &Asked, on_text: OnText<'_>) -> Result<Reply, ChatError> {
        // What can never be answered should not stand in the session as an open question.
        let system = self.settings.system.as_deref();
        fixed_costs(system, asked.message(), self.budget(), &*self.counter)?;

        if asked.is_in_session() {
            self.keep_what_waits().await;
        }
        let message_turn = match asked {
            Asked::Message(message) => Some(self.keep_message(message).await?),
            Asked::Outside(_) | Asked::More => None,
        };
        let material = self.gather(asked, message_turn).await?;
        let Some(model) = &self.model else {
            let zone = &self.settings.context.time_zone;
            let quotes = quote_answer(asked.message(), &material.recalled, zone);
            return Ok(Reply::Quotes(quotes));
        };

        let mut context = self.prompt(asked, &material)?;
        let mut answer = self.complete(model, &context, on_text).await;
        if is_too_long(&answer)
            && let Some(smaller) = self.smaller(asked, &material, &context)
        {
            context = smaller;
            answer = self.complete(model, &context, on_text).await;
        }
        if matches!(asked, Asked::Outside(_)) {
            return Ok(Reply::Answer { completion: answer?, context });
        }
        let completion = match answer {
            Ok(completion) => completion,
            Err(error) => {
                self.keep_part(&error).await?;
                return Err(error.into());
            }
        };
        if !completion.text.trim().is_empty() {
            self.note_answered(material, &context);
        }
        match self.keep_answer(&completion.text).await {
            Ok(()) => Ok(Reply::Answer { completion, context }),
            Err(source) => {
                Err(ChatError::AnswerNotStored { completion: Box::new(completion), source })
            }
        }
    }

    async fn complete(
        &self,
        model: &LanguageModel,
        context: &Context,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let request = Request::new(context, &model.name, model.max_tokens);
        model.provider.complete(&request, on_text).await
    }

    /// A prompt of half the size, if there can be one; no later prompt is longer.
    fn smaller(
        &self,
        asked: &Asked,
        material: &prompting::Material,
        context: &Context,
    ) -> Option<Context> {
        let budget = TokenBudget::new(context.tokens / 2);
        let system = self.settings.system.as_deref();
        fixed_costs(system, &material.message, budget, &*self.counter).ok()?;
        self.live.set_limit(budget);
        self.live.set_thread(None);
        self.live.tell(Notice::MadeSmaller { budget });
        self.prompt(asked, material).ok()
    }
}

/// Says whether a prompt did not fit into the model's window, so that nothing came of it.
fn is_too_long(answer: &Result<Completion, ProviderError>) -> bool {
    match answer {
        Ok(completion) => {
            completion.text.is_empty()
                && completion.stop_reason == StopReason::ContextWindowExceeded
        }
        Err(error) => error.is_too_long(),
    }
}

/// What a conversation is asked.
#[derive(Debug, Clone)]
enum Asked {
    /// A question outside any session; nothing is stored.
    Outside(Arc<str>),
    /// A message in the session.
    Message(Arc<str>),
    /// The rest of the session's last answer.
    More,
}

impl Asked {
    fn message(&self) -> &str {
        match self {
            Self::Outside(message) | Self::Message(message) => message,
            Self::More => GO_ON,
        }
    }

    fn is_in_session(&self) -> bool {
        !matches!(self, Self::Outside(_))
    }
}
