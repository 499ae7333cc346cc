//! A prompt as a person reads it.

use longmem_chat::{Context, TraceKind};

use crate::sanitize::for_terminal;

/// Each part of a prompt under its role.
pub(crate) fn prompt(context: &Context) -> Vec<String> {
    let mut lines = Vec::new();
    for block in &context.system {
        lines.extend(["── system".to_owned(), for_terminal(&block.text)]);
    }
    for message in &context.messages {
        lines.push(format!("── {}", message.role));
        lines.extend(message.content.iter().map(|block| for_terminal(&block.text)));
    }
    lines
}

/// One line: what a prompt costs and holds.
pub(crate) fn prompt_cost(context: &Context) -> String {
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
