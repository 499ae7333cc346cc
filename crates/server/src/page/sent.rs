//! What would be sent to a language model for a message.

use std::collections::BTreeMap;

use longmem_chat::{Context, TextBlock, TraceEntry, TraceKind};
use longmem_core::SessionName;
use maud::{Markup, html};

use super::fields::Fields;
use super::layout::{counted, grouped};
use super::scope::named;
use super::visitor::Visitor;
use crate::api::context::context_for;
use crate::problem::Problem;

/// Characters of a block of the prompt at most that are shown without being opened.
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
            let found = visitor.read(move |memory, user| named(memory, user, &words)).await?;
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
            (part("system", &context.system))
            @for message in &context.messages { (part(message.role.as_str(), &message.content)) }
            h2 { "What went in, and what it costs" }
            (trace(&context.trace))
        }
    }
}

/// What one voice says in the prompt; the rest of a long block can be opened.
fn part(role: &str, blocks: &[TextBlock]) -> Markup {
    html! {
        @if !blocks.is_empty() {
            div.block {
                p.attribution { strong.speaker { (role) } }
                @for block in blocks {
                    @let (beginning, rest) = beginning(&block.text);
                    div.prompt dir="auto" { (beginning) }
                    @if !rest.is_empty() {
                        details {
                            summary { "The other " (counted(rest.chars().count() as u64, "character")) }
                            div.prompt dir="auto" { (rest) }
                        }
                    }
                }
            }
        }
    }
}

/// A text parted where one of its first lines ends; a short text is its own beginning.
fn beginning(text: &str) -> (&str, &str) {
    let Some((most, _)) = text.char_indices().nth(SHORT_CHARACTERS) else { return (text, "") };
    let end = text[..most].rfind('\n').filter(|end| *end > most / 2);
    let (beginning, rest) = text.split_at(end.unwrap_or(most));
    (beginning, rest.trim_start_matches('\n'))
}

/// What each part of the prompt costs together, then each turn and fact of it, and what was left out.
fn trace(trace: &[TraceEntry]) -> Markup {
    let (included, left_out): (Vec<&TraceEntry>, Vec<&TraceEntry>) =
        trace.iter().partition(|entry| entry.included);
    html! {
        dl {
            @for kind in TraceKind::ALL {
                @let of_kind = included.iter().filter(|entry| entry.kind == *kind);
                @let tokens: usize = of_kind.clone().map(|entry| entry.tokens).sum();
                @if tokens > 0 {
                    dt { (part_name(*kind)) }
                    dd { (grouped(tokens as u64)) " tokens, " (counted(of_kind.count() as u64, "part")) }
                }
            }
            @for (reason, count) in reasons(&left_out) {
                dt { "Left out" }
                dd { (counted(count, "part")) ": " (reason) }
            }
        }
        details {
            summary { "Every part" }
            div.wide tabindex="0" role="region" aria-label="Every part" {
                table {
                    thead { tr { th scope="col" { "Part" } th scope="col" { "Turn" } th scope="col" { "Why" }
                        th.number scope="col" { "Tokens" } } }
                    tbody { @for entry in included { (row(entry)) } }
                }
            }
        }
    }
}

fn row(entry: &TraceEntry) -> Markup {
    html! {
        tr {
            td { (part_name(entry.kind)) }
            td { @if let Some(turn) = entry.turn { a href={ "/ui/turns/" (turn) } { (turn) } } }
            td { (entry.reason) }
            td.number { (grouped(entry.tokens as u64)) }
        }
    }
}

/// A part of a prompt as its heading.
fn part_name(kind: TraceKind) -> &'static str {
    match kind {
        TraceKind::System => "Instructions",
        TraceKind::Fact => "Facts",
        TraceKind::Summary => "Summaries",
        TraceKind::Recent => "The session so far",
        TraceKind::Message => "The message",
        TraceKind::Recalled => "Recalled turns",
    }
}

/// Why parts were left out, and how many for each reason; what place each had does not matter here.
fn reasons<'a>(left_out: &[&'a TraceEntry]) -> BTreeMap<&'a str, u64> {
    let mut reasons = BTreeMap::new();
    for entry in left_out {
        let reason = entry.reason.rsplit("; ").next().unwrap_or(&entry.reason);
        *reasons.entry(reason).or_default() += 1;
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_parted_at_the_end_of_a_line_and_loses_nothing_else() {
        assert_eq!(beginning("short\n"), ("short\n", ""));
        let lines = format!("{}\n\n{}\nend", "a".repeat(500), "ä".repeat(500));
        let (first, rest) = beginning(&lines);
        assert_eq!((first.len(), rest.chars().count()), (501, 504));
        let word = "ä".repeat(1_000);
        let (first, rest) = beginning(&word);
        assert_eq!((first.chars().count(), rest.chars().count()), (600, 400));
    }
}
