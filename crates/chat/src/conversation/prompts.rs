//! Makes prompts: fresh ones, and those that continue the last.

use super::gathering::PromptInputs;
use super::live::AnsweredPrompt;
use super::{Asked, Conversation};
use crate::context::{TurnRef, continued, fresh_budget};
use crate::{
    AssembleError, AssembleInput, ChatError, Context, LanguageModel, TokenBudget, TokenCounting,
    assemble,
};

/// Number of times that a server counts one prompt: it is made again after a count, and what is left
/// out then changes the count by little.
const COUNTS: usize = 4;

/// Part of a budget that a prompt has taken up if something may have been left out of it.
const FULL: (usize, usize) = (19, 20);

impl Conversation {
    /// Makes the prompt within the budget, as the model's server counts it where the settings ask for
    /// that: a prompt that has more tokens than was estimated is made again, and so is one that could
    /// have held more.
    pub(super) async fn counted_prompt(
        &self,
        model: &LanguageModel,
        asked: &Asked,
        inputs: &PromptInputs,
    ) -> Result<Context, ChatError> {
        let mut context = self.prompt(asked, inputs)?;
        let by_server = self.counting == TokenCounting::Server;
        let calibrated = self.calibrated.as_ref().filter(|_| by_server);
        let Some(calibrated) = calibrated else { return Ok(context) };
        for count in 0..COUNTS {
            let request = self.request(model, &context);
            let counted = model.provider.count_tokens(&request).await?;
            // No prompt has no tokens.
            let counted = counted.filter(|tokens| *tokens > 0).ok_or(ChatError::NotCounted)?;
            let budget = context.budget.tokens();
            let is_full = |tokens: usize| tokens * FULL.1 > budget * FULL.0;
            let fits = counted <= budget;
            let has_room = count == 0 && is_full(context.tokens) && !is_full(counted);
            calibrated.take_count(&context, counted);
            context.tokens = counted;
            if fits && !has_room {
                break;
            }
            context = self.prompt(asked, inputs)?;
        }
        Ok(context)
    }

    /// Makes the prompt within the budget. It continues the last prompt where the settings ask for
    /// that and it is possible; else it is a fresh one.
    pub(super) fn prompt(
        &self,
        asked: &Asked,
        inputs: &PromptInputs,
    ) -> Result<Context, AssembleError> {
        let input = self.assemble_input(inputs);
        if !self.settings.continued || !asked.is_in_session() {
            return assemble(&input, &*self.counter);
        }
        if let Some(previous) = self.live.answered().filter(|prompt| still_holds(prompt, inputs))
            && let Some(context) =
                continued(&previous.context, &previous.last, &input, &*self.counter)
        {
            return Ok(context.marked_for_continuing());
        }
        Ok(self.fresh_prompt(&input)?.marked_for_continuing())
    }

    /// Makes a prompt that leaves room for others to continue it.
    fn fresh_prompt(&self, input: &AssembleInput<'_>) -> Result<Context, AssembleError> {
        let smaller = AssembleInput { budget: fresh_budget(input.budget), ..*input };
        match assemble(&smaller, &*self.counter) {
            // A message may take all that the budget has.
            Err(AssembleError::TooLong { .. }) => assemble(input, &*self.counter),
            fresh => Ok(Context { budget: input.budget, ..fresh? }),
        }
    }

    fn assemble_input<'a>(&'a self, inputs: &'a PromptInputs) -> AssembleInput<'a> {
        let mut input = AssembleInput::new(&inputs.message, inputs.now, self.budget());
        input.system = self.settings.system.as_deref();
        input.wishes = &inputs.wishes;
        input.facts = &inputs.facts;
        input.summaries = &inputs.summaries;
        input.recalled = &inputs.recall.results;
        input.recent = &inputs.turns.stored;
        input.waiting = &inputs.turns.waiting;
        input.message_turn = inputs.message_turn.as_ref().and_then(TurnRef::stored);
        input.time_zone = &self.settings.time_zone;
        input
    }

    /// Notes that a prompt was answered, for the next one to continue it.
    pub(super) fn note_answered(&self, inputs: PromptInputs, context: &Context) {
        if !self.settings.continued {
            return;
        }
        let PromptInputs { message_turn, turns, wishes, facts, epoch, .. } = inputs;
        if let Some(last) = message_turn.or_else(|| turns.last()) {
            let context = context.clone();
            let prompt = AnsweredPrompt { context, last, wishes, facts, epoch };
            self.live.set_answered(Some(prompt));
        }
    }

    /// What a prompt may cost.
    pub(super) fn budget(&self) -> TokenBudget {
        let budget = self.settings.budget;
        self.live.limits().budget.map_or(budget, |limit| budget.min(limit))
    }
}

/// Says whether everything that a prompt was made of is still there: what was deleted or replaced
/// must not be said again.
fn still_holds(prompt: &AnsweredPrompt, inputs: &PromptInputs) -> bool {
    prompt.epoch == inputs.epoch
        && prompt.wishes.iter().all(|wish| inputs.wishes.contains(wish))
        && prompt.facts.iter().all(|fact| inputs.facts.contains(fact))
}
