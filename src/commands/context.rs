//! `longmem context`: exactly what would be sent to a language model.

use longmem::{IfMissing, Longmem};
use longmem_chat::{Blocking, Context, TokenBudget, TraceKind};
use longmem_core::SessionName;
use longmem_wire as wire;

use super::conversation;
use crate::arguments::ContextArguments;
use crate::compose;
use crate::failure::Failure;
use crate::output::Output;
use crate::sanitize::for_terminal;
use crate::settings::{Settings, read_named_file};

pub(super) fn run(
    arguments: &ContextArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let mut options = compose::options(settings, IfMissing::Fail, output);
    let talk = &mut options.talk.conversation;
    talk.system = arguments.persona.as_deref().map(read_named_file).transpose()?;
    talk.budget = arguments.budget.map_or(talk.budget, TokenBudget::new);
    let session = arguments.session.as_ref().map(SessionName::as_str);
    let conversation = Longmem::open(options)?.prompting(settings.user.as_str(), session)?;
    let context = Blocking::new()?.run(conversation.context_for(&arguments.message))?;
    conversation::warn(&conversation.take_notices(), output);
    show(&context, output)
}

/// Prints a prompt as JSON, or as a person reads it: each part under its role, then what it cost.
pub(super) fn show(context: &Context, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.document(&wire::Context::from(context.clone()))?);
    }
    for block in &context.system {
        output.line(format!("── system\n{}", for_terminal(&block.text)))?;
    }
    for message in &context.messages {
        output.line(format!("── {}", message.role))?;
        for block in &message.content {
            output.line(for_terminal(&block.text))?;
        }
    }
    output.note(cost(context));
    Ok(())
}

/// One line: what the prompt costs, and what it holds.
pub(super) fn cost(context: &Context) -> String {
    let count = |kind: TraceKind, included: bool| {
        context
            .trace
            .iter()
            .filter(|entry| entry.kind == kind && entry.included == included)
            .count()
    };
    format!(
        "{} of {} tokens; {} recalled turns in, {} left out; {} recent turns",
        context.tokens,
        context.budget,
        count(TraceKind::Recalled, true),
        count(TraceKind::Recalled, false),
        count(TraceKind::Recent, true),
    )
}
