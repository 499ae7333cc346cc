//! What would be sent to a language model for a message.

use std::collections::HashMap;

use longmem_chat::{Context, TextBlock, TraceEntry};
use longmem_core::SessionName;
use maud::{Markup, html};

use super::fields::Fields;
use super::layout::grouped;
use super::quote::session_address;
use super::visitor::Visitor;
use crate::api::context::context_for;
use crate::problem::Problem;

/// Characters of a block of the prompt that are shown without being opened.
const SHORT_CHARACTERS: usize = 600;

/// The prompt for a message: in the session that is named, if one is.
pub(super) async fn sent(
    visitor: &Visitor,
    fields: &Fields,
    message: &str,
) -> Result<Markup, Problem> {
    let session = match fields.text("session") {
        Some(words) => {
            let words = words.to_owned();
            let found = visitor.read(move |memory, user| memory.find_session(user, &words)).await?;
            Some(found)
        }
        None => None::<SessionName>,
    };
    let user = visitor.user().clone();
    let context = context_for(&visitor.shared, user, session, message, |_| {}).await?;
    Ok(shown(&context))
}

fn shown(context: &Context) -> Markup {
    let (tokens, budget) = (context.tokens, context.budget.tokens());
    html! {
        section.sent {
            p.count role="status" {
                strong { (grouped(tokens as u64)) } " tokens of a budget of " (grouped(budget as u64)) ", estimated. "
            }
            meter min="0" max=(budget) value=(tokens) aria-label="Tokens of the budget" {}
            h2 { "The prompt" }
            @for block in &context.system { (part("system", block)) }
            @for message in &context.messages {
                @for block in &message.content { (part(message.role.as_str(), block)) }
            }
            h2 { "What went in, and what it costs" }
            (trace(&context.trace))
        }
    }
}

/// A block of the prompt; a long one can be opened.
fn part(role: &str, block: &TextBlock) -> Markup {
    let text = block.text.as_str();
    let beginning = text.char_indices().nth(SHORT_CHARACTERS).map(|(end, _)| &text[..end]);
    html! {
        div.block {
            p.attribution { strong.speaker { (role) } }
            @match beginning {
                None => div.prompt dir="auto" { (text) },
                Some(beginning) => details {
                    summary { span.prompt dir="auto" { (beginning) "…" } }
                    div.prompt dir="auto" { (text) }
                },
            }
        }
    }
}

fn trace(trace: &[TraceEntry]) -> Markup {
    let mut left_out: HashMap<&str, usize> = HashMap::new();
    for entry in trace.iter().filter(|entry| !entry.included) {
        *left_out.entry(&entry.reason).or_default() += 1;
    }
    let mut left_out: Vec<(&str, usize)> = left_out.into_iter().collect();
    left_out.sort_unstable();
    html! {
        div.wide tabindex="0" role="region" aria-label="What went in" {
            table {
                thead { tr { th scope="col" { "Part" } th scope="col" { "From" } th scope="col" { "Why" }
                    th.number scope="col" { "Tokens" } } }
                tbody {
                    @for entry in trace.iter().filter(|entry| entry.included) {
                        tr {
                            td { (entry.kind) @if entry.shortened { ", shortened" } }
                            td {
                                @if let Some(turn) = entry.turn {
                                    a href={ "/ui/turns/" (turn) } { "turn " (turn) }
                                }
                                @if let Some(session) = &entry.session {
                                    " in " a href=(session_address(session.as_str())) { bdi { (session) } }
                                }
                            }
                            td { (entry.reason) }
                            td.number { (grouped(entry.tokens as u64)) }
                        }
                    }
                }
            }
        }
        @if !left_out.is_empty() {
            p.hint {
                "Left out: "
                @for (place, (reason, count)) in left_out.iter().enumerate() {
                    @if place > 0 { "; " } (count) " (" (reason) ")"
                }
                "."
            }
        }
    }
}
