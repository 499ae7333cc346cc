//! What was said last, for whoever has not asked anything yet.

use maud::{Markup, html};

use super::dates::Dates;
use super::quote;
use super::visitor::Visitor;
use crate::api::page::nothing_of_nobody;
use crate::problem::Problem;

/// Turns that are shown.
const SHOWN: usize = 5;

/// The newest turns, or how to begin where there are none.
pub(super) async fn newest(visitor: &Visitor) -> Result<Markup, Problem> {
    let turns = visitor.read(|memory, user| {
        let scope = longmem_core::Scope::of(user.clone());
        nothing_of_nobody(memory.newest_turns(&scope, None, SHOWN))
    });
    let turns = turns.await?;
    if turns.is_empty() {
        return Ok(nothing_yet());
    }
    let hidden = visitor.hidden();
    let dates = Dates(&visitor.now);
    Ok(html! {
        h2 { "Said last" }
        ul.quotes {
            @for turn in turns.iter().filter(|turn| !hidden.turn(turn)) {
                li.quote { (quote::attribution(turn, &dates)) (quote::glance(turn)) }
            }
        }
    })
}

/// How to begin.
pub(super) fn nothing_yet() -> Markup {
    html! {
        section.empty {
            h2 { "Nothing is remembered yet" }
            p { "What you say with a connected program is found here. To begin:" }
            ul {
                li { code { "longmem import FILE" } " reads chats that you exported or that a coding agent keeps." }
                li { code { "longmem install claude-code" } " connects an agent; " code { "codex" } ", "
                    code { "gemini" } " and " code { "cursor" } " work the same way." }
                li { code { "longmem remember \"I moved to Lisbon\"" } " keeps a single note." }
            }
        }
    }
}
