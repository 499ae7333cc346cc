//! What is said beside an answer.

use longmem_chat::{Context, Notice, StopReason, TraceKind, Usage};

use crate::output::grouped;
use crate::remedy::hint;
use crate::sanitize::for_terminal;

/// A notice with what would help, a line each.
pub(crate) fn notice(notice: &Notice) -> String {
    let mut lines = vec![notice.to_string()];
    match notice {
        Notice::WordsOnly { remedies, .. } => {
            lines.extend(remedies.iter().map(|remedy| format!("  hint: {}", hint(remedy))));
        }
        Notice::MadeSmaller { budget } => {
            lines.push(format!("  hint: With --budget {budget}, prompts are that small at once."));
        }
        _ => {}
    }
    lines.join("\n")
}

/// How a person continues an answer that was cut off.
const GO_ON: &str = "in chat /continue goes on";

/// Why an answer was cut off or refused; none if it is complete.
pub(crate) fn stop_reason(reason: &StopReason) -> Option<String> {
    match reason {
        StopReason::EndTurn => None,
        StopReason::MaxTokens => {
            Some(format!("(the answer was cut off at its limit; {GO_ON}, --max-tokens raises it)"))
        }
        StopReason::Refusal { explanation } => Some(match explanation {
            Some(why) => format!("(the model refused: {})", for_terminal(why)),
            None => "(the model refused)".to_owned(),
        }),
        StopReason::ContextWindowExceeded => {
            Some(format!("(the answer was cut off at the end of the model's window; {GO_ON})"))
        }
        StopReason::Other(name) => Some(format!("(the model stopped: {})", for_terminal(name))),
    }
}

/// The recalled turns in the prompt of an answer.
pub(crate) fn sources(context: &Context) -> String {
    let turns: Vec<String> = context
        .trace
        .iter()
        .filter(|entry| entry.kind == TraceKind::Recalled && entry.included)
        .filter_map(|entry| entry.turn.map(|turn| turn.to_string()))
        .collect();
    if turns.is_empty() {
        "(nothing was recalled)".to_owned()
    } else {
        format!("(recalled turns: {})", turns.join(", "))
    }
}

/// One line: what the answers of a talk have cost together.
pub(crate) fn spent(usage: &Usage) -> String {
    let Usage { input, cache_read, cache_write, output } = *usage;
    let prompts = input + cache_read + cache_write;
    let share = (cache_read * 100).checked_div(prompts).unwrap_or(0);
    format!(
        "{} tokens of prompts: {} served from the cache ({share} %), {} written to it, {} neither; \
         {} tokens of answers",
        grouped(prompts),
        grouped(cache_read),
        grouped(cache_write),
        grouped(input),
        grouped(output),
    )
}
