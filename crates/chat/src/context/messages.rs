//! The history and the newest message, written as messages.

use super::history::Draft;
use super::{CacheControl, Message, MessageRole, TextBlock};

/// The history, then the newest message with the recalled block behind its text. The last message
/// of the history bears a cache mark.
pub(super) fn messages(
    history: Vec<Draft>,
    message: &str,
    recalled: Option<String>,
) -> Vec<Message> {
    let mut drafts = history;
    // Roles alternate, so questions that got no answer are asked together with the newest message.
    let unanswered = drafts.pop_if(|draft| draft.role == MessageRole::User);
    let text = match unanswered {
        Some(draft) => joined(&draft.text, message),
        None => message.to_owned(),
    };

    let mut messages: Vec<Message> = drafts
        .into_iter()
        .map(|draft| Message { role: draft.role, content: vec![TextBlock::new(draft.text)] })
        .collect();
    mark_cacheable(messages.last_mut().and_then(|message| message.content.last_mut()));
    let content = std::iter::once(text).chain(recalled).map(TextBlock::new).collect();
    messages.push(Message { role: MessageRole::User, content });
    messages
}

/// Joins what one side says in a row.
pub(super) fn joined(first: &str, second: &str) -> String {
    format!("{first}\n\n{second}")
}

/// Joins an answer with what was said behind it: one text if the answer was cut off in the middle of a
/// sentence and goes on.
pub(crate) fn joined_answer(first: &str, second: &str) -> String {
    let cut_off = without_mark(first);
    let is_open =
        cut_off.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | ';' | '-' | '('));
    let begins_with_mark = second.starts_with(['.', ',', ';', ':', '!', '?', ')', '-']);
    let goes_on = second.starts_with(|c: char| c == ' ' || c.is_lowercase()) || begins_with_mark;
    if !is_open || !goes_on {
        return joined(first, second);
    }
    let gap = if begins_with_mark || second.starts_with(' ') { "" } else { " " };
    format!("{cut_off}{gap}{second}")
}

/// What ends an answer that broke off.
pub const BROKEN_OFF: &str = "[broken off]";

/// An answer without the mark, and without white space at its end.
pub(crate) fn without_mark(answer: &str) -> &str {
    answer.trim_end().strip_suffix(BROKEN_OFF).unwrap_or(answer).trim_end()
}

pub(super) fn mark_cacheable(block: Option<&mut TextBlock>) {
    if let Some(block) = block {
        block.cache_control = Some(CacheControl::Ephemeral);
    }
}

pub(super) fn clear_cache_marks(messages: &mut [Message]) {
    for block in messages.iter_mut().flat_map(|message| &mut message.content) {
        block.cache_control = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_goes_on_is_one_text() {
        for (first, second, joined) in [
            ("One, two,", "three.", "One, two, three."),
            ("It stood on a", " cliff.", "It stood on a cliff."),
            ("It stood on a\n\n[broken off]", "cliff.", "It stood on a cliff."),
            ("He said so", ", and left.", "He said so, and left."),
            ("It stood there.", "the end", "It stood there.\n\nthe end"),
            ("It stood on", "The cliff.", "It stood on\n\nThe cliff."),
            ("Done [broken off]", "Anew", "Done [broken off]\n\nAnew"),
        ] {
            assert_eq!(joined_answer(first, second), joined, "{first} | {second}");
        }
    }
}
