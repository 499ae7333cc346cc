//! What a prompt says of a user besides recalled turns: facts and summaries.

use longmem_core::{
    Fact, FactKind, SessionName, Summary, SummaryOf, TurnId, USER_SUBJECT, UserName,
};
use longmem_memory::{FactsAt, Memory, MemoryError, RecalledFact};

use crate::DatedText;

/// Number of ended sessions whose summaries go in one by one; older ones are folded together.
pub(super) const LAST_SESSIONS: usize = 3;

/// Bytes of all facts together that surely fit into the part of a prompt that facts may take.
const ALL_FACTS_BYTES: usize = 1_000;

/// Bytes of a fact's line beside its statement: the date.
const LINE_BYTES: usize = 20;

/// Facts and summaries for a prompt.
pub(crate) struct Knowledge {
    /// The standing instructions of the user's that hold, newest first.
    pub(crate) wishes: Vec<DatedText>,
    /// The other facts that hold, in the order in which they go into a prompt.
    pub(crate) facts: Vec<DatedText>,
    /// The summary of this session's beginning, those of the last sessions, that of all older ones.
    pub(crate) summaries: Vec<DatedText>,
    /// The last turn of this session that a summary stands in for.
    pub(crate) stands_in_through: Option<TurnId>,
}

/// Reads the facts and summaries for the prompt of a message, for which some facts were recalled.
pub(crate) fn knowledge(
    memory: &Memory,
    user: &UserName,
    session: &SessionName,
    recalled: &[RecalledFact],
) -> Result<Knowledge, MemoryError> {
    let (wishes, facts): (Vec<Fact>, Vec<Fact>) =
        memory.facts(user, FactsAt::Now)?.into_iter().partition(is_wish);
    let facts = in_prompt_order(&wishes, &facts, recalled);
    let wishes = wishes.iter().rev().map(DatedText::from).collect();

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
    Ok(Knowledge { wishes, facts, summaries, stands_in_through })
}

/// Says whether a fact is a standing instruction of the user's that holds.
fn is_wish(fact: &Fact) -> bool {
    fact.kind == FactKind::Instruction && fact.subject == USER_SUBJECT && fact.until.is_none()
}

/// The facts that hold, in an order that only a new fact changes; where there are more than a prompt
/// takes beside the wishes, those that were recalled go first. What held once comes along if it was
/// recalled.
fn in_prompt_order(wishes: &[Fact], facts: &[Fact], recalled: &[RecalledFact]) -> Vec<DatedText> {
    let lengths = wishes.iter().chain(facts).map(|fact| fact.statement.len() + LINE_BYTES);
    let bytes: usize = lengths.sum();
    let recalled: Vec<&Fact> =
        recalled.iter().map(|recalled| &recalled.fact).filter(|fact| !is_wish(fact)).collect();
    let is_recalled = |fact: &&Fact| recalled.iter().any(|recalled| recalled.id == fact.id);
    let past = recalled.iter().copied().filter(|fact| fact.until.is_some());
    if bytes <= ALL_FACTS_BYTES {
        return facts.iter().chain(past).map(DatedText::from).collect();
    }
    recalled
        .iter()
        .copied()
        .chain(facts.iter().filter(|fact| !is_recalled(fact)))
        .map(DatedText::from)
        .collect()
}
