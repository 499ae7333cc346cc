//! From a message to its reply.

use std::borrow::Cow;
use std::time::Duration;

use longmem_memory::{DEFAULT_THRESHOLD, PROMPT_THRESHOLD};
use longmem_text::without_thinking;

use super::gathering::PromptInputs;
use super::going_on::model_for;
use super::window::WindowShares;
use super::{Asked, Conversation, Reply};
use crate::context::RequiredCosts;
use crate::{
    AssembleError, AssembleInput, ChatError, Completion, Context, LanguageModel, Notice, OnText,
    ProviderError, Request, StopReason, TokenBudget, quote_answer,
};

/// How long a server is waited for to say how large a model's window is.
const WINDOW_PATIENCE: Duration = Duration::from_millis(1_500);

impl Conversation {
    /// Stores what is asked, gathers what is known, and answers.
    pub(super) async fn reply(
        &self,
        asked: &Asked,
        on_text: OnText<'_>,
    ) -> Result<Reply, ChatError> {
        let asked = &self.safeguarded(asked).await?;
        let breaks = self.live.breaks();
        // What can never be answered should not stand in the session as an open question.
        // Quoting makes no prompt.
        if self.model.is_some() {
            self.read_calibration().await;
            self.check_length(asked.message(), self.budget())?;
        }

        if asked.is_in_session() {
            self.store_spooled().await;
        }
        let message_turn = match asked {
            Asked::Message(message) => Some(self.store_message(message).await?),
            Asked::Outside { .. } | Asked::More => None,
        };
        // A person who asks wants to see what is nearest; a model had better see nothing than that.
        let threshold = if self.model.is_some() { PROMPT_THRESHOLD } else { DEFAULT_THRESHOLD };
        let gathering = self.gather(asked, message_turn, threshold);
        let gathering = async { tokio::join!(gathering, self.fit_window()).0 };
        let Some(inputs) = breaks.unless_broken_off(gathering).await else {
            return Err(ChatError::BrokenOff { kept: false });
        };
        let inputs = inputs?;
        let Some(model) = &self.model else {
            let zone = &self.settings.time_zone;
            return Ok(Reply::Quotes(quote_answer(asked.question(), &inputs.recall, zone)));
        };

        let model = &model_for(asked, model, &inputs);
        // An answer that somebody judges is shown when it is judged.
        let holds = self.holds_answers();
        let mut shown = String::new();
        let mut show = |piece: &str| {
            if !holds {
                shown.push_str(piece);
                on_text(piece);
            }
        };
        let answering = self.complete(model, asked, &inputs, &mut show);
        let Some(answered) = breaks.unless_broken_off(answering).await else {
            let kept = asked.is_in_session() && self.store_part(&shown).await?;
            return Err(ChatError::BrokenOff { kept });
        };
        let (answer, context) = answered?;
        let answer = self.safeguarded_answer(asked, answer).await?;
        if holds {
            let text =
                answer.as_ref().map_or_else(ProviderError::partial, |answer| Some(&answer.text));
            text.filter(|text| !text.is_empty()).into_iter().for_each(on_text);
        }
        let completion = match answer {
            Ok(completion) if completion.text.trim().is_empty() => {
                return Err(ChatError::NoAnswer { completion: Box::new(completion) });
            }
            Ok(completion) => completion,
            Err(error) => {
                let part = error.partial().unwrap_or_default();
                if asked.is_in_session() && self.store_part(part).await? {
                    self.live.push_notice(Notice::KeptPart);
                }
                return Err(error.into());
            }
        };
        self.learn_tokens(&context, &completion).await;
        if !asked.is_in_session() {
            return Ok(Reply::Answer { completion, context });
        }
        self.note_answered(inputs, &context);
        match self.store_answer(&completion.text).await {
            Ok(()) => Ok(Reply::Answer { completion, context }),
            Err(source) => {
                let (completion, source) = (Box::new(completion), Box::new(source));
                Err(ChatError::AnswerNotStored { completion, source })
            }
        }
    }

    /// Asks the model's server how large the window is, once in a conversation, so that the first
    /// prompt fits already. A server that does not say so soon is not waited for.
    pub(super) async fn fit_window(&self) {
        let Some(model) = self.model.as_ref().filter(|_| self.settings.fits_window) else { return };
        if self.live.ask_for_window() {
            return;
        }
        let asking = model.provider.window(&model.name);
        if let Ok(Some(window)) = tokio::time::timeout(WINDOW_PATIENCE, asking).await {
            let (budget, max_tokens) = (self.budget(), self.max_tokens(model));
            self.live.limit_to(WindowShares::of(window, budget, max_tokens));
        }
    }

    /// Asks the model, and again with a smaller prompt as long as it is too long for it. Returns the
    /// answer and the prompt that led to it.
    async fn complete(
        &self,
        model: &LanguageModel,
        asked: &Asked,
        inputs: &PromptInputs,
        on_text: OnText<'_>,
    ) -> Result<(Result<Completion, ProviderError>, Context), ChatError> {
        let mut context = self.counted_prompt(model, asked, inputs).await?;
        let mut smaller_budget = None;
        loop {
            let answer = self.send(model, &context, on_text).await;
            if is_too_long(&answer) {
                let window = answer.as_ref().err().and_then(ProviderError::window);
                if let Some(smaller) = self.smaller_prompt(model, asked, inputs, &context, window) {
                    smaller_budget = Some(smaller.budget);
                    context = smaller;
                    continue;
                }
            }
            if let Some(budget) = smaller_budget {
                self.live.push_notice(Notice::MadeSmaller { budget });
            }
            return Ok((answer, context));
        }
    }

    async fn send(
        &self,
        model: &LanguageModel,
        context: &Context,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let request = self.request(model, context);
        let mut completion = model.provider.complete(&request, on_text).await?;
        // A provider of somebody's own may leave it in.
        if let Cow::Owned(answer) = without_thinking(&completion.text) {
            completion = Completion { text: answer, thought: true, ..completion };
        }
        Ok(completion)
    }

    /// A smaller prompt, or one with a smaller answer, if there can be one; no later prompt is longer.
    /// It fits the window, where that is known, and else has half the size.
    fn smaller_prompt(
        &self,
        model: &LanguageModel,
        asked: &Asked,
        inputs: &PromptInputs,
        context: &Context,
        window: Option<usize>,
    ) -> Option<Context> {
        let tokens = TokenBudget::new(context.tokens);
        let max_tokens = self.max_tokens(model);
        let smallest = self.smallest_prompt(&inputs.message).ok()?;
        let half = WindowShares { budget: TokenBudget::new(context.tokens / 2), max_tokens };
        let mut shares = window
            .map(|window| WindowShares::of(window, tokens, max_tokens))
            .filter(|shares| shares.budget < tokens || shares.max_tokens < max_tokens)
            .unwrap_or(half);
        shares.budget = shares.budget.max(smallest);
        if shares.budget >= tokens && shares.max_tokens >= max_tokens {
            return None;
        }
        self.live.limit_to(shares);
        self.live.set_answered(None);
        self.prompt(asked, inputs).ok()
    }

    /// The budget that the message and the system text take.
    fn smallest_prompt(&self, message: &str) -> Result<TokenBudget, AssembleError> {
        let costs = self.required_costs(message, TokenBudget::new(usize::MAX))?;
        Ok(TokenBudget::new(costs.total()))
    }

    /// Fails for a message that fits into no prompt of this budget.
    pub(super) fn check_length(
        &self,
        message: &str,
        budget: TokenBudget,
    ) -> Result<(), AssembleError> {
        self.required_costs(message, budget).map(drop)
    }

    pub(super) fn required_costs(
        &self,
        message: &str,
        budget: TokenBudget,
    ) -> Result<RequiredCosts, AssembleError> {
        let mut input = AssembleInput::new(message, self.memory.now(), budget);
        input.system = self.settings.system.as_deref();
        RequiredCosts::count(&input, &*self.counter)
    }

    /// What is sent for a prompt.
    pub(super) fn request(&self, model: &LanguageModel, context: &Context) -> Request {
        Request::of_context(context, &model.name, self.max_tokens(model))
    }

    /// What an answer may cost.
    fn max_tokens(&self, model: &LanguageModel) -> u32 {
        let limit = self.live.limits().max_tokens;
        limit.map_or(model.max_tokens, |limit| limit.min(model.max_tokens))
    }
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
