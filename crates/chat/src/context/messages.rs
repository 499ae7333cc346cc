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
