//! From a message to its reply.

use longmem_memory::{DEFAULT_THRESHOLD, PROMPT_THRESHOLD};

use super::gathering::PromptInputs;
use super::{Asked, Conversation, Reply};
use crate::context::RequiredCosts;
use crate::{
    AssembleError, AssembleInput, ChatError, Completion, Context, LanguageModel, Notice, OnText,
    ProviderError, Request, StopReason, TokenBudget, quote_answer,
};

impl Conversation {
    /// Stores what is asked, gathers what is known, and answers.
    pub(super) async fn reply(
        &self,
        asked: &Asked,
        on_text: OnText<'_>,
    ) -> Result<Reply, ChatError> {
        // What can never be answered should not stand in the session as an open question.
        // Quoting makes no prompt.
        if self.model.is_some() {
            self.check_length(asked.message(), self.budget())?;
        }

        if asked.is_in_session() {
            self.store_spooled().await;
        }
        let message_turn = match asked {
            Asked::Message(message) => Some(self.store_message(message).await?),
            Asked::Outside(_) | Asked::More => None,
        };
        // A person who asks wants to see what is nearest; a model had better see nothing than that.
        let threshold = if self.model.is_some() { PROMPT_THRESHOLD } else { DEFAULT_THRESHOLD };
        let inputs = self.gather(asked, message_turn, threshold).await?;
        let Some(model) = &self.model else {
            let zone = &self.settings.time_zone;
            return Ok(Reply::Quotes(quote_answer(asked.message(), &inputs.recall, zone)));
        };

        let (answer, context) = self.complete(model, asked, &inputs, on_text).await?;
        if !asked.is_in_session() {
            return Ok(Reply::Answer { completion: answer?, context });
        }
        let completion = match answer {
            Ok(completion) => completion,
            Err(error) => {
                self.store_part(&error).await?;
                return Err(error.into());
            }
        };
        if !completion.text.trim().is_empty() {
            self.note_answered(inputs, &context);
        }
        match self.store_answer(&completion.text).await {
            Ok(()) => Ok(Reply::Answer { completion, context }),
            Err(source) => {
                let (completion, source) = (Box::new(completion), Box::new(source));
                Err(ChatError::AnswerNotStored { completion, source })
            }
        }
    }

    /// Asks the model, and once more with a smaller prompt if the first was too long for it. Returns
    /// the answer and the prompt that led to it.
    async fn complete(
        &self,
        model: &LanguageModel,
        asked: &Asked,
        inputs: &PromptInputs,
        on_text: OnText<'_>,
    ) -> Result<(Result<Completion, ProviderError>, Context), AssembleError> {
        let context = self.prompt(asked, inputs)?;
        let answer = send(model, &context, on_text).await;
        if is_too_long(&answer)
            && let Some(smaller) = self.smaller_prompt(asked, inputs, &context)
        {
            return Ok((send(model, &smaller, on_text).await, smaller));
        }
        Ok((answer, context))
    }

    /// A prompt of half the size, if there can be one; no later prompt is longer.
    fn smaller_prompt(
        &self,
        asked: &Asked,
        inputs: &PromptInputs,
        context: &Context,
    ) -> Option<Context> {
        let budget = TokenBudget::new(context.tokens / 2);
        self.check_length(&inputs.message, budget).ok()?;
        self.live.limit_budget(budget);
        self.live.set_answered(None);
        self.live.push_notice(Notice::MadeSmaller { budget });
        self.prompt(asked, inputs).ok()
    }

    /// Fails for a message that fits into no prompt of this budget.
    pub(super) fn check_length(
        &self,
        message: &str,
        budget: TokenBudget,
    ) -> Result<(), AssembleError> {
        let mut input = AssembleInput::new(message, self.memory.now(), budget);
        input.system = self.settings.system.as_deref();
        RequiredCosts::count(&input, &*self.counter).map(drop)
    }
}

async fn send(
    model: &LanguageModel,
    context: &Context,
    on_text: OnText<'_>,
) -> Result<Completion, ProviderError> {
    let request = Request::of_context(context, &model.name, model.max_tokens);
    model.provider.complete(&request, on_text).await
}

/// Says whether a prompt did not fit into the model's window, so that no text came.
fn is_too_long(answer: &Result<Completion, ProviderError>) -> bool {
    match answer {
        Ok(completion) => {
            completion.text.is_empty()
                && completion.stop_reason == StopReason::ContextWindowExceeded
        }
        Err(error) => error.is_too_long(),
    }
}
