//! Measures how far estimated tokens are from what a model's server counts, before and after the
//! estimate learns from its answers.

use std::sync::Arc;

use indicatif::ProgressBar;
use jiff::Timestamp;
use longmem_chat::{
    AssembleInput, Blocking, CalibratedTokens, Context, LanguageModel, ModelSettings, Request,
    TokenBudget, assemble,
};
use longmem_core::{Role, SessionName, TokenCounter, Turn, TurnId};
use longmem_eval::dataset::{Conversation, Dataset};

use crate::arguments::TokensArguments;
use crate::error::LabError;

/// The most turns before a message that are put into its prompt.
const RECENT_TURNS: usize = 100;

/// Tokens of an answer; only its cost is of interest.
const ANSWER_TOKENS: u32 = 16;

/// Sends prompts of a data set to a server, and returns the errors of the estimate.
pub(crate) fn run(arguments: &TokensArguments) -> Result<String, LabError> {
    let dataset = arguments.data.read()?;
    let mut settings = ModelSettings::new(arguments.api, &arguments.llm, ANSWER_TOKENS);
    settings.base_url.clone_from(&arguments.base_url);
    settings.key.clone_from(&arguments.key);
    let model = settings.connect().map_err(longmem_chat::ChatError::from)?;
    let estimate = settings.counter();
    let calibrated = CalibratedTokens::new(Arc::clone(&estimate), "here", &arguments.llm);

    let (blocking, bar) = (Blocking::new()?, ProgressBar::new(arguments.prompts as u64));
    let (mut plain, mut learned) = (Errors::default(), Errors::default());
    for prompt in prompts(&dataset, arguments, &*estimate)? {
        let counted = blocking.run(cost(&model, &prompt, &calibrated, &mut learned))?;
        plain.add(prompt.count(&*estimate), counted);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(format!(
        "{}\nestimate: {}\nafter earlier answers: {}\nfactor: {:.3}",
        estimate.describe(),
        plain.describe(),
        learned.describe(),
        calibrated.calibration().factor()
    ))
}

/// Sends a prompt; returns what it cost. The error of the calibrated estimate is taken before it
/// learns from the answer, once it has learned from another.
async fn cost(
    model: &LanguageModel,
    prompt: &Context,
    calibrated: &CalibratedTokens,
    learned: &mut Errors,
) -> Result<usize, LabError> {
    let request = Request::of_context(prompt, &model.name, model.max_tokens);
    let answer = model.provider.complete(&request, &mut |_| {}).await;
    let answer = answer.map_err(longmem_chat::ChatError::from)?;
    let counted = answer.usage.input + answer.usage.cache_read + answer.usage.cache_write;
    let counted = usize::try_from(counted).unwrap_or(usize::MAX);
    if calibrated.calibration().answers() > 0 {
        learned.add(prompt.count(calibrated), counted);
    }
    calibrated.learn(prompt, &answer);
    Ok(counted)
}

/// Prompts of many sizes, from all conversations alike.
fn prompts(
    dataset: &Dataset,
    arguments: &TokensArguments,
    counter: &dyn TokenCounter,
) -> Result<Vec<Context>, LabError> {
    let each = arguments.prompts.div_ceil(dataset.conversations.len());
    let mut prompts = Vec::new();
    for conversation in &dataset.conversations {
        let turns = turns(conversation)?;
        for number in 0..each.min(arguments.prompts - prompts.len()) {
            // The places of the messages are spread over the conversation.
            let place = (number + 1) * turns.len() / (each + 1);
            let Some(message) = turns.get(place) else { continue };
            let budget = TokenBudget::new(arguments.budget * (number % 4 + 1) / 4);
            let mut input = AssembleInput::new(&message.text, message.time, budget);
            input.recent = &turns[place.saturating_sub(RECENT_TURNS)..place];
            // A long message may not fit into a small budget.
            prompts.extend(assemble(&input, counter).ok());
        }
    }
    Ok(prompts)
}

/// All turns of a conversation, as if it were one session. Where only people talk, those who did not
/// begin stand in for the assistant.
fn turns(conversation: &Conversation) -> Result<Vec<Turn>, LabError> {
    let session = SessionName::new(&conversation.id)?;
    let said = || conversation.sessions.iter().flat_map(|session| &session.turns);
    let with_assistant = said().any(|turn| turn.role == Role::Assistant);
    let first = said().next().and_then(|turn| turn.speaker.as_ref());
    let role = |turn: &longmem_eval::dataset::Turn| match turn.role {
        Role::User if !with_assistant && turn.speaker.as_ref() != first => Role::Assistant,
        role => role,
    };
    let turn = |(number, said): (usize, &longmem_eval::dataset::Turn)| Turn {
        id: TurnId(number as i64 + 1),
        session: session.clone(),
        session_title: None,
        role: role(said),
        speaker: said.speaker.clone(),
        time: Timestamp::UNIX_EPOCH,
        text: said.text.clone(),
        note: false,
    };
    Ok(said().enumerate().map(turn).collect())
}

/// Errors of counts, as parts of what was counted.
#[derive(Default)]
struct Errors(Vec<f64>);

impl Errors {
    fn add(&mut self, estimated: usize, counted: usize) {
        if counted > 0 {
            self.0.push(estimated as f64 / counted as f64 - 1.0);
        }
    }

    fn describe(&self) -> String {
        if self.0.is_empty() {
            return "no prompt whose cost the server told".to_owned();
        }
        let number = self.0.len() as f64;
        let sizes = || self.0.iter().map(|error| error.abs());
        format!(
            "{} prompts, off by {:.1} % on an average, {:.1} % at most, {:.1} % too many on balance",
            self.0.len(),
            100.0 * sizes().sum::<f64>() / number,
            100.0 * sizes().fold(0.0, f64::max),
            100.0 * self.0.iter().sum::<f64>() / number,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_parts_of_what_was_counted() {
        let mut errors = Errors::default();
        assert_eq!(errors.describe(), "no prompt whose cost the server told");
        for (estimated, counted) in [(110, 100), (80, 100), (5, 0)] {
            errors.add(estimated, counted);
        }
        let expected =
            "2 prompts, off by 15.0 % on an average, 20.0 % at most, -5.0 % too many on balance";
        assert_eq!(errors.describe(), expected);
    }
}
