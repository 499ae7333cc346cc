//! What a prompt is told of a user beside what is recalled: facts and summaries.

use longmem_core::{Fact, SessionName, Summary, SummaryOf, TurnId, USER_SUBJECT, UserName};
use longmem_memory::{FactsAt, Memory, MemoryError};
use unicode_segmentation::UnicodeSegmentation;

use super::names::{is_named, words};
use crate::DatedText;

/// The summaries of as many ended sessions go in one by one; older ones are folded together.
pub(super) const LAST_SESSIONS: usize = 3;

/// Facts and summaries for a prompt.
pub(crate) struct Knowledge {
    /// The facts that hold, those first that name whom the message names; else in an order that
    /// only a new fact changes.
    pub(crate) facts: Vec<DatedText>,
    /// Of this session's beginning, of the last sessions, of all older ones.
    pub(crate) summaries: Vec<DatedText>,
    /// The last turn of this session that a summary stands in for.
    pub(crate) stands_in_through: Option<TurnId>,
}

/// Reads what a prompt for a message should know.
pub(crate) fn knowledge(
    memory: &Memory,
    user: &UserName,
    session: &SessionName,
    message: &str,
) -> Result<Knowledge, MemoryError> {
    let mut facts = memory.store().facts(user, FactsAt::Now)?;
    let message = words(message);
    facts.sort_by_key(|fact| !fact.entities.iter().any(|entity| is_named(entity, &message)));
    let facts = facts.iter().map(dated).collect();

    let mut summaries = memory.store().summaries(user)?;
    // What was made of it could not be used: nothing stands in for those turns.
    summaries.retain(|summary| !summary.text.is_empty());
    let mut stands_in_through = None;
    let (mut stretch, mut last, mut older) = (Vec::new(), Vec::new(), Vec::new());
    for Summary { of, time, text, folded_into, .. } in summaries.into_iter().rev() {
        match of {
            SummaryOf::Stretch { session: of, through } if of == *session => {
                stands_in_through = Some(through);
                stretch.push(DatedText { time, text });
            }
            SummaryOf::Session { session: of, .. }
                if of != *session && folded_into.is_none() && last.len() < LAST_SESSIONS =>
            {
                last.push(DatedText { time, text: format!("\"{of}\": {text}") });
            }
            SummaryOf::Sessions => older.push(DatedText { time, text }),
            SummaryOf::Stretch { .. } | SummaryOf::Session { .. } => {}
        }
    }
    let summaries = [stretch, last, older].concat();
    Ok(Knowledge { facts, summaries, stands_in_through })
}

fn dated(fact: &Fact) -> DatedText {
    let text = if fact.subject == USER_SUBJECT {
        fact.statement.clone()
    } else {
        format!("{}: {}", fact.subject, fact.statement)
    };
    DatedText { time: fact.since, text }
}

/// Says whether a message asks for the list of what is known about whoever asks, which needs no
/// language model.
///
/// # Examples
/// ```
/// use longmem_chat::asks_what_is_known;
/// assert!(asks_what_is_known("What do you know about me?"));
/// assert!(!asks_what_is_known("What do you know about Lisbon?"));
/// ```
pub fn asks_what_is_known(message: &str) -> bool {
    let words: Vec<String> = message.unicode_words().map(str::to_lowercase).collect();
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| {
            !["so", "hey", "hi", "please", "tell", "all", "now", "already"].contains(word)
        })
        .collect();
    matches!(
        words.as_slice(),
        [
            "what",
            "do" | "did" | "have",
            "you",
            "know" | "remember" | "learn" | "learned" | "noted",
            "about" | "of",
            "me"
        ] | ["what", "facts", "do", "you", "know" | "remember", "about", "me"]
            | ["what", "is", "known", "about", "me"]
            | ["me", "what", "you", "know" | "remember", "about", "me"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_question_about_oneself_asks_for_the_list() {
        for question in [
            "what do you know about me",
            "So, what do you know about me already?",
            "What have you learned about me?",
            "Tell me what you remember about me!",
        ] {
            assert!(asks_what_is_known(question), "{question}");
        }
        for other in [
            "What do you know about me and Priya?",
            "what do you know about my dog?",
            "What do you know?",
            "",
        ] {
            assert!(!asks_what_is_known(other), "{other}");
        }
    }
}
