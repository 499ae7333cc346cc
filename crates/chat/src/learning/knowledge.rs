//! What a prompt says of a user besides recalled turns: facts and summaries.

use longmem_core::{Fact, SessionName, Summary, SummaryOf, TurnId, USER_SUBJECT, UserName};
use longmem_memory::{FactsAt, Memory, MemoryError, named_in};

use crate::DatedText;

/// Number of ended sessions whose summaries go in one by one; older ones are folded together.
pub(super) const LAST_SESSIONS: usize = 3;

/// Facts and summaries for a prompt.
pub(crate) struct Knowledge {
    /// The facts that hold, first those that name whom the message names; otherwise in an order
    /// that only a new fact changes.
    pub(crate) facts: Vec<DatedText>,
    /// The summary of this session's beginning, those of the last sessions, that of all older ones.
    pub(crate) summaries: Vec<DatedText>,
    /// The last turn of this session that a summary stands in for.
    pub(crate) stands_in_through: Option<TurnId>,
}

/// Reads the facts and summaries for the prompt of a message.
pub(crate) fn knowledge(
    memory: &Memory,
    user: &UserName,
    session: &SessionName,
    message: &str,
) -> Result<Knowledge, MemoryError> {
    let facts = memory.facts(user, FactsAt::Now)?;
    let is_named = named_in(&facts, message);
    let with_names = || facts.iter().zip(&is_named);
    let named = with_names().filter(|(_, is_named)| **is_named);
    let others = with_names().filter(|(_, is_named)| !**is_named);
    let facts = named.chain(others).map(|(fact, _)| dated(fact)).collect();

    let mut summaries = memory.summaries(user)?;
    // An empty summary notes that none could be made: it stands in for no turns.
    summaries.retain(|summary| !summary.text.is_empty());
    let mut stands_in_through = None;
    let (mut beginning, mut last, mut older) = (Vec::new(), Vec::new(), Vec::new());
    for Summary { of, time, text, folded_into, .. } in summaries.into_iter().rev() {
        match of {
            SummaryOf::Stretch { session: of, through } if of == *session => {
                stands_in_through = Some(through);
                beginning.push(DatedText { time, text });
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
    let summaries = [beginning, last, older].concat();
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
