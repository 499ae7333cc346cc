//! A talk that remembers.

use std::sync::Arc;

use longmem_core::{Recalled, Role, Scope, SessionName, TokenCounter, TurnId, UserName};
use longmem_memory::{Memory, MemoryError, RecallRequest};

use crate::context::fixed_costs;
use crate::learning::knowledge;
use crate::{
    AssembleInput, AsyncMemory, ChatError, Completion, Context, ContextOptions, MESSAGE_TOKENS,
    OnText, Provider, QuotedAnswer, Request, TokenBudget, assemble, quote_answer,
};

/// A message is not kept waiting for more than so many turns to be embedded; more are found by
/// their words until they are indexed.
const CATCH_UP_TURNS: u64 = 64;

/// Of the best hits so many bring their neighbours, as many as a prompt can take.
const HITS_WITH_NEIGHBOURS: usize = 3;

/// No budget needs more of a session's last turns than that.
const MOST_RECENT_TURNS: usize = 2_000;

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
        self.reply(question, Storing::Nothing, on_text).await
    }

    /// Answers a message, handing on the text as it comes.
    ///
    /// The message is stored before the model is asked, the answer after it. If that fails in
    /// between, or the future is dropped, the same message can be asked again and is not stored
    /// twice; another message is asked together with it.
    ///
    /// # Errors
    /// [`ChatError`]; a message that cannot be asked at all is not stored.
    pub async fn ask(&self, message: &str, on_text: OnText<'_>) -> Result<Reply, ChatError> {
        self.reply(message, Storing::Both, on_text).await
    }

    async fn reply(
        &self,
        message: &str,
        storing: Storing,
        on_text: OnText<'_>,
    ) -> Result<Reply, ChatError> {
        // What can never be answered should not stand in the session as an open question.
        let ConversationSettings { system, budget, .. } = &self.settings;
        fixed_costs(system.as_deref(), message, *budget, &*self.counter)?;

        let (context, recalled) = self.prepare(message, storing).await?;
        let Some(model) = &self.model else {
            let zone = &self.settings.context.time_zone;
            return Ok(Reply::Quotes(quote_answer(message, &recalled, zone)));
        };
        let request = Request::new(&context, &model.name, model.max_tokens);
        let completion = model.provider.complete(&request, on_text).await?;
        if matches!(storing, Storing::Nothing) {
            return Ok(Reply::Answer { completion, context });
        }
        match self.remember_answer(&completion.text).await {
            Ok(()) => Ok(Reply::Answer { completion, context }),
            Err(source) => {
                Err(ChatError::AnswerNotStored { completion: Box::new(completion), source })
            }
        }
    }

    /// Makes the prompt that [`ask`](Self::ask) would send, and stores nothing.
    ///
    /// # Errors
    /// [`ChatError::Assemble`] or [`ChatError::Memory`].
    pub async fn context_for(&self, message: &str) -> Result<Context, ChatError> {
        Ok(self.prepare(message, Storing::Nothing).await?.0)
    }

    /// Makes the prompt for a message, and returns it with what was recalled.
    async fn prepare(
        &self,
        message: &str,
        storing: Storing,
    ) -> Result<(Context, Vec<Recalled>), ChatError> {
        let (this, message) = (self.clone(), message.to_owned());
        let work = move |memory: &Memory| {
            let mut recent = memory.recent(&this.user, &this.session, this.recent_limit())?;
            let asked_before =
                recent.pop_if(|turn| turn.role == Role::User && turn.text == message);
            let message_turn = match (asked_before, storing) {
                (Some(turn), _) => Some(turn.id),
                (None, Storing::Both) => this.remember(memory, Role::User, &message)?,
                (None, Storing::Nothing) => None,
            };
            if message_turn.is_some() && this.settings.learns {
                let marked = memory.store().learn_from(&this.user, &this.session);
                marked.map_err(MemoryError::from)?;
            }
            let known = knowledge(memory, &this.user, &this.session, &message)?;
            recent.retain(|turn| known.stands_in_through.is_none_or(|last| turn.id > last));
            let recalled = this.recall(memory, &message, message_turn)?;
            let input = AssembleInput {
                system: this.settings.system.as_deref(),
                facts: &known.facts,
                summaries: &known.summaries,
                recalled: &recalled,
                recent: &recent,
                message: &message,
                message_turn,
                now: memory.now(),
                budget: this.settings.budget,
                options: &this.settings.context,
            };
            let context = assemble(&input, &*this.counter)?;
            Ok((context, recalled))
        };
        self.memory.run(work).await
    }

    fn recall(
        &self,
        memory: &Memory,
        message: &str,
        message_turn: Option<TurnId>,
    ) -> Result<Vec<Recalled>, MemoryError> {
        memory.catch_up(CATCH_UP_TURNS)?;
        let scope = Scope::of(self.user.clone());
        let recall = memory.recall(&RecallRequest {
            limit: self.settings.recall_limit,
            exclude: message_turn.into_iter().collect(),
            with_neighbours: HITS_WITH_NEIGHBOURS,
            time_zone: self.settings.context.time_zone.clone(),
            ..RecallRequest::new(scope, message)
        })?;
        Ok(recall.results)
    }

    async fn remember_answer(&self, text: &str) -> Result<(), MemoryError> {
        // A model that refuses at once says nothing; the question stays open.
        if text.trim().is_empty() {
            return Ok(());
        }
        let (this, text) = (self.clone(), text.to_owned());
        self.memory.run(move |memory| this.remember(memory, Role::Assistant, &text)).await?;
        Ok(())
    }

    fn remember(
        &self,
        memory: &Memory,
        role: Role,
        text: &str,
    ) -> Result<Option<TurnId>, MemoryError> {
        let turn = memory.new_turn(self.session.clone(), role, text);
        let stored = memory.remember(&self.user, &[turn])?;
        Ok(stored.first().map(|turn| turn.id))
    }

    /// More turns than the budget holds, so that trimming never depends on where reading stopped.
    fn recent_limit(&self) -> usize {
        (self.settings.budget.tokens() / MESSAGE_TOKENS).min(MOST_RECENT_TURNS)
    }
}

/// What a talk leaves in memory.
#[derive(Debug, Clone, Copy)]
enum Storing {
    /// The message, and the answer when it comes.
    Both,
    Nothing,
}
