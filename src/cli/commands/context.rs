//! `longmem context`: exactly what would be sent to a language model.

use longmem::{IfMissing, Longmem};
use longmem_chat::{Blocking, Context, TokenBudget};
use longmem_core::SessionName;
use longmem_wire as wire;

use super::conversation;
use crate::arguments::ContextArguments;
use crate::compose;
use crate::failure::Failure;
use crate::named_file;
use crate::output::Output;
use crate::render;
use crate::settings::Settings;
use crate::words;

pub(super) fn run(
    arguments: &ContextArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let mut options = compose::options(settings, IfMissing::Fail, output)?;
    let talk = &mut options.talk.conversation;
    talk.system = arguments.persona.as_deref().map(named_file::read).transpose()?;
    talk.budget = arguments.budget.map_or(talk.budget, TokenBudget::new);
    let longmem = Longmem::open(options)?;
    let session = arguments.session.as_ref();
    let session = session
        .map(|words| longmem.memory().find_session(&settings.user, words.as_str()))
        .transpose()?;
    let session = session.as_ref().map(SessionName::as_str);
    let conversation = longmem.prompting(settings.user.as_str(), session)?;
    let context =
        Blocking::new()?.run(conversation.context_for(&words::text(&arguments.message)?))?;
    conversation::warn(&conversation.take_notices(), output);
    show(&context, output)
}

/// Prints a prompt as JSON, or as a person reads it: each part under its role, then what it cost.
pub(super) fn show(context: &Context, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&wire::Context::from(context.clone()))?);
    }
    for line in render::prompt(context) {
        output.line_as_it_is(&line)?;
    }
    output.note(render::prompt_cost(context));
    Ok(())
}
