//! `memory_recent`: what was said last.

use longmem_core::schemars::{self, JsonSchema};
use longmem_core::{Scope, TurnId};
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::Entry;
use crate::mcp::arguments::{TurnNumber, number, time};
use crate::mcp::call::{Call, NOTHING_YET};
use crate::mcp::quotes::{NOTE, Quote, QuotedTurn, Shown};
use crate::mcp::reply::{Refusal, Reply};

/// Turns, where nobody says how many.
const TURNS: usize = 20;

/// Which turns are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Recent {
    /// Turns at most.
    #[schemars(with = "Option<i64>", range(min = 1, max = 100), extend("default" = 20))]
    limit: Option<Number>,
    /// Only this conversation, by its name, its title, or a beginning of these.
    session: Option<String>,
    /// Only what was said at or after this time: 2026-03-01, "last week", or 2w for two weeks ago.
    since: Option<String>,
    /// Only what was stored before this turn, such as "t40": to go further back.
    #[schemars(with = "Option<String>")]
    before: Option<TurnNumber>,
}

/// What was said last.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Said {
    /// What the quotes are.
    note: &'static str,
    /// The turns, the newest first.
    turns: Vec<QuotedTurn>,
    /// What to give as before, to go further back; left out where there is nothing further.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<TurnId>,
    /// What else is to be known of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

pub(super) fn entry() -> Entry {
    Entry::reading::<Recent, Said>(
        "memory_recent",
        "Recent turns",
        "Reads what was said last, newest first, in all conversations or in one: to go on where the last \
         conversation ended.",
        |call, arguments| Box::pin(recent(call, arguments)),
    )
}

async fn recent(call: Call, asked: Recent) -> Result<Reply, Refusal> {
    let limit = number("limit", asked.limit.as_ref(), TURNS, 1..=100)?;
    let now = call.now();
    let since = time("since", asked.since.as_deref())?.map(|time| time.resolve(&now));
    let before = asked.before.map(|id| id.0);
    let read = call
        .read(move |memory, user| {
            let mut scope = Scope::of(user.clone());
            memory.check_names(&scope)?;
            if let Some(words) = &asked.session {
                scope.sessions.push(memory.find_session(user, words)?);
            }
            scope.since = since;
            // One more than is shown says whether there is more.
            memory.newest_turns(&scope, before, limit + 1)
        })
        .await?;
    let mut remarks = Vec::new();
    match &read {
        None => remarks.push(format!("{NOTHING_YET}.")),
        Some(turns) if turns.is_empty() => remarks.push("Nothing was said then.".to_owned()),
        Some(_) => {}
    }
    let mut turns = read.unwrap_or_default();
    let goes_on = turns.len() > limit;
    turns.truncate(limit);
    let shown = Shown::fitting(Vec::new(), turns.into_iter().map(Quote::whole).collect(), &now);
    let has_more = goes_on || shown.turns_left_out > 0;
    let next = shown.turns.last().map(|quote| quote.turn.id).filter(|_| has_more);
    if let Some(next) = next {
        remarks.push(format!("memory_recent with before \"t{next}\" goes further back."));
    }
    for quote in shown.turns.iter().filter(|quote| quote.shortened) {
        remarks.push(format!("t{} is cut; memory_get gives more of it.", quote.turn.id));
    }
    let text = shown.text(&remarks, &now);
    Ok(Reply::new(text, &Said { note: NOTE, turns: shown.turns_json(), next, remarks }))
}
